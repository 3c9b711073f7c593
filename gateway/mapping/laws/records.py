"""Makes records for any mapping from its own lines, types and limits: what the laws and the samples are made of.

It knows plans and types, and nothing of writing or reading: a record that it makes and that cannot be written is a
fault of the mapping.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

from gateway.mapping.chunks import Chunks
from gateway.mapping.laws.chance import Chance
from gateway.mapping.laws.choices import Choices, Mixed, parts
from gateway.mapping.laws.tie import limits, narrowed, tie
from gateway.mapping.laws.values import Drawn, Room, Told, Values
from gateway.mapping.mapping import Mapping
from gateway.mapping.parts import Access, Extra, Node, Part, Scopes
from gateway.mapping.plan import Plan, PlanLine
from gateway.mapping.targets import Referring
from gateway.references import Tree


class Records:
    """Makes one record at a time, by choices and values."""

    def __init__(self, mapping: Mapping, choices: Choices, values: Values) -> None:
        self._mapping, self._choices, self._values = mapping, choices, values
        self._limits: dict[str, int] = {}

    def record(self, plan: Plan) -> Tree:
        """A record that the plan can write."""
        record: Node = {} if plan.function is None else {"function": plan.function}
        self._limits = limits(plan)
        self._lines(plan.lines, (record,), 0)
        tie(plan, record)
        for access, value in plan.fixed:
            holder = record
            for parent in access.parents:
                holder = holder.get(parent) or {}
            if holder or not access.parents:
                holder[access.key] = value
        return cast(Tree, record)

    def _lines(self, lines: Sequence[PlanLine], scopes: Scopes, ordinal: int) -> None:
        for line in lines:
            if line.guard is not None and not line.guard.holds(scopes):
                continue
            if line.each is not None:
                self._list(line, line.each, scopes, ordinal)
            elif line.group is not None:
                group = self._opened(line, scopes, ordinal) if self._choices.present(line) else {}
                if group:
                    _put(line.group, scopes, group)
            elif line.flag is not None:
                value = self._choices.flag(line)
                if value is not None:
                    _put(line.flag, scopes, value)
                if value:
                    self._fill(line, scopes, ordinal)
                    self._lines(line.children, scopes, ordinal)
            elif not line.optional or self._choices.present(line):
                self._fill(line, scopes, ordinal)
                if not line.optional or any(access.get(scopes) is not None for access in line.accesses):
                    self._lines(line.children, scopes, ordinal)

    def _list(self, line: PlanLine, access: Access, scopes: Scopes, ordinal: int) -> None:
        extra = next((part for part in parts(line) if isinstance(part, Extra)), None)
        if extra is not None:
            count = self._choices.members(line, min(line.limit, len(extra.codecs)), 1, False)
            members = [{"key": key, "value": self._values.named(key, codec.longest)}
                       for key, codec in list(extra.codecs.items())[:count]]
        else:
            count = self._choices.members(line, line.limit, self._wanted(line), len(scopes) > 1)
            if ordinal:
                count = min(count, 1)
            members = []
            for number in range(count):
                again = bool(members) and self._choices.again()
                member = copy.deepcopy(members[-1]) if again else self._opened(line, scopes, number)
                if member:
                    members.append(member)
        if members:
            _put(access, scopes, members)

    def _wanted(self, line: PlanLine) -> int:
        """Members that show every word of the tables on a line, and at least two."""
        tables = [self._mapping.terms[access.term].table for access in line.accesses if access.term in
                  self._mapping.terms]
        return max([2, *(len(self._mapping.tables.words(table)) for table in tables if table)])

    def _opened(self, line: PlanLine, scopes: Scopes, ordinal: int) -> Node:
        inner: Node = {}
        around, self._choices = self._choices, self._choices.inside(ordinal)
        self._fill(line, (*scopes, inner), ordinal)
        self._lines(line.children, (*scopes, inner), ordinal)
        self._choices = around
        return inner

    def _fill(self, line: PlanLine, scopes: Scopes, ordinal: int) -> None:
        absent: list[Part] = []
        required = 0
        for part in parts(line):
            if part.optional and not self._choices.hole(part):
                absent.append(part)
            elif part.optional or not self._choices.lacks(required):
                self._part(part, scopes)
            required += not part.optional
        rescued = self._choices.rescue(ordinal)
        if rescued is None or line.mandatory or any(access.get(scopes) is not None for access in line.accesses):
            return
        if rescued and line.group is not None and line.children:
            self._fill(line.children[0], scopes, ordinal)  # the group is there for what stands under its line
        elif absent:
            self._part(absent[rescued], scopes)

    def _part(self, part: Part, scopes: Scopes) -> None:
        for access in part.accesses():
            if access.term != "function" and access.get(scopes) is None:
                _put(access, scopes, self._value(part, access))

    def _value(self, part: Part, access: Access) -> Any:
        kind = self._mapping.terms[access.term]
        if access.term in self._limits:
            kind = narrowed(kind, self._limits[access.term])
        part = part.part if isinstance(part, Referring) else part
        room = Room(part.segments * part.width, part.size) if isinstance(part, Chunks) else None
        return self._values.value(access.term, kind, tuple(self._mapping.tables.words(kind.table or "")), room)


def drawn(mapping: Mapping, chance: Chance, *, edges: bool = False, plain: bool = False) -> Records:
    """Records at random; edges: limits more often than not; plain: letters only, no sign that needs a release."""
    return Records(mapping, Mixed(chance, edges), Drawn(chance, edges=edges, plain=plain))


def told(mapping: Mapping, choices: Choices, *, over: bool = False, brief: bool = False) -> Records:
    """Records by rule, the same every time. over, brief: as in `Told`."""
    return Records(mapping, choices, Told(over=over, brief=brief))


def _put(access: Access, scopes: Scopes, value: Any) -> None:
    node = scopes[access.depth]
    for parent in access.parents:
        node = node.setdefault(parent, {})
    node[access.key] = value
