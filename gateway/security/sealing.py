"""Sealing: header and payload become one sealed file (GW-1 sections 3 and 4).

Sign, then encrypt. The content key, the nonce and every ephemeral key are drawn in here, fresh for each object; nobody
can pass one in. What is the same for every object of a key is computed once, in the key or in `_Recipient`.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.security import asn1
from gateway.security.algorithms import (
    ECDH_IDENTIFIER,
    OAEP,
    OAEP_IDENTIFIER,
    SHARED_INFO,
    Digest,
    curve_of_key,
)
from gateway.security.certificates import ENCRYPTION, Certificate
from gateway.security.header import Header, write_header
from gateway.security.keys import Signer

LARGEST_FILE = 32 << 20
KEY_OCTETS, NONCE_OCTETS, TAG_OCTETS, BLOCK_OCTETS = 32, 12, 16, 16


class Sealed(Struct, frozen=True):
    """A sealed file.

    name              file name in the mailbox, 32 hex digits and ".p7m"
    content           the file
    inner             the SignedData inside, kept as long as the ledger
    mic               SHA-256 of the ENTITY, 64 hex digits
    signature_digest  SHA-256 of the signature value, 64 hex digits
    """

    name: str
    content: bytes
    inner: bytes
    mic: str
    signature_digest: str


def seal(header: Header, payload: bytes, *, signer: Signer, recipients: Sequence[Certificate],
         signing_time: datetime, cbc: bool = False) -> Sealed:
    """Sign and encrypt one payload.

    signing_time  aware; whole seconds count, the fraction is dropped
    cbc           encrypt by section 14, as agreed with this partner for the time being

    Raises LocalError K020 unless there are 1..8 recipients, all different, each with an encryption certificate of
    section 3.3, K025 when the file would be larger than a partner reads; ValueError for a header outside the grammar.
    """
    inner, mic, signature_digest = _sign((write_header(header), payload), signer, signing_time)
    content = encrypt(inner, recipients, cbc=cbc)
    return Sealed(file_name(content), content, inner, mic, signature_digest)


def sign_inner(entity: bytes, signer: Signer, signing_time: datetime) -> tuple[bytes, str, str]:
    """The inner object of section 3.2 round a content, its MIC, and the digest of the signature value."""
    return _sign((entity,), signer, signing_time)


def _sign(entity: Sequence[bytes], signer: Signer, signing_time: datetime) -> tuple[bytes, str, str]:
    scheme, mic = signer.scheme, _digest(Digest.SHA_256, entity)
    digest = mic if scheme.digest is Digest.SHA_256 else _digest(scheme.digest, entity)
    attributes = asn1.write_attributes((
        *signer.identity,
        asn1.write_attribute(asn1.MESSAGE_DIGEST, asn1.write_octets(digest)),
        asn1.write_attribute(asn1.SIGNING_TIME, asn1.write_signing_time(signing_time.replace(microsecond=0))),
    ))
    signature = signer.sign(attributes)
    certificate = signer.certificate
    inner = asn1.write_inner(entity, (certificate.der,), certificate.name, scheme.digest_identifier, attributes,
                             scheme.identifier, signature)
    return inner, mic.hex(), hashlib.sha256(signature).hexdigest()


def _digest(algorithm: Digest, parts: Sequence[bytes]) -> bytes:
    digest = hashlib.new(algorithm.value)
    for part in parts:
        digest.update(part)
    return digest.digest()


def encrypt(inner: bytes, recipients: Sequence[Certificate], *, cbc: bool = False) -> bytes:
    """The outer object of section 3.1 or 14 round an inner one; also used to encrypt a stored one anew (O3).

    Raises LocalError K020, K025 as `seal` does.
    """
    if not 1 <= len(set(recipients)) == len(recipients) <= asn1.MOST_RECIPIENTS:
        raise LocalError(Finding(code="K020", values={"recipients": str(len(recipients))}))
    prepared = [_recipient(certificate) for certificate in recipients]
    key = os.urandom(KEY_OCTETS)
    wrapped = [recipient.wrap(key) for recipient in prepared]
    content = (_cbc if cbc else _gcm)(inner, key, wrapped)
    if len(content) > LARGEST_FILE:
        raise LocalError(Finding(code="K025", values={"size": str(len(content)), "limit": str(LARGEST_FILE)}))
    return content


def _gcm(inner: bytes, key: bytes, recipients: Sequence[bytes]) -> bytes:
    nonce = os.urandom(NONCE_OCTETS)
    front, between = asn1.frame_gcm(recipients, nonce, len(inner), TAG_OCTETS)
    end = len(front) + len(inner)
    file = io.BytesIO(bytes(end + len(between) + TAG_OCTETS))  # gives back what it holds without a copy of it
    with file.getbuffer() as room:
        room[:len(front)] = front
        AESGCM(key).encrypt_into(nonce, inner, None, room[len(front):end + TAG_OCTETS])
        room[end:] = between + bytes(room[end:end + TAG_OCTETS])
    return file.getvalue()


def _cbc(inner: bytes, key: bytes, recipients: Sequence[bytes]) -> bytes:
    iv = os.urandom(BLOCK_OCTETS)
    padder, blocks = padding.PKCS7(BLOCK_OCTETS * 8).padder(), Cipher(AES256(key), CBC(iv)).encryptor()
    padded = padder.update(inner) + padder.finalize()
    return asn1.write_cbc(recipients, iv, blocks.update(padded) + blocks.finalize())


def file_name(content: bytes) -> str:
    """Name of a sealed file: the first 32 hex digits of its SHA-256, then .p7m (section 2)."""
    return hashlib.sha256(content).hexdigest()[:32] + ".p7m"


class _Recipient(Struct, frozen=True):
    name: asn1.Name
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
    key_identifier: bytes

    def wrap(self, content_key: bytes) -> bytes:
        """One recipientInfo."""
        if isinstance(self.key, rsa.RSAPublicKey):
            return asn1.write_key_trans(self.name, OAEP_IDENTIFIER, self.key.encrypt(content_key, OAEP))
        ephemeral = ec.generate_private_key(self.key.curve)
        secret = ephemeral.exchange(ec.ECDH(), self.key)
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        wrapped = aes_key_wrap(derive(secret), content_key)
        return asn1.write_key_agree(self.name, ECDH_IDENTIFIER, self.key_identifier, point, wrapped)


def derive(secret: bytes) -> bytes:
    """Key-encryption key from an ECDH secret: X9.63 with SHA-256 (RFC 5753 7.2)."""
    return X963KDF(hashes.SHA256(), KEY_OCTETS, SHARED_INFO).derive(secret)


@lru_cache(maxsize=256)
def _recipient(certificate: Certificate) -> _Recipient:
    key = certificate.key
    if certificate.uses == {ENCRYPTION} and certificate.strong:
        if isinstance(key, rsa.RSAPublicKey):
            return _Recipient(certificate.name, key, b"")
        if isinstance(key, ec.EllipticCurvePublicKey):
            curve = curve_of_key(key)
            if curve is not None:
                return _Recipient(certificate.name, key, curve.key_identifier)
    raise LocalError(Finding(code="K020", values={"recipients": certificate.subject}))
