"""Files that are whole or absent, whatever happens to the process or the power.

Written under a temporary name in the same folder, flushed, renamed; then the folder is flushed, because a rename
is a change of the folder (MAILBOX section 3.1: 60 crash bugs in 11 systems came from forgetting one of these).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool.faults import explained, not_regular, os_fault

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BATCH = 256
"""Files held open between writing and flushing."""

_AT_ONCE = 8
"""Flushes at once."""

_PREFIX, _SUFFIX = ".", ".partial"
_turn = itertools.count(1)


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that it is there whole or not at all; an older file of that name is replaced in one step.

    When this returns, content and name survive a power cut. Raises LocalError B003 (disk full), B006; the folder
    must exist.
    """
    write_together({path: content}, mode)


def write_together(files: Mapping[Path, bytes], mode: int = 0o600) -> None:
    """Write many files, each as `write_whole` does, with one flush per file and one per folder.

    The files appear one after the other: a crash in between leaves some there and some absent, none in part.
    When one cannot be written, those written before it stay. Raises LocalError B003, B006.
    """
    folders: dict[Path, None] = {}
    for batch in _batches(list(files.items())):
        _write_batch(batch, mode)
        folders.update((path.parent, None) for path, _ in batch)
    for folder in folders:
        sync_folder(folder)


def read_whole(path: Path, limit: int | None = None) -> bytes:
    """The content of a regular file; no link is followed, no pipe waited for.

    Raises FileNotFoundError when it is gone, LocalError B002 (not a regular file), B005 (more than `limit` bytes,
    by its size or while reading), B006.
    """
    with explained(path):
        handle = os.open(path, _READ)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise not_regular(path, status.st_mode)
            if limit is None:
                return _read_up_to(handle, sys.maxsize)
            content = _read_up_to(handle, limit + 1) if status.st_size <= limit else None
            if content is None or len(content) > limit:
                raise LocalError(Finding(code="B005", place=Place(file=os.fspath(path)),
                                         values={"name": path.name, "limit": str(limit)}))
            return content
        finally:
            os.close(handle)


def flush_together(handles: Sequence[int]) -> list[OSError | None]:
    """Flush open files, several at once; for each its error, or None.

    The file system then writes its journal once for many of them: on a busy disk this is up to ten times as fast as
    one after the other (measured on ext4, 0.2 against 1.9 ms a file).
    """
    if len(handles) < _AT_ONCE:
        return [_flush(handle) for handle in handles]
    found: list[OSError | None] = [None] * len(handles)
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # each has its share: handing out one by one costs as much again
        for first, failures in enumerate(pool.map(_flush_all, (handles[first::_AT_ONCE] for first in range(_AT_ONCE)))):
            found[first::_AT_ONCE] = failures
    return found


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that names made or removed in it survive a power cut. Raises LocalError B006."""
    with explained(folder):
        handle = os.open(folder, _FOLDER)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(folder: Path, before: float) -> int:
    """Remove what interrupted writings left in a folder and that was last changed before `before` (seconds, Unix).

    Returns how many files went. Only names that this module gives are touched.
    """
    removed = 0
    with explained(folder), os.scandir(folder) as entries:
        for entry in entries:
            if is_partial(entry.name) and entry.is_file(follow_symlinks=False) \
                    and entry.stat(follow_symlinks=False).st_mtime < before:
                Path(entry.path).unlink(missing_ok=True)
                removed += 1
    return removed


def is_partial(name: str) -> bool:
    """Tell whether a file of this name is what an interrupted writing or moving left."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def temporary_name(path: Path, mark: str) -> Path:
    """A hidden name beside `path` that `sweep` recognises; long names are cut so that it stays a legal name."""
    return path.with_name(_temporary(path.name, mark))


def _temporary(name: str, mark: str) -> str:
    short = name.encode("utf-8", "surrogateescape")[:180].decode("utf-8", "surrogateescape")
    return f"{_PREFIX}{short}.{mark}{_SUFFIX}"


def _flush_all(handles: Sequence[int]) -> list[OSError | None]:
    return [_flush(handle) for handle in handles]


def _flush(handle: int) -> OSError | None:
    try:
        os.fsync(handle)
    except OSError as error:
        return error
    return None


def _batches(items: Sequence[tuple[Path, bytes]]) -> Iterator[Sequence[tuple[Path, bytes]]]:
    for start in range(0, len(items), _BATCH):
        yield items[start:start + _BATCH]


class _Partial(NamedTuple):
    """A file that is being written: the folder it is in, open; its temporary name; where it will stand, and under which
    name; the file, open."""

    folder: int
    name: str
    path: Path
    final: str
    file: int


def _write_batch(batch: Sequence[tuple[Path, bytes]], mode: int) -> None:
    """Everything happens below the folders as they were when the batch began, whoever renames what meanwhile."""
    partial: list[_Partial] = []
    folders: dict[str, int] = {}
    try:
        for path, content in batch:
            folder, name = os.path.split(path)
            try:
                if folder not in folders:
                    folders[folder] = os.open(folder or os.curdir, _FOLDER)
                partial.append(_new_beside(path, name, folders[folder]))
                os.fchmod(partial[-1].file, mode)
                write_all(partial[-1].file, content)
            except OSError as error:
                raise os_fault(path, error) from error
        for one, failure in zip(partial, flush_together([one.file for one in partial]), strict=True):
            if failure is not None:
                raise os_fault(one.path, failure) from failure
        for one in partial:
            with explained(one.path):
                os.rename(one.name, one.final, src_dir_fd=one.folder, dst_dir_fd=one.folder)
    except BaseException:
        for one in partial:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(one.name, dir_fd=one.folder)  # below an open folder, which is no path
        raise
    finally:
        for handle in (*(one.file for one in partial), *folders.values()):
            os.close(handle)


def write_all(handle: int, content: bytes) -> None:
    """Write all of `content` to a file descriptor. Raises OSError."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view):]


def _new_beside(path: Path, final: str, folder: int) -> _Partial:
    """Make a temporary file in the open folder of `path`; process and turn make the name, O_EXCL makes it ours."""
    while True:
        name = _temporary(final, f"{os.getpid()}-{next(_turn)}")
        try:
            return _Partial(folder, name, path, final, os.open(name, _NEW, 0o600, dir_fd=folder))
        except FileExistsError:  # left by a killed process that had our number: take the next turn
            continue


def _read_up_to(handle: int, count: int) -> bytes:
    parts = []
    while count > 0:
        part = os.read(handle, min(count, 1 << 20))
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
