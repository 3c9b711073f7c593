"""What the operating system refused, said in our codes."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place

_FULL = {errno.ENOSPC, errno.EDQUOT}

_MACHINE = _FULL | {errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOLCK, errno.EFBIG,
                    errno.ESTALE, errno.EACCES, errno.EPERM, errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.ENODEV}
"""What only a machine brings about, and no program by its own fault."""


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an OSError about `path` into a LocalError: B003 disk full, B004 another file system, B006 anything else.

    FileNotFoundError and FileExistsError pass through: they are answers, and the caller knows what they mean.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        raise os_fault(path, error) from error


def os_fault(path: Path, error: OSError) -> LocalError:
    """The LocalError for an OSError about `path`."""
    place = Place(file=os.fspath(path))
    if error.errno in _FULL:
        return LocalError(Finding(code="B003", place=place, values={"folder": os.fspath(path.parent)}))
    if error.errno == errno.EXDEV:
        return LocalError(Finding(code="B004", place=place, values={"name": path.name}))
    if error.errno == errno.ELOOP:
        return not_regular(path, stat.S_IFLNK)
    reason = error.strerror or type(error).__name__
    return LocalError(Finding(code="B006", place=place, values={"name": path.name, "reason": reason}))


def machine_fault(error: BaseException) -> LocalError | None:
    """The LocalError for what escaped every handler and is the machine's fault, wherever it hit: B003 or B006.

    None when it is none: then it is a defect of ours.
    """
    if not isinstance(error, OSError) or error.errno not in _MACHINE:
        return None
    named = error.filename if isinstance(error.filename, (str, bytes)) else "-"
    return os_fault(Path(os.fsdecode(named)), error)


def not_regular(path: Path, mode: int) -> LocalError:
    """B002: something that is not a regular file stands where one is expected."""
    return LocalError(Finding(code="B002", place=Place(file=os.fspath(path)),
                              values={"name": path.name, "found": kind_of(mode)}))


def kind_of(mode: int) -> str:
    """The word for a file mode: ``link``, ``directory``, ``pipe``, ``socket``, ``device`` or ``file``."""
    words = {stat.S_IFLNK: "link", stat.S_IFDIR: "directory", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket",
             stat.S_IFBLK: "device", stat.S_IFCHR: "device"}
    return words.get(stat.S_IFMT(mode), "file")
