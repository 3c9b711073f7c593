"""Do header and trailer say what stands between them: counts, references, order, dates.

References are compared as texts, for leading zeros matter. Nothing is repaired: what a trailer says stays what it says.
Source: ISO 9735 section 9 and annex B of version 3; part 1 annex C of version 4; fault codes 0085.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gateway.edifact.characters import excerpt
from gateway.edifact.header import read_instant
from gateway.edifact.model import Group, Message, Segment
from gateway.edifact.service import check_service_segment
from gateway.edifact.syntax import capped, place_of
from gateway.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from gateway.edifact.interchange import Interchange


def check(interchange: Interchange) -> list[Finding]:
    """Every fault of the envelope: UNB to UNZ, UNG to UNE, UNH to UNT, and what stands between them."""
    if not interchange.wire.count:
        return []
    found: list[Finding] = []
    layout = interchange.layout
    if interchange.unb is not None:
        found.extend(check_header(interchange, interchange.unb))
        found.extend(check_trailer(interchange, len(layout.groups), len(layout.messages), layout.bare))
    found.extend(capped(check_messages(interchange, _duplicates(interchange))))
    found.extend(capped(_groups(interchange)))
    found.extend(capped(check_strays(interchange)))
    return found


def _place(
    interchange: Interchange,
    tag: str,
    element: int | None = None,
    component: int | None = None,
    *,
    missing: bool = False,
) -> Place:
    return Place(
        interchange=interchange.header.control_reference or None,
        tag=tag,
        element=element,
        component=component,
        missing=missing,
    )


def check_header(interchange: Interchange, unb: Segment) -> Iterator[Finding]:
    """UNB: format and date."""
    version = interchange.header.syntax_version
    yield from check_service_segment(unb, version, _place(interchange, "UNB"))
    yield from _date(unb, version, _place(interchange, "UNB", 4, 1))


def _date(segment: Segment, version: str, place: Place) -> Iterator[Finding]:
    """0017: six digits up to version 3, eight in version 4; the other form is read, with a warning (SARS, pydifact)."""
    date, time = segment.component(4, 1), segment.component(4, 2)
    if not date or not time:
        return  # absence is the format check's
    expected = 8 if version == "4" else 6
    if read_instant(date, time) is None:
        yield Finding(code="F027", place=place, fault="12", values={"date": excerpt(date), "time": excerpt(time)})
    elif len(date) != expected:
        yield Finding(
            code="F026",
            severity=Severity.WARNING,
            place=place,
            values={"date": excerpt(date), "version": version, "digits": str(expected)},
        )


def check_trailer(interchange: Interchange, groups: int, messages: int, bare: int) -> Iterator[Finding]:
    """UNZ against the number of groups, of messages, and of messages outside of groups that were there."""
    unz = interchange.unz
    if unz is None:
        yield Finding(code="F016", place=_place(interchange, "UNZ", missing=True), fault="13")
    else:
        yield from check_service_segment(unz, interchange.header.syntax_version, _place(interchange, "UNZ"))
        yield from _count(unz.component(1), groups or messages, _place(interchange, "UNZ", 1))
        yield from _reference(interchange.header.control_reference, unz.component(2), _place(interchange, "UNZ", 2))
    if not messages and not groups:
        yield Finding(code="F022", place=_place(interchange, "UNB"), fault="32", values={"level": "UNB"})
    if groups and bare:
        yield Finding(code="F023", place=_place(interchange, "UNB"), fault="30")


def _count(said: str, counted: int, place: Place) -> Iterator[Finding]:
    if not said:
        return  # absence is the format check's
    if not (said.isascii() and said.isdigit()) or said.lstrip("0") != str(counted).lstrip("0"):
        yield Finding(code="F018", place=place, fault="29", values={"said": excerpt(said), "counted": str(counted)})
    elif said != str(counted):
        yield Finding(
            code="F019", place=place, severity=Severity.WARNING, values={"said": excerpt(said), "counted": str(counted)}
        )


def _reference(header: str, trailer: str, place: Place) -> Iterator[Finding]:
    if trailer and trailer != header:
        yield Finding(
            code="F020", place=place, fault="28", values={"header": excerpt(header), "trailer": excerpt(trailer)}
        )


def _duplicates(interchange: Interchange) -> Sequence[bool]:
    """For each message whether its reference was used before in its group, or outside of groups."""
    owner = [0] * len(interchange.layout.messages)
    for ordinal, group in enumerate(interchange.layout.groups, 1):
        owner[group.first : group.end] = [ordinal] * (group.end - group.first)
    seen: set[tuple[int, str]] = set()
    found = []
    for ordinal, message in zip(owner, interchange.messages, strict=True):
        found.append((ordinal, message.reference) in seen)
        seen.add((ordinal, message.reference))
    return found


def check_messages(interchange: Interchange, duplicates: Sequence[bool]) -> Iterator[Finding]:
    """UNT against UNH, and which references were used before."""
    for number, message in enumerate(interchange.messages):
        reference = message.reference
        if message.complete and not duplicates[number] and _says(message, reference):
            continue
        at = partial(_message_place, interchange, number, reference)
        if reference and duplicates[number]:
            yield Finding(code="F021", fault="26", values={"reference": excerpt(reference)}, place=at("UNH", 1, 1))
        if not message.complete:
            yield Finding(code="F017", fault="13", place=replace(at("UNT", message.count), missing=True))
            continue
        unt = Segment(interchange.wire, interchange.layout.messages[number].end - 1, message.count)
        yield from _count(unt.component(1), message.count, at("UNT", message.count, 1))
        yield from _reference(reference, unt.component(2), at("UNT", message.count, 2))


def _says(message: Message, reference: str) -> bool:
    """Whether UNT says plainly what is right (False: look closer)."""
    wire = message.wire
    element = wire.service.element
    return (
        reference.isalnum()
        and reference.isascii()
        and wire.raw(message.end - 1) == f"UNT{element}{message.count}{element}{reference}"
    )


def _message_place(
    interchange: Interchange, number: int, reference: str, tag: str, segment: int, element: int | None = None
) -> Place:
    group, occurrence = interchange.labels[number] if interchange.labels else (None, None)
    return Place(
        interchange=interchange.header.control_reference or None,
        group=group,
        message=reference,
        occurrence=occurrence,
        segment=segment,
        tag=tag,
        element=element,
    )


def _groups(interchange: Interchange) -> Iterator[Finding]:
    for group, occurrence in zip(interchange.groups, interchange.group_occurrences, strict=True):
        yield from check_group_header(interchange, group.header, group.reference, occurrence)
        yield from check_group_trailer(interchange, group, len(group.messages), occurrence)


def check_group_header(
    interchange: Interchange, header: Segment, reference: str, occurrence: int | None
) -> Iterator[Finding]:
    """UNG: format, date, and whether its reference was used before."""
    version = interchange.header.syntax_version
    at = partial(_group_place, interchange, reference, occurrence)
    yield from check_service_segment(header, version, at("UNG"))
    yield from _date(header, version, at("UNG", 4, 1))
    if reference and occurrence is not None:
        yield Finding(code="F024", fault="26", place=at("UNG", 5), values={"reference": excerpt(reference)})


def check_group_trailer(
    interchange: Interchange, group: Group, messages: int, occurrence: int | None
) -> Iterator[Finding]:
    """UNE against UNG and the number of messages that were there."""
    reference, trailer = group.reference, group.trailer
    at = partial(_group_place, interchange, reference, occurrence)
    if not messages:
        yield Finding(code="F022", fault="32", place=at("UNG"), values={"level": "UNG"})
    if trailer is None:
        missing = replace(at("UNE"), missing=True)
        yield Finding(code="F025", fault="13", place=missing, values={"reference": excerpt(reference)})
        return
    yield from check_service_segment(trailer, interchange.header.syntax_version, at("UNE"))
    yield from _count(trailer.component(1), messages, at("UNE", 1))
    yield from _reference(reference, trailer.component(2), at("UNE", 2))


def _group_place(
    interchange: Interchange,
    reference: str,
    occurrence: int | None,
    tag: str,
    element: int | None = None,
    component: int | None = None,
) -> Place:
    return Place(
        interchange=interchange.header.control_reference or None,
        group=reference or None,
        occurrence=occurrence if reference else None,
        tag=tag,
        element=element,
        component=component,
    )


def check_strays(interchange: Interchange) -> Iterator[Finding]:
    """Segments between messages, and service segments without their partner."""
    for start, end in interchange.layout.strays:
        yield Finding(
            code="F028",
            fault="33",
            place=place_of(interchange, start),
            values={"segments": str(end - start), "text": excerpt(interchange.wire.raw(start))},
        )
    for index in interchange.layout.lost:
        yield Finding(code="F029", fault="15", place=place_of(interchange, index))
