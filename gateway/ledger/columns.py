"""Of what the tables of the ledger are made: instants, numbers of rows, references to rows, names of constraints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    literal_column,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.compiler import DDLCompiler, SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

EVER = _EPOCH
"""Before every instant: a column is not null where it is not less, and every engine has an index for that."""


def instant_number(value: datetime) -> int:
    """Whole microseconds since 1970 UTC. Raises ValueError for a naive datetime."""
    if value.tzinfo is None:
        raise ValueError("the ledger takes aware datetimes only")
    return (value - _EPOCH) // _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as whole microseconds since 1970 UTC. A naive one is a ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """The number for an instant."""
        return None if value is None else instant_number(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The instant for a number, in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""A number of a row."""

metadata = MetaData(naming_convention={
    "ix": "ix_%(table_name)s_%(column_0_N_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s"})
"""What every table is part of."""


def id_column() -> Column[int]:
    """The number of a row, drawn from `counter`."""
    return Column("id", NUMBER, primary_key=True, autoincrement=False)


def link_column(name: str, target: str, nullable: bool = True) -> Column[int]:
    """A reference to a row of another table. target: ``table.column``."""
    return Column(name, NUMBER, ForeignKey(target), nullable=nullable)


def partial_index(name: str, *columns: Column[Any], where: str, unique: bool = False) -> Index:
    """An index of the rows of which `where` is true. Made after its table, to which it belongs by its columns."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), info={"where": where})


class Without(FunctionElement[str]):
    """The text of a JSON object without some of its members, where the database leaves them out by itself and changes
    nothing else; else as it is."""

    inherit_cache = True
    type = Text()

    def __init__(self, text: Column[str], *names: str) -> None:
        super().__init__(text, *(literal_column(f"'$.{name}'") for name in names))


@compiles(Without)
def _whole(element: Without, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(next(iter(element.clauses)), **options)


@compiles(Without, "sqlite")
def _on_sqlite(element: Without, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_remove({compiler.process(element.clauses, **options)})"


@compiles(CreateIndex, "postgresql")
def _on_postgresql(create: CreateIndex, compiler: DDLCompiler, **options: Any) -> str:
    """The same condition for PostgreSQL, said when it is asked for: saying it above would load that dialect in every
    command of every gateway that has none."""
    if "where" in create.element.info:
        create.element.dialect_options["postgresql"]["where"] = text(create.element.info["where"])
    return str(compiler.visit_create_index(create, **options))  # type: ignore[no-untyped-call]
