"""Opening the ledger, and its two ways in: a write transaction, a reading snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import LocalError
from gateway.failpoints import declare, reach
from gateway.findings import Finding
from gateway.ledger import migrations
from gateway.ledger.claims import Share, StillHeld, alone, await_first, claim, count_attempts
from gateway.ledger.engine import Database, database_of
from gateway.ledger.errors import BUSY, NEWER, OLDER, OPEN_FAILED, translated
from gateway.ledger.queries import Queries
from gateway.ledger.stores import OPTION, ContentStore
from gateway.ledger.transaction import Transaction

if TYPE_CHECKING:
    from gateway.ledger.lanes import Lane
    from gateway.ledger.rows import InterchangeIn

MADE = declare("ledger.made", "the ledger's file made, without any table")
UPGRADING = declare("ledger.upgrading", "tables made or brought to a new schema, transaction not yet committed")


class Ledger:
    """An open ledger. Usable as a context manager; threads may share it, each transaction belongs to one."""

    def __init__(self, database: Database, contents: ContentStore | None = None) -> None:
        self._database = database
        self.contents = contents
        self._writer: Engine = database.writer()
        self._reader: Engine = database.reader()
        self._lanes = database.lanes()
        self._lane: Lane | None = None
        self._undone: Connection | None = None
        for engine in (self._writer, self._reader) if contents is not None else ():
            engine.update_execution_options(**{OPTION: contents})

    @classmethod
    def open(cls, url: str, *, now: datetime, create: bool = True, upgrade: bool = False,
             contents: ContentStore | None = None) -> Ledger:
        """Open the ledger at ``sqlite:///path`` or ``postgresql://host/name``.

        create   make it when it is not there or empty (file 0600; on a server, its tables). False: refuse instead
                 (L001, L004)
        upgrade  bring an older one to this program's schema: only what a person has asked for does that (decision
                 0011). False: refuse instead (L004). Either is written in its history with the time `now`
        contents where contents lie that are kept outside of it; nothing is asked of it before one of them is wanted

        Raises LocalError L001 (cannot be opened), L002 (no ledger of this kind), L004, L005 (made by a newer
        program), L006 (damaged), L007 (busy), L009 (disk full), L015 (no driver for a server).
        """
        database = database_of(url)
        if not create and database.absent():
            raise LocalError(Finding(code=OPEN_FAILED, values={"ledger": database.name, "reason": "absent"}))
        ledger = cls(database, contents)
        try:
            with translated(database.name):
                found = None if database.absent() else ledger._revision()
                if found != migrations.HEAD:
                    ledger._upgrade(found, now, create if found is None else upgrade)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def _revision(self) -> str | None:
        with self._reader.begin() as connection:
            return migrations.revision_of(connection)

    def _upgrade(self, found: str | None, now: datetime, allowed: bool) -> None:
        values = {"ledger": self.name, "found": found or "-", "head": migrations.HEAD}
        if found is not None and found not in migrations.REVISIONS:
            raise LocalError(Finding(code=NEWER, values=values))
        if not allowed:
            raise LocalError(Finding(code=OLDER, values=values))
        with self._database.making():
            self._database.prepare(self._writer)
            reach(MADE)
            with self._writer.begin() as connection:
                before = migrations.revision_of(connection)  # another run may have been faster
                if before == migrations.HEAD:
                    return
                migrations.upgrade(connection)
                transaction = Transaction(connection)
                transaction.journal(subject="ledger", reference=migrations.HEAD, text=before or "", at=now)
                transaction._finish()
                reach(UPGRADING)

    @property
    def name(self) -> str:
        """The ledger as people know it: its file, or the address of its server without a password."""
        return self._database.name

    @property
    def file(self) -> Path | None:
        """The database file: what is on its disk, the ledger needs to grow. None on a server."""
        return self._database.file

    @property
    def shared(self) -> bool:
        """Whether several hosts may be at work on it."""
        return self._database.shared

    @property
    def rehearsed(self) -> bool:
        """Whether everything is undone at the end, so that nothing outside may be changed."""
        return self._undone is not None

    def rehearse(self) -> None:
        """From here on nothing stands: what is written is seen by every later reading, and undone when this is closed.

        It holds the write lock until then: runs wait for it. Raises LocalError L007 when another run has it.
        """
        with translated(self.name):
            self._undone = self._writer.connect()
            self._undone.begin()

    def close(self) -> None:
        """Close every connection; what was only rehearsed is undone."""
        if self._undone is not None:
            self._undone.close()  # rolls back
        self._writer.dispose()
        self._reader.dispose()
        if self._lanes is not None:
            self._lanes.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def backup(self, target: Path) -> None:
        """Write a whole, compact copy of the ledger as it is at this moment (0600); runs go on meanwhile.

        Raises LocalError L001 when `target` exists or cannot be written, L009 when its disk is full.
        """
        with translated(str(target)):
            self._database.copy_to(self._reader, target)

    def rewrite(self) -> None:
        """Write the file anew, so that nothing of what was erased stays in free pages, and empty what lies beside it.

        Raises LocalError L007 while another run or reader is at it for 30 s, L009 when the disk has no room for a
        second copy; then the ledger is as it was, and this may be done again.
        """
        with translated(self.name):
            self._database.rewrite(self._writer)

    def integrity(self) -> list[str]:
        """What the database finds wrong in its tables and between them; empty when it is sound. Reads everything."""
        with translated(self.name):
            return self._database.faults(self._reader)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A write transaction: committed at the end, undone by an exception.

        It holds the ledger's write lock from its first moment. Raises LocalError L007 when another run holds it for
        30 s, L009 when the disk is full (both: nothing stands, try again), L003 for a row moved meanwhile, L020 in a
        lane that another host has taken over.
        """
        with translated(self.name), self._writing() as connection:
            transaction = Transaction(connection)
            yield transaction
            transaction._finish()

    @contextmanager
    def lane(self, name: str, holder: str, life: timedelta, busy: timedelta = timedelta()) -> Iterator[bool]:
        """Hold a lane of work for the time of a with-block; gives False, at once, while another host is at it.

        Within the block every write transaction is fenced: it raises LocalError L020, and nothing of it stands, when
        another host has taken the lane over meanwhile. In a file, and in a rehearsal, the lane is ours and unfenced:
        one machine's own locks do.

        holder  for people: host and process
        life    how long others wait, by the clock of the database, for a host that does not come back; each write
                transaction begins it anew
        busy    how long at most it is begun anew without a transaction, while this process is at work
        """
        if self._lanes is None or self._undone is not None:
            yield True
            return
        from gateway.ledger.lanes import Lane  # with it comes PostgreSQL's dialect

        with translated(self.name):
            taken = Lane.take(self._lanes, name, holder, life)
        if taken is None:
            yield False
            return
        self._lane = taken
        try:
            with taken.kept(self._lanes, busy):
                yield True
        finally:
            self._lane = None
            with suppress(LocalError), translated(self.name):  # else it ends by itself
                taken.leave(self._lanes)

    @contextmanager
    def claimed(self, rows: Sequence[InterchangeIn], life: timedelta) -> Iterator[Share]:
        """Claim a share of interchanges that wait to be judged, for the time of a with-block: other hosts pass it over.
        In a file, and in a rehearsal, all of them are ours.

        life  how long others wait for a host that stands still
        """
        if self._lanes is None or self._undone is not None:
            with self.reading() as queries:
                share = alone(queries._connection, rows)
            yield share
            return
        with translated(self.name):
            connection = self._lanes.connect()
        try:
            with translated(self.name):
                share = claim(connection, rows, life)
            yield share
        finally:
            try:
                connection.rollback()
            except SQLAlchemyError:  # the server has ended the claim before: it stood still
                connection.invalidate()
            connection.close()

    def awaited(self, rows: Sequence[InterchangeIn]) -> bool:
        """Wait until no other host is at the first of these interchanges that still waits to be judged; False, at
        once, when none of them does. Raises StillHeld when it takes longer than 30 s."""
        if self._lanes is None or self._undone is not None:
            return False
        try:
            with translated(self.name), self._lanes.begin() as connection:
                return await_first(connection, rows)
        except LocalError as error:
            if error.code == BUSY:
                raise StillHeld(self.name) from error
            raise

    def count_attempts(self, ids: Sequence[int], more: int = 1) -> None:
        """Count attempts to judge interchanges that were claimed, or take them back (-1), at once and for good. It is
        no part of the history: on a server it waits for no writer."""
        if not ids:
            return
        if self._lanes is None or self._undone is not None:
            with self.transaction() as transaction:
                count_attempts(transaction._connection, ids, more)
            return
        with translated(self.name), self._lanes.begin() as connection:
            count_attempts(connection, ids, more)

    @contextmanager
    def reading(self) -> Iterator[Queries]:
        """A snapshot for questions; it waits for nobody, nobody waits for it, and it cannot write."""
        if self._undone is not None:
            with translated(self.name):
                yield Queries(self._undone)
            return
        with translated(self.name), self._reader.begin() as connection:
            yield Queries(connection)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """The connection of one write transaction; of a rehearsal a part of the one that is undone."""
        if self._undone is None:
            with self._writer.begin() as connection:
                if self._lane is not None:
                    self._lane.fence(connection)
                yield connection
        else:
            with self._undone.begin_nested():
                yield self._undone
