"""Names of our own files made from foreign references."""

from __future__ import annotations

import hashlib
import re

_FOREIGN = re.compile(rb"[^A-Za-z0-9_-]")
_LONGEST = 180
"""Octets; a file system takes 255, and the dialect, and the spool while it writes, add endings."""


def plain_name(*parts: str) -> str:
    """One part of a path, whatever the references hold: different parts never give the same name.

    Letters, digits, ``-`` and ``_`` of ASCII stand for themselves, every other octet as ``%2F``; the parts are joined
    by full stops. A name that would be too long ends with ``~`` and its digest instead.
    """
    name = ".".join(_FOREIGN.sub(_percent, part.encode("utf-8", "surrogatepass")).decode("ascii") for part in parts)
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode("ascii")).hexdigest()[:32]
    return f"{name[:_LONGEST - len(digest) - 1]}~{digest}"


def _percent(match: re.Match[bytes]) -> bytes:
    return b"%%%02X" % match.group()[0]
