"""Contents go from the ledger into a store and come back. What is put, and when, is for `exchange.storing`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from gateway.ledger.parts.base import Base
from gateway.ledger.reading.storing import StoreLookups
from gateway.ledger.stored_tables import HELD, LEAVING, PLANNED, stored
from gateway.ledger.tables import content

_LOOKED_AT = "contents/looked-at"
"""The series that says up to which content it was decided whether it goes to the store."""


class Storing(Base, StoreLookups):
    """plan_storing, let_go, taken_back, removed_from_store."""

    def plan_storing(self, above: int, limit: int, *, again: bool = False) -> tuple[int, bool]:
        """Note contents that are to go to the store; how many, and whether there may be more to look at.

        above  those of more octets than that
        limit  rows to note at most
        again  look at every content, those that an earlier setting left in the ledger as well
        """
        first = 0 if again else self._numbers(_LOOKED_AT, 0).stop - 1
        newest = self._numbers(f"id/{content.name}", 0).stop - 1
        known = select(stored.c.content_id).where(stored.c.content_id == content.c.id, stored.c.state != LEAVING)
        found = self._connection.execute(
            select(content.c.id).where(content.c.id > first, content.c.id <= newest, content.c.size > above,
                                       content.c.bytes != b"", ~known.exists())
            .order_by(content.c.id).limit(limit)).scalars().all()
        if found:
            numbers = self._ids(stored, len(found))
            self._connection.execute(insert(stored), [
                {"id": number, "content_id": one, "state": PLANNED}
                for number, one in zip(numbers, found, strict=True)])
        more = len(found) == limit
        last = found[-1] if more else newest
        self._tally(_LOOKED_AT, max(0, last - (self._numbers(_LOOKED_AT, 0).stop - 1)))
        return len(found), more

    def let_go(self, numbers: Sequence[int]) -> int:
        """Empty contents that the store holds now; how many. Of one that was archived or erased meanwhile nothing is
        changed: its row is leaving. numbers: of rows of `stored`."""
        rows = self._connection.execute(select(stored.c.id, stored.c.content_id).where(
            stored.c.id.in_(numbers), stored.c.state == PLANNED)).all()
        if rows:
            self._connection.execute(update(content).where(content.c.id.in_([row.content_id for row in rows]))
                                     .values(bytes=b""))
            self._connection.execute(update(stored).where(stored.c.id.in_([row.id for row in rows]))
                                     .values(state=HELD))
        return len(rows)

    def taken_back(self, numbers: Sequence[int]) -> None:
        """The ledger holds these itself again, or never lets go of them: their keys are to be removed."""
        self._connection.execute(update(stored).where(stored.c.id.in_(numbers)).values(state=LEAVING))

    def planned_no_more(self) -> None:
        """Nothing more goes to the store: what was only planned may have been put already."""
        self._connection.execute(update(stored).where(stored.c.state == PLANNED).values(state=LEAVING))

    def removed_from_store(self, numbers: Sequence[int]) -> None:
        """The store is rid of these keys."""
        self._connection.execute(delete(stored).where(stored.c.id.in_(numbers), stored.c.state == LEAVING))

    def _leave_store(self, contents: Sequence[int]) -> None:
        """Contents leave the ledger: what the store has, or may get, of them is to be removed."""
        self._connection.execute(update(stored).where(stored.c.content_id.in_(contents)).values(state=LEAVING))
