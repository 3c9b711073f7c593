"""Is the ledger what it was? The chain of the history, and the contents and states that the history vouches for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from sqlalchemy import Row, Select, Table, func, select

from gateway.errors import LocalError
from gateway.ledger.chain import START, Fact, row_hash
from gateway.ledger.codec import digest_of
from gateway.ledger.keeping_rows import DepartureKind
from gateway.ledger.keeping_tables import departure, masked
from gateway.ledger.lookups import Lookups
from gateway.ledger.migrations import BACK_FROM, MADE_BY
from gateway.ledger.questions import BadContent, BadRow, HistoryHead, HistoryRow
from gateway.ledger.reading.away import AwayLookups, departure_of, stored_at
from gateway.ledger.reading.streamed import streamed
from gateway.ledger.stores import ABSENT, DIFFERS, octets_in_store
from gateway.ledger.tables import (
    checkpoint,
    content,
    counter,
    declaration,
    delivery,
    event,
    history,
    interchange,
    message,
    movement,
    object_,
    own_key,
    trusted,
)

_BATCH = 1000


class Audit(Lookups, AwayLookups):
    """The history itself, verify_history, verify_contents."""

    def history_head(self) -> HistoryHead:
        """The last row's number and hash: whoever keeps them elsewhere can prove later that nothing before changed."""
        row = self._connection.execute(
            select(history.c.id, history.c.row_hash).order_by(history.c.id.desc()).limit(1)).first()
        return HistoryHead(id=0, row_hash=START) if row is None else HistoryHead(id=row.id, row_hash=row.row_hash)

    def history(self, *, after: int = 0, last: int | None = None) -> Iterator[HistoryRow]:
        """The history in order, from the row after the given number on, up to the last one wanted."""
        query = select(history).where(history.c.id > after).order_by(history.c.id)
        for row in self._rows(query if last is None else query.where(history.c.id <= last)):
            yield HistoryRow(**row._mapping)

    def verify_history(self) -> BadRow | None:
        """Walk the whole chain; the first row that is not what it was, or None.

        fault: ``hash`` the row or its predecessor was edited, ``hole`` a row is missing before it, ``end`` the last
        rows are missing.
        """
        return self._walk(0)

    def verify_latest(self, rows: int) -> BadRow | None:
        """Walk the last rows of the chain alone: what a run may ask each time. See `verify_history`."""
        return self._walk(max(0, self._last_row() - rows))

    def _last_row(self) -> int:
        return self._connection.execute(
            select(counter.c.value).where(counter.c.name == f"id/{history.name}")).scalar() or 0

    def _walk(self, after: int) -> BadRow | None:
        """Walk the rows behind a number, to the last one that was ever written."""
        previous = START if not after else self._connection.execute(
            select(history.c.row_hash).where(history.c.id == after)).scalar()
        if previous is None:
            return BadRow(id=after, fault="hole", reference="")
        expected = after + 1
        for row in self._rows(select(history).where(history.c.id > after).order_by(history.c.id)):
            if row.id != expected:
                return BadRow(id=expected, fault="hole", reference=row.reference)
            fact = Fact(at=row.at, subject=row.subject, subject_id=row.subject_id, reference=row.reference,
                        event=row.event, from_state=row.from_state, to_state=row.to_state, text=row.text,
                        digest=row.digest)
            previous = row_hash(previous, row.id, fact)
            if previous != row.row_hash:
                return BadRow(id=row.id, fault="hash", reference=row.reference)
            expected += 1
        return None if self._last_row() == expected - 1 else BadRow(id=expected, fault="end", reference="")

    def verify_contents(self) -> Iterator[BadContent]:
        """Compare every stored content, tree and state with the history; what is not as the history says.

        fault: ``bytes`` a content is not what its digest says, ``store`` the store does not give what was put there,
        ``digest`` a digest is not the one recorded,
        ``state`` a row stands in a state that no step led to, ``unrecorded`` a row came from nowhere, ``missing`` a row
        that came is there no more.

        A content that is away, and a record that was masked, are as the history says when it says who decided it and
        the digest over all that left with it; what lies in an archive is not read here, what lies in a store is. Raises
        LocalError L060, L063 where it cannot be.
        """
        vouched, unvouched = self.vouched_departures()
        for one in unvouched:
            yield BadContent(what="departure", id=str(one.id), fault="digest")
        for row in self._rows(select(content.c.id, content.c.digest, content.c.size, content.c.bytes)
                              .order_by(content.c.id)):
            if digest_of(row.bytes) == row.digest:
                continue
            place = None if row.bytes else stored_at(self._connection, row.id)
            if place is not None:
                if not self._gives(row.digest, place):
                    yield BadContent(what="content", id=str(row.id), fault="store")
            elif row.bytes or not self._left(row.id, vouched):
                yield BadContent(what="content", id=str(row.id), fault="bytes")
        for table in (declaration, event):
            for row in self._rows(select(table.c.id, table.c.digest, table.c.tree).order_by(table.c.id)):
                found = digest_of(row.tree)
                if found != row.digest and not self._masked(table.name, row.id, found, vouched):
                    yield BadContent(what=table.name, id=str(row.id), fault="bytes")
        for table in (declaration, event, interchange, delivery):
            yield from self._digests(table, table, "digest")
        yield from self._digests(message, content, "digest")
        for table in (object_, interchange, message, checkpoint, trusted, own_key):
            yield from self._states(table)
        for table in (declaration, event, interchange, delivery, message, object_, checkpoint):
            yield from self._missing(table, ("new",))
        yield from self._missing(departure, get_args(DepartureKind))
        yield from self._movement_states()

    def _gives(self, digest: str, place: int) -> bool:
        """Whether the store gives what was put there."""
        try:
            octets_in_store(self._connection, digest, place)
        except LocalError as error:
            if error.code not in (ABSENT, DIFFERS):
                raise
            return False
        return True

    def _left(self, number: int, vouched: set[int]) -> bool:
        """Whether a content is empty because it was archived, erased or purged, and what says so is vouched for."""
        gone = departure_of(self._connection, number)
        return gone is not None and gone.id in vouched and gone.returned is None

    def _masked(self, what: str, number: int, digest: str, vouched: set[int]) -> bool:
        """Whether a record stands as an erasure left it."""
        row = self._connection.execute(select(masked.c.digest, masked.c.departure_id).where(
            masked.c.what == what, masked.c.row_id == number)).first()
        return row is not None and row.digest == digest and row.departure_id in vouched

    def _rows(self, query: Select[Any]) -> Iterator[Row[Any]]:
        return streamed(self._connection, query, _BATCH)

    def _digests(self, table: Table, holder: Table, column: str) -> Iterator[BadContent]:
        query = select(table.c.id, holder.c[column].label("held"), history.c.digest.label("said")).outerjoin(
            history, (history.c.subject == table.name) & (history.c.subject_id == table.c.id)
            & (history.c.event == "new"))
        if holder is not table:
            query = query.join(holder, holder.c.id == table.c.content_id)
        for row in self._rows(query.order_by(table.c.id)):
            if row.said is None:
                yield BadContent(what=table.name, id=str(row.id), fault="unrecorded")
            elif row.held != row.said:
                yield BadContent(what=table.name, id=str(row.id), fault="digest")

    def _missing(self, table: Table, births: Sequence[str]) -> Iterator[BadContent]:
        query = (select(history.c.subject_id).outerjoin(table, table.c.id == history.c.subject_id)
                 .where(history.c.subject == table.name, history.c.event.in_(births), history.c.subject_id.is_not(None),
                        table.c.id.is_(None), history.c.id > self._made_again(table)).order_by(history.c.id))
        for row in self._rows(query):
            yield BadContent(what=table.name, id=str(row.subject_id), fault="missing")

    def _made_again(self, table: Table) -> int:
        """The row of the history behind which a table was taken away last by a way back to an older schema; 0 when it
        never was. What it held before is lost, and the history says by whose decision the way was taken."""
        before = next((revision for revision, made in MADE_BY.items() if table.name in made), None)
        if before is None:
            return 0
        return self._connection.execute(select(func.max(history.c.id)).where(
            history.c.subject == "ledger", history.c.event == "journal", history.c.reference < before,
            history.c.text.startswith(BACK_FROM))).scalar() or 0

    def _states(self, table: Table) -> Iterator[BadContent]:
        last = select(history.c.subject_id, func.max(history.c.id).label("last")).where(
            history.c.subject == table.name, history.c.to_state.is_not(None)).group_by(history.c.subject_id).subquery()
        query = select(table.c.id, table.c.state, history.c.to_state).outerjoin(
            last, last.c.subject_id == table.c.id).outerjoin(history, history.c.id == last.c.last)
        for row in self._rows(query.order_by(table.c.id)):
            if row.state != row.to_state:
                yield BadContent(what=table.name, id=str(row.id),
                                 fault="unrecorded" if row.to_state is None else "state")

    def _movement_states(self) -> Iterator[BadContent]:
        last = select(history.c.reference, func.max(history.c.id).label("last")).where(
            history.c.subject == movement.name, history.c.event == "state").group_by(history.c.reference).subquery()
        query = select(movement.c.mrn, movement.c.state, history.c.to_state).outerjoin(
            last, last.c.reference == movement.c.mrn).outerjoin(history, history.c.id == last.c.last)
        for row in self._rows(query.order_by(movement.c.mrn)):
            if row.state != (row.to_state or ""):
                yield BadContent(what="movement", id=row.mrn, fault="state")
