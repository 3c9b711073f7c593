"""From a received message to a record, by a plan. Every segment and component is taken by a line, or is a finding.

The segments of a run may come in any order; the order of runs, the nesting and the number of repeats are those of the
layout. Reading goes on after a fault wherever the next segment still has one meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from gateway.edifact import Element as WireElement
from gateway.edifact import Message, Repeated
from gateway.findings import Finding, Place
from gateway.mapping.codecs import shown
from gateway.mapping.losses import Loss
from gateway.mapping.parts import Access, Fault, Node, Part, Scopes
from gateway.mapping.plan import ElementPlan, Plan, PlanLine, Run
from gateway.references import Scalar

LIMIT = 200
"""Findings of one message; what follows adds nothing that anybody would read."""

Watch = Callable[[int, str, int, int, str, PlanLine, str | None], None]
"""Told of every value: segment position, tag, element, component (from 1), text, line, path in the record."""


class Reading:
    """One message being read.

    record    what was understood so far
    findings  what was not
    annex     what no line takes, where the layout keeps it beside the record
    ordinals  ordinal of the member at hand, for each open list
    notes     what parts remember while this message lasts
    """

    def __init__(self, plan: Plan, message: Message, watch: Watch | None = None) -> None:
        self.record: Node = {}
        self.findings: list[Finding] = []
        self.annex: list[Loss] = []
        self.ordinals: list[int] = []
        self.notes: dict[object, Any] = {}
        self._plan = plan
        self._reference = message.reference
        self._segments = message.segments
        self._end = len(self._segments) - (1 if self._segments and self._segments[-1].tag == "UNT" else 0)
        self._watch = watch
        self._places: list[str] = [""]
        self._line: PlanLine | None = None
        self._position = 0
        self._tag = ""
        self._elements: Sequence[WireElement] = ()
        self._seen: dict[tuple[int, str], int] = {}
        self._judgements: list[tuple[Callable[[], Fault | None], Place, PlanLine | None]] = []

    def read(self) -> None:
        """Read the whole message."""
        scopes: Scopes = (self.record,)
        self._advance()
        self._level(self._plan.runs, scopes)
        if self._tag:  # nothing can take this segment here: what seems to be missing before it is its consequence
            self.findings = [one for one in self.findings
                             if one.code != "M202" or one.place.segment != self._position]
            self._unexpected()
            return
        for access, value in self._plan.fixed:
            self._fix(access, value)
        self._twins()
        self._judge()

    def _advance(self) -> None:
        """Go to the next segment that the layout knows at all; report those it does not know."""
        while True:
            self._position += 1
            if self._position >= self._end:
                self._tag, self._elements = "", ()
                return
            segment = self._segments[self._position]
            self._tag = segment.tag
            self._elements = segment.elements
            if self._plan.keep and not self._plan.knows(self._tag, self._elements):
                self.annex.append(Loss("annex", None, self._position + 1, _whole(self._tag, self._elements), None))
            elif self._tag in self._plan.tags:
                return
            else:
                self._unexpected()

    def _level(self, runs: Sequence[Run], scopes: Scopes) -> None:
        for run in runs:
            found = [0] * len(run.lines)
            while self._tag == run.tag:
                line = run.pick(self._elements)
                if line is None:
                    if any(other is not run and any(one.fits(self._elements) for one in other.lines)
                           for other in self._plan.all_runs(run.tag)):
                        break
                    if len(run.lines) > 1 or found[0] >= run.lines[0].limit:
                        self._unexpected(run)
                        self._advance()
                        continue
                    line = run.lines[0]  # only this can be meant: say exactly what is wrong with it
                found[line.number] += 1
                if found[line.number] > line.limit:
                    self._line = line
                    self._find("M203", {"limit": str(line.limit)})
                if line.guard is not None and not line.guard.holds(scopes):
                    self._line = line
                    self._find("M219", {"term": line.guard.access.term})
                self._take(line, scopes, found[line.number])
            for line in run.lines:
                if found[line.number] or (line.guard is not None and not line.guard.holds(scopes)):
                    continue
                if line.mandatory:
                    self._missing(line)
                elif line.computed and line.optional:
                    self._left_out(line, scopes)

    def _take(self, line: PlanLine, scopes: Scopes, ordinal: int) -> None:
        self._line = line
        inner = scopes
        opened: Node | None = None
        access = line.each or line.group
        if access is not None:
            place = self._path(access)
            holder = self._holder(access, scopes)
            opened = {}
            if line.each is not None:
                holder.setdefault(access.key, []).append(opened)
                self.ordinals.append(ordinal)
                place = f"{place}[{ordinal}]"
            else:
                opened = holder.setdefault(access.key, opened)
            inner = (*scopes, opened)
            self._places.append(place)
        elif line.flag is not None:
            self._holder(line.flag, scopes)[line.flag.key] = True
        before = len(self.findings)
        position = self._position
        self._segment(line, inner)
        self._advance()
        if line.runs:
            self._level(line.runs, inner)
        if opened is not None:
            if not opened and len(self.findings) == before:
                self._line = line
                self._find("M216", {}, position=position)
            self._places.pop()
            if line.each is not None:
                self.ordinals.pop()

    def _segment(self, line: PlanLine, scopes: Scopes) -> None:
        elements = self._elements
        count = len(elements)
        found = False
        for number, plan in enumerate(line.elements):
            received = elements[number] if number < count else ()
            if plan.wire is not None:
                if received != plan.components:
                    self._constant(plan, received, number)
            elif self._element(plan, received, scopes, number):
                found = True
        if count > len(line.elements):
            self._surplus(elements[len(line.elements):], len(line.elements))
        if line.optional and not found:
            self._find("M216", {})

    def _element(self, plan: ElementPlan, received: WireElement, scopes: Scopes, number: int) -> bool:
        """Read one element with holes; tell whether it held a value."""
        count = len(received)
        if isinstance(received, Repeated):
            self.fault("M204", number, 0, {"value": "*"})
            return True
        if not count or not any(received):
            for part, start in zip(plan.parts, plan.starts, strict=True):
                if not isinstance(part, str) and not part.optional and part.default is None:
                    self._absent(part, number, start)
                    return True
            return False
        present = False
        for part, start in zip(plan.parts, plan.starts, strict=True):
            text = received[start] if start < count else ""
            if isinstance(part, str):
                if text != part:
                    self.fault("M205", number, start, {"value": shown(text), "expected": part})
            elif text:
                present = True
                part.read(self, scopes, received, number, start)
            elif not part.optional:
                self._absent(part, number, start)
                present = True
        if not present:
            self.fault("M217", number, 0, {"value": shown(":".join(str(text) for text in received))})
        for component in range(plan.width, count):
            if received[component]:
                self._untaken(number, component, str(received[component]))
        return True

    def _constant(self, plan: ElementPlan, received: WireElement, number: int) -> None:
        """A constant element that is not exactly as written: empty components at the end do not matter."""
        for component in range(max(len(plan.components), len(received))):
            text = str(received[component]) if component < len(received) else ""
            expected = plan.components[component] if component < len(plan.components) else ""
            if text == expected:
                continue
            if expected:
                self.fault("M205", number, component, {"value": shown(text), "expected": expected})
            else:
                self._untaken(number, component, text)

    def _surplus(self, elements: Sequence[WireElement], first: int) -> None:
        for number, element in enumerate(elements, first):
            for component, text in enumerate(element):
                if text:
                    self._untaken(number, component, str(text))

    def _untaken(self, element: int, component: int, text: str) -> None:
        """A component that the line does not take."""
        if self._plan.keep:
            line = None if self._line is None else self._line.origin
            self.annex.append(Loss("annex", None, self._position + 1, text, line))
        else:
            self.fault("M204", element, component, {"value": shown(text)})

    def put(self, access: Access, scopes: Scopes, value: Scalar, element: int, component: int, text: str) -> None:
        """Put a value into the record, or compare it when the term has one already."""
        node = scopes[access.depth]
        for parent in access.parents:
            node = node.setdefault(parent, {})
        key = access.key
        if key in node:
            if node[key] != value:
                self.fault("M210", element, component,
                           {"value": shown(text), "term": access.term, "other": shown(node[key])})
        else:
            node[key] = value
        if access.twin:
            place = (id(node), access.term)
            self._seen[place] = self._seen.get(place, 0) + 1
        if self._watch is not None:
            assert self._line is not None
            self._watch(self._position + 1, self._tag, element + 1, component + 1, text, self._line, self._path(access))

    def append(self, access: Access, scopes: Scopes, text: str, element: int, component: int) -> None:
        """Put a text into the record, behind what the segments before have brought."""
        node = self._holder(access, scopes)
        node[access.key] = node.get(access.key, "") + text
        if self._watch is not None:
            assert self._line is not None
            received = self._elements[element]
            for offset in range(component, len(received)):
                self._watch(self._position + 1, self._tag, element + 1, offset + 1, str(received[offset]), self._line,
                            self._path(access))

    def later(self, judge: Callable[[], Fault | None], element: int, component: int, text: str | None,
              access: Access | None = None) -> None:
        """Remember a judgement for the end, when the whole record is there."""
        self._judgements.append((judge, self._place(element, component), self._line))
        if text is not None and self._watch is not None:
            assert self._line is not None
            self._watch(self._position + 1, self._tag, element + 1, component + 1, text, self._line,
                        None if access is None else self._path(access))

    def fault(self, code: str, element: int, component: int, values: Mapping[str, str]) -> None:
        """Note a fault of the segment at hand; ordinals from 0."""
        self._add(code, self._place(element, component), self._line, values)

    def _holder(self, access: Access, scopes: Scopes) -> Node:
        node = scopes[access.depth]
        for parent in access.parents:
            node = node.setdefault(parent, {})
        return node

    def _path(self, access: Access) -> str:
        base = self._places[access.depth]
        return f"{base}.{access.path}" if base else access.path

    def _fix(self, access: Access, value: str) -> None:
        """A term that the layout decides; in a group only where the group is there."""
        node = self.record
        for parent in access.parents:
            inner = node.get(parent)
            if inner is None:
                if access.key != "word":
                    return
                inner = node[parent] = {}
            node = inner
        node[access.key] = value

    def _twins(self) -> None:
        """A term with several places in one scope stands in all of them, or in none."""
        for (_, term), seen in self._seen.items():
            if seen != self._plan.twins[term]:
                self._add("M220", Place(message=self._reference), None,
                          {"term": term, "seen": str(seen), "places": str(self._plan.twins[term])})

    def _left_out(self, line: PlanLine, scopes: Scopes) -> None:
        """An optional line that was not received: at the end, what it would have said must be nothing."""
        self._judgements.extend((partial(part.lacking, scopes), Place(message=self._reference), line)
                                for part in line.computed)

    def _judge(self) -> None:
        for judge, place, line in self._judgements:
            fault = judge()
            if fault is not None:
                self._add(fault[0], place, line, fault[1])

    def _absent(self, part: Part, element: int, component: int) -> None:
        self.fault("M206", element, component, {"term": part.named or "-"})

    def _unexpected(self, run: Run | None = None) -> None:
        segment = self._segments[self._position]
        first = segment.elements[0] if segment.elements else ()
        qualifier = str(first[0]) if first else ""
        lines = run.lines if run is not None else [line for other in self._plan.all_runs(segment.tag)
                                                   for line in other.lines]
        expected = ", ".join(f"{line.label} ({line.origin})" for line in lines[:6])
        self._add("M201", Place(message=self._reference, segment=self._position + 1, tag=segment.tag), None,
                  {"segment": f"{segment.tag}+{qualifier}" if qualifier else segment.tag, "expected": expected or "-"})

    def _missing(self, line: PlanLine) -> None:
        place = Place(message=self._reference, segment=self._position, tag=self._segments[self._position - 1].tag,
                      missing=True)
        qualifier = "/".join(sorted(line.firm.get((0, 0), ())))
        self._add("M202", place, line, {"segment": f"{line.tag}+{qualifier}" if qualifier else line.tag})

    def _find(self, code: str, values: Mapping[str, str], position: int | None = None) -> None:
        number = self._position if position is None else position
        self._add(code, Place(message=self._reference, segment=number + 1, tag=self._segments[number].tag), self._line,
                  values)

    def _place(self, element: int, component: int) -> Place:
        return Place(message=self._reference, segment=self._position + 1, tag=self._tag, element=element + 1,
                     component=component + 1)

    def _add(self, code: str, place: Place, line: PlanLine | None, values: Mapping[str, str]) -> None:
        if len(self.findings) >= LIMIT:
            return
        origin = {} if line is None else {"line": str(line.origin), "label": line.label}
        self.findings.append(Finding(code=code, place=place, values={**origin, **values}))


def _whole(tag: str, elements: Sequence[WireElement]) -> str:
    """A segment as people read it: no release characters."""
    return "+".join((tag, *(":".join(str(component) for component in element) for element in elements)))
