"""Keys that stay in a hardware module or another token: PKCS#11, spoken here only, with the extra ``pkcs11``.

Settings name such a key by an RFC 7512 address in the place of a file::

    key: "pkcs11:token=edi;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/srv/edi/keys/pin"

The PIN is a secret of its own, in a private file or a credential (``pin-source=credential:NAME``), never in the
address. In a token may lie: signing keys of every kind of the profile, and decryption keys on P-256 and P-384. An RSA
decryption key may not: the modules at hand know OAEP with SHA-1 only, and unpadding outside would be an oracle.
Sources: PKCS#11 v3.0 (C_Sign, C_DeriveKey), RFC 7512.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.security import asn1
from gateway.security.algorithms import CURVES, SCHEMES, PublicKey, Signature, verify
from gateway.security.certificates import ENCRYPTION, SIGNING, Certificate
from gateway.security.identity import read_passphrase
from gateway.security.published import refuse_published
from gateway.security.signed_identity import signer_attributes
from gateway.security.token_address import read_address, shown
from gateway.spool import escaped

if TYPE_CHECKING:
    import pkcs11
    from pkcs11.types import DeriveMixin, SignMixin

_SESSIONS: dict[tuple[str, str], pkcs11.Session] = {}
"""Module and token -> the session that is open for as long as the process lives."""

_CURVES = {curve.key_identifier[11:]: curve.curve for curve in CURVES.values()}
"""CKA_EC_PARAMS, the encoded name of a curve -> the curve."""

_PROBE = b"GW-1: does this key belong to this certificate?"


class TokenSigner:
    """A signer whose key lies in a token. Raises LocalError K005, K006, K090 to K094 when it does not serve."""

    def __init__(self, path: Path, certificate: Certificate) -> None:
        refuse_published(certificate)
        if certificate.scheme is None or certificate.uses != {SIGNING}:
            raise LocalError(Finding(code="K006", values={"path": shown(path), "use": SIGNING}))
        self._path = path
        self._scheme = certificate.scheme
        self._key = _signing(path)
        self.certificate = certificate
        self.scheme = SCHEMES[certificate.scheme]
        self.identity = signer_attributes(certificate, self.scheme)
        if not verify(certificate.key, self.sign(_PROBE), _PROBE):
            raise _foreign(path, certificate)

    def sign(self, content: bytes) -> bytes:
        """The signature value over the encoded attributes. Raises LocalError K093 when the token does not sign."""
        import pkcs11  # an extra

        with _explained(self._path):
            if self._scheme is Signature.RSA_PSS:
                return bytes(self._key.sign(content, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=(
                    pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, 32)))
            if self._scheme is Signature.ED25519:
                return bytes(self._key.sign(content, mechanism=pkcs11.Mechanism.EDDSA))
            digest = hashlib.new(self.scheme.digest.value, content).digest()
            plain = bytes(self._key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
        half = len(plain) // 2
        return encode_dss_signature(int.from_bytes(plain[:half], "big"), int.from_bytes(plain[half:], "big"))


class TokenDecryptionKey:
    """A decryption key on P-256 or P-384 in a token. Raises LocalError K005, K006, K090 to K094."""

    def __init__(self, path: Path, certificate: Certificate) -> None:
        refuse_published(certificate)
        if certificate.uses != {ENCRYPTION} or not certificate.strong:
            raise LocalError(Finding(code="K006", values={"path": shown(path), "use": ENCRYPTION}))
        public = certificate.key
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise LocalError(Finding(code="K094", values={"path": shown(path)}))
        self._path, self._curve = path, public.curve
        self._key = _deriving(path)
        self.certificate = certificate
        probe = ec.generate_private_key(self._curve)
        self._spent = _point(probe.public_key())
        if self.agree(self._spent) != probe.exchange(ec.ECDH(), public):
            raise _foreign(path, certificate)

    def decrypt(self, encrypted_key: bytes) -> bytes:
        """Raises ValueError, after as much work as a key would take: the key is not RSA."""
        self.agree(self._spent)
        raise ValueError("not for this key")

    def agree(self, point: bytes) -> bytes:
        """ECDH with an uncompressed point on the curve of the key.

        Raises ValueError for a point that is not on it, LocalError K093 when the token does not answer.
        """
        import pkcs11  # an extra

        try:
            ec.EllipticCurvePublicKey.from_encoded_point(self._curve, point)
        except ValueError:
            if point != self._spent:
                self.agree(self._spent)  # costs as much as one that is (V10)
            raise
        octets = (self._curve.key_size + 7) // 8
        kept = {pkcs11.Attribute.TOKEN: False, pkcs11.Attribute.SENSITIVE: False, pkcs11.Attribute.EXTRACTABLE: True,
                pkcs11.Attribute.VALUE_LEN: octets}
        with _explained(self._path):
            secret = self._key.derive_key(pkcs11.KeyType.GENERIC_SECRET, octets * 8, mechanism_param=(
                pkcs11.KDF.NULL, None, point), template=kept)
            value = bytes(secret[pkcs11.Attribute.VALUE])
            secret.destroy()
        return value


def public_key(path: Path) -> PublicKey:
    """The public half of a key in a token, as the token shows it. Raises LocalError K091 to K094.

    Whether it is the half of the key that signs is shown by the first use of its certificate (`TokenSigner`).
    """
    key = _find(path, "PUBLIC_KEY")
    import pkcs11  # an extra

    with _explained(path):
        if key.key_type is pkcs11.KeyType.RSA:
            return rsa.RSAPublicNumbers(*(int.from_bytes(key[attribute], "big") for attribute in (
                pkcs11.Attribute.PUBLIC_EXPONENT, pkcs11.Attribute.MODULUS))).public_key()
        encoded = bytes(key[pkcs11.Attribute.EC_POINT])
        curve = _CURVES.get(bytes(key[pkcs11.Attribute.EC_PARAMS]))
    try:
        if curve is not None:
            return ec.EllipticCurvePublicKey.from_encoded_point(curve, asn1.read_octets(encoded))
        # some tokens show an Edwards point without the OCTET STRING round it
        return ed25519.Ed25519PublicKey.from_public_bytes(encoded if len(encoded) == 32 else asn1.read_octets(encoded))
    except (ValueError, asn1.NotDer):
        raise _unable(path, "CKA_EC_POINT") from None


def belongs(path: Path) -> Callable[[Certificate], bool]:
    """A test whether the key at an address is that of a certificate: by using it, whatever labels say."""
    def test(certificate: Certificate) -> bool:
        kind = TokenSigner if certificate.uses == {SIGNING} else TokenDecryptionKey
        try:
            kind(path, certificate)
        except LocalError as error:
            if error.code in ("K005", "K006"):
                return False
            raise
        return True

    return test


def _foreign(path: Path, certificate: Certificate) -> LocalError:
    return LocalError(Finding(code="K005", values={"path": shown(path), "subject": certificate.subject}))


def _point(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _open(path: Path) -> pkcs11.PrivateKey:
    """The private key at an address."""
    key = _find(path, "PRIVATE_KEY")
    import pkcs11  # an extra

    assert isinstance(key, pkcs11.PrivateKey)
    return key


def _find(path: Path, kind: str) -> pkcs11.Key:
    """The key of that class at an address, in a session that lasts as long as the process."""
    address = read_address(path)
    try:
        import pkcs11
    except ImportError:
        raise LocalError(Finding(code="K091", values={"module": address.module})) from None
    secret = read_passphrase(address.pin).decode("utf-8", "replace")
    with _explained(path):
        session = _session(address.module, address.token, secret)
        return session.get_key(object_class=pkcs11.ObjectClass[kind], label=address.label, id=address.identifier)


def _signing(path: Path) -> SignMixin:
    key = _open(path)
    from pkcs11.types import SignMixin  # an extra

    if not isinstance(key, SignMixin):
        raise _unable(path, "CKA_SIGN")
    return key


def _deriving(path: Path) -> DeriveMixin:
    key = _open(path)
    from pkcs11.types import DeriveMixin  # an extra

    if not isinstance(key, DeriveMixin):
        raise _unable(path, "CKA_DERIVE")
    return key


def _unable(path: Path, reason: str) -> LocalError:
    return LocalError(Finding(code="K093", place=Place(file=shown(path)), values={
        "path": shown(path), "reason": reason}))


def _session(module: str, token: str, secret: str) -> pkcs11.Session:
    """The one session of a token: a process logs in once (PKCS#11 section 5.6)."""
    import pkcs11

    if (module, token) not in _SESSIONS:
        _SESSIONS[module, token] = pkcs11.lib(module).get_token(token_label=token).open(user_pin=secret)
    return _SESSIONS[module, token]


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the library raises into LocalError K093: its class names say what is wrong, and never hold a secret."""
    import pkcs11

    try:
        yield
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        named = type(error) not in (pkcs11.PKCS11Error, RuntimeError)
        raise _unable(path, type(error).__name__ if named else escaped(str(error))) from None
