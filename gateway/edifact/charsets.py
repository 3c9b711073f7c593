"""Character sets: what the syntax identifier (0001) says about the bytes of an interchange.

Every set that we read keeps the service characters in one byte, so an interchange is cut as if it were ISO 8859-1, one
character per byte, and only the values are decoded. Bytes outside the repertoire are found, never replaced silently.
Source: ISO 9735 version 3 annex A (levels A and B), version 4 part 1 (UNOC to UNOK, UNOW, UNOY); UNOL from the code
list of 0001 in practice.
"""

from __future__ import annotations

from functools import cache

from msgspec import Struct

_LEVEL_A = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-()/='+:?!\"%&*;<>"
_LEVEL_B = _LEVEL_A + "abcdefghijklmnopqrstuvwxyz"
_SINGLE_BYTE = {
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOL": "iso8859-15",
}
_UTF_8 = ("UNOW", "UNOY")


class Charset(Struct, frozen=True):
    """One character set of 0001.

    codec      Python codec of the values
    allowed    the bytes of the repertoire; None where the set has more than one byte per character
    """

    identifier: str
    codec: str
    allowed: bytes | None

    @property
    def multibyte(self) -> bool:
        """Whether a character may take more than one byte."""
        return self.allowed is None

    def foreign(self, content: bytes, also: str = "") -> bytes:
        """The bytes of `content` outside the repertoire and outside `also`, in order; empty when all is well.

        For a set of several bytes per character: the control characters, and everything when it cannot be decoded.
        """
        if self.allowed is not None:
            return content.translate(None, self.allowed + also.encode("iso8859-1"))
        controls = content.translate(None, _PRINTABLE + also.encode("iso8859-1"))
        try:
            content.decode(self.codec)
        except UnicodeDecodeError as error:
            return controls + content[error.start : error.end]
        return controls

    def admits(self, character: str) -> bool:
        """Tell whether a value may hold this character."""
        try:
            return not self.foreign(character.encode(self.codec))
        except UnicodeEncodeError:
            return False


_PRINTABLE = bytes(byte for byte in range(256) if byte >= 0x20 and byte != 0x7F)


def _repertoire(codec: str) -> bytes:
    """The bytes that a single-byte set of ISO 8859 gives a graphic character: no control characters of C0 or C1."""
    graphic = bytearray()
    for byte in range(256):
        if 0x20 <= byte <= 0x7E or byte >= 0xA0:
            try:
                bytes([byte]).decode(codec)
            except UnicodeDecodeError:
                continue
            graphic.append(byte)
    return bytes(graphic)


@cache
def charset(identifier: str) -> Charset | None:
    """The character set of a syntax identifier; None when we do not know it (ISO 2022 of UNOX, private ones)."""
    if identifier == "UNOA":
        return Charset(identifier, "ascii", _LEVEL_A.encode())
    if identifier == "UNOB":
        return Charset(identifier, "ascii", _LEVEL_B.encode())
    if identifier in _SINGLE_BYTE:
        return Charset(identifier, _SINGLE_BYTE[identifier], _repertoire(_SINGLE_BYTE[identifier]))
    if identifier in _UTF_8:
        return Charset(identifier, "utf-8", None)
    return None


def known() -> tuple[str, ...]:
    """The syntax identifiers that we know, in order."""
    return tuple(sorted(("UNOA", "UNOB", *_SINGLE_BYTE, *_UTF_8)))


def looks_like_utf_8(content: bytes) -> bool:
    """Tell whether bytes above 0x7F are there and all of them form UTF-8: a sender that ignores its own 0001."""
    if content.isascii():
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
