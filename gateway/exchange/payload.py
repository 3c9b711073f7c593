"""V34: the content of an authentic object is of the declared kind, between the right parties, for this environment."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.config import Settings
from gateway.edifact import InterchangeHeader, read_interchanges
from gateway.findings import Finding, Place
from gateway.security import EDIFACT, EnvelopeError, Opened, check_payload_kind, unb_prefix_ok


@dataclass(frozen=True, slots=True)
class Glance:
    """What the beginning of an interchange says: UNB, and the type of its first message ("" when it has none)."""

    header: InterchangeHeader
    message_type: str


def look_at(payload: bytes) -> Glance | None:
    """Look at the beginning of an interchange; None when it does not begin with UNA or UNB (GW-1 V34)."""
    if not unb_prefix_ok(payload):
        return None
    interchange = next(read_interchanges(payload), None)
    if interchange is None:
        return None
    first = next(iter(interchange.messages), None)
    return Glance(interchange.header, "" if first is None else first.identifier.type)


def payload_refusal(settings: Settings, partner: str, opened: Opened) -> Finding | None:
    """Why the payload is refused (E_PAYLOAD, E_UNB, E_TEST_FLAG; ENVELOPE section 5), or None.

    The grammar of each kind, and who may say a receipt, is judged by GW-1 itself; what the other kinds mean is judged
    by their acts (`arrival`).
    """
    kind = opened.header.content_type
    place = Place(interchange=f"{partner} {opened.header.sequence}")
    try:
        check_payload_kind(opened)
    except EnvelopeError as error:
        return replace(error.findings[0], place=place)
    if kind != EDIFACT:
        return None
    glance = look_at(opened.payload)
    if glance is None:
        return Finding(code="E_PAYLOAD", place=place, values={"kind": kind})
    unb = glance.header
    us, them = settings.unb, settings.partners[partner].unb
    named = (unb.sender, unb.sender_qualifier or "", unb.recipient, unb.recipient_qualifier or "")
    if named != (them.identifier, them.qualifier or "", us.identifier, us.qualifier or ""):
        return Finding(code="E_UNB", place=place, values={"sender": unb.sender, "recipient": unb.recipient})
    if (unb.test is not None) is (settings.environment == "production"):
        return Finding(code="E_TEST_FLAG", place=place, values={"environment": settings.environment})
    return None
