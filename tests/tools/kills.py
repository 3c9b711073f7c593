"""Where a process can be killed: at a failpoint it passes, at the entry of a system call, or whenever the dice say.

    traced(running, log)                         lets it run and lists the system calls it makes
    killed_at(running, "fdatasync", 3, log)      kills it when one of its threads enters its third fdatasync

`running` is a program of `mailbox_forks` that waits for `go`. System calls are counted for each thread by itself, as
strace does. Where strace is not installed the test is skipped and says so; with CI=true that is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pytest

from tests.tools.offices import Ran

CALLS = ("write", "writev", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "renameat", "renameat2", "unlink",
         "unlinkat", "sendto", "sendmsg")
"""Calls that change what another process, or the next run, can see."""

_LINE = re.compile(r"(\d+) +(\w+)\(")
_PATIENCE = 20.0


class Waiting(Protocol):
    """A program that waits for `go`."""

    pid: int

    def go(self) -> None:
        """Let it begin."""

    def wait(self, seconds: float = ...) -> Ran:
        """Wait for its end."""


def require_strace() -> str:
    """The path of strace; skips, or in CI fails, where it is absent."""
    found = shutil.which("strace")
    if found is None:
        said = "strace is not installed: this test did not run"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(said)
        pytest.skip(said)
    return found


def traced(running: Waiting, log: Path) -> tuple[Ran, Counter[str]]:
    """Let a program run; how it ended, and the most often that one of its threads made each of the calls."""
    tracer = attach(running.pid, _logged(log, ",".join(CALLS)))
    running.go()
    ran = running.wait()
    ended(tracer)
    each: Counter[tuple[str, str]] = Counter()
    for line in log.read_text("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match is not None and match[2] in CALLS:  # its end, where it was interrupted, begins with three dots
            each[match[1], match[2]] += 1
    most: Counter[str] = Counter()
    for (_, call), count in each.items():
        most[call] = max(most[call], count)
    return ran, most


def killed_at(running: Waiting, call: str, number: int, log: Path) -> Ran:
    """Let a program run until a thread of it enters a system call for the given time; its end (-9 when that came)."""
    tracer = attach(running.pid, [*_logged(log, call), "-e", f"inject={call}:signal=KILL:when={number}"])
    running.go()
    ran = running.wait()
    ended(tracer)
    return ran


def record_failpoints(path: str) -> None:
    """In the process of a program: write the name of every failpoint that it passes into a file, one a line."""
    from gateway import failpoints

    failpoints._armed = _Recorder(path)


class _Recorder(str):
    """A failpoint that is armed for none, and is told of each that asks."""

    __slots__ = ("_path",)
    _path: Path

    def __new__(cls, path: str) -> _Recorder:
        recorder = super().__new__(cls, "")
        recorder._path = Path(path)
        return recorder

    def __ne__(self, other: object) -> bool:
        with self._path.open("a", encoding="ascii") as file:
            file.write(f"{other}\n")
        return True

    __hash__ = str.__hash__


def _logged(log: Path, calls: str) -> list[str]:
    return ["-f", "-o", str(log), "-e", f"trace={calls}"]


def attach(pid: int, words: Sequence[str]) -> subprocess.Popen[bytes]:
    """Put strace upon a process that waits; when this returns, nothing that the process does escapes it.

    words  for strace, beside those that keep signals out of its log
    """
    tracer = subprocess.Popen([require_strace(), "-e", "signal=none", *words, "-p", str(pid)],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    line, end = b"", time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        line = tracer.stderr.readline()
        if b"attached" in line:
            return tracer
        if not line:
            break
    tracer.kill()
    raise RuntimeError(f"strace cannot look into process {pid}: {line.decode('utf-8', 'replace')}")


def ended(tracer: subprocess.Popen[bytes]) -> None:
    """Wait for strace to end with the process that it looked into."""
    assert tracer.stderr is not None
    try:
        tracer.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait(_PATIENCE)
    tracer.stderr.close()
