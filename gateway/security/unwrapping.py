"""The outer object: whom it is for, by which algorithms, and getting at what is inside (V7 to V10)."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from gateway.security import asn1
from gateway.security.algorithms import KEY_WRAPS, Agreement, KeyWrap, curve_of_point
from gateway.security.keys import DecryptionKey
from gateway.security.refusals import EnvelopeError
from gateway.security.sealing import KEY_OCTETS, MOST_RECIPIENTS, NONCE_OCTETS, TAG_OCTETS, derive

_WRAPPED_OCTETS = KEY_OCTETS + 8  # RFC 3394 adds one block of 64 bits


def judge_recipients(recipients: Sequence[asn1.Recipient]) -> None:
    """V7: 1..8 entries, each by issuer and serial, none twice. Raises EnvelopeError E_RECIPIENTS."""
    names = {recipient.name for recipient in recipients}
    if not 1 <= len(recipients) <= MOST_RECIPIENTS or None in names or len(names) != len(recipients):
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
    if outer.nonce is None or outer.tag_octets is None:
        raise EnvelopeError("E_ALG", name=asn1.algorithm_name(outer.algorithm))
    if len(outer.nonce) != NONCE_OCTETS or outer.tag_octets != TAG_OCTETS or len(outer.tag) != TAG_OCTETS:
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
    wrap and a wrong tag take one way and one time.
    """
    content_key = _content_key(entry, key) or os.urandom(KEY_OCTETS)
    assert outer.nonce is not None
    try:
        return AESGCM(content_key).decrypt(outer.nonce, outer.ciphertext + outer.tag, None)
    except InvalidTag:
        raise EnvelopeError("E_DECRYPT") from None


def _content_key(entry: asn1.Recipient, key: DecryptionKey) -> bytes | None:
    try:
        if entry.point is None:
            content_key = key.decrypt(entry.encrypted_key)
        else:
            wrapped = entry.encrypted_key if len(entry.encrypted_key) == _WRAPPED_OCTETS else bytes(_WRAPPED_OCTETS)
            content_key = aes_key_unwrap(derive(key.agree(entry.point)), wrapped)
    except (ValueError, InvalidUnwrap):
        return None
    return content_key if len(content_key) == KEY_OCTETS else None
