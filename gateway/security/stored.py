"""What a stored object says by itself, without any key: who it is, and for whom its file is encrypted.

The identity is computed from the SignedData, not read from what was noted beside it: an edit of the notes shows. For
whom a file is tells whether it has to be encrypted anew before it goes up once more (GW-1 O3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from gateway.security import asn1
from gateway.security.algorithms import SCHEMES, SIGNATURES, verify
from gateway.security.certificates import Certificate
from gateway.security.header import read_entity
from gateway.security.opening import Opened


def identity_of(inner: bytes) -> tuple[str, str] | None:
    """MIC and signature digest of a stored SignedData, 64 hex digits each; None when it is no object of GW-1."""
    try:
        data = asn1.read_inner(inner)
    except (asn1.NotDer, asn1.OtherType):
        return None
    if data.content is None or len(data.signers) != 1:
        return None
    return hashlib.sha256(data.content).hexdigest(), hashlib.sha256(data.signers[0].signature).hexdigest()


def signature_is_true(inner: bytes) -> bool:
    """Tell whether the one signature of a stored SignedData is true: of its content, under the certificate that it has
    named and carries (V16, V22 to V24). Whether that certificate counted was judged when the object came."""
    try:
        data = asn1.read_inner(inner)
        (signer,) = data.signers
        attributes = {kind: values[0] for kind, values in signer.attributes or ()}
        certificate = Certificate(_named(attributes[asn1.SIGNING_CERTIFICATE_V2], data))
        digest = asn1.read_octets(attributes[asn1.MESSAGE_DIGEST])
    except (asn1.NotDer, asn1.OtherType, KeyError, StopIteration, ValueError):
        return False
    scheme = certificate.scheme
    if scheme is None or scheme is not SIGNATURES.get(signer.algorithm) or data.content is None:
        return False
    return hashlib.new(SCHEMES[scheme].digest.value, data.content).digest() == digest \
        and verify(certificate.key, signer.signature, signer.signed)


def encrypted_to(content: bytes, certificates: Sequence[Certificate]) -> bool:
    """Tell whether a sealed file of ours names one of these certificates, by issuer and serial, as its recipient."""
    try:
        outer = _outer(content)
    except (asn1.NotDer, asn1.OtherType):
        return False
    wanted = {certificate.name.encoded for certificate in certificates}
    return any(recipient.name in wanted for recipient in outer.recipients)


def _outer(content: bytes) -> asn1.Outer:
    try:
        return asn1.read_outer(content)
    except asn1.OtherType:
        return asn1.read_enveloped(content)


def read_stored(inner: bytes) -> Opened:
    """The object of a stored SignedData, as it was verified before it was stored; nothing is judged again.

    For what comes later: its receipt after a consent by hand, and who signed it when a key is in doubt. Raises
    ValueError when it is none that was ever accepted.
    """
    try:
        data = asn1.read_inner(inner)
        (signer,) = data.signers
        attributes = {kind: values[0] for kind, values in signer.attributes or ()}
        signing_time = asn1.read_signing_time(attributes[asn1.SIGNING_TIME])
        certificate = _named(attributes[asn1.SIGNING_CERTIFICATE_V2], data)
    except (asn1.NotDer, asn1.OtherType, KeyError, StopIteration) as error:
        raise ValueError("not a stored object") from error
    entity = bytes(data.content or b"")
    header, payload = read_entity(entity)
    return Opened(header, payload, inner, hashlib.sha256(entity).hexdigest(),
                  hashlib.sha256(signer.signature).hexdigest(), signing_time, hashlib.sha256(certificate).hexdigest())


def _named(attribute: bytes, data: asn1.Inner) -> bytes:
    """The certificate that a signature names, among those that came along. Raises NotDer, KeyError, StopIteration."""
    named = asn1.read_signing_certificate(attribute).digest
    algorithm = {32: "sha256", 48: "sha384", 64: "sha512"}[len(named)]
    return next(bytes(der) for der in data.certificates or () if hashlib.new(algorithm, der).digest() == named)
