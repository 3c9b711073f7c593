"""What a structure of GW-1 is once it has been read: plain values and octets as received."""

from __future__ import annotations

from msgspec import Struct


class Name(Struct, frozen=True):
    """Issuer and serial of a certificate: what CMS calls by.

    encoded  DER of IssuerAndSerialNumber, compared byte for byte
    issuer   DER of the issuer's name
    serial   serial number, 1..21 octets
    """

    encoded: bytes
    issuer: bytes
    serial: int


class Recipient(Struct, frozen=True):
    """One entry of recipientInfos.

    name           issuer and serial, encoded; None when the entry names its recipient in another way
    algorithm      content octets of the key encryption AlgorithmIdentifier
    encrypted_key  the wrapped content key
    point          EC: the sender's fresh public point; None for RSA
    key_algorithm  EC: content octets of the AlgorithmIdentifier of that point; empty for RSA
    """

    name: bytes | None
    algorithm: bytes = b""
    encrypted_key: bytes = b""
    point: bytes | None = None
    key_algorithm: bytes = b""


class Outer(Struct, frozen=True):
    """AuthEnvelopedData; or EnvelopedData, where nothing authenticates the content.

    authenticated  whether it is AuthEnvelopedData
    algorithm      content octets of the content encryption AlgorithmIdentifier
    nonce          the nonce of GCM, of EnvelopedData the IV of CBC; None for other algorithms and unreadable parameters
    tag_octets     the tag length that the parameters of GCM declare, else None
    tag            the tag itself; empty for EnvelopedData
    """

    authenticated: bool
    recipients: tuple[Recipient, ...]
    content_type: str
    algorithm: bytes
    nonce: bytes | None
    tag_octets: int | None
    ciphertext: bytes | memoryview
    tag: bytes


class SignerInfo(Struct, frozen=True):
    """One SignerInfo.

    sid         issuer and serial, encoded; None for a subjectKeyIdentifier
    attributes  (dotted type, encoded values) in order; None when there are none at all
    signed      the octets under the signature: the attributes as received, tag changed to SET OF; empty without them
    """

    sid: bytes | None
    digest: bytes
    attributes: tuple[tuple[str, tuple[bytes, ...]], ...] | None
    signed: bytes
    algorithm: bytes
    signature: bytes
    has_unsigned: bool


class Inner(Struct, frozen=True):
    """SignedData. `certificates` is None when the field is absent; `content` is None when detached.

    A large content is a view of the octets that were read, as is a large ciphertext of `Outer`.
    """

    digests: tuple[bytes, ...]
    content_type: str
    content: bytes | memoryview | None
    certificates: tuple[bytes, ...] | None
    signers: tuple[SignerInfo, ...]


class SigningCertificate(Struct, frozen=True):
    """First ESSCertIDv2: the hash of the signer's certificate, by which algorithm (dotted), and its (issuer, serial)
    where given."""

    algorithm: str
    digest: bytes
    issuer_serial: tuple[bytes, int] | None
