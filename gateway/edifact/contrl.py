"""CONTRL understood: what a partner says about the syntax of an interchange of ours.

Read liberally: D:3, 4:1 and the older dialects (2:2 of Nordic Ediel, 2:1 of the airlines) have the same segments.
Places are given in the counting of `Place`, where an element's ordinal leaves out the tag (0098 counts it).
Source: UN service messages CONTRL D:3 and 4:1; data elements 0083, 0085, 0096, 0098, 0104.
"""

from __future__ import annotations

from msgspec import Struct

from gateway.edifact.model import Message, MessageIdentifier, Segment
from gateway.errors import PartnerError
from gateway.findings import Finding, Place

REJECTED, ACKNOWLEDGED, RECEIVED = "4", "7", "8"
"""0083 as written today. The values 1, 2, 3, 5 and 6 are marked for deletion: read, never written."""
_OLDER = {"1": ACKNOWLEDGED, "2": ACKNOWLEDGED, "3": ACKNOWLEDGED, "5": ACKNOWLEDGED, "6": REJECTED}


class ContrlElement(Struct, frozen=True):
    """UCD: one data element in error. `element` and `component` from 1, the tag not counted; element 0 is the tag."""

    fault: str
    element: int
    component: int | None


class ContrlSegment(Struct, frozen=True):
    """UCS: one segment in error. `position` as UNH = 1; for a missing one the last good segment before the gap."""

    position: int
    fault: str | None
    elements: tuple[ContrlElement, ...] = ()


class ContrlMessage(Struct, frozen=True):
    """UCM: one message of the subject interchange. `tag`, `element`, `component` point into UNH or UNT."""

    reference: str
    identifier: MessageIdentifier
    action: str
    fault: str | None
    segments: tuple[ContrlSegment, ...] = ()
    tag: str | None = None
    element: int | None = None
    component: int | None = None
    group: str | None = None


class ContrlGroup(Struct, frozen=True):
    """UCF: one functional group of the subject interchange; its messages stand in `Contrl.messages`, with its
    reference as their `group`. `tag`, `element`, `component` point into UNG or UNE."""

    reference: str
    action: str
    fault: str | None
    tag: str | None = None
    element: int | None = None
    component: int | None = None


class Contrl(Struct, frozen=True):
    """What a CONTRL says of its subject interchange.

    reference, sender, recipient   0020, S002 and S003 of the subject, not swapped
    action                         0083: "4" rejected, "7" acknowledged, "8" received; older ones as the nearest
    fault                          0085 of UCI; `tag`, `element`, `component` point into UNB or UNZ
    """

    reference: str
    sender: str
    recipient: str
    action: str
    fault: str | None
    messages: tuple[ContrlMessage, ...] = ()
    groups: tuple[ContrlGroup, ...] = ()
    tag: str | None = None
    element: int | None = None
    component: int | None = None


def read_contrl(message: Message) -> Contrl:
    """Understand a CONTRL. What is absent is "" or None; segments that say nothing here are passed over.

    Raises PartnerError F070 when the message is no CONTRL or has no UCI: then it says nothing about anything.
    """
    uci: Segment | None = None
    groups: list[ContrlGroup] = []
    heads: list[tuple[Segment, str | None]] = []
    inner: list[list[ContrlSegment]] = []
    for segment in message.segments:
        tag = segment.tag
        if tag == "UCI" and uci is None:
            uci = segment
        elif tag == "UCF":
            groups.append(
                ContrlGroup(
                    segment.component(1),
                    _action(segment.component(4)),
                    segment.component(5) or None,
                    *_pointer(segment, 6),
                )
            )
        elif tag == "UCM":
            heads.append((segment, groups[-1].reference if groups else None))
            inner.append([])
        elif tag == "UCS" and inner:
            inner[-1].append(ContrlSegment(_ordinal(segment.component(1)) or 0, segment.component(2) or None))
        elif tag == "UCD" and inner and inner[-1]:
            inner[-1][-1] = _with_element(inner[-1][-1], segment)
    if uci is None or message.identifier.type != "CONTRL":
        raise PartnerError(
            Finding(
                code="F070",
                values={"message": str(message.identifier)},
                place=Place(message=message.reference, tag="UCI", missing=True),
            )
        )
    messages = tuple(_message(head, group, tuple(found)) for (head, group), found in zip(heads, inner, strict=True))
    pointed, element, component = _pointer(uci, 6)
    return Contrl(
        uci.component(1),
        uci.component(2),
        uci.component(3),
        _action(uci.component(4)),
        uci.component(5) or None,
        messages,
        tuple(groups),
        pointed,
        element,
        component,
    )


def _message(head: Segment, group: str | None, segments: tuple[ContrlSegment, ...]) -> ContrlMessage:
    identifier = MessageIdentifier(
        head.component(2, 1),
        head.component(2, 2),
        head.component(2, 3),
        head.component(2, 4),
        head.component(2, 5) or None,
    )
    tag, element, component = _pointer(head, 5)
    return ContrlMessage(
        head.component(1),
        identifier,
        _action(head.component(3)),
        head.component(4) or None,
        segments,
        tag,
        element,
        component,
        group,
    )


def _pointer(segment: Segment, place: int) -> tuple[str | None, int | None, int | None]:
    """0013 (0135) and S011 of UCI and UCM."""
    position = _ordinal(segment.component(place + 1, 1))
    return (
        segment.component(place) or None,
        None if position is None else position - 1,
        _ordinal(segment.component(place + 1, 2)),
    )


def _with_element(segment: ContrlSegment, ucd: Segment) -> ContrlSegment:
    position = _ordinal(ucd.component(2, 1))
    element = ContrlElement(
        ucd.component(1), 0 if position is None else max(position - 1, 0), _ordinal(ucd.component(2, 2))
    )
    return ContrlSegment(segment.position, segment.fault, (*segment.elements, element))


def _action(value: str) -> str:
    return _OLDER.get(value, value)


def _ordinal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
