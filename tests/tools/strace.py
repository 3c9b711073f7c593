"""What a program asks of the system, as strace sees it: listed with all that it writes, or answered with an error.

    ran, calls = recorded(running, folder, CHANGES, content=True)      every call, in the order of its beginning
    ran = injected(running, folder, "pwrite64", "ENOSPC", "3+")        the third and all later ones of a thread fail

`running` is a program of `mailbox_forks` that waits for `go`. Where strace is not installed a test is skipped and says
so; with CI=true that is a failure (`tests.tools.kills.require_strace`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools.kills import Waiting, attach, ended
from tests.tools.offices import Ran

CHANGES = ("open", "openat", "openat2", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek",
           "ftruncate", "truncate", "fallocate", "copy_file_range", "sendfile", "splice", "fsync", "fdatasync", "sync",
           "syncfs", "sync_file_range", "msync", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
           "symlinkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "mknod",
           "mknodat")
"""Calls that change what stands on a disk, or bring it there."""

_PATIENCE = 20.0
_LONGEST = 1 << 24
_LINE = re.compile(r"(\d+\.\d+) (\w+)\((.*)\) += (-?\d+|\?)(?:<[^>]*>)?(?: (E[A-Z0-9]+))?")
_HANDLE = re.compile(r"(-?\d+|AT_FDCWD)<([^>]*)>(\(deleted\))?")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one thread.

    thread   its number
    ordinal  the how-manieth of this name that the thread makes, from 1
    words    its arguments as strace writes them
    result   what it gave; -1 with an error
    error    EEXIST; empty where it went well
    """

    at: float
    thread: int
    name: str
    ordinal: int
    words: tuple[str, ...]
    result: int
    error: str

    def handle(self, number: int = 0) -> tuple[str, str]:
        """The descriptor that is an argument, and the path behind it: empty where the file has no name any more.

        Raises ValueError when the argument is none."""
        match = _HANDLE.match(self.words[number])
        if match is None:
            raise ValueError(f"{self.name}: {self.words[number]} is no descriptor")
        return match[1], "" if match[3] else _plain(match[2]).decode("utf-8", "surrogateescape")

    def about(self) -> str:
        """What the call is upon: the path behind its first descriptor, or its first path; empty when neither is given.

        A socket is ``socket:[17]``; of a file in a folder that is given by a descriptor it is the folder."""
        for word in self.words[:2]:
            if (match := _HANDLE.match(word)) and match[1] != "AT_FDCWD":
                return _plain(match[2]).decode("utf-8", "surrogateescape")
            if match := _TEXT.match(word):
                return bytes.fromhex(match[1].replace("\\x", "")).decode("utf-8", "surrogateescape")
        return ""

    def text(self, number: int) -> bytes:
        """A string that is an argument. Raises ValueError when it is none, or strace has cut it."""
        match = _TEXT.match(self.words[number])
        if match is None or match[2]:
            raise ValueError(f"{self.name}: {self.words[number][:80]} is no whole string")
        return bytes.fromhex(match[1].replace("\\x", ""))

    def texts(self) -> bytes:
        """All strings of its arguments, one after the other: what a `writev` writes."""
        return b"".join(bytes.fromhex(match[1].replace("\\x", "")) for word in self.words
                        for match in _TEXT.finditer(word))

    def path(self, number: int, folder: int | None = None) -> str:
        """A path that is an argument, made absolute by the descriptor of a folder that is another."""
        path = self.text(number).decode("utf-8", "surrogateescape")
        return path if path.startswith("/") or folder is None else f"{self.handle(folder)[1]}/{path}"


def recorded(running: Waiting, folder: Path, names: Sequence[str], *, content: bool = False) -> tuple[Ran, list[Call]]:
    """Let a program run; how it ended, and the calls of all its threads.

    folder   where the logs go; it is emptied
    names    of the calls that are wanted; those that this machine does not know are none
    content  whether all that is written is wanted, too
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    tracer = attach(running.pid, ["-y", "-ff", "-ttt", "-xx", "-s", str(_LONGEST if content else 0), "-o",
                                   str(folder / "log"), "-e", f"trace={','.join(f'?{name}' for name in names)}"])
    running.go()
    ran = running.wait()
    ended(tracer)
    calls = [call for log in folder.iterdir() for call in _calls(log)]
    shutil.rmtree(folder)
    return ran, sorted(calls, key=lambda call: call.at)


def injected(running: Waiting, folder: Path, name: str, error: str, when: str, seconds: float = 60) -> Ran:
    """Let a program run in which a call fails, counted for each thread by itself: ``3``, ``3+``, ``3..5``."""
    tracer = attach(running.pid, ["-y", "-f", "-o", str(folder / "injected.log"), "-e", f"trace={name}",
                                   "-e", f"inject={name}:error={error}:when={when}"])
    running.go()
    try:
        return running.wait(seconds)
    finally:
        ended(tracer)


def _calls(log: Path) -> list[Call]:
    """The calls of one thread. Raises ValueError where a line is not understood: nothing may escape unseen."""
    thread, calls, counts = int(log.suffix[1:]), [], dict[str, int]()
    for line in log.read_text("ascii").splitlines():
        match = _LINE.match(line)
        if match is None:
            if "+++ " in line or "--- " in line or "strace: " in line:
                continue
            raise ValueError(f"strace said what is not understood: {line[:200]}")
        counts[match[2]] = counts.get(match[2], 0) + 1
        calls.append(Call(float(match[1]), thread, match[2], counts[match[2]], tuple(_words(match[3])),
                          -1 if match[4] == "?" else int(match[4]), match[5] or ""))
    return calls


def _words(text: str) -> list[str]:
    """Arguments; commas inside of brackets part none, and strings are written in hexadecimal."""
    words, depth, start = [], 0, 0
    for match in re.finditer(r"[\[{(]|[\]})]|, ", text):
        if match[0] == ", ":
            if not depth:
                words.append(text[start:match.start()])
                start = match.end()
        else:
            depth += 1 if match[0] in "[{(" else -1
    return [*words, text[start:]]


def _plain(text: str) -> bytes:
    return re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), text).encode("latin-1")
