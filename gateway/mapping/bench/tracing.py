"""The way of a value through dialect and mapping, both ways: national field, record, segment; and why there is none.

Everything is worked out anew from the files: nothing is stored for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import Message, describe, read_wire
from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.bench.corpus import Sample
from gateway.mapping.bench.preview import values_of
from gateway.mapping.dialect import Dialect
from gateway.mapping.inherit import Definition, walk
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.notation import Hole, Line
from gateway.mapping.plan import Plan
from gateway.mapping.scopes import placed
from gateway.mapping.traced import Traced
from gateway.references import Path

_NO_PLACE = ("M111", "M113")
_ORDINALS = re.compile(r"\[\d+\]")
_SEGMENT = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{2})(?P<constants>(?:\+[^/+]*)*)(?:/(?P<element>\w+))?")


class Trail(Struct, frozen=True, kw_only=True):
    """One value from the national file to the message, or as far as it goes.

    field      XPath, JSON pointer or heading; with its file, line and column in `place`; None for what no file gives
    path       in the record; None for a count
    value      in the record, as text
    steps      what was done to it, in order: the dialect's format, then the mapping's converter or code table
    segment, tag, element, component   where it stands in the message; element and component are 0 where the segment
               itself is the value (a flag)
    written    what stands there
    line       ``file:line`` of the mapping
    """

    place: Place | None
    path: Path | None
    value: str
    steps: tuple[str, ...]
    segment: int
    tag: str
    element: int
    component: int
    element_id: str
    name: str
    written: str
    line: str

    @property
    def field(self) -> str | None:
        """The national field without ordinals being lost: as its file names it."""
        return self.place.locator if self.place is not None else None


def trails(mapping: MessageMapping, sample: Sample) -> list[Trail]:
    """The way of every value of a record that stands in its message, in the order of the message.

    Raises LocalError for a record that the mapping cannot write, with every finding.
    """
    if sample.message is not None:
        message, traced = sample.message, mapping.trace_message(sample.message)
    else:
        wire, traced = mapping.to_message_traced(sample.tree)
        message = read_wire(wire)
    plan = mapping.plan(sample.tree)
    values = dict(values_of(sample.tree))
    names = _names(message)
    lines = {(line.body.origin.file, line.body.origin.line): line for line in walk(mapping.definition.lines)}
    found = [_trail(one, mapping, sample, values, names, lines) for one in traced]
    found.extend(_flags(plan, message, values, sample))
    return sorted(found, key=lambda one: (one.segment, one.element, one.component))


def trace_to(mapping: MessageMapping, sample: Sample, where: str) -> list[Trail]:
    """Where the values of a place in the message come from.

    where  ``NAD+CN``, ``NAD+CN/3036``, ``CST/1496``, or a path of the record: ``items[2].gross_mass``
    Raises LocalError M489 when it names nothing there.
    """
    found = trails(mapping, sample)
    match = _SEGMENT.fullmatch(where)
    if match is None:
        named = [one for one in found if one.path is not None and under(one.path, where)]
    else:
        constants = [text.split(":") for text in match["constants"].split("+")[1:]]
        message = sample.message or read_wire(mapping.to_message(sample.tree))
        positions = {segment.position for segment in message.segments if segment.tag == match["tag"]
                     and _begins(segment.elements, constants)}
        named = [one for one in found if one.segment in positions and match["element"] in (None, one.element_id)]
    if not named:
        raise LocalError(Finding(code="M489", values={"where": where, "sample": sample.name}))
    return named


def trace_from(mapping: MessageMapping, sample: Sample, where: str) -> tuple[list[Trail], list[Finding]]:
    """Where the values of a national field go, and for those that go nowhere why.

    where  XPath, JSON pointer or heading, with ordinals or without; or a path of the record
    The findings are M487 (the mapping has no place for it, with the reason where a file tells one) and M488 (its line
    is not written for this record). Raises LocalError M489 when neither the files nor the record have it; else what
    keeps the record from being written, when that is something else.
    """
    paths = [path for path, place in sample.places.items() if place.locator and under(place.locator, where)]
    paths += [path for path, _ in values_of(sample.tree) if under(path, where) and path not in paths]
    if not paths:
        raise LocalError(Finding(code="M489", values={"where": where, "sample": sample.name}))
    try:
        return [one for one in trails(mapping, sample) if one.path in paths], []
    except LocalError as error:
        lost = [_why(mapping, sample, finding) for finding in error.findings
                if finding.code in _NO_PLACE and finding.place.path in paths]
        if not lost:
            raise
        return [], lost


def not_read(dialect: Dialect, files: Mapping[str, bytes], where: str) -> list[Finding]:
    """M486 for each element of XML files under a name that the dialect passes over."""
    return [Finding(code="M486", place=place, values={"field": place.locator or "", "dialect": dialect.identifier})
            for file, content in files.items() for place in dialect.unread(file, content)
            if place.locator and under(place.locator, where)]


def _trail(traced: Traced, mapping: MessageMapping, sample: Sample,
           values: Mapping[Path, str], names: Mapping[tuple[int, int, int], tuple[str, str]],
           lines: Mapping[tuple[str, int], Line]) -> Trail:
    identifier, name = names.get((traced.segment, traced.element, traced.component), ("", ""))
    term = _ORDINALS.sub("", traced.path) if traced.path is not None else ""
    line = lines.get((traced.mapping_file, traced.mapping_line))
    steps = [*_national(sample.dialect, term), *_converted(mapping.definition, line, term)]
    return Trail(place=_place(sample, traced.path), path=traced.path, value=values.get(traced.path or "", ""),
                 steps=tuple(steps), segment=traced.segment, tag=traced.tag, element=traced.element,
                 component=traced.component, element_id=identifier, name=name, written=traced.value,
                 line=f"{traced.mapping_file}:{traced.mapping_line}")


def _national(dialect: Dialect | None, term: str) -> Iterator[str]:
    known = dialect.terms.get(term) if dialect is not None else None
    if known is not None and known.format not in ("", "text"):
        yield known.format


def _converted(definition: Definition, line: Line | None, term: str) -> Iterator[str]:
    """What the mapping does in the hole of a term: a converter by its name, a code table, a count."""
    if line is None:
        return
    hole = next((hole for hole in line.body.holes() if term and _means(hole, term)), None)
    if hole is None:
        return
    typed = definition.record.get(term)
    if hole.converter is not None:
        yield hole.converter
    elif typed is not None and typed.type.table is not None:
        yield f"code {typed.type.table}"


def _means(hole: Hole, term: str) -> bool:
    return hole.kind == "term" and (term == hole.term or term.endswith(f".{hole.term}"))


def _flags(plan: Plan, message: Message, values: Mapping[Path, str], sample: Sample) -> Iterator[Trail]:
    """A flag is its segment: it has no component of its own."""
    for line in plan.walk():
        if line.flag is None or values.get(line.flag.term) != "true":
            continue
        segment = next((one for one in message.segments if one.tag == line.tag and line.fits(one.elements)), None)
        if segment is not None:
            told = describe(segment, message.identifier)
            yield Trail(place=_place(sample, line.flag.term), path=line.flag.term, value="true",
                        steps=tuple(_national(sample.dialect, line.flag.term)), segment=segment.position, tag=line.tag,
                        element=0, component=0, element_id="", name=told.name, written=segment.text,
                        line=str(line.origin))


def _names(message: Message) -> dict[tuple[int, int, int], tuple[str, str]]:
    return {(segment.position, part.element, part.component or 1): (part.id, part.name)
            for segment in message.segments for part in describe(segment, message.identifier).components}


def _place(sample: Sample, path: Path | None) -> Place | None:
    """The place of a path in the national files, or of the nearest group around it that has one."""
    while path:
        if path in sample.places:
            return sample.places[path]
        path = path.rpartition(".")[0]
    return None


def _why(mapping: MessageMapping, sample: Sample, finding: Finding) -> Finding:
    """Why a value of the record has no place in the message."""
    path = finding.place.path or ""
    term = _ORDINALS.sub("", path)
    place = replace(_place(sample, path) or Place(), path=path)
    if finding.code == "M111" or mapping.tag_of(term) is not None:
        function = str(sample.tree.get("function", "-"))
        return Finding(code="M488", place=place, values={"term": term, "function": function,
                                                         "line": finding.values.get("line", "-")})
    return Finding(code="M487", place=place, values={"term": term,
                                                     "reason": removal_reason(mapping.definition, term) or "-"})


def removal_reason(definition: Definition, term: str) -> str:
    """Why a level left a term out: the reason told for it, for what it lies in, or for the line that carried it."""
    types = {name: typed.type for name, typed in definition.record.items()}
    for name, reason in definition.removed.items():
        if term == name or term.startswith(f"{name}."):
            return reason.text
        for stage in definition.stages:
            if any(line.label == name and term in placed([line], types) for line in walk(stage)):
                return reason.text
    return ""


def under(name: str, where: str) -> bool:
    """Tell whether a place is meant by a name: itself or what lies in it; ordinals count where they are given."""
    for text in (name, _ORDINALS.sub("", name)):
        if text.casefold() == where.casefold() or text.startswith((f"{where}/", f"{where}.", f"{where}[")):
            return True
    return False


def _begins(elements: Sequence[object], constants: Sequence[Sequence[str]]) -> bool:
    """Tell whether a segment's first elements begin with the components given; an empty one fits anything."""
    for element, wanted in zip(elements, constants, strict=False):
        if not isinstance(element, tuple) or any(
                text and text != part for text, part in zip(wanted, (*element, *[""] * len(wanted)), strict=False)):
            return False
    return len(elements) >= len(constants)


