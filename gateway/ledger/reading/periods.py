"""What an archive took away, by the kinds that a law may want kept for different times, and since when it is over.

It is asked of the ledger and not of the archive's own list, which lies on a volume that others hold.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select

from gateway.ledger.keeping_rows import KINDS, KeptKind
from gateway.ledger.keeping_tables import away
from gateway.ledger.tables import content, delivery, interchange, message, movement, object_, source_file

_COLUMNS = {
    "messages": (interchange.c.content_id, object_.c.payload_id, message.c.content_id, delivery.c.content_id),
    "sealed": (object_.c.sealed_id, object_.c.inner_id),
    "sources": (source_file.c.content_id,),
}
_LINES = {
    interchange.name: select(interchange.c.id),
    object_.name: select(object_.c.interchange_id),
    message.name: select(message.c.interchange_id),
    source_file.name: select(message.c.interchange_id).join(
        source_file, source_file.c.source_id == message.c.source_id),
}
"""Name of a table that has contents -> its interchanges."""


class PeriodLookups:
    """kinds_away."""

    _connection: Connection

    def kinds_away(self, number: int) -> tuple[KeptKind, ...]:
        """The kinds of content that left with a departure. Octets that are of two kinds count in both."""
        gone = select(away.c.content_id).where(away.c.departure_id == number)
        found = []
        for kind in KINDS:
            columns = _COLUMNS[kind]
            mine = or_(*(content.c.id.in_(select(column).where(column.is_not(None))) for column in columns))
            row = self._connection.execute(select(func.count(), func.coalesce(func.sum(content.c.size), 0)).where(
                content.c.id.in_(gone), mine)).one()
            over = [self._over(column.table.name, column.in_(gone)) for column in columns
                    if column.table is not delivery]
            handed = self._connection.execute(select(func.max(delivery.c.delivered)).where(
                delivery.c.content_id.in_(gone))).scalar() if kind == "messages" else None
            last = max((one for one in (*over, handed) if one is not None), default=None)
            if last is not None:
                found.append(KeptKind(kind=kind, contents=row[0], octets=row[1], last=last))
        return tuple(found)

    def _over(self, table: str, mine: ColumnElement[bool]) -> datetime | None:
        """When the last movement of the interchanges with these contents was over."""
        lines = _LINES[table].where(mine)
        row = self._connection.execute(
            select(func.max(interchange.c.changed), func.max(message.c.changed), func.max(movement.c.changed))
            .select_from(interchange).outerjoin(message, message.c.interchange_id == interchange.c.id)
            .outerjoin(movement, movement.c.mrn == message.c.mrn).where(interchange.c.id.in_(lines))).one()
        return max((one for one in row if one is not None), default=None)
