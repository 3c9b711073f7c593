"""One run at a time, for the sake of work saved; nothing's correctness rests on it (MAILBOX section 0, point 8).

The kernel holds the lock (flock) and drops it with the process, however that ends: there are no stale locks to clear.
So only a file system whose kernel keeps such locks will do. Where it cannot (NFS without its lock service, some file
systems in user space) taking the lock fails with the system's own words; nothing that a crash would leave behind is
ever put in its place. Over NFS the lock holds between machines at best as well as their lock service does: the state
folder belongs on a disk of the machine that runs the gateway, the ledger even more so.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool.faults import explained
from gateway.spool.whole import read_whole, write_whole

if TYPE_CHECKING:
    from filelock import FileLock


class Busy(LocalError):
    """Another run holds the lock; its process and since when, where known. Code B001."""


@contextlib.contextmanager
def run_lock(path: Path, *, at: datetime | None = None, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path` for the time of a with-block; `wait` is how long to wait for it, in seconds.

    `at` (aware) is written beside the lock, with our process number, for whoever finds it busy; on a full disk it is
    not, and nobody learns more than that there is another run.
    Raises Busy (B001), LocalError B003 (no room even for an empty lock file), B006.
    """
    lock = _lock(path, wait)
    note = path.with_name(f"{path.name}.holder")
    with explained(path):
        try:
            lock.acquire()
        except TimeoutError:
            raise _busy(path, note) from None
    try:
        holder = {"process": str(os.getpid()), "since": at.isoformat(timespec="seconds") if at else ""}
        try:
            write_whole(note, json.dumps(holder).encode())
        except LocalError:
            _forget(note)  # that of a killed run would name the wrong process
        yield
    finally:
        _forget(note)
        lock.release()


@contextlib.contextmanager
def turn(path: Path) -> Iterator[bool]:
    """Take a turn at a piece of work that two commands share; gives False, at once, when another process is at it.

    Lighter than `run_lock`: nothing is written beside the lock. Raises LocalError B003, B006.
    """
    lock = _lock(path, 0)
    with explained(path):
        try:
            lock.acquire()
        except TimeoutError:
            yield False
            return
    try:
        yield True
    finally:
        lock.release()


def _lock(path: Path, wait: float) -> FileLock:
    from filelock import FileLock  # brings asyncio along: whoever only reads takes no lock

    return FileLock(path, mode=0o600, timeout=wait, thread_local=False, fallback_to_soft=False)


def _forget(note: Path) -> None:
    with contextlib.suppress(OSError):
        note.unlink(missing_ok=True)


def _busy(path: Path, note: Path) -> Busy:
    holder: dict[str, str] = {}
    with contextlib.suppress(FileNotFoundError, ValueError, LocalError):
        found = json.loads(read_whole(note, 4096))
        holder = {key: value for key, value in found.items() if isinstance(value, str) and value} \
            if isinstance(found, dict) else {}
    return Busy(Finding(code="B001", place=Place(file=os.fspath(path)),
                        values={"lock": path.name, "process": holder.get("process", "?"),
                                "since": holder.get("since", "?")}))
