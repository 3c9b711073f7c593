"""Of what the tables of the ledger are made: instants, numbers of rows, references to rows, names of constraints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Column, Dialect, ForeignKey, Integer, MetaData, TypeDecorator

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
