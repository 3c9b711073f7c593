"""Lists and single things, with the exact bytes where they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select

from gateway.ledger.lookups import movement_row
from gateway.ledger.questions import HeldMessage, Note
from gateway.ledger.reading.away import whole
from gateway.ledger.reading.links import Links
from gateway.ledger.reading.streamed import streamed
from gateway.ledger.rows import (
    InterchangeRow,
    MessageRow,
    Movement,
    ObjectBytes,
    ObjectRow,
    Source,
    SourceFile,
    Unasked,
)
from gateway.ledger.states import InterchangeState, MessageState, ObjectState
from gateway.ledger.tables import (
    content,
    incoming_note,
    interchange,
    message,
    movement,
    object_,
    source,
    source_file,
)

_OBJECT_COLUMNS = [column for column in object_.c
                   if column.name not in ("leaf", "sealed_id", "inner_id", "payload_id")]
_INTERCHANGE_COLUMNS = [column for column in interchange.c if column.name != "content_id"]
_MESSAGE_COLUMNS = [column for column in message.c if column.name != "content_id"]

_FETCH = 500
"""Rows in memory at once where all are asked for."""

_DIRECTIONS = ("in", "out")
"""Said even where both are wanted: the indexes begin with the direction."""


class Lists(Links):
    """What is there."""

    def movements(self, state: str | None = None, *, limit: int | None = None) -> list[Movement]:
        """Movements, the latest changed first."""
        query = select(movement).order_by(movement.c.changed.desc(), movement.c.mrn).limit(limit)
        if state is not None:
            query = query.where(movement.c.state == state)
        return [movement_row(row) for row in self._connection.execute(query)]

    def movements_to_move(self, next_actions: Sequence[str]) -> Iterator[Movement]:
        """Movements for which one of these is the next thing to do, one after the other, the latest changed first."""
        query = select(movement).where(movement.c.next_action.in_(next_actions)).order_by(movement.c.changed.desc())
        for row in self._each(query):
            yield movement_row(row)

    def each_interchange(self) -> Iterator[InterchangeRow]:
        """All interchanges, one after the other, the newest first."""
        for row in self._each(select(*_INTERCHANGE_COLUMNS).order_by(interchange.c.id.desc())):
            yield InterchangeRow(**{**row._mapping, "state": InterchangeState(row.state)})

    def interchanges(self, *, direction: str | None = None, partner: str | None = None,
                     states: Iterable[str] | None = None, limit: int | None = None) -> list[InterchangeRow]:
        """Interchanges, the newest first."""
        where: list[ColumnElement[bool]] = []
        if direction is not None:
            where.append(interchange.c.direction == direction)
        if partner is not None:
            where.append(interchange.c.partner == partner)
        if states is not None:
            where.append(interchange.c.state.in_([str(state) for state in states]))
            where.append(interchange.c.direction.in_(_DIRECTIONS))
        return self._interchanges(*where, limit=limit)

    def interchanges_since(self, since: datetime, partner: str | None = None) -> list[InterchangeRow]:
        """Interchanges of ours that were made from an instant on, to one partner or to all, the oldest first."""
        where = [interchange.c.direction == "out", interchange.c.state.in_([str(state) for state in InterchangeState]),
                 interchange.c.changed >= since, interchange.c.at >= since]  # the index knows when one last changed
        return self._interchanges(*where, *([] if partner is None else [interchange.c.partner == partner]))[::-1]

    def interchange(self, interchange_id: int) -> InterchangeRow | None:
        """The interchange of this number."""
        return next(iter(self._interchanges(interchange.c.id == interchange_id)), None)

    def messages(self, *, direction: str | None = None, partner: str | None = None,
                 states: Iterable[str] | None = None, limit: int | None = None) -> list[MessageRow]:
        """Messages, the newest first."""
        where: list[ColumnElement[bool]] = []
        if direction is not None:
            where.append(message.c.direction == direction)
        if partner is not None:
            where.append(message.c.partner == partner)
        if states is not None:
            where.append(message.c.state.in_([str(state) for state in states]))
            where.append(message.c.direction.in_(_DIRECTIONS))
        return self._messages(*where, limit=limit)

    def message(self, message_id: int) -> MessageRow | None:
        """The message of this number."""
        return next(iter(self._messages(message.c.id == message_id)), None)

    def messages_of(self, interchange_id: int) -> list[MessageRow]:
        """The messages of an interchange, in its order."""
        return self._messages(message.c.interchange_id == interchange_id)[::-1]

    def body_of(self, message_id: int) -> str | None:
        """The segments of a message between UNH and UNT, as they went or came."""
        row = self._connection.execute(
            select(content.c.id, content.c.bytes).join(message, message.c.content_id == content.c.id)
            .where(message.c.id == message_id)).first()
        return None if row is None else whole(self._connection, row.id, row.bytes).decode()

    def payload_of(self, interchange_id: int) -> bytes | None:
        """The interchange itself, UNA or UNB to UNZ."""
        row = self._connection.execute(
            select(content.c.id, content.c.bytes).join(interchange, interchange.c.content_id == content.c.id)
            .where(interchange.c.id == interchange_id)).first()
        return None if row is None else whole(self._connection, row.id, row.bytes)

    def object_of(self, object_id: int) -> ObjectRow | None:
        """The object of this number."""
        return next(iter(self._objects(object_.c.id == object_id)), None)

    def objects_of(self, interchange_id: int) -> list[ObjectRow]:
        """The objects that carry an interchange, the newest first."""
        return self._objects(object_.c.interchange_id == interchange_id)

    def dead_objects(self) -> list[ObjectRow]:
        """Objects of ours that are dead letters, closed ones included, the newest first."""
        return self._objects(object_.c.direction == "out", object_.c.state == ObjectState.DEAD_LETTER)

    def refused_objects(self, codes: Collection[str]) -> list[ObjectRow]:
        """Objects of partners that are authentic and refused with one of these codes, the newest first."""
        return self._objects(object_.c.direction == "in", object_.c.state == ObjectState.REFUSED,
                             object_.c.code.in_(sorted(codes)))

    def bytes_of(self, object_id: int) -> ObjectBytes | None:
        """The exact bytes of an object, as sealed and sent or as opened."""
        row = self._connection.execute(
            select(object_.c.sealed_id, object_.c.inner_id, object_.c.payload_id)
            .where(object_.c.id == object_id)).first()
        if row is None:
            return None
        bodies = {body.id: whole(self._connection, body.id, body.bytes) for body in self._connection.execute(
            select(content.c.id, content.c.bytes).where(content.c.id.in_([n for n in row if n is not None]))).all()}
        return ObjectBytes(sealed=bodies.get(row.sealed_id), inner=bodies[row.inner_id],
                           payload=bodies.get(row.payload_id))

    def source_of(self, message_id: int) -> Source | None:
        """The national files that a message of ours was made from; None for a partner's or one made by the gateway."""
        number = self._connection.execute(select(message.c.source_id).where(message.c.id == message_id)).scalar()
        return None if number is None else self.source(number)

    def source(self, source_id: int) -> Source | None:
        """A source with its files as they were."""
        row = self._connection.execute(select(source).where(source.c.id == source_id)).first()
        if row is None:
            return None
        files = self._connection.execute(
            select(source_file.c.name, source_file.c.digest, content.c.id, content.c.bytes)
            .join(content, content.c.id == source_file.c.content_id)
            .where(source_file.c.source_id == source_id).order_by(source_file.c.position)).all()
        return Source(id=row.id, kind=row.kind, dialect=row.dialect, key=row.key, at=row.at,
                      dialect_digest=row.dialect_digest,
                      files=tuple(SourceFile(name=file.name, digest=file.digest,
                                       content=whole(self._connection, file.id, file.bytes)) for file in files))

    def notes(self, *, partner: str | None = None, limit: int | None = None) -> list[Note]:
        """Refused and quarantined files of partners, the newest first."""
        query = select(incoming_note).order_by(incoming_note.c.id.desc()).limit(limit)
        if partner is not None:
            query = query.where(incoming_note.c.partner == partner)
        return [Note(**row._mapping) for row in self._connection.execute(query)]

    def held_partners(self) -> list[str]:
        """Partners of whose messages any is held."""
        return list(self._connection.execute(
            select(message.c.partner).distinct().where(message.c.direction == "in",
                                                       message.c.state == MessageState.HELD)
            .order_by(message.c.partner)).scalars())

    def held_messages(self, before: datetime, partner: str, *, after: int = 0,
                      limit: int | None = None) -> list[HeldMessage]:
        """A partner's messages that wait and may be judged anew, the oldest first, with their texts.

        An event (it has a word) whose movement is unknown still would only be held again: it is left out, unless it
        came before that instant.

        after  number of a message: only those behind it; limit: how many at most
        """
        rows = self._connection.execute(
            select(message.c.id, message.c.partner, message.c.type, message.c.mrn, message.c.identifier,
                   message.c.interchange_id, message.c.message_reference, message.c.segments, message.c.at,
                   content.c.id.label("number"), content.c.bytes, interchange.c.control_reference)
            .join(content, content.c.id == message.c.content_id)
            .join(interchange, interchange.c.id == message.c.interchange_id)
            .outerjoin(movement, movement.c.mrn == message.c.mrn)
            .where(message.c.direction == "in", message.c.state == MessageState.HELD, message.c.partner == partner,
                   message.c.id + 0 > after,
                   or_(message.c.type != "CUSRES", message.c.word == "", movement.c.mrn.is_not(None),
                       message.c.at <= before))
            .order_by(message.c.id).limit(limit))
        found = []
        for row in rows.all():
            values = dict(row._mapping)
            body = whole(self._connection, values.pop("number"), values.pop("bytes")).decode()
            found.append(HeldMessage(**values, body=body))
        return found

    def unasked_records(self, limit: int) -> list[Unasked]:
        """Movements that are not known, of which partners' events wait, and for whose record we never asked."""
        asked = message.alias("asked")
        rows = self._connection.execute(
            select(message.c.mrn, func.min(message.c.id).label("message_id"))
            .outerjoin(movement, movement.c.mrn == message.c.mrn)
            .where(message.c.direction == "in", message.c.state == MessageState.HELD, message.c.type == "CUSRES",
                   message.c.word != "", message.c.mrn.is_not(None), movement.c.mrn.is_(None),
                   ~exists().where(asked.c.mrn == message.c.mrn, asked.c.direction == "out",
                                   asked.c.type == "CUSDEC", asked.c.word == "request"))
            .group_by(message.c.mrn).order_by(func.min(message.c.id)).limit(limit))
        return [Unasked(mrn=row.mrn, message_id=row.message_id) for row in rows]

    # --- rows as values

    def _each(self, query: Select[Any]) -> Iterator[Row[Any]]:
        return streamed(self._connection, query, _FETCH)

    def _interchanges(self, *where: ColumnElement[bool], limit: int | None = None) -> list[InterchangeRow]:
        rows = self._connection.execute(
            select(*_INTERCHANGE_COLUMNS).where(*where).order_by(interchange.c.id.desc()).limit(limit))
        return [InterchangeRow(**{**row._mapping, "state": InterchangeState(row.state)}) for row in rows]

    def _messages(self, *where: ColumnElement[bool], limit: int | None = None) -> list[MessageRow]:
        query: Select[Any] = (
            select(*_MESSAGE_COLUMNS, interchange.c.control_reference)
            .outerjoin(interchange, interchange.c.id == message.c.interchange_id)
            .where(*where).order_by(message.c.id.desc()).limit(limit))
        return [_message_row(row) for row in self._connection.execute(query)]

    def _objects(self, *where: ColumnElement[bool], limit: int | None = None) -> list[ObjectRow]:
        rows = self._connection.execute(
            select(*_OBJECT_COLUMNS).where(*where).order_by(object_.c.id.desc()).limit(limit))
        return [ObjectRow(**{**row._mapping, "state": ObjectState(row.state)}) for row in rows]


def _message_row(row: Row[Any]) -> MessageRow:
    return MessageRow(**{**row._mapping, "state": MessageState(row.state)})
