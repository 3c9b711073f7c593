"""Mailboxes that failed, and when they are tried again (MAILBOX 4): one row while an outage lasts."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import asdict
from sqlalchemy import delete, insert, update

from gateway.ledger.chain import Fact
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.outages import OutageLookups
from gateway.ledger.rows import Outage
from gateway.ledger.tables import outage


class Retries(Base, OutageLookups):
    """Outages of links. Their beginnings and ends stand in the history, the tries between do not."""

    def keep_outage(self, after: Outage) -> None:
        """Remember a mailbox as it is after one more failure, or after it was said that it is not tried yet."""
        values = asdict(after)
        mine = (outage.c.partner == after.partner, outage.c.direction == after.direction)
        if self._connection.execute(update(outage).where(*mine).values(values)).rowcount:
            return
        self._connection.execute(insert(outage), values)
        self._record(Fact(at=after.tried, subject="outage", subject_id=None, reference=after.partner, event="begin",
                          text=f"{after.direction} {after.code}"))

    def end_outage(self, partner: str, direction: str, at: datetime) -> bool:
        """The mailbox held. False when nothing else was known of it."""
        known = self.outage(partner, direction)
        if known is None:
            return False
        self._connection.execute(delete(outage).where(
            outage.c.partner == partner, outage.c.direction == direction))
        self._record(Fact(at=at, subject="outage", subject_id=None, reference=partner, event="end",
                          text=f"{direction} since {known.since:%Y-%m-%dT%H:%M:%SZ}, {known.failures}"))
        return True
