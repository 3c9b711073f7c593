"""A secret that the service manager hands to the service: systemd's ``LoadCredential=`` and its encrypted kin.

The manager decrypts it, binds it to this machine where that is wanted, and shows it to this service alone, in a folder
that it names in ``$CREDENTIALS_DIRECTORY`` (systemd.exec(5), section Credentials). The secret itself is never in the
environment, and never in a setting.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place

PREFIX = "credential:"
"""How a setting names a credential instead of a file: ``credential:NAME``."""

NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LIMIT = 64 << 10


def is_credential(path: Path) -> bool:
    """Tell whether a setting names a credential: such a path stays relative, all others are absolute."""
    return re.fullmatch(PREFIX + NAME, os.fspath(path)) is not None


def read_credential(path: Path) -> bytes:
    """The content of the credential that ``credential:NAME`` names.

    The manager owns these files, or gives them to us; others may not write to them, nor read them. A bit for reading
    by a group is the mask of the access list by which root's file is shown to us, and so is no fault here.
    Raises LocalError K060 with the reason: CREDENTIALS_DIRECTORY (not run by the manager, or no folder), absent, kind,
    owner, mode, folder-owner, folder-mode, size.
    """
    named = os.environ.get("CREDENTIALS_DIRECTORY", "")
    folder = Path(named)
    if not folder.is_absolute() or not folder.is_dir():
        raise _refused(path, "CREDENTIALS_DIRECTORY")
    _check(path, folder.stat(), "folder-")
    try:
        handle = os.open(folder / os.fspath(path).removeprefix(PREFIX), _OPEN)
    except FileNotFoundError:
        raise _refused(path, "absent") from None
    except OSError as error:
        raise _refused(path, error.strerror or "unreadable") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, "kind")
        _check(path, status, "")
        if status.st_size > _LIMIT:
            raise _refused(path, "size")
        return os.read(handle, _LIMIT)
    finally:
        os.close(handle)


def _check(path: Path, status: os.stat_result, what: str) -> None:
    if status.st_uid not in (0, os.geteuid()):
        raise _refused(path, f"{what}owner")
    if status.st_mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise _refused(path, f"{what}mode {stat.S_IMODE(status.st_mode):04o}")


def _refused(path: Path, reason: str) -> LocalError:
    return LocalError(Finding(code="K060", place=Place(file=os.fspath(path)), values={
        "name": os.fspath(path).removeprefix(PREFIX), "reason": reason}))
