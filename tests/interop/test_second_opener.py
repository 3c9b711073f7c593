"""Does an opener that was written from the specification alone give every published vector the same verdict?"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.security import EnvelopeError, Opened, check_payload_kind, open_envelope
from tests.tools import loose_sealer as loose
from tests.tools import second_opener
from tests.tools.published_vectors import FOLDER, File, entries, files, index, moment, trust, unpublished
from tests.tools.published_vectors import keys as our_keys
from tests.tools.second_opener import Listed, Situation

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


def opened(file: File, content: bytes) -> Opened:
    """What the gateway makes of a content in the circumstances of a vector."""
    made = open_envelope(loose.named(content), content, recipient="XB", keys=our_keys(), trust=trust(file), now=file.at,
                         environment="test")
    check_payload_kind(made, gzip_agreed="gzip" in file.agreed)
    return made
