"""A page for people, played: its commands are typed in a folder of their own, what they show is held against the page.

Of the blocks of a page those that are `sh` are run, line by line, and those that are `output` say what the block before
them showed, with ``…`` for what differs each time: within a line any text, alone on a line any lines. Where a page
says so, `yaml` blocks are files, named in their first line. What no test can run stands under another word, and the
test of the page names it with the reason.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from unittest import mock

from gateway.cli.entry import run as run_program

ROOT = Path(__file__).parents[2]
ANY = "…"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANY_LINES = "(?:.*\n)*?"
_PROGRAMS = ("edi", "edi-send", "edi-receive", "edi-sync")
_SHELL = re.compile(r"[|<;&$`*]")
"""Signs that only a shell understands."""
_INTO = re.compile(r" > (\S+)$")
_ENDS = re.compile(r" +# exit (\d+)\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code of a page; `kind` is the word behind its fence, `line` where it begins."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Typed:
    """A block that was run: those of its commands that ended otherwise than the page says (``# exit 1``, else 0), and
    all that was shown."""

    block: Block
    failed: dict[str, int]
    shown: str


@dataclass(slots=True)
class Played:
    """A page after it was played in `place`. `expected`: an `output` block and the block before it, as it was run."""

    place: Path
    typed: list[Typed] = field(default_factory=list)
    expected: list[tuple[Block, Typed]] = field(default_factory=list)


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in its order."""
    text = page.read_text("utf-8")
    return [Block(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in _BLOCK.finditer(text)]


def play(page: Path, place: Path, language: str, begin: datetime, files: str | None = None) -> Played:
    """Type a page's `sh` blocks in a folder, one after the other; variables that are exported last to its end.

    A command of ours runs in this process, everything else in a shell. For our commands it is `begin`, and a second
    later for each, so that what is late on the page is as late whenever it is played; files have the machine's own
    time, and no mailbox is blamed for it.

    files  the folder in `place` below which `yaml` blocks are written; None where they are no files
    """
    played = Played(place)
    seconds = itertools.count()

    class Clock(datetime):
        """The clock of the command line."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return (begin + timedelta(seconds=next(seconds))).astimezone(tz)

    with mock.patch.dict(os.environ, {"EDI_LANG": language, "EDI_MAPPINGS": ""}), contextlib.chdir(place), \
            mock.patch("gateway.cli.context.datetime", Clock), \
            mock.patch("gateway.exchange.mailbox_test.CLOCKS_DIFFER", timedelta.max):
        for block in blocks(page):
            if block.kind == "sh":
                played.typed.append(_typed(block))
            elif block.kind == "output":
                played.expected.append((block, played.typed[-1]))
            elif block.kind == "yaml" and files is not None:
                _write(block, place / files)
    return played


def unlike(expected: str, shown: str) -> str:
    """The first line of what a page expects that was not shown, "" where all were."""
    rest = "\n".join(line.rstrip() for line in shown.splitlines()).strip("\n") + "\n"
    pattern = ""
    for line in expected.splitlines():
        parts = [re.escape(part) for part in line.rstrip().split(ANY)]
        pattern += _ANY_LINES if line.strip() == ANY else "[^\n]*?".join(parts) + "\n"
        if re.match(pattern, rest) is None:
            return line
    return "" if re.fullmatch(pattern, rest) else f"{expected.splitlines()[-1]} [more was shown]"


def _write(block: Block, folder: Path) -> None:
    """Write a file; its name stands in the first line of its block and is no part of it."""
    name, _, content = block.text.partition("\n")
    path = folder / name.removeprefix("# ")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


def _typed(block: Block) -> Typed:
    failed: dict[str, int] = {}
    shown = io.StringIO()
    for line in _lines(block.text):
        told = _ENDS.search(line)
        command = _ENDS.sub("", line)
        status = _export(command) if command.startswith("export ") else _ours(command, shown) if _is_ours(command) \
            else _by_a_shell(command, shown)
        if status != (int(told[1]) if told else 0):
            failed[line] = status
    return Typed(block, failed, shown.getvalue())


def _lines(text: str) -> Iterator[str]:
    """The commands of a block: a line each, or with the document that belongs to it (``<<'END'``)."""
    rest = iter(text.splitlines())
    for line in rest:
        command = [line]
        if "<<'END'" in line:
            for more in rest:
                command.append(more)
                if more == "END":
                    break
        yield "\n".join(command)


def _is_ours(line: str) -> bool:
    return line.split()[0] in _PROGRAMS and _SHELL.search(line) is None


def _export(line: str) -> int:
    name, _, value = shlex.split(line)[1].partition("=")
    os.environ[name] = value
    return 0


def _ours(line: str, shown: io.StringIO) -> int:
    into = _INTO.search(line)
    if into is not None:
        out = io.StringIO()
        status = _ours(line[:into.start()], out)
        Path(into[1]).write_text(out.getvalue(), "utf-8")
        return status
    program, *words = shlex.split(line)
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        return run_program(program, words)


def _by_a_shell(line: str, shown: io.StringIO) -> int:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    shown.write(done.stdout.decode())
    return done.returncode
