"""Files whose name, encryption or recipients are wrong: V1 to V10."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import attribute, integer, octets, oid, sequence, tlv
from tests.tools.vectors.parts import INTERCHANGE, Tools, Vector, agree, bad, flipped, trans


def outer() -> Iterator[Vector]:
    shared = tlv(0xA2, integer(4), sequence(octets(b"shared")), sequence(oid(loose.AES_256_WRAP)), octets(bytes(40)))
    yield Vector("bad", "another-name", "E_NAME", "V3", "The name is not that of the content", lambda t: t.sealed(),
                 delivered="0123456789abcdef0123456789abcdef.p7m")
    yield Vector("bad", "cut-off", "E_NAME", "V3", "The last hundred octets are missing", lambda t: t.sealed()[:-100],
                 delivered="fedcba9876543210fedcba9876543210.p7m")
    yield from bad([
        ("bare-interchange", "E_ASN1", "V4", "An interchange without any envelope", lambda t: INTERCHANGE),
        ("empty", "E_ASN1", "V4", "A file of nothing", lambda t: b""),
        ("octet-behind", "E_ASN1", "V4", "An octet behind the outermost value", lambda t: t.sealed() + b"\x00"),
        ("two-files-in-one", "E_ASN1", "V4", "A second object behind the first", lambda t: t.sealed() + t.sealed()),
        ("indefinite-length", "E_ASN1", "V4", "The outermost length is indefinite (BER)", lambda t: tlv(
            0x30, _content(t.sealed()), indefinite=True)),
        ("long-form-length", "E_ASN1", "V4", "The outermost length has an octet too many", lambda t: tlv(
            0x30, _content(t.sealed()), long_form=True)),
        ("nested", "E_ASN1", "V4", "Five thousand nested sequences", lambda t: _nested(5000)),
        ("version-2", "E_ASN1", "V4", "AuthEnvelopedData of version 2", lambda t: t.outer(version=2)),
        ("originator-info", "E_ASN1", "V4", "originatorInfo is there", lambda t: t.outer(before=tlv(0xA0))),
        ("authenticated-attributes", "E_ASN1", "V4", "authAttrs are there", lambda t: t.outer(
            attributes=tlv(0xA1, attribute(loose.CONTENT_TYPE, oid(loose.DATA))))),
        ("recipients-out-of-order", "E_ASN1", "V4", "SET OF RecipientInfo is not in order", lambda t: t.outer(
            entries=lambda key: sorted((loose.recipient_info(t.recipient(one), key) for one in (
                "p256", "xc-encryption-p256")), reverse=True), ordered=False)),
        ("user-keying-material", "E_ASN1", "V4", "The key agreement has ukm", lambda t: agree(
            t, ukm=tlv(0xA1, octets(b"ukm")))),
        ("compressed-point", "E_ASN1", "V4", "The ephemeral point is compressed", lambda t: agree(
            t, point=b"\x02" + bytes(32))),
        ("not-encrypted", "E_OUTER", "V5", "A signed object without encryption", lambda t: t.inner()),
        ("gcm-in-enveloped-data", "E_OUTER", "V5", "EnvelopedData that names AES-256-GCM", lambda t: t.outer(
            outer_type=loose.ENVELOPED_DATA)),
        ("encrypted-content-type", "E_CONTENT_TYPE", "V6", "The encrypted content is declared as signedData",
         lambda t: t.outer(content_type=loose.SIGNED_DATA)),
        ("no-recipient", "E_RECIPIENTS", "V7", "No recipient", lambda t: t.outer(entries=lambda _key: [])),
        ("nine-recipients", "E_RECIPIENTS", "V7", "Nine recipients", lambda t: t.outer(entries=lambda key: [
            loose.key_agree(t.recipient(), key, rid=sequence(t.recipient().issuer.public_bytes(), integer(number)))
            for number in range(1, 10)])),
        ("recipient-twice", "E_RECIPIENTS", "V7", "The same certificate twice", lambda t: t.outer(
            None, "p256", "p256")),
        ("recipient-by-key-identifier", "E_RECIPIENTS", "V7", "The recipient is named by key identifier",
         lambda t: trans(t, version=2, rid=tlv(0x80, b"k" * 20))),
        ("shared-key-beside", "E_RECIPIENTS", "V7", "A recipient with a shared key beside the good one",
         lambda t: _beside(t, shared)),
        ("pkcs1-key-transport", "E_ALG", "V8", "The content key under RSA with PKCS#1 v1.5", lambda t: trans(
            t, algorithm=loose.RSA_PKCS1_KEY, scheme=padding.PKCS1v15())),
        ("oaep-sha1", "E_ALG", "V8", "OAEP with SHA-1", lambda t: trans(t, algorithm=loose.oaep(None))),
        ("mgf1-sha1", "E_ALG", "V8", "OAEP with SHA-256, its mask with SHA-1", lambda t: trans(
            t, algorithm=loose.oaep(loose.SHA_256, loose.SHA_1))),
        ("ecdh-sha1", "E_ALG", "V8", "ECDH with the key derivation by SHA-1", lambda t: agree(
            t, scheme=loose.ECDH_SHA_1)),
        ("aes128-wrap", "E_ALG", "V8", "The content key is wrapped with AES-128", lambda t: agree(
            t, wrap=sequence(oid(loose.AES_128_WRAP)))),
        ("p384-not-agreed", "E_ALG", "V8", "Encrypted to a certificate on P-384 that nobody agreed to use",
         lambda t: t.outer(None, "p384")),
        ("aes128-gcm", "E_ALG", "V8", "AES-128-GCM", lambda t: t.outer(algorithm=loose.AES_128_GCM, key_octets=16)),
        ("cbc-in-auth-enveloped-data", "E_ALG", "V8", "AuthEnvelopedData that names AES-256-CBC", lambda t: t.outer(
            algorithm=loose.AES_256_CBC)),
        *((f"tag-of-{size}", "E_ALG", "V8", f"The tag has {size} octets", _tag(size)) for size in (0, 1, 4, 8, 12)),
        ("tag-of-4-called-16", "E_ALG", "V8", "The tag has 4 octets and is declared as 16", lambda t: t.outer(
            tag_octets=4, written_tag=16)),
        *((f"nonce-of-{size}", "E_ALG", "V8", f"The nonce has {size} octets", _nonce(size)) for size in (8, 16)),
        ("for-another", "E_NOT_FOR_US", "V9", "Encrypted to XC alone", lambda t: t.outer(None, "xc-encryption-p256")),
        ("wrong-key", "E_DECRYPT", "V10", "Encrypted under another content key", lambda t: t.outer(wrong_key=True)),
        ("turned-bit-in-tag", "E_DECRYPT", "V10", "A bit of the tag is turned", lambda t: flipped(t.sealed(), -1)),
        ("turned-bit-in-content", "E_DECRYPT", "V10", "A bit of the encrypted content is turned",
         lambda t: flipped(t.sealed(), -200)),
        ("point-off-the-curve", "E_DECRYPT", "V10", "The ephemeral point is not on the curve", lambda t: agree(
            t, point=b"\x04" + bytes(31) + b"\x01" + bytes(31) + b"\x02")),
        ("oaep-label", "E_DECRYPT", "V10", "OAEP with a label that is not declared", lambda t: trans(
            t, scheme=padding.OAEP(padding.MGF1(SHA256()), SHA256(), b"label"))),
        ("short-content-key", "E_DECRYPT", "V10", "The content key has 16 octets", lambda t: t.outer(
            entries=lambda key: [loose.key_trans(t.recipient("rsa3072"), key[:16])])),
    ])


def _content(element: bytes) -> bytes:
    """What is inside a long element."""
    return element[2 + (element[1] & 0x7F):]


def _tag(size: int) -> Callable[[Tools], bytes]:
    return lambda t: t.outer(tag_octets=size)


def _nonce(size: int) -> Callable[[Tools], bytes]:
    return lambda t: t.outer(nonce_octets=size)


def _beside(t: Tools, other: bytes) -> bytes:
    return t.outer(entries=lambda key: [loose.key_agree(t.recipient(), key), other])


def _nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = tlv(0x30, content)
    return content


def cbc() -> Iterator[Vector]:
    """EnvelopedData with AES-256-CBC: without agreement, and what is refused in spite of it."""
    yield Vector("bad", "cbc-not-agreed", "E_OUTER", "V5", "AES-256-CBC in EnvelopedData, which nobody agreed",
                 lambda t: loose.enveloped_cbc(t.inner(), [t.recipient()]))
    for name, code, rule, sentence, make in (
        ("cbc-des3", "E_ALG", "V8", "Triple DES in EnvelopedData", _cbc(algorithm=loose.TRIPLE_DES, iv_octets=8)),
        ("cbc-gcm", "E_ALG", "V8", "AES-256-GCM named in EnvelopedData, where CBC is agreed",
         _cbc(algorithm=loose.AES_256_GCM)),
        ("cbc-with-tag", "E_ASN1", "V4", "EnvelopedData with a tag behind, where CBC is agreed",
         lambda t: t.outer(outer_type=loose.ENVELOPED_DATA)),
        ("cbc-iv-of-12", "E_ALG", "V8", "An initialisation vector of 12 octets", _cbc(iv_octets=12)),
        ("cbc-pkcs1", "E_ALG", "V8", "The content key under RSA with PKCS#1 v1.5", lambda t: loose.enveloped_cbc(
            t.inner(), [], entries=lambda key: [loose.key_trans(
                t.recipient("rsa3072"), key, algorithm=loose.RSA_PKCS1_KEY, scheme=padding.PKCS1v15())])),
        ("cbc-wrong-key", "E_DECRYPT", "V10", "Encrypted under another content key", _cbc(wrong_key=True)),
        ("cbc-padding-of-nought", "E_DECRYPT", "V10", "The padding is octets of zero", _unpadded),
        ("cbc-half-a-block", "E_DECRYPT", "V10", "The content ends within a block", _cbc(alter=lambda c: c[:-8])),
    ):
        yield Vector("bad", name, code, rule, sentence, make, agreed=("CBC",))


def _cbc(**options: Any) -> Callable[[Tools], bytes]:
    return lambda t: loose.enveloped_cbc(t.inner(), [t.recipient()], **options)


def _unpadded(t: Tools) -> bytes:
    plain = t.inner()
    return loose.enveloped_cbc(plain, [t.recipient()], padding_octets=bytes(16 - len(plain) % 16))
