"""Folders of our own, and whether there is room in them."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool.faults import explained, not_regular
from gateway.spool.whole import sync_folder


def own_folder(path: Path) -> Path:
    """Make sure that a private folder exists: 0700, a real directory, ours (THREATS section 5). Returns it.

    Missing parents are made too, and survive a power cut. Permissions that are too wide are narrowed.
    Raises LocalError B002 (something else stands there, a link included), B007 (another user's), B006.
    """
    with explained(path):
        _make(path, 0o700)
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise not_regular(path, status.st_mode)
        if status.st_uid != os.geteuid():
            raise LocalError(Finding(code="B007", place=Place(file=os.fspath(path)),
                                     values={"folder": os.fspath(path), "owner": str(status.st_uid)}))
        if stat.S_IMODE(status.st_mode) & 0o077:
            path.chmod(0o700)
    return path


def make_folder(path: Path, mode: int = 0o700) -> Path:
    """Make sure that a folder exists that others may share (a national system's, say); made with a mode. Returns it.

    Missing parents are made too. What is made survives a power cut: what is written into it and flushed would else be
    lost with its folder.
    Raises LocalError B002 (something else stands there), B003 (disk full), B006.
    """
    with explained(path):
        _make(path, mode)
        if not path.is_dir():
            raise not_regular(path, path.lstat().st_mode)
    return path


def _make(path: Path, mode: int) -> None:
    """Make a folder and its parents where they are missing, each flushed into the one above. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):  # a disk that answers with an error has not said that it is missing
        path.lstat()
        return
    _make(path.parent, mode)
    with contextlib.suppress(FileExistsError):  # another run makes it at this moment
        path.mkdir(mode)
    sync_folder(path.parent)


def free_space(folder: Path) -> int:
    """Octets that our user may still write on the file system of `folder`. Raises LocalError B006."""
    with explained(folder):
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize


def free_entries(folder: Path) -> int | None:
    """Files that our user may still make on the file system of `folder`; None where it does not count them.

    Raises LocalError B006.
    """
    with explained(folder):
        status = os.statvfs(folder)
        return status.f_favail if status.f_files else None


def require_space(folder: Path, needed: int, reserve: int = 64 << 20) -> None:
    """Refuse to begin what will not fit: `needed` octets and a `reserve` that is left for receipts and the ledger.

    Raises LocalError B008 with both figures, B006.
    """
    free = free_space(folder)
    if free < needed + reserve:
        raise LocalError(Finding(code="B008", place=Place(file=os.fspath(folder)),
                                 values={"folder": os.fspath(folder), "free": str(free >> 20),
                                         "needed": str((needed + reserve + (1 << 20) - 1) >> 20)}))
