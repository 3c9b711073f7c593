"""V34, the part that needs no EDIFACT: is the payload of the declared kind? (GW-1 sections 4, 8, 10, 11)

Grammar only. Whether a receipt fits what was sent, whether heads agree, whether UNB names the right parties is judged
where those things are known.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping

from gateway.security.header import (
    CHECKPOINT,
    EDIFACT,
    INTERCHANGES,
    KEYS,
    LEAVES,
    RECEIPT,
    REFERENCE,
    RESEND,
    ROOTS,
    WITHDRAW,
)
from gateway.security.opening import Opened
from gateway.security.receipts import read_receipt
from gateway.security.refusals import EnvelopeError
from gateway.security.sealing import LARGEST_FILE

UNB_WITHIN = 1000
MOST_RATIO = 100
_GZIP = 31  # zlib's word for: one gzip header, 32 KiB window
_RAW = -15  # and for: no header at all
_HEADER = b"\x1f\x8b\x08\x00" b"\x00\x00\x00\x00" b"\x00\xff"
"""RFC 1952 section 2.3: deflate, no flags, no time, nothing said of the compressor or of the file system. The same
interchange gives the same octets whenever it is packed."""

_PIECE, _STEP = 1 << 16, 1 << 20  # octets taken in, and given out, at a time

_GATEWAY = r"[A-Z0-9][A-Z0-9.-]{0,31}"
_LINK = rf"gw-1/{_GATEWAY}/{_GATEWAY}\n"
_NUMBER = r"[1-9][0-9]{0,17}"
_SIZE = rf"(?:0|{_NUMBER})"
_HASH = r"[A-Za-z0-9+/]{43}="
_HEX = r"sha-256=[0-9a-f]{64}\n"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\n"
_LEAF = rf"gw-leaf/1\n{_NUMBER}\n<[0-9a-f]{{32}}@{_GATEWAY}>\n{_HEX}{_HEX}"
_HEAD = rf"{_LINK}{_SIZE}\n{_HASH}\n"
# A repeated group costs memory for each repetition: each is bounded, or has no short ones.
_GRAMMAR: Mapping[str, re.Pattern[bytes]] = {kind: re.compile(pattern.encode("ascii")) for kind, pattern in {
    CHECKPOINT: rf"{_HEAD}(?:\n{_HEAD}){{0,7}}",
    RESEND: rf"gw-resend/1\n(?:{_NUMBER}(?:-{_NUMBER})?\n){{1,1000}}",
    WITHDRAW: rf"(?:{_LEAF}){{1,1000}}",
    KEYS: (rf"gw-keys/1\nuse: (?:signing|encryption)\nreplaces: {_HEX}use-from: {_TIME}accept-old-until: {_TIME}"
           r"-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,64}\n){1,1000}-----END CERTIFICATE-----\n"),
    LEAVES: rf"gw-leaves/1\n{_LINK}{_NUMBER} {_NUMBER}\n(?:{_HASH}\n){{1,10000}}",
    ROOTS: rf"gw-roots/1\n{_LINK}(?:ask|answer)\n(?:{_SIZE}(?: {_HASH})?\n){{1,64}}",
    REFERENCE: r"[\t\n -~]*\n",
}.items()}


def check_payload_kind(opened: Opened, *, gzip_agreed: bool = False, limit: int = LARGEST_FILE) -> bytes | None:
    """Judge the payload of an opened object by the grammar of its kind.

    gzip_agreed  whether this partner may send application/EDIFACT+gzip
    limit        most octets an inflated interchange may have

    Returns the interchange that it carries, inflated where it came compressed; None for any other kind.

    Raises EnvelopeError E_PAYLOAD or, for a receipt, E_RECEIPT, with `opened`.
    """
    kind, payload = opened.header.content_type, opened.payload
    if kind == RECEIPT:
        try:
            receipt = read_receipt(payload)
        except EnvelopeError:
            raise EnvelopeError("E_RECEIPT", opened=opened) from None
        if receipt.gateway != opened.header.sender:  # R1: the receiver of the original answers, nobody else
            raise EnvelopeError("E_RECEIPT", opened=opened)
        return None
    interchange = None
    if kind not in INTERCHANGES:
        good = _GRAMMAR[kind].fullmatch(payload) is not None
    else:
        if kind == EDIFACT:
            interchange = payload
        elif gzip_agreed:
            interchange = inflate(payload, limit=limit)
        good = interchange is not None and unb_prefix_ok(interchange)
    if not good:
        raise EnvelopeError("E_PAYLOAD", opened=opened, kind=kind)
    return interchange


def unb_prefix_ok(payload: bytes) -> bool:
    """Tell whether an interchange starts with UNA or UNB and its UNB ends within 1,000 octets.

    The terminator and the release character are those of UNA, else the default ones (ISO 9735 section 5.1).
    """
    release, terminator, start = b"?", b"'", 0
    if payload.startswith(b"UNA"):
        if len(payload) < 9:
            return False
        release, terminator = payload[6:7], payload[8:9]
        start = 9
        while payload[start:start + 1] in (b"\r", b"\n"):
            start += 1
    head = payload[start:UNB_WITHIN]
    if not head.startswith(b"UNB"):
        return False
    if release != b" ":
        head = re.sub(re.escape(release) + rb".", b"", head, flags=re.DOTALL)
    return terminator in head


def deflate(interchange: bytes) -> bytes | None:
    """An interchange as one gzip member whose octets depend on nothing but the interchange and the compressor.

    None where nobody would take it: more than 32 MiB, or so even that it would inflate by more than 100.
    """
    if len(interchange) > LARGEST_FILE:
        return None
    stream = zlib.compressobj(wbits=_RAW)
    packed = b"".join((_HEADER, stream.compress(interchange), stream.flush(),
                       struct.pack("<II", zlib.crc32(interchange), len(interchange))))
    return packed if len(interchange) <= len(packed) * MOST_RATIO else None


def inflate(payload: bytes, *, limit: int = LARGEST_FILE) -> bytes | None:
    """Exactly one gzip member, inflated; None for anything else, for more than `limit` octets or a ratio above 100.

    Its size is found first, in a stream of which nothing is kept: a bomb costs no memory.
    """
    try:
        size = _inflated_size(payload, min(limit, len(payload) * MOST_RATIO))
        return None if size is None else zlib.decompress(payload, _GZIP, bufsize=max(1, size))
    except zlib.error:
        return None


def _inflated_size(payload: bytes, most: int) -> int | None:
    """Octets of the one gzip member that the payload is; None when there are more than `most`, or more behind it."""
    stream, size = zlib.decompressobj(_GZIP), 0
    for start in range(0, len(payload), _PIECE):
        tail, last = payload[start:start + _PIECE], start + _PIECE >= len(payload)
        more = True
        while more:
            found = len(stream.decompress(tail, _STEP))
            size, tail = size + found, stream.unconsumed_tail
            if size > most:
                return None
            more = not stream.eof and (bool(tail) or found == _STEP)
        if stream.eof:
            return size if last and not stream.unused_data else None
    return None
