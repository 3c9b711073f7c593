"""The archive of a pack: a plain tar (POSIX ustar) that every tool opens, in one form only.

Reading accepts exactly the octets that `archive` writes for the same files: no links, no folders, no devices, no
extension headers, no padding with something in it, nothing behind the end. So an archive means one thing to whoever
opens it, and what does not look the same to two programs cannot be in it (THREATS rows 14 and 15).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gateway.errors import PartnerError
from gateway.findings import Finding

MOST_FILES = 32
LARGEST_FILE = 8 << 20
LARGEST_PACK = 16 << 20

_BLOCK = 512
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,40}(\.[a-z0-9]{1,5})?")
_SIZE = re.compile(rb"[0-7]{11}\0")


def is_pack_name(name: str) -> bool:
    """Tell whether a file of a pack may have this name: no folder, no point in front, ASCII."""
    return _NAME.fullmatch(name) is not None


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files as one tar, in the order of their names; the same files always give the same octets.

    Raises ValueError for names, sizes or numbers that a pack cannot have.
    """
    if not 0 < len(files) <= MOST_FILES or not all(map(is_pack_name, files)) \
            or any(len(content) > LARGEST_FILE for content in files.values()):
        raise ValueError("not the files of a pack")
    parts = []
    for name in sorted(files):
        parts += [_header(name, len(files[name])), files[name], bytes(-len(files[name]) % _BLOCK)]
    return b"".join([*parts, bytes(2 * _BLOCK)])


def unarchive(content: bytes) -> dict[str, bytes]:
    """The files of a pack. Raises PartnerError X100 {reason} for anything that `archive` would not have written."""
    if len(content) > LARGEST_PACK:
        raise _refused("size")
    files = dict(_members(content))
    try:
        whole = archive(files)
    except ValueError:
        raise _refused("name") from None
    if whole != content:
        raise _refused("form")
    return files


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents as far as they go; that every other octet is as it must be, `unarchive` compares."""
    at = count = 0
    while at + _BLOCK <= len(content) and content[at] != 0:
        name, size = content[at:at + 100].rstrip(b"\0"), content[at + 124:at + 136]
        count += 1
        if count > MOST_FILES or not _SIZE.fullmatch(size) or not name.isascii():
            raise _refused("form")
        start, length = at + _BLOCK, int(size[:11], 8)
        if length > LARGEST_FILE or start + length > len(content):
            raise _refused("size")
        yield name.decode("ascii"), content[start:start + length]
        at = start + length + -length % _BLOCK


def _header(name: str, size: int) -> bytes:
    """One header of POSIX.1-1988 ustar: a regular file 0644 of nobody, without a date."""
    block = bytearray(_BLOCK)
    for at, value in ((0, name.encode("ascii")), (100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"),
                      (124, b"%011o\0" % size), (136, b"00000000000\0"), (148, b"        "), (156, b"0"),
                      (257, b"ustar\x0000"), (329, b"0000000\0"), (337, b"0000000\0")):
        block[at:at + len(value)] = value
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def _refused(reason: str) -> PartnerError:
    return PartnerError(Finding(code="X100", values={"reason": reason}))
