"""Decisions of people: each is a row of its own and a step in the history, with who, when and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, update

from gateway.ledger.act_rows import Act, ActState, NewAct
from gateway.ledger.act_tables import act, rebuilt
from gateway.ledger.chain import Fact
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.acts import ActLookups
from gateway.ledger.states import ObjectState
from gateway.ledger.tables import object_


class Acts(Base, ActLookups):
    """add_act, settle_act, await_no_more, note_rebuilt."""

    def add_act(self, new: NewAct, *, at: datetime) -> int:
        """Keep a decision; its number."""
        number = self._ids(act, 1).start
        self._connection.execute(insert(act), {
            "id": number, "kind": new.kind, "subject": new.subject, "partner": new.partner, "people": new.people,
            "account": new.account, "person": new.person, "rules": new.rules, "reason": new.reason,
            "state": new.state, "at": at, "changed": at})
        self._record(Fact(at=at, subject="act", subject_id=number, reference=new.subject, event=new.kind,
                          to_state=new.state, text="; ".join(part for part in (
                              new.partner, new.rules, f"{new.people} ({new.account}): {new.reason}") if part)))
        return number

    def note_rebuilt(self, *, old: int, new: int, act_id: int, mrn: str, words: tuple[str, str], at: datetime) -> None:
        """A message was made anew from another: both say so in their history.

        words  what the old one says of the new, what the new one says of the old
        """
        self._connection.execute(insert(rebuilt), {"new_id": new, "old_id": old, "act_id": act_id})
        for number, event, text in ((old, "rebuilt", words[0]), (new, "rebuilds", words[1])):
            self._record(Fact(at=at, subject="message", subject_id=number, reference=mrn, event=event, text=text))

    def await_no_more(self, object_id: int) -> None:
        """Nobody waits for the receipt of a dead letter any more; one that comes settles it all the same."""
        self._connection.execute(update(object_).where(
            object_.c.id == object_id, object_.c.direction == "out", object_.c.state == ObjectState.DEAD_LETTER)
            .values(receipt_due=None))

    def settle_act(self, held: Act, state: ActState, *, at: datetime, text: str) -> None:
        """A decision that was open is done or dropped; one that was settled stays. text: by whom, and why."""
        done = self._connection.execute(update(act).where(act.c.id == held.id, act.c.state == "open")
                                        .values(state=state, changed=at))
        if done.rowcount:
            self._record(Fact(at=at, subject="act", subject_id=held.id, reference=held.subject, event=held.kind,
                              from_state="open", to_state=state, text=text))
