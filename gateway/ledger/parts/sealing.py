"""From waiting messages to sealed objects, and out to the mailbox.

`add_interchange_out` and `add_object_out` stand in one transaction with the numbers they use: that is PREPARED
(DESIGN 2.10). An object's bytes never change afterwards; a repeat sends the same ones (ENVELOPE O1, R7).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Case, and_, bindparam, case, insert, literal, or_, select, union, update

from gateway.ledger.chain import Fact
from gateway.ledger.columns import Instant
from gateway.ledger.errors import Moved
from gateway.ledger.lookups import NO_MIC
from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import run_rows
from gateway.ledger.reading.storing import STANDS
from gateway.ledger.reading.waiting import WaitingLookups, objects_out
from gateway.ledger.rows import ObjectOut
from gateway.ledger.states import (
    INTERCHANGE_OUT,
    MESSAGE_OUT,
    OBJECT_OUT,
    InterchangeState,
    MessageState,
    ObjectState,
    Step,
    may,
)
from gateway.ledger.tables import content, interchange, link, message, object_

_CARRIED = 8
"""Interchanges whose messages are moved together: each has up to 500."""
_SLICE = 500
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

_BOUND = (update(message).where(message.c.id == bindparam("of_id"), message.c.state == bindparam("of_state"),
                                message.c.partner == bindparam("of_partner"))
          .values(state=bindparam("new_state"), interchange_id=bindparam("new_interchange"),
                  message_reference=bindparam("new_reference"), changed=bindparam("moment")))
_BINDING = ("of_id", "of_state", "of_partner", "new_state", "new_interchange", "new_reference", "moment")


class Sealing(Base, WaitingLookups):
    """Interchanges and objects of ours."""

    def add_interchange_out(self, *, partner: str, control_reference: str, type: str, payload: bytes,  # noqa: A002
                            test: bool, messages: Sequence[tuple[int, str]], at: datetime) -> int:
        """Bind waiting messages (number, message reference) to a new interchange; its number.

        Interchange and messages are PREPARED. Raises Moved when one of the messages does not wait any more, ValueError
        when there is none: an interchange without a message does not exist (UNZ 0036).
        """
        if not messages:
            raise ValueError("an interchange has at least one message")
        number = self._ids(interchange, 1).start
        body, digest = self._keep([payload])[0]
        self._connection.execute(insert(interchange), {
            "id": number, "direction": "out", "partner": partner, "control_reference": control_reference,
            "type": type, "test": test, "state": InterchangeState.PREPARED, "messages": len(messages),
            "attempts": 0, "digest": digest, "at": at, "changed": at, "content_id": body})
        self._record(Fact(at=at, subject="interchange", subject_id=number, reference=control_reference, event="new",
                          to_state=InterchangeState.PREPARED, text=f"{partner} {type}", digest=digest))
        mrns = self._mrns([message_id for message_id, _ in messages])
        done = run_rows(self._connection, _BOUND, _BINDING, [
            (message_id, MessageState.WAITING, partner, MessageState.PREPARED, number, reference, at)
            for message_id, reference in messages])
        if done != len(messages):
            raise Moved("interchange", control_reference, MessageState.WAITING)
        for message_id, reference in messages:
            self._record(Fact(at=at, subject="message", subject_id=message_id, reference=mrns.get(message_id) or "",
                              event=Step.PREPARE, from_state=MessageState.WAITING, to_state=MessageState.PREPARED,
                              text=f"{control_reference}-{reference}"))
        return number

    def add_object_out(self, *, partner: str, sequence: int, message_id: str, kind: str, mic: str, previous: str,
                       signature_digest: str, name: str, sealed: bytes, inner: bytes, leaf: bytes,
                       interchange_id: int | None, receipt_for: int | None, at: datetime) -> int:
        """Store a sealed object as the next one of its link; its number. State PREPARED.

        Raises Moved when the link does not stand at `sequence` - 1 with the MIC `previous`.
        """
        if sequence == 1 and previous == NO_MIC:
            self._open_link(partner, "out")
        done = self._connection.execute(
            update(link).where(link.c.partner == partner, link.c.direction == "out",
                               link.c.sequence == sequence - 1, link.c.mic == previous)
            .values(sequence=sequence, mic=mic, highest=sequence))
        if done.rowcount != 1:
            raise Moved("link", partner, f"{sequence - 1}")
        number = self._ids(object_, 1).start
        (sealed_id, digest), (inner_id, _) = self._keep([sealed, inner])
        self._connection.execute(insert(object_), {
            "id": number, "direction": "out", "partner": partner, "sequence": sequence, "message_id": message_id,
            "kind": kind, "name": name, "mic": mic, "previous": previous, "signature_digest": signature_digest,
            "leaf": leaf, "state": ObjectState.PREPARED, "attempts": 0, "at": at, "interchange_id": interchange_id,
            "receipt_for": receipt_for, "sealed_id": sealed_id, "inner_id": inner_id})
        self._record(Fact(at=at, subject="object", subject_id=number, reference=message_id, event="new",
                          to_state=ObjectState.PREPARED, text=f"{partner} {sequence} {kind} {name}", digest=digest))
        return number

    def _open_link(self, partner: str, direction: str) -> None:
        held = self._connection.execute(select(link.c.sequence).where(
            link.c.partner == partner, link.c.direction == direction)).first()
        if held is None:
            self._connection.execute(insert(link), {"partner": partner, "direction": direction, "sequence": 0,
                                                    "mic": NO_MIC, "highest": 0})

    def halt_link(self, partner: str, direction: str, code: str, at: datetime, *, over: Collection[str] = ()) -> None:
        """Halt a directed link for a code (ENVELOPE section 6); the first reason stands until somebody resumes it.

        over  reasons that this one takes the place of, for it says more
        """
        self._open_link(partner, direction)
        done = self._connection.execute(update(link).where(
            link.c.partner == partner, link.c.direction == direction,
            or_(link.c.halted.is_(None), link.c.halted.in_(sorted(over)))).values(halted=code))
        if done.rowcount:
            self._record(Fact(at=at, subject="link", subject_id=None, reference=partner, event="halt",
                              text=f"{direction} {code}"))

    def resume_links(self, partner: str, reason: str, at: datetime) -> bool:
        """Let both directions of a partner's link go on, for a reason that is kept; False when none was halted."""
        done = self._connection.execute(update(link).where(
            link.c.partner == partner, link.c.halted.is_not(None)).values(halted=None))
        if done.rowcount:
            self._record(Fact(at=at, subject="link", subject_id=None, reference=partner, event="resume", text=reason))
        return bool(done.rowcount)

    # --- dispatch

    def unacknowledged_objects(self, partner: str, *, after: int, limit: int, octets: int) -> list[ObjectOut]:
        """What the partner has not acknowledged, whether it went up or not, behind a Sequence: to be carried by hand.

        limit, octets  see `due_objects`. What gets no receipt counts until it has been put up once.
        """
        ours = object_.c.direction == "out"
        open_ = union(  # from an index each, as in `due_objects`; what awaits a receipt is looked at again
            select(object_.c.id).where(ours, object_.c.state == ObjectState.PREPARED, object_.c.partner == partner),
            select(object_.c.id).where(ours, object_.c.next_at >= _EVER))
        sizes = self._connection.execute(
            select(object_.c.id, content.c.size).join(content, content.c.id == object_.c.sealed_id)
            .where(object_.c.id.in_(open_), object_.c.partner == partner, object_.c.sequence + 0 > after)
            .order_by(object_.c.sequence).limit(limit)).all()
        together = itertools.accumulate(row.size for row in sizes)
        chosen = [row.id for row, so_far in zip(sizes, together, strict=True) if so_far <= octets or row is sizes[0]]
        rows = self._connection.execute(objects_out().where(object_.c.id.in_(chosen)).order_by(object_.c.sequence))
        return [self._object_out(row) for row in rows.all()]

    def acknowledged_names(self, partner: str, names: Iterable[str]) -> set[str]:
        """Those among the names of files whose objects this partner has acknowledged."""
        wanted = sorted(set(names))
        found: set[str] = set()
        for start in range(0, len(wanted), _SLICE):
            found.update(self._connection.execute(select(object_.c.name).where(
                object_.c.name.in_(wanted[start:start + _SLICE]), object_.c.direction == "out",
                object_.c.partner == partner, object_.c.state == ObjectState.RECEIVED)).scalars())
        return found

    def mark_dispatched(self, object_ids: Iterable[int], *, at: datetime, receipt_due: datetime | None,
                        repeat_at: datetime | None = None) -> None:
        """These objects stand in the partner's mailbox.

        The first time object, interchange and messages become DISPATCHED, and the receipt is awaited until
        `receipt_due` (never for a receipt). Another time only the attempt counts: the first deadline stays, so that
        a late answer stays late however often the object is repeated. repeat_at: when `due_objects` names them again,
        as long as they await a receipt: what is RECEIVED, and a receipt, is not named again.
        """
        wanted = sorted(set(object_ids))
        for start in range(0, len(wanted), _SLICE):
            self._mark(wanted[start:start + _SLICE], at, receipt_due, repeat_at)

    def _mark(self, object_ids: Sequence[int], at: datetime, receipt_due: datetime | None,
              repeat_at: datetime | None) -> None:
        rows = self._connection.execute(
            select(object_.c.id, object_.c.state, object_.c.message_id, object_.c.interchange_id, object_.c.attempts)
            .where(object_.c.id.in_(object_ids), object_.c.direction == "out")).all()
        if len(rows) != len(object_ids):
            raise LookupError("mark_dispatched was given a number that is no object of ours")
        first = [row for row in rows if may(OBJECT_OUT, ObjectState(row.state), Step.DISPATCH)]
        tried = {"attempts": object_.c.attempts + 1}
        self._move_all(
            object_, OBJECT_OUT, Step.DISPATCH, object_.c.id.in_([row.id for row in first]),
            lambda row, source, target: Fact(at=at, subject="object", subject_id=row.id, reference=row.message_id,
                                             event=Step.DISPATCH, from_state=source, to_state=target),
            {**tried, "dispatched": at, "next_at": _next_look(repeat_at, *ObjectState),
             "receipt_due": case((object_.c.receipt_for.is_(None), literal(receipt_due, Instant)), else_=None)},
            [object_.c.message_id])
        moved = {row.id for row in first}
        repeats = [row for row in rows if row.id not in moved]
        if repeats:
            self._connection.execute(
                update(object_).where(object_.c.id.in_([row.id for row in repeats]))
                .values({**tried, "next_at": _next_look(repeat_at, ObjectState.DISPATCHED)}))
        for row in repeats:
            self._record(Fact(at=at, subject="object", subject_id=row.id, reference=row.message_id, event="repeat",
                              from_state=row.state, to_state=row.state, text=str(row.attempts + 1)))
        carried = [row.interchange_id for row in first if row.interchange_id is not None]
        if carried:
            self._move_carried(carried, Step.DISPATCH, at, {"dispatched": at})

    def look_later(self, object_ids: Iterable[int], *, at: datetime) -> None:
        """These objects lie in the mailbox still: have `due_objects` name them again then, if they await a receipt.

        No attempt counts, for nothing was sent.
        """
        wanted = sorted(set(object_ids))
        for start in range(0, len(wanted), _SLICE):
            self._connection.execute(
                update(object_)
                .where(object_.c.direction == "out", object_.c.id.in_(wanted[start:start + _SLICE]))
                .values(next_at=_next_look(at, ObjectState.DISPATCHED)))

    def again(self, object_out_id: int, at: datetime) -> bool:
        """Have `due_objects` name a stored object from `at` on: a receipt asked for again, a resend by hand.

        False, with a row of the history and nothing else, where its bytes were archived or erased: it cannot go up.
        Raises LookupError when it is no object of ours.
        """
        row = self._connection.execute(
            select(object_.c.message_id, object_.c.state, (~STANDS).label("away"))
            .join(content, content.c.id == object_.c.sealed_id)
            .where(object_.c.id == object_out_id, object_.c.direction == "out")).first()
        if row is None:
            raise LookupError(f"{object_out_id} is no object of ours")
        if row.away:
            self._record(Fact(at=at, subject="object", subject_id=object_out_id, reference=row.message_id,
                              event="again", from_state=row.state, to_state=row.state, text="away"))
            return False
        self._connection.execute(update(object_).where(object_.c.id == object_out_id).values(next_at=at))
        self._record(Fact(at=at, subject="object", subject_id=object_out_id, reference=row.message_id, event="again",
                          from_state=row.state, to_state=row.state))
        return True

    def receipt_of(self, object_in_id: int) -> ObjectOut | None:
        """Our receipt for a partner's object, with its stored bytes."""
        row = self._connection.execute(
            objects_out().where(object_.c.receipt_for == object_in_id, object_.c.direction == "out")
            .order_by(object_.c.id.desc()).limit(1)).first()
        return None if row is None else self._object_out(row)

    # --- what an object carries moves with it

    def _move_carried(self, interchange_ids: Sequence[int], step: Step, at: datetime,
                      values: dict[str, datetime]) -> None:
        self._move_all(
            interchange, INTERCHANGE_OUT, step, interchange.c.id.in_(interchange_ids),
            lambda row, source, target: Fact(at=at, subject="interchange", subject_id=row.id,
                                             reference=row.control_reference, event=step, from_state=source,
                                             to_state=target),
            {**values, "changed": at}, [interchange.c.control_reference])
        for start in range(0, len(interchange_ids), _CARRIED):
            self._move_all(
                message, MESSAGE_OUT, step, message.c.interchange_id.in_(interchange_ids[start:start + _CARRIED]),
                lambda row, source, target: Fact(at=at, subject="message", subject_id=row.id, reference=row.mrn or "",
                                                 event=step, from_state=source, to_state=target),
                {"changed": at}, [message.c.mrn])

    def _mrns(self, message_ids: Sequence[int]) -> dict[int, str | None]:
        found: dict[int, str | None] = {}
        for start in range(0, len(message_ids), _SLICE):
            found.update({row.id: row.mrn for row in self._connection.execute(
                select(message.c.id, message.c.mrn)
                .where(message.c.id.in_(message_ids[start:start + _SLICE])))})
        return found


def _next_look(at: datetime | None, *states: ObjectState) -> Case[datetime | None]:
    """`at` for what was in one of these states and gets a receipt, else never."""
    return case((and_(object_.c.receipt_for.is_(None), object_.c.state.in_(states)), literal(at, Instant)), else_=None)
