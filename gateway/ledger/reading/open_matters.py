"""Who must move next: the summary, what is unanswered, what is late.

A deadline is counted from the step before it: the receipt from the dispatch, the CONTRL from the receipt, the CUSRES
from the CONTRL. So at any time just one answer of a message can be late, and it names whose move it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, literal_column, not_, or_, select, text

from gateway.ledger.chase_tables import chase
from gateway.ledger.columns import EVER
from gateway.ledger.lookups import movement_row
from gateway.ledger.questions import Count, Overdue, PartnerActivity, Summary, Unanswered
from gateway.ledger.reading.lists import Lists
from gateway.ledger.rows import Delivered, InterchangeRow, Movement
from gateway.ledger.states import InterchangeState, MessageState, ObjectState
from gateway.ledger.tables import (
    MOVEMENTS,
    counter,
    delivery,
    incoming_note,
    interchange,
    link,
    message,
    movement,
    object_,
    source,
    source_file,
)

_States: TypeAlias = "Sequence[tuple[str, Sequence[str], Sequence[str] | None]]"

RECENT = timedelta(hours=24)
"""How far back the summary looks at what is finished."""

_ANSWERED_BY_CONTRL = ("CUSDEC", "CUSRES")
"""A CONTRL gets no CONTRL: it is done when it stands in the mailbox, its interchange when it is receipted."""

_OPEN_INTERCHANGES: _States = (
    ("out", (InterchangeState.PREPARED, InterchangeState.DISPATCHED, InterchangeState.REFUSED,
             InterchangeState.DEAD_LETTER), None),
    ("out", (InterchangeState.RECEIVED,), _ANSWERED_BY_CONTRL),
    ("in", (InterchangeState.STORED, InterchangeState.DEAD), None))
_OPEN_MESSAGES: _States = (
    ("out", (MessageState.WAITING, MessageState.PREPARED, MessageState.REFUSED), None),
    ("out", (MessageState.DISPATCHED,), _ANSWERED_BY_CONTRL),
    ("out", (MessageState.ACKNOWLEDGED,), ("CUSDEC",)),
    ("in", (MessageState.HELD, MessageState.UNREADABLE), None))
_DONE_INTERCHANGES: _States = (
    ("out", (InterchangeState.ACKNOWLEDGED, InterchangeState.REJECTED), None),
    ("in", (InterchangeState.ACKNOWLEDGED, InterchangeState.REJECTED, InterchangeState.TAKEN), None))
_DONE_MESSAGES: _States = (
    ("out", (MessageState.REJECTED, MessageState.ANSWERED_ACCEPTED, MessageState.ANSWERED_REJECTED), None),
    ("out", (MessageState.ACKNOWLEDGED,), ("CUSRES",)),
    ("in", (MessageState.ACCEPTED, MessageState.REJECTED, MessageState.SYNTAX_REJECTED, MessageState.TAKEN), None))


class Deadlines(Struct, frozen=True, kw_only=True):
    """What a partner's agreement says. contrl: after the receipt; cusres: after the CONTRL."""

    contrl: timedelta
    cusres: timedelta


class OpenMatters(Lists):
    """Summary, unanswered, overdue."""

    def summary(self, now: datetime) -> Summary:
        """Everything open, and what was finished in the last 24 hours, counted.

        Of messages only a CUSDEC waits for an answer after its CONTRL; a CUSRES that is acknowledged, and a CONTRL
        that is dispatched, are done. It costs what is open and what ended in the last 24 hours, whatever is kept.
        """
        since = now - RECENT
        return Summary(
            now=now, since=since,
            open_objects=tuple(self._objects_open()),
            open_interchanges=tuple(self._counts(interchange, _OPEN_INTERCHANGES, None)),
            open_messages=tuple(self._counts(message, _OPEN_MESSAGES, None)),
            done_interchanges=tuple(self._counts(interchange, _DONE_INTERCHANGES, since)),
            done_messages=tuple(self._counts(message, _DONE_MESSAGES, since)),
            movements=self.movement_counts(),
            notes={row.code: row.n for row in self._connection.execute(
                select(incoming_note.c.code, func.count().label("n")).where(incoming_note.c.at >= since)
                .group_by(incoming_note.c.code))},
            pending_deliveries=self._connection.execute(
                select(func.count()).select_from(delivery).where(delivery.c.delivered.is_(None))).scalar_one(),
            partners=tuple(self._activity()))

    def movement_counts(self) -> dict[str, int]:
        """How many movements are in each state: what was counted as they changed."""
        return {row.name.removeprefix(MOVEMENTS): row.value for row in self._connection.execute(
            select(counter.c.name, counter.c.value).where(
                counter.c.name >= MOVEMENTS, counter.c.name < MOVEMENTS[:-1] + chr(ord(MOVEMENTS[-1]) + 1),
                counter.c.value > 0))}

    def waiting_count(self) -> int:
        """How many messages of ours have no interchange yet."""
        return self._connection.execute(select(func.count()).select_from(message).where(
            message.c.direction == "out", message.c.state == MessageState.WAITING)).scalar_one()

    def objects_unanswered(self, now: datetime) -> list[Unanswered]:
        """Objects of ours whose receipt is awaited, the longest waiting first."""
        rows = self._objects(object_.c.direction == "out", object_.c.receipt_due >= EVER)
        found = [Unanswered(object=row, late=row.receipt_due is not None and row.receipt_due <= now) for row in rows]
        return sorted(found, key=lambda one: (one.object.dispatched or one.object.at, one.object.id))

    def unanswered(self) -> int:
        """How many objects of ours wait for a receipt."""
        return self._connection.execute(select(func.count()).select_from(object_).where(
            object_.c.direction == "out", object_.c.receipt_due >= EVER)).scalar_one()

    def quarantined(self) -> int:
        """How many refused files of partners are kept somewhere."""
        kept = text("kept != ''")  # word for word as its index has it
        return self._connection.execute(select(func.count()).select_from(incoming_note).where(kept)).scalar_one()

    def answered_files(self, digests: Sequence[str]) -> dict[str, datetime]:
        """Of national files with these SHA-256 those of which everything that they said is answered, with the instant
        when they were last taken. At most some hundreds are asked for at once."""
        taken = self._connection.execute(
            select(source_file.c.digest, source.c.id, source.c.at).join(source, source.c.id == source_file.c.source_id)
            .where(source_file.c.digest.in_(digests))).all()
        sources = sorted({row.id for row in taken})
        unanswered = [and_(message.c.direction == direction, message.c.state.in_(states),
                           *([] if types is None else [message.c.type.in_(types)]))
                      for direction, states, types in _OPEN_MESSAGES]
        still_open = set(self._connection.execute(
            select(message.c.source_id).where(message.c.source_id.in_(sources), or_(*unanswered))).scalars())
        kept = {row.digest for row in taken if row.id in still_open}
        found: dict[str, datetime] = {}
        for row in taken:
            if row.digest not in kept:
                found[row.digest] = max(row.at, found.get(row.digest, row.at))
        return found

    def delivered_before(self, instant: datetime) -> list[Delivered]:
        """Files that were handed over to the national side before an instant, the earliest first."""
        return [Delivered(**row._mapping) for row in self._connection.execute(
            select(delivery.c.folder, delivery.c.name, delivery.c.digest, delivery.c.delivered)
            .where(delivery.c.delivered <= instant).order_by(delivery.c.delivered, delivery.c.id))]

    def interchange_count(self) -> int:
        """How many interchanges are held: the number of the last one, for their numbers have no holes."""
        return self._connection.execute(select(func.max(interchange.c.id))).scalar() or 0

    def open_interchanges(self) -> list[InterchangeRow]:
        """Interchanges whose life is not over, the newest first."""
        found = [row for where in _where_open() for row in self._interchanges(where)]
        return sorted(found, key=lambda row: row.id, reverse=True)

    def ended_interchanges(self, limit: int) -> list[InterchangeRow]:
        """The newest interchanges whose life is over, the newest first."""
        return self._interchanges(not_(or_(*_where_open())), limit=limit)

    def undelivered_movements(self) -> set[str]:
        """MRNs of which a message lies in an interchange that is a dead letter."""
        return set(self._connection.execute(
            select(message.c.mrn).join(interchange, interchange.c.id == message.c.interchange_id)
            .where(interchange.c.direction == "out", interchange.c.state == InterchangeState.DEAD_LETTER,
                   message.c.mrn.is_not(None))).scalars())

    def movements_overdue(self, now: datetime) -> list[Movement]:
        """Movements of which a timer ended while nothing held stops it, the longest late first."""
        return [movement_row(row) for row in self._connection.execute(
            select(movement).where(movement.c.due <= now).order_by(movement.c.due, movement.c.mrn))]

    def overdue(self, now: datetime, deadlines: Mapping[str, Deadlines]) -> list[Overdue]:
        """Every answer that is late, the oldest first. deadlines: partner -> its agreement; others have none."""
        late = [
            Overdue(kind="dead" if one.object.state is ObjectState.DEAD_LETTER else "receipt",
                    partner=one.object.partner, reference=one.object.message_id, mrn=None,
                    subject_id=one.object.id, since=one.object.dispatched or one.object.at,
                    due=one.object.receipt_due, attempts=one.object.attempts)
            for one in self.objects_unanswered(now) if one.late and one.object.receipt_due is not None]
        for partner, deadline in deadlines.items():
            late.extend(self._late_contrl(partner, now, deadline.contrl))
            late.extend(self._late_cusres(partner, now, deadline.cusres))
        return sorted(late, key=lambda one: (one.due, one.kind, one.subject_id))

    def unchased(self, partner: str, now: datetime, deadline: Deadlines, *, limit: int) -> list[Overdue]:
        """Late CONTRL and CUSRES of a partner that were never asked for again, the oldest first, so many of each."""
        return [*self._late_contrl(partner, now, deadline.contrl, unchased=limit),
                *self._late_cusres(partner, now, deadline.cusres, unchased=limit)]

    def _late_contrl(self, partner: str, now: datetime, deadline: timedelta, *, unchased: int | None = None
                     ) -> list[Overdue]:
        late = (select(interchange.c.id, interchange.c.control_reference, interchange.c.changed)
                .where(interchange.c.id.in_(select(interchange.c.id).where(  # every CONTRL we sent is RECEIVED as well
                           interchange.c.direction == "out", interchange.c.state == InterchangeState.RECEIVED,
                           interchange.c.type.in_(_ANSWERED_BY_CONTRL))),
                       interchange.c.changed <= now - deadline, interchange.c.partner == partner))
        rows = self._connection.execute(_unchased(late, "contrl", interchange, unchased))
        return [Overdue(kind="contrl", partner=partner, reference=row.control_reference, mrn=None, subject_id=row.id,
                        since=row.changed, due=row.changed + deadline, attempts=0) for row in rows]

    def _late_cusres(self, partner: str, now: datetime, deadline: timedelta, *, unchased: int | None = None
                     ) -> list[Overdue]:
        late = (select(message.c.id, message.c.mrn, message.c.changed, message.c.message_reference,
                       interchange.c.control_reference)
                .join(interchange, interchange.c.id == message.c.interchange_id)
                .where(message.c.id.in_(select(message.c.id).where(  # every CUSRES we sent is ACKNOWLEDGED as well
                           message.c.direction == "out", message.c.state == MessageState.ACKNOWLEDGED,
                           message.c.type == "CUSDEC", message.c.partner == partner)),
                       message.c.changed <= now - deadline))
        rows = self._connection.execute(_unchased(late, "cusres", message, unchased))
        return [Overdue(kind="cusres", partner=partner, reference=f"{row.control_reference}-{row.message_reference}",
                        mrn=row.mrn, subject_id=row.id, since=row.changed, due=row.changed + deadline, attempts=0)
                for row in rows]

    def _counts(self, table: Table, states: _States, since: datetime | None) -> list[Count]:
        counts: list[Count] = []
        for direction, wanted, types in states:
            where = [table.c.direction == direction, table.c.state.in_(wanted)]
            if types is not None:
                where.append(table.c.type.in_(types))
            partner: ColumnElement[str] = table.c.partner
            if since is not None:
                where.append(table.c.changed >= since)
                # else an index in this order is read whole, whatever instant it is since
                partner = partner.concat(literal_column("''"))
            rows = self._connection.execute(
                select(partner.label("partner"), table.c.type, table.c.state, func.count().label("n"),
                       func.min(table.c.changed).label("oldest"))
                .where(*where).group_by(table.c.state, partner, table.c.type)
                .order_by(partner, table.c.type, table.c.state))
            counts.extend(Count(partner=row.partner, direction=direction, type=row.type, state=row.state,
                                count=row.n, oldest=row.oldest) for row in rows)
        return counts

    def _objects_open(self) -> Iterable[Count]:
        """Objects that still have to go, or whose receipt is awaited, or that were refused."""
        mine = object_.c.direction == "out"
        for where in ((mine, object_.c.state.in_([ObjectState.PREPARED, ObjectState.REFUSED])),
                      (mine, object_.c.receipt_due >= EVER)):
            rows = self._connection.execute(
                select(object_.c.partner, object_.c.kind, object_.c.state, func.count().label("n"),
                       func.min(object_.c.at).label("oldest"))
                .where(*where).group_by(object_.c.state, object_.c.partner, object_.c.kind)
                .order_by(object_.c.partner, object_.c.kind, object_.c.state))
            for row in rows:
                yield Count(partner=row.partner, direction="out", type=row.kind, state=row.state, count=row.n,
                            oldest=row.oldest)

    def _activity(self) -> Iterable[PartnerActivity]:
        partners = self._connection.execute(
            select(link.c.partner).distinct().order_by(link.c.partner)).scalars().all()
        for partner in partners:
            last = {row.direction: row.at for row in self._connection.execute(
                select(object_.c.direction, object_.c.at)
                .join(link, and_(link.c.partner == object_.c.partner, link.c.direction == object_.c.direction,
                                 link.c.highest == object_.c.sequence))
                .where(object_.c.partner == partner))}
            yield PartnerActivity(partner=partner, last_out=last.get("out"), last_in=last.get("in"),
                                  gaps=tuple(self.gaps(partner)))


def _unchased(late: Select[Any], kind: str, table: Table, limit: int | None) -> Select[Any]:
    """Of what is late that which was never chased, the oldest first; all of it where no limit is given."""
    if limit is None:
        return late
    begun = exists().where(chase.c.kind == kind, chase.c.subject_id == table.c.id)
    return late.where(not_(begun)).order_by(table.c.changed, table.c.id).limit(limit)


def _where_open() -> list[ColumnElement[bool]]:
    """The conditions of `_OPEN_INTERCHANGES`: each is answered from an index."""
    return [and_(interchange.c.direction == direction, interchange.c.state.in_(states),
                 *([] if types is None else [interchange.c.type.in_(types)]))
            for direction, states, types in _OPEN_INTERCHANGES]
