"""The algorithms of GW-1 profile 1, as the octets that name them on the wire, and which keys they fit.

What is not in these tables does not exist: an identifier is looked up whole, parameters included, and whatever is not
found is refused. Source: GW-1 section 3.3; encodings after RFC 4055, RFC 5480, RFC 5753, RFC 5754, RFC 8419.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from msgspec import Struct

LEAST_RSA_BITS, MOST_RSA_BITS = 3072, 8192

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
_ECDSA_256, _ECDSA_384 = ec.ECDSA(hashes.SHA256()), ec.ECDSA(hashes.SHA384())


@enum.unique
class Agreement(enum.Enum):
    """What two partners may add to the profile; the value is the word in ``agreement.algorithms``."""

    P_384 = "P-384"
    ED25519 = "Ed25519"
    ECDH_P_384 = "ECDH-P-384"


@enum.unique
class Digest(enum.Enum):
    """Digest of the content; the value is its name in hashlib."""

    SHA_256 = "sha256"
    SHA_384 = "sha384"
    SHA_512 = "sha512"


@enum.unique
class Signature(enum.Enum):
    """A signature scheme with everything it fixes."""

    ECDSA_P_256 = "ecdsa-with-SHA256"
    RSA_PSS = "RSASSA-PSS"
    ECDSA_P_384 = "ecdsa-with-SHA384"
    ED25519 = "Ed25519"


@enum.unique
class KeyWrap(enum.Enum):
    """A way to hand the content key to a recipient."""

    RSA_OAEP = "RSAES-OAEP"
    ECDH = "dhSinglePass-stdDH-sha256kdf"


class SignatureScheme(Struct, frozen=True):
    """digest that goes with a signature, whole AlgorithmIdentifiers as we write them, agreement needed or None."""

    digest: Digest
    digest_identifier: bytes
    identifier: bytes
    agreement: Agreement | None


class Curve(Struct, frozen=True):
    """A curve for ECDH: octets of an uncompressed point, AlgorithmIdentifier of a point on it, agreement needed."""

    curve: ec.EllipticCurve
    point_octets: int
    key_identifier: bytes
    agreement: Agreement | None


def _sequence(content: bytes) -> bytes:
    assert len(content) < 128
    return bytes((0x30, len(content))) + content


_NULL = bytes.fromhex("0500")
_SHA_256 = bytes.fromhex("0609608648016503040201")
_SHA_384 = bytes.fromhex("0609608648016503040202")
_SHA_512 = bytes.fromhex("0609608648016503040203")
_MGF1 = bytes.fromhex("06092a864886f70d010108")
_EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
_P_256 = bytes.fromhex("06082a8648ce3d030107")
_P_384 = bytes.fromhex("06052b81040022")


def _tagged(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content


def _rsa(identifier: str, *, hash_null: bytes, mask_null: bytes, salt: bytes = b"") -> bytes:
    """Content octets of an OAEP or PSS AlgorithmIdentifier with SHA-256, NULL or nothing after each SHA-256."""
    parameters = (_tagged(0xA0, _sequence(_SHA_256 + hash_null))
                  + _tagged(0xA1, _sequence(_MGF1 + _sequence(_SHA_256 + mask_null))) + salt)
    return bytes.fromhex(identifier) + _sequence(parameters)


_PSS_OID, _OAEP_OID = "06092a864886f70d01010a", "06092a864886f70d010107"
_SALT_32 = bytes.fromhex("a203020120")

DIGESTS: Mapping[bytes, Digest] = {
    _SHA_256: Digest.SHA_256, _SHA_256 + _NULL: Digest.SHA_256,
    _SHA_384: Digest.SHA_384, _SHA_384 + _NULL: Digest.SHA_384,
    _SHA_512: Digest.SHA_512,
}
"""Content octets of AlgorithmIdentifier -> digest."""

_ECDSA_SHA_256 = bytes.fromhex("06082a8648ce3d040302")
_ECDSA_SHA_384 = bytes.fromhex("06082a8648ce3d040303")
_ED25519 = bytes.fromhex("06032b6570")

SIGNATURES: Mapping[bytes, Signature] = {
    _ECDSA_SHA_256: Signature.ECDSA_P_256,
    _ECDSA_SHA_384: Signature.ECDSA_P_384,
    _ED25519: Signature.ED25519,
    **{_rsa(_PSS_OID, hash_null=one, mask_null=other, salt=_SALT_32): Signature.RSA_PSS
       for one in (b"", _NULL) for other in (b"", _NULL)},
}
"""Content octets of AlgorithmIdentifier -> signature scheme."""

SCHEMES: Mapping[Signature, SignatureScheme] = {
    Signature.ECDSA_P_256: SignatureScheme(Digest.SHA_256, _sequence(_SHA_256), _sequence(_ECDSA_SHA_256), None),
    Signature.RSA_PSS: SignatureScheme(
        Digest.SHA_256, _sequence(_SHA_256),
        _sequence(_rsa(_PSS_OID, hash_null=b"", mask_null=b"", salt=_SALT_32)), None),
    Signature.ECDSA_P_384: SignatureScheme(Digest.SHA_384, _sequence(_SHA_384), _sequence(_ECDSA_SHA_384),
                                           Agreement.P_384),
    Signature.ED25519: SignatureScheme(Digest.SHA_512, _sequence(_SHA_512), _sequence(_ED25519), Agreement.ED25519),
}

ECDH_IDENTIFIER = bytes.fromhex("301506062b8104010b01300b060960864801650304012d")
OAEP_IDENTIFIER = _sequence(_rsa(_OAEP_OID, hash_null=b"", mask_null=b""))
SHARED_INFO = bytes.fromhex("3015300b060960864801650304012da206040400000100")
"""ECC-CMS-SharedInfo {id-aes256-wrap, suppPubInfo 256 bits}, RFC 5753 section 7.2."""

KEY_WRAPS: Mapping[bytes, KeyWrap] = {
    ECDH_IDENTIFIER[2:]: KeyWrap.ECDH,
    **{_rsa(_OAEP_OID, hash_null=one, mask_null=other): KeyWrap.RSA_OAEP
       for one in (b"", _NULL) for other in (b"", _NULL)},
}
"""Content octets of AlgorithmIdentifier -> way of key wrapping."""

CURVES: Mapping[int, Curve] = {
    curve.point_octets: curve for curve in (
        Curve(ec.SECP256R1(), 65, _sequence(_EC_PUBLIC_KEY + _P_256), None),
        Curve(ec.SECP384R1(), 97, _sequence(_EC_PUBLIC_KEY + _P_384), Agreement.ECDH_P_384),
    )
}
"""Octets of an uncompressed point -> curve."""


def curve_of_point(point: bytes, key_algorithm: bytes) -> Curve | None:
    """The curve of an originator's point; None when its length or its algorithm identifier is not on the list."""
    curve = CURVES.get(len(point))
    if curve is None:
        return None
    allowed = (_EC_PUBLIC_KEY, _EC_PUBLIC_KEY + _NULL, curve.key_identifier[2:])
    return curve if key_algorithm in allowed else None


def curve_of_key(key: ec.EllipticCurvePublicKey) -> Curve | None:
    """The curve of a recipient's key; None when it is not on the list."""
    return next((curve for curve in CURVES.values() if curve.curve.name == key.curve.name), None)


def scheme_of(key: object) -> Signature | None:
    """The one signature scheme that a public key of allowed kind and size is used with; None for all others."""
    if isinstance(key, rsa.RSAPublicKey):
        return Signature.RSA_PSS if LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS else None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"secp256r1": Signature.ECDSA_P_256, "secp384r1": Signature.ECDSA_P_384}.get(key.curve.name)
    return Signature.ED25519 if isinstance(key, ed25519.Ed25519PublicKey) else None


def wraps_for(key: object) -> bool:
    """Tell whether a content key may be wrapped to this public key, agreements aside."""
    if isinstance(key, rsa.RSAPublicKey):
        return LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and curve_of_key(key) is not None


def sign(key: PrivateKey, content: bytes) -> bytes:
    """Sign with the scheme that belongs to the key."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, _PSS, hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    return key.sign(content, _ECDSA_384 if key.key_size == 384 else _ECDSA_256)


def verify(key: object, signature: bytes, content: bytes) -> bool:
    """Tell whether the signature is true under the scheme that belongs to the key."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, _PSS, hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, content)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, _ECDSA_384 if key.key_size == 384 else _ECDSA_256)
        else:
            return False
    except InvalidSignature:
        return False
    return True
