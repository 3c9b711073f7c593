"""What a folder of a month proves: parts, faults, and what it cannot prove."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.exchange.audit_month import Plan
from gateway.exchange.auditing import Fault

PARTS = ("manifest", "history", "signatures", "leaves", "heads")
LARGEST_OBJECT = 64 << 20

_MOST_FAULTS = 1000


@dataclass(slots=True)
class Part:
    """What was proven of one of PARTS: of so many, so many."""

    what: str
    of: int = 0
    proven: int = 0


@dataclass(slots=True)
class Verdict:
    """What a folder proves.

    faults       the first thousand, and more: how many beyond them
    opens        what it cannot prove: word (month, trust, heads, hole), and whom or what it concerns
    authorities  gateway -> SHA-256 of its authorities: what the reader compares with what was published
    """

    plan: Plan
    parts: dict[str, Part] = field(default_factory=lambda: {what: Part(what) for what in PARTS})
    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    opens: list[tuple[str, str]] = field(default_factory=list)
    authorities: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def fault(self, what: str, row: str, fault: str) -> None:
        """Something is not what it was; each is kept once."""
        one = Fault(what=what, row=row, fault=fault)
        if one in self.faults[-_NEAR:]:
            return
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(one)
        else:
            self.more += 1

    def open(self, word: str, about: str) -> None:
        """Something that the folder cannot prove."""
        if (word, about) not in self.opens:
            self.opens.append((word, about))


_NEAR = 50
"""Faults among which a new one is looked for: the same file is read by two questions, not by a hundred."""
