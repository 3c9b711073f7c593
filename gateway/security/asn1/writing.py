"""From plain values to DER. Parts that are the same for every object of a key are encoded once and passed as octets.

The library moves a content once for every structure round it. What may be large, the signed and the encrypted content,
is therefore framed here (`_frames`) and written once; everything inside the frames is the library's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat import asn1
from cryptography.hazmat.asn1 import TLV, BitString, GeneralizedTime, SetOf, UTCTime
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

_OCTETS, _SEQUENCE, _CONTEXT_0, _CONTEXT_1 = b"\x04", b"\x30", b"\xa0", b"\xa1"
_PRIMITIVE_0 = b"\x80"
_AES_256_GCM, _AES_256_CBC = ObjectIdentifier(AES_256_GCM), ObjectIdentifier(AES_256_CBC)
_DATA, _SIGNED_DATA, _AUTH_ENVELOPED_DATA, _ENVELOPED_DATA = (
    asn1.encode_der(ObjectIdentifier(name)) for name in (DATA, SIGNED_DATA, AUTH_ENVELOPED_DATA, ENVELOPED_DATA))
_0, _1, _2 = map(asn1.encode_der, range(3))


def write_key_trans(name: Name, algorithm: bytes, encrypted_key: bytes) -> bytes:
    """A KeyTransRecipientInfo; `algorithm` is a whole AlgorithmIdentifier."""
    return asn1.encode_der(der.KeyTrans(version=0, rid=_issuer_and_serial(name), algorithm=_raw(algorithm),
                                     encrypted_key=encrypted_key))


def write_key_agree(name: Name, algorithm: bytes, key_algorithm: bytes, point: bytes, encrypted_key: bytes) -> bytes:
    """A KeyAgreeRecipientInfo for one recipient; the algorithms are whole AlgorithmIdentifiers."""
    key = der.OriginatorKey(algorithm=_raw(key_algorithm), point=BitString(point, 0))
    wrapped = der.RecipientEncryptedKey(rid=_issuer_and_serial(name), encrypted_key=encrypted_key)
    agree = der.KeyAgree(version=3, originator=key, algorithm=_raw(algorithm), keys=[wrapped])
    element = der.KeyAgreeElement(value=agree)
    return bytes(_raw(asn1.encode_der(element)).data)


def frame_gcm(recipients: Sequence[bytes], nonce: bytes, size: int, tag_octets: int) -> tuple[bytes, bytes]:
    """AuthEnvelopedData with AES-256-GCM (section 3.1): what stands before the ciphertext, and between it and the tag.

    size  octets of ciphertext; the tag is the end of the file
    """
    algorithm = der.GcmAlgorithm(algorithm=_AES_256_GCM, parameters=der.GcmParameters(nonce=nonce,
                                                                                      tag_octets=tag_octets))
    mac = asn1.encode_der(bytes(tag_octets))
    front, back = _frames(size, (
        (_PRIMITIVE_0, b"", b""), (_SEQUENCE, _DATA + asn1.encode_der(algorithm), b""),
        (_SEQUENCE, _0 + _set_of(recipients), mac), (_CONTEXT_0, b"", b""), (_SEQUENCE, _AUTH_ENVELOPED_DATA, b"")))
    return front, back[:-tag_octets]


def write_cbc(recipients: Sequence[bytes], iv: bytes, ciphertext: bytes) -> bytes:
    """The whole sealed file: EnvelopedData with AES-256-CBC (section 14); version 0 with only key transport."""
    algorithm = der.CbcAlgorithm(algorithm=_AES_256_CBC, iv=iv)
    transported = all(recipient.startswith(_SEQUENCE) for recipient in recipients)
    front, back = _frames(len(ciphertext), (
        (_PRIMITIVE_0, b"", b""), (_SEQUENCE, _DATA + asn1.encode_der(algorithm), b""),
        (_SEQUENCE, (_0 if transported else _2) + _set_of(recipients), b""),
        (_CONTEXT_0, b"", b""), (_SEQUENCE, _ENVELOPED_DATA, b"")))
    return b"".join((front, ciphertext, back))


def write_attribute(kind: str, value: bytes) -> bytes:
    """One attribute with one value."""
    return asn1.encode_der(der.Attribute(kind=ObjectIdentifier(kind), values=SetOf([_raw(value)])))


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
    return asn1.encode_der(value)


def write_identifier(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    return asn1.encode_der(ObjectIdentifier(dotted))


def write_inner(content: Sequence[bytes], certificates: Sequence[bytes], name: Name, digest: bytes, attributes: bytes,
                algorithm: bytes, signature: bytes) -> bytes:
    """The whole inner object round the parts of its content.

    digest, algorithm  whole AlgorithmIdentifiers; attributes  what was signed
    """
    signer = asn1.encode_der(der.SignerAsReceived(
        version=1, sid=_raw(name.encoded), digest=_raw(digest), attributes=_raw(_CONTEXT_0 + attributes[1:]),
        algorithm=_raw(algorithm), signature=signature, unsigned=None))
    front, back = _frames(sum(map(len, content)), (
        (_OCTETS, b"", b""), (_CONTEXT_0, b"", b""), (_SEQUENCE, _DATA, b""),
        (_SEQUENCE, _1 + _set_of([digest]), _CONTEXT_0 + _set_of(certificates)[1:] + _set_of([signer])),
        (_CONTEXT_0, b"", b""), (_SEQUENCE, _SIGNED_DATA, b"")))
    return b"".join((front, *content, back))


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
    return asn1.encode_der(SetOf([_raw(element) for element in elements]))


def _raw(content: bytes) -> TLV:
    return asn1.decode_der(TLV, content)


def _issuer_and_serial(name: Name) -> der.IssuerAndSerial:
    return der.IssuerAndSerial(issuer=_raw(name.issuer), serial=name.serial)


def write_encrypted_private_key(*, salt: bytes, cost: int, block_size: int, parallelization: int, iv: bytes,
                                content: bytes) -> bytes:
    """EncryptedPrivateKeyInfo with PBES2, scrypt and AES-256-CBC (RFC 5958, RFC 8018 A.4, RFC 7914 section 7)."""
    derivation = der.Scrypt(algorithm=ObjectIdentifier("1.3.6.1.4.1.11591.4.11"), parameters=der.ScryptParameters(
        salt=salt, cost=cost, block_size=block_size, parallelization=parallelization, key_octets=None))
    cipher = der.CbcAlgorithm(algorithm=ObjectIdentifier("2.16.840.1.101.3.4.1.42"), iv=iv)
    scheme = der.PasswordEncryption(algorithm=ObjectIdentifier("1.2.840.113549.1.5.13"),
                                    parameters=der.PasswordParameters(derivation=derivation, cipher=cipher))
    return asn1.encode_der(der.EncryptedPrivateKey(algorithm=scheme, content=content))
