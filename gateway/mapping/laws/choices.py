"""What a generated record holds of what it may hold: everything, nothing, as little as may be, or a mixture."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from gateway.mapping.laws.chance import Chance
from gateway.mapping.parts import Part
from gateway.mapping.plan import PlanLine

MANY = 99
"""The longest list that is filled up to its limit."""


class Choices(Protocol):
    """What a record holds of what it may hold."""

    def members(self, line: PlanLine, most: int, wanted: int, nested: bool) -> int:
        """How many members a list gets; `wanted` shows every word of its tables, `nested` tells a list in a list."""

    def present(self, line: PlanLine) -> bool:
        """Whether an optional line or a group is there."""

    def flag(self, line: PlanLine) -> bool | None:
        """The flag of a line."""

    def hole(self, part: Part) -> bool:
        """Whether an optional part is there."""

    def rescue(self, ordinal: int) -> int | None:
        """Which of its optional parts (0 the first, -1 the last) a line gets that would be empty; None: it stays so."""

    def inside(self, ordinal: int) -> Choices:
        """The choices for what is inside the member of a list; ordinal from 0."""

    def again(self) -> bool:
        """Whether a member of a list repeats the one before."""

    def lacks(self, number: int) -> bool:
        """Whether a hole that must be there is not: `number` counts those of the line from 0."""


class Mixed(Struct, frozen=True):
    """Each optional thing is there more often than not."""

    chance: Chance
    edges: bool = False

    def members(self, line: PlanLine, most: int, wanted: int, nested: bool) -> int:
        if self.edges and most <= MANY and not nested and self.chance.random() < 0.1:
            return most
        return min(most, self.chance.choice((0, 0, 1, 1, 2, 3, 5)))

    def present(self, line: PlanLine) -> bool:
        return self.chance.random() < 0.7

    def flag(self, line: PlanLine) -> bool | None:
        return self.chance.choice((True, False, None))

    def hole(self, part: Part) -> bool:
        return self.chance.random() < 0.7

    def rescue(self, ordinal: int) -> int | None:
        return None

    def inside(self, ordinal: int) -> Choices:
        return self

    def again(self) -> bool:
        return self.edges and self.chance.random() < 0.3

    def lacks(self, number: int) -> bool:
        return False


class Everything(Struct, frozen=True):
    """Every line and hole; lists of at most MANY members full.

    few     lists have only what shows every word
    single  lists have one member
    """

    few: bool = False
    single: bool = False

    def members(self, line: PlanLine, most: int, wanted: int, nested: bool) -> int:
        if self.single:
            return 1
        return min(most, wanted) if self.few or most > MANY else most

    def present(self, line: PlanLine) -> bool:
        return True

    def flag(self, line: PlanLine) -> bool | None:
        return True

    def hole(self, part: Part) -> bool:
        return True

    def rescue(self, ordinal: int) -> int | None:
        return None

    def inside(self, ordinal: int) -> Choices:
        return self

    def again(self) -> bool:
        return False

    def lacks(self, number: int) -> bool:
        return False


class Lacking(Everything, frozen=True):
    """Every line and hole but one that must be there on each line. missing: which of them, from 0."""

    missing: int = 0

    def lacks(self, number: int) -> bool:
        return number == self.missing


class Nothing(Everything, frozen=True):
    """Nothing that may be absent. rescues: a member of a list that would be empty gets its first hole."""

    rescues: bool = False

    def members(self, line: PlanLine, most: int, wanted: int, nested: bool) -> int:
        return 0

    def present(self, line: PlanLine) -> bool:
        return False

    def flag(self, line: PlanLine) -> bool | None:
        return None

    def hole(self, part: Part) -> bool:
        return False

    def rescue(self, ordinal: int) -> int | None:
        return 0 if self.rescues else None


class Thin(Nothing, frozen=True):
    """Every list, group and line that has something optional in or under it, without that; the third member of a list
    has nothing inside it at all.

    last  a line that would be empty gets its last optional hole instead of its first
    """

    last: bool = False

    def members(self, line: PlanLine, most: int, wanted: int, nested: bool) -> int:
        return min(most, 3)

    def present(self, line: PlanLine) -> bool:
        return line.group is not None or bool(line.children) or any(part.optional for part in parts(line))

    def flag(self, line: PlanLine) -> bool | None:
        return True if line.children else False if self.last else None

    def rescue(self, ordinal: int) -> int | None:
        return -1 if self.last != bool(ordinal % 2) else 0

    def inside(self, ordinal: int) -> Choices:
        return Nothing(rescues=True) if ordinal == 2 else self


class Coded(Nothing, frozen=True):
    """Only what has a code table, and what stands around it."""

    def members(self, line: PlanLine, most: int, wanted: int, nested: bool) -> int:
        return 1 if self.present(line) else 0

    def present(self, line: PlanLine) -> bool:
        return any(part.codes() for one in line.walk() for part in parts(one))

    def hole(self, part: Part) -> bool:
        return bool(part.codes())


def parts(line: PlanLine) -> list[Part]:
    """The parts of a line that carry terms."""
    return [part for element in line.elements for part in element.parts
            if not isinstance(part, str) and part.accesses()]
