"""The ledger by size, as `ledger` has it, in databases of a PostgreSQL server of its own (its package is needed)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench import Figure
from tests.bench.ledger import ROWS, figures_at
from tests.bench.ledger_places import server_in
from tests.tools.postgres import POSTGRES


def figures(scale: float) -> Iterator[Figure]:
    """At the usual sizes, times `scale`, in a temporary folder."""
    yield from figures_in(None, [max(1, round(rows * scale)) for rows in ROWS])


def figures_in(folder: Path | None, sizes: Sequence[int]) -> Iterator[Figure]:
    """At these sizes, in a folder where the server's data stay, or in a temporary one."""
    with ExitStack() as stack:
        chosen = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edi-bench-", dir="/var/tmp")))
        chosen.chmod(0o755)  # the server is another user
        yield from figures_of(sizes, chosen)


def figures_of(sizes: Sequence[int], folder: Path) -> Iterator[Figure]:
    """At these sizes, smallest first. folder: where the server is; a ledger that it has is not filled again."""
    if POSTGRES is None:
        yield Figure(name="PostgreSQL is not installed", value=0, unit="")
        return
    with server_in(folder) as place:
        yield from figures_at(place, sizes, folder)
