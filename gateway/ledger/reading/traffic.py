"""What crossed the lines to partners, and whose turn it is: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from gateway.ledger.line_rows import Traffic
from gateway.ledger.line_tables import traffic, turn


class TrafficLookups:
    """traffic, last_begun."""

    _connection: Connection

    def traffic(self, *, since: datetime, partner: str | None = None) -> list[Traffic]:
        """What crossed the lines since then, of one partner or of all, oldest first."""
        # either way an index leads to the days that are wanted
        whose = traffic.c.folded.in_([False, True]) if partner is None else traffic.c.partner == partner
        rows = self._connection.execute(
            select(traffic).where(whose, traffic.c.at >= since).order_by(traffic.c.at, traffic.c.id))
        return [Traffic(
            partner=row.partner, direction=row.direction, at=row.at, day=row.folded, sessions=row.sessions,
            failed=row.failed, octets_in=row.octets_in, octets_out=row.octets_out, files_in=row.files_in,
            files_out=row.files_out, milliseconds=row.milliseconds) for row in rows]

    def last_begun(self, direction: str) -> str | None:
        """The partner with whom a run that came to no end began its last session of a direction."""
        found: str | None = self._connection.execute(
            select(turn.c.partner).where(turn.c.direction == direction)).scalar()
        return found
