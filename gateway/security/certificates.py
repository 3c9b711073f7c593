"""A certificate with everything computed once, and what profile K1 asks of it.

Only the certificate itself is looked at here. Whether a partner's certificate counts is `trust`, whether it was revoked
is `revocation`. Sources: GW-1 section 10 (K1, K2), section 3.3 (keys), RFC 5280.

Environments: a certificate made for the demonstration or for tests says so twice, in an organisational unit that people
see (``GW-1 demo``, ``GW-1 test``) and in an extended key usage of ours that no one overlooks when checking usage. A
certificate without either is one of production. Where the two differ the certificate belongs nowhere.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, PublicKeyAlgorithmOID

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.security import asn1
from gateway.security.algorithms import Digest, Signature, scheme_of, wraps_for

SIGNING, ENCRYPTION = "signing", "encryption"
PRODUCTION = "production"

_ARC = "2.25.329800735698586629295641978511506172918"  # drawn once as a UUID (X.667): needs no registration
MARKERS: Mapping[str, x509.ObjectIdentifier] = {
    "demo": x509.ObjectIdentifier(f"{_ARC}.1"),
    "test": x509.ObjectIdentifier(f"{_ARC}.2"),
}
"""Environment -> extended key usage that marks its certificates. Production has none."""

UNITS: Mapping[str, str] = {"demo": "GW-1 demo", "test": "GW-1 test"}
"""Environment -> organisational unit that marks its certificates for people."""

_UNREADABLE = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm,
               TypeError)
"""What the library raises beside ValueError for a certificate that it cannot read; TypeError for a name in bits."""

_LARGEST_FILE = 1 << 20

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


class Certificate:
    """An X.509 certificate, immutable; what is asked often is computed once.

    der     the certificate byte for byte
    sha256  SHA-256 of it, 64 hex digits in lower case
    name    issuer and serial as CMS writes them
    x509    the parsed certificate, for this package only

    Raises ValueError when the octets are not one certificate with a readable key and extensions.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der
        try:
            self.name = asn1.read_certificate_name(der)
        except asn1.NotDer as error:
            raise ValueError(str(error)) from None
        try:
            with warnings.catch_warnings():  # of odd names and the like: whoever sends them would write into our output
                warnings.simplefilter("ignore")
                self.x509 = x509.load_der_x509_certificate(der)
                _ = self.x509.subject, self.x509.issuer  # read when asked for: what cannot be read is refused here
                self.extensions = self.x509.extensions
                self.key: object = self.x509.public_key()
        except _UNREADABLE as error:
            raise ValueError(str(error)) from None
        self.digest = hashlib.sha256(der).digest()
        self.sha256 = self.digest.hex()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<Certificate {self.subject} sha-256 {self.sha256[:16]}>"

    def digest_by(self, algorithm: Digest) -> bytes:
        """The certificate's digest by another algorithm than SHA-256, too."""
        return self.digest if algorithm is Digest.SHA_256 else hashlib.new(algorithm.value, self.der).digest()

    @property
    def subject(self) -> str:
        """Subject as RFC 4514 text, for people."""
        return self.x509.subject.rfc4514_string()

    @property
    def issuer(self) -> str:
        """Issuer as RFC 4514 text, for people."""
        return self.x509.issuer.rfc4514_string()

    @property
    def serial(self) -> int:
        """Serial number."""
        return self.x509.serial_number

    @property
    def not_before(self) -> datetime:
        """First instant of validity, aware UTC."""
        return self.x509.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """Last instant of validity, aware UTC."""
        return self.x509.not_valid_after_utc

    def valid_at(self, moment: datetime) -> bool:
        """Tell whether an instant lies within the dates of the certificate, both included."""
        return self.not_before <= moment <= self.not_after

    @cached_property
    def scheme(self) -> Signature | None:
        """The signature scheme its key is used with; None when kind or size is outside section 3.3."""
        return None if self._confined else scheme_of(self.key)

    @cached_property
    def environment(self) -> str | None:
        """The environment it was made for: demo, test, production; None when its two marks differ."""
        usage = self._extension(x509.ExtendedKeyUsage)
        by_usage = {name for name, oid in MARKERS.items() if usage is not None and oid in usage}
        units = {attribute.value for attribute in self.x509.subject.get_attributes_for_oid(
            NameOID.ORGANIZATIONAL_UNIT_NAME)}
        by_unit = {name for name, unit in UNITS.items() if unit in units}
        if by_usage != by_unit or len(by_usage) > 1:
            return None
        return next(iter(by_usage), PRODUCTION)

    @cached_property
    def uses(self) -> frozenset[str]:
        """What profile K1 lets it be used for: signing, encryption or nothing. Key sizes are not looked at."""
        usage = self._extension(x509.ExtendedKeyUsage)
        constraints = self._extension(x509.BasicConstraints)
        if usage is None or ExtendedKeyUsageOID.EMAIL_PROTECTION not in usage:
            return frozenset()
        if constraints is not None and constraints.ca:
            return frozenset()
        try:
            key_usage = self.extensions.get_extension_for_class(x509.KeyUsage)
        except x509.ExtensionNotFound:
            return frozenset()
        if not key_usage.critical:
            return frozenset()
        bits = _bits(key_usage.value)
        if bits == {"digital_signature", "content_commitment"}:
            return frozenset({SIGNING})
        agreed = "key_encipherment" if isinstance(self.key, rsa.RSAPublicKey) else "key_agreement"
        return frozenset({ENCRYPTION}) if bits == {agreed} else frozenset()

    @property
    def strong(self) -> bool:
        """Tell whether kind and size of its key are on the list of section 3.3 for its use, agreements aside."""
        return wraps_for(self.key) and not self._confined if self.uses == {ENCRYPTION} else self.scheme is not None

    @property
    def _confined(self) -> bool:
        """An RSA key that its certificate confines to RSASSA-PSS (RFC 4055 3.1): no path is built to such a one."""
        return self.x509.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS

    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.x509.public_bytes(Encoding.PEM)

    def _extension(self, kind: type[_Extension]) -> _Extension | None:
        try:
            return self.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


def read_certificate(content: bytes) -> Certificate:
    """One certificate from PEM or DER octets. Raises ValueError when it is not exactly one."""
    if content.lstrip().startswith(b"-----BEGIN"):
        try:
            certificates = x509.load_pem_x509_certificates(content)
        except _UNREADABLE as error:
            raise ValueError(str(error)) from None
        if len(certificates) != 1:
            raise ValueError("more than one certificate")
        content = certificates[0].public_bytes(Encoding.DER)
    return Certificate(content)


def load_certificate(path: Path) -> Certificate:
    """Read a certificate file, PEM or DER. Raises LocalError K004 when there is none or it cannot be understood."""
    try:
        with path.open("rb") as file:
            return read_certificate(file.read(_LARGEST_FILE))
    except (OSError, ValueError):
        raise LocalError(Finding(code="K004", place=Place(file=str(path)), values={"path": str(path)})) from None


def check_environment(certificate: Certificate, environment: str) -> None:
    """Refuse a certificate of our own that was made for another environment. Raises LocalError K024."""
    if certificate.environment != environment:
        raise LocalError(Finding(code="K024", values={
            "subject": certificate.subject, "found": certificate.environment or "?", "environment": environment}))


def fingerprint(certificate: Certificate) -> str:
    """What two people compare by telephone: the first 128 bits of the SHA-256, eight groups of four digits."""
    digits = certificate.sha256[:32].upper()
    return " ".join(digits[start:start + 4] for start in range(0, 32, 4))


def _bits(usage: x509.KeyUsage) -> set[str]:
    names = {"digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign"}
    if usage.key_agreement:
        names |= {"encipher_only", "decipher_only"}
    return {name for name in names if getattr(usage, name)}
