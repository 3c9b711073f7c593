"""A layout made ready to run: lines with their parts, runs of one tag, what each scope may hold.

A plan is made once per message function and never changes. Writing walks the lines from top to bottom; reading walks
the runs, where a run is a stretch of lines of one tag: the segments of a run may arrive in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from gateway.edifact import Element as WireElement
from gateway.mapping.notation import Origin
from gateway.mapping.parts import Access, Part, Scopes
from gateway.references import Scalar


class Shape(Struct, frozen=True):
    """What a record, a group or the members of a list may hold: name -> None for a value, or the shape inside."""

    many: bool
    names: dict[str, Shape | None] = field(default_factory=dict)



class ElementPlan(Struct, frozen=True):
    """One data element.

    wire        its text when it has no holes, else None
    components  the constants as received, () for an omitted element; only when it has no holes
    parts       what stands in it otherwise: a text is a constant component
    writes      the same with the constants released
    starts      the component (from 0) at which each part begins
    width       how many components it covers
    """

    wire: str | None
    components: tuple[str, ...]
    parts: tuple[str | Part, ...] = ()
    writes: tuple[str | Part, ...] = ()
    starts: tuple[int, ...] = ()
    width: int = 0


class Guard(Struct, frozen=True):
    """``when term in values:``"""

    access: Access
    values: frozenset[Scalar]

    def holds(self, scopes: Scopes) -> bool:
        """Tell whether the line counts for this record."""
        return self.access.get(scopes) in self.values


class PlanLine(Struct, eq=False):
    """One line, ready to run.

    wire        tag and everything before the first hole, released
    each, group, flag   what its prefix names, at most one of them
    limit       how many segments it may give in one scope
    overflow    the part that goes on in further segments, and its element (from 0)
    accesses    the terms of its own holes
    computed    parts whose value no term holds: counts, sums, the rest of a text
    hidden      terms that only this line or its children carry; they must be absent when it is not written
    firm        constants that are always there: (element, component) -> possible texts
    """

    label: str
    tag: str
    origin: Origin
    elements: tuple[ElementPlan, ...]
    each: Access | None
    group: Access | None
    flag: Access | None
    optional: bool
    guard: Guard | None
    limit: int
    overflow: tuple[int, Part] | None
    accesses: tuple[Access, ...]
    firm: Mapping[tuple[int, int], frozenset[str]]
    computed: tuple[Part, ...] = ()
    hidden: tuple[Access, ...] = ()
    children: tuple[PlanLine, ...] = ()
    runs: tuple[Run, ...] = ()
    number: int = 0

    @property
    def mandatory(self) -> bool:
        """Written for every record, apart from its guard."""
        return not (self.optional or self.each or self.group or self.flag)

    def wanted(self, scopes: Scopes) -> bool:
        """Tell whether an optional line has something to say of a record."""
        for access in self.accesses:
            if access.get(scopes) is not None:
                return True
        return any(part.present(scopes) for part in self.computed)

    def fits(self, elements: Sequence[WireElement]) -> bool:
        """Tell whether all firm constants stand in a received segment."""
        for (element, component), texts in self.firm.items():
            found = elements[element] if element < len(elements) else ()
            text = found[component] if component < len(found) else ""
            if text not in texts:
                return False
        return True

    def qualified(self, elements: Sequence[WireElement]) -> bool:
        """Tell whether the constants that stand first in their elements, the qualifiers, are those of a segment."""
        return all((elements[element][0] if element < len(elements) and elements[element] else "") in texts
                   for (element, component), texts in self.firm.items() if component == 0)

    def walk(self) -> Iterator[PlanLine]:
        """This line and everything under it."""
        yield self
        for child in self.children:
            yield from child.walk()


class Run(Struct, eq=False):
    """Neighbouring lines of one tag.

    table   first component of the first element -> the lines that have it as a constant
    loose   the lines whose first component is a hole
    """

    tag: str
    lines: tuple[PlanLine, ...]
    table: dict[str, tuple[PlanLine, ...]] = field(default_factory=dict)
    loose: tuple[PlanLine, ...] = ()

    def pick(self, elements: Sequence[WireElement]) -> PlanLine | None:
        """The line that takes a received segment: the one whose constants fit, or the only one that can be meant."""
        first = elements[0] if elements else ()
        exact = self.table.get(first[0] if first else "", ())  # type: ignore[arg-type]
        if len(exact) == 1 and not self.loose:
            return exact[0]
        for line in exact:
            if line.fits(elements):
                return line
        for line in self.loose:
            if line.fits(elements):
                return line
        if len(exact) == 1:
            return exact[0]
        return self.loose[0] if len(self.loose) == 1 and not self.table else None


class Plan(Struct, frozen=True, eq=False):
    """Everything one message function needs.

    lines    from top to bottom
    runs     the same, grouped for reading
    shape    what the record may hold
    tags     every tag of the layout
    twins    terms that stand in several places of one scope, and in how many
    fixed    terms whose value the layout decides
    keep     received content that no line takes is kept beside the record instead of being refused
    """

    function: str | None
    lines: tuple[PlanLine, ...]
    runs: tuple[Run, ...]
    shape: Shape
    tags: frozenset[str]
    twins: Mapping[str, int]
    fixed: tuple[tuple[Access, str], ...]
    keep: bool = False

    def knows(self, tag: str, elements: Sequence[WireElement]) -> bool:
        """Tell whether some line could mean a segment, by its qualifiers: the first components of its elements."""
        return tag in self.tags and any(line.qualified(elements) for run in self.all_runs(tag) for line in run.lines)

    def all_runs(self, tag: str) -> Iterator[Run]:
        """Every run of a tag, at any level."""
        yield from (run for run in _runs(self.runs) if run.tag == tag)

    def walk(self) -> Iterator[PlanLine]:
        """Every line, from top to bottom."""
        for line in self.lines:
            yield from line.walk()


def make_runs(lines: Sequence[PlanLine]) -> tuple[Run, ...]:
    """Group neighbouring lines of one tag."""
    runs: list[list[PlanLine]] = []
    for line in lines:
        if runs and runs[-1][0].tag == line.tag:
            runs[-1].append(line)
        else:
            runs.append([line])
    return tuple(_run(members) for members in runs)


def _run(lines: list[PlanLine]) -> Run:
    table: dict[str, list[PlanLine]] = {}
    loose = []
    for number, line in enumerate(lines):
        line.number = number
        texts = line.firm.get((0, 0))
        if texts is None:
            loose.append(line)
        for text in texts or ():
            table.setdefault(text, []).append(line)
    return Run(lines[0].tag, tuple(lines), {text: tuple(found) for text, found in table.items()}, tuple(loose))


def _runs(runs: Sequence[Run]) -> Iterator[Run]:
    for run in runs:
        yield run
        for line in run.lines:
            yield from _runs(line.runs)
