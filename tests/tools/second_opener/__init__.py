"""An opener of GW-1 that was written from gateway/docs/en/envelope.md alone, as a partner's engineer would write one.

It shares nothing with the product but the library of primitives; all DER is read by hand. It is slow and keeps no
ledger. That it gives every published vector its verdict shows that the text and the vectors are enough to go by.
"""

from __future__ import annotations

import hashlib
import re

from tests.tools.second_opener.der import SIGNED, Refused, one
from tests.tools.second_opener.header import addressed
from tests.tools.second_opener.inner import verified
from tests.tools.second_opener.outer import decrypted
from tests.tools.second_opener.situation import Listed, Situation

__all__ = ["Listed", "Situation", "judge"]


def judge(name: str, content: bytes, situation: Situation) -> str:
    """The verdict: "accepted" or a code."""
    try:
        _open(name, content, situation)
    except Refused as refusal:
        return str(refusal)
    return "accepted"


def _open(name: str, content: bytes, s: Situation) -> None:
    if not re.fullmatch(r"[0-9a-f]{32}\.p7m", name):  # V1
        raise Refused("E_NAME")
    if len(content) > 33554432:  # V2
        raise Refused("E_SIZE")
    if hashlib.sha256(content).hexdigest()[:32] != name[:32]:  # V3
        raise Refused("E_NAME")
    plain, authenticated = decrypted(content, s)
    try:
        kind, body = one(plain, 0x30).inside(0x06, 0xA0)  # V11
        if kind.raw.hex() != SIGNED:
            raise Refused("E_UNSIGNED")  # V12
        entity, signed_at = verified(one(body.content, 0x30), s)
    except Refused as refusal:  # section 14
        raise Refused("E_DECRYPT" if str(refusal) == "E_ASN1" and not authenticated else str(refusal)) from None
    addressed(entity, signed_at, s)
