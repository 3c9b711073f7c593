"""Many rows at once to a PostgreSQL server: as one COPY, or as one UPDATE that takes its values from arrays.

What is written is written under the write lock, for which all hosts wait (decision 0013). A statement for each row is
bound, sent and run by itself, even where nobody waits between them; one for all rows takes a third to a seventh of the
time. Who writes says the same as ever (`insert(table)`, `update(table)` and rows): here it is sent in another form, and
what has none that means the same goes the usual way, row by row. Rows that come by columns (`prepared`) go past
SQLAlchemy, which would ask for each value by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Engine, Table, event
from sqlalchemy.types import NullType

from gateway.ledger.prepared import BULK, FEW, Columns, Sent

_PARAMETER = re.compile(r"%\((\w+)\)s(?:::(\w+))?")
_INSERT = re.compile(r"INSERT INTO (\S+) \(([^()]+)\) VALUES \((%.+)\)")
_UPDATE = re.compile(r"UPDATE (\S+) SET (.+?) WHERE (.+)")
_ABSENT = re.compile(r"\S+ IS (?:NOT )?NULL")
_TYPES = {"BIGINT": "int8", "INTEGER": "int4", "VARCHAR": "text", "TEXT": "text", "BYTEA": "bytea", "BOOLEAN": "bool"}
"""SQL's names of types, and those under which psycopg knows them."""

Rows = Sequence[Mapping[str, Any]]

_COPIES: dict[str, Sequence[str]] = {}
"""Statements by which rows are copied, and the types of their columns."""


def send_in_bulk(engine: Engine) -> None:
    """Have this engine send many rows at once."""
    engine.update_execution_options(**{BULK: _bulk})

    @event.listens_for(engine, "do_executemany")
    def _many(cursor: Any, statement: str, rows: Any, context: Any) -> bool:
        if context.compiled is None:
            return _copy(cursor, statement, rows)
        if len(rows) < FEW:
            return False
        if context.isinsert:
            return _copied(cursor, statement, rows, context.compiled.statement.table, context.dialect)
        return bool(context.isupdate) and _updated(cursor, statement, rows)


def _bulk(compiled: Any, table: Table, names: tuple[str, ...]) -> Sent | None:
    """How the columns of many rows are sent."""
    if compiled.isinsert:
        copy = _in_copy(str(compiled), table, compiled.dialect)
        if copy is None:
            return None
        statement, order = copy
        places = [names.index(name) for name in order]
        return lambda connection, columns: connection.exec_driver_sql(
            statement, list(zip(*[columns[place] for place in places], strict=True))).rowcount
    form = _in_one(str(compiled))
    return None if form is None else partial(_update, form, names)


def _update(form: _Update, names: tuple[str, ...], connection: Connection, columns: Columns) -> int | None:
    given = {name: list(column) for name, column in zip(names, columns, strict=True)}
    if not any(len(set(given[key])) == len(given[key]) for key in form.keys):
        return None
    return connection.exec_driver_sql(form.statement, {name: given[name] for name in form.names}).rowcount


def _copied(cursor: Any, statement: str, rows: Rows, table: Table, dialect: Any) -> bool:
    copy = _in_copy(statement, table, dialect)
    return copy is not None and _copy(cursor, copy[0], [[row[name] for name in copy[1]] for row in rows])


def _copy(cursor: Any, statement: str, rows: Sequence[Sequence[Any]]) -> bool:
    types = _COPIES.get(statement)
    if types is None:
        return False
    with cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
    return True


def _in_copy(statement: str, table: Table, dialect: Any) -> tuple[str, list[str]] | None:
    """An INSERT as COPY, and the names of its parameters in the order of the columns; None where there is none that
    means the same. In its binary form, of the columns' own types: the server converts nothing."""
    into = _INSERT.fullmatch(statement)
    if into is None:
        return None
    columns, values = into[2].split(", "), into[3].split(", ")
    given = [_PARAMETER.fullmatch(value) for value in values]
    names = [one[1] for one in given if one is not None]
    if not len(names) == len(values) == len(columns):
        return None
    copy = f"COPY {into[1]} ({into[2]}) FROM STDIN (FORMAT BINARY)"
    if copy not in _COPIES:
        types = [_type_of(table.c[column.strip('"')], dialect) for column in columns]
        if None in types:
            return None
        _COPIES[copy] = [kind for kind in types if kind is not None]
    return copy, names


def _type_of(column: ColumnElement[Any], dialect: Any) -> str | None:
    return None if isinstance(column.type, NullType) else _TYPES.get(column.type.compile(dialect).partition("(")[0])


class _Update(Struct, frozen=True):
    """An UPDATE of many rows. names: of its parameters; keys: of those that a column must equal."""

    statement: str
    names: tuple[str, ...]
    keys: tuple[str, ...]


def _updated(cursor: Any, statement: str, rows: Rows) -> bool:
    """Update rows by one statement, where no row can be meant twice: one after the other they might see each other."""
    form = _in_one(statement)
    if form is None or not any(len({row[key] for row in rows}) == len(rows) for key in form.keys):
        return False
    cursor.execute(form.statement, {name: [row[name] for row in rows] for name in form.names})
    return True


@lru_cache(256)
def _in_one(statement: str) -> _Update | None:
    """The statement for arrays of what one row is given by; None where there is none that means the same."""
    update = _UPDATE.fullmatch(statement)
    types = dict(_PARAMETER.findall(statement))
    if update is None or not set(types.values()) <= _TYPES.keys() - {"BYTEA"}:
        return None
    keys = []
    for condition in update[3].split(" AND "):
        column, _, value = condition.partition(" = ")
        key = _PARAMETER.fullmatch(value)
        if key is not None and " " not in column:
            keys.append(key[1])
        elif _ABSENT.fullmatch(condition) is None:
            return None
    arrays = ", ".join(f"%({name})b::{kind}[]" for name, kind in types.items())
    columns = ", ".join(f'"{name}"' for name in types)
    table, values, where = (_PARAMETER.sub(r'given."\1"', part) for part in update.groups())
    words = ("UPDATE", table, "SET", values, f"FROM unnest({arrays}) AS given({columns})", "WHERE", where)
    return _Update(" ".join(words), tuple(types), tuple(keys))
