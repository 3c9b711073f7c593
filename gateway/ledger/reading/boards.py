"""What the page of one corridor asks: its movements by what is to be done, and what ended. Everything from indexes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, func, select

from gateway.ledger.lookups import movement_row
from gateway.ledger.rows import MessageRow, Movement
from gateway.ledger.states import InterchangeState, MessageState
from gateway.ledger.tables import interchange, message, movement

_MESSAGE_COLUMNS = [column for column in message.c if column.name != "content_id"]


class BoardLookups:
    """Boards and statistics of a corridor."""

    _connection: Connection

    def corridors_held(self) -> list[str]:
        """The corridors on which there is or was a movement, in the order of their names. One step of an index each."""
        found: list[str] = []
        last = ""
        while True:
            name = self._connection.execute(
                select(func.min(movement.c.corridor)).where(movement.c.corridor > last)).scalar()
            if name is None:
                return found
            found.append(name)
            last = name

    def board_counts(self, corridor: str, next_actions: Collection[str]) -> dict[str, int]:
        """How many movements of a corridor wait for each of these next actions; one that none waits for is left out.

        It costs what waits: not to be asked for ``none``, which is everything that ever ended.
        """
        return {row.next_action: row.n for row in self._connection.execute(
            select(movement.c.next_action, func.count().label("n"))
            .where(movement.c.corridor == corridor, movement.c.next_action.in_(sorted(next_actions)))
            .group_by(movement.c.next_action))}

    def board_keys(self, corridor: str, next_actions: Collection[str]) -> list[tuple[str, str, datetime]]:
        """MRN, next action and last change of a corridor's movements that wait for one of these actions."""
        return [(row.mrn, row.next_action, row.changed) for row in self._connection.execute(
            select(movement.c.mrn, movement.c.next_action, movement.c.changed)
            .where(movement.c.corridor == corridor, movement.c.next_action.in_(sorted(next_actions))))]

    def board_ended(self, corridor: str, limit: int) -> list[Movement]:
        """The movements of a corridor for which nothing is to be done, the latest changed first."""
        return [movement_row(row) for row in self._connection.execute(
            select(movement).where(movement.c.corridor == corridor, movement.c.next_action == "none")
            .order_by(movement.c.changed.desc()).limit(limit))]

    def board_late(self, corridor: str, now: datetime) -> int:
        """How many movements of a corridor are past the end of a timer that runs."""
        return self._connection.execute(select(func.count()).select_from(movement).where(
            movement.c.due <= now, movement.c.corridor == corridor)).scalar_one()

    def undelivered_on(self, corridor: str) -> list[str]:
        """MRNs of a corridor of which a message lies in an interchange that is a dead letter."""
        return list(self._connection.execute(
            select(message.c.mrn).distinct().join(interchange, interchange.c.id == message.c.interchange_id)
            .join(movement, movement.c.mrn == message.c.mrn)
            .where(interchange.c.direction == "out", interchange.c.state == InterchangeState.DEAD_LETTER,
                   movement.c.corridor == corridor).order_by(message.c.mrn)).scalars())

    def recorded_between(self, corridor: str, starts: datetime, ends: datetime) -> int:
        """How many movements of a corridor were recorded from an instant on and before another."""
        return self._connection.execute(select(func.count()).select_from(movement).where(
            movement.c.corridor == corridor, movement.c.at >= starts, movement.c.at < ends)).scalar_one()

    def recorded_since(self, corridor: str, since: datetime, limit: int) -> list[Movement]:
        """The latest movements of a corridor that were recorded from an instant on, the newest first."""
        return [movement_row(row) for row in self._connection.execute(
            select(movement).where(movement.c.corridor == corridor, movement.c.at >= since)
            .order_by(movement.c.at.desc()).limit(limit))]

    def rejected_messages(self, since: datetime, limit: int) -> list[MessageRow]:
        """CUSDEC that were rejected from an instant on, ours by partners and partners' by us, the newest first."""
        ours = self._rejected(message.c.direction == "out", message.c.state == MessageState.ANSWERED_REJECTED)
        theirs = self._rejected(message.c.direction == "in", message.c.state == MessageState.REJECTED)
        rows = [row for query in (ours, theirs) for row in self._connection.execute(
            query.where(message.c.changed >= since, message.c.type == "CUSDEC", message.c.mrn.is_not(None))
            .order_by(message.c.changed.desc()).limit(limit))]
        return [MessageRow(**{**row._mapping, "state": MessageState(row.state)})
                for row in sorted(rows, key=lambda row: row.changed, reverse=True)[:limit]]

    @staticmethod
    def _rejected(*where: ColumnElement[bool]) -> Select[tuple[object, ...]]:
        return select(*_MESSAGE_COLUMNS, interchange.c.control_reference).outerjoin(
            interchange, interchange.c.id == message.c.interchange_id).where(*where)
