"""DER by hand: strict, one level at a time; and what both sides of the encryption write alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509

SHA_256, SHA_384, SHA_512 = ("608648016503040201", "608648016503040202", "608648016503040203")
NULL = b"\x05\x00"
DIGESTS: Mapping[bytes, str] = {
    bytes.fromhex(f"0609{one}") + end: name for one, name in (
        (SHA_256, "sha256"), (SHA_384, "sha384"), (SHA_512, "sha512")) for end in (b"", NULL)}
DATA, SIGNED = "06092a864886f70d010701", "06092a864886f70d010702"


class Refused(Exception):
    """A code of section 6."""


@dataclass(frozen=True)
class Node:
    """One element of DER: tag, content, and all its octets."""

    tag: int
    content: bytes
    raw: bytes

    def inside(self, *tags: int | None) -> list[Node]:
        """The elements inside; with tags, exactly these (None for any)."""
        found = elements(self.content)
        if tags and (len(found) != len(tags) or any(tag not in (None, one.tag) for tag, one in zip(tags, found,
                                                                                                strict=True))):
            raise Refused("E_ASN1")
        return found


def elements(octets: bytes) -> list[Node]:
    """The elements one after the other. Raises Refused E_ASN1 for what is no DER."""
    found, at = [], 0
    while at < len(octets):
        if len(octets) < at + 2 or octets[at] & 0x1F == 0x1F:
            raise Refused("E_ASN1")
        size, start = octets[at + 1], at + 2
        if size >= 0x80:
            count = size & 0x7F
            size, start = int.from_bytes(octets[start:start + count], "big"), start + count
            if not 1 <= count <= 4 or size < 0x80 or size >> (8 * (count - 1)) == 0:
                raise Refused("E_ASN1")
        if start + size > len(octets):
            raise Refused("E_ASN1")
        found.append(Node(octets[at], octets[start:start + size], octets[at:start + size]))
        at = start + size
    return found


def one(octets: bytes, tag: int) -> Node:
    """Exactly one element of this tag."""
    found = elements(octets)
    if len(found) != 1 or found[0].tag != tag:
        raise Refused("E_ASN1")
    return found[0]


def number(node: Node) -> int:
    """An INTEGER: minimal, not negative, at most 21 octets."""
    content = node.content
    if node.tag != 2 or not 1 <= len(content) <= 21 or content[0] & 0x80 or (
            len(content) > 1 and content[0] == 0 and content[1] < 0x80):
        raise Refused("E_ASN1")
    return int.from_bytes(content, "big")


def ordered(node: Node) -> list[Node]:
    """The members of a SET OF, which must be in order and different."""
    found = node.inside()
    raw = [member.raw for member in found]
    if raw != sorted(raw) or len(set(raw)) != len(raw):
        raise Refused("E_ASN1")
    return found


def name_of(certificate: x509.Certificate) -> bytes:
    """IssuerAndSerialNumber."""
    serial = certificate.serial_number
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    content = certificate.issuer.public_bytes() + bytes((2, len(octets))) + octets
    return bytes((0x30, len(content))) + content if len(content) < 128 else (
        bytes((0x30, 0x81, len(content))) + content)


def rsa_identifier(oid: str, first: bytes, second: bytes, salt: bytes = b"") -> bytes:
    """OAEP or PSS with SHA-256, NULL or nothing behind each digest."""
    def wrapped(tag: int, content: bytes) -> bytes:
        return bytes((tag, len(content))) + content

    digest = bytes.fromhex(f"0609{SHA_256}")
    mask = bytes.fromhex("06092a864886f70d010108") + wrapped(0x30, digest + second)
    parameters = wrapped(0xA0, wrapped(0x30, digest + first)) + wrapped(0xA1, wrapped(0x30, mask)) + salt
    return bytes.fromhex(f"0609{oid}") + wrapped(0x30, parameters)
