"""What a person lets in, or lets go, that a rule had refused."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from gateway.ledger.chain import Fact
from gateway.ledger.parts.base import Base
from gateway.ledger.states import ObjectState
from gateway.ledger.tables import incoming_note, object_


class Releasing(Base):
    """Releases from quarantine."""

    def release_object_in(self, object_id: int, *, text: str, at: datetime) -> None:
        """A partner's object that is held as REFUSED is STORED from now on. text: who decided, and why.

        Raises Moved when it is not REFUSED any more.
        """
        row = self._connection.execute(
            select(object_.c.message_id, object_.c.code).where(object_.c.id == object_id)).one()
        self._move_one(object_, object_id, ObjectState.REFUSED, {"state": ObjectState.STORED, "code": None},
                       row.message_id)
        self._record(Fact(at=at, subject="object", subject_id=object_id, reference=row.message_id, event="release",
                          from_state=ObjectState.REFUSED, to_state=ObjectState.STORED, text=f"{row.code}; {text}"))

    def kept_no_more(self, partner: str, kept: str) -> None:
        """What was kept under this name (`note_incoming`) was released or removed: it is not counted as open."""
        self._connection.execute(update(incoming_note).where(
            incoming_note.c.partner == partner, incoming_note.c.kept == kept).values(kept=""))
