"""Does a file of millions of small elements cost more than its size, wherever they stand?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import NULL, attribute, integer, octets, oid, sequence, tlv
from tests.tools.security_world import NOW, Delivery, World, world

SIZE = 4 << 20
NULLS = NULL * (SIZE // 2)
MOST = 8
"""Times the size of the file that opening it may take in memory; an object for each element would be sixty times."""


def _outside(recipients: bytes) -> bytes:
    content = sequence(oid(loose.DATA), sequence(oid(loose.AES_256_GCM), sequence(octets(bytes(12)), integer(16))),
                       tlv(0x80, b"x"))
    return loose.content_info(loose.AUTH_ENVELOPED_DATA,
                              sequence(integer(0), tlv(0x31, recipients), content, octets(bytes(16))))


def _inside(w: World, **options: object) -> bytes:
    given = {"signers": [loose.signer_info(w.entity(), w.ec, signing_time=NOW)], "certificates": [w.ec.certificate],
             **options}
    return w.outer(loose.signed_data(w.entity(), given.pop("signers"),  # type: ignore[arg-type]
                                     given.pop("certificates"), **given))  # type: ignore[arg-type]


def _many(element: bytes) -> bytes:
    return element * (SIZE // len(element))


def _named(w: World, kind: str, value: bytes) -> bytes:
    return w.sealed(attributes={kind: attribute(kind, value)})


BOMBS: dict[str, tuple[str, Callable[[World], bytes]]] = {
    "recipients that are none": ("E_ASN1", lambda _w: _outside(NULLS)),
    "recipients": ("E_ASN1", lambda w: _outside(_many(loose.recipient_info(w.ours_ec.certificate, bytes(32))))),
    "elements of the outermost one": ("E_ASN1", lambda _w: sequence(NULLS)),
    "elements of another type": ("E_OUTER", lambda _w: loose.content_info("1.2.3.4", sequence(NULLS))),
    "digest algorithms": ("E_ASN1", lambda w: _inside(w, digests=[NULLS])),
    "certificates": ("E_ASN1", lambda w: _inside(w, certificates=[NULLS])),
    "signers": ("E_ASN1", lambda w: _inside(w, signers=[NULLS])),
    "attributes": ("E_ASN1", lambda w: w.sealed(extra=[_many(sequence(oid("1.2"), b"\x31\x00"))])),
    "values of an attribute": ("E_ASN1", lambda w: w.sealed(extra=[
        sequence(oid("1.2.3"), tlv(0x31, NULLS))])),
    "certificates named": ("E_ASN1", lambda w: _named(w, loose.SIGNING_CERTIFICATE_V2, sequence(sequence(
        _many(sequence(octets(bytes(32)))))))),
    "capabilities": ("E_ASN1", lambda w: _named(w, loose.SMIME_CAPABILITIES, sequence(NULLS))),
}


@pytest.mark.parametrize("name", BOMBS)
def test_t19_millions_of_elements_cost_no_more_memory_than_their_file(name: str) -> None:
    """Millions of small elements, in any place outside or inside the encryption, are refused in little memory."""
    code, build = BOMBS[name]
    delivery = Delivery(build(world()))
    assert len(delivery.content) > SIZE - 100
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # forget the peak so far, proc(5)
    base = _peak()
    assert delivery.outcome() == code
    assert _peak() - base < MOST * len(delivery.content)


def _peak() -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize(("size", "outcome"), [(100_000, "accepted"), (140_000, "E_ASN1")])
def test_what_stands_round_a_content_has_room_but_not_without_end(size: int, outcome: str) -> None:
    capabilities = sequence(NULL * (size // 2))
    assert Delivery(_named(world(), loose.SMIME_CAPABILITIES, capabilities)).outcome() == outcome


def test_the_room_of_a_payload_is_that_of_the_file() -> None:
    payload = b"UNB+UNOC:3+XA+XB+261126:1200+1'" + bytes(20 << 20)
    w = world()
    assert Delivery(w.outer(w.inner(w.entity(payload)))).open().payload == payload
