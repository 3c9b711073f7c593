"""Answers that are asked for again: begun once each, counted, ended by the answer or by time. Each step is history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, update

from gateway.ledger.chain import Fact
from gateway.ledger.chase_rows import ChaseRow, ChaseState
from gateway.ledger.chase_tables import chase
from gateway.ledger.parts.base import Base
from gateway.ledger.questions import Overdue
from gateway.ledger.reading.chases import ChaseLookups


class Chases(Base, ChaseLookups):
    """Chases."""

    def begin_chase(self, late: Overdue, *, at: datetime) -> ChaseRow:
        """The chase for a late CONTRL or CUSRES, due at once; the one that there is, where it was begun before."""
        known = self.chase(late.kind, late.subject_id)
        if known is not None:
            return known
        row = ChaseRow(id=self._ids(chase, 1).start, kind=late.kind, subject_id=late.subject_id, partner=late.partner,
                       reference=late.reference, mrn=late.mrn, began=at, tries=0, tried=None, next_at=at,
                       state=ChaseState.RUNNING)
        self._connection.execute(insert(chase), {
            **{name: getattr(row, name) for name in ChaseRow.__struct_fields__}, "changed": at})
        return row

    def note_chased(self, row: ChaseRow, *, at: datetime, next_at: datetime) -> None:
        """It was asked for once more; the next time not before `next_at`."""
        self._set(row, ChaseState.RUNNING, at, "chase", str(row.tries + 1),
                  {"tries": row.tries + 1, "tried": at, "next_at": next_at})

    def end_chase(self, row: ChaseRow, state: ChaseState, *, at: datetime) -> None:
        """The answer came, or it is given up."""
        self._set(row, state, at, f"chase-{state.value.lower()}", str(row.tries), {})

    def _set(self, row: ChaseRow, state: ChaseState, at: datetime, event: str, text: str,
             values: dict[str, object]) -> None:
        self._move_one(chase, row.id, row.state, {"state": state, "changed": at, **values}, row.reference)
        self._record(Fact(at=at, subject="message" if row.kind == "cusres" else "interchange",
                          subject_id=row.subject_id, reference=row.mrn or row.reference, event=event,
                          from_state=None, to_state=None, text=f"{row.kind} {text}"))

    def postpone_chase(self, row: ChaseRow, *, until: datetime) -> None:
        """Nobody is there to answer: asked when somebody is. No question was sent, so nothing is history."""
        self._connection.execute(update(chase).where(chase.c.id == row.id).values(next_at=until))
