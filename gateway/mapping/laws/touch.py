"""What the samples of a mapping do not reach: lines, optional holes, words and limits that no record of them shows.

What no sample shows may be changed by mistake without `edi map test` noticing: the laws hold for the changed mapping
as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.mapping.laws.choices import MANY, parts
from gateway.mapping.mapping import Mapping
from gateway.mapping.notation import Origin
from gateway.mapping.parts import Access, Part, Scopes
from gateway.mapping.plan import Plan, PlanLine
from gateway.mapping.term_types import TermType
from gateway.references import Tree

_BOUND = frozenset(("an", "a", "n"))


def untouched(mapping: Mapping, records: Iterable[Tree]) -> list[Finding]:
    """What no record reaches, as warnings at the lines of the mapping: M440 a line, M441 an optional line that is
    never absent, M442 words of a table, M443 limits of terms, M444 a hole that is never absent."""
    seen = _Seen(mapping)
    for record in records:
        try:
            mapping.to_message(record)
        except LocalError:
            continue  # a sample of what is refused
        seen.record(mapping.plan(record), record)
    return sorted(seen.missing(), key=lambda one: (one.code, one.place.file or "", one.place.line or 0))


class _Seen:
    """What records have shown so far."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._lines: set[Origin] = set()
        self._absent: set[tuple[Origin, int]] = set()
        self._words: set[tuple[str, str]] = set()
        self._limits: set[str] = set()

    def record(self, plan: Plan, record: Tree) -> None:
        """Note one record."""
        self._level(plan.lines, (record,))
        if record.get("function") is not None:
            self._value("function", record["function"])

    def _level(self, lines: Sequence[PlanLine], scopes: Scopes) -> None:
        for line in lines:
            opened = line.each or line.group
            if line.guard is not None and not line.guard.holds(scopes):
                continue
            if opened is not None:
                found: Any = opened.get(scopes) or []
                members = found if line.each is not None else [found] if found else []
                if line.each is not None and len(members) == line.limit:
                    self._limits.add(opened.term)
                for member in members:
                    self._line(line, (*scopes, member))
                present = bool(members)
            else:
                present = bool(line.flag.get(scopes)) if line.flag is not None \
                    else not line.optional or line.wanted(scopes)
                if present:
                    self._line(line, scopes)
            if not present:
                self._absent.add((line.origin, -1))

    def _line(self, line: PlanLine, scopes: Scopes) -> None:
        self._lines.add(line.origin)
        for number, part in enumerate(parts(line)):
            values = [(access, access.get(scopes)) for access in part.accesses()]
            if all(value is None for _, value in values):
                self._absent.add((line.origin, number))
            for access, value in values:
                if value is not None:
                    self._value(access.term, value)
        self._level(line.children, scopes)

    def _value(self, term: str, value: Any) -> None:
        kind = self._mapping.terms.get(term)
        if kind is None:
            return
        if kind.table is not None:
            self._words.add((kind.table, str(value).lower() if isinstance(value, bool) else str(value)))
        elif kind.name in _BOUND and len(str(value)) == kind.maximum:
            self._limits.add(term)

    def missing(self) -> Iterator[Finding]:
        """What no record has shown."""
        lines = {line.origin: line for plan in self._mapping.plans.values() for line in plan.walk()}
        limits: dict[str, tuple[Access, PlanLine, TermType]] = {}
        tables: dict[str, PlanLine] = {}
        for line in lines.values():
            if line.origin not in self._lines:
                yield _warning("M440", line, label=line.label)
                continue
            if not line.mandatory and (line.origin, -1) not in self._absent:
                yield _warning("M441", line, label=line.label)
            for number, part in enumerate(parts(line)):
                if part.optional and (line.origin, number) not in self._absent:
                    yield _warning("M444", line, label=line.label, term=_terms(part))
            for access in (*line.accesses, *((line.each,) if line.each is not None else ())):
                kind = self._mapping.terms.get(access.term)
                if kind is not None and kind.table is not None:
                    tables.setdefault(kind.table, line)
                elif kind is not None and (kind.name in _BOUND or (kind.name == "list" and kind.maximum <= MANY)):
                    limits.setdefault(access.term, (access, line, kind))
        for term, (_, line, kind) in limits.items():
            if term not in self._limits:
                yield _warning("M443", line, term=term, type=str(kind))
        for table, line in tables.items():
            words = [word for word in self._mapping.tables.words(table) if (table, word) not in self._words]
            if words:
                yield _warning("M442", line, table=table, words=", ".join(words))


def _terms(part: Part) -> str:
    return ", ".join(access.term for access in part.accesses())


def _warning(code: str, line: PlanLine, **values: str) -> Finding:
    origin = line.origin
    return Finding(code=code, severity=Severity.WARNING, values={"line": str(origin), **values},
                   place=Place(file=origin.file, line=origin.line, column=origin.column))
