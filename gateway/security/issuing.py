"""A small authority at work: its own certificate, the certificates below it, and requests to somebody else's.

Certificates have exactly the profile K1 that `certificates` asks of a partner; a request asks for the same, so that an
existing authority need only copy what it is asked for. Signatures are SHA-256, SHA-384 under a P-384 key (K3: SHA-256
or better). Sources: GW-1 section 10 (K1 to K3), RFC 5280, RFC 2986.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.security.algorithms import PrivateKey, PublicKey
from gateway.security.certificates import MARKERS, SIGNING, UNITS, Certificate

AUTHORITY = "authority"

CLOCKS_DIFFER = timedelta(hours=1)
"""A new certificate is valid from an hour before it is made: the partner's clock may be behind ours."""


def issue_authority(key: PrivateKey, *, gateway: str, environment: str, start: datetime, end: datetime) -> Certificate:
    """The self-signed certificate of a small authority."""
    name = _name(gateway, environment, AUTHORITY)
    builder = _builder(name, name, key.public_key(), start, end).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
        _usage(key_cert_sign=True, crl_sign=True), critical=True)
    return _signed(builder, key)


def issue(authority_key: PrivateKey, authority: Certificate, key: PrivateKey | PublicKey, *, gateway: str,
          environment: str, use: str, start: datetime, end: datetime) -> Certificate:
    """A certificate of profile K1 for `key`, of which only the public half is looked at.

    use  "signing" or "encryption"
    """
    public = key if isinstance(key, PublicKey) else key.public_key()
    builder = _builder(_name(gateway, environment, use), authority.x509.subject, public, start, end).add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True).add_extension(
        _profile_usage(public, use), critical=True).add_extension(
        x509.ExtendedKeyUsage(_purposes(environment)), critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.x509.public_key()),  # type: ignore[arg-type]
        critical=False)
    return _signed(builder, authority_key)


def certificate_request(key: PrivateKey, *, gateway: str, environment: str, use: str) -> bytes:
    """A PKCS#10 request in PEM that asks for profile K1 and carries the mark of the environment."""
    builder = (x509.CertificateSigningRequestBuilder().subject_name(_name(gateway, environment, use))
               .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
               .add_extension(_profile_usage(key.public_key(), use), critical=True)
               .add_extension(x509.ExtendedKeyUsage(_purposes(environment)), critical=False))
    return builder.sign(key, signature_hash(key)).public_bytes(serialization.Encoding.PEM)


def signature_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | None:
    """The hash that certificates, requests and lists are signed with; None where the key fixes it (Ed25519)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    return hashes.SHA384() if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256 else hashes.SHA256()


def _purposes(environment: str) -> list[x509.ObjectIdentifier]:
    marker = MARKERS.get(environment)
    return [ExtendedKeyUsageOID.EMAIL_PROTECTION] if marker is None else [ExtendedKeyUsageOID.EMAIL_PROTECTION, marker]


def _profile_usage(key: PublicKey, use: str) -> x509.KeyUsage:
    if use == SIGNING:
        return _usage(digital_signature=True, content_commitment=True)
    return _usage(key_encipherment=True) if isinstance(key, rsa.RSAPublicKey) else _usage(key_agreement=True)


def _name(gateway: str, environment: str, use: str) -> x509.Name:
    unit = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, UNITS[environment])] if environment in UNITS else []
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, gateway), *unit,
                      x509.NameAttribute(NameOID.COMMON_NAME, f"{gateway} {use}")])


def _builder(subject: x509.Name, issuer: x509.Name, key: PublicKey, start: datetime,
             end: datetime) -> x509.CertificateBuilder:
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False))


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> Certificate:
    return Certificate(builder.sign(key, signature_hash(key)).public_bytes(serialization.Encoding.DER))


def _usage(**bits: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: bits.get(name, False) for name in names})
