"""Makes records for any mapping, from its own lines, types and limits: what the two laws are tried on.

It knows plans and types, and nothing of writing or reading.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from gateway.mapping import Mapping
from gateway.mapping.parts import Access, Extra, Part
from gateway.mapping.plan import Plan, PlanLine
from gateway.references import Tree

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÀÉÈÊËÎÏÔÙÛÇàéèêëîïôùûç"
OTHERS = "0123456789 +:'?*.,-/()=&% "


class Maker:
    """One record at a time, flags that are false among them. plain: letters only, no sign that needs a release."""

    def __init__(self, mapping: Mapping, chance: random.Random, *, plain: bool = False) -> None:
        self._mapping = mapping
        self._chance = chance
        self._plain = plain

    def record(self, plan: Plan) -> Tree:
        """A record that the plan can write."""
        record: dict[str, Any] = {} if plan.function is None else {"function": plan.function}
        self._lines(plan.lines, (record,))
        for access, value in plan.fixed:
            holder = record
            for parent in access.parents:
                holder = holder.get(parent) or {}
            if holder or not access.parents:
                holder[access.key] = value
        return record

    def _lines(self, lines: Sequence[PlanLine], scopes: tuple[dict[str, Any], ...]) -> None:
        for line in lines:
            if line.guard is not None and not line.guard.holds(scopes):
                continue
            if line.each is not None:
                count = min(line.limit, self._chance.choice((0, 0, 1, 1, 2, 3, 5)))
                members = [self._opened(line, scopes, ordinal) for ordinal in range(count)]
                members = [member for member in members if member]
                if members:
                    _put(line.each, scopes, members)
            elif line.group is not None:
                group = self._opened(line, scopes, 0) if self._often() else {}
                if group:
                    _put(line.group, scopes, group)
            elif line.flag is not None:
                value = self._chance.choice((True, False, None))
                if value is not None:
                    _put(line.flag, scopes, value)
                if value:
                    self._lines(line.children, scopes)
            elif not line.optional or self._often():
                self._fill(line, scopes)
                if not line.optional or any(access.get(scopes) is not None for access in line.accesses):
                    self._lines(line.children, scopes)

    def _opened(self, line: PlanLine, scopes: tuple[dict[str, Any], ...], ordinal: int) -> dict[str, Any]:
        inner: dict[str, Any] = {}
        extra = next((part for part in _parts(line) if isinstance(part, Extra)), None)
        if extra is not None:
            key = list(extra.codecs)[ordinal]
            return {"key": key, "value": self._text(1, extra.codecs[key].longest, letters=False)}
        self._fill(line, (*scopes, inner))
        self._lines(line.children, (*scopes, inner))
        return inner

    def _fill(self, line: PlanLine, scopes: tuple[dict[str, Any], ...]) -> None:
        for part in _parts(line):
            accesses = [access for access in part.accesses()
                        if access.term != "function" and access.get(scopes) is None]
            if part.optional and not self._often():
                continue
            for access in accesses:
                _put(access, scopes, self._value(part, access))

    def _value(self, part: Part, access: Access) -> Any:
        chance, kind = self._chance, self._mapping.terms[access.term]
        if kind.name == "moment":
            return chance.choice((self._day(), self._instant()))
        if part.segments * part.width > 1:  # a cut never falls beside a blank: some of the room stays empty
            room = part.segments * sum(size.longest for offset in range(part.width)
                                       for size in part.sizes(offset, False))
            return self._text(1, min(kind.maximum or room, room) * 4 // 5, letters=False)
        if kind.name == "n":
            return chance.choice((0, chance.randrange(10 ** kind.maximum), 10 ** kind.maximum - 1))
        if kind.name == "decimal":
            decimals = chance.randint(0, kind.decimals)
            digits = chance.randrange(10 ** chance.randint(1, 15))
            return Decimal(digits).scaleb(-decimals)
        if kind.name == "code":
            words = self._mapping.tables.words(kind.table or "")
            word = chance.choice(list(words))
            return {"true": True, "false": False}.get(word, word)
        if kind.name == "date":
            return self._day()
        if kind.name == "datetime":
            return self._instant()
        return self._text(kind.minimum, kind.maximum, letters=kind.name == "a")

    def _text(self, minimum: int, maximum: int, *, letters: bool) -> str:
        alphabet = LETTERS if letters or self._plain else LETTERS + OTHERS
        length = self._chance.choice((minimum, maximum, self._chance.randint(minimum, maximum)))
        text = "".join(self._chance.choices(alphabet, k=length))
        return "".join(self._chance.choice(LETTERS) if place in (0, length - 1) else character
                       for place, character in enumerate(text))

    def _day(self) -> date:
        return date(2026, 1, 1) + timedelta(days=self._chance.randrange(-20000, 20000))

    def _instant(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self._chance.randrange(-10 ** 7, 10 ** 7))

    def _often(self) -> bool:
        return self._chance.random() < 0.7


def _parts(line: PlanLine) -> list[Part]:
    return [part for element in line.elements for part in element.parts
            if not isinstance(part, str) and part.accesses()]


def _put(access: Access, scopes: tuple[dict[str, Any], ...], value: Any) -> None:
    node = scopes[access.depth]
    for parent in access.parents:
        node = node.setdefault(parent, {})
    node[access.key] = value
