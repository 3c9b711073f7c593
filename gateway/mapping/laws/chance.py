"""Where the choices of a generator come from: the command line brings a seeded source, nobody below it draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar

_T = TypeVar("_T")


class Chance(Protocol):
    """The part of `random.Random` that generators use."""

    def random(self) -> float:
        """A number from 0 to below 1."""

    def randint(self, a: int, b: int) -> int:
        """A whole number from a to b, both included."""

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """A whole number, as of `range`."""

    def choice(self, seq: Sequence[_T]) -> _T:
        """One member."""

    def choices(self, population: Sequence[_T], *, k: int = 1) -> list[_T]:
        """Members, with repeats."""


Chances: TypeAlias = Callable[[str], Chance]
"""A source for a text: the same text, the same choices, on every machine. It must be pickled by name for workers."""
