"""Do header and trailer say what stands between them: counts, references, order, dates.

References are compared as texts, for leading zeros matter. Nothing is repaired: what a trailer says stays what it says.
Source: ISO 9735 section 9 and annex B of version 3; part 1 annex C of version 4; fault codes 0085.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gateway.edifact.characters import excerpt
from gateway.edifact.header import read_instant
from gateway.edifact.model import Segment
from gateway.edifact.service import check_service_segment
from gateway.edifact.syntax import capped, place_of
from gateway.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from gateway.edifact.interchange import Interchange


def check(interchange: Interchange) -> list[Finding]:
    """Every fault of the envelope: UNB to UNZ, UNG to UNE, UNH to UNT, and what stands between them."""
    if not interchange.wire.raws:
        return []
    found: list[Finding] = []
    if interchange.unb is not None:
        found.extend(_header(interchange, interchange.unb))
        found.extend(_trailer(interchange))
    found.extend(capped(_messages(interchange)))
    found.extend(capped(_groups(interchange)))
    found.extend(capped(_strays(interchange)))
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


def _header(interchange: Interchange, unb: Segment) -> Iterator[Finding]:
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


def _trailer(interchange: Interchange) -> Iterator[Finding]:
    layout, unz = interchange.layout, interchange.unz
    if unz is None:
        yield Finding(code="F016", place=_place(interchange, "UNZ", missing=True), fault="13")
    else:
        yield from check_service_segment(unz, interchange.header.syntax_version, _place(interchange, "UNZ"))
        counted = len(layout.groups) or len(layout.messages)
        yield from _count(unz.component(1), counted, _place(interchange, "UNZ", 1))
        yield from _reference(interchange.header.control_reference, unz.component(2), _place(interchange, "UNZ", 2))
    if not layout.messages and not layout.groups:
        yield Finding(code="F022", place=_place(interchange, "UNB"), fault="32", values={"level": "UNB"})
    if layout.groups and layout.bare:
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


def _messages(interchange: Interchange) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    owner = _owners(interchange)
    for number, message in enumerate(interchange.messages):
        reference = message.reference
        at = partial(_message_place, interchange, number, reference)
        key = (owner[number] if owner else 0, reference)
        if reference and key in seen:
            yield Finding(code="F021", fault="26", values={"reference": excerpt(reference)}, place=at("UNH", 1, 1))
        seen.add(key)
        if not message.complete:
            yield Finding(code="F017", fault="13", place=replace(at("UNT", message.count), missing=True))
            continue
        unt = Segment(interchange.wire, interchange.layout.messages[number].end - 1, message.count)
        yield from _count(unt.component(1), message.count, at("UNT", message.count, 1))
        yield from _reference(reference, unt.component(2), at("UNT", message.count, 2))


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


def _owners(interchange: Interchange) -> list[int]:
    """For each message the ordinal of its functional group, 0 for none; empty when there are no groups."""
    if not interchange.layout.groups:
        return []
    owner = [0] * len(interchange.layout.messages)
    for ordinal, group in enumerate(interchange.layout.groups, 1):
        owner[group.first : group.end] = [ordinal] * (group.end - group.first)
    return owner


def _groups(interchange: Interchange) -> Iterator[Finding]:
    version = interchange.header.syntax_version
    for group, occurrence in zip(interchange.groups, interchange.group_occurrences, strict=True):
        reference = group.reference
        at = partial(_group_place, interchange, reference, occurrence)
        yield from check_service_segment(group.header, version, at("UNG"))
        yield from _date(group.header, version, at("UNG", 4, 1))
        if reference and occurrence is not None:
            yield Finding(code="F024", fault="26", place=at("UNG", 5), values={"reference": excerpt(reference)})
        if not group.messages:
            yield Finding(code="F022", fault="32", place=at("UNG"), values={"level": "UNG"})
        if group.trailer is None:
            yield Finding(
                code="F025",
                fault="13",
                place=replace(at("UNE"), missing=True),
                values={"reference": excerpt(reference)},
            )
            continue
        yield from check_service_segment(group.trailer, version, at("UNE"))
        yield from _count(group.trailer.component(1), len(group.messages), at("UNE", 1))
        yield from _reference(reference, group.trailer.component(2), at("UNE", 2))


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


def _strays(interchange: Interchange) -> Iterator[Finding]:
    """Segments between messages, and service segments without their partner."""
    for start, end in interchange.layout.strays:
        yield Finding(
            code="F028",
            fault="33",
            place=place_of(interchange, start),
            values={"segments": str(end - start), "text": excerpt(interchange.wire.raws[start])},
        )
    for index in interchange.layout.lost:
        yield Finding(code="F029", fault="15", place=place_of(interchange, index))
