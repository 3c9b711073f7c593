"""Does an opener that was written from the specification alone give every published vector the same verdict?"""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.security import EnvelopeError, Opened, check_payload_kind, inflate, open_envelope
from tests.tools import loose_sealer as loose
from tests.tools import second_opener
from tests.tools.published_vectors import FOLDER, File, entries, files, index, moment, trust, unpublished
from tests.tools.published_vectors import keys as our_keys
from tests.tools.second_opener import Listed, Situation
from tests.tools.second_opener.member import unpacked

FILES = files()


def certificate(name: str) -> x509.Certificate:
    """A certificate of the vectors, by its place."""
    return x509.load_pem_x509_certificate((FOLDER / name).read_bytes())


@cache
def keys() -> list[tuple[Any, x509.Certificate]]:
    """The reader's keys."""
    return [(load_pem_private_key((FOLDER / one["key"]).read_bytes(), None), certificate(one["certificate"]))
            for one in index()["decryption"]]


def situation(file: File) -> Situation:
    """What the index says that the reader holds."""
    told = index()
    listed = [Listed(certificate(one["file"]).public_bytes(Encoding.DER), one["use"], moment(one["from"]),
                     moment(one["until"])) for one in entries()]
    return Situation(
        recipient=told["recipient"], sender=told["sender"], environment=told["environment"], now=file.at, keys=keys(),
        listed=listed, authority=certificate(told["trust"]["authority"]), agreed=frozenset(file.agreed),
        revocation=x509.load_der_x509_crl(file.revocation.read_bytes()), parties=told["unb"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.label)
def test_an_opener_of_a_partner_gives_the_published_verdict(file: File) -> None:
    assert second_opener.judge(file.name, file.path.read_bytes(), situation(file)) == file.verdict


Alteration = Callable[[random.Random, bytes], bytes]


def turned(chance: random.Random, content: bytes) -> bytes:
    """One bit turned."""
    at = chance.randrange(len(content))
    return content[:at] + bytes((content[at] ^ (1 << chance.randrange(8)),)) + content[at + 1:]


def dropped(chance: random.Random, content: bytes) -> bytes:
    """One octet dropped."""
    at = chance.randrange(len(content))
    return content[:at] + content[at + 1:]


def doubled(chance: random.Random, content: bytes) -> bytes:
    """One octet twice."""
    at = chance.randrange(len(content))
    return content[:at + 1] + content[at:]


ALTERATIONS: tuple[Alteration, ...] = (turned, turned, turned, dropped, doubled)

@pytest.mark.parametrize("inside", [False, True], ids=["outside the encryption", "inside the encryption"])
def test_both_accept_and_refuse_the_same_of_a_thousand_altered_files(inside: bool) -> None:
    """What is accepted has the content that was signed: only hints and entries for others may be altered unseen.

    An altered octet is often two faults at once, and who reads lazily names the later one: so a few codes may differ.
    """
    chance = random.Random(f"20261126 {inside}")
    good = [file for file in FILES if file.label.startswith("good/") and "rsa" not in file.label]
    recipient = certificate("certificates/xb-encryption-p256.crt")
    differing: Counter[tuple[str, str]] = Counter()
    with unpublished():
        whole = {file.label: opened(file, file.path.read_bytes()) for file in good}
        for _ in range(500):
            file, alter = chance.choice(good), chance.choice(ALTERATIONS)
            content = loose.outer(alter(chance, whole[file.label].inner), [recipient]) if inside else (
                alter(chance, file.path.read_bytes()))
            theirs = second_opener.judge(loose.named(content), content, situation(file))
            try:
                ours, payload = "accepted", opened(file, content).payload
            except EnvelopeError as error:
                ours, payload = error.code, b""
            if ours != theirs:
                differing[ours, theirs] += 1
            assert payload in (b"", whole[file.label].payload)
            assert (ours == "accepted") is (theirs == "accepted"), (file.label, ours, theirs)
    assert differing.total() < 25, differing


def test_both_inflate_the_same_of_two_thousand_altered_members_and_to_the_same_octets() -> None:
    """Names, times, comments, extra fields and a check sum of the head among them, whole and broken."""
    chance, outcomes = random.Random("20261126 members"), Counter[str]()
    interchange = b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1'" + b"UNH+1+CUSDEC:D:96B:UN'" * 3
    for _ in range(2000):
        member = headed(chance, gzip.compress(interchange * chance.choice((1, 5, 60, 2000)), mtime=0))
        for _ in range(chance.choice((0, 0, 1, 1, 2))):
            member = chance.choice((*ALTERATIONS, shortened, followed))(chance, member)
        ours = inflate(member) or b""
        assert ours == unpacked(member), member.hex()
        outcomes["whole" if ours else "nothing"] += 1
    assert min(outcomes["whole"], outcomes["nothing"]) > 400, outcomes


def headed(chance: random.Random, member: bytes) -> bytes:
    """The member with another head (RFC 1952, section 2.3): flags, and what they announce."""
    flags = chance.choice((0, 0, 1, 2, 4, 8, 16, 24, 30, 31, 32))
    head = bytearray(member[:10])
    head[3] = flags
    if flags & 4:
        extra = chance.randbytes(chance.choice((0, 3, 300)))
        head += struct.pack("<H", len(extra)) + extra
    head += b"d1.edi\x00" * (flags >> 3 & 1) + b"by hand\x00" * (flags >> 4 & 1)
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    return bytes(head) + member[10:]


def shortened(chance: random.Random, content: bytes) -> bytes:
    """Cut somewhere, most often near the end."""
    return content[:-chance.choice((1, 4, 8, len(content) // 2))]


def followed(chance: random.Random, content: bytes) -> bytes:
    """Something behind it."""
    return content + chance.choice((b"\x00", bytes(8), content, gzip.compress(b"", mtime=0)))


def opened(file: File, content: bytes) -> Opened:
    """What the gateway makes of a content in the circumstances of a vector."""
    made = open_envelope(loose.named(content), content, recipient="XB", keys=our_keys(), trust=trust(file), now=file.at,
                         environment="test")
    check_payload_kind(made, gzip_agreed="gzip" in file.agreed)
    return made
