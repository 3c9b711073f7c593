"""What every part of a write transaction stands on: numbers, content, history and guarded moves.

Numbers and history are kept in memory and written just before the commit: a transaction with a thousand messages writes
each counter once and its history in one statement; where it becomes long, in a few. Both are undone with the
transaction, or with a `part`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Update, bindparam, select, update

from gateway.ledger.chain import START, Fact, row_hash
from gateway.ledger.codec import digest_of
from gateway.ledger.errors import Moved
from gateway.ledger.prepared import insert_rows, run_rows
from gateway.ledger.rows import EventRow, Movement
from gateway.ledger.states import S, Step, Transitions, moves
from gateway.ledger.tables import content, counter, history

_DRAWN = (update(counter).where(counter.c.name == bindparam("of_name"), counter.c.value == bindparam("of_value"))
          .values(value=bindparam("new_value")))
_CONTENT = ("id", "digest", "size", "bytes")
_HISTORY = ("id", *Fact._fields, "row_hash")
FACTS = 2048
"""Rows of history that are kept in memory: a partner whose answer settles 250,000 messages at once makes as many."""
_COUNTER = select(counter.c.value).where(counter.c.name == bindparam("name")).with_for_update()


@cache
def _guard(table: Table, names: tuple[str, ...]) -> Update:
    """The guarded UPDATE of one row, built once for each table and set of columns."""
    return (update(table).where(table.c.id == bindparam("number"), table.c.state == bindparam("expected"))
            .values({name: bindparam(f"new_{name}") for name in names}))


class Base:
    """One write transaction. Made by `Ledger.transaction` only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._counters: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._facts: list[Fact] = []
        self._mappings: set[str] = set()
        self._foreseen: dict[str, Movement | None] = {}
        self._foreseen_last = frozenset[str]()
        self._foreseen_keys: dict[tuple[str, str], Movement | None] = {}
        self._foreseen_events: dict[tuple[str, str], list[EventRow]] = {}

    # --- numbers

    def next_number(self, name: str) -> int:
        """The next number of a series, from 1; committed numbers have no holes.

        Series are made by their first use: ``reference/<partner>``, ``mrn/<office>/<year>``, ``event/<office>/<day>``.
        """
        return self._numbers(name, 1).start

    def _numbers(self, name: str, count: int) -> range:
        last = self._counters.get(name)
        if last is None:
            stored = self._connection.execute(_COUNTER, {"name": name}).scalar()
            if stored is not None:
                self._stored[name] = stored
            last = stored or 0
        self._counters[name] = last + count
        return range(last + 1, last + count + 1)

    def _ids(self, table: Table, count: int) -> range:
        """Row numbers for a table: a series like any other, so that they are known before the rows are written."""
        return self._numbers(f"id/{table.name}", count)

    def _tally(self, name: str, more: int) -> None:
        """Count on, or back: what a series counts that is no number of a row (`MOVEMENTS`)."""
        self._counters[name] = self._numbers(name, 0).stop - 1 + more

    # --- savepoints

    @contextmanager
    def part(self) -> Iterator[None]:
        """Work that stands or falls by itself inside the transaction; an exception undoes it and goes on up."""
        counters, before = dict(self._counters), self._facts
        self._facts = before.copy()  # what of these is written within the part is undone with it
        try:
            with self._connection.begin_nested():
                yield
        except BaseException:
            self._counters = counters
            self._mappings.clear()
            self._foreseen.clear()
            self._foreseen_keys.clear()
            self._foreseen_events.clear()
            self._facts = before
            raise

    # --- content

    def _keep(self, bodies: Sequence[bytes | str], digests: Sequence[str] = ()) -> list[tuple[int, str]]:
        """Store bodies; for each its content number and SHA-256, in order. A text is kept as UTF-8.

        digests  theirs, where they are known
        """
        if not bodies:
            return []
        ids = self._ids(content, len(bodies))
        rows = []
        for place, (number, body) in enumerate(zip(ids, bodies, strict=True)):
            octets = body.encode() if isinstance(body, str) else body
            rows.append((number, digests[place] if digests else digest_of(octets), len(octets), octets))
        insert_rows(self._connection, content, _CONTENT, rows)
        return [(number, digest) for number, digest, _, _ in rows]

    # --- history

    def _record(self, fact: Fact) -> None:
        self._facts.append(fact)
        if len(self._facts) >= FACTS:
            self._write_history()

    def _write_history(self) -> None:
        """Write what was recorded, behind the last row that stands there."""
        if self._facts:
            previous = self._connection.execute(
                select(history.c.row_hash).order_by(history.c.id.desc()).limit(1)).scalar() or START
            rows = []
            for number, fact in zip(self._ids(history, len(self._facts)), self._facts, strict=True):
                previous = row_hash(previous, number, fact)
                rows.append((number, *fact, previous))
            insert_rows(self._connection, history, _HISTORY, rows)
            self._facts = []

    def _finish(self) -> None:
        """Write the rest of the history, and the counters. Called once, before the commit."""
        self._write_history()
        stored = self._stored
        insert_rows(self._connection, counter, ("name", "value"), [
            (name, value) for name, value in self._counters.items() if name not in stored])
        drawn = [(name, stored[name], value) for name, value in self._counters.items()
                 if name in stored and value != stored[name]]
        if run_rows(self._connection, _DRAWN, ("of_name", "of_value", "new_value"), drawn) != len(drawn):
            raise Moved("counter", ", ".join(name for name, _, _ in drawn), "-")
        self._stored.update(self._counters)

    # --- moves

    def _move_one(self, table: Table, number: int, expected: str, values: dict[str, Any], reference: str) -> None:
        """UPDATE one row … AND state = :expected; raises Moved when it is not there any more."""
        new = {f"new_{name}": value for name, value in values.items()}
        done = self._connection.execute(_guard(table, tuple(values)), {"number": number, "expected": expected, **new})
        if done.rowcount != 1:
            raise Moved(table.name, reference, expected)

    def _move_each(self, table: Table, moves: Sequence[dict[str, Any]]) -> None:
        """The same for rows of one table, each with its ``number``, its ``expected`` state and the same ``new_…``."""
        if not moves:
            return
        names = tuple(moves[0])
        statement = _guard(table, tuple(name.removeprefix("new_") for name in names if name.startswith("new_")))
        done = run_rows(self._connection, statement, names, [tuple(one.values()) for one in moves])
        if done != len(moves):
            raise Moved(table.name, ", ".join(str(one["number"]) for one in moves), str(moves[0]["expected"]))

    def _move_all(self, table: Table, transitions: Transitions[S], step: Step, where: ColumnElement[bool],
                  fact: Callable[[Any, S, S], Fact], values: dict[str, Any], columns: Sequence[ColumnElement[Any]]
                  ) -> int:
        """Move every row that `where` selects and that `step` moves; the others stay. Returns how many moved.

        columns  what `fact` wants to see of each row, beside its id
        values   what is set beside the state
        """
        moved = 0
        targets = dict(moves(transitions, step))
        rows = self._connection.execute(
            select(table.c.id, table.c.state, *columns).where(where, table.c.state.in_(list(targets)))
            .order_by(table.c.id)).all()
        for source, target in targets.items():
            these = [row for row in rows if row.state == source]
            if not these:
                continue
            done = self._connection.execute(
                update(table).where(where, table.c.state == source).values({"state": target, **values}))
            if done.rowcount != len(these):
                raise Moved(table.name, str(these[0].id), source)
            for row in these:
                self._record(fact(row, source, target))
            moved += len(these)
        return moved

