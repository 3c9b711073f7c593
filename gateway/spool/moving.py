"""Moving a file from folder to folder without ever putting one file over another.

The move itself is one rename: of two runs that want the same file one gets it, the other is told that it is gone.
Linux has one that refuses to overwrite. Where there is none (other systems, some network folders) a rename overwrites;
so the new name is reserved first, by a hidden file that only one run can make. (A hard link refuses to overwrite, but
link and unlink are two steps, and a second file of the same name may slip in between.)
A power cut may leave a moved file under both names; moving it once more takes the old one away.
Both folders must be on one file system (B004 says so).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable
from pathlib import Path

from gateway.spool.faults import explained, not_regular
from gateway.spool.renaming import ALONE, rename
from gateway.spool.whole import sync_folder, temporary_name

_MARK = "move"
_RESERVE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def claim(path: Path, into: Path) -> Path | None:
    """Take a file into the folder `into`; None when it is gone (another run has it).

    Where `into` holds that name already, a number is put before the suffix: ``sad.xml`` becomes ``sad.1.xml``.
    Not flushed: after a power cut the file may stand unclaimed again, which is harmless.
    Raises LocalError B002 (not a regular file), B004 (another file system), B006; FileNotFoundError when the folder
    `into` is missing.
    """
    with explained(path):
        try:
            return _move(path, into)
        except FileNotFoundError:
            into.lstat()  # a missing folder is a fault, not "gone"
            return None


def settle(path: Path, into: Path) -> Path:
    """Put a file away into the folder `into` for good; never overwrites (numbered as by `claim`), flushed.

    Raises FileNotFoundError, LocalError B002, B004, B006.
    """
    return settle_together([path], into)[0]


def settle_together(paths: Iterable[Path], into: Path) -> list[Path]:
    """Put many files away into one folder, with one flush per folder. Returns their new paths in order.

    When one cannot be moved, those before it stay moved. Raises as `settle`.
    """
    settled = []
    left: dict[Path, None] = {}
    for path in paths:
        with explained(path):
            settled.append(_move(path, into))
        left[path.parent] = None
    for folder in [into, *left] if settled else []:  # the new name first: a power cut may show both, never neither
        sync_folder(folder)
    return settled


def free_name(name: str, into: Path, given: Collection[str] = ()) -> str:
    """The name under which `settle` will put a file of that name away into `into`, once those of `given` are taken.

    Only another run that files into the same folder meanwhile, or was killed at it where no rename spares a name, or a
    person can make it a different one.
    """
    number = 0
    while True:
        target = _numbered(name, number)
        if target not in given and not os.path.lexists(into / target):
            return target
        number += 1


def _numbered(name: str, number: int) -> str:
    if not number:
        return name
    path = Path(name)
    return f"{path.stem}.{number}{path.suffix}"


def _move(path: Path, into: Path) -> Path:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise not_regular(path, status.st_mode)
    number = 0
    while True:
        target = into / _numbered(path.name, number)
        if _moved(path, target):
            return target
        if _same(status, target):  # a move that a power cut left half on the disk
            path.unlink()
            return target
        number += 1


def _moved(path: Path, target: Path) -> bool:
    """Rename, unless the new name is there, or another run is about to take it. Raises OSError."""
    try:
        if rename(path, target, ALONE):
            return True
    except FileExistsError:
        return False
    reservation = temporary_name(target, _MARK)
    try:
        os.close(os.open(reservation, _RESERVE, 0o600))
    except FileExistsError:  # another run is at it, or was killed there
        return False
    try:
        if os.path.lexists(target):
            return False
        path.rename(target)
        return True
    finally:
        reservation.unlink(missing_ok=True)


def _same(status: os.stat_result, target: Path) -> bool:
    try:
        return os.path.samestat(status, target.lstat())
    except FileNotFoundError:
        return False
