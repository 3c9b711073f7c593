"""Objects of ours without a receipt that were repeated long enough: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from gateway.ledger.rows import Buried
from gateway.ledger.states import ObjectState
from gateway.ledger.tables import interchange, object_


class DeadLetterLookups:
    """aged_objects, misdated_objects, dead_letters, dead_letter_count."""

    _connection: Connection

    def aged_objects(self, partner: str, *, before: datetime, attempts: int) -> list[int]:
        """Objects that are DISPATCHED and await a receipt, went up first before an instant, and so often at least."""
        return list(self._connection.execute(
            select(object_.c.id).where(
                object_.c.direction == "out", object_.c.state == ObjectState.DISPATCHED, object_.c.partner == partner,
                object_.c.receipt_due.is_not(None), object_.c.dispatched <= before, object_.c.attempts >= attempts)
            .order_by(object_.c.sequence)).scalars())

    def misdated_objects(self, partner: str, *, repeat: datetime, receipt: datetime) -> list[int]:
        """Objects whose next repeat, or whose receipt, is due so late that a clock must have been wrong."""
        return list(self._connection.execute(
            select(object_.c.id).where(
                object_.c.direction == "out", object_.c.partner == partner,
                or_(object_.c.next_at > repeat, object_.c.receipt_due > receipt))
            .order_by(object_.c.sequence)).scalars())

    def dead_letters(self, partner: str) -> Buried | None:
        """The dead letters to a partner; None where there is none."""
        mine = (object_.c.direction == "out", object_.c.state == ObjectState.DEAD_LETTER, object_.c.partner == partner)
        row = self._connection.execute(
            select(func.count().label("n"), func.min(object_.c.sequence).label("first"),
                   func.max(object_.c.sequence).label("last"), func.min(object_.c.dispatched).label("since"))
            .where(*mine)).one()
        if not row.n:
            return None
        first = self._connection.execute(
            select(object_.c.name, interchange.c.control_reference)
            .outerjoin(interchange, interchange.c.id == object_.c.interchange_id)
            .where(*mine, object_.c.sequence == row.first)).one()
        return Buried(count=row.n, first=row.first, last=row.last, since=row.since,
                      reference=first.control_reference or first.name)

    def dead_letter_count(self) -> int:
        """How many dead letters there are."""
        return self._connection.execute(select(func.count()).select_from(object_).where(
            object_.c.direction == "out", object_.c.state == ObjectState.DEAD_LETTER)).scalar_one()
