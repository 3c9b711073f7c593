"""One gzip member (RFC 1952), read from its specification: header, deflated blocks, check sum, size, nothing more."""

from __future__ import annotations

import struct
import zlib

LARGEST = 32 << 20
_CHECKED, _EXTRA, _NAME, _COMMENT = 2, 4, 8, 16


def unpacked(member: bytes) -> bytes:
    """What a member holds; b"" for anything that is not exactly one, holds more than 32 MiB, or a hundred times itself.
    """
    try:
        start = _blocks(member)
        stream = zlib.decompressobj(wbits=-15)
        content = stream.decompress(member[start:], min(LARGEST, 100 * len(member)) + 1)
        if not stream.eof or len(content) > min(LARGEST, 100 * len(member)):
            return b""
        told = struct.unpack("<II", stream.unused_data)  # eight octets, or it is another fault
    except (struct.error, ValueError, IndexError, zlib.error):
        return b""
    return content if told == (zlib.crc32(content), len(content)) else b""


def _blocks(member: bytes) -> int:
    """Where the header ends (section 2.3). Raises ValueError, IndexError or struct.error where there is none."""
    if member[:3] != b"\x1f\x8b\x08" or member[3] & 0xE0:
        raise ValueError
    flags, at = member[3], 10
    if flags & _EXTRA:
        at += 2 + int(struct.unpack("<H", member[at:at + 2])[0])
    for named in (_NAME, _COMMENT):
        if flags & named:
            at = member.index(b"\x00", at) + 1
    if flags & _CHECKED:
        if struct.unpack("<H", member[at:at + 2])[0] != zlib.crc32(member[:at]) & 0xFFFF:
            raise ValueError
        at += 2
    return at
