"""Cross references: a value that must lead to exactly one member of a list.

    {number|ref equipment.number}     the value is that member's key
    {equipment|ref equipment#}        the value is that member's ordinal, from 1

The hole keeps its form; the reference is only watched. A list may come later in the message, so reading judges at the
end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from gateway.mapping.codecs import shown
from gateway.mapping.parts import Access, Fault, Part, Reader, Scopes, Size, Writer


class Target(Struct, frozen=True):
    """What a value must lead to.

    value  the referring term
    list   the list whose member is meant
    key    term of the member that must be equal; None when the value is the ordinal
    """

    value: Access
    list: Access
    key: str | None

    def found(self, scopes: Scopes, notes: dict[object, Any]) -> int | None:
        """How many members the value leads to; None when there is no value."""
        value = self.value.get(scopes)
        if value is None:
            return None
        members = self.list.get(scopes)
        if not isinstance(members, list):
            return 0
        if self.key is None:
            return 1 if type(value) is int and 1 <= value <= len(members) else 0
        place = (id(members), self.key)
        keys = notes.get(place)
        if not isinstance(keys, Counter):
            found = (member.get(self.key) for member in members if isinstance(member, dict))
            keys = notes[place] = Counter(key for key in found if isinstance(key, str | int))
        return keys[value]

    def fault(self, scopes: Scopes, notes: dict[object, Any], none: str, several: str) -> Fault | None:
        """What is wrong with the reference: `none` and `several` are the codes."""
        number = self.found(scopes, notes)
        if number is None or number == 1:
            return None
        shape = f"{self.list.term}#" if self.key is None else f"{self.list.term}.{self.key}"
        values: Mapping[str, str] = {"value": shown(self.value.get(scopes)), "target": shape, "count": str(number)}
        return (several if number else none), values


class Referring(Part):
    """A part, and what its values must lead to. Everything else is that part's own business."""

    def __init__(self, part: Part, targets: Sequence[Target]) -> None:
        self.part, self.targets = part, tuple(targets)
        self.width, self.segments, self.optional, self.default = part.width, part.segments, part.optional, part.default

    def accesses(self) -> tuple[Access, ...]:
        return self.part.accesses()

    def codes(self) -> frozenset[str]:
        return self.part.codes()

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        return self.part.sizes(offset, digits)

    def normalise(self, scopes: Scopes) -> None:
        self.part.normalise(scopes)

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        text = self.part.write(writer, scopes)
        if text:
            for target in self.targets:
                fault = target.fault(scopes, writer.notes, "M122", "M123")
                if fault is not None:
                    writer.refuse(target.value, *fault)
        return text

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        self.part.read(reader, scopes, texts, element, component)
        for target in self.targets:
            reader.later(partial(target.fault, scopes, reader.notes, "M222", "M223"), element, component, None)
