"""Which mailboxes failed when they were last tried: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gateway.ledger.rows import Outage
from gateway.ledger.tables import outage


class OutageLookups:
    """outage, outages."""

    _connection: Connection

    def outage(self, partner: str, direction: str) -> Outage | None:
        """What is remembered of a mailbox that failed. direction: ``inbound`` or ``outbound``. None: it held."""
        row = self._connection.execute(select(outage).where(
            outage.c.partner == partner, outage.c.direction == direction)).first()
        return None if row is None else Outage(**row._mapping)

    def outages(self) -> list[Outage]:
        """Every mailbox that failed when it was last tried, by partner and direction."""
        return [Outage(**row._mapping) for row in self._connection.execute(
            select(outage).order_by(outage.c.partner, outage.c.direction))]
