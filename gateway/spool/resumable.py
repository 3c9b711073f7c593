"""What came of large files before their transfer was cut: the next run goes on where the last one ended.

Kept is only the beginning of a sealed file, octet for octet as it came, in a file of our own (0600) whose length says
how far it is. It is a convenience and nothing else: where it cannot be kept, the file is fetched anew; and what was put
together from it is compared with the digest that is its name.

Life: until the file is gone from the mailbox, or for a day after it last grew (`is_partial`; ``edi retention``).
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from gateway.errors import LocalError
from gateway.spool.folders import free_space, own_folder
from gateway.spool.whole import temporary_name, write_all

MOST_FILES = 8
"""Beginnings kept for one partner."""

MOST_OCTETS = 256 << 20
"""Octets that they may take together when all of them are whole."""

_RESERVE = 64 << 20
"""Octets that are left free for what cannot wait: the ledger and receipts."""

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NAME = re.compile(r"\.(.+)\.([0-9]+)\.partial", re.DOTALL)


class Resumable:
    """The beginning of one file, open. It only grows, in order; what cannot be written is not kept, silently."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    def content(self, limit: int) -> bytes:
        """What stands there, at most so many octets; empty where it cannot be read."""
        parts = []
        at = 0
        with contextlib.suppress(OSError):
            while at < limit and (part := os.pread(self._handle, limit - at, at)):
                parts.append(part)
                at += len(part)
        return b"".join(parts)

    def append(self, content: bytes) -> None:
        """Add what follows. On a full disk nothing is kept of the file, so that the room is there for the ledger."""
        if self._handle < 0:
            return
        try:
            write_all(self._handle, content)
        except OSError:
            self.discard()

    def discard(self) -> None:
        """Keep nothing of it."""
        self.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the file go; it stays for the next time. Closing twice is harmless."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


class Resumables:
    """The beginnings kept of one partner's files, in a folder of our own that is made when it is needed.

    Not shared between processes that work on one partner at once (they take turns). Nothing here raises.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, name: str, size: int) -> Resumable | None:
        """The beginning of a file listed with this size, made where there is none; None where nothing can be kept.

        One kept of the same name and another size is of no use any more, and goes.
        """
        for path, other, listed in self._kept():
            if other == name and listed != size:
                _remove(path)
        path = temporary_name(self._folder / name, str(size))
        try:
            own_folder(self._folder)
            if not path.exists() and not self._fits(size):
                return None
            handle = os.open(path, _OPEN, 0o600)
        except (OSError, LocalError):
            return None
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_size > size:
            os.close(handle)
            _remove(path)
            return None
        os.lseek(handle, 0, os.SEEK_END)
        return Resumable(path, handle)

    def drop(self, names: Iterable[str]) -> None:
        """Keep nothing of these files: they are committed elsewhere."""
        gone = set(names)
        for path, name, _ in self._kept():
            if name in gone:
                _remove(path)

    def keep_only(self, listed: Iterable[tuple[str, int]]) -> None:
        """Keep nothing of files that are not in the mailbox any more with the size that they had."""
        if not (kept := list(self._kept())):
            return
        standing = set(listed)
        for path, name, size in kept:
            if (name, size) not in standing:
                _remove(path)

    def _kept(self) -> Iterator[tuple[Path, str, int]]:
        """Path, name and listed size of every beginning."""
        try:
            names = sorted(os.listdir(self._folder))  # noqa: PTH208  # names are all that is wanted
        except OSError:
            return
        for name in names:
            if found := _NAME.fullmatch(name):
                yield self._folder / name, found[1], int(found[2])

    def _fits(self, size: int) -> bool:
        sizes = [listed for _, _, listed in self._kept()]
        return len(sizes) < MOST_FILES and sum(sizes) + size <= MOST_OCTETS \
            and free_space(self._folder) >= size + _RESERVE


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
