"""Objects of ours without a receipt that were repeated long enough: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, union

from gateway.ledger.columns import EVER
from gateway.ledger.rows import Buried
from gateway.ledger.states import ObjectState
from gateway.ledger.tables import interchange, object_


class DeadLetterLookups:
    """aged_objects, misdated_objects, dead_letters, dead_letter_count."""

    _connection: Connection

    def aged_objects(self, partner: str, *, before: datetime, attempts: int) -> list[int]:
        """Objects that are DISPATCHED and await a receipt, went up first before an instant, and so often at least."""
        awaited = select(object_.c.id).where(  # few; every receipt that we ever sent is DISPATCHED as well
            object_.c.direction == "out", object_.c.receipt_due >= EVER)
        return list(self._connection.execute(
            select(object_.c.id).where(
                object_.c.id.in_(awaited), object_.c.state == ObjectState.DISPATCHED, object_.c.partner == partner,
                object_.c.dispatched <= before, object_.c.attempts >= attempts)
            .order_by(object_.c.sequence)).scalars())

    def misdated_objects(self, partner: str, *, repeat: datetime, receipt: datetime) -> list[int]:
        """Objects whose next repeat, or whose receipt, is due so late that a clock must have been wrong."""
        ours = object_.c.direction == "out"
        late = union(  # from an index each: an "or" would go through all that was ever sent to this partner
            select(object_.c.id).where(ours, object_.c.next_at > repeat),
            select(object_.c.id).where(ours, object_.c.receipt_due > receipt))
        return list(self._connection.execute(
            select(object_.c.id).where(object_.c.id.in_(late), object_.c.partner == partner)
            .order_by(object_.c.sequence)).scalars())

    def dead_letters(self, partner: str) -> Buried | None:
        """The dead letters to a partner that nobody has closed; None where there is none."""
        mine = (object_.c.direction == "out", object_.c.state == ObjectState.DEAD_LETTER, object_.c.partner == partner,
                object_.c.receipt_due >= EVER)
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
        """How many dead letters there are that nobody has closed."""
        return self._connection.execute(select(func.count()).select_from(object_).where(
            object_.c.direction == "out", object_.c.state == ObjectState.DEAD_LETTER,
            object_.c.receipt_due >= EVER)).scalar_one()
