"""Comparisons of whole links: how far each has come, and the leaves with their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, select

from gateway.ledger.reading.streamed import streamed
from gateway.ledger.reconcile_tables import reconciliation
from gateway.ledger.tables import interchange, message, object_

_FETCH = 5000


class ReconciliationRow(Struct, frozen=True, kw_only=True):
    """A comparison of one link: state ``asking``, ``same`` or ``differs``; detail as its owner wrote it.

    told  somebody has seen how it ended
    """

    partner: str
    direction: str
    state: str
    detail: str
    told: bool
    began: datetime
    changed: datetime


class Named(Struct, frozen=True, kw_only=True):
    """What stands under a number of a link: its kind, and what of the business it carries."""

    sequence: int
    message_id: str
    kind: str
    control_reference: str
    mrns: tuple[str, ...]


class ReconcileLookups:
    """reconciliation, and objects by number."""

    _connection: Connection

    def reconciliations(self, partner: str) -> dict[str, ReconciliationRow]:
        """The latest comparison of each link with a partner, by direction."""
        return {row.direction: ReconciliationRow(**row._mapping) for row in self._connection.execute(
            select(reconciliation).where(reconciliation.c.partner == partner))}

    def highest_number(self, partner: str, direction: str) -> int:
        """The highest number that a link holds; 0 where it holds none."""
        return self._connection.execute(select(func.max(object_.c.sequence)).where(
            object_.c.direction == direction, object_.c.partner == partner)).scalar() or 0

    def holes(self, partner: str, direction: str) -> list[tuple[int, int]]:
        """First and last of each range that a link lacks below its highest number, in order.

        The database compares neighbours in its index: a year of a link is looked through in a moment.
        """
        each = select(object_.c.sequence, func.lag(object_.c.sequence, 1, 0).over(order_by=object_.c.sequence)
                      .label("before")).where(object_.c.direction == direction,
                                              object_.c.partner == partner).subquery()
        return [(row.before + 1, row.sequence - 1) for row in self._connection.execute(
            select(each).where(each.c.sequence > each.c.before + 1).order_by(each.c.sequence))]

    def numbered_leaves(self, partner: str, direction: str, *, last: int) -> Iterator[tuple[int, bytes]]:
        """The numbers of a link up to the last one wanted with their leaves, in order; holes are not looked at."""
        query = (select(object_.c.sequence, object_.c.leaf)
                 .where(object_.c.direction == direction, object_.c.partner == partner, object_.c.sequence <= last))
        for row in streamed(self._connection, query.order_by(object_.c.sequence), _FETCH):
            yield row.sequence, row.leaf

    def named(self, partner: str, direction: str, sequence: int, *, most: int = 5) -> Named | None:
        """What stands under a number, with the first movements it speaks of; None where nothing does."""
        row = self._connection.execute(
            select(object_.c.id, object_.c.message_id, object_.c.kind, object_.c.interchange_id).where(
                object_.c.direction == direction, object_.c.partner == partner,
                object_.c.sequence == sequence)).first()
        if row is None:
            return None
        carried = self._connection.execute(
            select(interchange.c.id, interchange.c.control_reference).where(
                interchange.c.id == row.interchange_id)).first()
        mrns: Iterable[str] = [] if carried is None else self._connection.execute(
            select(message.c.mrn).where(message.c.interchange_id == carried.id, message.c.mrn.is_not(None))
            .order_by(message.c.id).limit(most)).scalars()
        return Named(sequence=sequence, message_id=row.message_id, kind=row.kind,
                     control_reference="" if carried is None else carried.control_reference,
                     mrns=tuple(dict.fromkeys(mrns)))
