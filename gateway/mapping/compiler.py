"""From a flat definition to plans, one per message function; whatever cannot work both ways is a fault.

Everything is looked up here once: terms in their scopes, types, code tables, converters. Running looks nothing up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from gateway.findings import Finding
from gateway.mapping.document import nearest
from gateway.mapping.holes import Around, Holes, firm
from gateway.mapping.inherit import Definition, fault, walk
from gateway.mapping.notation import Line, Origin
from gateway.mapping.overflow import link
from gateway.mapping.parts import Access, Part
from gateway.mapping.plan import ElementPlan, Guard, Plan, PlanLine, Shape, make_runs
from gateway.mapping.scopes import find, opened
from gateway.mapping.tables import Tables
from gateway.mapping.term_types import TermType


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
        self._holes = Holes(definition, types, tables, findings)
        self._placements, self._twins = self._holes.placements, self._holes.twins

    def plan(self, function: str | None, lines: Sequence[Line]) -> Plan:
        """Compile. Faults go to the findings; the plan is only good when there are none."""
        self._placements.clear()
        self._twins.clear()
        self._survey(lines, _Scope(("",), True))
        compiled = self._lines(lines, ("",))
        plan_lines = tuple(self._hide(line, ()) for line in compiled)
        link(plan_lines, lambda code, line, term: self._fault(code, line.origin, term=term, label=line.label))
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
        return Plan(function, plan_lines, make_runs(plan_lines), shape, tags, twins, tuple(fixed),
                    self._definition.unmapped == "keep")

    # survey: how often each term has a place

    def _survey(self, lines: Iterable[Line], scope: _Scope) -> None:
        for line in lines:
            body = line.body
            sure = scope.sure and body.when is None
            held = find(body.each or body.within or "", scope.prefixes, self._types)
            if held is not None:
                self._placements[held.term] += 1
            inner = opened(line, scope.prefixes, self._types)
            for hole in body.holes() if body.rest is None else ():
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
            found = self._holes.find(written, prefixes, origin)
            kind = None if found is None else self._types[found.term]
            expected = ("list",) if body.each else ("group", "boolean")
            if found is not None and kind is not None:
                if kind.name not in expected:
                    self._fault("M025", origin, term=found.term, type=str(kind), expected=" / ".join(expected))
                access = self._holes.access(found, False)
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
        rest = self._rest(line, prefixes)
        around = Around(inner, sure, rest, origin)
        elements = tuple(self._holes.element(element, around) for element in body.elements)
        overflow = self._overflow(elements, origin)
        if overflow is not None:
            limit = overflow[1].segments
        parts = [part for element in elements for part in element.parts if not isinstance(part, str)]
        accesses = tuple(access for part in parts for access in part.accesses())
        computed = tuple(part for part in parts if part.computed)
        if body.optional and not accesses and not computed and len(self._findings) == before:
            self._fault("M041", origin, label=line.label)
        children = self._lines(line.children, inner, sure)
        optional = body.optional or rest is not None
        return PlanLine(line.label, body.tag, origin, elements, each, group, flag, optional,
                        self._guard(line, prefixes), limit, overflow, accesses, firm(elements), computed, (), children,
                        make_runs(children))

    def _rest(self, line: Line, prefixes: tuple[str, ...]) -> str | None:
        """The term whose rest a line carries: one hole, no condition of its own."""
        body = line.body
        if body.rest is None:
            return None
        found = self._holes.find(body.rest, prefixes, body.origin)
        if len(body.holes()) != 1 or body.when is not None or body.optional:
            self._fault("M059", body.origin, term=body.rest, label=line.label)
        return found.term if found is not None else body.rest

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
        found = self._holes.find(condition.term, prefixes, origin)
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
        return Guard(self._holes.access(found, False), frozenset(condition.values))

    def _overflow(self, elements: Sequence[ElementPlan], origin: Origin) -> tuple[int, Part] | None:
        for number, element in enumerate(elements):
            for part in element.parts:
                if not isinstance(part, str) and part.segments > 1:
                    alone = number == len(elements) - 1 and len(element.parts) == 1 \
                        and all(other.wire is not None for other in elements[:number])
                    if not alone or part.optional:
                        self._fault("M044", origin, term=part.named)
                    return number, part
        return None

    def _fault(self, code: str, origin: Origin, /, **values: str) -> None:
        self._findings.append(fault(code, origin, **values))


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
