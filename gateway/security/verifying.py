"""The inner object: whose signature it is and whether it is true (V11 to V25).

The signer is found by the hash in signingCertificateV2 in the partner's own list: never by name, never among the
certificates that came along. A signature over the content itself is never computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime

from msgspec import Struct

from gateway.security import asn1
from gateway.security.algorithms import DIGESTS, SCHEMES, SIGNATURES, Digest, Signature, verify
from gateway.security.certificates import SIGNING, Certificate
from gateway.security.refusals import EnvelopeError
from gateway.security.trust import Trust, TrustedCertificate

_REQUIRED = frozenset({asn1.CONTENT_TYPE, asn1.MESSAGE_DIGEST, asn1.SIGNING_TIME, asn1.SIGNING_CERTIFICATE_V2})
_CERTIFICATE_HASHES: Mapping[str, Digest] = {
    asn1.SHA_256: Digest.SHA_256, asn1.SHA_384: Digest.SHA_384, asn1.SHA_512: Digest.SHA_512}
_ALLOWED = _REQUIRED | {asn1.ALGORITHM_PROTECTION, asn1.SMIME_CAPABILITIES}


class Verified(Struct, frozen=True):
    """The content of a true signature: the ENTITY, its MIC, the signature value, when and by which certificate."""

    entity: bytes | memoryview
    mic: str
    signature: bytes
    signing_time: datetime
    certificate_sha256: str


class _Attributes(Struct, frozen=True):
    digest: bytes
    signing_time: datetime
    certificate: asn1.SigningCertificate
    protection: tuple[bytes, bytes] | None


def verify_inner(inner: bytes, trust: Trust, *, now: datetime, environment: str,
                 waive: Collection[str] = ()) -> Verified:
    """Judge V11 to V25 in their order, passing over the codes in `waive`. Raises EnvelopeError."""
    data = _read(inner)
    if data.content_type != asn1.DATA:  # V13
        raise EnvelopeError("E_CONTENT_TYPE", name=data.content_type)
    if data.content is None:
        raise EnvelopeError("E_DETACHED")
    if len(data.signers) != 1:  # V14
        raise EnvelopeError("E_SIGNERS", number=str(len(data.signers)))
    signer = data.signers[0]
    if not signer.attributes:  # V15
        raise EnvelopeError("E_NO_SIGNED_ATTRS")
    attributes = _attributes(signer)  # V16
    signature = _algorithms(data, signer, trust)  # V17
    _protection(attributes, signer)  # V18
    entry = _signer(attributes, signature, trust)  # V19
    certificate = entry.certificate
    if signer.sid != certificate.name.encoded:  # V20
        raise EnvelopeError("E_SID")
    others = _embedded(data, certificate)  # V21
    if certificate.scheme is None:  # V22
        raise EnvelopeError("E_CERT_WEAK")
    if certificate.scheme is not signature:
        raise EnvelopeError("E_ALG", name=signature.value)
    mic, digest = hashlib.sha256(data.content).digest(), SCHEMES[signature].digest
    named = mic if digest is Digest.SHA_256 else hashlib.new(digest.value, data.content).digest()
    if named != attributes.digest:  # V23
        raise EnvelopeError("E_DIGEST")
    if not verify(certificate.key, signer.signature, signer.signed):  # V24
        raise EnvelopeError("E_SIGNATURE")
    trust.check(entry, now=now, environment=environment, others=others, waive=waive,  # V25
                signed=attributes.signing_time)
    return Verified(data.content, mic.hex(), signer.signature, attributes.signing_time, certificate.sha256)


def _read(inner: bytes) -> asn1.Inner:
    try:
        return asn1.read_inner(inner)
    except asn1.NotDer:  # V11
        raise EnvelopeError("E_ASN1") from None
    except asn1.OtherType:  # V12
        raise EnvelopeError("E_UNSIGNED") from None


def _attributes(signer: asn1.SignerInfo) -> _Attributes:
    """V16: each attribute known, at most once, one value; all required ones there; none unsigned."""
    found: dict[str, bytes] = {}
    for kind, values in signer.attributes or ():
        if kind not in _ALLOWED or kind in found or len(values) != 1:
            raise EnvelopeError("E_ATTRS", name=kind)
        found[kind] = values[0]
    missing = _REQUIRED - found.keys()
    if missing or signer.has_unsigned:
        raise EnvelopeError("E_ATTRS", name=min(missing, default="unsignedAttrs"))
    try:
        return _values(found)
    except asn1.NotDer:
        raise EnvelopeError("E_ATTRS", name="?") from None


def _values(found: Mapping[str, bytes]) -> _Attributes:
    content_type = asn1.read_identifier(found[asn1.CONTENT_TYPE])
    if content_type != asn1.DATA:
        raise EnvelopeError("E_ATTRS", name=content_type)
    protection = found.get(asn1.ALGORITHM_PROTECTION)
    return _Attributes(
        asn1.read_octets(found[asn1.MESSAGE_DIGEST]),
        asn1.read_signing_time(found[asn1.SIGNING_TIME]),
        asn1.read_signing_certificate(found[asn1.SIGNING_CERTIFICATE_V2]),
        None if protection is None else asn1.read_protection(protection),
    )


def _algorithms(data: asn1.Inner, signer: asn1.SignerInfo, trust: Trust) -> Signature:
    """V17: digest and signature on the partner's list and made for each other; digestAlgorithms is that digest."""
    signature, digest = SIGNATURES.get(signer.algorithm), DIGESTS.get(signer.digest)
    if signature is None:
        raise EnvelopeError("E_ALG", name=asn1.algorithm_name(signer.algorithm))
    scheme = SCHEMES[signature]
    if not (scheme.agreement is None or scheme.agreement in trust.agreed):
        raise EnvelopeError("E_ALG", name=signature.value)
    if digest is not scheme.digest or [DIGESTS.get(named) for named in data.digests] != [digest]:
        raise EnvelopeError("E_ALG", name=asn1.algorithm_name(signer.digest))
    return signature


def _protection(attributes: _Attributes, signer: asn1.SignerInfo) -> None:
    """V18: cmsAlgorithmProtection names the same two algorithms, NULL or absent parameters alike (RFC 6211)."""
    if attributes.protection is None:
        return
    digest, signature = attributes.protection
    same_digest = DIGESTS.get(digest) is DIGESTS[signer.digest]
    if not same_digest or SIGNATURES.get(signature) is not SIGNATURES[signer.algorithm]:
        raise EnvelopeError("E_ALG_PROTECTION")


def _signer(attributes: _Attributes, signature: Signature, trust: Trust) -> TrustedCertificate:
    """V19; and the issuer and serial that signingCertificateV2 may name agree with that certificate (3.2).

    The certificate is named by its SHA-256, or by the digest that goes with the signature: the openssl command hashes
    it, too, with what ``-md`` says.
    """
    algorithm = _CERTIFICATE_HASHES.get(attributes.certificate.algorithm)
    if algorithm is None or algorithm not in (Digest.SHA_256, SCHEMES[signature].digest):
        raise EnvelopeError("E_ATTRS", name=asn1.SIGNING_CERTIFICATE_V2)
    entry = trust.by_digest(attributes.certificate.digest, SIGNING, algorithm)
    if entry is None:
        raise EnvelopeError("E_SIGNER_UNKNOWN", sha256=attributes.certificate.digest.hex()[:64])
    name, named = entry.certificate.name, attributes.certificate.issuer_serial
    if named is not None and named != (name.issuer, name.serial):
        raise EnvelopeError("E_ATTRS", name=asn1.SIGNING_CERTIFICATE_V2)
    return entry


def _embedded(data: asn1.Inner, certificate: Certificate) -> list[Certificate]:
    """V21: the certificates that came along, each once, all readable, the signer's among them; gives the others."""
    embedded = data.certificates or ()
    if certificate.der not in embedded or len(set(embedded)) != len(embedded):
        raise EnvelopeError("E_CERTS")
    try:
        return [Certificate(der) for der in embedded if der != certificate.der]
    except ValueError:
        raise EnvelopeError("E_CERTS") from None
