"""The two renames that POSIX does not have: one that overwrites nothing, and one that exchanges two names.

``renameat2`` of Linux (man 2 renameat2), by the C library, for Python has no call for it. Where the system or the file
system knows neither (other systems, FAT, some network folders), whoever asks does without.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import cache

ALONE, EXCHANGE = 1, 2
_AT_FDCWD = -100
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def rename(old: str | os.PathLike[str], new: str | os.PathLike[str], how: int) -> bool:
    """Rename `old` to `new`; False, and nothing happened, where that cannot be done in this way here.

    how  ALONE: raises FileExistsError where the new name is there; EXCHANGE: both are there before and after

    Raises OSError as the system does.
    """
    call = _call()
    if call is None:
        return False
    code = call(os.fsencode(old), os.fsencode(new), how)
    if code in _CANNOT:
        return False
    if code:
        raise OSError(code, os.strerror(code), os.fspath(old), None, os.fspath(new))
    return True


@cache
def _call() -> Callable[[bytes, bytes, int], int] | None:
    """Old name, new name, flags -> errno, 0 when it is done; None where the C library has no such call."""
    import ctypes  # most commands move nothing

    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return None

    def call(old: bytes, new: bytes, flags: int) -> int:
        return 0 if function(_AT_FDCWD, old, _AT_FDCWD, new, flags) == 0 else ctypes.get_errno()

    return call
