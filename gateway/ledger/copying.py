"""A ledger copied row by row into another, empty database, whichever kind either is; and compared.

It works at every schema, for it reads the tables as they are: the target is first brought to the schema of the source.
All is one transaction of the target: it holds the whole copy or nothing. Numbers, hashes and instants stay as they are,
so sequences, links and the chain of the history go on where they were.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, MetaData, RowMapping, Table, bindparam, func, insert, inspect, select, update

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.ledger import migrations
from gateway.ledger.engine import Database, database_of
from gateway.ledger.errors import COPY_BROKEN, COPY_DIFFERS, NEWER, NOT_EMPTY, OPEN_FAILED, translated
from gateway.ledger.queries import Queries

_ROWS, _OCTETS = 500, 4 << 20
"""What goes into one statement at most, unless a single row is larger."""
_REVISION = "alembic_version"


class Copied(Struct, frozen=True):
    """One table. digest: SHA-256 over its rows in the order of their key."""

    table: str
    rows: int
    digest: str


def copy_ledger(source: str, target: str) -> list[Copied]:
    """Copy a ledger, as of one moment, to an address where nothing stands yet, and compare.

    Raises LocalError L001, L002, L005 to L009, L015; L017 where the target holds tables already, L018 where the
    copy differs, L019 where the chain of the history is broken; then nothing stands there.
    """
    given, wanted = database_of(source), database_of(target)
    if given.absent():
        raise LocalError(Finding(code=OPEN_FAILED, values={"ledger": given.name, "reason": "absent"}))
    if wanted.file is not None and wanted.file.exists():
        raise _not_empty(wanted)
    reader = given.reader()
    try:
        with translated(given.name), reader.begin() as connection:
            if wanted.file is None:
                return _copied(connection, wanted)
            return copy_into_file(connection, wanted.file)
    finally:
        reader.dispose()


def copy_into_file(source: Connection, target: Path) -> list[Copied]:
    """Copy what a snapshot sees into a new file of SQLite (0600), flushed. Leaves no half copy.

    Raises LocalError L001 (the file cannot be made, or stands there), L008, L009, L018.
    """
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise LocalError(Finding(code=OPEN_FAILED, values={
            "ledger": str(target), "reason": error.strerror or str(error)})) from error
    try:
        from gateway.ledger.sqlite import flush

        made = _copied(source, database_of(f"sqlite:///{target}"))
        flush(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return made


def _copied(source: Connection, target: Database) -> list[Copied]:
    revision = migrations.revision_of(source)
    if revision not in migrations.REVISIONS:
        raise LocalError(Finding(code=NEWER, values={
            "ledger": str(source.engine.url.database), "found": revision or "-", "head": migrations.HEAD}))
    writer = target.writer()
    try:
        target.prepare(writer)
        with translated(target.name), writer.begin() as connection:
            if inspect(connection).get_table_names():
                raise _not_empty(target)
            migrations.upgrade(connection, revision)
            tables = _tables(source)
            here = _tables(connection)
            for name in tables:
                _fill(source, tables[name], connection, here[name])
            made = [_digest(connection, table) for table in here.values()]
            held = [_digest(source, tables[name]) for name in here]
            for ours, theirs in zip(made, held, strict=True):
                if ours != theirs:
                    raise LocalError(Finding(code=COPY_DIFFERS, place=Place(file=target.name), values={
                        "ledger": target.name, "table": ours.table, "rows": str(ours.rows),
                        "expected": str(theirs.rows)}))
            bad = Queries(connection).verify_history()
            if bad is not None:
                raise LocalError(Finding(code=COPY_BROKEN, place=Place(file=target.name), values={
                    "row": str(bad.id), "fault": bad.fault}))
            return made
    finally:
        writer.dispose()


def _tables(connection: Connection) -> dict[str, Table]:
    """The tables as they stand, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return {table.name: table for table in found.sorted_tables if table.name != _REVISION}


def _fill(source: Connection, table: Table, target: Connection, here: Table) -> None:
    """Copy one table. A reference to a row of its own that comes later is set when all are there."""
    own = [column.name for column in table.columns for key in column.foreign_keys if key.column.table is table]
    later: list[dict[str, Any]] = []
    for rows in _batches(source, table):
        for row in rows:
            for name in own:
                if row[name] is not None and row[name] > row["id"]:
                    later.append({"row": row["id"], "column": name, "refers": row[name]})
                    row[name] = None
        target.execute(insert(here), rows)
    for name in own:
        values = [{"row": one["row"], "refers": one["refers"]} for one in later if one["column"] == name]
        if values:
            target.execute(update(here).where(here.c.id == bindparam("row"))
                           .values({name: bindparam("refers")}), values)


def _batches(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    octets = 0
    for row in _rows(source, table):
        batch.append(dict(row))
        octets += sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if len(batch) >= _ROWS or octets >= _OCTETS:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch


def _rows(connection: Connection, table: Table) -> Iterator[RowMapping]:
    found = connection.execute(select(table).order_by(*table.primary_key.columns), execution_options={"yield_per": 50})
    with closing(found):
        yield from found.mappings()


def _digest(connection: Connection, table: Table) -> Copied:
    """Read a table back. A value is hashed with its kind and its length: no two rows look alike."""
    total, rows = hashlib.sha256(), 0
    names = sorted(column.name for column in table.columns)
    for row in _rows(connection, table):
        rows += 1
        for name in names:
            value = row[name]
            octets = value if isinstance(value, bytes) else str(value).encode()
            total.update(f"{type(value).__name__} {len(octets)} ".encode() + octets)
    counted = connection.execute(select(func.count()).select_from(table)).scalar()
    return Copied(table.name, rows if rows == counted else -1, total.hexdigest())


def _not_empty(target: Database) -> LocalError:
    return LocalError(Finding(code=NOT_EMPTY, place=Place(file=target.name), values={"ledger": target.name}))
