"""Rows as they are asked for: what is kept does not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, Row, Select


def streamed(connection: Connection, query: Select[Any], at_once: int) -> Iterator[Row[Any]]:
    """The rows of a question, so many at a time.

    On a server they are a cursor, which stays there until it is closed: whoever wants no more rows leaves none behind.
    """
    with closing(connection.execute(query, execution_options={"yield_per": at_once})) as rows:
        yield from rows
