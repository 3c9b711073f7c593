"""Files for the national inbox, notes of refused files, and free rows of the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from gateway.findings import Finding
from gateway.ledger.chain import Fact
from gateway.ledger.codec import digest_of
from gateway.ledger.entries import NewDelivery
from gateway.ledger.errors import DELIVERY_DIFFERS, LocalConflict
from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import insert_rows, run_rows
from gateway.ledger.reading.waiting import WaitingLookups
from gateway.ledger.tables import delivery, incoming_note

_SLICE = 500

_DELIVERED = (update(delivery).where(delivery.c.id == bindparam("number"), delivery.c.delivered.is_(None))
              .values(delivered=bindparam("moment")))


class Inbox(Base, WaitingLookups):
    """National inbox and notes."""

    def add_delivery(self, *, folder: str, name: str, content: bytes, at: datetime) -> int | None:
        """Put a file up for the national inbox; None when that name with the same content was put up before.

        Raises LocalConflict L011 when the name is taken by other content: a delivered file never changes.
        """
        return self.add_deliveries([NewDelivery(folder=folder, name=name, content=content)], at=at)[0]

    def add_deliveries(self, deliveries: Sequence[NewDelivery], *, at: datetime) -> list[int | None]:
        """Put files up for the national inbox; for each its number, or None when it was put up before.

        Raises LocalConflict L011 as `add_delivery`; ValueError when a folder or name is more than one part of a path.
        """
        for new in deliveries:
            if any(part in ("", ".", "..") or "/" in part or "\\" in part or "\0" in part
                   for part in (new.folder, new.name)):
                raise ValueError(f"not a plain name: {new.folder!r}, {new.name!r}")
        held: dict[tuple[str, str], str] = {}
        for start in range(0, len(deliveries), _SLICE):
            some = deliveries[start:start + _SLICE]  # column by column: SQLite has no index for a list of pairs
            for row in self._connection.execute(
                    select(delivery.c.folder, delivery.c.name, delivery.c.digest)
                    .where(delivery.c.folder.in_({new.folder for new in some}),
                           delivery.c.name.in_({new.name for new in some}))):
                held[row.folder, row.name] = row.digest
        fresh: list[NewDelivery | None] = []
        for new in deliveries:
            digest = digest_of(new.content)
            known = held.setdefault((new.folder, new.name), "")
            if known not in ("", digest):
                raise LocalConflict(Finding(code=DELIVERY_DIFFERS, values={"folder": new.folder, "name": new.name}))
            held[new.folder, new.name] = digest
            fresh.append(None if known else new)
        bodies = iter(self._keep([new.content for new in fresh if new is not None]))
        numbers: list[int | None] = []
        rows = []
        for candidate in fresh:
            if candidate is None:
                numbers.append(None)
                continue
            body, digest = next(bodies)
            number = self._ids(delivery, 1).start
            rows.append((number, candidate.folder, candidate.name, digest, at, body))
            self._record(Fact(at=at, subject="delivery", subject_id=number, event="new", digest=digest,
                              reference=f"{candidate.folder}/{candidate.name}"))
            numbers.append(number)
        insert_rows(self._connection, delivery, ("id", "folder", "name", "digest", "at", "content_id"), rows)
        return numbers

    def mark_delivered(self, ids: Iterable[int], at: datetime) -> None:
        """These files stand in the national inbox. Said again, it changes nothing."""
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), _SLICE):
            rows = self._connection.execute(
                select(delivery.c.id, delivery.c.folder, delivery.c.name)
                .where(delivery.c.id.in_(wanted[start:start + _SLICE]), delivery.c.delivered.is_(None))).all()
            if not rows:
                continue
            run_rows(self._connection, _DELIVERED, ("number", "moment"), [(row.id, at) for row in rows])
            for row in rows:
                self._record(Fact(at=at, subject="delivery", subject_id=row.id, event="delivered",
                                  reference=f"{row.folder}/{row.name}"))

    def note_incoming(self, *, partner: str, name: str, code: str, size: int, kept: str, at: datetime) -> None:
        """Note a partner's file that was refused. kept: where its bytes lie; size in bytes."""
        number = self._ids(incoming_note, 1).start
        self._connection.execute(insert(incoming_note), {
            "id": number, "at": at, "partner": partner, "name": name, "code": code, "size": size, "kept": kept})
        self._record(Fact(at=at, subject="incoming", subject_id=number, reference=name, event="refused",
                          text=f"{partner} {code}"))

    def noted(self, *, partner: str, name: str, code: str, size: int | None = None,
              by: datetime | None = None) -> bool:
        """Tell whether a partner's file was noted with this code before, and of this size where one is given.

        by  notes of later than this were made by a clock that was ahead, and do not count
        """
        return self._connection.execute(select(incoming_note.c.id).where(
            incoming_note.c.partner == partner, incoming_note.c.name == name, incoming_note.c.code == code,
            *([] if size is None else [incoming_note.c.size == size]),
            *([] if by is None else [incoming_note.c.at <= by])).limit(1)).first() is not None

    def journal(self, *, subject: str, reference: str, text: str, at: datetime) -> None:
        """A row of the history that moves nothing: who did what by hand, a gap asked for, a partner told."""
        self._record(Fact(at=at, subject=subject, subject_id=None, reference=reference, event="journal", text=text))
