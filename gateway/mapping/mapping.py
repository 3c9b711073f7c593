"""A mapping of one message, loaded: it writes records and reads messages. `gateway.mapping.loading` makes it."""

from __future__ import annotations

from collections.abc import Mapping as Table
from functools import cached_property
from typing import Any, Literal, cast

from gateway.edifact import Message, MessageIdentifier, WireMessage, read_wire
from gateway.errors import LocalError, PartnerError
from gateway.findings import Finding, Place
from gateway.mapping.archive import Archive
from gateway.mapping.codecs import shown
from gateway.mapping.document import nearest
from gateway.mapping.generated import Quick
from gateway.mapping.inherit import Definition
from gateway.mapping.losses import Loss, overflows
from gateway.mapping.normal import normal
from gateway.mapping.plan import Plan, PlanLine
from gateway.mapping.reading import Reading
from gateway.mapping.requirements import Failure, judge
from gateway.mapping.tables import Tables
from gateway.mapping.term_types import TermType
from gateway.mapping.traced import Traced
from gateway.mapping.writing import Writing
from gateway.references import Tree

RecordKind = Literal["declaration", "event"]
RECORDS: dict[str, RecordKind] = {"CUSDEC": "declaration", "CUSRES": "event"}
"""What a message carries."""


class Mapping:
    """One message layout, ready to run in both directions.

    For every record r that it accepts, ``to_record(to_message(r))`` is r, normalised; for every message m that it
    accepts, in the canonical order of its segments, ``to_message(to_record(m))`` is m.
    """

    def __init__(self, definition: Definition, types: Table[str, TermType], tables: Tables,
                 plans: Table[str | None, Plan]) -> None:
        self.identifier: str = definition.identifier
        self.version: str = definition.version
        self.digest: str = definition.digest
        self.archive = Archive(definition.files)
        self.message: MessageIdentifier = definition.message
        self.record_kind: RecordKind = RECORDS[definition.message.type]
        self.definition = definition
        self.terms: Table[str, TermType] = types
        self.tables = tables
        self.plans = plans
        self.events: tuple[str, ...] = tuple(named.text for named in definition.events)
        self._quick = {function: Quick(plan) for function, plan in plans.items()}
        self._head = next(iter(plans.values())).lines[0]
        self._codes = dict(tables.answers(types["function"].table or "")) if None not in plans else {}

    @property
    def functions(self) -> tuple[str, ...]:
        """The message functions it carries; empty when it knows none."""
        return tuple(function for function in self.plans if function is not None)

    def plan(self, record: Tree) -> Plan:
        """The plan for a record. Raises LocalError M115 for a function that this mapping does not carry."""
        if None in self.plans:
            return self.plans[None]
        function = record.get("function")
        plan = self.plans.get(function) if isinstance(function, str) else None
        if plan is None:
            raise LocalError(Finding(code="M115", place=Place(path="function"),
                                     values={"function": shown(function or "-"), "known": ", ".join(self.functions),
                                             "nearest": nearest(shown(function), self.functions)}))
        return plan

    def to_message(self, record: Tree) -> WireMessage:
        """Write a record. Raises LocalError with every finding (M101 to M139), each with its path in the record."""
        plan = self.plan(record)
        out = self._quick[plan.function].write(record)
        return self._wire(self._interpreted(plan, record) if out is None else out)

    def _interpreted(self, plan: Plan, record: Tree) -> list[str]:
        writing = Writing(plan)
        writing.write(record)
        if writing.findings:
            once: dict[tuple[str, str | None], Finding] = {}  # a value with two places in the message is wrong once
            for finding in writing.findings:
                once.setdefault((finding.code, finding.place.path), finding)
            raise LocalError(*once.values())
        self._quick[plan.function].wrote(len(writing.out))
        return writing.out

    def _wire(self, segments: list[str]) -> WireMessage:
        return WireMessage(self.message, "'".join(segments) + "'", len(segments))

    def to_record(self, message: Message) -> Tree:
        """Read a message. Raises PartnerError with every finding (M102 to M110, M2..), each with its segment."""
        plan = self._plan_of(message)
        record = self._quick[plan.function].read(message)
        return self._read(plan, message, None).record if record is None else record

    def _read(self, plan: Plan, message: Message, traced: list[Traced] | None) -> Reading:
        reading = Reading(plan, message, None if traced is None else _watch(traced))
        reading.read()
        if reading.findings:
            raise PartnerError(*reading.findings)
        self._quick[plan.function].has_read(len(message.segments))
        return reading

    def _plan_of(self, message: Message) -> Plan:
        if message.identifier != self.message:
            raise PartnerError(Finding(code="M212", place=Place(message=message.reference, segment=1, tag="UNH"),
                                       values={"identifier": str(message.identifier), "expected": str(self.message)}))
        if None in self.plans:
            return self.plans[None]
        element, component = self._function_place
        head = message.segments[1] if len(message.segments) > 1 else None
        code = head.component(element + 1, component + 1) if head is not None and head.tag == self._head.tag else ""
        plan = self.plans.get(self._codes.get(code, ""))
        if plan is None:
            place = Place(message=message.reference, segment=2, tag=head.tag if head is not None else None,
                          element=element + 1, component=component + 1)
            raise PartnerError(Finding(code="M213", place=place, values={"value": code or "-",
                                                                         "known": ", ".join(sorted(self._codes))}))
        return plan

    @cached_property
    def _function_place(self) -> tuple[int, int]:
        """Element and component (from 0) of the message function."""
        for number, element in enumerate(self._head.elements):
            for part, start in zip(element.parts, element.starts, strict=True):
                if not isinstance(part, str) and any(access.term == "function" for access in part.accesses()):
                    return number, start
        raise RuntimeError("the first line has no function")  # lint has seen to it (M038)

    def trace(self, record: Tree) -> list[Traced]:
        """Every value of the message that a record gives, in the order of the message. Raises as `to_message`."""
        return self.to_message_traced(record)[1]

    def to_message_traced(self, record: Tree) -> tuple[WireMessage, list[Traced]]:
        """Write a record, and tell of every value where it comes from. Raises as `to_message`."""
        plan = self.plan(record)
        quick = self._quick[plan.function].write_traced(record)
        if quick is not None:
            return self._wire(quick[0]), quick[1]
        wire = self._wire(self._interpreted(plan, record))
        return wire, self.trace_message(read_wire(wire))

    def trace_message(self, message: Message) -> list[Traced]:
        """Every value of a message and where it goes in the record, in the order of the message.

        Raises as `to_record`.
        """
        return self.to_record_traced(message)[1]

    def to_record_traced(self, message: Message) -> tuple[Tree, list[Traced]]:
        """Read a message, and tell of every value where it goes. Raises as `to_record`."""
        plan = self._plan_of(message)
        quick = self._quick[plan.function].read_traced(message)
        if quick is not None:
            return quick
        traced: list[Traced] = []
        return self._read(plan, message, traced).record, traced

    def normal(self, record: Tree) -> Tree:
        """What a record looks like after the way there and back: see `gateway.mapping.normal`."""
        return normal(self.plan(record), record)

    def losses(self, record: Tree) -> tuple[Loss, ...]:
        """What of a record does not fit its place and goes on in the line declared for its rest."""
        return overflows(self.plan(record), record)

    def annex(self, message: Message) -> tuple[Loss, ...]:
        """What of a message no line takes, kept beside the record (``unmapped: keep``). Raises as `to_record`."""
        plan = self._plan_of(message)
        return tuple(self._read(plan, message, None).annex) if plan.keep else ()

    def requirements(self, record: Tree) -> list[Failure]:
        """What the receiver's rules refuse in a record, in the order of the rules."""
        return judge(self.definition.require.values(), record, self.tag_of)

    def tag_of(self, term: str) -> str | None:
        """The tag of the segment that carries a term."""
        for plan in self.plans.values():
            for line in plan.walk():
                held = [found.term for found in (line.each, line.group, line.flag) if found is not None]
                if term in held or any(access.term == term for access in line.accesses):
                    return line.tag
        return None

    def accepts(self, message: Message) -> bool:
        """Tell whether the constants of the head fit: type, BGM, and the GIS segments with all the words needed."""
        if message.identifier != self.message:
            return False
        plan = next(iter(self.plans.values()))
        segments = message.segments
        if len(segments) < 2 or segments[1].tag != self._head.tag or not self._head.fits(segments[1].elements):
            return False
        run = next((run for run in plan.runs if run.tag == "GIS"), None)
        if run is None or None not in self.plans:
            return True
        found: set[PlanLine] = set()
        for segment in segments[2:]:
            tag = segment.tag
            if tag == "GIS":
                line = run.pick(segment.elements)
                if line is None or not line.fits(segment.elements):
                    return False
                found.add(line)
            elif found:
                break
        return all(line in found for line in run.lines if line.mandatory)

    def split(self, record: Tree) -> list[Tree]:
        """The records of a layout that says several events at once; the record itself otherwise."""
        if not self.events:
            return [record]
        shared = {term: value for term, value in record.items() if term not in self.events}
        return [{**shared, **cast("Tree", record[event])} for event in self.events if event in record]


def _watch(traced: list[Traced]) -> Any:
    def watch(segment: int, tag: str, element: int, component: int, value: str, line: PlanLine,
              path: str | None) -> None:
        traced.append(Traced(segment, tag, element, component, value, line.origin.file, line.origin.line, path))
    return watch
