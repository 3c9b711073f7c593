"""The outer object: whom it is for, by which algorithms, and getting at what is inside (V7 to V10)."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC, GCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from gateway.security import asn1
from gateway.security.algorithms import KEY_WRAPS, Agreement, KeyWrap, curve_of_point
from gateway.security.keys import DecryptionKey
from gateway.security.refusals import EnvelopeError
from gateway.security.sealing import (
    BLOCK_OCTETS,
    KEY_OCTETS,
    NONCE_OCTETS,
    TAG_OCTETS,
    derive,
)

_WRAPPED_OCTETS = KEY_OCTETS + 8  # RFC 3394 adds one block of 64 bits


def judge_recipients(recipients: Sequence[asn1.Recipient]) -> None:
    """V7: 1..8 entries, each by issuer and serial, none twice. Raises EnvelopeError E_RECIPIENTS."""
    names = {recipient.name for recipient in recipients}
    if not 1 <= len(recipients) <= asn1.MOST_RECIPIENTS or None in names or len(names) != len(recipients):
        raise EnvelopeError("E_RECIPIENTS", number=str(len(recipients)))


def judge_algorithms(outer: asn1.Outer, agreed: Collection[Agreement]) -> None:
    """V8: every algorithm of every recipient and of the content is on the list. Raises EnvelopeError E_ALG {name}."""
    for recipient in outer.recipients:
        wrap = KEY_WRAPS.get(recipient.algorithm)
        if wrap is None or (wrap is KeyWrap.ECDH) != (recipient.point is not None):
            raise EnvelopeError("E_ALG", name=asn1.algorithm_name(recipient.algorithm))
        if recipient.point is not None:
            curve = curve_of_point(recipient.point, recipient.key_algorithm)
            if curve is None or not (curve.agreement is None or curve.agreement in agreed):
                raise EnvelopeError("E_ALG", name=asn1.algorithm_name(recipient.key_algorithm))
    if outer.nonce is None:
        raise EnvelopeError("E_ALG", name=asn1.algorithm_name(outer.algorithm))
    if not outer.authenticated:
        if len(outer.nonce) != BLOCK_OCTETS:
            raise EnvelopeError("E_ALG", name=f"{asn1.AES_256_CBC} ({len(outer.nonce)})")
    elif len(outer.nonce) != NONCE_OCTETS or outer.tag_octets != TAG_OCTETS or len(outer.tag) != TAG_OCTETS:
        raise EnvelopeError("E_ALG", name=f"{asn1.AES_256_GCM} ({len(outer.nonce)}, {len(outer.tag)})")


def our_entry(recipients: Sequence[asn1.Recipient],
              keys: Sequence[DecryptionKey]) -> tuple[asn1.Recipient, DecryptionKey]:
    """V9: the first entry that names one of our certificates, and its key. Raises EnvelopeError E_NOT_FOR_US."""
    ours = {key.certificate.name.encoded: key for key in keys}
    for recipient in recipients:
        if recipient.name is not None and recipient.name in ours:
            return recipient, ours[recipient.name]
    raise EnvelopeError("E_NOT_FOR_US")


def decrypt(outer: asn1.Outer, entry: asn1.Recipient, key: DecryptionKey) -> bytes:
    """V10: the inner object. Raises EnvelopeError E_DECRYPT, whatever went wrong.

    Where the content key cannot be had, the content is decrypted all the same, with a random key: a wrong key, a wrong
    wrap, a wrong tag and a wrong padding take one way and one time.
    """
    content_key = _content_key(entry, key) or os.urandom(KEY_OCTETS)
    assert outer.nonce is not None
    mode = GCM(outer.nonce, outer.tag) if outer.authenticated else CBC(outer.nonce)
    decryptor = Cipher(AES256(content_key), mode).decryptor()
    try:
        plain = decryptor.update(outer.ciphertext)
        rest = decryptor.finalize()
    except (InvalidTag, ValueError):  # ValueError: a part of a block
        raise EnvelopeError("E_DECRYPT") from None
    return plain if outer.authenticated else _unpadded(plain + rest)


def _unpadded(plain: bytes) -> bytes:
    """What stands before the padding of CBC (RFC 5652 section 6.3). Raises EnvelopeError E_DECRYPT.

    Nothing authenticates this content, so one question is asked, whether padding and content go together: whoever
    alters the padding of a file for us does not learn from our time which of the two was at fault.
    """
    size = plain[-1] if plain else 0
    padded = plain[-BLOCK_OCTETS:].endswith(bytes((size,)) * size) and 1 <= size <= BLOCK_OCTETS
    if padded & asn1.spans(plain, len(plain) - size):
        return plain[:-size]
    raise EnvelopeError("E_DECRYPT") from None


def _content_key(entry: asn1.Recipient, key: DecryptionKey) -> bytes | None:
    try:
        content_key = key.decrypt(entry.encrypted_key) if entry.point is None else _agreed_key(entry, entry.point, key)
    except (ValueError, InvalidUnwrap):
        return None
    return content_key if len(content_key) == KEY_OCTETS else None


def _agreed_key(entry: asn1.Recipient, point: bytes, key: DecryptionKey) -> bytes:
    """Where no secret can be agreed, a random one is derived from and unwrapped with all the same."""
    wrapped = entry.encrypted_key if len(entry.encrypted_key) == _WRAPPED_OCTETS else bytes(_WRAPPED_OCTETS)
    try:
        secret = key.agree(point)
    except ValueError:
        secret = os.urandom(KEY_OCTETS)  # what it would unwrap fails by the check of RFC 3394 section 2.2.3
    return aes_key_unwrap(derive(secret), wrapped)
