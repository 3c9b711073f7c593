"""Is it written as the syntax says: character set, line breaks, tags, terminators, separators.

Each question is first asked of the whole text at C speed; only a text that fails is looked at segment by segment.
Source: ISO 9735 sections 5 to 8; fault codes 0085.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from gateway.edifact import characters
from gateway.edifact.characters import excerpt
from gateway.edifact.charsets import Charset, charset, known, looks_like_utf_8
from gateway.edifact.scan import is_orderly
from gateway.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from gateway.edifact.interchange import Interchange

LIMIT = 1000
"""Findings of one kind kept per interchange or message; what goes beyond is said once (F099)."""

_TAG = re.compile(r"[A-Z][A-Z0-9]{2}")
_SHOWN = 20


def capped(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The first findings, and one that says the list was cut."""
    iterator = iter(findings)
    last = None
    for last in islice(iterator, LIMIT):
        yield last
    if last is not None and next(iterator, None) is not None:
        place = Place(interchange=last.place.interchange, message=last.place.message)
        yield Finding(code="F099", severity=Severity.NOTE, place=place, values={"limit": str(LIMIT), "kind": last.code})


def check(interchange: Interchange) -> list[Finding]:
    """Every fault of the syntax in this interchange."""
    found: list[Finding] = []
    if interchange.unb is not None:
        found.extend(check_opening(interchange))
    announced = charset(interchange.header.syntax_identifier)
    if announced is not None and not announced.multibyte and looks_like_utf_8(_body(interchange)):
        found.append(utf_8(interchange, announced.identifier))
    return [*found, *check_segments(interchange)]


def check_opening(interchange: Interchange) -> Iterator[Finding]:
    """What UNA and UNB say of the syntax: set, version, decimal mark."""
    yield from _versions(interchange)
    yield from _decimal_mark(interchange)


def utf_8(interchange: Interchange, identifier: str) -> Finding:
    """The content looks like UTF-8 under a set that is another."""
    place = Place(interchange=interchange.header.control_reference or None)
    return Finding(code="F010", severity=Severity.WARNING, fault="21", place=place, values={"identifier": identifier})


def _body(interchange: Interchange) -> bytes:
    """The bytes of the segments, without UNA."""
    return interchange.content[interchange.wire.base - interchange.begins :]


def check_segments(interchange: Interchange) -> list[Finding]:
    """The faults that are those of one segment each; of an interchange, or of a part of one."""
    found = list(capped(_repertoire(interchange)))
    found.extend(capped(_line_breaks(interchange)))
    found.extend(
        capped(
            Finding(code="F012", severity=Severity.WARNING, place=place_of(interchange, index), fault="22")
            for index in interchange.wire.blanks
        )
    )
    orderly = is_orderly(interchange.wire)
    if not orderly:
        found.extend(capped(_tags(interchange)))
        found.extend(capped(_nestings(interchange)))
    if not interchange.wire.complete:
        index = interchange.wire.count - 1
        found.append(
            Finding(
                code="F005",
                place=place_of(interchange, index),
                fault="22",
                values={"terminator": interchange.service.terminator, "text": excerpt(interchange.wire.raw(index))},
            )
        )
    if not orderly:
        found.extend(capped(_trailing(interchange)))
    return found


def place_of(interchange: Interchange, index: int, element: int | None = None, component: int | None = None) -> Place:
    """The place of segment number `index` (from 0) of an interchange."""
    wire = interchange.wire
    tag = excerpt(wire.tag(wire.raw(index))[0])
    spans = interchange.layout.messages
    low, high = 0, len(spans)
    while low < high:  # the last message that starts at or before the segment
        middle = (low + high) // 2
        if spans[middle].start <= index:
            low = middle + 1
        else:
            high = middle
    reference = interchange.header.control_reference or None
    if low and index < spans[low - 1].end:
        message = interchange.messages[low - 1]
        group, occurrence = interchange.labels[low - 1] if interchange.labels else (None, None)
        return Place(
            interchange=reference,
            group=group,
            message=message.reference,
            occurrence=occurrence,
            segment=index - spans[low - 1].start + 1,
            tag=tag,
            element=element,
            component=component,
        )
    group, occurrence = _group_around(interchange, index)
    return Place(
        interchange=reference, group=group, occurrence=occurrence, tag=tag, element=element, component=component
    )


def _group_around(interchange: Interchange, index: int) -> tuple[str | None, int | None]:
    """Reference and occurrence of the group in which a segment outside of messages stands."""
    spans = interchange.layout.groups
    number = bisect_right(spans, index, key=lambda span: span.header) - 1
    if number < 0 or index == interchange.layout.trailer:
        return None, None
    trailer = spans[number].trailer
    if trailer is not None and index > trailer:
        return None, None
    return interchange.groups[number].reference or None, interchange.group_occurrences[number]


def _versions(interchange: Interchange) -> Iterator[Finding]:
    header = interchange.header
    reference = header.control_reference or None
    if header.syntax_identifier and charset(header.syntax_identifier) is None:
        yield Finding(
            code="F007",
            fault="46" if header.syntax_version == "4" else "2",
            place=Place(interchange=reference, tag="UNB", element=1, component=1),
            values={"value": header.syntax_identifier, "known": " ".join(known())},
        )
    if header.syntax_version and header.syntax_version not in characters.VERSIONS:
        yield Finding(
            code="F015",
            fault="2",
            place=Place(interchange=reference, tag="UNB", element=1, component=2),
            values={"value": header.syntax_version, "known": " ".join(characters.VERSIONS)},
        )


def _decimal_mark(interchange: Interchange) -> Iterator[Finding]:
    """A decimal mark of UNA that is none, up to version 3; version 4 does not look at it."""
    una = interchange.una
    if una is not None and una[5] not in ",." and interchange.header.syntax_version != "4":
        place = Place(interchange=interchange.header.control_reference or None, tag="UNA")
        yield Finding(code="F050", severity=Severity.WARNING, place=place, values={"mark": excerpt(una[5])})


def _nestings(interchange: Interchange) -> Iterator[Finding]:
    """Nesting indications where there are none: version 4 (they are accepted and passed over before)."""
    component = interchange.service.component
    if interchange.header.syntax_version != "4":
        return
    for index, raw in enumerate(interchange.wire.raws):
        if raw[3:4] == component:
            tag, nesting = interchange.wire.tag(raw)
            values = {"tag": excerpt(tag), "nesting": excerpt(" ".join(nesting))}
            yield Finding(code="F048", fault="22", place=place_of(interchange, index), values=values)


def _repertoire(interchange: Interchange) -> Iterator[Finding]:
    """Bytes that the announced character set does not have, one finding per segment, at the first of them."""
    announced = charset(interchange.header.syntax_identifier)
    if announced is None:
        return
    also = "".join(interchange.service.special) + "\r\n\t"
    if not announced.foreign(_body(interchange), also):
        return
    wire = interchange.wire
    for index, raw in enumerate(wire.raws):
        start = wire.start(index) - interchange.begins
        part = interchange.content[start : start + len(raw)]
        foreign = announced.foreign(part, also)
        if foreign:
            element, component = _first(interchange, raw, part, announced, also)
            yield Finding(
                code="F009",
                fault="21",
                place=place_of(interchange, index, element, component),
                values={"identifier": announced.identifier, "bytes": foreign[:_SHOWN].hex(" ").upper()},
            )


def _first(
    interchange: Interchange, raw: str, part: bytes, announced: Charset, also: str
) -> tuple[int | None, int | None]:
    """Element and component of the first byte outside the repertoire; None for the tag."""
    for element, text in enumerate(raw.split(interchange.service.element)):
        for component in range(1, text.count(interchange.service.component) + 2):
            place = interchange.wire.locate(raw, element, component)
            if place is not None and announced.foreign(part[place[0] : place[1]], also):
                return element, component
    return None, None


def _line_breaks(interchange: Interchange) -> Iterator[Finding]:
    text = interchange.wire.text
    if "\n" not in text and "\r" not in text:
        return
    for index, raw in enumerate(interchange.wire.raws):
        if "\n" in raw or "\r" in raw:
            before = raw[: min(place for place in (raw.find("\n"), raw.find("\r")) if place >= 0)]
            element = before.count(interchange.service.element) or None
            yield Finding(code="F011", fault="21", place=place_of(interchange, index, element))


def _tags(interchange: Interchange) -> Iterator[Finding]:
    wire = interchange.wire
    ends = (interchange.service.element, interchange.service.component, "")
    bad = {head for head in {raw[:4] for raw in wire.raws} if _TAG.fullmatch(head[:3]) is None or head[3:] not in ends}
    if not bad:
        return
    for index, raw in enumerate(wire.raws):
        if raw[:4] in bad:
            yield Finding(
                code="F013", fault="15", place=place_of(interchange, index), values={"tag": excerpt(wire.tag(raw)[0])}
            )


def _trailing(interchange: Interchange) -> Iterator[Finding]:
    """Separators that separate nothing: before a stronger separator or the terminator. A warning (0085 45)."""
    service, text = interchange.service, interchange.wire.text
    component, element, terminator = service.component, service.element, service.terminator
    pairs = (component + element, component + terminator, element + terminator)
    if not any(pair in text for pair in pairs):
        return
    for index, raw in enumerate(interchange.wire.raws):
        if raw.endswith((component, element)) or component + element in raw:
            yield Finding(code="F014", severity=Severity.WARNING, fault="45", place=place_of(interchange, index))
