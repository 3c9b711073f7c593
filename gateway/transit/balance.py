"""What is left of each goods item: declared - written off - settled, packages and mass apart, never below zero.

Source: TRANSIT section 3.2, profile section 8.5. Write-offs are the items of PART-DISCHARGED and DISCHARGED,
settlements those of DIFF-CLOSED. A discharge without any line, where none was ever sent, writes everything off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Word

_TAKES = (Word.PART_DISCHARGED, Word.DISCHARGED, Word.DIFF_CLOSED)


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left of one item. `mass` is None where not every write-off of the item gave one."""

    item: int
    packages: int
    mass: Decimal | None

    @property
    def zero(self) -> bool:
        """Nothing is left. Packages decide; a mass left over is a difference for the control to settle."""
        return self.packages == 0

    @property
    def below(self) -> bool:
        """More was written off than declared."""
        return self.packages < 0 or (self.mass is not None and self.mass < 0)


def balances(declaration: Declaration, events: Iterable[Event]) -> list[Balance]:
    """The balance of every declared item, in the order of the declaration."""
    held = [event for event in events if event.word in _TAKES]
    lines = [line for event in held for line in event.items]
    if not lines and any(event.word is Word.DISCHARGED for event in held):
        return [Balance(item.number, 0, Decimal() if item.gross_mass is not None else None)
                for item in declaration.items]
    made = []
    for item in declaration.items:
        mine = [line for line in lines if line.item == item.number]
        packages = sum(one.count for one in item.packages) - sum(line.packages or 0 for line in mine)
        masses = [line.gross_mass for line in mine if line.gross_mass is not None]
        mass = item.gross_mass - sum(masses, Decimal()) \
            if item.gross_mass is not None and len(masses) == len(mine) else None
        made.append(Balance(item.number, packages, mass))
    return made
