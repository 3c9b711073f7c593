"""National views of a database: read, never written. What is new since the last time becomes one rows file per record.

SQLite files are opened read only (``mode=ro``); PostgreSQL sessions are read only and see one moment of the database
(REPEATABLE READ). A record is new when its growing column is beyond the mark of the last time; rows that share the
mark's value and were not there then are taken too, because a change time is not unique.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import (
    URL,
    Connection,
    String,
    TableClause,
    and_,
    cast,
    column,
    create_engine,
    func,
    make_url,
    or_,
    select,
    table,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.records.rows import Row, write_rows
from gateway.records.view import View

PATIENCE = 60
"""Seconds that one statement may take."""

DIGITS = 15
"""Significant digits that a binary float keeps; one with more has no exact text and is refused."""


class Mark(Struct, frozen=True):
    """How far a view was read: the largest value of its growing column, its type, and the records that had it."""

    value: str
    kind: str
    keys: tuple[str, ...]

    def dump(self) -> str:
        """A text that `parse` takes apart."""
        return json.dumps({"value": self.value, "kind": self.kind, "keys": self.keys}, ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> Mark:
        """Raises ValueError for another text."""
        try:
            kept = json.loads(text)
            made = cls(str(kept["value"]), str(kept["kind"]), tuple(str(key) for key in kept["keys"]))
        except (KeyError, TypeError) as error:
            raise ValueError(text) from error
        made.bound()
        return made

    def bound(self) -> int | float | str | Decimal | datetime | date:
        """The value as the database compares it. Raises ValueError for another kind."""
        makers: dict[str, Any] = {"int": int, "str": str, "float": float, "Decimal": Decimal,
                                  "datetime": datetime.fromisoformat, "date": date.fromisoformat}
        if self.kind not in makers:
            raise ValueError(self.kind)
        made: int | float | str | Decimal | datetime | date = makers[self.kind](self.value)
        return made


class RowsFile(Struct, frozen=True):
    """One record: a stem that is the same whenever the same state of the record is fetched, and the file."""

    stem: str
    content: bytes


class Fetched(Struct, frozen=True):
    """What is new, and how far it was read. `findings` only announce: rows whose growing column is empty (R036)."""

    files: tuple[RowsFile, ...]
    mark: Mark | None
    findings: tuple[Finding, ...]


def fetch(url: str, view: View, mark: Mark | None, *, zone: ZoneInfo, most: int = 500) -> Fetched:
    """The records that are new since a mark, in the order of their growing column.

    zone  of the times in the files: a time with a zone of its own is told in this one
    most  records at most; the next call goes on behind them

    Raises LocalError: R034 not a database that is read (SQLite, PostgreSQL), R035 it cannot be read now, R037 its
    driver is not installed.
    """
    address = _address(url)
    try:
        with _reading(address) as connection:
            rows = _new(connection, view, mark, most)
            lines = _lines(connection, view, [row[view.join] for row in rows])
            header = _table(view.header, [view.growing])
            unmarked = connection.execute(select(func.count()).select_from(header).where(
                header.c[view.growing].is_(None))).scalar()
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise LocalError(Finding(code="R035", place=Place(file=_shown(address)), values={
            "view": view.header, "reason": reason[0][:200] if reason else type(error).__name__})) from error
    except ModuleNotFoundError:
        raise LocalError(Finding(code="R037", place=Place(file=_shown(address)),
                                 values={"extra": "postgres"})) from None
    files: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        files.setdefault(str(row[view.join]), []).append(row)
    made = tuple(_file(view, key, found, lines.get(key, ()), zone) for key, found in files.items())
    findings = (Finding(code="R036", severity=Severity.WARNING, place=Place(file=_shown(address)), values={
        "count": str(unmarked), "view": view.header, "column": view.growing}),) if unmarked else ()
    return Fetched(made, _mark(view, rows, mark), findings)


def _address(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise LocalError(Finding(code="R034", values={"kind": "?"})) from None
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql") or not url.database or (kind == "sqlite" and url.database == ":memory:"):
        raise LocalError(Finding(code="R034", place=Place(file=_shown(url)), values={"kind": kind}))
    return url.set(drivername="postgresql+psycopg") if kind == "postgresql" else url


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


@contextmanager
def _reading(url: URL) -> Iterator[Connection]:
    """A connection that cannot write, in one transaction that sees one moment."""
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database)).absolute()

        def opened() -> sqlite3.Connection:
            return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=PATIENCE, isolation_level=None)

        engine = create_engine("sqlite://", creator=opened)
    else:
        engine = create_engine(url, connect_args={"connect_timeout": PATIENCE, "options": (
            f"-c default_transaction_read_only=on -c statement_timeout={PATIENCE * 1000}")},
            isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            if url.get_backend_name() == "sqlite":
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _table(name: str, columns: Sequence[str]) -> TableClause:
    schema, _, plain = name.rpartition(".")
    return table(plain, *(column(one) for one in dict.fromkeys(columns)), schema=schema or None)


def _new(connection: Connection, view: View, mark: Mark | None, most: int) -> list[Mapping[str, Any]]:
    header = _table(view.header, (*view.columns, view.join, view.growing))
    growing, join = header.c[view.growing], header.c[view.join]
    wanted = select(header).where(growing.is_not(None))
    if mark is not None:
        bound = mark.bound()
        wanted = wanted.where(or_(growing > bound, and_(growing == bound, cast(join, String).not_in(mark.keys))))
    return [dict(row) for row in connection.execute(wanted.order_by(growing, join).limit(most)).mappings()]


def _lines(connection: Connection, view: View, keys: Sequence[Any]) -> dict[str, list[Mapping[str, Any]]]:
    if not view.items or not keys:
        return {}
    items = _table(view.items, (*view.item_columns, view.join, view.order))
    wanted = select(items).where(items.c[view.join].in_(keys)).order_by(items.c[view.join], items.c[view.order])
    made: dict[str, list[Mapping[str, Any]]] = {}
    for row in connection.execute(wanted).mappings():
        made.setdefault(str(row[view.join]), []).append(dict(row))
    return made


def _mark(view: View, rows: Sequence[Mapping[str, Any]], before: Mark | None) -> Mark | None:
    if not rows:
        return before
    last = rows[-1][view.growing]
    value = last.isoformat() if isinstance(last, date) else str(last)
    keys = tuple(str(row[view.join]) for row in rows if row[view.growing] == last)
    if before is not None and before.value == value:
        keys = (*before.keys, *keys)
    return Mark(value, type(last).__name__, keys)


def _file(view: View, key: str, rows: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]],
          zone: ZoneInfo) -> RowsFile:
    content = write_rows(view.header, view.items, view.join, key, [_row(row, view.columns, zone) for row in rows],
                         [_row(line, view.item_columns, zone) for line in lines])
    return RowsFile(f"{quote(key, safe='')}.{quote(str(rows[-1][view.growing]), safe='')}", content)


def _row(row: Mapping[str, Any], columns: Sequence[str], zone: ZoneInfo) -> Row:
    return {name: text for name in columns if (text := _text(row[name], zone)) is not None}


def _text(value: object, zone: ZoneInfo) -> str | dict[str, str] | None:
    """The text of a value as the formats of dialects read it; None for NULL."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return (value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        value = Decimal(repr(value))
        return f"{value:f}" if len(value.normalize().as_tuple().digits) <= DIGITS else {"type": "float"}
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    return {"type": type(value).__name__}
