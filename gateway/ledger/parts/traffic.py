"""What crosses the lines to partners: a row for each session, folded into days when it is old, so that it stays small.

None of this stands in the history: it is a measurement, and no evidence of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, delete, func, insert, select, type_coerce, update

from gateway.ledger.columns import Instant
from gateway.ledger.line_rows import Traffic
from gateway.ledger.line_tables import traffic, turn
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.traffic import TrafficLookups

KEPT_BY_RUN = timedelta(days=90)
"""How long the sessions of single runs are told apart."""

_DAY = timedelta(days=1) // timedelta(microseconds=1)
_SUMS = ("sessions", "failed", "octets_in", "octets_out", "files_in", "files_out", "milliseconds")


class Lines(Base, TrafficLookups):
    """Octets, files and time of sessions; the turn of partners."""

    def note_traffic(self, rows: Sequence[Traffic], *, at: datetime) -> None:
        """Note what crossed, and fold what is old. at: now."""
        self._add(rows)
        self._fold(at - KEPT_BY_RUN)

    def note_begun(self, direction: str, partner: str) -> None:
        """A session with this partner begins: a run that does not end leaves it so, and the next begins after it."""
        if self.last_begun(direction) is None:
            self._connection.execute(insert(turn), {"direction": direction, "partner": partner})
        else:
            self._connection.execute(update(turn).where(turn.c.direction == direction).values(partner=partner))

    def note_finished(self, direction: str) -> None:
        """All sessions of a direction had their turn."""
        self._connection.execute(delete(turn).where(turn.c.direction == direction))

    def _add(self, rows: Sequence[Traffic]) -> None:
        if rows:
            self._connection.execute(insert(traffic), [
                {"id": number, "partner": row.partner, "direction": row.direction, "at": row.at, "folded": row.day,
                 **{name: getattr(row, name) for name in _SUMS}}
                for number, row in zip(self._ids(traffic, len(rows)), rows, strict=True)])

    def _fold(self, before: datetime) -> None:
        """Make one row of each day, partner and direction of all that ended before a day did."""
        end = type_coerce(traffic.c.at, BigInteger)
        old = (traffic.c.folded.is_(False), traffic.c.at < before.replace(hour=0, minute=0, second=0, microsecond=0))
        if self._connection.execute(select(traffic.c.id).where(*old).limit(1)).first() is None:
            return
        day = (end - end % _DAY).label("day")
        days = self._connection.execute(
            select(traffic.c.partner, traffic.c.direction, type_coerce(day, Instant).label("at"),
                   *(func.sum(traffic.c[name]).label(name) for name in _SUMS))
            .where(*old).group_by(traffic.c.partner, traffic.c.direction, day)
            .order_by(day, traffic.c.partner, traffic.c.direction)).all()
        self._connection.execute(delete(traffic).where(*old))
        self._add([Traffic(partner=row.partner, direction=row.direction, at=row.at, day=True,
                           **{name: int(getattr(row, name)) for name in _SUMS}) for row in days])
