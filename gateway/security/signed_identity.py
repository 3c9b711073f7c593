"""The signed attributes that are the same for every object of a signer (GW-1 section 3.2)."""

from __future__ import annotations

from gateway.security import asn1
from gateway.security.algorithms import SignatureScheme
from gateway.security.certificates import Certificate


def signer_attributes(certificate: Certificate, scheme: SignatureScheme) -> tuple[bytes, ...]:
    """contentType, signingCertificateV2 and cmsAlgorithmProtection, encoded once for each key."""
    return (
        asn1.write_attribute(asn1.CONTENT_TYPE, asn1.write_identifier(asn1.DATA)),
        asn1.write_attribute(asn1.SIGNING_CERTIFICATE_V2,
                             asn1.write_signing_certificate(certificate.digest, certificate.name)),
        asn1.write_attribute(asn1.ALGORITHM_PROTECTION, asn1.write_protection(
            scheme.digest_identifier, scheme.identifier)),
    )
