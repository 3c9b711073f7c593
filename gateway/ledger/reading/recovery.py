"""Questions about an older copy of a ledger: how far it goes, and what a partner has lost or holds beyond it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import select

from gateway.ledger.link_rows import HeldObject
from gateway.ledger.lookups import Lookups
from gateway.ledger.reading.away import whole
from gateway.ledger.reading.streamed import streamed
from gateway.ledger.states import ObjectState
from gateway.ledger.tables import content, counter, history, link, object_

_SLICE, _FETCH = 500, 100


class RecoveryLookups(Lookups):
    """Each question is answered from an index."""

    def history_counted(self) -> int:
        """The number of the last row that was written into the history, even where rows were cut from its end."""
        return self._connection.execute(
            select(counter.c.value).where(counter.c.name == "id/history")).scalar() or 0

    def history_hash(self, number: int) -> str | None:
        """The hash of one row of the history; None where there is no such row."""
        found: str | None = self._connection.execute(
            select(history.c.row_hash).where(history.c.id == number)).scalar()
        return found

    def linked_partners(self) -> list[str]:
        """Everybody with whom there is a link in one direction at least."""
        return sorted(self._connection.execute(select(link.c.partner).distinct()).scalars())

    def partners_halted(self, code: str) -> list[str]:
        """Everybody with whom everything is halted for this code."""
        return sorted(self._connection.execute(
            select(link.c.partner).where(link.c.direction == "out", link.c.halted == code)).scalars())

    def any_message_id(self) -> str | None:
        """The message id of one object of ours: it names the gateway whose ledger this is."""
        found: str | None = self._connection.execute(
            select(object_.c.message_id).where(object_.c.direction == "out").limit(1)).scalar()
        return found

    def own_names(self, partner: str, names: Collection[str]) -> set[str]:
        """Those of some names of files that are the present name of an object of ours for a partner."""
        wanted, found = sorted(names), set[str]()
        for start in range(0, len(wanted), _SLICE):
            found.update(self._connection.execute(
                select(object_.c.name).where(object_.c.name.in_(wanted[start:start + _SLICE]),
                                             object_.c.direction == "out", object_.c.partner == partner)).scalars())
        return found

    def objects_beyond(self, partner: str, sequence: int) -> Iterator[HeldObject]:
        """What we hold of a partner's link above a number, in order; what it took back has no SignedData."""
        query = (select(object_.c.sequence, object_.c.state, content.c.id, content.c.bytes)
                 .join(content, content.c.id == object_.c.inner_id)
                 .where(object_.c.direction == "in", object_.c.partner == partner, object_.c.sequence > sequence))
        for row in streamed(self._connection, query.order_by(object_.c.sequence), _FETCH):
            yield HeldObject(sequence=row.sequence, inner=None if row.state == ObjectState.VOID else whole(
                self._connection, row.id, row.bytes))

    def inner_at(self, partner: str, sequence: int) -> bytes:
        """The SignedData of our object of that number. Raises NoResultFound when there is none."""
        row = self._connection.execute(
            select(content.c.id, content.c.bytes).join(object_, content.c.id == object_.c.inner_id)
            .where(object_.c.direction == "out", object_.c.partner == partner,
                   object_.c.sequence == sequence)).one()
        return whole(self._connection, row.id, row.bytes)
