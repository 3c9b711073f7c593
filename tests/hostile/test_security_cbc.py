"""Does AES-256-CBC count only where and as long as two partners agreed to it, and tell nobody why it failed? (14)"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding

from gateway.security import Trust
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import attribute, octets, oid, sequence, tlv
from tests.tools.security_world import NOW, PAYLOAD, Case, Delivery, World, rows, world

DEEP = "a turned bit where the structure stands"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def _trust(w: World, **options: Any) -> Trust:
    return w.trust(cbc_until=options.pop("until", NOW + DAY), **options)


def _agreed(content: bytes, **trust: Any) -> Delivery:
    return Delivery(content, trust=_trust(world(), **trust))


def _cbc(plain: Callable[[World], bytes] | None = None, **options: Any) -> Callable[[World], Delivery]:
    def build(w: World) -> Delivery:
        content = w.inner() if plain is None else plain(w)
        return _agreed(loose.enveloped_cbc(content, [w.ours_ec.certificate], **options))
    return build


def _trans(**options: Any) -> Callable[[World], Delivery]:
    return _cbc(entries=lambda key: [loose.key_trans(world().ours_rsa.certificate, key, **options)])


def _aligned(w: World, beyond: int = 0) -> bytes:
    """A signed object of whole blocks and `beyond` octets: of whole ones, nothing but a padding block can be wrong."""
    for length in range(16):
        inner = w.inner(w.entity(PAYLOAD + b" " * length))
        if len(inner) % 16 == beyond:
            return inner
    return _aligned(w, beyond)  # signatures vary in length: another draw


def _turned(at: int) -> Callable[[bytes], bytes]:
    def alter(ciphertext: bytes) -> bytes:
        where = at % len(ciphertext)
        return ciphertext[:where] + bytes((ciphertext[where] ^ 1,)) + ciphertext[where + 1:]
    return alter


def _other_curve(w: World) -> Delivery:
    key = ec.generate_private_key(ec.SECP384R1())
    certificate = loose.certificate(key, w.ca, name="a recipient", now=NOW, bits=loose.AGREEMENT_BITS)
    return _agreed(loose.enveloped_cbc(w.inner(), [certificate]))


CASES = [
    # agreement
    Case("CBC as agreed, for an elliptic curve", "accepted", _cbc()),
    Case("CBC as agreed, for RSA", "accepted",
         lambda w: _agreed(loose.enveloped_cbc(w.inner(), [w.ours_rsa.certificate]))),
    Case("CBC as agreed, for both of our certificates", "accepted",
         lambda w: _agreed(loose.enveloped_cbc(w.inner(), [w.ours_ec.certificate, w.ours_rsa.certificate]))),
    Case("a padding of one octet", "accepted", _cbc(lambda w: _aligned(w, 15))),
    Case("a padding of sixteen octets", "accepted", _cbc(_aligned)),
    Case("GCM where CBC is agreed", "accepted", lambda w: _agreed(w.outer())),
    Case("CBC at the last instant of the agreement", "accepted",
         lambda w: _agreed(loose.enveloped_cbc(w.inner(), [w.ours_ec.certificate]), until=NOW)),
    Case("CBC after the end of the agreement", "E_OUTER",
         lambda w: _agreed(loose.enveloped_cbc(w.inner(), [w.ours_ec.certificate]), until=NOW - SECOND), (11,)),
    Case("CBC that nobody agreed", "E_OUTER",
         lambda w: Delivery(loose.enveloped_cbc(w.inner(), [w.ours_ec.certificate])), (11,)),
    # V4 to V9
    Case("CBC with an octet behind", "E_ASN1", lambda w: _agreed(
        loose.enveloped_cbc(w.inner(), [w.ours_ec.certificate]) + b"\x00"), (19,)),
    Case("CBC with version 0 and an elliptic curve", "E_ASN1", _cbc(version=0)),
    Case("CBC with version 2 and RSA alone", "E_ASN1",
         lambda w: _agreed(loose.enveloped_cbc(w.inner(), [w.ours_rsa.certificate], version=2))),
    Case("CBC with version 3", "E_ASN1", _cbc(version=3)),
    Case("CBC with originator information", "E_ASN1", _cbc(before=tlv(0xA0))),
    Case("CBC with unprotected attributes", "E_ASN1",
         _cbc(after=tlv(0xA1, attribute("1.2.3.4", octets(b"x"))))),
    Case("CBC with a tag", "E_ASN1", _cbc(after=octets(bytes(16)))),
    Case("signed data as the encrypted type of CBC", "E_CONTENT_TYPE", _cbc(content_type=loose.SIGNED_DATA), (8,)),
    Case("CBC for nobody", "E_RECIPIENTS", lambda w: _agreed(loose.enveloped_cbc(w.inner(), []))),
    Case("CBC for a key identifier", "E_RECIPIENTS", _cbc(version=2, entries=lambda key: [
        loose.key_trans(world().ours_rsa.certificate, key, version=2, rid=tlv(0x80, b"k" * 20))])),
    Case("CBC with a key under PKCS#1 v1.5", "E_ALG",
         _trans(algorithm=loose.RSA_PKCS1_KEY, scheme=padding.PKCS1v15()), (9, 11)),
    Case("CBC with a key under OAEP with SHA-1", "E_ALG", _trans(algorithm=loose.oaep(None)), (9,)),
    Case("CBC for a curve that nobody agreed", "E_ALG", _other_curve, (9,)),
    Case("AES-128-CBC", "E_ALG", _cbc(algorithm="2.16.840.1.101.3.4.1.2", key_octets=16), (9,)),
    Case("triple DES where CBC is agreed", "E_ALG", _cbc(algorithm=loose.TRIPLE_DES), (9,)),
    Case("GCM named in EnvelopedData where CBC is agreed", "E_ALG", _cbc(algorithm=loose.AES_256_GCM), (10,)),
    Case("GCM with its parameters in EnvelopedData where CBC is agreed", "E_ASN1",
         lambda w: _agreed(w.outer(outer_type=loose.ENVELOPED_DATA)), (10,)),
    Case("an IV of 12 octets", "E_ALG", _cbc(iv_octets=12), (10,)),
    Case("CBC for somebody else", "E_NOT_FOR_US",
         lambda w: _agreed(loose.enveloped_cbc(w.inner(), [w.third.certificate])), (5,)),
    # V10: whatever is wrong with the encryption
    Case("CBC under another content key", "E_DECRYPT", _cbc(wrong_key=True), (11,)),
    Case("a turned bit in the padding", "E_DECRYPT", _cbc(alter=_turned(-17)), (11, 12)),
    Case("a turned bit in the last block", "E_DECRYPT", _cbc(alter=_turned(-1)), (11, 12)),
    Case("a turned bit in the first block", "E_DECRYPT", _cbc(alter=_turned(0)), (11, 12)),
    Case(DEEP, "E_DECRYPT", _cbc(alter=_turned(18)), (11,)),
    Case("no padding", "E_DECRYPT", _cbc(_aligned, padded=False), (11,)),
    Case("a padding of zeros", "E_DECRYPT", _cbc(_aligned, padding_octets=bytes(16)), (11,)),
    Case("a padding that counts too far", "E_DECRYPT", _cbc(_aligned, padding_octets=b"\x11" * 16), (11,)),
    Case("a padding of another form", "E_DECRYPT", _cbc(_aligned, padding_octets=bytes(15) + b"\x10"), (11,)),
    Case("half a block", "E_DECRYPT", _cbc(alter=lambda content: content[:-8]), (11,)),
    Case("a block missing", "E_DECRYPT", _cbc(alter=lambda content: content[:-16]), (11,)),
    Case("a block twice", "E_DECRYPT", _cbc(alter=lambda content: content + content[-16:]), (11,)),
    Case("no content at all", "E_DECRYPT", _cbc(alter=lambda _: b""), (11,)),
    Case("random blocks", "E_DECRYPT", _cbc(alter=lambda content: os.urandom(len(content))), (11,)),
    Case("the payload in CBC but not signed", "E_DECRYPT", _cbc(lambda w: w.entity()), (7, 11)),
    Case("nothing in CBC", "E_DECRYPT", _cbc(lambda _w: b""), (7, 11)),
    Case("an octet behind the signed object in CBC", "E_DECRYPT", _cbc(lambda w: w.inner() + b"\x00"), (11,)),
    # what a good decryption shows is judged as ever
    Case("plain data in CBC", "E_UNSIGNED",
         _cbc(lambda w: loose.content_info(loose.DATA, octets(w.entity()))), (7,)),
    Case("two gadget blocks in the content", "E_DIGEST",
         lambda w: _agreed(loose.enveloped_cbc(w.inner(), [w.ours_ec.certificate], alter=_turned(
             w.inner().index(b"UNB+")))), (11,)),
    Case("CBC signed by an unknown signer", "E_SIGNER_UNKNOWN", _cbc(lambda w: w.inner(author=w.author())), (25,)),
    Case("CBC for another gateway", "E_WRONG_RECIPIENT",
         _cbc(lambda w: w.inner(w.entity(recipient="XC"))), (6,)),
]


@pytest.mark.parametrize("case", rows(CASES))
def test_cbc_counts_by_agreement_alone_and_every_failure_is_one_code(case: Case) -> None:
    assert case.delivery().outcome() == case.code


@pytest.mark.parametrize("case", rows(case for case in CASES if case.code in (
    "E_OUTER", "E_ASN1", "E_CONTENT_TYPE", "E_RECIPIENTS", "E_ALG", "E_NOT_FOR_US")))
def test_no_private_key_is_used_before_the_algorithms_of_cbc_are_judged(case: Case) -> None:
    delivery = case.delivery()
    delivery.outcome()
    assert [key.uses for key in delivery.keys] == [0, 0]


def test_the_parameters_of_cbc_are_the_initial_vector_alone() -> None:
    sealed = loose.enveloped_cbc(world().inner(), [world().ours_ec.certificate])
    identifier = sealed[sealed.index(oid(loose.AES_256_CBC)):][:len(oid(loose.AES_256_CBC)) + 18]
    assert identifier[:-16] == oid(loose.AES_256_CBC) + b"\x04\x10"
    assert sequence(identifier) in sealed
