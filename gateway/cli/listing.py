"""How a list is told: to programs item by item with a summary, to people as a table or, of nothing, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.cli.context import emit, emit_json, t, table

Item = TypeVar("Item")


def tell_list(found: Sequence[Item], as_json: bool, *, item: Callable[[Item], None], headings: Sequence[str],
              row: Callable[[Item], list[str]], empty: str, **totals: object) -> None:
    """Tell what was found.

    item      tells one of them to programs
    headings  their keys in the catalogue, "" for a column without; row: the cells of one of them
    empty     key of the sentence for nothing
    totals    what the summary says beside ``count``
    """
    if as_json:
        for one in found:
            item(one)
        emit_json("summary", {"count": len(found), **totals})
    elif found:
        table([t(key) if key else "" for key in headings], [row(one) for one in found])
    else:
        emit(t(empty))
