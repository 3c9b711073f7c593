"""Writes messages for any mapping without the mapping's own writer: what the second law is tried on.

A message is made twice from the lines of the plan: once in canonical form, once as a partner may legally send it: the
segments of a run in another order, a comma as decimal mark, a long text cut elsewhere, empty components and elements at
the ends. Reading either and writing again must give the canonical form. Releasing, cutting, dates and numbers are
spelled out here a second time on purpose: a fault in them must not cancel itself out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from gateway.edifact import WireMessage
from gateway.mapping.chunks import Chunks
from gateway.mapping.codecs import Codec, CodeCodec, DecimalCodec, StampCodec
from gateway.mapping.laws.chance import Chance
from gateway.mapping.mapping import Mapping
from gateway.mapping.moments import Moment
from gateway.mapping.overflow import Head, Rest
from gateway.mapping.parts import Count, Extra, Field, Joined, Part, Position, Scopes
from gateway.mapping.plan import ElementPlan, Plan, PlanLine, Run
from gateway.mapping.targets import Referring
from gateway.mapping.totals import NestedCount, Sum
from gateway.references import Tree

_SIGNS = re.compile(r"[+:?']")


class Spelled(Struct, frozen=True, kw_only=True):
    """One message in both forms: segments with their terminators."""

    canonical: Sequence[str]
    sent: Sequence[str]

    def wire(self, mapping: Mapping, *, sent: bool) -> WireMessage:
        """One of the forms as a message."""
        segments = self.sent if sent else self.canonical
        return WireMessage(mapping.message, "".join(segments), len(segments))


def spell(mapping: Mapping, plan: Plan, record: Tree, chance: Chance) -> Spelled:
    """The message of a record, in canonical form and as a partner may send it."""
    whole = _Speller(mapping, chance).block(plan.runs, (record,))
    return Spelled(canonical=list(whole.canonical()), sent=list(whole.sent(chance)))


@dataclass(slots=True)
class _Block:
    """The segments of one line for one member, in both forms, and what stands under it: run by run, line by line.

    Lines of one key put members into the same list: their order is that of the list.
    """

    segments: list[tuple[str, str]] = field(default_factory=list)
    under: list[list[tuple[str, list[_Block]]]] = field(default_factory=list)

    def canonical(self) -> Iterator[str]:
        yield from (one for one, _ in self.segments if one)
        for run in self.under:
            for _, blocks in run:
                for block in blocks:
                    yield from block.canonical()

    def sent(self, chance: Chance) -> Iterator[str]:
        yield from (other for _, other in self.segments if other)
        for run in self.under:
            for block in _mixed(run, chance):
                yield from block.sent(chance)


def _mixed(run: Sequence[tuple[str, Sequence[_Block]]], chance: Chance) -> Iterator[_Block]:
    """The blocks of a run in any order that keeps the order of each list."""
    sequences: dict[str, list[_Block]] = {}
    for key, blocks in run:
        sequences.setdefault(key, []).extend(blocks)
    left = [blocks for blocks in sequences.values() if blocks]
    while left:
        chosen = left[0] if chance.random() < 0.7 else chance.choice(left)
        yield chosen.pop(0)
        left = [sequence for sequence in left if sequence]


class _Speller:
    def __init__(self, mapping: Mapping, chance: Chance) -> None:
        self._tables, self._chance = mapping.tables, chance
        self._ordinals: list[int] = []

    def block(self, runs: Sequence[Run], scopes: Scopes) -> _Block:
        """What stands at one level."""
        return _Block(under=[[(line.each.term if line.each is not None else line.label, list(self._line(line, scopes)))
                              for line in run.lines] for run in runs])

    def _line(self, line: PlanLine, scopes: Scopes) -> Iterator[_Block]:
        if line.guard is not None and not line.guard.holds(scopes):
            return
        opened: Any = (line.each or line.group or line.flag)
        if line.each is not None:
            self._ordinals.append(0)
            for self._ordinals[-1], member in enumerate(opened.get(scopes) or (), 1):
                yield self._block(line, (*scopes, member))
            self._ordinals.pop()
        elif line.group is not None:
            group = opened.get(scopes)
            if group:
                yield self._block(line, (*scopes, group))
        elif line.flag is not None:
            if opened.get(scopes) is True:
                yield self._block(line, scopes)
        elif not line.optional or any(self._present(part, scopes) for part in _parts(line)):
            yield self._block(line, scopes)

    def _present(self, part: Part, scopes: Scopes) -> bool:
        """Whether a part has something to say: a value, members that it counts, something left over."""
        if isinstance(part, Count):
            return bool(part.access.get(scopes))
        if part.computed:
            return part.present(scopes)
        return any(access.get(scopes) is not None for access in part.accesses())

    def _block(self, line: PlanLine, scopes: Scopes) -> _Block:
        long = next((part for part in _parts(line) if part.segments > 1), None)
        block = self.block(line.runs, scopes)
        block.segments = self._long(line, long, scopes) if long is not None else [self._segment(line, scopes)]
        return block

    def _segment(self, line: PlanLine, scopes: Scopes) -> tuple[str, str]:
        forms: list[list[str]] = [[line.tag], [line.tag]]
        for element in line.elements:
            for form, text in zip(forms, self._element(element, scopes), strict=True):
                form.append(text)
        for form in forms:
            while not form[-1]:
                form.pop()
        if self._chance.random() < 0.1:
            forms[1].append("")  # an empty element at the end says nothing
        return "+".join(forms[0]) + "'", "+".join(forms[1]) + "'"

    def _element(self, element: ElementPlan, scopes: Scopes) -> tuple[str, str]:
        if element.wire is not None:
            text = ":".join(_released(component) for component in element.components)
            return text, text
        forms: tuple[list[str], list[str]] = ([], [])
        said = False
        for part in element.parts:
            spelled = (_released(part),) * 2 if isinstance(part, str) else self._part(part, scopes)
            said = said or (not isinstance(part, str) and spelled is not None)
            default = "" if isinstance(part, str) or part.default is None else part.default
            for form, text in zip(forms, spelled or (default, default), strict=True):
                form.append(text)
        if not said:
            return "", ""
        for form in forms:
            while form and not form[-1]:
                form.pop()
        if self._chance.random() < 0.05:
            forms[1].append("")
        return ":".join(forms[0]), ":".join(forms[1])

    def _part(self, part: Part, scopes: Scopes) -> tuple[str, str] | None:
        """Both spellings of a part, None when it has nothing to say."""
        match part:
            case Referring():
                return self._part(part.part, scopes)
            case Count():
                return (str(len(part.access.get(scopes) or ())),) * 2
            case Position():
                return (str(self._ordinals[-1]),) * 2
            case NestedCount():
                return (str(part.number(scopes)),) * 2
            case Sum():
                total = sum((Decimal(value) for value in part.route.values(scopes) if value is not None), Decimal())
                return f"{total:f}", f"{total:f}".replace(".", self._mark())
            case Extra():
                key, value = (access.get(scopes) for access in part.accesses())
                return (f"{_released(key)}={_released(value)}",) * 2
            case Joined():
                return self._joined(part, scopes)
            case Rest():
                rest, size = part.value(scopes), next(part.sizes(0, False)).longest
                others = self._cut_elsewhere(rest, size, part.width)
                return (":".join(map(_released, _cut(rest, size))), ":".join(map(_released, others))) if rest else None
            case _:
                value = part.accesses()[0].get(scopes) if part.accesses() else None
                return None if value is None else self._value(part, value)

    def _value(self, part: Part, value: Any) -> tuple[str, str]:
        match part:
            case Field():
                return self._text(part.codec, value)
            case Moment():
                return (f"{value:%Y%m%d%H%M}:203".rjust(16, "0") if isinstance(value, datetime)
                        else f"{value:%Y%m%d}:102".rjust(12, "0"),) * 2
            case Chunks():
                pieces, others = _cut(value, part.size), self._cut_elsewhere(value, part.size, part.width)
                return ":".join(map(_released, pieces)), ":".join(map(_released, others))
            case Head():
                return (_released(_cut(value, part.size)[0]),) * 2
            case _:
                raise NotImplementedError(type(part).__name__)

    def _joined(self, part: Joined, scopes: Scopes) -> tuple[str, str] | None:
        forms: tuple[list[str], list[str]] = ([], [])
        for piece in part.pieces:
            if isinstance(piece, str):
                spelled = (_released(piece), _released(piece))
            else:
                value = piece.access.get(scopes)
                if value is None:
                    return None
                spelled = self._text(piece.codec, value)
            for form, text in zip(forms, spelled, strict=True):
                form.append(text)
        return "".join(forms[0]), "".join(forms[1])

    def _text(self, codec: Codec, value: Any) -> tuple[str, str]:
        match codec:
            case DecimalCodec():
                text = f"{value:f}"
                return text, text.replace(".", self._mark())
            case StampCodec():
                stamp = f"{value.year:04}{value:%m%d}" + (f"{value:%H%M%S}" if isinstance(value, datetime) else "")
                return (stamp[:codec.width],) * 2
            case CodeCodec():
                return (_released(codec.write(value)),) * 2
            case _:
                return (_released(codec.write(value) if not isinstance(value, str | int) else str(value)),) * 2

    def _mark(self) -> str:
        return self._chance.choice((".", ","))

    def _long(self, line: PlanLine, part: Part, scopes: Scopes) -> list[tuple[str, str]]:
        """A text that may go over several segments, its constants again in each."""
        before = "+".join([line.tag, *(element.wire or "" for element in line.elements[:-1])])
        if isinstance(part, Rest):
            text, size = part.value(scopes), next(part.sizes(0, False)).longest
        else:
            text, size = part.accesses()[0].get(scopes), getattr(part, "size", 0)
        canonical = _cut(text, size)
        sent = self._cut_elsewhere(text, size, part.width * part.segments)
        forms = [[f"{before}+{':'.join(map(_released, pieces[start:start + part.width]))}'"
                  for start in range(0, len(pieces), part.width)] for pieces in (canonical, sent)]
        longest = max(map(len, forms))
        return list(zip(*(form + [""] * (longest - len(form)) for form in forms), strict=True))

    def _cut_elsewhere(self, text: str, size: int, pieces: int) -> list[str]:
        """Another way to cut a text, where there is one: pieces shorter than they could be."""
        if len(text) < 2 or self._chance.random() < 0.7:
            return _cut(text, size)
        shorter = self._chance.randint(1, size)
        other = _cut(text, shorter)
        return other if len(other) <= pieces and all(other) else _cut(text, size)


def _cut(text: str, size: int) -> list[str]:
    """Pieces of at most that size, none with a blank at an end; an empty piece where that cannot be."""
    pieces: list[str] = []
    while len(text) > size:
        place = next((place for place in range(size, 0, -1) if text[place - 1] != " " and text[place] != " "), 0)
        if not place:
            return ["", *pieces]
        pieces.append(text[:place])
        text = text[place:]
    return [*pieces, text]


def _released(text: str) -> str:
    """The text with a question mark before each sign that means something on the wire."""
    return _SIGNS.sub(r"?\g<0>", text)


def _parts(line: PlanLine) -> list[Part]:
    return [part for element in line.elements for part in element.parts if not isinstance(part, str)]
