"""What only a terminal or a shell can tell: rows of lists on a pseudo-terminal, and completion in the real shells."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.command import ROOT, command
from tests.tools.offices import offices


def on_a_terminal(*words: str) -> tuple[int, list[str]]:
    """Exit status and the lines of a command whose streams are a pseudo-terminal, as somebody sees them."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen([sys.executable, "-m", "gateway.cli", *words], cwd=ROOT, stdin=theirs, stdout=theirs,
                            stderr=theirs, env={"PATH": os.environ["PATH"], "EDI_LANG": "en", "LC_ALL": "C.UTF-8"})
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says EIO when the other side has closed it
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    return done.wait(60), seen.decode("utf-8").replace("\r\n", "\n").splitlines()


def test_a_list_shows_fifty_rows_on_a_terminal_and_all_elsewhere(tmp_path: Path) -> None:
    office, _ = offices(tmp_path)
    words = ["config", "show", "--config", str(office.settings)]
    _, *rows = command(*words).out.splitlines()
    assert len(rows) > 60
    status, seen = on_a_terminal(*words)
    assert (status, len(seen)) == (0, 52)
    assert [line.split()[0] for line in seen[1:51]] == [line.split()[0] for line in rows[:50]]
    assert seen[-1] == f"… and {len(rows) - 50} more rows; use --json to see all"


def test_a_long_list_of_codes_says_how_many_more_there_are() -> None:
    rows = command("codes", "1001").out.splitlines()
    status, seen = on_a_terminal("codes", "1001")
    assert (status, seen[:50], len(seen)) == (0, rows[:50], 51)
    assert seen[-1] == f"… and {len(rows) - 50} more rows; use --json to see all"


def test_a_terminal_gets_no_colour_and_no_control_either() -> None:
    _, seen = on_a_terminal("explain", "F041")
    assert [line for line in seen if "\x1b" in line] == []


def test_config_show_takes_the_word_of_its_promise(tmp_path: Path) -> None:
    office, _ = offices(tmp_path)
    words = ("config", "show", "--config", str(office.settings))
    assert command(*words, "--resolved") == command(*words)


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """An environment in which `edi` and `edi-send` are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("edi", "edi-send"):
        called = "" if name == "edi" else f" {name}"
        (folder / name).write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m gateway.cli{called} "$@"\n')
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}


def shell(name: str) -> str:
    """The path of a shell that may not be there."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize(("line", "words"), [
    ("edi sta", ["status"]), ("edi map l", ["lint", "list"]), ("edi keys rot", ["rotate"]),
    ("edi-send --dr", ["--dry-run"]), ("edi mirror --no", ["--no-color", "--no-input"])])
def test_fish_completes(line: str, words: list[str], program: dict[str, str], tmp_path: Path) -> None:
    fish = shell("fish")
    script = tmp_path / "edi.fish"
    script.write_text(command("completion", "fish").out, "utf-8")
    told = subprocess.run([fish, "--no-config", "-c", f"source {script}; complete -C '{line}'"], env=program,
                          capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert sorted(told.stdout.split()) == words


_ZSH = """
autoload -Uz compinit && compinit -u -d $HOME/dump
PS1='READY> '
source $HOME/edi.zsh
zstyle ':completion:*' list-prompt ''
bindkey '^I' complete-word
"""


@pytest.mark.parametrize(("line", "whole"), [("edi sta", "edi status "), ("edi keys rot", "edi keys rotate "),
                                             ("edi-send --dr", "edi-send --dry-run ")])
def test_zsh_completes_what_is_typed(line: str, whole: str, program: dict[str, str], tmp_path: Path) -> None:
    """A real zsh at a pseudo-terminal: the line is typed, the key pressed, and the line sent to a file by `print`."""
    zsh = shell("zsh")
    (tmp_path / "edi.zsh").write_text(command("completion", "zsh").out, "utf-8")
    (tmp_path / ".zshrc").write_text(_ZSH, "utf-8")
    (tmp_path / "answer").touch()
    with (tmp_path / ".zshrc").open("a") as settings:
        settings.write("tell() { print -rn -- \"$BUFFER\" > $HOME/answer; BUFFER=exit; zle accept-line }\n"
                       "zle -N tell; bindkey '^X' tell\n")
    ours, theirs = pty.openpty()
    done = subprocess.Popen([zsh, "-i"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path,
                            env={**program, "TERM": "dumb", "ZDOTDIR": str(tmp_path)}, start_new_session=True)
    os.close(theirs)
    try:
        seen = until(ours, b"READY> ")
        os.write(ours, line.encode() + b"\t\x18")
        seen += until(ours, None)
    finally:
        os.close(ours)
    assert done.wait(60) == 0, seen
    assert (tmp_path / "answer").read_text("utf-8") == whole, seen


def until(terminal: int, mark: bytes | None) -> bytes:
    """What a terminal shows up to a mark, or up to its end."""
    seen = b""
    while mark is None or mark not in seen:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    return seen


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_the_scripts_are_whole_for_their_shell(name: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(command("completion", name).out, "utf-8")
    told = subprocess.run([shell(name), "-n", str(script)], capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stderr) == (0, "")
