"""Is every signed object refused that does not prove its content as GW-1 asks? (V11 to V24)"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import attribute, integer, octets, oid, sequence, set_of, tlv
from tests.tools.security_world import NOW, Case, Delivery, World, edwards, rows, rsa_key, world

OTHER = b"UNB+UNOC:3+XA+XB+261126:1200+666'UNZ+0+666'"


def _signed(**options: Any) -> Callable[[World], bytes]:
    return lambda w: w.sealed(**options)


def _replaced(kind: str, *values: bytes) -> Callable[[World], bytes]:
    return lambda w: w.sealed(attributes={kind: attribute(kind, *values)})


def _left_out(kind: str) -> Callable[[World], bytes]:
    return lambda w: w.sealed(attributes={kind: None})


def _added(*attributes: bytes) -> Callable[[World], bytes]:
    return lambda w: w.sealed(extra=attributes)


def _whole(**options: Any) -> Callable[[World], bytes]:
    return lambda w: w.sealed(whole=options)


def _falling(attributes: dict[str, bytes]) -> dict[str, bytes | None]:
    kinds = sorted(attributes, key=lambda kind: attributes[kind], reverse=True)
    return {kind: attributes[kind] for kind in kinds}


def _info(w: World, entity: bytes | None = None, **options: Any) -> bytes:
    return loose.signer_info(entity or w.entity(), w.ec, signing_time=NOW, **options)


def _two_signers(w: World) -> bytes:
    infos = [_info(w), loose.signer_info(w.entity(), w.rsa, signing_time=NOW)]
    return w.outer(loose.signed_data(w.entity(), infos, [w.ec.certificate, w.rsa.certificate]))


def _attributes_as_content(w: World) -> bytes:
    """The signed attributes of a good object become the content of one without attributes: the signature fits."""
    attributes = set_of(*loose.good_attributes(w.entity(), w.ec.certificate, NOW).values())
    signature = loose.default_sign(w.ec.key, attributes)
    info = loose.signer_info(attributes, w.ec, signing_time=NOW, signed_attributes=False, alter=lambda _: signature)
    return w.outer(loose.signed_data(attributes, [info], [w.ec.certificate]))


def _signature_of_another(w: World) -> bytes:
    return w.outer(loose.signed_data(w.entity(OTHER), [_info(w)], [w.ec.certificate]))


def _essential(w: World, certificate: Any, **options: Any) -> bytes:
    value = loose.ess(loose.der_of(certificate), **options)
    return w.sealed(attributes={loose.SIGNING_CERTIFICATE_V2: attribute(loose.SIGNING_CERTIFICATE_V2, value)})


def _issuer_serial(w: World, serial: int, issuer: Any = None) -> bytes:
    name = tlv(0xA4, (issuer or w.ec.certificate).issuer.public_bytes())
    return _essential(w, w.ec.certificate, issuer_serial=sequence(sequence(name), integer(serial)))


def _protection(digest: bytes, algorithm: bytes) -> Callable[[World], bytes]:
    return _added(attribute(loose.ALGORITHM_PROTECTION, sequence(digest, b"\xa1" + algorithm[1:])))


def _two_digests(w: World) -> bytes:
    """The right messageDigest and a wrong one, each in an attribute of its own."""
    return w.sealed(extra=[attribute(loose.MESSAGE_DIGEST, octets(bytes(32)))])


def _with_key(key: Any, **options: Any) -> Callable[[World], Delivery]:
    def build(w: World) -> Delivery:
        author = w.author(key())
        return Delivery(w.sealed(author=author, **options), trust=w.trust(author))
    return build


def _agreed(word: str, key: Callable[[], Any]) -> Callable[[World], Delivery]:
    def build(w: World) -> Delivery:
        author = w.author(key())
        return Delivery(w.sealed(author=author), trust=w.trust(author, algorithms=(word,)))
    return build


def _pss(salt: int, digest: Any = SHA256) -> Callable[[Any, bytes], bytes]:
    return lambda key, content: key.sign(content, padding.PSS(padding.MGF1(digest()), salt), digest())


def _rsa_signed(**options: Any) -> Callable[[World], bytes]:
    return lambda w: w.sealed(author=w.rsa, **options)


def _twin(w: World) -> bytes:
    """Signed by a certificate with issuer and serial of the good one, but another key (threat 25)."""
    twin = w.author(serial=w.ec.certificate.serial_number)
    return w.sealed(author=twin)


def _named_by_another(w: World) -> bytes:
    """The hash names the good certificate, the signature is another's."""
    other = w.author()
    value = loose.ess(loose.der_of(w.ec.certificate))
    return w.sealed(author=other, sid=loose.issuer_and_serial(w.ec.certificate), certificates=[w.ec.certificate],
                    attributes={loose.SIGNING_CERTIFICATE_V2: attribute(loose.SIGNING_CERTIFICATE_V2, value)})


def _negative(author: loose.Author) -> bytes:
    """A certificate whose serial has its first bit set."""
    serial = integer(author.certificate.serial_number)
    return loose.der_of(author.certificate).replace(serial, serial[:2] + b"\x80" + serial[3:])


def _extension_twice(w: World) -> bytes:
    """The library makes no such certificate: one of two extensions gets the name of the other."""
    kinds = ("1.2.3.4", "1.2.3.5")
    good = w.author(extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier(kind), b"\x05\x00"), False)
                                for kind in kinds])
    return loose.der_of(good.certificate).replace(oid(kinds[1]), oid(kinds[0]))


def _key_of_no_kind(w: World) -> bytes:
    """A certificate that can be read but for its key, whose algorithm is 1.2.840.10045.2.127."""
    return loose.der_of(w.ca.certificate).replace(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.2.127"))


def _turned(signature: bytes) -> bytes:
    return signature[:-1] + bytes((signature[-1] ^ 1,))


_TIME_2050 = tlv(0x18, b"20500101000000Z")

CASES = [
    Case("a good object by an elliptic curve", "accepted", _signed()),
    Case("a good object by RSA", "accepted", _rsa_signed()),
    Case("PSS with NULL after both digests", "accepted",
         _rsa_signed(algorithm=loose.pss(32, loose.SHA_256_NULL, loose.SHA_256_NULL))),
    Case("SHA-256 with NULL parameters", "accepted", lambda w: w.sealed(
        digest=loose.SHA_256_NULL, whole={"digests": (loose.SHA_256,)})),
    Case("a chain that came along", "accepted",
         lambda w: w.sealed(certificates=[w.ec.certificate, w.ca.certificate, w.other_ca.certificate])),
    Case("eight certificates", "accepted", lambda w: w.sealed(certificates=[
        w.ec.certificate, *(w.author(w.third.key, name=f"X{number}").certificate for number in range(7))])),
    Case("algorithm protection that agrees", "accepted", _protection(loose.SHA_256, loose.ECDSA_SHA_256)),
    Case("algorithm protection that agrees but for NULL", "accepted",
         _protection(loose.SHA_256_NULL, loose.ECDSA_SHA_256)),
    Case("capabilities", "accepted", _added(attribute(loose.SMIME_CAPABILITIES, sequence(sequence(oid("1.2.3")))))),
    Case("issuer and serial beside the hash", "accepted",
         lambda w: _issuer_serial(w, w.ec.certificate.serial_number)),
    Case("P-384 by agreement", "accepted", _agreed("P-384", lambda: ec.generate_private_key(ec.SECP384R1()))),
    Case("Ed25519 by agreement", "accepted", lambda w: (lambda author: Delivery(
        w.sealed(author=author), trust=w.trust(author, algorithms=("Ed25519",))))(edwards())),
    # V11, V12
    Case("the payload encrypted but not signed", "E_ASN1", lambda w: w.outer(w.entity()), (7,)),
    Case("nothing encrypted", "E_ASN1", lambda w: w.outer(b""), (7,)),
    Case("plain data encrypted", "E_UNSIGNED",
         lambda w: w.outer(loose.content_info(loose.DATA, octets(w.entity()))), (7, 8)),
    Case("another sealed file encrypted", "E_UNSIGNED", lambda w: w.outer(w.outer()), (7,)),
    Case("an octet behind the signed object", "E_ASN1", lambda w: w.outer(w.inner() + b"\x00"), (19,)),
    Case("a second signed object behind", "E_ASN1", lambda w: w.outer(w.inner() + w.inner()), (19,)),
    Case("version 3", "E_ASN1", _whole(version=3)),
    Case("a signer of version 3", "E_ASN1", _signed(version=3)),
    Case("revocation lists inside", "E_ASN1",
         lambda w: w.sealed(whole={"after": tlv(0xA1, loose.revocation_list(w.ca, NOW))})),
    Case("nine certificates", "E_ASN1", lambda w: w.sealed(certificates=[
        w.ec.certificate, *(w.author(w.third.key, name=f"X{number}").certificate for number in range(8))])),
    Case("attributes out of order", "E_ASN1", lambda w: w.sealed(
        attributes=_falling(loose.good_attributes(w.entity(), w.ec.certificate, NOW)), ordered=False)),
    # V13 to V15
    Case("a content type inside other than data", "E_CONTENT_TYPE", _whole(content_type=loose.SIGNED_DATA), (8,)),
    Case("a detached content", "E_DETACHED", _whole(detached=True), (7,)),
    Case("no signer", "E_SIGNERS", lambda w: w.outer(loose.signed_data(w.entity(), [], [w.ec.certificate])), (7,)),
    Case("two signers", "E_SIGNERS", _two_signers),
    Case("a signature without attributes", "E_NO_SIGNED_ATTRS", _signed(signed_attributes=False), (8,)),
    Case("attributes turned into content", "E_NO_SIGNED_ATTRS", _attributes_as_content, (8,)),
    Case("an empty set of attributes", "E_NO_SIGNED_ATTRS", lambda w: w.sealed(
        attributes=dict.fromkeys(loose.good_attributes(w.entity(), w.ec.certificate, NOW)))),
    # V16
    *(Case(f"without attribute {name}", "E_ATTRS", _left_out(kind), (8,)) for name, kind in (
        ("contentType", loose.CONTENT_TYPE), ("messageDigest", loose.MESSAGE_DIGEST),
        ("signingTime", loose.SIGNING_TIME), ("signingCertificateV2", loose.SIGNING_CERTIFICATE_V2))),
    Case("messageDigest twice, right and wrong", "E_ATTRS", _two_digests, (8,)),
    Case("messageDigest with two values", "E_ATTRS", lambda w: w.sealed(attributes={
        loose.MESSAGE_DIGEST: attribute(loose.MESSAGE_DIGEST, octets(bytes(32)), octets(b"1" * 32))}), (8,)),
    Case("messageDigest without value", "E_ATTRS", _replaced(loose.MESSAGE_DIGEST), (8,)),
    Case("messageDigest as a number", "E_ATTRS", _replaced(loose.MESSAGE_DIGEST, integer(7))),
    Case("contentType of another type", "E_ATTRS", _replaced(loose.CONTENT_TYPE, oid(loose.SIGNED_DATA)), (8,)),
    Case("signingTime as GeneralizedTime before 2050", "E_ATTRS",
         _replaced(loose.SIGNING_TIME, tlv(0x18, b"20261126120000Z"))),
    Case("signingTime that is no time", "E_ATTRS", _replaced(loose.SIGNING_TIME, tlv(0x17, b"261126120000"))),
    Case("an attribute nobody knows", "E_ATTRS", _added(attribute("1.2.3.4", octets(b"x")))),
    Case("the old signingCertificate", "E_ATTRS",
         _added(attribute(loose.SIGNING_CERTIFICATE, sequence(sequence(sequence(octets(bytes(20)))))))),
    Case("unsigned attributes", "E_ATTRS",
         _signed(unsigned=tlv(0xA1, attribute(loose.COUNTER_SIGNATURE, sequence())))),
    Case("capabilities twice", "E_ATTRS", _added(attribute(loose.SMIME_CAPABILITIES, sequence()),
                                                 attribute(loose.SMIME_CAPABILITIES, sequence(sequence())))),
    Case("a certificate named by SHA-1", "E_ATTRS",
         lambda w: _essential(w, w.ec.certificate, hash_algorithm=loose.SHA_1), (9,)),
    Case("the default hash written out", "E_ATTRS",
         lambda w: _essential(w, w.ec.certificate, hash_algorithm=loose.SHA_256)),
    Case("no certificate in signingCertificateV2", "E_ATTRS",
         _replaced(loose.SIGNING_CERTIFICATE_V2, sequence(sequence()))),
    Case("a serial beside the hash that does not agree", "E_ATTRS", lambda w: _issuer_serial(w, 5)),
    Case("an issuer beside the hash that does not agree", "E_ATTRS",
         lambda w: _issuer_serial(w, w.ec.certificate.serial_number, w.ours_ec.certificate)),
    # V17, V18
    Case("SHA-1 for the content", "E_ALG", _signed(digest=loose.SHA_1), (9,)),
    Case("ECDSA with SHA-1", "E_ALG", _signed(algorithm=loose.ECDSA_SHA_1, sign=lambda key, content: key.sign(
        content, ec.ECDSA(SHA1()))), (9,)),
    Case("PKCS#1 v1.5", "E_ALG", _rsa_signed(algorithm=loose.RSA_PKCS1, sign=lambda key, content: key.sign(
        content, padding.PKCS1v15(), SHA256())), (9,)),
    *(Case(f"PSS with a salt of {salt}", "E_ALG", _rsa_signed(algorithm=loose.pss(salt), sign=_pss(salt)), (9,))
      for salt in (0, 20, 64)),
    Case("PSS with SHA-1", "E_ALG",
         _rsa_signed(algorithm=loose.pss(32, loose.SHA_1, loose.SHA_1), sign=_pss(32, SHA1)), (9,)),
    Case("P-384 that nobody agreed", "E_ALG", _with_key(lambda: ec.generate_private_key(ec.SECP384R1())), (9,)),
    Case("Ed25519 that nobody agreed", "E_ALG", lambda w: (lambda author: Delivery(
        w.sealed(author=author), trust=w.trust(author)))(edwards()), (9,)),
    Case("SHA-384 with an algorithm of SHA-256", "E_ALG", _signed(digest=loose.SHA_384)),
    Case("no digest algorithm named", "E_ALG", _whole(digests=())),
    Case("two digest algorithms named", "E_ALG", _whole(digests=(loose.SHA_256, loose.SHA_384))),
    Case("another digest algorithm named", "E_ALG", _whole(digests=(loose.SHA_384,))),
    Case("algorithm protection with another digest", "E_ALG_PROTECTION",
         _protection(loose.SHA_384, loose.ECDSA_SHA_256), (9,)),
    Case("algorithm protection with another signature", "E_ALG_PROTECTION",
         _protection(loose.SHA_256, loose.RSA_PKCS1), (9,)),
    Case("algorithm protection with a MAC", "E_ATTRS", _added(attribute(
        loose.ALGORITHM_PROTECTION, sequence(loose.SHA_256, b"\xa2" + loose.ECDSA_SHA_256[1:])))),
    # V19 to V22
    Case("a signer whom the partner's list does not know", "E_SIGNER_UNKNOWN",
         lambda w: w.sealed(author=w.author()), (25,)),
    Case("another certificate with the same issuer and serial", "E_SIGNER_UNKNOWN", _twin, (25,)),
    Case("a certificate of another partner", "E_SIGNER_UNKNOWN",
         lambda w: Delivery(w.sealed(), trust=w.trust(w.author(issuer=w.other_ca), partner="XC")), (25,)),
    Case("our own encryption certificate as signer", "E_SIGNER_UNKNOWN", lambda w: w.sealed(author=w.ours_ec)),
    Case("issuer and serial of another certificate", "E_SID",
         lambda w: w.sealed(sid=loose.issuer_and_serial(w.rsa.certificate)), (25,)),
    Case("the signer by key identifier", "E_SID", _signed(version=3, sid=tlv(0x80, b"k" * 20))),
    Case("no certificate inside", "E_CERTS", _signed(certificates=[])),
    Case("only another certificate inside", "E_CERTS", lambda w: w.sealed(certificates=[w.ca.certificate])),
    Case("the twin certificate inside", "E_CERTS", lambda w: w.sealed(
        certificates=[w.author(serial=w.ec.certificate.serial_number).certificate]), (25,)),
    Case("an unreadable certificate beside", "E_CERTS",
         lambda w: w.sealed(certificates=[w.ec.certificate, sequence(sequence(), sequence(), tlv(0x03, b"\x00"))])),
    Case("a certificate beside with a version that does not exist", "E_CERTS", lambda w: w.sealed(
        certificates=[w.ec.certificate, loose.der_of(w.ca.certificate).replace(
            b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)])),
    Case("a certificate beside with a negative serial", "E_CERTS", lambda w: w.sealed(
        certificates=[w.ec.certificate, _negative(w.ca)])),
    Case("a certificate beside with a serial of zero", "E_CERTS", lambda w: w.sealed(certificates=[
        w.ec.certificate, loose.der_of(w.author(serial=5).certificate).replace(integer(5), integer(0), 1)])),
    Case("a certificate beside with an extension twice", "E_CERTS", lambda w: w.sealed(
        certificates=[w.ec.certificate, _extension_twice(w)])),
    Case("the signer's certificate twice", "E_CERTS",
         lambda w: w.sealed(certificates=[w.ec.certificate, w.ec.certificate])),
    Case("a certificate beside with a key of a kind nobody knows", "E_CERTS",
         lambda w: w.sealed(certificates=[w.ec.certificate, _key_of_no_kind(w)])),
    Case("RSA with 1024 bits", "E_CERT_WEAK", _with_key(lambda: rsa_key(1024)), (9,)),
    Case("RSA with 2048 bits", "E_CERT_WEAK", _with_key(lambda: rsa_key(2048)), (9,)),
    Case("P-521 in the certificate", "E_CERT_WEAK", _with_key(lambda: ec.generate_private_key(ec.SECP521R1())), (9,)),
    Case("the algorithm of another kind of key", "E_ALG", _signed(algorithm=loose.pss())),
    # V23, V24
    Case("another content under a good signature", "E_DIGEST", _signature_of_another, (7,)),
    Case("messageDigest of zeros", "E_DIGEST", _replaced(loose.MESSAGE_DIGEST, octets(bytes(32)))),
    Case("messageDigest cut short", "E_DIGEST", _replaced(loose.MESSAGE_DIGEST, octets(bytes(16)))),
    Case("a turned bit in the signature", "E_SIGNATURE", _signed(alter=_turned)),
    Case("a turned bit in an RSA signature", "E_SIGNATURE", _rsa_signed(alter=_turned)),
    Case("an empty signature", "E_SIGNATURE", _signed(alter=lambda _: b"")),
    Case("a signature over the content itself", "E_SIGNATURE", lambda w: w.sealed(
        sign=lambda key, _: loose.default_sign(key, w.entity())), (8,)),
    Case("a good hash with the signature of another", "E_SIGNATURE", _named_by_another, (25,)),
    Case("PSS with another salt than declared", "E_SIGNATURE", _rsa_signed(sign=_pss(20)), (9,)),
]


@pytest.mark.parametrize("case", rows(CASES))
def test_a_signed_object_outside_the_profile_is_refused_with_its_code(case: Case) -> None:
    assert case.delivery().outcome() == case.code


def test_a_certificate_with_an_odd_name_says_nothing_on_its_way() -> None:
    """A country of four letters is no reason to refuse a hint, and no reason to write to standard error."""
    w = world()
    key = ec.generate_private_key(ec.SECP256R1())
    odd = loose.der_of(loose.certificate(key, w.ca, name="XA", unit="Lome", now=NOW)).replace(
        oid("2.5.4.11"), oid("2.5.4.6"))
    assert oid("2.5.4.6") in odd
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome = Delivery(w.sealed(certificates=[w.ec.certificate, odd])).outcome()
    assert (outcome, caught) == ("accepted", [])


def test_a_signing_time_of_2050_is_generalized_time() -> None:
    """It is read and understood: what is wrong with it is that the certificate ends long before."""
    sealed = world().sealed(attributes={loose.SIGNING_TIME: attribute(loose.SIGNING_TIME, _TIME_2050)})
    assert Delivery(sealed).outcome() == "E_CERT_TIME"
