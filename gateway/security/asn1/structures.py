"""The structures of GW-1 as the standards declare them, narrower where GW-1 is. Declarations only.

Sources: RFC 5652 (CMS), RFC 5083 (AuthEnvelopedData), RFC 5084 (GCM parameters), RFC 3565 (CBC parameters), RFC 5753
(ECC in CMS), RFC 5035 (signingCertificateV2), RFC 6211 (algorithm protection), RFC 5280 (certificates).
"""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.hazmat.asn1 import TLV, BitString, Default, Explicit, Implicit, Null, SetOf
from cryptography.x509 import ObjectIdentifier


@asn1.sequence
class ContentInfo:
    content_type: ObjectIdentifier
    content: Annotated[TLV, Explicit(0)]


@asn1.sequence
class IssuerAndSerial:
    issuer: TLV
    serial: int


@asn1.sequence
class KeyTrans:
    version: int
    rid: IssuerAndSerial | Annotated[bytes, Implicit(0)]
    algorithm: TLV
    encrypted_key: bytes


@asn1.sequence
class OriginatorKey:
    algorithm: TLV
    point: BitString


@asn1.sequence
class RecipientKeyIdentifier:
    identifier: bytes
    others: list[TLV] | None


@asn1.sequence
class RecipientEncryptedKey:
    rid: IssuerAndSerial | Annotated[RecipientKeyIdentifier, Implicit(0)]
    encrypted_key: bytes


@asn1.sequence
class KeyAgree:
    version: int
    # The second alternative (a static key named by its identifier) only makes this a CHOICE; it is refused.
    originator: Annotated[Annotated[OriginatorKey, Implicit(1)] | Annotated[bytes, Implicit(0)], Explicit(0)]
    algorithm: TLV
    keys: list[RecipientEncryptedKey]


@asn1.sequence
class KeyAgreeElement:  # an element with its own tag cannot stand alone in this library: it is wrapped
    value: Annotated[KeyAgree, Implicit(1)]


@asn1.sequence
class EncryptedContent:
    content_type: ObjectIdentifier
    algorithm: TLV
    content: Annotated[bytes, Implicit(0)]


@asn1.sequence
class AuthEnveloped:
    version: int
    recipients: SetOf[TLV]
    content: EncryptedContent
    mac: bytes


@asn1.sequence
class AuthEnvelopedInfo:
    content_type: ObjectIdentifier
    content: Annotated[AuthEnveloped, Explicit(0)]


@asn1.sequence
class Enveloped:
    version: int
    recipients: SetOf[TLV]
    content: EncryptedContent


@asn1.sequence
class EnvelopedInfo:
    content_type: ObjectIdentifier
    content: Annotated[Enveloped, Explicit(0)]


@asn1.sequence
class GcmParameters:
    nonce: bytes
    tag_octets: Annotated[int, Default(12)]


@asn1.sequence
class GcmAlgorithm:
    algorithm: ObjectIdentifier
    parameters: GcmParameters


@asn1.sequence
class WithParameters:
    algorithm: ObjectIdentifier
    parameters: TLV


@asn1.sequence
class WithoutParameters:
    algorithm: ObjectIdentifier


@asn1.sequence
class Encapsulated:
    content_type: ObjectIdentifier
    content: Annotated[bytes | None, Explicit(0)]


@asn1.sequence
class SignedData:
    version: int
    digests: SetOf[TLV]
    encapsulated: Encapsulated
    certificates: Annotated[SetOf[TLV] | None, Implicit(0)]
    signers: SetOf[TLV]


@asn1.sequence
class SignedDataInfo:
    content_type: ObjectIdentifier
    content: Annotated[SignedData, Explicit(0)]


@asn1.sequence
class Attribute:
    kind: ObjectIdentifier
    values: SetOf[TLV]


@asn1.sequence
class AttributesElement:
    value: SetOf[Attribute]


@asn1.sequence
class Signer:
    version: int
    sid: IssuerAndSerial | Annotated[bytes, Implicit(0)]
    digest: TLV
    attributes: Annotated[SetOf[Attribute] | None, Implicit(0)]
    algorithm: TLV
    signature: bytes
    unsigned: Annotated[SetOf[TLV] | None, Implicit(1)]


@asn1.sequence
class SignerAsReceived:  # the same structure, read for the octets of the attributes once they are known to be there
    version: int
    sid: TLV
    digest: TLV
    attributes: TLV
    algorithm: TLV
    signature: bytes
    unsigned: Annotated[SetOf[TLV] | None, Implicit(1)]


@asn1.sequence
class HashAlgorithm:
    algorithm: ObjectIdentifier
    parameters: Null | None


@asn1.sequence
class IssuerSerial:
    issuer: list[TLV]
    serial: int


@asn1.sequence
class EssCertificate:
    hash_algorithm: HashAlgorithm | None
    digest: bytes
    issuer_serial: IssuerSerial | None


@asn1.sequence
class SigningCertificate:
    certificates: list[EssCertificate]
    policies: list[TLV] | None


@asn1.sequence
class DirectoryName:
    name: Annotated[TLV, Explicit(4)]


@asn1.sequence
class Protection:
    digest: TLV
    signature: TLV  # [1] IMPLICIT AlgorithmIdentifier


@asn1.sequence
class ToBeSigned:
    version: Annotated[int, Explicit(0), Default(0)]
    serial: int
    signature: TLV
    issuer: TLV
    validity: TLV
    subject: TLV
    key: TLV
    issuer_id: Annotated[BitString | None, Implicit(1)]
    subject_id: Annotated[BitString | None, Implicit(2)]
    extensions: Annotated[list[TLV] | None, Explicit(3)]


@asn1.sequence
class Certificate:
    content: ToBeSigned
    algorithm: TLV
    signature: BitString


@asn1.sequence
class ScryptParameters:
    salt: bytes
    cost: int
    block_size: int
    parallelization: int
    key_octets: int | None


@asn1.sequence
class Scrypt:
    algorithm: ObjectIdentifier
    parameters: ScryptParameters


@asn1.sequence
class CbcAlgorithm:
    algorithm: ObjectIdentifier
    iv: bytes


@asn1.sequence
class PasswordParameters:
    derivation: Scrypt
    cipher: CbcAlgorithm


@asn1.sequence
class PasswordEncryption:
    algorithm: ObjectIdentifier
    parameters: PasswordParameters


@asn1.sequence
class EncryptedPrivateKey:
    algorithm: PasswordEncryption
    content: bytes
