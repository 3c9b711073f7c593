"""What a corridor declares may leave its place: texts that go on elsewhere, content that has no place in the record.

Nothing is lost in silence: every use is an entry that the caller keeps and shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, cast

from msgspec import Struct

from gateway.findings import Finding, Place, Severity
from gateway.mapping.codecs import shown
from gateway.mapping.notation import Origin
from gateway.mapping.overflow import Rest
from gateway.mapping.parts import Access, Node, Scopes
from gateway.mapping.plan import Plan, PlanLine
from gateway.references import Path, Tree


class Loss(Struct, frozen=True):
    """One entry of the loss ledger.

    kind     overflow: a text longer than its place went on in the line declared for its rest, and joins back exactly;
             annex: received content that no line takes, kept beside the record and never inside it
    path     of an overflow, where the text stands in the record
    segment  of an annex, which segment of the message (UNH is 1)
    value    the rest of the text; the segment or component as received, without release characters
    line     the line of the mapping: that of the rest, or the one whose segment has too much; None where none is near
    """

    kind: Literal["overflow", "annex"]
    path: Path | None
    segment: int | None
    value: str
    line: Origin | None

    def finding(self, message: str | None = None) -> Finding:
        """The entry as a note for people (M131, M231). `message`: reference (0062) of the message of an annex."""
        values = {"value": shown(self.value), "line": "-" if self.line is None else str(self.line)}
        if self.kind == "overflow":
            return Finding(code="M131", place=Place(path=self.path), values=values, severity=Severity.NOTE)
        return Finding(code="M231", place=Place(message=message, segment=self.segment), values=values,
                       severity=Severity.NOTE)


def overflows(plan: Plan, record: Tree) -> tuple[Loss, ...]:
    """Every text of a record that goes on in the line for its rest, in the order of the message."""
    if not any(isinstance(part, Rest) for line in plan.walk() for part in line.computed):
        return ()
    return tuple(_lines(plan.lines, (cast(Node, record),), ("",)))


def _lines(lines: Sequence[PlanLine], scopes: Scopes, places: tuple[str, ...]) -> Iterator[Loss]:
    for line in lines:
        if line.guard is not None and not line.guard.holds(scopes):
            continue
        for part in line.computed:
            if isinstance(part, Rest) and part.present(scopes):
                yield Loss("overflow", _path(part.access, places), None, part.value(scopes), line.origin)
        opened = line.each or line.group
        if opened is None:
            yield from _lines(line.children, scopes, places)
            continue
        found: Any = opened.get(scopes) or []
        place = _path(opened, places)
        for ordinal, member in enumerate(found if line.each else [found] if found else [], 1):
            inner = f"{place}[{ordinal}]" if line.each else place
            yield from _lines(line.children, (*scopes, member), (*places, inner))


def _path(access: Access, places: tuple[str, ...]) -> Path:
    base = places[access.depth]
    return f"{base}.{access.path}" if base else access.path
