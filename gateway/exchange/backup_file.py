"""A backup as one file: an archive of the folder, the same octets whenever the same folder is packed.

A plain ``tar`` (POSIX.1-2001, pax), so that ``tar -xf`` gives the folder back on any machine. Names stand in order,
every file has the time of the backup and no owner. What is unpacked here is files of one folder and nothing else: no
link, no device, no path that leads out of it.
"""

from __future__ import annotations

import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from gateway.errors import LocalError
from gateway.exchange.audit_month import files_below
from gateway.findings import Finding, Place
from gateway.spool import make_folder, new_file, pieces_of

SUFFIX = ".tar"

NOT_WHOLE = "L050"

_PATH = re.compile(r"(?P<root>edi-backup-[A-Za-z0-9_.-]+)/(?P<path>[^/\0]+(/[^/\0]+)*)")
_WHOLE = (tarfile.REGTYPE, tarfile.AREGTYPE)
"""Files that stand in the archive octet by octet: one with holes may be of any size when it is unpacked."""

_PIECE = 1 << 20
_SCRATCH = ".edi-unpacked-"


def is_file(path: Path) -> bool:
    """Whether a path names a backup as one file: by its suffix, for it need not exist."""
    return path.suffix == SUFFIX


def pack(folder: Path, name: str, file: Path, at: datetime) -> None:
    """Write a folder as an archive, in which it is called `name`; flushed. at: the time that every file in it has.

    Raises FileExistsError, LocalError B003 (disk full), B006.
    """
    with new_file(file, 0o600) as write:
        for path in files_below(folder):
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mode, entry.mtime = (folder / path).stat().st_size, 0o600, int(at.timestamp())
            write(entry.tobuf(tarfile.PAX_FORMAT))
            for piece in pieces_of(folder / path):
                write(piece)
            write(bytes(-entry.size % tarfile.BLOCKSIZE))
        write(bytes(2 * tarfile.BLOCKSIZE))


@contextmanager
def unpacked(backup: Path, beside: Path | None = None) -> Iterator[Path]:
    """The folder of a backup: the folder itself, or what is in the file, for the time of a with-block.

    beside  the folder in which a file is unpacked: it wants as much room as the file, and what one that was killed has
            left there goes; None: the system's for temporary files

    Raises LocalError L050 {folder, file} for what is no archive of a backup, or a cut one, L009 or B003 without room.
    """
    if not is_file(backup) or backup.is_dir():
        yield backup
        return
    for left in beside.glob(f"{_SCRATCH}*") if beside is not None else ():
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=beside) as scratch:
        yield _unpack(backup, Path(scratch))


def _unpack(file: Path, scratch: Path) -> Path:
    root = ""
    held: set[Path] = set()
    try:
        with tarfile.open(file, mode="r|") as archive:
            for entry in archive:
                found = _PATH.fullmatch(entry.name)
                if found is None or entry.type not in _WHOLE or entry.issparse() or root not in ("", found["root"]) \
                        or any(part in (".", "..") for part in found["path"].split("/")):
                    raise _not_whole(file, entry.name)
                root = found["root"]
                target = scratch / root / found["path"]
                if held & {target, *target.parents}:
                    raise _not_whole(file, entry.name)
                held.add(target)
                content = archive.extractfile(entry)
                assert content is not None, "a regular file"
                make_folder(target.parent)
                with new_file(target, 0o600) as write:
                    left = entry.size
                    while piece := content.read(min(left, _PIECE)):
                        write(piece)
                        left -= len(piece)
                if left:
                    raise _not_whole(file, entry.name)
    except (tarfile.TarError, EOFError, FileNotFoundError, FileExistsError, ValueError):  # numbers that are none, too
        raise _not_whole(file, "-") from None
    if not root:
        raise _not_whole(file, "-")
    return scratch / root


def _not_whole(file: Path, name: str) -> LocalError:
    return LocalError(Finding(code=NOT_WHOLE, place=Place(file=str(file)), values={"folder": str(file), "file": name}))
