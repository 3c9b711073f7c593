"""Files whose signed object or certificates are wrong: V11 to V25."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import attribute, octets, sequence, set_of, tlv
from tests.tools.vectors.keys import AT
from tests.tools.vectors.parts import DAY, INTERCHANGE, Tools, Vector, bad, ess, flipped, protection


def _pss(salt: int, digest: Any = SHA256) -> Callable[[Any, bytes], bytes]:
    return lambda key, content: key.sign(content, padding.PSS(padding.MGF1(digest()), salt), digest())


def _salted(salt: int) -> Callable[[Tools], bytes]:
    return lambda t: t.sealed(author="rsa3072", algorithm=loose.pss(salt), sign=_pss(salt))


def _left_out(kind: str) -> Callable[[Tools], bytes]:
    return lambda t: t.sealed(attributes={kind: None})


def _attributes_as_content(t: Tools) -> bytes:
    attributes = set_of(*loose.good_attributes(t.entity(), t.author().certificate, AT).values())
    signature = loose.default_sign(t.author().key, attributes)
    info = loose.signer_info(attributes, t.author(), signing_time=AT, signed_attributes=False,
                             alter=lambda _: signature)
    return t.outer(loose.signed_data(attributes, [info], [t.author().certificate]))


def _info(t: Tools, author: str = "p256", entity: bytes | None = None) -> bytes:
    return loose.signer_info(t.entity() if entity is None else entity, t.author(author), signing_time=AT)


def inner() -> Iterator[Vector]:
    certificate = attribute(loose.SIGNING_CERTIFICATE, sequence(sequence(sequence(octets(bytes(20))))))
    yield from bad([
        ("payload-without-signature", "E_ASN1", "V11", "Header and payload encrypted, not signed",
         lambda t: t.outer(t.entity())),
        ("octet-behind-inside", "E_ASN1", "V11", "An octet behind the signed object", lambda t: t.outer(
            t.inner() + b"\x00")),
        ("signer-info-version-3", "E_ASN1", "V11", "SignerInfo of version 3", lambda t: t.sealed(version=3)),
        ("revocation-list-inside", "E_ASN1", "V11", "crls are there", lambda t: t.sealed(whole={
            "after": tlv(0xA1, (t.kit.folder / "crl" / "xa.crl").read_bytes())})),
        ("data-inside", "E_UNSIGNED", "V12", "The plaintext is data and not signedData", lambda t: t.outer(
            loose.content_info(loose.DATA, octets(t.entity())))),
        ("content-type-inside", "E_CONTENT_TYPE", "V13", "eContentType is signedData", lambda t: t.sealed(
            whole={"content_type": loose.SIGNED_DATA})),
        ("detached", "E_DETACHED", "V13", "The content is not inside", lambda t: t.sealed(whole={"detached": True})),
        ("no-signer", "E_SIGNERS", "V14", "No signer", lambda t: t.outer(loose.signed_data(
            t.entity(), [], [t.author().certificate]))),
        ("two-signers", "E_SIGNERS", "V14", "Two signers", lambda t: t.outer(loose.signed_data(
            t.entity(), [_info(t), _info(t, "rsa3072")],
            [t.author().certificate, t.author("rsa3072").certificate]))),
        ("no-signed-attributes", "E_NO_SIGNED_ATTRS", "V15", "The signature is over the content itself",
         lambda t: t.sealed(signed_attributes=False)),
        ("attributes-as-content", "E_NO_SIGNED_ATTRS", "V15",
         "The signed attributes of a good object are the content of this one; the signature fits",
         _attributes_as_content),
        *((f"without-{name}", "E_ATTRS", "V16", f"The attribute {told} is missing", _left_out(kind))
          for name, told, kind in (
              ("content-type", "contentType", loose.CONTENT_TYPE),
              ("message-digest", "messageDigest", loose.MESSAGE_DIGEST),
              ("signing-time", "signingTime", loose.SIGNING_TIME),
              ("signing-certificate", "signingCertificateV2", loose.SIGNING_CERTIFICATE_V2))),
        ("message-digest-twice", "E_ATTRS", "V16", "messageDigest twice, right and wrong", lambda t: t.sealed(
            extra=[attribute(loose.MESSAGE_DIGEST, octets(bytes(32)))])),
        ("message-digest-with-two-values", "E_ATTRS", "V16", "messageDigest with two values", lambda t: t.sealed(
            attributes={loose.MESSAGE_DIGEST: attribute(loose.MESSAGE_DIGEST, octets(bytes(32)), octets(b"1" * 32))})),
        ("unknown-attribute", "E_ATTRS", "V16", "An attribute that nobody knows", lambda t: t.sealed(
            extra=[attribute("1.2.3.4", octets(b"x"))])),
        ("old-signing-certificate", "E_ATTRS", "V16", "The old attribute signingCertificate beside the new one",
         lambda t: t.sealed(extra=[certificate])),
        ("certificate-named-by-sha1", "E_ATTRS", "V16", "signingCertificateV2 names the certificate by SHA-1",
         lambda t: ess(t, hash_algorithm=loose.SHA_1)),
        ("unsigned-attributes", "E_ATTRS", "V16", "Unsigned attributes are there", lambda t: t.sealed(
            unsigned=tlv(0xA1, attribute(loose.COUNTER_SIGNATURE, sequence())))),
        ("sha1-digest", "E_ALG", "V17", "The content is digested with SHA-1", lambda t: t.sealed(digest=loose.SHA_1)),
        ("ecdsa-sha1", "E_ALG", "V17", "ECDSA with SHA-1", lambda t: t.sealed(
            algorithm=loose.ECDSA_SHA_1, sign=lambda key, content: key.sign(content, ec.ECDSA(SHA1())))),
        ("pkcs1-signature", "E_ALG", "V17", "RSA with PKCS#1 v1.5", lambda t: t.sealed(
            author="rsa3072", algorithm=loose.RSA_PKCS1,
            sign=lambda key, content: key.sign(content, padding.PKCS1v15(), SHA256()))),
        *((f"pss-salt-{salt}", "E_ALG", "V17", f"PSS with a salt of {salt} octets", _salted(salt))
          for salt in (0, 20, 64)),
        ("p384-signer-not-agreed", "E_ALG", "V17", "Signed on P-384, which nobody agreed", lambda t: t.sealed(
            author="p384")),
        ("ed25519-not-agreed", "E_ALG", "V17", "Signed with Ed25519, which nobody agreed", lambda t: t.sealed(
            author="ed25519")),
        ("two-digest-algorithms", "E_ALG", "V17", "digestAlgorithms names one too many", lambda t: t.sealed(
            whole={"digests": (loose.SHA_256, loose.SHA_384)})),
        ("algorithm-protection-differs", "E_ALG_PROTECTION", "V18", "cmsAlgorithmProtection names another digest",
         lambda t: t.sealed(extra=[protection(loose.SHA_384, loose.ECDSA_SHA_256)])),
        ("stranger", "E_SIGNER_UNKNOWN", "V19", "A signer who is not on the partner's list", lambda t: t.sealed(
            author="stranger-signing")),
        ("another-partner", "E_SIGNER_UNKNOWN", "V19", "Signed by XC", lambda t: t.sealed(author="xc-signing-p256")),
        ("twin", "E_SIGNER_UNKNOWN", "V19", "A certificate with issuer and serial of the good one and another key",
         lambda t: t.sealed(author="twin")),
        ("sid-of-another", "E_SID", "V20", "sid names another certificate of the same partner", lambda t: t.sealed(
            sid=loose.issuer_and_serial(t.author("rsa3072").certificate))),
        ("no-certificate", "E_CERTS", "V21", "The signer's certificate is not inside", lambda t: t.sealed(
            certificates=[])),
        ("twin-inside", "E_CERTS", "V21", "The twin's certificate is inside instead of the signer's",
         lambda t: t.sealed(certificates=[t.author("twin").certificate])),
        ("rsa2048", "E_CERT_WEAK", "V22", "RSA with 2048 bits", lambda t: t.sealed(author="rsa2048")),
        ("another-content", "E_DIGEST", "V23", "Another content under the signature of a good object",
         lambda t: t.outer(loose.signed_data(t.entity(INTERCHANGE.replace(b"+1+", b"+2+")), [_info(t)],
                                             [t.author().certificate]))),
        ("turned-bit-in-signature", "E_SIGNATURE", "V24", "A bit of the signature is turned", lambda t: t.sealed(
            alter=lambda value: flipped(value, -1))),
        ("pss-salt-20-called-32", "E_SIGNATURE", "V24", "PSS with a salt of 20 octets that is declared as 32",
         lambda t: t.sealed(author="rsa3072", sign=_pss(20))),
    ])


def certificates() -> Iterator[Vector]:
    yield from bad([
        ("retired", "E_CERT_RETIRED", "V25", "The certificate was replaced on 1 November", lambda t: t.sealed(
            author="retired")),
        ("expired", "E_CERT_TIME", "V25", "The certificate expired on 20 November", lambda t: t.sealed(
            author="expired")),
        ("expired-signed-before", "E_CERT_TIME", "V25",
         "The certificate expired on 20 November; signingTime lies before that: the moment of receipt counts",
         lambda t: t.sealed(t.entity(date=AT - 10 * DAY), author="expired", signing_time=AT - 10 * DAY)),
        ("early", "E_CERT_TIME", "V25", "The certificate is not valid yet", lambda t: t.sealed(author="early")),
        ("no-purpose", "E_CERT_USAGE", "V25", "The certificate has no extendedKeyUsage", lambda t: t.sealed(
            author="no-purpose")),
        ("one-bit", "E_CERT_USAGE", "V25", "The certificate's keyUsage has no nonRepudiation", lambda t: t.sealed(
            author="one-bit")),
        ("other-environment", "E_CERT_USAGE", "V25", "The certificate is not one of the environment test",
         lambda t: t.sealed(author="unmarked")),
        ("foreign-authority", "E_CERT_PATH", "V25", "On the list, but issued by another authority",
         lambda t: t.sealed(author="foreign")),
        ("revoked", "E_CERT_REVOKED", "V25", "The certificate was revoked", lambda t: t.sealed(author="revoked")),
    ])
    for name, told in (("ended", "ended ten days ago"), ("without-number", "has no CRL number"),
                       ("by-another-key", "was signed by another key")):
        yield Vector("bad", f"list-{name}", "E_CRL", "V25", f"A good object; the authority's revocation list {told}",
                     lambda t: t.sealed(), revocation=f"xa-{name}.crl")
