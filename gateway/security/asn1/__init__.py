"""All ASN.1 of GW-1, on `cryptography.hazmat.asn1`: bytes to plain values and back; nothing is judged here.

The library decodes DER only and raises ValueError; here that becomes `NotDer`, and nothing else of it passes. Values
that the profile leaves opaque (names, certificates, unknown attributes) stay bytes. What is compared or verified later
is always the octets as received, never a re-encoding of what was understood. Its API is declared unstable: no other
package imports it, and the pin of `cryptography` has an upper end (GW-1 section 15).
"""

from __future__ import annotations

from gateway.security.asn1.names import (
    AES_256_GCM,
    ALGORITHM_PROTECTION,
    AUTH_ENVELOPED_DATA,
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SHA_256,
    SHA_384,
    SHA_512,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    SIGNING_TIME,
    SMIME_CAPABILITIES,
)
from gateway.security.asn1.reading import (
    NotDer,
    algorithm_name,
    content_info,
    read_certificate_name,
    read_identifier,
    read_inner,
    read_octets,
    read_outer,
    read_protection,
    read_signing_certificate,
    read_signing_time,
)
from gateway.security.asn1.values import (
    Inner,
    Name,
    Outer,
    Recipient,
    SignerInfo,
    SigningCertificate,
)
from gateway.security.asn1.writing import (
    write_attribute,
    write_attributes,
    write_encrypted_private_key,
    write_identifier,
    write_inner,
    write_key_agree,
    write_key_trans,
    write_octets,
    write_outer,
    write_protection,
    write_signing_certificate,
    write_signing_time,
)

__all__ = [
    "AES_256_GCM",
    "ALGORITHM_PROTECTION",
    "AUTH_ENVELOPED_DATA",
    "CONTENT_TYPE",
    "DATA",
    "MESSAGE_DIGEST",
    "SHA_256",
    "SHA_384",
    "SHA_512",
    "SIGNED_DATA",
    "SIGNING_CERTIFICATE_V2",
    "SIGNING_TIME",
    "SMIME_CAPABILITIES",
    "Inner",
    "Name",
    "NotDer",
    "Outer",
    "Recipient",
    "SignerInfo",
    "SigningCertificate",
    "algorithm_name",
    "content_info",
    "read_certificate_name",
    "read_identifier",
    "read_inner",
    "read_octets",
    "read_outer",
    "read_protection",
    "read_signing_certificate",
    "read_signing_time",
    "write_attribute",
    "write_attributes",
    "write_encrypted_private_key",
    "write_identifier",
    "write_inner",
    "write_key_agree",
    "write_key_trans",
    "write_octets",
    "write_outer",
    "write_protection",
    "write_signing_certificate",
    "write_signing_time",
]
