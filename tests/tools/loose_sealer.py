"""A sealer without scruples, for tests only: every field of a GW-1 file can be made wrong.

It imports nothing of the product, so that one misreading of the profile does not hide in both; all DER is written here
by hand. Left alone it makes good objects. Source: GW-1 section 3, RFC 5652, 5083, 5084, 5753, 5035, 6211.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# --- DER by hand ------------------------------------------------------------------------------------------------------


def tlv(tag: int, *parts: bytes, long_form: bool = False, indefinite: bool = False) -> bytes:
    """One element; `long_form` writes a length octet too many, `indefinite` the form of BER without length."""
    content = b"".join(parts)
    if indefinite:
        return bytes((tag, 0x80)) + content + b"\x00\x00"
    size = len(content)
    if size < 128 and not long_form:
        return bytes((tag, size)) + content
    octets = size.to_bytes(max(1, (size.bit_length() + 7) // 8), "big")
    if long_form and size >= 128:
        octets = b"\x00" + octets
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE."""
    return tlv(0x30, *parts)


def set_of(*parts: bytes, ordered: bool = True) -> bytes:
    """SET OF, in order unless told otherwise."""
    return tlv(0x31, *(sorted(parts) if ordered else parts))


def integer(number: int) -> bytes:
    """INTEGER."""
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def octets(content: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(0x04, content)


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *rest):
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(arc & 0x7F | 0x80)
        content += bytes(reversed(digits))
    return tlv(0x06, content)


def utc_time(moment: datetime) -> bytes:
    """UTCTime."""
    return tlv(0x17, moment.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode())


NULL = b"\x05\x00"
DATA, SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
ENVELOPED_DATA, AUTH_ENVELOPED_DATA = "1.2.840.113549.1.7.3", "1.2.840.113549.1.9.16.1.23"
SHA_1 = sequence(oid("1.3.14.3.2.26"))
SHA_256 = sequence(oid("2.16.840.1.101.3.4.2.1"))
SHA_256_NULL = sequence(oid("2.16.840.1.101.3.4.2.1"), NULL)
SHA_384 = sequence(oid("2.16.840.1.101.3.4.2.2"))
SHA_512 = sequence(oid("2.16.840.1.101.3.4.2.3"))
ECDSA_SHA_256 = sequence(oid("1.2.840.10045.4.3.2"))
ECDSA_SHA_1 = sequence(oid("1.2.840.10045.4.1"))
ECDSA_SHA_384 = sequence(oid("1.2.840.10045.4.3.3"))
ED25519 = sequence(oid("1.3.101.112"))
RSA_PKCS1 = sequence(oid("1.2.840.113549.1.1.11"), NULL)
RSA_PKCS1_KEY = sequence(oid("1.2.840.113549.1.1.1"), NULL)
EC_P_256 = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
MGF1 = "1.2.840.113549.1.1.8"
AES_256_WRAP, AES_128_WRAP = "2.16.840.1.101.3.4.1.45", "2.16.840.1.101.3.4.1.5"
AES_256_GCM, AES_128_GCM = "2.16.840.1.101.3.4.1.46", "2.16.840.1.101.3.4.1.6"
AES_256_CBC, TRIPLE_DES = "2.16.840.1.101.3.4.1.42", "1.2.840.113549.3.7"
ECDH_SHA_256, ECDH_SHA_1 = "1.3.132.1.11.1", "1.3.133.16.840.63.0.2"


def pss(salt: int = 32, digest: bytes = SHA_256, mask: bytes = SHA_256) -> bytes:
    """RSASSA-PSS with its parameters; a salt of 20 is the default and then not written."""
    written = () if salt == 20 else (tlv(0xA2, integer(salt)),)
    return sequence(oid("1.2.840.113549.1.1.10"), sequence(
        tlv(0xA0, digest), tlv(0xA1, sequence(oid(MGF1), mask)), *written))


def oaep(digest: bytes | None = SHA_256, mask: bytes = SHA_256) -> bytes:
    """RSAES-OAEP with its parameters; None for SHA-1, the default."""
    if digest is None:
        return sequence(oid("1.2.840.113549.1.1.7"), sequence())
    return sequence(oid("1.2.840.113549.1.1.7"), sequence(
        tlv(0xA0, digest), tlv(0xA1, sequence(oid(MGF1), mask))))


def content_info(kind: str, content: bytes) -> bytes:
    """ContentInfo."""
    return sequence(oid(kind), tlv(0xA0, content))


def der_of(certificate: x509.Certificate) -> bytes:
    """A certificate as DER."""
    return certificate.public_bytes(Encoding.DER)


def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """IssuerAndSerialNumber."""
    return sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number))


# --- inner ------------------------------------------------------------------------------------------------------------

CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_TIME, SMIME_CAPABILITIES = "1.2.840.113549.1.9.5", "1.2.840.113549.1.9.15"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
ALGORITHM_PROTECTION, COUNTER_SIGNATURE = "1.2.840.113549.1.9.52", "1.2.840.113549.1.9.6"


def attribute(kind: str, *values: bytes) -> bytes:
    """Attribute."""
    return sequence(oid(kind), set_of(*values))


def ess(certificate: bytes, issuer_serial: bytes = b"", hash_algorithm: bytes = b"") -> bytes:
    """The value of signingCertificateV2 for a certificate in DER."""
    return sequence(sequence(sequence(hash_algorithm, octets(hashlib.sha256(certificate).digest()), issuer_serial)))


def good_attributes(entity: bytes, certificate: x509.Certificate, signing_time: datetime,
                    digest: str = "sha256") -> dict[str, bytes]:
    """The four required attributes, by type."""
    return {
        CONTENT_TYPE: attribute(CONTENT_TYPE, oid(DATA)),
        MESSAGE_DIGEST: attribute(MESSAGE_DIGEST, octets(hashlib.new(digest, entity).digest())),
        SIGNING_TIME: attribute(SIGNING_TIME, utc_time(signing_time)),
        SIGNING_CERTIFICATE_V2: attribute(SIGNING_CERTIFICATE_V2, ess(der_of(certificate))),
    }


def default_algorithms(key: Any) -> tuple[bytes, bytes]:
    """Digest and signature algorithm that go with a key."""
    if isinstance(key, rsa.RSAPrivateKey):
        return SHA_256, pss()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return SHA_512, ED25519
    return (SHA_384, ECDSA_SHA_384) if key.curve.name == "secp384r1" else (SHA_256, ECDSA_SHA_256)


def default_sign(key: Any, content: bytes) -> bytes:
    """A signature by the algorithm that goes with a key."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, rsa_padding.PSS(rsa_padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    digest = hashes.SHA384() if key.curve.name == "secp384r1" else hashes.SHA256()
    signature: bytes = key.sign(content, ec.ECDSA(digest))
    return signature


@dataclass(frozen=True)
class Author:
    """Who signs: a private key and the certificate that goes, or does not go, with it."""

    key: Any
    certificate: x509.Certificate


def signer_info(entity: bytes, author: Author, *, signing_time: datetime, version: int = 1, sid: bytes | None = None,
                digest: bytes | None = None, algorithm: bytes | None = None, digest_name: str | None = None,
                attributes: Mapping[str, bytes | None] | None = None, extra: Sequence[bytes] = (),
                signed_attributes: bool = True, ordered: bool = True, unsigned: bytes = b"",
                sign: Callable[[Any, bytes], bytes] = default_sign, alter: Callable[[bytes], bytes] = bytes) -> bytes:
    """SignerInfo.

    attributes  by type: another encoding, or None to leave one out; extra  further encoded attributes
    alter       changes the signature value
    """
    usual_digest, usual_algorithm = default_algorithms(author.key)
    name = digest_name or {SHA_384: "sha384", SHA_512: "sha512"}.get(digest or usual_digest, "sha256")
    merged: dict[str, bytes | None] = {**good_attributes(entity, author.certificate, signing_time, name),
                                       **(attributes or {})}
    encoded = [one for one in merged.values() if one is not None] + list(extra)
    body = set_of(*encoded, ordered=ordered)
    signature = sign(author.key, body if signed_attributes else entity)
    return sequence(
        integer(version), sid or issuer_and_serial(author.certificate), digest or usual_digest,
        b"\xa0" + body[1:] if signed_attributes else b"", algorithm or usual_algorithm, octets(alter(signature)),
        unsigned)


def signed_data(entity: bytes, signers: Iterable[bytes], certificates: Iterable[x509.Certificate | bytes], *,
                version: int = 1, digests: Sequence[bytes] = (SHA_256,), content_type: str = DATA,
                detached: bool = False, after: bytes = b"", outer_type: str = SIGNED_DATA,
                ordered: bool = True) -> bytes:
    """The whole inner object; `after` stands between certificates and signers (crls)."""
    encapsulated = sequence(oid(content_type), b"" if detached else tlv(0xA0, octets(entity)))
    embedded = [one if isinstance(one, bytes) else der_of(one) for one in certificates]
    certificate_set = b"\xa0" + set_of(*embedded, ordered=ordered)[1:] if embedded else b""
    return content_info(outer_type, sequence(
        integer(version), set_of(*digests), encapsulated, certificate_set, after, set_of(*signers, ordered=ordered)))


def inner(entity: bytes, author: Author, *, signing_time: datetime, certificates: Iterable[Any] | None = None,
          whole: Mapping[str, Any] | None = None, **signer: Any) -> bytes:
    """A signed object by one author; `whole` goes to signed_data, the rest to signer_info."""
    info = signer_info(entity, author, signing_time=signing_time, **signer)
    options: dict[str, Any] = {"digests": (signer.get("digest") or default_algorithms(author.key)[0],), **(whole or {})}
    return signed_data(entity, [info], [author.certificate] if certificates is None else certificates, **options)


# --- outer ------------------------------------------------------------------------------------------------------------

SHARED_INFO = sequence(sequence(oid(AES_256_WRAP)), tlv(0xA2, octets((256).to_bytes(4, "big"))))


def key_trans(certificate: x509.Certificate, content_key: bytes, *, version: int = 0, rid: bytes | None = None,
              algorithm: bytes | None = None, encrypted: bytes | None = None,
              scheme: rsa_padding.AsymmetricPadding | None = None) -> bytes:
    """KeyTransRecipientInfo."""
    key = certificate.public_key()
    if encrypted is None:
        assert isinstance(key, rsa.RSAPublicKey)
        scheme = scheme or rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        encrypted = key.encrypt(content_key, scheme)
    return sequence(integer(version), rid or issuer_and_serial(certificate), algorithm or oaep(), octets(encrypted))


def key_agree(certificate: x509.Certificate, content_key: bytes, *, version: int = 3, rid: bytes | None = None,
              scheme: str = ECDH_SHA_256, wrap: bytes | None = None, key_algorithm: bytes | None = None,
              point: bytes | None = None, encrypted: bytes | None = None, ukm: bytes = b"",
              more: Sequence[bytes] = ()) -> bytes:
    """KeyAgreeRecipientInfo; `more` are further RecipientEncryptedKeys."""
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    ephemeral = ec.generate_private_key(public.curve)
    kek = X963KDF(hashes.SHA256(), 32, SHARED_INFO).derive(ephemeral.exchange(ec.ECDH(), public))
    if encrypted is None:
        encrypted = aes_key_wrap(kek, content_key)
    if point is None:
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    curve = {"secp256r1": "1.2.840.10045.3.1.7", "secp384r1": "1.3.132.0.34", "secp521r1": "1.3.132.0.35"}
    usual = sequence(oid("1.2.840.10045.2.1"), oid(curve[public.curve.name]))
    originator = tlv(0xA0, tlv(0xA1, key_algorithm or usual, tlv(0x03, b"\x00", point)))
    entry = sequence(rid or issuer_and_serial(certificate), octets(encrypted))
    return tlv(0xA1, integer(version), originator, ukm, sequence(oid(scheme), wrap or sequence(oid(AES_256_WRAP))),
               sequence(entry, *more))


def recipient_info(certificate: x509.Certificate, content_key: bytes) -> bytes:
    """A good entry for a certificate."""
    if isinstance(certificate.public_key(), rsa.RSAPublicKey):
        return key_trans(certificate, content_key)
    return key_agree(certificate, content_key)


def outer(plain: bytes, recipients: Sequence[x509.Certificate], *, version: int = 0,
          outer_type: str = AUTH_ENVELOPED_DATA, content_type: str = DATA, key_octets: int = 32,
          algorithm: str = AES_256_GCM, nonce_octets: int = 12, tag_octets: int = 16, written_tag: int | None = None,
          entries: Callable[[bytes], Sequence[bytes]] | None = None, ordered: bool = True,
          attributes: bytes = b"", before: bytes = b"", after: bytes = b"", wrong_key: bool = False) -> bytes:
    """A sealed file.

    entries      makes the recipientInfos from the content key, instead of good ones for `recipients`
    written_tag  the ICVlen that is written, when it is another than the tag has
    before       stands before recipientInfos (originatorInfo); attributes before the mac; after behind the mac
    """
    content_key, nonce = os.urandom(key_octets), os.urandom(nonce_octets)
    used = os.urandom(key_octets) if wrong_key else content_key
    encryptor = Cipher(algorithms.AES(used), modes.GCM(nonce)).encryptor()
    ciphertext = encryptor.update(plain) + encryptor.finalize()
    tag = encryptor.tag[:tag_octets]
    infos = entries(content_key) if entries else [recipient_info(one, content_key) for one in recipients]
    length = tag_octets if written_tag is None else written_tag
    parameters = sequence(octets(nonce), b"" if length == 12 else integer(length))
    content = sequence(oid(content_type), sequence(oid(algorithm), parameters), tlv(0x80, ciphertext))
    return content_info(outer_type, sequence(
        integer(version), before, set_of(*infos, ordered=ordered), content, attributes, octets(tag), after))


def enveloped_cbc(plain: bytes, recipients: Sequence[x509.Certificate], *, version: int | None = None,
                  content_type: str = DATA, key_octets: int = 32, algorithm: str = AES_256_CBC, iv_octets: int = 16,
                  entries: Callable[[bytes], Sequence[bytes]] | None = None, padded: bool = True,
                  padding_octets: bytes | None = None, alter: Callable[[bytes], bytes] = bytes, before: bytes = b"",
                  after: bytes = b"", wrong_key: bool = False) -> bytes:
    """EnvelopedData with AES-256-CBC (GW-1 section 14).

    entries         makes the recipientInfos from the content key, instead of good ones for `recipients`
    padding_octets  stands behind the content instead of a good padding; padded  whether anything does
    alter           changes the ciphertext; before and after as in `outer`
    """
    content_key, iv = os.urandom(key_octets), os.urandom(16)
    used = os.urandom(key_octets) if wrong_key else content_key
    size = 16 - len(plain) % 16
    whole = plain + (bytes((size,)) * size if padding_octets is None else padding_octets) if padded else plain
    encryptor = Cipher(algorithms.AES(used), modes.CBC(iv)).encryptor()
    ciphertext = alter(encryptor.update(whole) + encryptor.finalize())
    infos = entries(content_key) if entries else [recipient_info(one, content_key) for one in recipients]
    if version is None:
        version = 0 if all(info[0] == 0x30 for info in infos) else 2
    content = sequence(oid(content_type), sequence(oid(algorithm), octets(iv[:iv_octets])), tlv(0x80, ciphertext))
    return content_info(ENVELOPED_DATA, sequence(integer(version), before, set_of(*infos), content, after))


def named(content: bytes) -> str:
    """The file name that fits a content."""
    return hashlib.sha256(content).hexdigest()[:32] + ".p7m"


# --- header -----------------------------------------------------------------------------------------------------------


def header(*, sender: str = "XA", recipient: str = "XB", date: datetime, sequence_number: int | str = 1,
           previous: str = "0" * 64, maker: str | None = None, content_type: str = "application/EDIFACT",
           profile: str = "1", end: str = "\r\n", filename: str = "d1.edi", extra: str = "",
           identifier: str = "0f" * 16) -> bytes:
    """The ten lines and the empty one."""
    lines = ["MIME-Version: 1.0", f"Gateway-Profile: {profile}", f"Message-ID: <{identifier}@{maker or sender}>",
             f"From-Gateway: {sender}", f"To-Gateway: {recipient}", f"Date: {date:%Y-%m-%dT%H:%M:%SZ}",
             f"Sequence: {sequence_number}", f"Previous: sha-256={previous}", f"Content-Type: {content_type}",
             f'Content-Disposition: attachment; filename="{filename}"', *([extra] if extra else []), "", ""]
    return end.join(lines).encode("latin-1")


# --- certificates and lists -------------------------------------------------------------------------------------------

SIGNING_BITS, AGREEMENT_BITS = ("digital_signature", "content_commitment"), ("key_agreement",)
_BITS = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION


def usage(*bits: str) -> x509.KeyUsage:
    """KeyUsage with these bits."""
    return x509.KeyUsage(**{name: name in bits for name in _BITS})


def certificate(key: Any, issuer: Author | None, *, name: str, now: datetime, bits: Sequence[str] = SIGNING_BITS,
                critical: bool = True, purposes: Sequence[x509.ObjectIdentifier] | None = (EMAIL,), ca: bool = False,
                path_length: int | None = None, serial: int | None = None, unit: str | None = None,
                start: timedelta = timedelta(days=-1), end: timedelta = timedelta(days=365),
                digest: Any = None,
                extensions: Sequence[tuple[x509.ExtensionType, bool]] = ()) -> x509.Certificate:
    """Any certificate; self-signed without an issuer; `purposes` None leaves extendedKeyUsage out."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if unit:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    subject = x509.Name(parts)
    builder = (x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
               .issuer_name(issuer.certificate.subject if issuer else subject)
               .serial_number(serial or x509.random_serial_number())
               .not_valid_before(now + start).not_valid_after(now + end)
               .add_extension(x509.BasicConstraints(ca, path_length if ca else None), critical=True)
               .add_extension(usage(*bits), critical=critical))
    if purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    signing_key = issuer.key if issuer else key
    edwards = isinstance(signing_key, ed25519.Ed25519PrivateKey)
    return builder.sign(signing_key, None if edwards else digest or hashes.SHA256())


def authority(name: str, now: datetime, key: Any = None, *, issuer: Author | None = None,
              path_length: int | None = None, **options: Any) -> Author:
    """A certification authority with its key."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    options = {"bits": ("key_cert_sign", "crl_sign"), "end": timedelta(days=2000), **options}
    return Author(key, certificate(key, issuer, name=name, now=now, ca=True, path_length=path_length, purposes=None,
                                   **options))


def issue_request(issuer: Author, request: x509.CertificateSigningRequest, now: datetime) -> x509.Certificate:
    """What an authority issues that copies all that a request asks for."""
    builder = x509.CertificateBuilder(issuer.certificate.subject, request.subject, request.public_key(),
                                      x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=365))
    for extension in request.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(issuer.key, hashes.SHA256())


def revocation_list(issuer: Author, now: datetime, *, revoked: Sequence[int] = (), number: int | None = 1,
                    start: timedelta = timedelta(hours=-1), end: timedelta = timedelta(days=7),
                    reason: x509.ReasonFlags | None = None, signed_by: Any = None, name: x509.Name | None = None,
                    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
                    entry_extensions: Sequence[tuple[x509.ExtensionType, bool]] = ()) -> bytes:
    """A revocation list in DER."""
    builder = (x509.CertificateRevocationListBuilder().issuer_name(name or issuer.certificate.subject)
               .last_update(now + start).next_update(now + end))
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now + start)
        if reason:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        for extension, is_critical in entry_extensions:
            entry = entry.add_extension(extension, critical=is_critical)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signed_by or issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
