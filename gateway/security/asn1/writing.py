"""From plain values to DER. Parts that are the same for every object of a key are encoded once and passed as octets.

The library moves a content once for every structure round it, which for what may be large, the signed and the encrypted
content, costs more than to encrypt it. So constructed elements are put together here (`_element`, `_frames`); whatever
was written is read by the strict reader, by openssl and by BouncyCastle in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat import asn1
from cryptography.hazmat.asn1 import TLV, GeneralizedTime, UTCTime
from cryptography.x509 import ObjectIdentifier

from gateway.security.asn1 import structures as der
from gateway.security.asn1.large import length
from gateway.security.asn1.names import (
    AES_256_CBC,
    AES_256_GCM,
    AUTH_ENVELOPED_DATA,
    DATA,
    ENVELOPED_DATA,
    SIGNED_DATA,
    UTC_TIME_ENDS,
)
from gateway.security.asn1.values import Name

_BITS, _OCTETS, _SEQUENCE, _SET, _CONTEXT_0, _CONTEXT_1 = b"\x03", b"\x04", b"\x30", b"\x31", b"\xa0", b"\xa1"
_PRIMITIVE_0 = b"\x80"
_DATA, _SIGNED_DATA, _AUTH_ENVELOPED_DATA, _ENVELOPED_DATA, _AES_256_GCM, _AES_256_CBC = (
    asn1.encode_der(ObjectIdentifier(name)) for name in (
        DATA, SIGNED_DATA, AUTH_ENVELOPED_DATA, ENVELOPED_DATA, AES_256_GCM, AES_256_CBC))
_0, _1, _2, _3 = map(asn1.encode_der, range(4))


def write_key_trans(name: Name, algorithm: bytes, encrypted_key: bytes) -> bytes:
    """A KeyTransRecipientInfo; `algorithm` is a whole AlgorithmIdentifier."""
    return _element(_SEQUENCE, _0, name.encoded, algorithm, _element(_OCTETS, encrypted_key))


def write_key_agree(name: Name, algorithm: bytes, key_algorithm: bytes, point: bytes, encrypted_key: bytes) -> bytes:
    """A KeyAgreeRecipientInfo for one recipient; the algorithms are whole AlgorithmIdentifiers."""
    originator = _element(_CONTEXT_1, key_algorithm, _element(_BITS, b"\x00", point))
    wrapped = _element(_SEQUENCE, name.encoded, _element(_OCTETS, encrypted_key))
    return _element(_CONTEXT_1, _3, _element(_CONTEXT_0, originator), algorithm, _element(_SEQUENCE, wrapped))


def frame_gcm(recipients: Sequence[bytes], nonce: bytes, size: int, tag_octets: int) -> tuple[bytes, bytes]:
    """AuthEnvelopedData with AES-256-GCM (section 3.1): what stands before the ciphertext, and between it and the tag.

    size  octets of ciphertext; the tag is the end of the file
    """
    parameters = _element(_SEQUENCE, _element(_OCTETS, nonce), asn1.encode_der(tag_octets))
    mac = _element(_OCTETS, bytes(tag_octets))
    front, back = _frames(size, (
        (_PRIMITIVE_0, b"", b""), (_SEQUENCE, _DATA + _element(_SEQUENCE, _AES_256_GCM, parameters), b""),
        (_SEQUENCE, _0 + _set_of(recipients), mac), (_CONTEXT_0, b"", b""), (_SEQUENCE, _AUTH_ENVELOPED_DATA, b"")))
    return front, back[:-tag_octets]


def write_cbc(recipients: Sequence[bytes], iv: bytes, ciphertext: bytes) -> bytes:
    """The whole sealed file: EnvelopedData with AES-256-CBC (section 14); version 0 with only key transport."""
    algorithm = _element(_SEQUENCE, _AES_256_CBC, _element(_OCTETS, iv))
    version = _0 if all(recipient.startswith(_SEQUENCE) for recipient in recipients) else _2
    front, back = _frames(len(ciphertext), (
        (_PRIMITIVE_0, b"", b""), (_SEQUENCE, _DATA + algorithm, b""), (_SEQUENCE, version + _set_of(recipients), b""),
        (_CONTEXT_0, b"", b""), (_SEQUENCE, _ENVELOPED_DATA, b"")))
    return b"".join((front, ciphertext, back))


def write_attribute(kind: str, value: bytes) -> bytes:
    """One attribute with one value."""
    return _element(_SEQUENCE, write_identifier(kind), _element(_SET, value))


def write_attributes(attributes: Sequence[bytes]) -> bytes:
    """Encoded attributes as the SET OF that is signed."""
    return _set_of(attributes)


def write_signing_certificate(sha256: bytes, name: Name) -> bytes:
    """The value of signingCertificateV2 for one certificate, hash algorithm left at its default."""
    issuer = _raw(bytes(_raw(asn1.encode_der(der.DirectoryName(name=_raw(name.issuer)))).data))
    certificate = der.EssCertificate(hash_algorithm=None, digest=sha256,
                                  issuer_serial=der.IssuerSerial(issuer=[issuer], serial=name.serial))
    return asn1.encode_der(der.SigningCertificate(certificates=[certificate], policies=None))


def write_protection(digest: bytes, signature: bytes) -> bytes:
    """The value of cmsAlgorithmProtection from two whole AlgorithmIdentifiers."""
    tagged = _raw(_CONTEXT_1 + signature[1:])
    return asn1.encode_der(der.Protection(digest=_raw(digest), signature=tagged))


def write_signing_time(moment: datetime) -> bytes:
    """Time of whole seconds: UTCTime until 2049, GeneralizedTime from 2050. Raises ValueError for fractions."""
    if moment.microsecond:
        raise ValueError("signing times are whole seconds")
    return asn1.encode_der(UTCTime(moment) if moment.year < UTC_TIME_ENDS else GeneralizedTime(moment))


def write_octets(value: bytes) -> bytes:
    """An OCTET STRING."""
    return _element(_OCTETS, value)


@lru_cache(maxsize=64)
def write_identifier(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    return asn1.encode_der(ObjectIdentifier(dotted))


def write_inner(content: Sequence[bytes], certificates: Sequence[bytes], name: Name, digest: bytes, attributes: bytes,
                algorithm: bytes, signature: bytes) -> bytes:
    """The whole inner object round the parts of its content.

    digest, algorithm  whole AlgorithmIdentifiers; attributes  what was signed
    """
    signer = _element(_SEQUENCE, _1, name.encoded, digest, _CONTEXT_0 + attributes[1:], algorithm,
                      _element(_OCTETS, signature))
    front, back = _frames(sum(map(len, content)), (
        (_OCTETS, b"", b""), (_CONTEXT_0, b"", b""), (_SEQUENCE, _DATA, b""),
        (_SEQUENCE, _1 + _set_of([digest]), _CONTEXT_0 + _set_of(certificates)[1:] + _set_of([signer])),
        (_CONTEXT_0, b"", b""), (_SEQUENCE, _SIGNED_DATA, b"")))
    return b"".join((front, *content, back))


def _element(tag: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return tag + length(len(content)) + content


def _frames(size: int, frames: Sequence[tuple[bytes, bytes, bytes]]) -> tuple[bytes, bytes]:
    """What stands before and behind a content of that size in these elements, from the inside out.

    frames  (tag, what stands in the element before what it is round, what behind)
    """
    front, back = b"", b""
    for tag, before, after in frames:
        size += len(before) + len(after)
        head = tag + length(size) + before
        front, back = head + front, back + after
        size += len(head) - len(before)
    return front, back


def _set_of(elements: Sequence[bytes]) -> bytes:
    """SET OF, in order (X.690 section 11.6)."""
    return _element(_SET, *sorted(elements))


def _raw(content: bytes) -> TLV:
    return asn1.decode_der(TLV, content)


def write_encrypted_private_key(*, salt: bytes, cost: int, block_size: int, parallelization: int, iv: bytes,
                                content: bytes) -> bytes:
    """EncryptedPrivateKeyInfo with PBES2, scrypt and AES-256-CBC (RFC 5958, RFC 8018 A.4, RFC 7914 section 7)."""
    derivation = der.Scrypt(algorithm=ObjectIdentifier("1.3.6.1.4.1.11591.4.11"), parameters=der.ScryptParameters(
        salt=salt, cost=cost, block_size=block_size, parallelization=parallelization, key_octets=None))
    cipher = der.CbcAlgorithm(algorithm=ObjectIdentifier("2.16.840.1.101.3.4.1.42"), iv=iv)
    scheme = der.PasswordEncryption(algorithm=ObjectIdentifier("1.2.840.113549.1.5.13"),
                                    parameters=der.PasswordParameters(derivation=derivation, cipher=cipher))
    return asn1.encode_der(der.EncryptedPrivateKey(algorithm=scheme, content=content))
