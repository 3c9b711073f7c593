"""Private files: who may own them, who may read them, and reading them without a race.

THREATS section 5: a regular file of our own user without any bit for group or others; every folder above belongs to
root or to us and cannot be written by others, unless it is root's and sticky (as /tmp is); no link, except one of
root's above the file, which only root can turn elsewhere. A folder that its owner's private group may write is
accepted: that group is the owner alone. Everything else is E_KEYFILE, with the reason as a second finding.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place

_LARGEST = 1 << 20
_ROOT = 0


def read_private(path: Path) -> bytes:
    """The content of a private file. Raises LocalError E_KEYFILE, or K001 when it cannot be read at all."""
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the very links that are to be seen
    _check_folders(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        if path.is_symlink():
            raise _refused(path, "K010") from None
        raise LocalError(Finding(code="K001", place=Place(file=str(path)), values={"path": str(path)})) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, "K010")
        if status.st_uid != os.geteuid():
            raise _refused(path, "K011", owner=str(status.st_uid))
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise _refused(path, "K012", mode=f"{stat.S_IMODE(status.st_mode):04o}")
        return file.read(_LARGEST)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file with mode 0600 and make it durable. Raises FileExistsError; nothing is ever overwritten."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _check_folders(path: Path) -> None:
    for folder in path.parents:
        status = _status(path, folder)
        if stat.S_ISLNK(status.st_mode) and status.st_uid != _ROOT:
            raise _refused(path, "K015", folder=str(folder))
    for folder in Path(os.path.realpath(path.parent), path.name).parents:
        status = _status(path, folder)
        if status.st_uid not in (_ROOT, os.geteuid()):
            raise _refused(path, "K013", folder=str(folder), owner=str(status.st_uid))
        if not _writable_by_others(status) or (status.st_uid == _ROOT and status.st_mode & stat.S_ISVTX):
            continue
        raise _refused(path, "K014", folder=str(folder))


def _status(path: Path, folder: Path) -> os.stat_result:
    try:
        return folder.lstat()
    except OSError:
        raise LocalError(Finding(code="K001", place=Place(file=str(path)), values={"path": str(path)})) from None


def _writable_by_others(status: os.stat_result) -> bool:
    if status.st_mode & stat.S_IWOTH:
        return True
    private = status.st_gid in (status.st_uid, _ROOT)
    return bool(status.st_mode & stat.S_IWGRP) and not private


def _refused(path: Path, reason: str, **values: str) -> LocalError:
    place = Place(file=str(path))
    return LocalError(Finding(code="E_KEYFILE", place=place, values={"path": str(path)}),
                      Finding(code=reason, place=place, values={"path": str(path), **values}))
