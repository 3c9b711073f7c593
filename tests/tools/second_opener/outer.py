"""V4 to V10: the encryption."""

from __future__ import annotations

import re
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from tests.tools.second_opener.der import DATA, NULL, Node, Refused, name_of, number, one, ordered, rsa_identifier
from tests.tools.second_opener.situation import Situation

AUTH_ENVELOPED, ENVELOPED = "060b2a864886f70d0109100117", "06092a864886f70d010703"
CURVES = {65: ("2a8648ce3d030107", ""), 97: ("2b81040022", "ECDH-P-384")}


def decrypted(content: bytes, s: Situation) -> tuple[bytes, bool]:
    """The plaintext, and whether a tag was checked."""
    kind, body = one(content, 0x30).inside(0x06, 0xA0)  # V4
    cbc = kind.raw.hex() == ENVELOPED and "CBC" in s.agreed
    if not cbc and kind.raw.hex() != AUTH_ENVELOPED:  # V5
        raise Refused("E_OUTER")
    outer = one(body.content, 0x30).inside(*((0x02, 0x31, 0x30) if cbc else (0x02, 0x31, 0x30, 0x04)))
    version, infos, encrypted = outer[:3]
    entries = [_entry(info) for info in ordered(infos)]
    if number(version) != (2 if cbc and any(entry[0] != "RSA" for entry in entries) else 0):
        raise Refused("E_ASN1")
    content_type, algorithm, ciphertext = encrypted.inside(0x06, 0x30, 0x80)
    if content_type.raw.hex() != DATA:  # V6
        raise Refused("E_CONTENT_TYPE")
    names = [entry[1] for entry in entries]
    if not 1 <= len(names) <= 8 or len(set(names)) != len(names) or any(one_name[:1] != b"\x30" for one_name in names):
        raise Refused("E_RECIPIENTS")  # V7
    for entry in entries:  # V8
        _allowed_entry(entry, s)
    nonce = _allowed_content(algorithm, outer[3].content if not cbc else None)
    for entry in entries:  # V9
        for key, certificate in s.keys:
            if entry[1] == name_of(certificate):
                try:  # V10
                    return _plaintext(_content_key(entry, key), nonce, ciphertext.content,
                                      None if cbc else outer[3].content), not cbc
                except Exception:
                    raise Refused("E_DECRYPT") from None
    raise Refused("E_NOT_FOR_US")


_Entry = tuple[str, bytes, bytes, bytes, bytes, bytes]
"""Kind, name, algorithm, encrypted key, algorithm and point of the fresh key."""


def _entry(info: Node) -> _Entry:
    if info.tag == 0x30:
        version, rid, algorithm, encrypted = info.inside(0x02, None, 0x30, 0x04)
        if number(version) != (0 if rid.tag == 0x30 else 2):
            raise Refused("E_ASN1")
        _check_name(rid)
        return "RSA", rid.raw, algorithm.content, encrypted.content, b"", b""
    if info.tag != 0xA1:
        return "other", b"", b"", b"", b"", b""
    version, originator, algorithm, keys = info.inside(0x02, 0xA0, 0x30, 0x30)
    [fresh] = originator.inside(0xA1)
    fresh_algorithm, bits = fresh.inside(0x30, 0x03)
    [key] = keys.inside(0x30)
    rid, encrypted = key.inside(None, 0x04)
    if number(version) != 3 or bits.content[:2] != b"\x00\x04":
        raise Refused("E_ASN1")
    _check_name(rid)
    return "EC", rid.raw, algorithm.content, encrypted.content, fresh_algorithm.content, bits.content[1:]


def _check_name(rid: Node) -> None:
    """Issuer and serial; another kind of name is judged by V7."""
    if rid.tag == 0x30:
        number(rid.inside(0x30, 0x02)[1])


def _allowed_entry(entry: _Entry, s: Situation) -> None:
    kind, _, algorithm, _, fresh, point = entry
    if kind == "RSA":
        good = algorithm in {rsa_identifier("2a864886f70d010107", first, second)
                             for first in (b"", NULL) for second in (b"", NULL)}
    else:
        curve, word = CURVES.get(len(point), ("", "-"))
        public = bytes.fromhex("06072a8648ce3d0201")
        oid = bytes((6, len(curve) // 2)) + bytes.fromhex(curve)
        good = (algorithm == bytes.fromhex("06062b8104010b01300b060960864801650304012d")
                and fresh in (public, public + NULL, public + oid) and (not word or word in s.agreed))
    if not good:
        raise Refused("E_ALG")


def _allowed_content(algorithm: Node, tag: bytes | None) -> bytes:
    found = algorithm.inside()
    if tag is None:
        if algorithm.content[:11].hex() == "060960864801650304012a" and len(found) == 2 and found[1].tag == 4 \
                and len(found[1].content) == 16:
            return found[1].content
        raise Refused("E_ALG")
    gcm = re.fullmatch(rb"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2e\x30\x11\x04\x0c(.{12})\x02\x01\x10",
                       algorithm.content, re.DOTALL)
    if gcm is None or len(tag) != 16:
        raise Refused("E_ALG")
    return gcm[1]


def _content_key(entry: _Entry, key: Any) -> bytes:
    kind, _, _, encrypted, _, point = entry
    if kind == "RSA":
        secret: bytes = key.decrypt(encrypted, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    else:
        shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(key.curve, point))
        info = bytes.fromhex("3015300b060960864801650304012da206040400000100")
        secret = aes_key_unwrap(X963KDF(hashes.SHA256(), 32, info).derive(shared), encrypted)
    if len(secret) != 32:
        raise ValueError("not a key of 32 octets")
    return secret


def _plaintext(key: bytes, nonce: bytes, ciphertext: bytes, tag: bytes | None) -> bytes:
    if tag is not None:
        return AESGCM(key).decrypt(nonce, ciphertext + tag, None)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(nonce)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    unpadder = block_padding.PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
