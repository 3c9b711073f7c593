"""What waits to be done, and how far it has come: asked often, and before anybody waits for others, so answered from an
index."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, case, exists, func, select, union

from gateway.ledger.reading.away import whole
from gateway.ledger.rows import Delivery, InterchangeIn, ObjectOut
from gateway.ledger.states import InterchangeState, MessageState, ObjectState
from gateway.ledger.tables import content, delivery, interchange, message, object_

_SLICE = 500
_KINDS = ("CONTRL", "CUSRES", "CUSDEC")
_WAITING = select(*(exists().where(
    message.c.direction == "out", message.c.state == MessageState.WAITING, message.c.type == kind,
    message.c.partner == bindparam("partner")).label(kind) for kind in _KINDS))


class WaitingLookups:
    """kinds_waiting, prepared_declarations, due_objects, unprocessed, unprocessed_interchanges, pending_deliveries,
    newest_waiting, newest_stored."""

    _connection: Connection

    def kinds_waiting(self, partner: str) -> set[str]:
        """The types of which a message of ours waits for its interchange to this partner."""
        found = self._connection.execute(_WAITING, {"partner": partner}).one()
        return {kind for kind, waits in zip(_KINDS, found, strict=True) if waits}

    def prepared_declarations(self, partner: str) -> int:
        """How many interchanges of declarations are sealed for this partner and have not left yet."""
        return int(self._connection.execute(
            select(func.count()).select_from(object_).join(interchange, interchange.c.id == object_.c.interchange_id)
            .where(object_.c.direction == "out", object_.c.state == ObjectState.PREPARED, object_.c.partner == partner,
                   interchange.c.type == "CUSDEC")).scalar_one())

    def due_objects(self, partner: str, *, now: datetime, limit: int | None = None, octets: int | None = None,
                    kinds: Sequence[str] | None = None, declarations_last: bool = False) -> list[ObjectOut]:
        """What should go to this partner now: PREPARED objects, and repeats whose time has come.

        Receipts come first, then by Sequence. limit: how many at most; octets: of their sealed bytes together at most,
        the first is given whatever its size (they are read into memory); kinds: these alone, where not all may go;
        declarations_last: answers and whatever else is small go before interchanges of CUSDEC, whatever their numbers.
        """
        declares = exists().where(interchange.c.id == object_.c.interchange_id, interchange.c.type == "CUSDEC")
        order = (case((object_.c.receipt_for.is_(None), 1), else_=0),
                 *([case((declares, 1), else_=0)] if declarations_last else []), object_.c.sequence)
        ours = object_.c.direction == "out"
        due = union(  # from an index each: an "or" would go through all that was ever sent to this partner
            select(object_.c.id).where(ours, object_.c.state == ObjectState.PREPARED, object_.c.partner == partner),
            select(object_.c.id).where(ours, object_.c.next_at <= now))
        sizes = self._connection.execute(
            select(object_.c.id, content.c.size).join(content, content.c.id == object_.c.sealed_id)
            .where(object_.c.id.in_(due), object_.c.partner == partner,
                   *([] if kinds is None else [object_.c.kind.in_(kinds)]))
            .order_by(*order).limit(limit)).all()
        together = itertools.accumulate(row.size for row in sizes)
        chosen = [row.id for row, so_far in zip(sizes, together, strict=True)
                  if octets is None or so_far <= octets or row is sizes[0]]
        found: list[ObjectOut] = []
        for start in range(0, len(chosen), _SLICE):  # in their order, and below the limit of bound values
            rows = self._connection.execute(
                objects_out().where(object_.c.id.in_(chosen[start:start + _SLICE])).order_by(*order))
            found.extend(self._object_out(row) for row in rows.all())
        return found

    def unprocessed(self) -> dict[str, int]:
        """How many interchanges wait to be judged, by partner."""
        rows = self._connection.execute(
            select(interchange.c.partner, func.count().label("number"))
            .where(interchange.c.direction == "in", interchange.c.state == InterchangeState.STORED)
            .group_by(interchange.c.partner).order_by(interchange.c.partner))
        return {row.partner: row.number for row in rows}

    def unprocessed_interchanges(self, partner: str, *, declarations: bool | None = None, after: int = 0,
                                 limit: int | None = None) -> list[InterchangeIn]:
        """Interchanges of a partner that wait to be judged, in the order of its link.

        declarations  only those of declarations, or only others; None: whatever waits
        after         a Sequence: only what was sealed behind it
        limit         how many at most
        """
        # from the index of what waits, and the partner by its objects: its own indexes hold all that it ever sent
        kinds = [] if declarations is None else [
            interchange.c.type == "CUSDEC" if declarations else interchange.c.type != "CUSDEC"]
        rows = self._connection.execute(
            select(interchange.c.id, interchange.c.partner, interchange.c.control_reference, interchange.c.type,
                   object_.c.sequence, interchange.c.attempts, content.c.size)
            .join(object_, object_.c.interchange_id == interchange.c.id)
            .join(content, content.c.id == interchange.c.content_id)
            .where(interchange.c.direction == "in", interchange.c.state == InterchangeState.STORED,
                   object_.c.partner == partner, object_.c.sequence + 0 > after, *kinds)
            .order_by(object_.c.sequence).limit(limit))
        return [InterchangeIn(**row._mapping) for row in rows]

    def pending_deliveries(self, limit: int, after: int = 0, octets: int | None = None) -> list[Delivery]:
        """Files that still have to be written into the national inbox, the oldest first; later ones than `after`.

        limit   how many at most
        octets  of them together at most, the first is given whatever its size (they are read into memory)
        """
        pending = (delivery.c.delivered.is_(None), delivery.c.id > after)
        sizes = self._connection.execute(
            select(delivery.c.id, content.c.size).join(content, content.c.id == delivery.c.content_id)
            .where(*pending).order_by(delivery.c.id).limit(limit)).all()
        last = after
        for row, together in zip(sizes, itertools.accumulate(row.size for row in sizes), strict=True):
            if octets is None or together <= octets or row is sizes[0]:
                last = row.id
        rows = self._connection.execute(
            select(delivery.c.id, delivery.c.folder, delivery.c.name, delivery.c.content_id, content.c.bytes,
                   delivery.c.at)
            .join(content, content.c.id == delivery.c.content_id)
            .where(*pending, delivery.c.id <= last).order_by(delivery.c.id)).all()
        return [Delivery(id=row.id, folder=row.folder, name=row.name, at=row.at,
                         content=whole(self._connection, row.content_id, row.bytes)) for row in rows]

    def newest_waiting(self) -> dict[str, int]:
        """The newest message of ours that has no interchange yet: its number, for each partner that one waits for."""
        found = self._connection.execute(
            select(message.c.partner, func.max(message.c.id).label("newest"))
            .where(message.c.direction == "out", message.c.state == MessageState.WAITING).group_by(message.c.partner))
        return {row.partner: row.newest for row in found}

    def newest_stored(self) -> int:
        """The newest interchange of a partner's that is not judged yet: its number, 0 where there is none."""
        return self._connection.execute(
            select(func.max(interchange.c.id)).where(
                interchange.c.direction == "in", interchange.c.state == InterchangeState.STORED)).scalar() or 0

    def _object_out(self, row: Row[Any]) -> ObjectOut:
        values = dict(row._mapping)
        sealed = whole(self._connection, values.pop("sealed_id"), values.pop("bytes"))
        return ObjectOut(**{**values, "sealed": sealed, "state": ObjectState(values["state"])})


def objects_out() -> Select[Any]:
    """Objects of ours with their bytes, as `WaitingLookups._object_out` takes them."""
    return select(object_.c.id, object_.c.partner, object_.c.sequence, object_.c.name,
                  object_.c.sealed_id, content.c.bytes, object_.c.kind, object_.c.state, object_.c.attempts,
                  object_.c.dispatched, object_.c.receipt_due
                  ).join(content, content.c.id == object_.c.sealed_id)
