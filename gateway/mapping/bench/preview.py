"""One record beside the message it makes: each value with its path, its segment, the name of its element, its line.

A record that cannot be written is shown as far as it goes: what is missing stands where it would be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import (
    Message,
    MessageIdentifier,
    Segment,
    SegmentDescription,
    WireMessage,
    check_message,
    describe,
    read_wire,
)
from gateway.findings import Finding, Place, Severity
from gateway.mapping.bench.corpus import TRIAL_MRN, Sample
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.parts import Access, Part
from gateway.mapping.plan import Plan, PlanLine
from gateway.mapping.reading import Reading
from gateway.mapping.requirements import Failure
from gateway.mapping.writing import Writing
from gateway.references import Path, Scalar, Tree

_ORDINAL = re.compile(r"\[\d+\]")

Status = Literal["value", "constant", "count", "missing"]


class PreviewRow(Struct, frozen=True, kw_only=True):
    """One value or constant of the message, or a place where a value is missing.

    path          in the record; None for what no place of the record gives (constants, counts)
    value         the component as received, without release characters, or its share of it; "" when it is missing
    status        value (from the record), constant (of the mapping), count (worked out), missing
    segment, tag  position in the message (UNH is 1) and tag; for what is missing, the segment it should stand in, or 0
                  where a rule wants a segment that is not there
    element, component   ordinals from 1; 0 for a missing segment
    element_id, name     number and name of the data element in the directory; "" where it has none
    meaning       what the code list says of the value; "" where there is none
    mandatory     the mapping cannot be written without it
    line          ``file:line`` of the mapping; "" for UNH and UNT
    """

    path: Path | None
    value: str
    status: Status
    segment: int
    tag: str
    segment_name: str
    element: int
    component: int
    element_id: str
    name: str
    meaning: str
    mandatory: bool
    line: str


class Preview(Struct, frozen=True, kw_only=True):
    """A record and its message.

    mapping   identifier of the mapping; `message` is the identifier of its message (``CUSDEC:D:96B:UN:COR10``)
    record    every value of the record by its path, in order, as text
    segments  every segment as on the wire, UNH first; fewer than the message has where something is missing
    rows      in the order of the message; what is missing stands where it would be
    findings  what keeps the record from being written, what the directory says of the message, rules of the receiver
    """

    mapping: str
    message: str
    record: tuple[tuple[Path, str], ...]
    segments: tuple[str, ...]
    rows: tuple[PreviewRow, ...]
    findings: tuple[Finding, ...]


def preview(mapping: MessageMapping, sample: Sample) -> Preview:
    """A record and its message. Raises LocalError M115 for a function that the mapping does not carry."""
    plan = mapping.plan(sample.tree)
    writing = _Noting(plan)
    writing.write(cast("dict[str, Any]", sample.tree))
    message = read_wire(WireMessage(mapping.message, "'".join(writing.out) + "'", len(writing.out)))
    failures = mapping.requirements(sample.tree)
    rows = [*_received(plan, message), *_missing(plan, writing, mapping.message),
            *(_refused(plan, failure, mapping.message) for failure in failures)]
    findings = [*writing.findings, *(_rule(failure) for failure in failures)]
    if not writing.findings:
        findings.extend(check_message(message))
        findings.extend(loss.finding() for loss in mapping.losses(sample.tree))
    if "mrn" in sample.given:
        findings.append(Finding(code="M484", place=Place(path="mrn"), values={"value": TRIAL_MRN},
                                severity=Severity.NOTE))
    return Preview(mapping=mapping.identifier, message=str(mapping.message), record=tuple(values_of(sample.tree)),
                   segments=tuple(f"{segment.text}'" for segment in message.segments),
                   rows=tuple(sorted(rows, key=lambda row: (row.segment or len(message.segments) + 1, row.element,
                                                            row.component))), findings=tuple(findings))


def values_of(tree: Tree, prefix: str = "") -> Iterator[tuple[Path, str]]:
    """Every value of a record by its path, in order, as JSON has it: true, 2026-11-10T08:10:00Z, 12500.375."""
    for name, value in tree.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from values_of(value, f"{path}.")
        elif isinstance(value, list):
            for ordinal, member in enumerate(value, 1):
                yield from values_of(member, f"{path}[{ordinal}].")
        else:
            yield path, _shown(value)


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


class _Noting(Writing):
    """Remembers of each finding the segment that was being written: its position in the message, UNH is 1."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.positions: dict[int, int] = {}

    def _find(self, code: str, access: Access | None, values: Mapping[str, str]) -> None:
        self.positions[len(self.findings)] = len(self.out) + 2
        super()._find(code, access, values)


def _received(plan: Plan, message: Message) -> Iterator[PreviewRow]:
    """Every component of the message; several rows where several values share one. Reading goes on over what is
    missing, as far as the rest has one meaning."""
    values: dict[tuple[int, int, int], list[tuple[Path | None, str]]] = {}
    lines: dict[int, PlanLine] = {}

    def watch(segment: int, tag: str, element: int, component: int, value: str, line: PlanLine,
              path: Path | None) -> None:
        values.setdefault((segment, element, component), []).append((path, value))
        lines[segment] = line

    Reading(plan, message, watch).read()
    for segment in message.segments:
        line = lines.get(segment.position) or _line_of(plan, segment)
        told = describe(segment, message.identifier)
        for part in told.components:
            place = segment.position, part.element, part.component or 1
            found = values.get(place, [])
            held = _part_at(line, part.element, part.component or 1) if line is not None else None
            row = PreviewRow(path=None, value=part.value, status="constant", segment=segment.position, tag=segment.tag,
                             segment_name=told.name, element=part.element, component=part.component or 1,
                             element_id=part.id, name=part.name, meaning=part.meaning or "",
                             mandatory=held is None or not (held.optional or held.default is not None),
                             line=str(line.origin) if line is not None else "")
            yield from [replace(row, path=path, value=text if len(found) > 1 else part.value,
                                status="count" if path is None else "value") for path, text in found] or [row]


def _missing(plan: Plan, writing: _Noting, identifier: MessageIdentifier) -> Iterator[PreviewRow]:
    """What the mapping needs and the record has not."""
    for number, finding in enumerate(writing.findings):
        if finding.code == "M101":
            yield _absent(plan, finding.values["term"], finding.place.path or "", writing.positions[number], identifier)


def _refused(plan: Plan, failure: Failure, identifier: MessageIdentifier) -> PreviewRow:
    """What a rule of the receiver needs; the message can be written without it."""
    return _absent(plan, _ORDINAL.sub("", failure.path), failure.path, 0, identifier)


def _absent(plan: Plan, term: str, path: Path, position: int, identifier: MessageIdentifier) -> PreviewRow:
    line, element, component = _home(plan, term)
    told = SegmentDescription("", "", ())
    if line is not None and element:  # the directory names what stands there
        told = describe(_with_value(line.tag, element, component, identifier), identifier)
    elif line is not None:
        told = SegmentDescription(line.tag, describe(_with_value(line.tag, 1, 1, identifier), identifier).name, ())
    one = next(iter(told.components), None)
    return PreviewRow(path=path, value="", status="missing", segment=position, tag=line.tag if line else "",
                      segment_name=told.name, element=element, component=component, element_id=one.id if one else "",
                      name=one.name if one else "", meaning="", mandatory=True, line=str(line.origin) if line else "")


def _home(plan: Plan, term: str) -> tuple[PlanLine | None, int, int]:
    """The line that carries a term, element and component (from 1) where it stands in it; 0 where it has no hole."""
    for line in plan.walk():
        for number, element in enumerate(line.elements, 1):
            for part, start in zip(element.parts, element.starts, strict=True):
                if not isinstance(part, str) and any(access.term == term for access in part.accesses()):
                    return line, number, start + 1
    for line in plan.walk():
        if any(held is not None and held.term == term for held in (line.each, line.group, line.flag)):
            return line, 0, 0
    return None, 0, 0


def _with_value(tag: str, element: int, component: int, identifier: MessageIdentifier) -> Segment:
    body = f"{tag}{'+' * max(element, 1)}{':' * max(component - 1, 0)}X'"
    return read_wire(WireMessage(identifier, body, 1)).segments[1]


def _part_at(line: PlanLine, element: int, component: int) -> Part | None:
    if element > len(line.elements):
        return None
    plan = line.elements[element - 1]
    for part, start in zip(plan.parts, plan.starts, strict=True):
        if not isinstance(part, str) and start < component <= start + part.width:
            return part
    return None


def _line_of(plan: Plan, segment: Segment) -> PlanLine | None:
    """The line of a segment that holds nothing but constants."""
    return next((line for line in plan.walk() if line.tag == segment.tag and line.fits(segment.elements)), None)


def _rule(failure: Failure) -> Finding:
    return Finding(code="M478", place=Place(path=failure.path), severity=Severity.WARNING, values={
        "rule": failure.rule, "path": failure.path, "fr": failure.fr, "en": failure.en})
