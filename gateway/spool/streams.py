"""Files that are too long to be held: written line by line and flushed, read line by line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool.faults import explained

_CHUNK = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def new_file(path: Path, mode: int = 0o644) -> Iterator[Callable[[bytes], object]]:
    """A new file as a function that writes on to it; flushed to the disk when the block ends without an error.

    Raises FileExistsError, LocalError B003 (disk full), B006. The folder is the caller's to flush.
    """
    with explained(path):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb", buffering=_CHUNK) as stream:
            yield stream.write
            stream.flush()
            os.fsync(stream.fileno())


def lines_of(path: Path, longest: int = _CHUNK) -> Iterator[bytes]:
    """The lines of a file without their LF, one after the other; no link is followed, no pipe waited for.

    A last line without LF is given as it is. Raises FileNotFoundError, LocalError B005 for a line longer than `longest`
    octets, B006.
    """
    with explained(path), os.fdopen(os.open(path, _READ), "rb") as stream:
        while line := stream.readline(longest + 2):
            if len(line) > longest + 1:
                raise LocalError(Finding(code="B005", place=Place(file=os.fspath(path)),
                                         values={"name": path.name, "limit": str(longest)}))
            yield line.removesuffix(b"\n")


def pieces_of(path: Path) -> Iterator[bytes]:
    """The content of a file in pieces; as `lines_of` otherwise."""
    with explained(path), os.fdopen(os.open(path, _READ), "rb") as stream:
        while piece := stream.read(_CHUNK):
            yield piece
