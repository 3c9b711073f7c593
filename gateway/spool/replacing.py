"""A folder that is replaced as a whole: whoever reads it sees the old one or the new one, never a mixture.

The new folder is written beside the old one and flushed, then both names are exchanged in one step (``renameat2`` of
Linux with RENAME_EXCHANGE). Where the system or the file system has no such step (FAT, some network file systems) the
old one steps aside first; then there is a moment without a folder, and never a half-written one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool.faults import explained
from gateway.spool.folders import make_folder
from gateway.spool.locking import Busy, turn
from gateway.spool.renaming import EXCHANGE, rename
from gateway.spool.whole import sync_folder, write_together

_BATCH = 256
_READABLE, _SHARED = 0o644, 0o755
_OURS, _OUR_FOLDER = 0o640, 0o750
"""What is confidential: for our own account, and who is put into its group: a web server that asks for names, say."""


def replace_folder(folder: Path, files: Iterable[tuple[str, bytes]], marker: str, *,
                   confidential: bool = False) -> tuple[int, int]:
    """Write a folder of these files in the place of whatever we wrote there before.

    files   name with slashes -> content; taken one after the other, so that not all need be in memory
    marker  name of the empty file by which a folder is known as ours; one that has something in it and not that is
            never replaced
    confidential  it is for our own account and its group (0750, 0640); else for everybody on this machine

    Returns how many files and how many octets. Raises LocalError B070 (somebody else's folder), Busy B071 (another
    process is writing it), B003, B006.
    """
    beside, lock = (folder.parent / f".{folder.name}.{part}" for part in ("new", "lock"))
    if not folder.parent.exists():
        _made(folder.parent, _SHARED)
    with turn(lock) as ours:
        if not ours:
            raise Busy(Finding(code="B071", place=Place(file=os.fspath(folder)), values={"folder": folder.name}))
        _require_ours(folder, marker)
        with explained(beside):
            _remove(beside)
        modes = (_OUR_FOLDER, _OURS) if confidential else (_SHARED, _READABLE)
        numbers = _write(_made(beside, modes[0]), [(marker, b"")], files, modes)
        with explained(folder):
            _swap(beside, folder)
            sync_folder(folder.parent)
            _remove(beside)
    return numbers


def _made(folder: Path, mode: int) -> Path:
    """A folder of ours, with this mode whatever the commands' own umask takes away (077)."""
    make_folder(folder, mode)
    with explained(folder):
        folder.chmod(mode)
    return folder


def _require_ours(folder: Path, marker: str) -> None:
    with explained(folder):
        if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir() or (
                any(folder.iterdir()) and not (folder / marker).is_file())):
            raise LocalError(Finding(code="B070", place=Place(file=os.fspath(folder)), values={"folder": str(folder)}))


def _write(target: Path, first: Iterable[tuple[str, bytes]], files: Iterable[tuple[str, bytes]],
           modes: tuple[int, int]) -> tuple[int, int]:
    count, octets = 0, 0
    batch: dict[Path, bytes] = {target / name: content for name, content in first}
    for name, content in files:
        path = target / name
        if path.parent not in {one.parent for one in batch}:
            _made(path.parent, modes[0])
        batch[path] = content
        count, octets = count + 1, octets + len(content)
        if len(batch) >= _BATCH:
            write_together(batch, modes[1])
            batch = {}
    write_together(batch, modes[1])
    return count, octets


def _swap(new: Path, old: Path) -> None:
    """Raises OSError."""
    if not old.exists():
        new.rename(old)
        return
    if rename(new, old, EXCHANGE):
        return
    aside = old.with_name(f".{old.name}.old")
    _remove(aside)
    old.rename(aside)
    new.rename(old)
    _remove(aside)


def _remove(folder: Path) -> None:
    """What an interrupted writing or the exchange left."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
