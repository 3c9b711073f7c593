"""A ledger of millions of messages in minutes: one day made by the ledger's own transactions, and its like for years.

Each day is copied by SQL with its own numbers, references, instants and digests; digests and Message-IDs are spread
anew, as chance spreads them. So tables and indexes have the shape and the size that years of traffic give them;
contents are stored once and referred to from every day. The leaves of each day, the heads that both sign over them, and
the chain of the history are computed: the ledger proves itself like one that grew.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Column, Table

from gateway.exchange.trees import BOTH
from gateway.ledger import Ledger
from gateway.ledger.chain import START, following
from gateway.ledger.columns import Instant, metadata
from gateway.security import leaf, leaf_hash
from gateway.security.merkle import Frontier
from tests.bench.ledger_traffic import Lot, record, sign_heads

MOVEMENTS = 500
"""Movements of a day: between the two cases "Lomé to the three" of the load model."""
DAY = timedelta(days=1)
LAST = datetime(2026, 11, 1, 8, tzinfo=UTC)
"""The day before the first one that a benchmark writes by itself."""

_MARK = "Q0000Q"
_SPREAD = {("object", "message_id"), ("object", "name"), ("source", "digest"), ("source_file", "digest")}
_SUBJECTS = {"incoming": "incoming_note"}
_SHARED = "content"
_TOGETHER = 50
"""Days of one transaction."""


def fill(path: Path, messages: int, *, movements: int = MOVEMENTS, days: int = 1) -> int:
    """Make a ledger with at least so many messages, and days; how many they are. The file must not be there."""
    with model_day(path.with_name(path.name + ".day"), movements) as model:
        days = max(days, -(-messages // model.messages))
        with Ledger.open(f"sqlite:///{path}", now=LAST):
            pass
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _multiply(connection, model, days)
        return model.messages * days


@contextmanager
def model_day(path: Path, movements: int) -> Iterator[Model]:
    """A day in a ledger of its own, gone behind the block."""
    try:
        with Ledger.open(f"sqlite:///{path}", now=LAST) as ledger:
            messages = record(ledger, Lot(_MARK, movements, LAST))
            sign_heads(ledger, LAST + timedelta(hours=2))
        with closing(sqlite3.connect(path)) as connection:
            yield Model(path, messages, connection)
    finally:
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()


class Model:
    """The day that the others are like.

    path      its ledger
    messages  how many it has
    counts    rows of each table; highest: the last number of each link, by direction
    """

    def __init__(self, path: Path, messages: int, connection: sqlite3.Connection) -> None:
        self.path, self.messages, self._connection = path, messages, connection
        self.counts = {table.name: int(self._one(f'SELECT count(*) FROM "{table.name}"'))
                       for table in metadata.sorted_tables}
        self.highest: dict[str, int] = dict(connection.execute("SELECT direction, highest FROM link"))
        self.grown = [table for table in metadata.sorted_tables if self._grows(table)]

    def _one(self, query: str) -> int:
        found: int = self._connection.execute(query).fetchone()[0]
        return found

    def _grows(self, table: Table) -> bool:
        """Whether a table has more rows with each day: they are numbered, or belong to what is."""
        first = next(iter(table.primary_key.columns))
        return (table.name != _SHARED and (first.name in ("id", "mrn") or bool(first.foreign_keys))
                and self.counts[table.name] > 0)

    def past(self, day: int, days: int) -> int:
        """What an instant of a day is behind that of the model: microseconds, not above 0."""
        return (day - days + 1) * (DAY // timedelta(microseconds=1))

    def prepare(self) -> None:
        """Read what `heads` and `history` need: after that they may be asked from any thread."""
        self._identities, self._signed, self._rows  # noqa: B018 - kept where they are asked for first

    # --- the trees

    @cached_property
    def _identities(self) -> dict[str, list[tuple[int, str, str, str]]]:
        return {direction: self._connection.execute(
            "SELECT sequence, message_id, mic, signature_digest FROM object WHERE direction = ? ORDER BY sequence",
            (direction,)).fetchall() for direction in BOTH}

    @cached_property
    def _signed(self) -> dict[str, int]:
        """Leaves under the heads of the day, by direction."""
        return dict(self._connection.execute("SELECT DISTINCT direction, size FROM checkpoint"))

    def heads(self, days: int) -> Iterator[dict[str, Frontier]]:
        """The trees that both sign on each day, by direction."""
        trees = dict.fromkeys(BOTH, Frontier())
        for day in range(days):
            signed = {}
            for direction in BOTH:
                hashes = [leaf_hash(leaf(sequence + day * self.highest[direction], spread(message_id, day), *digests))
                          for sequence, message_id, *digests in self._identities[direction]]
                signed[direction] = trees[direction].extended(hashes[:self._signed[direction]])
                trees[direction] = signed[direction].extended(hashes[self._signed[direction]:])
            yield signed

    # --- the history

    def history(self, day: int, past: int, head: str, signed: Mapping[str, Frontier]) -> Iterator[HistoryLine]:
        """The rows of a day; `head` is the hash of the row before. Each follows the one before it."""
        mark, first = f"Q{day:04d}Q", day * self.counts["history"]
        for row in self._rows:
            number, at = first + row.number, row.at + past
            subject = row.subject_id if row.subject_id is None else row.subject_id + day * row.step
            if row.plain:
                reference, text, digest = row.reference.replace(_MARK, mark), row.text.replace(_MARK, mark), row.digest
                said = (f'[{number},{at},"{row.subject}",{"null" if subject is None else subject}'
                        f"{row.tail.replace(_MARK, mark)}")
            else:
                reference, text, digest = self._special(row, day, signed)
                said = json.dumps([number, at, row.subject, subject, reference, row.event, row.from_state,
                                   row.to_state, text, digest], separators=(",", ":"))
            head = following(head, said)
            yield (number, at, row.subject, subject, reference, row.event, row.from_state, row.to_state, text, digest,
                   head)

    @cached_property
    def _rows(self) -> list[_Row]:
        return [_Row(self.counts.get(_SUBJECTS.get(row[2], row[2]), 0), *row) for row in self._connection.execute(
            "SELECT id, at, subject, subject_id, reference, event, from_state, to_state, text, digest FROM history "
            "ORDER BY id")]

    def _special(self, row: _Row, day: int, signed: Mapping[str, Frontier]) -> tuple[str, str, str | None]:
        """Reference, text and digest of a row that names an object by its Message-ID, or a head by its size."""
        if row.subject == "object":
            words = row.text.split(" ")
            if row.event == "new":
                words[1] = str(int(words[1]) + day * self.highest["out" if row.to_state == "PREPARED" else "in"])
                words[3:4] = [spread(name, day) for name in words[3:4]]
            return spread(row.reference, day), " ".join(words), row.digest
        direction, _, signer = row.text.split(" ")
        tree = signed[direction]
        return row.reference, f"{direction} {tree.size} {signer}", tree.root.hex()


HistoryLine = tuple[int, int, str, int | None, str, str, str | None, str | None, str, str | None, str]
"""A row of the history in the order of its columns."""


@dataclass(slots=True)
class _Row:
    """A row of the model's history. step: what the number it is about grows by each day."""

    step: int
    number: int
    at: int
    subject: str
    subject_id: int | None
    reference: str
    event: str
    from_state: str | None
    to_state: str | None
    text: str
    digest: str | None
    plain: bool = True
    tail: str = ""
    """What stands behind the number it is about, as it is hashed."""

    def __post_init__(self) -> None:
        self.plain = self.subject != "object" and (self.subject, self.event) != ("checkpoint", "new")
        self.tail = "," + json.dumps([self.reference, self.event, self.from_state, self.to_state, self.text,
                                      self.digest], separators=(",", ":"))[1:]


def spread(text: str, day: int) -> str:
    """A digest, or a text that begins with one, for another day: as far from the first as any other."""
    start = 1 if text.startswith("<") else 0
    size = 32 if start else 40 if text.endswith(".p7m") else 64
    return text[:start] + hashlib.sha256(f"{text} {day}".encode()).hexdigest()[:size] + text[start + size:]


def values_of(model: Model, day: int, days: int, signed: Mapping[str, Frontier]) -> dict[str, object]:
    """What the statements of `copying` are given for a day."""
    values: dict[str, object] = {"day": day, "mark": f"Q{day:04d}Q", "past": model.past(day, days)}
    for direction in BOTH:
        values |= {f"sequences_{direction}": day * model.highest[direction], f"root_{direction}":
                   signed[direction].root.hex(), f"frontier_{direction}": signed[direction].dump()}
    return values


def copying(table: Table, model: Model, to: str = "main") -> str:
    """The statement that copies a day's rows of a table from the schema ``model``, with named values ``:day``."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return (f'INSERT INTO {to}."{table.name}" ({names}) SELECT '
            + ", ".join(_value(table, column, model.counts) for column in table.columns)
            + f' FROM model."{table.name}"')


def _value(table: Table, column: Column[object], counts: Mapping[str, int]) -> str:
    name = f'"{column.name}"'
    place = (table.name, column.name)
    if place in _SPREAD:
        return f"spread({name}, :day)"
    if isinstance(column.type, Instant):
        return f"{name} + :past"
    if place == ("object", "sequence"):
        return _SEQUENCE
    if place == ("checkpoint", "size"):
        return _by_direction("size + :sequences_{}")
    if place == ("object", "leaf"):
        return f"leaf({_SEQUENCE}, spread(message_id, :day), mic, signature_digest)"
    if place == ("checkpoint", "root"):
        return _by_direction(":root_{}")
    if place == ("checkpoint", "frontier"):
        return f"CASE WHEN frontier IS NOT NULL THEN {_by_direction(':frontier_{}')} END"
    if column.name == "tree":  # it stays what its digest says
        return name
    if column.name == "id":
        return f"{name} + :day * {counts[table.name]}"
    for key in column.foreign_keys:
        if key.column.name == "id":
            return name if key.column.table.name == _SHARED else f"{name} + :day * {counts[key.column.table.name]}"
    if column.type.python_type is str:
        return f"replace({name}, '{_MARK}', :mark)"
    return name


def _by_direction(value: str) -> str:
    return f"CASE direction WHEN 'in' THEN {value.format('in')} ELSE {value.format('out')} END"


_SEQUENCE = _by_direction("sequence + :sequences_{}")


def recounting(model: Model, days: int) -> Iterator[str]:
    """What is counted as it changes, counted once more: as the migration does that brought the counts."""
    yield f"UPDATE counter SET value = value * {days} WHERE name LIKE 'id/%' AND name <> 'id/{_SHARED}'"
    yield f"UPDATE link SET sequence = sequence * {days}, highest = highest * {days}"
    yield "DELETE FROM counter WHERE name LIKE 'movements/%'"
    yield "INSERT INTO counter (name, value) SELECT 'movements/' || state, count(*) FROM movement GROUP BY state"


# --- SQLite

def _multiply(connection: sqlite3.Connection, model: Model, days: int) -> None:
    connection.create_function("spread", 2, spread, deterministic=True)
    connection.create_function("leaf", 4, leaf, deterministic=True)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("ATTACH ? AS model", (str(model.path),))
    built = connection.execute(
        "SELECT name, type, sql FROM main.sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL "
        "ORDER BY type, name").fetchall()
    for name, kind, _ in built:
        connection.execute(f'DROP {kind} main."{name}"')
    for table in metadata.sorted_tables:
        if table not in model.grown:
            connection.execute(f'DELETE FROM main."{table.name}"')
            connection.execute(f'INSERT INTO main."{table.name}" SELECT * FROM model."{table.name}"')
    connection.execute("DELETE FROM main.history")  # what the opening wrote is part of the day as well
    statements = [copying(table, model) for table in model.grown if table.name != "history"]
    head, signed = START, model.heads(days)
    for start in range(0, days, _TOGETHER):
        connection.execute("BEGIN")
        for day in range(start, min(start + _TOGETHER, days)):
            trees = next(signed)
            values = values_of(model, day, days, trees)
            for statement in statements:
                connection.execute(statement, values)
            lines = model.history(day, model.past(day, days), head, trees)
            connection.executemany(f"INSERT INTO main.history VALUES ({', '.join('?' * 11)})", lines)
            head = connection.execute("SELECT row_hash FROM main.history ORDER BY id DESC LIMIT 1").fetchone()[0]
        connection.execute("COMMIT")
    for _, _, sql in built:
        connection.execute(sql)
    for statement in recounting(model, days):
        connection.execute(statement)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
