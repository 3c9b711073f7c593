"""From plain values to DER. Parts that are the same for every object of a key are encoded once and passed as octets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat import asn1
from cryptography.hazmat.asn1 import TLV, BitString, GeneralizedTime, SetOf, UTCTime
from cryptography.x509 import ObjectIdentifier

from gateway.security.asn1 import structures as der
from gateway.security.asn1.names import AES_256_GCM, AUTH_ENVELOPED_DATA, DATA, SIGNED_DATA, UTC_TIME_ENDS
from gateway.security.asn1.values import Name

_CONTEXT_0, _CONTEXT_1 = b"\xa0", b"\xa1"
_DATA, _SIGNED_DATA = ObjectIdentifier(DATA), ObjectIdentifier(SIGNED_DATA)
_AUTH_ENVELOPED_DATA, _AES_256_GCM = ObjectIdentifier(AUTH_ENVELOPED_DATA), ObjectIdentifier(AES_256_GCM)


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


def write_outer(recipients: Sequence[bytes], nonce: bytes, ciphertext: bytes, tag: bytes) -> bytes:
    """The whole sealed file."""
    algorithm = der.GcmAlgorithm(algorithm=_AES_256_GCM, parameters=der.GcmParameters(nonce=nonce, tag_octets=len(tag)))
    content = der.EncryptedContent(content_type=_DATA, algorithm=_raw(asn1.encode_der(algorithm)), content=ciphertext)
    return asn1.encode_der(der.AuthEnvelopedInfo(content_type=_AUTH_ENVELOPED_DATA, content=der.AuthEnveloped(
        version=0, recipients=SetOf([_raw(recipient) for recipient in recipients]), content=content, mac=tag)))


def write_attribute(kind: str, value: bytes) -> bytes:
    """One attribute with one value."""
    return asn1.encode_der(der.Attribute(kind=ObjectIdentifier(kind), values=SetOf([_raw(value)])))


def write_attributes(attributes: Sequence[bytes]) -> bytes:
    """Encoded attributes as the SET OF that is signed."""
    return asn1.encode_der(SetOf([_raw(attribute) for attribute in attributes]))


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


def write_inner(content: bytes, certificates: Sequence[bytes], name: Name, digest: bytes, attributes: bytes,
                algorithm: bytes, signature: bytes) -> bytes:
    """The whole inner object; `digest` and `algorithm` are AlgorithmIdentifiers, `attributes` what was signed."""
    signer = asn1.encode_der(der.SignerAsReceived(
        version=1, sid=_raw(name.encoded), digest=_raw(digest), attributes=_raw(_CONTEXT_0 + attributes[1:]),
        algorithm=_raw(algorithm), signature=signature, unsigned=None))
    return asn1.encode_der(der.SignedDataInfo(content_type=_SIGNED_DATA, content=der.SignedData(
        version=1, digests=SetOf([_raw(digest)]), encapsulated=der.Encapsulated(content_type=_DATA, content=content),
        certificates=SetOf([_raw(certificate) for certificate in certificates]), signers=SetOf([_raw(signer)]))))


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
