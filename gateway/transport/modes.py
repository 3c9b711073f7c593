"""How a whole file is told from one that is still on its way: the five ways of publishing (MAILBOX section 2.4).

Servers differ in what they can do; both sides of a lane follow the one way that stands in the partner's file:

rename        written in ``tmp``, then renamed into ``new``: what stands in ``new`` is whole
posix-rename  the same by OpenSSH's extension alone, also where the server does not speak of it
suffix        written as ``new/NAME.part``, then renamed to ``new/NAME``: for servers without a usable ``tmp``
marker        written as ``new/NAME``, then ``new/NAME.ok`` with size and SHA-256: for servers that cannot rename
direct        written as ``new/NAME``, nothing more: for stores where a file appears when it is closed

None of them is trusted: the name is a digest of the content, and the content is signed. So the choice decides about
noise and attempts in vain, never about safety.
"""

from __future__ import annotations

import enum
import hashlib
import re
from typing import Self

from msgspec import Struct

PARTIAL = ".part"
"""Ends the name of a file that is not whole yet, in the mode ``suffix`` and in trials."""

MARKED = ".ok"
"""Ends the name of a marker."""

MARK_LIMIT = 128
"""Octets of a marker at most."""

_MARK = re.compile(rb"([0-9]{1,15}) ([0-9a-f]{64})(?:\r?\n)?")


class Mode(enum.StrEnum):
    """One of the five ways; the values are the words of the partner's file."""

    RENAME = "rename"
    POSIX_RENAME = "posix-rename"
    SUFFIX = "suffix"
    MARKER = "marker"
    DIRECT = "direct"

    @property
    def through_tmp(self) -> bool:
        """Whether files are written in ``tmp``."""
        return self in (Mode.RENAME, Mode.POSIX_RENAME)

    @property
    def in_place(self) -> bool:
        """Whether files are written under their final name."""
        return self in (Mode.MARKER, Mode.DIRECT)


class Mark(Struct, frozen=True):
    """What a marker says of its file: size in octets, SHA-256 in lower-case hex digits."""

    size: int
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The marker of a content."""
        return cls(len(content), hashlib.sha256(content).hexdigest())

    @classmethod
    def read(cls, text: bytes) -> Self | None:
        """What stands in a marker; None when it is none, or is not whole yet."""
        found = _MARK.fullmatch(text)
        return None if found is None else cls(int(found[1]), found[2].decode("ascii"))

    def __bytes__(self) -> bytes:
        """Its file: size, a blank, the digest, a line end; as ``sha256sum`` and ``wc`` in a shell can make it."""
        return f"{self.size} {self.sha256}\n".encode("ascii")
