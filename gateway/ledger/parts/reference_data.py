"""Versions of reference data, to whom ours went, and notices of downtime; each in the history."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import asdict
from sqlalchemy import delete, insert, select

from gateway.ledger.chain import Fact
from gateway.ledger.codec import digest_of
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.reference_data import ReferenceLookups
from gateway.ledger.reference_rows import DowntimeRow, ReferenceRow, ReferenceState
from gateway.ledger.reference_tables import downtime, reference_data, reference_sent


class ReferenceData(Base, ReferenceLookups):
    """Reference data and downtimes."""

    def add_reference(self, *, owner: str, version: int, starts: datetime, text: str, state: ReferenceState,
                      reason: str, object_id: int | None, at: datetime) -> int:
        """Keep a version that was not held before; the number of its row."""
        number, digest = self._ids(reference_data, 1).start, digest_of(text)
        self._connection.execute(insert(reference_data), {
            "id": number, "owner": owner, "version": version, "starts": starts, "state": state, "digest": digest,
            "text": text, "reason": reason, "object_id": object_id, "at": at, "changed": at})
        self._record(Fact(at=at, subject="reference_data", subject_id=number, reference=owner, event="new",
                          to_state=state, text=_words(version, starts, reason), digest=digest))
        return number

    def move_reference(self, row: ReferenceRow, *, state: ReferenceState, reason: str, at: datetime) -> None:
        """Note what a person decided on a version. Raises Moved when its state is not that of `row` any more."""
        self._move_one(reference_data, row.id, row.state, {"state": state, "reason": reason, "changed": at}, row.owner)
        self._record(Fact(at=at, subject="reference_data", subject_id=row.id, reference=row.owner, event="state",
                          from_state=row.state, to_state=state, text=_words(row.version, row.starts, reason)))

    def note_reference_sent(self, number: int, partner: str, object_id: int, at: datetime) -> None:
        """A version of ours was sealed for a partner; once more where it was before."""
        self._connection.execute(delete(reference_sent).where(
            reference_sent.c.reference_data_id == number, reference_sent.c.partner == partner))
        self._connection.execute(insert(reference_sent), {
            "reference_data_id": number, "partner": partner, "object_id": object_id})
        self._record(Fact(at=at, subject="reference_data", subject_id=number, reference=partner, event="sent"))

    def note_downtime(self, rows: Collection[DowntimeRow], at: datetime) -> bool:
        """Keep a notice of downtime, one row for each of its offices.

        A later event with the same notice takes its place, whichever came first; False when such a one is held.
        """
        one = next(iter(rows))
        where = (downtime.c.administration == one.administration, downtime.c.notice == one.notice)
        held = self._connection.execute(select(downtime.c.reference).where(*where).limit(1)).scalar()
        if held is not None and _later(held, one.reference):
            return False
        self._connection.execute(delete(downtime).where(*where))
        self._connection.execute(insert(downtime), [
            {**asdict(row), "at": at} for row in rows])
        return True


def _later(held: str, new: str) -> bool:
    """Whether an event reference is not before another of the same series: numbers grow in length, then in digits."""
    return (len(held), held) >= (len(new), new)


def _words(version: int, starts: datetime, reason: str) -> str:
    return f"{version} {starts:%Y-%m-%dT%H:%M:%SZ} {reason}".rstrip()
