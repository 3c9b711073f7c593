"""What people have been told of each cause. None of this stands in the history: what happened does."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec.structs import asdict
from sqlalchemy import delete, insert

from gateway.ledger.alert_rows import Alert
from gateway.ledger.alert_tables import alert
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.watching import WatchLookups


class Alerts(Base, WatchLookups):
    """Rows are replaced as a whole: a cause on a way of telling has one."""

    def keep_alerts(self, rows: Iterable[Alert]) -> None:
        """Write these in place of what stood for their causes."""
        kept = list(rows)
        self.forget_alerts(kept)
        if kept:
            self._connection.execute(insert(alert), [asdict(row) for row in kept])

    def forget_alerts(self, rows: Iterable[Alert]) -> None:
        """Nothing is to be told of these any more."""
        for row in rows:
            self._connection.execute(delete(alert).where(alert.c.channel == row.channel, alert.c.cause == row.cause))

    def forget_channels(self, but: Collection[str]) -> None:
        """Ways of telling that were taken out of the settings leave nothing behind."""
        self._connection.execute(delete(alert).where(alert.c.channel.not_in(sorted(but))))
