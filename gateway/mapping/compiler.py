"""From a flat definition to plans, one per message function; whatever cannot work both ways is a fault.

Everything is looked up here once: terms in their scopes, types, code tables, converters. Running looks nothing up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.edifact import escape
from gateway.findings import Finding
from gateway.mapping.chunks import Chunks
from gateway.mapping.codecs import Codec, CountCodec, DecimalCodec, StampCodec, TextCodec, Unfit
from gateway.mapping.document import nearest
from gateway.mapping.inherit import Definition, fault, walk
from gateway.mapping.moments import Moment
from gateway.mapping.notation import Component, Element, Hole, Line, Origin
from gateway.mapping.parts import Access, Count, Extra, Field, Joined, Part, Position
from gateway.mapping.plan import ElementPlan, Guard, Plan, PlanLine, Shape, make_runs
from gateway.mapping.scopes import Found, find, opened, through_groups
from gateway.mapping.tables import Tables
from gateway.mapping.term_types import TermType

_CHUNKS = re.compile(r"chunks (?:(?P<segments>[1-9]\d?)x)?(?P<pieces>[1-9]\d?)x(?P<size>[1-9]\d{0,2})")
_STAMPS = {"date": ("102",), "datetime": ("203", "204"), "moment": ("moment",)}


@dataclass(slots=True)
class _Scope:
    """What is open around a line: the terms of the scopes, and whether a guard or an optional line is around it."""

    prefixes: tuple[str, ...]
    sure: bool


class Compiler:
    """Compiles the lines of one message function."""

    def __init__(self, definition: Definition, types: dict[str, TermType], tables: Tables,
                 findings: list[Finding]) -> None:
        self._definition = definition
        self._types = types
        self._tables = tables
        self._findings = findings
        self._placements: Counter[str] = Counter()
        self._twins: Counter[str] = Counter()

    def plan(self, function: str | None, lines: Sequence[Line]) -> Plan:
        """Compile. Faults go to the findings; the plan is only good when there are none."""
        self._placements.clear()
        self._twins.clear()
        self._survey(lines, _Scope(("",), True))
        compiled = self._lines(lines, ("",))
        plan_lines = tuple(self._hide(line, ()) for line in compiled)
        shape = Shape(False)
        for term in self._placements:
            self._reserve(shape, term)
        fixed = []
        for term, value in self._definition.fixed.items():
            names = term.split(".")
            holder = term.rpartition(".")[0]
            if holder and holder not in self._placements and names[-1] != "word":
                continue  # its group has no place in this layout
            fixed.append((Access(0, tuple(names[:-1]), names[-1], term), value.text))
            self._reserve(shape, term)
        twins = {term: number for term, number in self._twins.items() if number > 1}
        tags = frozenset(line.tag for top in plan_lines for line in top.walk())
        return Plan(function, plan_lines, make_runs(plan_lines), shape, tags, twins, tuple(fixed))

    # survey: how often each term has a place

    def _survey(self, lines: Iterable[Line], scope: _Scope) -> None:
        for line in lines:
            body = line.body
            sure = scope.sure and body.when is None
            held = find(body.each or body.within or "", scope.prefixes, self._types)
            if held is not None:
                self._placements[held.term] += 1
            inner = opened(line, scope.prefixes, self._types)
            for hole in body.holes():
                found = find(hole.term, inner, self._types) if hole.kind == "term" else None
                if found is not None:
                    self._placements[found.term] += 1
                    if sure and found.depth == len(inner) - 1:
                        self._twins[found.term] += 1
            self._survey(line.children, _Scope(inner, sure))

    def _reserve(self, shape: Shape, term: str) -> None:
        """Give a term its name in the shape of the record, and the groups and lists around it theirs."""
        names = term.split(".")
        for step, name in enumerate(names, 1):
            kind = self._types.get(".".join(names[:step]))
            holds = step < len(names) or (kind is not None and kind.name in ("group", "list"))
            if not holds:
                shape.names.setdefault(name, None)
                return
            inner = shape.names.get(name)
            if inner is None:
                inner = shape.names[name] = Shape(kind is not None and kind.name == "list")
            shape = inner

    # lines

    def _lines(self, lines: Iterable[Line], prefixes: tuple[str, ...], sure: bool = True) -> tuple[PlanLine, ...]:
        compiled = []
        for line in lines:
            compiled.append(self._line(line, prefixes, sure))
        return tuple(compiled)

    def _line(self, line: Line, prefixes: tuple[str, ...], sure: bool) -> PlanLine:
        body = line.body
        origin = body.origin
        sure = sure and body.when is None
        each = group = flag = None
        limit = 1
        written = body.each or body.within
        if written:
            found = self._find(written, prefixes, origin)
            kind = None if found is None else self._types[found.term]
            expected = ("list",) if body.each else ("group", "boolean")
            if found is not None and kind is not None:
                if kind.name not in expected:
                    self._fault("M025", origin, term=found.term, type=str(kind), expected=" / ".join(expected))
                access = self._access(found, False)
                if body.each:
                    each, limit = access, kind.maximum
                elif kind.name == "group":
                    group = access
                else:
                    flag = access
            if body.optional:
                self._fault("M041", origin, label=line.label)
        inner = opened(line, prefixes, self._types)
        before = len(self._findings)
        elements = tuple(self._element(element, inner, origin, sure) for element in body.elements)
        overflow = self._overflow(elements, origin)
        if overflow is not None:
            limit = overflow[1].segments
        parts = [part for element in elements for part in element.parts if not isinstance(part, str)]
        accesses = tuple(access for part in parts for access in part.accesses())
        computed = tuple(part for part in parts if part.computed)
        if body.optional and not accesses and not computed and len(self._findings) == before:
            self._fault("M041", origin, label=line.label)
        children = self._lines(line.children, inner, sure)
        return PlanLine(line.label, body.tag, origin, elements, each, group, flag, body.optional,
                        self._guard(line, prefixes), limit, overflow, accesses, _firm(elements), computed, (), children,
                        make_runs(children))

    def _hide(self, line: PlanLine, around: tuple[PlanLine, ...]) -> PlanLine:
        """Note which terms nothing else carries than this line and those under it."""
        for child in line.children:
            self._hide(child, (*around, line))
        depth = sum(1 for one in around if one.each or one.group)
        inside: Counter[str] = Counter()
        accesses: dict[str, Access] = {}
        for one in line.walk():
            for access in (*one.accesses, *(found for found in (one.each, one.group, one.flag) if found)):
                inside[access.term] += 1
                if access.depth <= depth:
                    accesses.setdefault(access.term, access)
        line.hidden = tuple(access for term, access in accesses.items() if inside[term] == self._placements[term])
        return line

    def _guard(self, line: Line, prefixes: tuple[str, ...]) -> Guard | None:
        condition = line.body.when
        if condition is None:
            return None
        origin = replace(line.body.origin, column=condition.column)
        found = self._find(condition.term, prefixes, origin)
        if found is None:
            return None
        kind = self._types[found.term]
        if kind.name not in ("an", "a", "code"):
            self._fault("M019", origin, text=f"{condition.term}: {kind}")
        if kind.name == "code":
            for value in condition.values:
                if value not in self._tables.words(kind.table or ""):
                    self._fault("M034", origin, table=f"{kind.table}: {value}",
                                nearest=nearest(value, self._tables.words(kind.table or "")))
        return Guard(self._access(found, False), frozenset(condition.values))

    def _overflow(self, elements: Sequence[ElementPlan], origin: Origin) -> tuple[int, Part] | None:
        for number, element in enumerate(elements):
            for part in element.parts:
                if not isinstance(part, str) and part.segments > 1:
                    alone = number == len(elements) - 1 and len(element.parts) == 1 \
                        and all(other.wire is not None for other in elements[:number])
                    if not alone or part.optional:
                        self._fault("M044", origin, term=", ".join(access.term for access in part.accesses()))
                    return number, part
        return None

    # elements and their parts

    def _element(self, element: Element, prefixes: tuple[str, ...], origin: Origin, sure: bool) -> ElementPlan:
        if not any(isinstance(part, Hole) for component in element for part in component):
            texts = tuple(str(component[0]) if component else "" for component in element)
            return ElementPlan(":".join(escape(text) for text in texts), texts)
        parts: list[str | Part] = []
        starts = []
        width = 0
        for number, component in enumerate(element):
            part = self._component(component, prefixes, origin, sure)
            parts.append(part)
            starts.append(width)
            width += 1 if isinstance(part, str) else part.width
            if not isinstance(part, str) and part.width > 1 and number < len(element) - 1:
                self._fault("M045", origin, term=", ".join(access.term for access in part.accesses()))
        writes = tuple(escape(part) if isinstance(part, str) else part for part in parts)
        return ElementPlan(None, (), tuple(parts), writes, tuple(starts), width)

    def _component(self, component: Component, prefixes: tuple[str, ...], origin: Origin, sure: bool) -> str | Part:
        holes = [part for part in component if isinstance(part, Hole)]
        if not holes:
            return "".join(str(part) for part in component)
        if len(component) == 1:
            return self._hole(holes[0], prefixes, origin, sure) or ""
        if prefixes[-1] == "extras" and [part if isinstance(part, str) else part.term for part in component] \
                == ["key", "=", "value"]:
            codecs = {key: TextCodec(typed.type) for key, typed in self._definition.extras.items()}
            depth = len(prefixes) - 1
            return Extra(Access(depth, (), "key", "extras.key"), Access(depth, (), "value", "extras.value"), codecs)
        return self._joined(component, holes, prefixes, origin, sure)

    def _joined(self, component: Component, holes: list[Hole], prefixes: tuple[str, ...], origin: Origin,
                sure: bool) -> Part | str:
        pieces: list[str | Field] = []
        for part in component:
            made = part if isinstance(part, str) else self._hole(part, prefixes, origin, sure)
            if made is None:
                return ""
            if not isinstance(made, str | Field) or (isinstance(made, Field) and made.default is not None):
                self._fault("M018", replace(origin, column=holes[0].column))
                return ""
            pieces.append(made)
        for number, piece in enumerate(pieces[:-1]):
            following = pieces[number + 1]
            if isinstance(piece, str) or piece.codec.width:
                continue
            safe = isinstance(following, str) and piece.codec.plain and not following[0].isalnum()
            if not safe:
                self._fault("M018", replace(origin, column=holes[0].column))
        if len({hole.optional for hole in holes}) > 1:
            self._fault("M018", replace(origin, column=holes[0].column))
        return Joined(pieces, holes[0].optional)

    def _hole(self, hole: Hole, prefixes: tuple[str, ...], origin: Origin, sure: bool) -> Part | None:
        place = replace(origin, column=hole.column)
        if hole.kind == "position":
            if len(prefixes) < 2 or self._types[prefixes[-1]].name != "list":
                self._fault("M025", place, term="#", type="-", expected="each")
            return Position()
        found = self._find(hole.term, prefixes, place)
        if found is None:
            return None
        kind = self._types[found.term]
        if hole.kind == "count":
            if kind.name != "list":
                self._fault("M025", place, term=found.term, type=str(kind), expected="list")
            return Count(self._access(found, False))
        access = self._access(found, sure and found.depth == len(prefixes) - 1)
        if found.depth and hole.kind == "term" and not through_groups(found, self._types):
            self._fault("M025", place, term=found.term, type=str(kind), expected="each")
        return self._value(hole, access, kind, place)

    def _value(self, hole: Hole, access: Access, kind: TermType, place: Origin) -> Part | None:
        """The part for a term of some type with some converter."""
        converter = hole.converter or ""
        if kind.name in _STAMPS:
            if converter not in _STAMPS[kind.name] or (converter == "moment" and hole.default):
                self._misfit(hole, kind, place, " / ".join(_STAMPS[kind.name]))
                return None
            if converter == "moment":
                return Moment(access, hole.optional)
            return self._field(hole, access, StampCodec(converter), place)
        if converter:
            match = _CHUNKS.fullmatch(converter)
            if match is None or kind.name not in ("an", "a", "text") or hole.default:
                known = ("102", "203", "204", "moment", "chunks 5x70")
                if match is None and converter not in known:
                    self._fault("M016", place, converter=converter, nearest=nearest(converter, known))
                else:
                    self._misfit(hole, kind, place, "-")
                return None
            segments = int(match["segments"] or 1)
            if segments > 1 and kind.name != "text":
                self._misfit(hole, kind, place, "text")
                return None
            return Chunks(access, TextCodec(kind), segments, int(match["pieces"]), int(match["size"]), hole.optional)
        codec = self._codec(kind, access.term, place)
        if codec is None:
            self._misfit(hole, kind, place, "chunks" if kind.name == "text" else "with")
            return None
        return self._field(hole, access, codec, place)

    def _field(self, hole: Hole, access: Access, codec: Codec, place: Origin) -> Field:
        if hole.default is not None:
            try:
                codec.read(hole.default)
            except Unfit:
                self._fault("M043", place, value=hole.default, term=access.term)
        return Field(access, codec, hole.optional, hole.default)

    def _codec(self, kind: TermType, term: str, place: Origin) -> Codec | None:
        if kind.name in ("an", "a"):
            return TextCodec(kind)
        if kind.name == "n":
            return CountCodec(kind)
        if kind.name == "decimal":
            return DecimalCodec(kind)
        if kind.name == "code" and kind.table is not None:
            if not self._tables.words(kind.table):
                self._fault("M034", place, table=kind.table, nearest=nearest(kind.table, self._tables.names()))
            return self._tables.codec(kind.table, term)
        return None

    def _misfit(self, hole: Hole, kind: TermType, place: Origin, expected: str) -> None:
        self._fault("M017", place, converter=hole.converter or "-", type=str(kind), term=hole.term, expected=expected)

    def _find(self, written: str, prefixes: tuple[str, ...], place: Origin) -> Found | None:
        found = find(written, prefixes, self._types)
        if found is None:
            inside = [term.removeprefix(f"{prefix}.") for prefix in prefixes for term in self._types
                      if not prefix or term.startswith(f"{prefix}.")]
            self._fault("M031", place, term=written, nearest=nearest(written, inside))
            return None
        if not through_groups(found, self._types):
            self._fault("M025", place, term=found.term, type=str(self._types[found.term]), expected="each")
        return found

    def _access(self, found: Found, direct: bool) -> Access:
        twin = direct and self._twins[found.term] > 1
        return Access(found.depth, found.inside[:-1], found.inside[-1], found.term, twin)

    def _fault(self, code: str, origin: Origin, /, **values: str) -> None:
        self._findings.append(fault(code, origin, **values))


def _firm(elements: Sequence[ElementPlan]) -> dict[tuple[int, int], frozenset[str]]:
    """Constants that stand in every segment of a line, and codes where a hole that is always filled has a table."""
    firm: dict[tuple[int, int], frozenset[str]] = {}
    for number, element in enumerate(elements):
        if element.wire is not None:
            firm.update({(number, component): frozenset((text,))
                         for component, text in enumerate(element.components) if text})
        elif any(not isinstance(part, str) and not part.optional and part.default is None for part in element.parts):
            for part, start in zip(element.parts, element.starts, strict=True):
                if isinstance(part, str):
                    if part:
                        firm[number, start] = frozenset((part,))
                elif part.codes() and not part.optional:
                    firm[number, start] = part.codes()
    return firm


def select(lines: Sequence[Line], only: set[str] | None, without: set[str]) -> tuple[Line, ...]:
    """The lines a message function carries. A line brings the lines under it."""
    kept = []
    for line in lines:
        if line.label in without:
            continue
        if only is None or line.label in only:
            kept.append(replace(line, children=select(line.children, None, without)))
        elif {child.label for child in walk(line.children)} & only:
            kept.append(replace(line, children=select(line.children, only, without)))
    return tuple(kept)
