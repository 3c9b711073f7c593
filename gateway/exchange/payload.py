"""What an object carries: an interchange, compressed where that is agreed and where it makes the file smaller.

V34: the content of an authentic object is of the declared kind, between the right parties, for this environment. The
signature, the MIC, the receipt and the leaf are over the object as it travels; the ledger keeps that, and beside it the
interchange as text.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from gateway.config import Partner, Settings
from gateway.edifact import InterchangeHeader, read_interchanges
from gateway.findings import Finding, Place
from gateway.security import (
    EDIFACT,
    EDIFACT_GZIP,
    EnvelopeError,
    Opened,
    check_payload_kind,
    deflate,
    inflate,
    unb_prefix_ok,
)

_GZIP_COSTS = len(EDIFACT_GZIP) - len(EDIFACT) + len(".gz")
"""Octets by which the header of a compressed object is longer."""


_BEGINNING = 1024
"""Octets of an interchange in which its header and that of its first message stand."""


class Glance(Struct, frozen=True):
    """What the beginning of an interchange says: UNB, and the type of its first message ("" when it has none)."""

    header: InterchangeHeader
    message_type: str


class Packed(Struct, frozen=True):
    """An interchange as an object carries it: Content-Type, payload, and the file name that is shown."""

    kind: str
    payload: bytes
    filename: str


def pack(partner: Partner, interchange: bytes, filename: str) -> Packed:
    """An interchange for a partner: compressed only where both agreed on it and the object becomes smaller by it."""
    if partner.agreement.gzip:
        packed = deflate(interchange)
        if packed is not None and len(packed) + _GZIP_COSTS < len(interchange):
            return Packed(EDIFACT_GZIP, packed, f"{filename}.gz")
    return Packed(EDIFACT, interchange, filename)


def interchange_of(opened: Opened) -> bytes:
    """The interchange that an object carries whose payload was judged good."""
    if opened.header.content_type == EDIFACT:
        return opened.payload
    inflated = inflate(opened.payload)
    assert inflated is not None
    return inflated


def may_be_much(opened: Opened) -> bool:
    """Whether an object seems to bring declarations or events. Only for who prepares for them: nobody judged it yet."""
    kind, beginning = opened.header.content_type, opened.payload[:_BEGINNING]
    return kind == EDIFACT_GZIP or (kind == EDIFACT and (b"+CUSDEC:" in beginning or b"+CUSRES:" in beginning))


def takes_gzip(settings: Settings, partner: str) -> bool:
    """Whether a compressed interchange of this partner is taken: by its file, and where that is silent, because we
    offer it in every pack that we give out."""
    agreed = settings.partners[partner].agreement.gzip
    return settings.gzip if agreed is None else agreed


def look_at(payload: bytes) -> Glance | None:
    """Look at the beginning of an interchange; None when it does not begin with UNA or UNB (GW-1 V34)."""
    if not unb_prefix_ok(payload):
        return None
    interchange = next(read_interchanges(payload[:_BEGINNING]))  # a large one is not taken apart for this
    if not (spans := interchange.layout.messages) or spans[0].start + 1 >= interchange.wire.count:  # UNH may be cut
        interchange = next(read_interchanges(payload))
    first = next(iter(interchange.messages), None)
    return Glance(interchange.header, "" if first is None else first.identifier.type)


def payload_refusal(settings: Settings, partner: str, opened: Opened) -> Finding | None:
    """Why the payload is refused (E_PAYLOAD, E_UNB, E_TEST_FLAG; ENVELOPE section 5), or None.

    A compressed interchange may be as large as a plain one, and inflate by no more than 100. The grammar of each kind,
    and who may say a receipt, is judged by GW-1 itself; what the other kinds mean is judged by their acts (`arrival`).
    """
    kind = opened.header.content_type
    place = Place(interchange=f"{partner} {opened.header.sequence}")
    try:
        interchange = check_payload_kind(opened, gzip_agreed=takes_gzip(settings, partner), limit=settings.limits.file)
    except EnvelopeError as error:
        return replace(error.findings[0], place=place)
    if interchange is None:
        return None
    glance = look_at(interchange)
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
