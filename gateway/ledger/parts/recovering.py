"""What an older copy of a ledger is told: its counters go past what was seen, its hold ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from gateway.ledger.chain import Fact
from gateway.ledger.parts.sealing import Sealing
from gateway.ledger.reading.recovery import RecoveryLookups
from gateway.ledger.tables import link


class Recovering(RecoveryLookups, Sealing):
    """Holding everything with a partner, and going on behind the highest number seen."""

    def hold_link(self, partner: str, code: str, at: datetime) -> bool:
        """Halt both directions for this code whatever they were halted for; False where they are already."""
        held = [self.halted(partner, direction) for direction in ("out", "in")]
        if held == [code, code]:
            return False
        for direction in ("out", "in"):
            self._open_link(partner, direction)
        self._connection.execute(update(link).where(link.c.partner == partner).values(halted=code))
        self._record(Fact(at=at, subject="link", subject_id=None, reference=partner, event="halt",
                          text=f"{code}, before: {' '.join(before or '-' for before in held)}"))
        return True

    def raise_number(self, name: str, least: int) -> None:
        """The next number of a series is above `least`."""
        last = self._numbers(name, 0).stop - 1
        if last < least:
            self._numbers(name, least - last)
