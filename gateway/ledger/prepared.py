"""Statements that take many rows, compiled once and given to the driver in its own form.

SQLAlchemy asks for every value of every row by its name, and its type each time. Here each column is asked once for all
rows, and a value that many of them share (the time of a run) is put into its form once. The statements, the types'
forms and the errors are those of SQLAlchemy. A server's driver takes rows by name: a few of them SQLAlchemy gives to
it, many go at once, in a way of its own (`postgresql_bulk`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import Connection, Insert, Table, Update, insert

Form: TypeAlias = Callable[[Any], Any]
Columns: TypeAlias = Sequence[Sequence[Any]]
Sent: TypeAlias = Callable[[Connection, Columns], int | None]
"""Sends the columns of many rows, and tells how many rows of the table that touched; None where nothing was sent, for
one after the other they would do something else."""

BULK = "bulk"
"""Option of connections that send many rows at once in a way of their own: what tells how (`Bulk`)."""
FEW = 16
"""Rows below which a statement for each is as quick there."""

Bulk: TypeAlias = Callable[[Any, Table, tuple[str, ...]], Sent | None]
"""Compiled statement, its table, names of the parameters -> how many rows of it are sent; None: as ever."""


class _Prepared(Struct, frozen=True):
    """A statement in the words of one kind of database.

    places  where the parameters stand in a row, in the order of the statement
    forms   what the driver takes for the values of a place
    sent    how many rows are sent at once, where that has a way of its own
    """

    sql: str
    places: tuple[int, ...]
    forms: tuple[tuple[int, Form], ...]
    sent: Sent | None


_KNOWN: dict[tuple[str, Insert | Update, tuple[str, ...]], _Prepared] = {}


def insert_rows(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
    """INSERT rows, whose values stand in the order of the names of their columns."""
    run_rows(connection, _insert(table), names, rows)


def run_rows(connection: Connection, statement: Insert | Update, names: tuple[str, ...],
             rows: Sequence[Sequence[Any]]) -> int:
    """Run a statement for each row; how many rows of its table that touched in all.

    statement  made once: it is known again by itself; each of its parameters has a name
    names      of the parameters, in the order of the values of a row
    """
    if not rows:
        return 0
    if not connection.dialect.positional:
        done = _run_in_bulk(connection, statement, names, rows)
        return connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows]).rowcount \
            if done is None else done
    prepared = _prepared(connection, statement, names)
    columns = _formed(prepared, rows)
    given = list(zip(*[columns[place] for place in prepared.places], strict=True))
    return connection.exec_driver_sql(prepared.sql, given).rowcount


def _run_in_bulk(connection: Connection, statement: Insert | Update, names: tuple[str, ...],
                 rows: Sequence[Sequence[Any]]) -> int | None:
    if len(rows) < FEW or BULK not in connection.get_execution_options():
        return None
    prepared = _prepared(connection, statement, names)
    return None if prepared.sent is None else prepared.sent(connection, _formed(prepared, rows))


def _prepared(connection: Connection, statement: Insert | Update, names: tuple[str, ...]) -> _Prepared:
    key = (connection.dialect.name, statement, names)
    prepared = _KNOWN.get(key)
    if prepared is None:
        prepared = _KNOWN[key] = _prepare(connection, statement, names)
    return prepared


def _formed(prepared: _Prepared, rows: Sequence[Sequence[Any]]) -> Columns:
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, form in prepared.forms:
        column = columns[place]
        formed = {mark: form(value) for mark, value in {id(value): value for value in column}.items()}
        columns[place] = [formed[id(value)] for value in column]
    return columns


@cache
def _insert(table: Table) -> Insert:
    return insert(table)


def _prepare(connection: Connection, statement: Insert | Update, names: tuple[str, ...]) -> _Prepared:
    dialect = connection.dialect
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
    if set(compiled.binds) != set(names):
        raise ValueError(f"the parameters of the statement are {sorted(compiled.binds)}, not {sorted(names)}")
    forms = [(place, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
             for place, name in enumerate(names)]
    bulk: Bulk | None = connection.get_execution_options().get(BULK)
    table: Any = statement.table
    return _Prepared(
        sql=str(compiled),
        places=tuple(names.index(name) for name in compiled.positiontup) if dialect.positional else (),
        forms=tuple((place, form) for place, form in forms if form is not None),
        sent=None if bulk is None else bulk(compiled, table, names))
