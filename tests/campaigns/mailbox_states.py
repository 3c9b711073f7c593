"""What stands at two gateways, apart from what is random: the same for two cases that the next runs cannot tell apart.

    with_ledgers = standing(world)      a digest; None where a ledger cannot be read

It is made of every row of both ledgers, of every file with its name and content (mailboxes, national and own folders,
temporary files), and of whether each ledger has left a journal. What was drawn or follows from what was drawn (message
identifiers, names and digests of sealed files, signatures) is replaced by the order in which it comes first, so that
two states are equal when the same things are equal in them. Of an unfinished sealed file its length counts.

A campaign that kills a run at a thousand system calls leaves the same few states again and again. `Judged` lets each be
followed to its end once: what becomes of it is known then. How sound that is depends on nothing of the gateway's being
left out here; `tests/crash/test_states.py` holds it against everything that the judge sees.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.mailbox_proofs import Verdict
from tests.campaigns.mailbox_world import World
from tests.tools.offices import Office

_DRAWN = re.compile(r"[0-9a-f]{32,}|[A-Za-z0-9+/]{40,}=*")
_PROCESS = re.compile(r"\.[0-9]+(-[0-9]+)?\.partial$")
_HOLDER = re.compile(r'("process": ")[0-9]+')
_ENDED = re.compile(r'("(?:ended|succeeded)": ")[^"]+')
"""When a run ended: a second more or less says nothing of what it left."""
_PORT = re.compile(r"(\bport: |127\.0\.0\.1:)[0-9]+")
_LEDGER = "ledger.sqlite"
_DER = b"\x30\x82"
_SHORT, _LONG = 500, 1 << 30
_PEM = b"-----BEGIN "
_MEASURED = frozenset({"octets_in", "octets_out", "milliseconds"})
"""Columns of what was counted: an octet more or less, as signatures differ in length."""


@dataclass(slots=True)
class Judged:
    """What became of the states that a campaign has followed to their ends. Safe to use from several threads.

    followed, known   how many were, and how many cases left one that was
    """

    followed: int = 0
    known: int = 0
    _ends: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def end(self, world: World, how: str, follow: Callable[[], Verdict]) -> Verdict:
        """What becomes of a world as it stands: what `follow` says, or has said when it stood so before.

        how  tells apart ways to follow it, and gateways with planted bugs
        """
        world.rest()
        state = standing(world)
        with self._lock:
            known = None if state is None else self._ends.get((state, how))
            if known is not None:
                self.known += 1
                return _copy(known)
        verdict = follow()
        with self._lock:
            self.followed += 1
            if state is not None:
                self._ends[state, how] = _copy(verdict)
        return verdict


def standing(world: World) -> str | None:
    """The digest of what stands; see the module. No program may be running."""
    text = lines(world)
    return None if text is None else hashlib.sha256("\n".join(text).encode("utf-8", "surrogatepass")).hexdigest()


def lines(world: World) -> list[str] | None:
    """What the digest is made of, in words: for people who ask why two states are two."""
    names = _Names(world)
    try:
        found = [line for office in world.offices.values() for line in _rows(names, office, world.folder)]
    except sqlite3.DatabaseError:
        return None
    for top in (*(office.home for office in world.offices.values()), world.togo.mail, world.system):
        found.extend(sorted(names.plain(line) for line in _files(top, world.folder)))
    found.append(f"at {world.now}")
    return found


class _Names:
    """What was drawn, by the order in which it comes first."""

    def __init__(self, world: World) -> None:
        self._known: dict[str, str] = {}
        self._folder = str(world.folder)

    def plain(self, text: str) -> str:
        """A text without anything that was drawn."""
        text = _ENDED.sub(r"\1#", text)
        text = _HOLDER.sub(r"\1#", _PORT.sub(r"\1#", text.replace(self._folder, "")))
        return _DRAWN.sub(self._name, text)

    def _name(self, match: re.Match[str]) -> str:
        return self._known.setdefault(match[0], f"#{len(self._known)}")


def _rows(names: _Names, office: Office, folder: Path) -> Iterator[str]:
    """Every row of a ledger, read from a copy: whoever opens it tidies up what a crash has left."""
    state = office.home / "state"
    if not (state / _LEDGER).exists():
        return
    copy = folder / "looked-at"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(mode=0o700)
    for end in ("", "-wal", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(state / f"{_LEDGER}{end}", copy / f"{_LEDGER}{end}")
    with contextlib.closing(sqlite3.connect(copy / _LEDGER)) as connection:
        if connection.execute("pragma quick_check").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("the ledger is damaged")
        for (table,) in connection.execute("select name from sqlite_master where type = 'table' order by 1").fetchall():
            yield f"{office.name} {table}"
            rows = connection.execute(f"select * from {table} order by rowid")
            counted = [column in _MEASURED for column, *_ in rows.description]
            for row in rows:
                signed = any(isinstance(value, bytes) and value.startswith(_DER) for value in row)
                yield names.plain("|".join("" if skipped else _value(value, signed)
                                           for value, skipped in zip(row, counted, strict=True)))
        yield "".join(sql or "" for (sql,) in connection.execute("select sql from sqlite_master order by name"))


def _value(value: object, signed: bool) -> str:
    """A value of a row; beside a signed object a length is as random as its signature."""
    if isinstance(value, bytes):
        return _text(value)
    return "length" if signed and isinstance(value, int) and _SHORT < value < _LONG else repr(value)


def _text(content: bytes) -> str:
    """A content in words; what is no text, or a key, by its digest, which stands for itself wherever it comes again."""
    try:
        if not content.startswith(_PEM):
            return content.decode("utf-8")
    except UnicodeDecodeError:
        if content.startswith(_DER):
            return "signed"
    return hashlib.sha256(content).hexdigest()


def _files(top: Path, folder: Path) -> Iterator[str]:
    for path in sorted(top.rglob("*")):
        name = _PROCESS.sub(".partial", str(path.relative_to(folder)))
        if not path.is_file() or path.is_symlink():
            yield name
        elif path.name.startswith(_LEDGER):
            yield f"{name} {'' if path.name == _LEDGER or not path.stat().st_size else 'in use'}"
        else:
            yield f"{name} {_content(path)}"


def _content(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".p7m" or content.startswith(_DER):
        whole = hashlib.sha256(content).hexdigest()[:32] == path.stem
        return "whole" if whole else f"{len(content)} octets"
    return _text(content)


def _copy(verdict: Verdict) -> Verdict:
    return Verdict([*verdict.lost], [*verdict.doubled], [*verdict.leaked], [*verdict.broken])
