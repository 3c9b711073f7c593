"""Our own keys in use: a signer and the keys that open what is sealed for us.

A key object holds what every sealing or opening needs, computed once. A key never leaves its object. The `Signer` and
`DecryptionKey` of this module sign and unwrap in this process; anything with the same methods may stand in (a hardware
module, a counting test double).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.security.algorithms import OAEP, SCHEMES, PrivateKey, SignatureScheme, sign
from gateway.security.certificates import ENCRYPTION, SIGNING, Certificate, load_certificate
from gateway.security.hardening import forbid_dumps
from gateway.security.published import refuse_published
from gateway.security.signed_identity import signer_attributes
from gateway.security.token_address import is_token_key
from gateway.spool import read_private


class Signer(Protocol):
    """Signs in our name.

    certificate  our signing certificate; scheme  its signature scheme
    identity     the signingCertificateV2 and algorithm protection attributes, encoded once
    """

    @property
    def certificate(self) -> Certificate: ...

    @property
    def scheme(self) -> SignatureScheme: ...

    @property
    def identity(self) -> tuple[bytes, ...]: ...

    def sign(self, content: bytes) -> bytes:
        """The signature value over the encoded attributes."""


class DecryptionKey(Protocol):
    """Opens content keys that were wrapped for one of our encryption certificates."""

    @property
    def certificate(self) -> Certificate: ...

    def decrypt(self, encrypted_key: bytes) -> bytes:
        """RSAES-OAEP. Raises ValueError, also when the key is not RSA."""

    def agree(self, point: bytes) -> bytes:
        """ECDH with an uncompressed point on the curve of the key. Raises ValueError, also when the key is not EC."""


class FileSigner:
    """A signer whose key lies in a file. Raises LocalError K005, K006, K090 when key and certificate do not serve."""

    def __init__(self, key: PrivateKey, certificate: Certificate, path: Path = Path("-")) -> None:
        _belong_together(key.public_key(), certificate, path)
        refuse_published(certificate)
        if certificate.scheme is None or certificate.uses != {SIGNING}:
            raise LocalError(Finding(code="K006", values={"path": str(path), "use": SIGNING}))
        self._key = key
        self.certificate = certificate
        self.scheme = SCHEMES[certificate.scheme]
        self.identity = signer_attributes(certificate, self.scheme)

    def sign(self, content: bytes) -> bytes:
        """The signature value over the encoded attributes."""
        return sign(self._key, content)


class FileDecryptionKey:
    """A decryption key in a file. Raises LocalError K005, K006, K090 when key and certificate do not serve."""

    def __init__(self, key: PrivateKey, certificate: Certificate, path: Path = Path("-")) -> None:
        _belong_together(key.public_key(), certificate, path)
        refuse_published(certificate)
        if certificate.uses != {ENCRYPTION} or not certificate.strong:
            raise LocalError(Finding(code="K006", values={"path": str(path), "use": ENCRYPTION}))
        self._key = key
        self.certificate = certificate

    def decrypt(self, encrypted_key: bytes) -> bytes:
        """RSAES-OAEP. Raises ValueError, also when the key is not RSA."""
        if not isinstance(self._key, rsa.RSAPrivateKey) or len(encrypted_key) * 8 != self._key.key_size:
            self._spend()
            raise ValueError("not for this key")
        return self._key.decrypt(encrypted_key, OAEP)

    def agree(self, point: bytes) -> bytes:
        """ECDH with an uncompressed point on the curve of the key. Raises ValueError, also when the key is not EC."""
        if not isinstance(self._key, ec.EllipticCurvePrivateKey):
            self._spend()
            raise ValueError("not for this key")
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(self._key.curve, point)
        except ValueError:
            self._spend()
            raise
        return self._key.exchange(ec.ECDH(), public)

    def _spend(self) -> None:
        """One use of the key for nothing: a value that does not fit it costs as much time as one that does (V10)."""
        public = self.certificate.key
        if isinstance(self._key, ec.EllipticCurvePrivateKey) and isinstance(public, ec.EllipticCurvePublicKey):
            self._key.exchange(ec.ECDH(), public)
        elif isinstance(self._key, rsa.RSAPrivateKey):
            with suppress(ValueError):
                self._key.decrypt(bytes(self._key.key_size // 8), OAEP)


def load_signer(key: Path, certificate: Path, passphrase: bytes | None) -> Signer:
    """Our signer: the key from its file, or in a token (``pkcs11:...``).

    Raises LocalError E_KEYFILE, K002 to K006, K090; for a token K091 to K094.
    """
    if is_token_key(key):
        from gateway.security.pkcs11 import TokenSigner  # costs a start, and few houses have one

        return TokenSigner(key, load_certificate(certificate))
    return FileSigner(load_private_key(key, passphrase), load_certificate(certificate), key)


def load_decryption_key(key: Path, certificate: Path, passphrase: bytes | None) -> DecryptionKey:
    """One of our decryption keys, from its file or in a token. Raises LocalError as `load_signer`."""
    if is_token_key(key):
        from gateway.security.pkcs11 import TokenDecryptionKey

        return TokenDecryptionKey(key, load_certificate(certificate))
    return FileDecryptionKey(load_private_key(key, passphrase), load_certificate(certificate), key)


def load_private_key(path: Path, passphrase: bytes | None) -> PrivateKey:
    """A PKCS#8 key in PEM; the passphrase is ignored for a key that lies open.

    Raises LocalError E_KEYFILE, K002 (no such key), K003 (passphrase missing or false). The process leaves no dumps.
    """
    forbid_dumps()
    content = read_private(path)
    values = {"path": str(path)}
    encrypted = b"BEGIN ENCRYPTED PRIVATE KEY" in content
    if encrypted and not passphrase:
        raise LocalError(Finding(code="K003", place=Place(file=str(path)), values=values))
    try:
        key = serialization.load_pem_private_key(content, passphrase if encrypted else None)
    except (ValueError, TypeError):
        code = "K003" if encrypted else "K002"
        raise LocalError(Finding(code=code, place=Place(file=str(path)), values=values)) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise LocalError(Finding(code="K002", place=Place(file=str(path)), values=values))
    return key


def _belong_together(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
                     certificate: Certificate, path: Path) -> None:
    if public != certificate.key:
        raise LocalError(Finding(code="K005", values={"path": str(path), "subject": certificate.subject}))
