"""What was recorded in a stretch of time: its rows of the history, and the objects and leaves they speak of.

The history has no index by time and needs none: its rows are numbered in the order in which they were written, so that
the first row of an instant is found by halving. Where a clock was set back, two stretches that touch still share no row
and lose none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, select

from gateway.ledger.chain import START
from gateway.ledger.reading.streamed import streamed
from gateway.ledger.tables import content, history, interchange, object_

_FETCH = 1000


class Span(Struct, frozen=True, kw_only=True):
    """Rows of the history, both ends included; last is first - 1 where there are none.

    anchor  hash of the row before the first: 64 hex digits
    """

    first: int
    last: int
    anchor: str


class RecordedObject(Struct, frozen=True, kw_only=True):
    """An object of the ledger as a list names it. reference: control reference of the interchange that it carries."""

    id: int
    direction: str
    partner: str
    sequence: int
    kind: str
    state: str
    at: datetime
    reference: str | None


class MonthLookups:
    """span, recorded_objects, recorded_size, leaves_between."""

    _connection: Connection

    def span(self, begin: datetime, end: datetime) -> Span:
        """The rows of the history from an instant on, up to the last before another."""
        first, last = self._first_at(begin), self._first_at(end) - 1
        anchor = self._connection.execute(select(history.c.row_hash).where(history.c.id == first - 1)).scalar()
        return Span(first=first, last=max(last, first - 1), anchor=anchor or START)

    def _first_at(self, moment: datetime) -> int:
        """The number of a row that is not before the instant while the one before it is; behind the last, where none
        is."""
        low, high = 1, (self._connection.execute(select(func.max(history.c.id))).scalar() or 0) + 1
        while low < high:
            middle = (low + high) // 2
            found = self._connection.execute(select(history.c.id, history.c.at).where(
                history.c.id >= middle).order_by(history.c.id).limit(1)).first()
            if found is None or found.at >= moment:
                high = middle
            else:
                low = found.id + 1
        return low

    def recorded_objects(self, numbers: Sequence[int]) -> list[RecordedObject]:
        """The objects with these numbers, in the order of the numbers; a few hundred at a time."""
        return [RecordedObject(**row._mapping) for row in self._connection.execute(
            select(object_.c.id, object_.c.direction, object_.c.partner, object_.c.sequence, object_.c.kind,
                   object_.c.state, object_.c.at, interchange.c.control_reference.label("reference"))
            .outerjoin(interchange, interchange.c.id == object_.c.interchange_id)
            .where(object_.c.id.in_(numbers)).order_by(object_.c.id))]

    def recorded_size(self, first: int, last: int) -> int:
        """Octets of the SignedData of the objects with numbers in a range, both ends included."""
        return int(self._connection.execute(
            select(func.sum(content.c.size)).join(object_, object_.c.inner_id == content.c.id)
            .where(object_.c.id.between(first, last))).scalar() or 0)

    def leaves_between(self, partner: str, direction: str, first: int, last: int) -> Iterator[bytes]:
        """The leaves of a link that are held with numbers in a range, in their order, holes and all."""
        query = select(object_.c.leaf).where(
            object_.c.direction == direction, object_.c.partner == partner, object_.c.sequence.between(first, last))
        for row in streamed(self._connection, query.order_by(object_.c.sequence), _FETCH):
            yield bytes(row.leaf)
