"""Is every file refused whose name, encryption or recipients are not exactly those of GW-1? (V1 to V10)"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA256

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import integer, octets, oid, sequence, set_of, tlv
from tests.tools.security_world import NOW, Case, Delivery, World, rows, world


def _flipped(content: bytes, at: int) -> bytes:
    where = at % len(content)
    return content[:where] + bytes((content[where] ^ 1,)) + content[where + 1:]


def _limited(content: bytes, more: int) -> Delivery:
    return Delivery(content, limit=len(content) + more)


def _with(**options: Any) -> Callable[[World], bytes]:
    return lambda w: w.outer(**options)


def _agree(w: World, **options: Any) -> bytes:
    return w.outer(entries=lambda key: [loose.key_agree(w.ours_ec.certificate, key, **options)])


def _trans(w: World, **options: Any) -> bytes:
    return w.outer(entries=lambda key: [loose.key_trans(w.ours_rsa.certificate, key, **options)])


def _beside_ours(w: World, *others: bytes) -> bytes:
    return w.outer(entries=lambda key: [loose.key_agree(w.ours_ec.certificate, key), *others])


def _subject_key_identifier(w: World) -> bytes:
    identifier = tlv(0x80, b"k" * 20)
    return w.outer(entries=lambda key: [loose.key_trans(w.ours_rsa.certificate, key, version=2, rid=identifier)])


def _static_originator(w: World) -> bytes:
    entry = sequence(loose.issuer_and_serial(w.ours_ec.certificate), octets(bytes(40)))
    info = tlv(0xA1, integer(3), tlv(0xA0, tlv(0x80, b"k" * 20)),
               sequence(oid(loose.ECDH_SHA_256), sequence(oid(loose.AES_256_WRAP))), sequence(entry))
    return w.outer(entries=lambda _key: [info])


def _nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = tlv(0x30, content)
    return content


def _point_off_the_curve(w: World) -> bytes:
    return _agree(w, point=b"\x04" + bytes(31) + b"\x01" + bytes(31) + b"\x02")


def _other_curve(curve: ec.EllipticCurve) -> Any:
    key = ec.generate_private_key(curve)
    return loose.certificate(key, world().ca, name="a recipient", now=NOW, bits=loose.AGREEMENT_BITS)


_KEK = tlv(0xA2, integer(4), sequence(octets(b"shared")), sequence(oid(loose.AES_256_WRAP)), octets(bytes(40)))
_PASSWORD = tlv(0xA3, integer(0), sequence(oid("1.2.840.113549.1.9.16.3.9")), octets(bytes(40)))
_OTHER = tlv(0xA4, oid("1.2.3.4"), sequence())

CASES = [
    Case("a good file for an elliptic curve", "accepted", lambda w: w.outer()),
    Case("a good file for RSA", "accepted", lambda w: w.outer(recipients=[w.ours_rsa.certificate])),
    Case("a good file for both of our certificates", "accepted",
         lambda w: w.outer(recipients=[w.ours_ec.certificate, w.ours_rsa.certificate])),
    Case("a serial of 21 octets beside us", "accepted", lambda w: w.outer(entries=lambda key: [
        loose.key_agree(w.ours_ec.certificate, key), loose.key_agree(w.third.certificate, key, rid=sequence(
            w.third.certificate.issuer.public_bytes(), integer((1 << 167) - 1)))])),
    Case("a good file for us and an archive", "accepted",
         lambda w: w.outer(recipients=[w.third.certificate, w.ours_rsa.certificate])),
    Case("OAEP with NULL after both digests", "accepted",
         lambda w: _trans(w, algorithm=loose.oaep(loose.SHA_256_NULL, loose.SHA_256_NULL))),
    Case("an ephemeral key without parameters", "accepted",
         lambda w: _agree(w, key_algorithm=sequence(oid("1.2.840.10045.2.1")))),
    Case("an ephemeral key with NULL parameters", "accepted",
         lambda w: _agree(w, key_algorithm=sequence(oid("1.2.840.10045.2.1"), loose.NULL))),
    # V1 to V3
    Case("a name of another length", "E_NAME", lambda w: Delivery(w.outer(), name="0" * 31 + ".p7m"), (13, 14)),
    Case("a name in upper case", "E_NAME", lambda w: Delivery(w.outer(), name="A" * 32 + ".p7m"), (13, 14)),
    Case("a name with a newline behind", "E_NAME", lambda w: Delivery(w.outer(), name="a" * 32 + ".p7m\n"), (14,)),
    Case("a name that climbs", "E_NAME", lambda w: Delivery(w.outer(), name="../" + "a" * 29 + ".p7m"), (14,)),
    Case("a name of another content", "E_NAME", lambda w: Delivery(w.outer(), name="a" * 32 + ".p7m"), (13,)),
    Case("a truncated file", "E_NAME", lambda w: Delivery(w.outer()[:-1], name=loose.named(w.outer())), (13,)),
    Case("a file above the limit", "E_SIZE", lambda w: Delivery(w.outer(), limit=1000), (16,)),
    Case("a file of the limit", "accepted", lambda w: _limited(w.outer(), 0)),
    Case("a file of the limit and an octet", "E_SIZE", lambda w: _limited(w.outer(), -1), (16,)),
    # V4
    Case("nothing at all", "E_ASN1", lambda _w: b""),
    Case("the bare interchange", "E_ASN1", lambda _w: b"UNB+UNOC:3+XA+XB+261126:1200+1'UNZ+0+1'", (7,)),
    Case("the bare entity", "E_ASN1", lambda w: w.entity(), (7,)),
    Case("an octet behind the file", "E_ASN1", lambda w: w.outer() + b"\x00", (19,)),
    Case("a second object behind the file", "E_ASN1", lambda w: w.outer() + w.outer(), (19,)),
    Case("indefinite length outside", "E_ASN1",
         lambda w: tlv(0x30, oid(loose.AUTH_ENVELOPED_DATA), w.outer()[17:], indefinite=True), (19,)),
    Case("a length in long form", "E_ASN1", lambda w: tlv(0x30, w.outer()[4:], long_form=True), (19,)),
    Case("forty thousand nested sequences", "E_ASN1", lambda _w: _nested(40_000), (19,)),
    Case("forty thousand nested sequences as content", "E_ASN1",
         lambda _w: loose.content_info(loose.AUTH_ENVELOPED_DATA, _nested(40_000)), (19,)),
    Case("a huge object identifier", "E_ASN1",
         lambda _w: sequence(tlv(0x06, b"\x81" * 100_000 + b"\x01"), tlv(0xA0, loose.NULL)), (19,)),
    Case("a huge version", "E_ASN1", lambda w: w.outer(version=1 << 4000), (19,)),
    Case("a negative version", "E_ASN1", lambda w: w.outer(version=-1), (19,)),
    Case("version 2", "E_ASN1", lambda w: w.outer(version=2)),
    Case("recipients out of order", "E_ASN1",
         lambda w: w.outer(entries=lambda key: sorted((loose.recipient_info(one, key) for one in (
             w.third.certificate, w.ours_ec.certificate)), reverse=True), ordered=False), (19,)),
    Case("originator information", "E_ASN1", lambda w: w.outer(before=tlv(0xA0))),
    Case("authenticated attributes", "E_ASN1",
         lambda w: w.outer(attributes=tlv(0xA1, loose.attribute(loose.CONTENT_TYPE, oid(loose.DATA))))),
    Case("unauthenticated attributes", "E_ASN1",
         lambda w: w.outer(after=tlv(0xA2, loose.attribute("1.2.3.4", octets(b"x"))))),
    Case("a serial of 22 octets", "E_ASN1", lambda w: _agree(w, rid=sequence(
        w.ours_ec.certificate.issuer.public_bytes(), integer(1 << 168))), (19,)),
    Case("a negative serial", "E_ASN1", lambda w: _agree(w, rid=sequence(
        w.ours_ec.certificate.issuer.public_bytes(), integer(-5))), (19,)),
    Case("key material of the partner", "E_ASN1", lambda w: _agree(w, ukm=tlv(0xA1, octets(b"ukm")))),
    Case("two entries behind one ephemeral key", "E_ASN1", lambda w: _agree(w, more=[
        sequence(loose.issuer_and_serial(w.third.certificate), octets(bytes(40)))])),
    Case("no entry behind an ephemeral key", "E_ASN1", lambda w: w.outer(entries=lambda _key: [
        tlv(0xA1, integer(3), tlv(0xA0, tlv(0xA1, loose.EC_P_256, tlv(0x03, b"\x00\x04" + bytes(64)))),
            sequence(oid(loose.ECDH_SHA_256), sequence(oid(loose.AES_256_WRAP))), sequence())])),
    Case("a static key of the sender", "E_ASN1", _static_originator),
    Case("a compressed point", "E_ASN1", lambda w: _agree(w, point=b"\x02" + bytes(32))),
    Case("a key agreement of version 2", "E_ASN1", lambda w: _agree(w, version=2)),
    Case("a key transport of version 1", "E_ASN1", lambda w: _trans(w, version=1)),
    # V5, V6
    Case("EnvelopedData with AES-256-CBC, which nobody agreed", "E_OUTER",
         lambda w: loose.enveloped_cbc(w.inner(), [w.ours_ec.certificate]), (11,)),
    Case("GCM named in EnvelopedData", "E_OUTER", lambda w: w.outer(outer_type=loose.ENVELOPED_DATA), (10,)),
    Case("a signed object that is not encrypted", "E_OUTER", lambda w: w.inner(), (7,)),
    Case("compressed data", "E_OUTER", lambda _w: loose.content_info("1.2.840.113549.1.9.16.1.9", sequence()), (18,)),
    Case("signed data as the encrypted type", "E_CONTENT_TYPE",
         lambda w: w.outer(content_type=loose.SIGNED_DATA), (8,)),
    # V7
    Case("no recipient", "E_RECIPIENTS", lambda w: w.outer(recipients=[])),
    Case("nine recipients", "E_RECIPIENTS", lambda w: w.outer(entries=lambda key: [
        loose.key_agree(w.ours_ec.certificate, key, rid=sequence(
            w.ours_ec.certificate.issuer.public_bytes(), integer(number))) for number in range(9)]), (19,)),
    Case("the same recipient twice", "E_RECIPIENTS",
         lambda w: w.outer(recipients=[w.ours_ec.certificate, w.ours_ec.certificate])),
    Case("a recipient by key identifier", "E_RECIPIENTS", _subject_key_identifier),
    Case("an EC recipient by key identifier", "E_RECIPIENTS",
         lambda w: _agree(w, rid=tlv(0xA0, octets(b"k" * 20)))),
    Case("a shared key beside us", "E_RECIPIENTS", lambda w: _beside_ours(w, _KEK), (9,)),
    Case("a password beside us", "E_RECIPIENTS", lambda w: _beside_ours(w, _PASSWORD), (9,)),
    Case("an unknown kind of recipient beside us", "E_RECIPIENTS", lambda w: _beside_ours(w, _OTHER), (9,)),
    # V8
    Case("PKCS#1 v1.5 for the content key", "E_ALG",
         lambda w: _trans(w, algorithm=loose.RSA_PKCS1_KEY, scheme=padding.PKCS1v15()), (9,)),
    Case("OAEP with SHA-1", "E_ALG", lambda w: _trans(w, algorithm=loose.oaep(None)), (9,)),
    Case("OAEP with MGF1 over SHA-1", "E_ALG",
         lambda w: _trans(w, algorithm=loose.oaep(loose.SHA_256, loose.SHA_1)), (9,)),
    Case("ECDH with SHA-1", "E_ALG", lambda w: _agree(w, scheme=loose.ECDH_SHA_1), (9,)),
    Case("AES-128 key wrap", "E_ALG", lambda w: _agree(w, wrap=sequence(oid(loose.AES_128_WRAP))), (9,)),
    Case("AES-256 key wrap with NULL", "E_ALG",
         lambda w: _agree(w, wrap=sequence(oid(loose.AES_256_WRAP), loose.NULL))),
    Case("P-521 for a recipient", "E_ALG", lambda w: _beside_ours(
        w, loose.recipient_info(_other_curve(ec.SECP521R1()), bytes(32))), (9,)),
    Case("P-384 without agreement", "E_ALG", lambda w: _beside_ours(
        w, loose.recipient_info(_other_curve(ec.SECP384R1()), bytes(32))), (9,)),
    Case("an ephemeral key of another algorithm", "E_ALG",
         lambda w: _agree(w, key_algorithm=sequence(oid("1.3.132.1.12"))), (9,)),
    Case("a point of P-256 declared as P-384", "E_ALG",
         lambda w: _agree(w, key_algorithm=sequence(oid("1.2.840.10045.2.1"), oid("1.3.132.0.34")))),
    Case("OAEP in a key agreement", "E_ALG", lambda w: w.outer(entries=lambda _key: [
        tlv(0xA1, integer(3), tlv(0xA0, tlv(0xA1, loose.EC_P_256, tlv(0x03, b"\x00\x04" + bytes(64)))), loose.oaep(),
            sequence(sequence(loose.issuer_and_serial(w.ours_ec.certificate), octets(bytes(40)))))])),
    Case("ECDH in a key transport", "E_ALG", lambda w: _trans(w, algorithm=sequence(
        oid(loose.ECDH_SHA_256), sequence(oid(loose.AES_256_WRAP))))),
    Case("AES-128-GCM", "E_ALG", lambda w: w.outer(algorithm=loose.AES_128_GCM, key_octets=16), (9,)),
    Case("triple DES", "E_ALG", lambda w: w.outer(algorithm=loose.TRIPLE_DES), (9,)),
    Case("AES-256-CBC in AuthEnvelopedData", "E_ALG", lambda w: w.outer(algorithm=loose.AES_256_CBC), (9,)),
    *(Case(f"a tag of {size} octets", "E_ALG", _with(tag_octets=size), (10,)) for size in (12, 8, 4, 1, 0)),
    *(Case(f"a tag of {size} octets declared as 16", "E_ALG", _with(tag_octets=size, written_tag=16), (10,))
      for size in (12, 4, 0)),
    Case("a whole tag declared as 4", "E_ALG", lambda w: w.outer(written_tag=4), (10,)),
    Case("a whole tag declared as the default of 12", "E_ALG", lambda w: w.outer(written_tag=12), (10,)),
    *(Case(f"a nonce of {size} octets", "E_ALG", _with(nonce_octets=size), (10,)) for size in (8, 16)),
    # V9, V10
    Case("a file for somebody else", "E_NOT_FOR_US", lambda w: w.outer(recipients=[w.third.certificate]), (5,)),
    Case("our serial under another issuer", "E_NOT_FOR_US", lambda w: _agree(w, rid=sequence(
        w.ca.certificate.subject.public_bytes(), integer(w.ours_ec.certificate.serial_number)))),
    Case("another content key", "E_DECRYPT", lambda w: w.outer(wrong_key=True), (11,)),
    Case("a turned bit at the end", "E_DECRYPT", lambda w: _flipped(w.outer(), -1), (11, 12)),
    Case("a turned bit in the content", "E_DECRYPT", lambda w: _flipped(w.outer(), -200), (11, 12)),
    Case("a point that is not on the curve", "E_DECRYPT", _point_off_the_curve, (11,)),
    Case("another point of the curve", "E_DECRYPT", lambda w: _agree(w, encrypted=os.urandom(40)), (11,)),
    Case("a wrapped key that is too short", "E_DECRYPT", lambda w: _agree(w, encrypted=bytes(24)), (11,)),
    Case("an empty wrapped key", "E_DECRYPT", lambda w: _agree(w, encrypted=b""), (11,)),
    Case("an RSA value of zeros", "E_DECRYPT", lambda w: _trans(w, encrypted=bytes(384)), (11,)),
    Case("an RSA value that is too short", "E_DECRYPT", lambda w: _trans(w, encrypted=bytes(20)), (11,)),
    Case("OAEP with a label", "E_DECRYPT", lambda w: _trans(w, scheme=padding.OAEP(
        padding.MGF1(SHA256()), SHA256(), b"label")), (11,)),
    Case("a content key of 16 octets", "E_DECRYPT", lambda w: w.outer(entries=lambda key: [
        loose.key_trans(w.ours_rsa.certificate, key[:16])]), (11,)),
    Case("key transport to our elliptic curve", "E_DECRYPT", lambda w: w.outer(entries=lambda _key: [
        loose.key_trans(w.ours_ec.certificate, b"", encrypted=bytes(384))])),
    Case("key agreement with our RSA key", "E_DECRYPT", lambda w: _agree(
        w, rid=loose.issuer_and_serial(w.ours_rsa.certificate))),
]


@pytest.mark.parametrize("case", rows(CASES))
def test_a_file_outside_the_profile_is_refused_with_its_code(case: Case) -> None:
    assert case.delivery().outcome() == case.code


@pytest.mark.threat(9)
@pytest.mark.threat(11)
@pytest.mark.parametrize("case", rows(case for case in CASES if case.code not in ("accepted", "E_DECRYPT")))
def test_no_private_key_is_used_before_the_algorithms_are_judged(case: Case) -> None:
    delivery = case.delivery()
    delivery.outcome()
    assert [key.uses for key in delivery.keys] == [0, 0]


def test_set_order_is_part_of_der() -> None:
    assert set_of(b"\x02\x01\x02", b"\x02\x01\x01") == b"\x31\x06\x02\x01\x01\x02\x01\x02"
