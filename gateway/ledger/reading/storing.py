"""Which contents are to go to a store, which lie there, and which are to be removed from it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from gateway.ledger.states import MessageState
from gateway.ledger.stored_tables import HELD, LEAVING, PLANNED, stored
from gateway.ledger.stores import key_of
from gateway.ledger.tables import content, delivery, message, object_

_UNDER_WAY = (MessageState.WAITING, MessageState.HELD, MessageState.UNREADABLE)

IN_STORE = exists().where(stored.c.content_id == content.c.id, stored.c.state == HELD).correlate(content)
"""A content whose octets the store holds."""

STANDS: ColumnElement[bool] = or_(content.c.bytes != b"", IN_STORE)
"""A content whose octets are the ledger's to give, from its own row or from the store: it was neither archived nor
erased."""


class Stored(Struct, frozen=True, kw_only=True):
    """A content and its place in the store. id: of the row of `stored`; content: the content's number; size in octets.
    """

    id: int
    content: int
    digest: str
    size: int

    @property
    def key(self) -> str:
        """Under which it lies there."""
        return key_of(self.digest, self.id)


class Kept(Struct, frozen=True, kw_only=True):
    """How many contents lie somewhere, and their octets together."""

    contents: int
    octets: int


class StoreLookups:
    """to_store, leaving, in_store, kept_in_ledger, kept_in_store, kept_above, known_keys."""

    _connection: Connection

    def to_store(self, after: int, limit: int, octets: int) -> list[tuple[Stored, bytes]]:
        """Contents that are to be put, with their octets, in the order of their rows, later ones than `after`.

        Left for later is what is under way: messages that wait for an envelope or for a judgement, objects that may be
        sent once more, files that are not yet handed over.

        limit   how many at most
        octets  of all of them together at most; the first is given whatever its size
        """
        query = select(stored.c.id, stored.c.content_id, content.c.digest, content.c.size).join(
            content, content.c.id == stored.c.content_id).where(
            stored.c.state == PLANNED, stored.c.id > after,
            stored.c.content_id.not_in(select(message.c.content_id).where(
                message.c.direction.in_(("in", "out")), message.c.state.in_(_UNDER_WAY))),
            stored.c.content_id.not_in(select(object_.c.sealed_id).where(
                object_.c.direction == "out", object_.c.next_at.is_not(None), object_.c.sealed_id.is_not(None))),
            stored.c.content_id.not_in(select(delivery.c.content_id).where(delivery.c.delivered.is_(None))),
        ).order_by(stored.c.id).limit(limit)
        chosen: list[Stored] = []
        total = 0
        for row in self._connection.execute(query).all():
            total += row.size
            if chosen and total > octets:
                break
            chosen.append(Stored(id=row.id, content=row.content_id, digest=row.digest, size=row.size))
        bodies = {row.id: row.bytes for row in self._connection.execute(
            select(content.c.id, content.c.bytes).where(content.c.id.in_([one.content for one in chosen])))}
        return [(one, bytes(bodies[one.content])) for one in chosen]

    def leaving(self, limit: int) -> list[Stored]:
        """Keys that are to be removed from the store, the oldest first."""
        return list(self._places(stored.c.state == LEAVING, limit=limit))

    def in_store(self, after: int, limit: int) -> list[Stored]:
        """Contents that the store holds, in the order of their rows, later ones than `after`."""
        return list(self._places(stored.c.state == HELD, stored.c.id > after, limit=limit))

    def kept_in_store(self) -> Kept:
        """What the store holds."""
        return self._amount(content.c.id.in_(select(stored.c.content_id).where(stored.c.state == HELD)))

    def kept_in_ledger(self) -> Kept:
        """What the ledger holds itself. Reads every row of the contents."""
        return self._amount(content.c.bytes != b"")

    def kept_above(self, size: int) -> Kept:
        """What the ledger holds itself of more octets than that. Reads every row of the contents."""
        return self._amount(content.c.size > size, content.c.bytes != b"")

    def known_keys(self, numbers: list[int]) -> set[str]:
        """Of rows of `stored` with these numbers, the keys."""
        return {one.key for one in self._places(stored.c.id.in_(numbers))}

    def _amount(self, *where: ColumnElement[bool]) -> Kept:
        row = self._connection.execute(
            select(func.count(), func.coalesce(func.sum(content.c.size), 0)).where(*where)).one()
        return Kept(contents=row[0], octets=int(row[1]))

    def _places(self, *where: ColumnElement[bool], limit: int | None = None) -> Iterator[Stored]:
        rows = self._connection.execute(
            select(stored.c.id, stored.c.content_id, content.c.digest, content.c.size)
            .join(content, content.c.id == stored.c.content_id).where(*where).order_by(stored.c.id).limit(limit)).all()
        for row in rows:
            yield Stored(id=row.id, content=row.content_id, digest=row.digest, size=row.size)
