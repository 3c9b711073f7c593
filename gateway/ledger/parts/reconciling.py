"""Comparisons of whole links: begun, carried on, told; and how often a partner asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from gateway.ledger.chain import Fact
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.reconciling import ReconcileLookups
from gateway.ledger.reconcile_tables import questions, reconciliation


class Reconciling(Base, ReconcileLookups):
    """reconciliation, questions."""

    def set_reconciliation(self, partner: str, direction: str, *, state: str, detail: str, at: datetime,
                           began: bool = False) -> None:
        """Keep how far the comparison of a link has come; what it began and how it ended stand in the history."""
        values = {"state": state, "detail": detail, "told": False, "changed": at, **({"began": at} if began else {})}
        done = self._connection.execute(update(reconciliation).where(
            reconciliation.c.partner == partner, reconciliation.c.direction == direction).values(**values))
        if not done.rowcount:
            self._connection.execute(insert(reconciliation).values(
                partner=partner, direction=direction, **{**values, "began": at}))
        if began or state != "asking":
            self._record(Fact(at=at, subject="link", subject_id=None, reference=partner, event="reconcile",
                              to_state=state, text=direction))

    def mark_reconciliation_told(self, partner: str) -> None:
        """Somebody has seen how the comparisons with a partner ended."""
        self._connection.execute(update(reconciliation).where(reconciliation.c.partner == partner).values(told=True))

    def count_question(self, partner: str, at: datetime) -> int:
        """One more question of a partner after roots; how many it has put today. Its next heads are owed ours."""
        held = self._connection.execute(select(questions).where(questions.c.partner == partner)).first()
        count = held.asked + 1 if held is not None and held.day == at.date() else 1
        values = {"day": at.date(), "asked": count, "owed": True}
        if held is None:
            self._connection.execute(insert(questions).values(partner=partner, **values))
        else:
            self._connection.execute(update(questions).where(questions.c.partner == partner).values(**values))
        return count

    def settle_owed_heads(self, partner: str) -> bool:
        """Whether a partner has asked after roots since this was last said: once for however many questions."""
        done = self._connection.execute(update(questions).where(
            questions.c.partner == partner, questions.c.owed.is_(True)).values(owed=False))
        return bool(done.rowcount)
