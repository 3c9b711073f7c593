"""Signed receipts: what one says, and reading one strictly (GW-1 section 8).

A receipt travels as the payload of an object of its own and is worth what that object's signature is worth. Whether it
fits what was sent (R1) is decided where the sent object is known.
"""

from __future__ import annotations

import base64
import binascii
import re

from msgspec import Struct

from gateway.security.opening import Opened
from gateway.security.refusals import NEGATIVE_RECEIPT, EnvelopeError

PROCESSED = "processed"
DUPLICATE_CONFLICT = "processed/error: duplicate-conflict"

_GATEWAY = r"[A-Z0-9][A-Z0-9.-]{0,31}"
_DISPOSITION = r"processed|processed/error: duplicate-conflict|failed/failure: E_[A-Z_]{1,24}"
_RECEIPT = re.compile((
    rf"Reporting-UA: gateway\.(?P<gateway>{_GATEWAY}); (?P<product>[!-~]+(?: [!-~]+)+)\r\n"
    rf"Original-Recipient: gateway; (?P<original>{_GATEWAY})\r\n"
    rf"Final-Recipient: gateway; (?P<final>{_GATEWAY})\r\n"
    rf"Original-Message-ID: (?P<message_id><[0-9a-f]{{32}}@{_GATEWAY}>)\r\n"
    rf"Disposition: automatic-action/MDN-sent-automatically; (?P<disposition>{_DISPOSITION})\r\n"
    r"Received-Content-MIC: (?P<mic>[A-Za-z0-9+/]{43}=), sha-256\r\n"
    r"Original-Signature-Digest: sha-256=(?P<signature_digest>[0-9a-f]{64})\r\n"
    r"Original-Sequence: (?P<sequence>[1-9][0-9]{0,17})\r\n"
).encode("ascii"))
_LONGEST = 2048


class Receipt(Struct, frozen=True):
    """What a receipt names.

    gateway           who received: the recipient of the original
    product           software and version of that gateway
    message_id        of the original, in angle brackets
    sequence          of the original
    mic               of the original as received, 64 hex digits
    signature_digest  of the original as received, 64 hex digits
    disposition       "processed", "processed/error: duplicate-conflict" or "failed/failure: <code>"
    """

    gateway: str
    product: str
    message_id: str
    sequence: int
    mic: str
    signature_digest: str
    disposition: str

    @property
    def processed(self) -> bool:
        """Tell whether it moves the original to "received" (R2): nothing but `processed` does."""
        return self.disposition == PROCESSED


def disposition_of(code: str) -> str:
    """The disposition of a negative receipt. Raises ValueError for a code that silence answers (section 6)."""
    if code not in NEGATIVE_RECEIPT:
        raise ValueError(f"{code} is never answered")
    return DUPLICATE_CONFLICT if code == "E_DUPLICATE" else f"failed/failure: {code}"


def receipt_payload(opened: Opened, *, product: str, disposition: str = PROCESSED) -> bytes:
    """The payload of the receipt for an opened object.

    product  our software and its version, separated by a space: "corridor-gateway 0.1.0"

    Raises ValueError for a product or disposition that `read_receipt` would not take.
    """
    header = opened.header
    mic = base64.b64encode(bytes.fromhex(opened.mic)).decode("ascii")
    payload = (
        f"Reporting-UA: gateway.{header.recipient}; {product}\r\n"
        f"Original-Recipient: gateway; {header.recipient}\r\n"
        f"Final-Recipient: gateway; {header.recipient}\r\n"
        f"Original-Message-ID: {header.message_id}\r\n"
        f"Disposition: automatic-action/MDN-sent-automatically; {disposition}\r\n"
        f"Received-Content-MIC: {mic}, sha-256\r\n"
        f"Original-Signature-Digest: sha-256={opened.signature_digest}\r\n"
        f"Original-Sequence: {header.sequence}\r\n"
    ).encode("ascii")
    if _RECEIPT.fullmatch(payload) is None or len(payload) > _LONGEST:
        raise ValueError("not a receipt of GW-1")
    return payload


def read_receipt(payload: bytes) -> Receipt:
    """Read a receipt. Raises EnvelopeError E_RECEIPT unless it is exactly of section 8."""
    match = _RECEIPT.fullmatch(payload) if len(payload) <= _LONGEST else None
    if match is None or not match["gateway"] == match["original"] == match["final"]:
        raise EnvelopeError("E_RECEIPT")
    text = {name: value.decode("ascii") for name, value in match.groupdict().items()}
    mic = binascii.a2b_base64(text["mic"])
    if base64.b64encode(mic).decode("ascii") != text["mic"]:  # bits behind the last octet that are not zero
        raise EnvelopeError("E_RECEIPT")
    return Receipt(text["gateway"], text["product"], text["message_id"], int(text["sequence"]), mic.hex(),
                   text["signature_digest"], text["disposition"])
