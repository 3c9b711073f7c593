"""What may leave the ledger: contents whose business is over, and everything that belongs to one movement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select

from gateway.ledger.keeping_rows import Belongings, OldContent
from gateway.ledger.reading.away import AwayLookups, departure_of, here, whole
from gateway.ledger.reading.periods import PeriodLookups
from gateway.ledger.reading.storing import STANDS
from gateway.ledger.reading.streamed import streamed
from gateway.ledger.states import InterchangeState, MessageState, ObjectState
from gateway.ledger.tables import (
    content,
    declaration,
    delivery,
    event,
    history,
    interchange,
    message,
    movement,
    object_,
    source_file,
)

_SLICE = 500
_NOTHING = "none"
"""The next action of a movement of which nobody has to do anything any more."""

_OPEN_INTERCHANGES = (InterchangeState.PREPARED, InterchangeState.DISPATCHED, InterchangeState.RECEIVED,
                      InterchangeState.STORED, InterchangeState.DEAD, InterchangeState.DEAD_LETTER)
_OPEN_MESSAGES = (MessageState.WAITING, MessageState.PREPARED, MessageState.DISPATCHED, MessageState.HELD,
                  MessageState.UNREADABLE)
_SETTLED_OBJECTS = (ObjectState.RECEIVED, ObjectState.REFUSED, ObjectState.WITHDRAWN, ObjectState.STORED,
                    ObjectState.VOID)


class KeepingLookups(AwayLookups, PeriodLookups):
    """old_contents, content_octets, belongings, told_of."""

    def old_contents(self, before: datetime) -> Iterator[OldContent]:
        """Contents of interchanges, and of what they were made of, that were settled before an instant and whose
        movements are over; what is asked for every day (keys, heads, receipts, reference data) stays.

        Each content once, in the order of interchanges; those that left already are not named.
        """
        seen: set[int] = set()
        settled = select(interchange.c.id, interchange.c.control_reference, interchange.c.content_id).where(
            interchange.c.changed < before, interchange.c.state.not_in(_OPEN_INTERCHANGES),
            ~exists().where(message.c.interchange_id == interchange.c.id, _alive(before)),
            ~exists().where(object_.c.interchange_id == interchange.c.id, _under_way()))
        for row in self._connection.execute(settled.order_by(interchange.c.id)).all():
            for number, what in self._of_interchange(row.id, row.content_id):
                if number not in seen:
                    seen.add(number)
                    yield from self._held(number, what, row.control_reference)
        handed = select(delivery.c.content_id, delivery.c.name).where(delivery.c.delivered < before)
        for number, name in self._connection.execute(handed.order_by(delivery.c.id)).all():
            if number not in seen:
                seen.add(number)
                yield from self._held(number, "delivery", name)

    def _of_interchange(self, number: int, payload: int) -> Iterator[tuple[int, str]]:
        yield payload, "interchange"
        for row in self._connection.execute(select(object_.c.sealed_id, object_.c.inner_id, object_.c.payload_id)
                                            .where(object_.c.interchange_id == number).order_by(object_.c.id)).all():
            for what, found in (("sealed", row.sealed_id), ("inner", row.inner_id), ("payload", row.payload_id)):
                if found is not None:
                    yield found, what
        for body, origin in self._connection.execute(select(message.c.content_id, message.c.source_id).where(
                message.c.interchange_id == number).order_by(message.c.id)).all():
            yield body, "message"
            if origin is not None and not self._alive_source(origin):
                for one in self._connection.execute(select(source_file.c.content_id).where(
                        source_file.c.source_id == origin)).scalars().all():
                    yield one, "source"

    def _alive_source(self, number: int) -> bool:
        """Whether one of the records of a source, or of a file that it shares with others, is under way still."""
        shared = select(source_file.c.content_id).where(source_file.c.source_id == number)
        others = select(source_file.c.source_id).where(source_file.c.content_id.in_(shared))
        return self._connection.execute(select(message.c.id).where(
            message.c.source_id.in_(others), message.c.state.in_(_OPEN_MESSAGES)).limit(1)).first() is not None

    def _held(self, number: int, what: str, reference: str) -> Iterator[OldContent]:
        row = self._connection.execute(select(content.c.id, content.c.digest, content.c.size).where(
            content.c.id == number, STANDS)).first()
        if row is not None:
            yield OldContent(id=row.id, digest=row.digest, size=row.size, what=what, reference=reference)

    def content_octets(self, number: int) -> bytes:
        """The octets of a content that did not leave. Raises NoResultFound when there is none, LocalError as `whole`.
        """
        return whole(self._connection, number, self._connection.execute(
            select(content.c.bytes).where(content.c.id == number)).scalar_one())

    # --- one movement

    def belongings(self, mrn: str) -> Belongings:
        """Everything of a movement, with the movements that share an interchange or a national file with it."""
        messages = self._connection.execute(select(
            message.c.id, message.c.content_id, message.c.source_id, message.c.interchange_id, message.c.state
        ).where(message.c.mrn == mrn)).all()
        declarations = self._connection.execute(
            select(declaration.c.id, declaration.c.source_id).where(declaration.c.mrn == mrn)).all()
        events = self._connection.execute(
            select(event.c.id, event.c.source_id, event.c.reference).where(event.c.mrn == mrn)).all()
        sources = {row.source_id for row in (*messages, *declarations, *events) if row.source_id is not None}
        lines = {row.interchange_id for row in messages if row.interchange_id is not None}
        numbers = {row.content_id for row in messages}
        files: set[str] = set()
        names = [mrn, *(row.reference for row in events)]
        for row in self._among(select(source_file.c.content_id, source_file.c.digest),
                              source_file.c.source_id, sources):
            numbers.add(row.content_id)
            files.add(row.digest)
        for row in self._among(select(interchange.c.content_id), interchange.c.id, lines):
            numbers.add(row.content_id)
        objects = list(self._among(select(object_.c.name, object_.c.sealed_id, object_.c.inner_id, object_.c.payload_id,
                                         object_.c.state, object_.c.next_at, object_.c.receipt_due),
                                  object_.c.interchange_id, lines))
        for row in objects:
            numbers |= {one for one in (row.sealed_id, row.inner_id, row.payload_id) if one is not None}
        for row in self._handed_over(names):
            numbers.add(row.content_id)
            files.add(row.digest)
        unsettled = [row.name for row in objects if row.next_at is not None or (
            row.state not in _SETTLED_OBJECTS and row.receipt_due is not None)]
        unsettled += [f"{mrn}: {row.state}" for row in messages if row.state in _OPEN_MESSAGES]
        held = sorted(row.id for row in self._among(select(content.c.id).where(STANDS), content.c.id, numbers))
        archives = {one.reference for number in sorted(numbers - set(held))
                    if (one := departure_of(self._connection, number)) is not None and one.kind == "archived"
                    and one.returned is None}
        return Belongings(contents=tuple(held), declarations=tuple(row.id for row in declarations),
                          events=tuple(row.id for row in events), files=frozenset(files),
                          shared=tuple(sorted(self._sharing(mrn, lines, sources))), unsettled=tuple(unsettled),
                          archived=tuple(sorted(archives)))

    def _handed_over(self, names: Sequence[str]) -> Iterator[Any]:
        """Deliveries that name the movement or one of its events, in their own name or in what they say."""
        wanted = [name.encode() for name in names]
        given = select(delivery.c.name, delivery.c.digest, delivery.c.content_id, content.c.bytes).join(
            content, content.c.id == delivery.c.content_id)
        for row in streamed(self._connection, given, _SLICE):
            if any(name in row.name for name in names):
                yield row
                continue
            said = here(self._connection, row.content_id, row.bytes)
            if any(name in said for name in wanted):
                yield row

    def _sharing(self, mrn: str, lines: Iterable[int], sources: Iterable[int]) -> set[str]:
        found = {row.mrn for row in self._among(select(message.c.mrn).distinct().where(
            message.c.mrn.is_not(None), message.c.mrn != mrn), message.c.interchange_id, lines)}
        contents = {row.content_id for row in self._among(select(source_file.c.content_id), source_file.c.source_id,
                                                         sources)}
        others = {row.source_id for row in self._among(select(source_file.c.source_id), source_file.c.content_id,
                                                      contents)} - set(sources)
        return found | {row.mrn for row in self._among(select(declaration.c.mrn).distinct().where(
            declaration.c.mrn != mrn), declaration.c.source_id, others)}

    def told_of(self, words: Sequence[str], references: Sequence[str]) -> int:
        """How many rows of the history about these references hold one of these words: they are never changed."""
        rows = self._among(select(history.c.text), history.c.reference, references)
        return sum(any(word in row.text for word in words) for row in rows)

    def _among(self, query: Select[Any], column: Any, values: Iterable[Any]) -> Iterator[Any]:
        wanted = sorted(set(values))
        for start in range(0, len(wanted), _SLICE):
            yield from self._connection.execute(query.where(column.in_(wanted[start:start + _SLICE]))).all()


def _alive(before: datetime) -> ColumnElement[bool]:
    """A message whose movement is not over, or was until lately."""
    return or_(message.c.changed >= before, message.c.state.in_(_OPEN_MESSAGES),
               exists().where(movement.c.mrn == message.c.mrn,
                              or_(movement.c.next_action != _NOTHING, movement.c.changed >= before)))


def _under_way() -> ColumnElement[bool]:
    return or_(object_.c.next_at.is_not(None), object_.c.state.not_in(_SETTLED_OBJECTS))
