"""A first look at a message, before it is known which corridor's mapping reads it."""

from __future__ import annotations

from msgspec import Struct

from gateway.edifact import Message

FUNCTIONS = {"9": "original", "5": "replacement", "1": "cancellation", "13": "request", "31": "copy",
             "35": "retransmission"}
"""Message functions (1225) of a declaration, profile COR10 section 3."""

_DEPARTURE, _DESTINATION, _CLEARANCE = "118", "45", "122"


class Peek(Struct, frozen=True, kw_only=True):
    """What the base profile sees at once; each None where it does not stand there.

    function     of a declaration: original, replacement, cancellation, request, copy, retransmission
    destination  LOC 45, or LOC 122 where no 45 stands (some customs write the transit destination there)
    reference    of an event
    """

    mrn: str | None = None
    function: str | None = None
    departure: str | None = None
    destination: str | None = None
    reference: str | None = None


def peek(message: Message) -> Peek:
    """Look at BGM, LOC and RFF before the goods. Never raises; a message of another type gives nothing."""
    kind = message.identifier.type
    if kind not in ("CUSDEC", "CUSRES"):
        return Peek()
    mrn = function = reference = None
    places: dict[str, str] = {}
    for segment in message.segments:
        tag = segment.tag
        if tag == "BGM" and kind == "CUSDEC":
            mrn = segment.component(2) or None
            function = FUNCTIONS.get(segment.component(3))
        elif tag == "RFF" and kind == "CUSRES":
            which = segment.component(1)
            if which == "ABT":
                mrn = mrn or segment.component(1, 2) or None  # BGM 1004 may be the identity of a ledger or of a notice
            elif which == "AIV":
                reference = reference or segment.component(1, 2) or None
        elif tag == "LOC":
            places.setdefault(segment.component(1), segment.component(2))
        elif tag in ("UNS", "ERP", "DOC") and not (tag == "DOC" and kind == "CUSDEC"):
            break
    destination = places.get(_DESTINATION) or places.get(_CLEARANCE)
    return Peek(mrn=mrn, function=function, departure=places.get(_DEPARTURE) or None, destination=destination or None,
                reference=reference)
