"""Files that are accepted: every pair of algorithms, and what the profile leaves open."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import product

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import attribute, integer, octets, oid, sequence, tlv
from tests.tools.vectors.keys import AT
from tests.tools.vectors.parts import DAY, INTERCHANGE, Tools, Vector, agree, ess, protection, trans


def _agreed_for(signer: str, recipient: str) -> tuple[str, ...]:
    needed = {"p384": "P-384", "ed25519": "Ed25519"}.get(signer), {"p384": "ECDH-P-384"}.get(recipient)
    return tuple(word for word in needed if word)


def _pair(signer: str, recipient: str) -> Callable[[Tools], bytes]:
    return lambda t: t.outer(t.inner(author=signer), recipient)


def pairs() -> Iterator[Vector]:
    for signer, recipient in product(("p256", "p384", "rsa3072", "ed25519"), ("p256", "p384", "rsa3072")):
        yield Vector("good", f"{signer}-to-{recipient}", "accepted", "V28",
                     f"Signed with {signer}, encrypted to {recipient}", _pair(signer, recipient),
                     agreed=_agreed_for(signer, recipient))


def good() -> Iterator[Vector]:
    text = INTERCHANGE.decode("ascii").replace("UNZ", "\r\n\r\nÉléphant çà et là\r\n\r\nUNZ")
    for name, sentence, make in (
        ("two-recipients", "Encrypted to both certificates of XB, as during a change of keys",
         lambda t: t.outer(None, "p256", "rsa3072")),
        ("archive-recipient", "Encrypted to XB and to an archive certificate of the sender's",
         lambda t: t.outer(None, "p256", "xa-encryption-p256")),
        ("chain-inside", "The authority's certificate travels along with the signer's",
         lambda t: t.sealed(certificates=[t.author().certificate, t.author("xa-authority").certificate])),
        ("high-octets", "Octets above 127 and two empty lines in the payload: it is not touched",
         lambda t: t.sealed(t.entity(text.encode("latin-1")))),
        ("una", "The interchange begins with UNA", lambda t: t.sealed(t.entity(b"UNA:+.? '" + INTERCHANGE))),
        ("sha256-with-null", "NULL stands after SHA-256 in the signer's digest algorithm",
         lambda t: t.sealed(digest=loose.SHA_256_NULL, whole={"digests": (loose.SHA_256,)})),
        ("pss-with-null", "NULL stands after both digests of PSS, as the openssl command writes it",
         lambda t: t.sealed(author="rsa3072", algorithm=loose.pss(32, loose.SHA_256_NULL, loose.SHA_256_NULL))),
        ("oaep-with-null", "NULL stands after both digests of OAEP",
         lambda t: trans(t, algorithm=loose.oaep(loose.SHA_256_NULL, loose.SHA_256_NULL))),
        ("ec-key-without-parameters", "The ephemeral key has no parameters",
         lambda t: agree(t, key_algorithm=sequence(oid("1.2.840.10045.2.1")))),
        ("ec-key-with-null", "The ephemeral key has NULL as parameters",
         lambda t: agree(t, key_algorithm=sequence(oid("1.2.840.10045.2.1"), loose.NULL))),
        ("algorithm-protection", "With cmsAlgorithmProtection that agrees", lambda t: t.sealed(extra=[
            protection(loose.SHA_256, loose.ECDSA_SHA_256)])),
        ("capabilities", "With smimeCapabilities, which count for nothing", lambda t: t.sealed(extra=[
            attribute(loose.SMIME_CAPABILITIES, sequence(sequence(oid("1.2.3"))))])),
        ("issuer-and-serial-in-attribute", "signingCertificateV2 names issuer and serial, too", lambda t: ess(
            t, issuer_serial=sequence(sequence(tlv(0xA4, t.author().certificate.issuer.public_bytes())),
                                      integer(t.author().certificate.serial_number)))),
        ("largest-number", "Sequence has eighteen digits", lambda t: t.sealed(t.entity(sequence_number=10**18 - 2))),
        ("dated-a-day-before", "Date is 24 hours before signingTime", lambda t: t.sealed(t.entity(date=AT - DAY))),
        ("five-minutes-ahead", "signingTime is five minutes ahead of the receiver's clock",
         lambda t: t.sealed(signing_time=AT + timedelta(minutes=5))),
    ):
        yield Vector("good", name, "accepted", "V28", sentence, make)
    yield Vector("good", "ninety-days-old", "accepted", "V33", "Signed exactly ninety days before it is received",
               lambda t: t.sealed(), at=AT + 90 * DAY)
    yield Vector("good", "certificate-named-by-sha384", "accepted", "V19",
                 "signingCertificateV2 names the certificate by the digest that goes with the signature",
                 _named_by_sha384, agreed=("P-384",))
    for name, recipients in (("p256", ("p256",)), ("rsa3072", ("rsa3072",)), ("two-recipients", ("p256", "rsa3072"))):
        yield Vector("good", f"cbc-to-{name}", "accepted", "V28", "AES-256-CBC in EnvelopedData, by agreement",
                     _cbc(recipients), agreed=("CBC",))


def _named_by_sha384(t: Tools) -> bytes:
    digest = hashlib.sha384(loose.der_of(t.author("p384").certificate)).digest()
    value = sequence(sequence(sequence(loose.SHA_384, octets(digest))))
    return t.sealed(author="p384", attributes={
        loose.SIGNING_CERTIFICATE_V2: attribute(loose.SIGNING_CERTIFICATE_V2, value)})


def _cbc(recipients: Sequence[str]) -> Callable[[Tools], bytes]:
    return lambda t: loose.enveloped_cbc(t.inner(), [t.recipient(one) for one in recipients])
