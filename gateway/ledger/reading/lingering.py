"""Files that were taken and stay in the mailbox: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gateway.ledger.line_tables import lingering


class LingeringLookups:
    """lingering."""

    _connection: Connection

    def lingering(self, partner: str) -> dict[str, int | None]:
        """The names of a partner's files that we took and could not remove, each with its time as it was listed."""
        rows = self._connection.execute(
            select(lingering.c.name, lingering.c.changed).where(lingering.c.partner == partner))
        return {row.name: row.changed for row in rows}
