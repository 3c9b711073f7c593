"""What the history knows of a partner as a whole: who let it in, who changed its certificates, who resumed its link."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gateway.ledger.questions import HistoryRow
from gateway.ledger.tables import history


class PartnerLookups:
    """about_partner."""

    _connection: Connection

    def about_partner(self, partner: str) -> list[HistoryRow]:
        """The rows about a partner or its link, oldest first."""
        found = self._connection.execute(select(history).where(
            history.c.reference == partner, history.c.subject.in_(("partner", "link"))).order_by(history.c.id))
        return [HistoryRow(**row._mapping) for row in found]
