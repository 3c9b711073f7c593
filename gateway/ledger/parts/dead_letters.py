"""Objects of ours that stay without receipt: no more repeated, never given up, and settled whenever a receipt comes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Case, Column, case, literal, select, update

from gateway.ledger.chain import Fact
from gateway.ledger.columns import Instant
from gateway.ledger.parts.sealing import Sealing
from gateway.ledger.reading.dead_letters import DeadLetterLookups
from gateway.ledger.states import OBJECT_OUT, ObjectState, Step
from gateway.ledger.tables import object_

_SLICE = 500


class DeadLetters(Sealing, DeadLetterLookups):
    """Burying, and the dates of what is repeated."""

    def bury_objects(self, object_ids: Iterable[int], *, at: datetime) -> int:
        """Make dead letters of objects that are DISPATCHED; the others stay. Returns how many.

        Their receipts are awaited still, and settle them whenever they come; `due_objects` does not name them any more
        unless somebody asks for them (`again`).
        """
        wanted, buried = sorted(set(object_ids)), 0
        for start in range(0, len(wanted), _SLICE):
            rows = self._connection.execute(
                select(object_.c.id, object_.c.interchange_id)
                .where(object_.c.id.in_(wanted[start:start + _SLICE]), object_.c.direction == "out",
                       object_.c.state == ObjectState.DISPATCHED)).all()
            buried += self._move_all(
                object_, OBJECT_OUT, Step.BURY, object_.c.id.in_([row.id for row in rows]),
                lambda row, source, target: Fact(at=at, subject="object", subject_id=row.id, reference=row.message_id,
                                                 event=Step.BURY, from_state=source, to_state=target,
                                                 text=str(row.attempts)),
                {"next_at": None}, [object_.c.message_id, object_.c.attempts])
            carried = [row.interchange_id for row in rows if row.interchange_id is not None]
            if carried:
                self._move_carried(carried, Step.BURY, at, {})
        return buried

    def redate_objects(self, object_ids: Iterable[int], *, at: datetime, receipt_due: datetime) -> None:
        """Have these objects due at once, and their receipts by `receipt_due` at the latest: their dates were written
        by a clock that was ahead. An object that is not repeated any more is not repeated for that."""
        wanted = sorted(set(object_ids))
        for start in range(0, len(wanted), _SLICE):
            mine = object_.c.id.in_(wanted[start:start + _SLICE])
            for row in self._connection.execute(select(object_.c.id, object_.c.message_id, object_.c.state).where(
                    mine, object_.c.direction == "out")).all():
                self._record(Fact(at=at, subject="object", subject_id=row.id, reference=row.message_id,
                                  event="redated", from_state=row.state, to_state=row.state))
            self._connection.execute(update(object_).where(mine, object_.c.direction == "out").values(
                next_at=_earlier(object_.c.next_at, at), dispatched=_earlier(object_.c.dispatched, at),
                receipt_due=_earlier(object_.c.receipt_due, receipt_due)))


def _earlier(column: Column[datetime], instant: datetime) -> Case[datetime]:
    """The earlier of both; nothing where nothing was."""
    return case((column > instant, literal(instant, Instant)), else_=column)
