"""A ledger of millions of messages in minutes: one day made by the ledger's own transactions, and its like for years.

Each day is copied by SQL with its own numbers, references, instants and digests; digests and Message-IDs are spread
anew, as chance spreads them. So tables and indexes have the shape and the size that years of traffic give them, except
for bodies and trees, which are short. Not made anew is the chain of the history: nothing here verifies it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, Table

from gateway.ledger import Ledger
from gateway.ledger.columns import Instant, metadata
from tests.bench.ledger_traffic import Lot, record

MOVEMENTS = 500
"""Movements of a day: between the two cases "Lomé to the three" of the load model."""
DAY = timedelta(days=1)
LAST = datetime(2026, 11, 1, 8, tzinfo=UTC)
"""The day before the first one that a benchmark writes by itself."""

_MARK = "Q0000Q"
_SPREAD = {("object", "message_id"), ("object", "name"), ("source", "digest"), ("source_file", "digest")}
_SUBJECTS = {"incoming": "incoming_note"}


def fill(path: Path, messages: int, *, movements: int = MOVEMENTS, days: int = 1) -> int:
    """Make a ledger with at least so many messages, and days; how many they are. The file must not be there."""
    model = path.with_name(path.name + ".day")
    try:
        with Ledger.open(f"sqlite:///{model}", now=LAST) as ledger:
            day = record(ledger, Lot(_MARK, movements, LAST))
        days = max(days, -(-messages // day))
        with Ledger.open(f"sqlite:///{path}", now=LAST):
            pass
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _multiply(connection, model, days)
        return day * days
    finally:
        for left in path.parent.glob(f"{model.name}*"):
            left.unlink()


def _multiply(connection: sqlite3.Connection, model: Path, days: int) -> None:
    connection.create_function("spread", 2, _spread, deterministic=True)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("ATTACH ? AS model", (str(model),))
    built = connection.execute(
        "SELECT name, type, sql FROM main.sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL "
        "ORDER BY type, name").fetchall()
    for name, kind, _ in built:
        connection.execute(f'DROP {kind} main."{name}"')
    grown = [table for table in metadata.sorted_tables if _grows(table, connection)]
    counts = {table.name: _count(connection, table.name) for table in metadata.sorted_tables}
    for table in metadata.sorted_tables:
        if table not in grown:
            connection.execute(f'DELETE FROM main."{table.name}"')
            connection.execute(f'INSERT INTO main."{table.name}" SELECT * FROM model."{table.name}"')
    connection.execute("DELETE FROM main.history")  # what the opening wrote is part of the day as well
    links = dict(connection.execute("SELECT direction, highest FROM model.link").fetchall())
    statements = [_copying(table, counts) for table in grown]
    for start in range(0, days, 50):
        connection.execute("BEGIN")
        for day in range(start, min(start + 50, days)):
            past = (day - days + 1) * (DAY // timedelta(microseconds=1))
            values = {"day": day, "mark": f"Q{day:04d}Q", "past": past,
                      **{f"sequences_{direction}": day * highest for direction, highest in links.items()}}
            for statement in statements:
                connection.execute(statement, values)
        connection.execute("COMMIT")
    for _, _, sql in built:
        connection.execute(sql)
    connection.execute("UPDATE counter SET value = value * ? WHERE name LIKE 'id/%'", (days,))
    connection.execute("UPDATE link SET sequence = sequence * ?, highest = highest * ?", (days, days))
    for statement in _recounting(connection):
        connection.execute(statement)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()


def _count(connection: sqlite3.Connection, table: str) -> int:
    counted: int = connection.execute(f'SELECT count(*) FROM model."{table}"').fetchone()[0]
    return counted


def _grows(table: Table, connection: sqlite3.Connection) -> bool:
    """Whether a table has more rows with each day: they are numbered, or belong to what is."""
    first = next(iter(table.primary_key.columns))
    return (first.name in ("id", "mrn") or bool(first.foreign_keys)) and _count(connection, table.name) > 0


def _copying(table: Table, counts: dict[str, int]) -> str:
    """The statement that copies a day's rows of a table."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return (f'INSERT INTO main."{table.name}" ({names}) SELECT '
            + ", ".join(_value(table, column, counts) for column in table.columns) + f' FROM model."{table.name}"')


def _value(table: Table, column: Column[object], counts: dict[str, int]) -> str:
    name = f'"{column.name}"'
    if (table.name, column.name) in _SPREAD:
        return f"spread({name}, :day)"
    if isinstance(column.type, Instant):
        return f"{name} + :past"
    if (table.name, column.name) == ("object", "sequence"):
        return f"{name} + CASE direction WHEN 'in' THEN :sequences_in ELSE :sequences_out END"
    if (table.name, column.name) == ("history", "subject_id"):
        cases = " ".join(f"WHEN '{subject}' THEN {counts[_SUBJECTS.get(subject, subject)]}" for subject in (
            "message", "interchange", "object", "event", "source", "declaration", "delivery", "incoming"))
        return f"{name} + :day * CASE subject {cases} ELSE 0 END"
    if (table.name, column.name) == ("history", "reference"):
        return f"CASE subject WHEN 'object' THEN spread({name}, :day) ELSE replace({name}, '{_MARK}', :mark) END"
    if column.name == "id":
        return f"{name} + :day * {counts[table.name]}"
    for key in column.foreign_keys:
        if key.column.name == "id":
            return f"{name} + :day * {counts[key.column.table.name]}"
    if column.type.python_type is str:
        return f"replace({name}, '{_MARK}', :mark)"
    return name


def _spread(text: str, day: int) -> str:
    """A digest, or a text that begins with one, for another day: as far from the first as any other."""
    start = 1 if text.startswith("<") else 0
    size = 32 if start else 40 if text.endswith(".p7m") else 64
    return text[:start] + hashlib.sha256(f"{text} {day}".encode()).hexdigest()[:size] + text[start + size:]


def _recounting(connection: sqlite3.Connection) -> Iterator[str]:
    """What is counted as it changes, counted once more: as the migration does that brought the counts."""
    connection.execute("DELETE FROM counter WHERE name LIKE 'movements/%'")
    yield "INSERT INTO counter (name, value) SELECT 'movements/' || state, count(*) FROM movement GROUP BY state"
