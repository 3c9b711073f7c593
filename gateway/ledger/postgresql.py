"""A ledger in a database of a PostgreSQL server. All that is PostgreSQL's alone is here, and psycopg nowhere else.

Rules
    One transaction writes at a time, as with a file: it begins by taking an advisory lock, which the server drops with
    the transaction or the connection, however that ends. Row locks and serialization failures are thereby spared: the
    history is one chain, so there never could be two writers at work (decision 0013).
    Each statement behind the lock sees all that was committed (READ COMMITTED); readers see one moment
    (REPEATABLE READ) and cannot write.
    Text is compared octet by octet (collation "C") and has no length, as in SQLite: the same questions have the same
    answers in the same order, whatever the server's language.
    PostgreSQL refuses the character U+0000 in a text. What a partner writes is kept as it came, so U+0000 travels as
    U+0001 U+0001, and U+0001 as U+0001 U+0002: reversible, and the order stays.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Column, Connection, Engine, MetaData, create_engine, event, select, text
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.ledger.columns import metadata
from gateway.ledger.errors import BUSY, NO_DRIVER, OPEN_FAILED
from gateway.ledger.postgresql_bulk import send_in_bulk

BUSY_SECONDS = 30
_LOCK = 0x6564_6921
"""Our place among the advisory locks of a database; with the schema, so that two ledgers in one never wait."""
_BEGIN = f"SELECT pg_advisory_xact_lock({_LOCK}, hashtext(current_schema())), pg_notify('edi_' || current_schema(), '')"
"""Whoever listens on that channel hears of the transaction once it stands (`gateway.daemon`)."""
_DURABLE = ("SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') = 'off'")
"""A receipt is a promise: what was committed survives. Stricter settings of the server stay as they are."""
_SMALL = ("SELECT set_config(name, 'lz4', false) FROM pg_settings "
          "WHERE name = 'default_toast_compression' AND source = 'default' AND 'lz4' = ANY(enumvals)")
"""Contents become as small by lz4 in a third of the time, which is time under the write lock. What the server's keepers
have set themselves stays, and so does a server that lacks it."""
_OPTIONS = (f"-c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout=15min -c TimeZone=UTC "
            "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3")
"""A host that has stopped, or whose line is cut, holds the others up for a while and not for ever."""
_READ_ONLY = "-c default_transaction_read_only=on"
_OCTETS_TAKEN = ("SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
                 "WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'")
_INVALID = ("SELECT conname || ' is not validated' FROM pg_constraint WHERE NOT convalidated AND connamespace = "
            "current_schema()::regnamespace UNION ALL SELECT relname || ' is not valid' FROM pg_index "
            "JOIN pg_class ON oid = indexrelid WHERE relnamespace = current_schema()::regnamespace "
            "AND NOT (indisvalid AND indisready)")

_NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
_OLDER = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
          "AND age(backend_xmin) > age(CAST(CAST(%s AS xid8) AS xid))")


class PostgreSQL:
    """A ledger on a server (`engine.Database`). Its password stands in no address: libpq finds it (``~/.pgpass``)."""

    shared = True
    file: Path | None = None

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self.name = url.set(drivername="postgresql").render_as_string(hide_password=True)

    def writer(self) -> Engine:
        """Connections for write transactions. Raises LocalError L015 where psycopg is not installed."""
        engine = self._engine(_OPTIONS, "READ COMMITTED")
        event.listen(engine, "connect", _make_durable)
        event.listen(engine, "connect", _compress_quickly)
        send_in_bulk(engine)

        @event.listens_for(engine, "begin")
        def _begun(connection: Connection) -> None:
            connection.exec_driver_sql(_BEGIN)

        return engine

    def reader(self) -> Engine:
        """Connections for snapshots; they refuse to write. Raises LocalError L015 where psycopg is not installed."""
        return self._engine(f"{_OPTIONS} {_READ_ONLY}", "REPEATABLE READ")

    def _engine(self, options: str, isolation: Any) -> Engine:
        given = self._url.query.get("options", "")
        url = self._url.difference_update_query(["options"])
        try:
            engine = create_engine(url, isolation_level=isolation, pool_pre_ping=True, connect_args={
                "connect_timeout": BUSY_SECONDS, "application_name": "edi", "client_encoding": "UTF8",
                "options": " ".join([options, *([given] if isinstance(given, str) else given)])})
        except ModuleNotFoundError:
            raise LocalError(Finding(code=NO_DRIVER, values={"ledger": self.name, "extra": "postgres"})) from None
        engine.dialect.type_compiler_instance = _Types(engine.dialect)
        event.listen(engine, "connect", self._require_utf8)
        event.listen(engine, "connect", _adapt)
        return engine

    def _require_utf8(self, connection: Any, record: object) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":  # what a partner writes could not be kept as it came
            connection.close()
            raise LocalError(Finding(code=OPEN_FAILED, values={
                "ledger": self.name, "reason": f"server_encoding {encoding}"}))

    def lanes(self) -> Engine | None:
        """Connections for leases: they wait for no writer, only for whoever is at the same lane. A token that a server
        forgets as it falls would be given twice."""
        engine = self._engine(_OPTIONS, "READ COMMITTED")
        event.listen(engine, "connect", _make_durable)
        return engine

    def absent(self) -> bool:
        """Never: only the server tells."""
        return False

    def making(self) -> AbstractContextManager[None]:
        """Nothing to make: people make the database. The write lock keeps other makers out."""
        return nullcontext()

    def prepare(self, writer: Engine) -> None:
        """Nothing."""

    def copy_to(self, reader: Engine, target: Path) -> None:
        """Copy the ledger, as of one moment, into a new file of SQLite; compared when this returns."""
        from gateway.ledger.copying import copy_into_file

        with reader.begin() as connection:
            copy_into_file(connection, target)

    def rewrite(self, writer: Engine) -> None:
        """Write every table anew, when nobody sees what stood in them before: for them it would stay. What the server's
        write-ahead log and its backups hold is its keepers' to remove. Raises LocalError L001 where a table is another
        account's, L007 where somebody still sees it after 30 s."""
        quote = writer.dialect.identifier_preparer.quote
        statement = "VACUUM (FULL) " + ", ".join(quote(name) for name in sorted(metadata.tables))
        raw = writer.raw_connection()
        try:
            driver: Any = raw.driver_connection
            driver.autocommit = True  # it is refused inside a transaction
            self._wait_for_readers(driver)
            told: list[tuple[str, str]] = []  # read while they are told: later there is nothing in them
            driver.add_notice_handler(lambda one: told.append((one.severity_nonlocalized, one.message_primary)))
            driver.execute(statement)
            for severity, reason in told:
                if severity == "WARNING":  # a table of somebody else is only passed over
                    raise LocalError(Finding(code=OPEN_FAILED, values={"ledger": self.name, "reason": reason}))
        finally:
            raw.invalidate()

    def _wait_for_readers(self, driver: Any) -> None:
        """Until every snapshot from before this moment is gone."""
        now = driver.execute(_NEXT).fetchone()[0]
        for _ in range(BUSY_SECONDS * 5):
            if not driver.execute(_OLDER, [now]).fetchone()[0]:
                return
            driver.execute("SELECT pg_sleep(0.2)")
        raise LocalError(Finding(code=BUSY, place=Place(file=self.name), values={
            "ledger": self.name, "reason": "pg_stat_activity.backend_xmin"}))

    def faults(self, reader: Engine) -> list[str]:
        """Constraints and indexes that do not hold; and every row is read, which fails (L006) on a damaged page."""
        with reader.connect() as connection:
            found = [str(row[0]) for row in connection.execute(text(_INVALID))]
            tables = MetaData()
            tables.reflect(connection)
            for table in tables.sorted_tables:
                for _ in connection.execution_options(yield_per=100).execute(select(table)):
                    pass
        return found

    def octets(self, connection: Connection) -> int:
        """The size of its tables with their indexes."""
        return int(connection.execute(text(_OCTETS_TAKEN)).scalar() or 0)


def _make_durable(connection: Any, record: object) -> None:
    connection.execute(_DURABLE)
    connection.commit()


def _compress_quickly(connection: Any, record: object) -> None:
    connection.execute(_SMALL)
    connection.commit()


_OCTETS = 'TEXT COLLATE "C"'


class _Types(PGTypeCompiler):
    """Columns of text without length, compared octet by octet."""

    def visit_VARCHAR(self, type_: Any, **kw: Any) -> str:
        return _OCTETS if isinstance(kw.get("type_expression"), Column) else super().visit_VARCHAR(type_, **kw)

    def visit_TEXT(self, type_: Any, **kw: Any) -> str:
        return _OCTETS if isinstance(kw.get("type_expression"), Column) else super().visit_TEXT(type_, **kw)


# --- U+0000

def escaped(value: str) -> str:
    """A text without U+0000."""
    return value.replace("\x01", "\x01\x02").replace("\x00", "\x01\x01") if "\x00" in value or "\x01" in value \
        else value


def unescaped(value: str) -> str:
    """The text that was escaped."""
    return value.replace("\x01\x01", "\x00").replace("\x01\x02", "\x01") if "\x01" in value else value


def _adapt(connection: Any, record: object) -> None:
    from psycopg import postgres, pq
    from psycopg.adapt import Dumper, Loader

    class Writing(Dumper):
        def dump(self, obj: str) -> bytes:
            return escaped(obj).encode()

    class WritingBinary(Writing):
        format = pq.Format.BINARY
        oid = postgres.types["text"].oid

    class Reading(Loader):
        def load(self, data: Any) -> str:
            return unescaped(str(data, "utf-8"))

    for writing in (WritingBinary, Writing):
        connection.adapters.register_dumper(str, writing)
    for name in ("text", "varchar"):
        connection.adapters.register_loader(name, Reading)
