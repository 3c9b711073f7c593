"""How a national database names its views; to say it needs no database library."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class View(Struct, frozen=True):
    """The views of a national system, as a dialect names them.

    header   one row per record; ``schema.view`` where it stands in a schema
    items    one row per item, "" for none
    join     column that names the record in both
    growing  column of the header that only grows: a number, a change time
    order    column of the items by which they are ordered
    columns, item_columns  what is asked for
    """

    header: str
    items: str
    join: str
    growing: str
    order: str
    columns: Sequence[str]
    item_columns: Sequence[str]
