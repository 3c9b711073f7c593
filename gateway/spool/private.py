"""Reading a secret from a file that nobody else could have read or written (THREATS section 5)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LIMIT = 64 << 10


def read_private(path: Path) -> bytes:
    """The content of a private key or passphrase file.

    It must be a regular file (no link), of our own user, without any bit for group or others; every folder above it
    belongs to root or to us and is writable by others only where it is root's and has the sticky bit. What is
    checked is what is read: the checks are made on the open file.
    Raises LocalError E_KEYFILE with the reason: absent, link, kind, owner, mode, folder-owner, folder-mode, size.
    """
    try:
        handle = os.open(path, _OPEN)
    except FileNotFoundError:
        raise _refused(path, "absent") from None
    except OSError as error:
        raise _refused(path, "link" if path.is_symlink() else error.strerror or "unreadable") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, "kind")
        if status.st_uid != os.geteuid():
            raise _refused(path, "owner")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise _refused(path, f"mode {stat.S_IMODE(status.st_mode):04o}")
        if status.st_size > _LIMIT:
            raise _refused(path, "size")
        _check_folders(path)
        return os.read(handle, _LIMIT)
    finally:
        os.close(handle)


def _check_folders(path: Path) -> None:
    me = os.geteuid()
    for folder in path.resolve().parents:
        status = folder.stat()
        # Root may work in a folder of another user (a container with a mounted checkout): that user can still not
        # make a file that passes the owner check above.
        if me != 0 and status.st_uid not in (0, me):
            raise _refused(path, f"folder-owner {folder}")
        if status.st_mode & stat.S_IWOTH and not (status.st_uid == 0 and status.st_mode & stat.S_ISVTX):
            raise _refused(path, f"folder-mode {folder}")


def _refused(path: Path, reason: str) -> LocalError:
    return LocalError(Finding(code="E_KEYFILE", place=Place(file=os.fspath(path)),
                              values={"file": os.fspath(path), "reason": reason}))
