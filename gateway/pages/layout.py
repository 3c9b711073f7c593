"""The segment tables of a message: what an implementation guide shows of each line of a mapping, as data.

Every line stands beside what the directory says of it: its segment and group, its elements with number, name, format
and status; what the line puts there; which elements it does not use. Status of the directory: M mandatory, C
conditional. Usage here: "required" with its line, "optional", "computed" (a count or a sum), "default".
Source of names, formats and codes: the UN/EDIFACT directory of the message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact.directory import Directory, Node, SegmentType, Use, directory_of
from gateway.mapping.bench.flatten import FlatLine, flat_of
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.parts import Part
from gateway.mapping.plan import ElementPlan, PlanLine

Usage = Literal["required", "optional", "computed", "default"]
_OWN_LIST = "1131"
_ENVELOPE = ("UNH", "UNT")


class Code(Struct, frozen=True, kw_only=True):
    """A constant of the message.

    meaning    its name in the code list of the directory; "" where it is nobody's or somebody's own
    functions  the message functions that write it; empty when all do
    """

    value: str
    meaning: str
    functions: tuple[str, ...]


class Row(Struct, frozen=True, kw_only=True):
    """One component of a segment, or several in a row that hold one text.

    element, component   ordinals from 1; component 0 for a simple element or a whole composite
    last                 last component of those it covers; the same as `component` for one
    status               of the directory: M, C; "" where the directory does not know the place
    usage                None for the row of a composite
    terms, types         of the record, in full; empty for constants
    tables               the code tables whose codes stand here
    codes                constants
    own                  the codes are of somebody's own list (1131 says whose), not of the directory's
    """

    element: int
    component: int
    last: int
    id: str
    name: str
    format: str
    status: str
    usage: Usage | None
    terms: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    own: bool = False
    default: str | None = None


class SegmentTable(Struct, frozen=True, kw_only=True):
    """One line of a mapping.

    depth       how many lines it is nested in
    group       name of its segment group in the directory: ``SG7``; "" at the top
    status      M or C in the directory, with `maximum` repeats
    mandatory   written for every record that has what is around it
    limit       how many segments it may give
    each, present   the list it repeats for, the group or flag it is there for; "" without
    condition   term and values of ``when``; None without
    functions   the message functions that carry it; empty when all do
    others      the message functions that do not
    written     the line as it was written, and `origin` (``file:line``)
    unused      elements and components of the directory that it leaves out: number, name
    """

    label: str
    depth: int
    tag: str
    name: str
    group: str
    status: str
    maximum: int
    mandatory: bool
    limit: int
    each: str
    present: str
    condition: tuple[str, tuple[str, ...]] | None
    functions: tuple[str, ...]
    others: tuple[str, ...]
    written: str
    origin: str
    rows: tuple[Row, ...]
    unused: tuple[tuple[str, str], ...]


def segment_tables(mapping: MessageMapping) -> list[SegmentTable]:
    """The tables of every line that some message function carries, from top to bottom."""
    directory = directory_of(mapping.message, "3")
    message = directory.message(mapping.message.type) if directory is not None else None
    assert directory is not None
    assert message is not None  # lint has seen to it (M009)
    structure = [node for node in message.structure if node.id not in _ENVELOPE]
    lines: dict[str, dict[str, PlanLine]] = {}
    nodes: dict[str, Node] = {}
    for function, plan in mapping.plans.items():
        nodes.update(_nodes(plan.lines, structure))
        for line in plan.walk():
            lines.setdefault(line.label, {})[function or ""] = line
    made = []
    every = [function or "" for function in mapping.plans]
    for flat in flat_of(mapping.definition).lines:
        carried = lines.get(flat.label)
        if carried is not None:
            made.append(_table(flat, carried, every, nodes.get(flat.label), directory, mapping))
    return made


def _nodes(lines: Sequence[PlanLine], structure: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    """The place of each line in the message; lint has seen to it that there is one."""
    at, used = 0, [0] * len(structure)
    for line in lines:
        for place in range(at, len(structure)):
            node = structure[place]
            if node.trigger == line.tag and (not used[place] or used[place] + line.limit <= node.maximum):
                at = place
                used[place] += line.limit
                yield line.label, node
                yield from _nodes(line.children, node.children[1:])
                break


def _table(flat: FlatLine, carried: Mapping[str, PlanLine], every: Sequence[str], node: Node | None,
           directory: Directory, mapping: MessageMapping) -> SegmentTable:
    line = next(iter(carried.values()))
    segment = directory.segment(line.tag)
    functions = tuple(carried) if len(carried) < len(every) else ()
    rows = _merged({function: tuple(_rows(one, segment, directory, mapping)) for function, one in carried.items()})
    guard = line.guard
    return SegmentTable(
        label=flat.label, depth=flat.depth, tag=line.tag, name=segment.name if segment is not None else "",
        group=node.id if node is not None and node.children else "", status=_status(node), mandatory=line.mandatory,
        maximum=node.maximum if node is not None else 0, limit=line.limit, each=line.each.term if line.each else "",
        present=next((held.term for held in (line.group, line.flag) if held is not None), ""),
        condition=None if guard is None else (guard.access.term, tuple(sorted(map(str, guard.values)))),
        functions=functions, others=tuple(one for one in every if one not in carried), written=flat.text,
        origin=str(flat.origin), rows=rows, unused=tuple(_unused(line, segment, directory)))


def _status(use: Node | Use | None) -> str:
    return "" if use is None else "M" if use.mandatory else "C"


def _rows(line: PlanLine, segment: SegmentType | None, directory: Directory,
          mapping: MessageMapping) -> Iterator[Row]:
    places = _expanded(segment)
    for number, element in enumerate(line.elements):
        if element.wire == "":
            continue
        use = places[number] if number < len(places) else None
        composite = directory.composite(use.id) if use is not None else None
        if composite is not None:
            yield Row(element=number + 1, component=0, last=0, id=composite.id, name=composite.name, format="",
                      status=_status(use), usage=None)
        inner = _expanded(composite) if composite is not None else [use] if use is not None else []
        yield from _components(number + 1, element, inner, composite is not None, directory, mapping)


def _components(number: int, element: ElementPlan, inner: Sequence[Use], compound: bool, directory: Directory,
                mapping: MessageMapping) -> Iterator[Row]:
    content: list[tuple[int, str | Part]] = list(enumerate(element.components)) if element.wire is not None else \
        list(zip(element.starts, element.parts, strict=True))
    own = any(isinstance(part, str) and part and start < len(inner) and inner[start].id == _OWN_LIST
              for start, part in content)
    needed = element.wire is not None or any(not isinstance(part, str) and _usage(part) != "optional"
                                             for _, part in content)
    for start, part in content:
        if part == "":
            continue
        for first, last in _spans(start, 1 if isinstance(part, str) else part.width, inner):
            use = inner[first] if first < len(inner) else None
            found = directory.element(use.id) if use is not None else None
            shown = Row(element=number, component=first + 1 if compound else 0, last=last + 1 if compound else 0,
                        id=use.id if use is not None else "", name=found.name if found is not None else "",
                        format=found.format if found is not None else "", status=_status(use), usage=None,
                        own=own and (use is None or use.id not in (_OWN_LIST, "3055")))
            if isinstance(part, str):
                meaning = directory.codes(use.id).get(part, "") if use is not None and not shown.own else ""
                yield replace(shown, usage="required" if needed else "optional",
                              codes=(Code(value=part, meaning=meaning, functions=()),))
            else:
                yield _held(shown, part, mapping)


def _spans(start: int, width: int, inner: Sequence[Use]) -> Iterator[tuple[int, int]]:
    """Components that a part covers, those of one element together: first and last, from 0."""
    first = start
    for place in range(start + 1, start + width + 1):
        same = place < start + width and place < len(inner) and inner[place].id == inner[first].id
        if not same:
            yield first, place - 1
            first = place


def _held(row: Row, part: Part, mapping: MessageMapping) -> Row:
    """The row with what a hole, or several, put there."""
    terms = tuple(access.term for access in part.accesses())
    kinds = [mapping.terms[term] for term in terms if term in mapping.terms]
    tables = tuple(dict.fromkeys(kind.table for kind in kinds if kind.table is not None))
    return replace(row, usage=_usage(part), terms=terms, types=tuple(map(str, kinds)), tables=tables,
                   default=part.default)


def _usage(part: Part) -> Usage:
    if not part.accesses():
        return "computed"
    if part.default is not None:
        return "default"
    return "optional" if part.optional else "required"


def _merged(carried: Mapping[str, tuple[Row, ...]]) -> tuple[Row, ...]:
    """The rows of all functions as one: where constants differ, each says which functions write it."""
    if len(set(carried.values())) == 1:
        return next(iter(carried.values()))
    rows: dict[tuple[int, int], Row] = {}
    values: dict[tuple[int, int], dict[Code, list[str]]] = {}
    for function, found in carried.items():
        for row in found:
            place = (row.element, row.component)
            rows.setdefault(place, row)
            for code in row.codes:
                values.setdefault(place, {}).setdefault(code, []).append(function)
    made = []
    for place in sorted(rows):
        row, codes = rows[place], values.get(place, {})
        told = tuple(Code(value=code.value, meaning=code.meaning,
                          functions=() if len(functions) == len(carried) else tuple(functions))
                     for code, functions in codes.items())
        made.append(replace(row, codes=told))
    return tuple(made)


def _unused(line: PlanLine, segment: SegmentType | None, directory: Directory) -> Iterator[tuple[str, str]]:
    """What the directory has and the line leaves out, each number once."""
    told: set[str] = set()
    for number, use in enumerate(_expanded(segment)):
        element = line.elements[number] if number < len(line.elements) else None
        composite = directory.composite(use.id)
        if element is None or element.wire == "":
            simple = directory.element(use.id)
            name = composite.name if composite is not None else simple.name if simple is not None else ""
            if use.id not in told:
                yield use.id, name
            told.add(use.id)
        elif composite is not None:
            covered = _covered(element)
            for place, part in enumerate(_expanded(composite)):
                simple = directory.element(part.id)
                if place not in covered and part.id not in told:
                    yield part.id, simple.name if simple is not None else ""
                    told.add(part.id)


def _covered(element: ElementPlan) -> set[int]:
    if element.wire is not None:
        return {place for place, text in enumerate(element.components) if text}
    return {start + offset for start, part in zip(element.starts, element.parts, strict=True) if part != ""
            for offset in range(1 if isinstance(part, str) else part.width)}


def _expanded(definition: SegmentType | None) -> list[Use]:
    return [use for use in definition.parts for _ in range(use.maximum)] if definition is not None else []
