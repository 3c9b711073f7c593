"""How far what waits to be done has come: asked after every transaction of anybody, so answered from an index."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from gateway.ledger.states import InterchangeState, MessageState
from gateway.ledger.tables import interchange, message


class WaitingLookups:
    """newest_waiting, newest_stored."""

    _connection: Connection

    def newest_waiting(self) -> dict[str, int]:
        """The newest message of ours that has no interchange yet: its number, for each partner that one waits for."""
        found = self._connection.execute(
            select(message.c.partner, func.max(message.c.id).label("newest"))
            .where(message.c.direction == "out", message.c.state == MessageState.WAITING).group_by(message.c.partner))
        return {row.partner: row.newest for row in found}

    def newest_stored(self) -> int:
        """The newest interchange of a partner's that is not judged yet: its number, 0 where there is none."""
        return self._connection.execute(
            select(func.max(interchange.c.id)).where(
                interchange.c.direction == "in", interchange.c.state == InterchangeState.STORED)).scalar() or 0
