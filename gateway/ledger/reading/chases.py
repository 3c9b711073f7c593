"""Which answers are asked for again: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from gateway.ledger.chase_rows import ChaseRow, ChaseState
from gateway.ledger.chase_tables import chase
from gateway.ledger.states import InterchangeState, MessageState, ObjectState
from gateway.ledger.tables import interchange, link, message, object_

_ROW = (chase.c.id, chase.c.kind, chase.c.subject_id, chase.c.partner, chase.c.reference, chase.c.mrn, chase.c.began,
        chase.c.tries, chase.c.tried, chase.c.next_at, chase.c.state)


class ChaseLookups:
    """chase, due_chases, answered_chases, carriers, last_heard."""

    _connection: Connection

    def chase(self, kind: str, subject_id: int) -> ChaseRow | None:
        """What is known of the chase for one answer."""
        row = self._connection.execute(
            select(*_ROW).where(chase.c.kind == kind, chase.c.subject_id == subject_id)).first()
        return None if row is None else _chase(row)

    def due_chases(self, partner: str, *, now: datetime, limit: int) -> list[ChaseRow]:
        """Chases whose next question is due, the longest due first."""
        return [_chase(row) for row in self._connection.execute(
            select(*_ROW).where(chase.c.partner == partner, chase.c.state == ChaseState.RUNNING,
                                chase.c.next_at <= now)
            .order_by(chase.c.next_at, chase.c.id).limit(limit))]

    def answered_chases(self, partner: str) -> list[ChaseRow]:
        """Chases, given up or not, whose answer is there by now: it is waited for in one state only."""
        open_ = chase.c.state.in_([ChaseState.RUNNING, ChaseState.GIVEN_UP])
        return [_chase(row) for row in self._connection.execute(
            select(*_ROW)
            .outerjoin(message, and_(chase.c.kind == "cusres", message.c.id == chase.c.subject_id))
            .outerjoin(interchange, and_(chase.c.kind == "contrl", interchange.c.id == chase.c.subject_id))
            .where(chase.c.partner == partner, open_,
                   or_(and_(chase.c.kind == "cusres", message.c.state != MessageState.ACKNOWLEDGED),
                       and_(chase.c.kind == "contrl", interchange.c.state != InterchangeState.RECEIVED)))
            .order_by(chase.c.id))]

    def carriers(self, interchange_id: int) -> list[int]:
        """The objects of ours that carry an interchange and were not taken back."""
        return list(self._connection.execute(
            select(object_.c.id).where(object_.c.interchange_id == interchange_id, object_.c.direction == "out",
                                       object_.c.state != ObjectState.WITHDRAWN).order_by(object_.c.id)).scalars())

    def last_heard(self, partner: str) -> datetime | None:
        """When the newest object of a partner was recorded; None where none ever came."""
        return self._connection.execute(
            select(func.max(object_.c.at)).select_from(link).join(object_, and_(
                object_.c.direction == "in", object_.c.partner == link.c.partner,
                object_.c.sequence == link.c.highest))
            .where(link.c.partner == partner, link.c.direction == "in")).scalar()


def _chase(row: Any) -> ChaseRow:
    values = dict(row._mapping)
    return ChaseRow(**{**values, "state": ChaseState(values["state"])})
