"""How far the ledger had come, said outside of it: a ledger that is behind that is an older copy.

``state/generation`` holds the number and the hash of the last row of the history. Every command that opens the gateway
to work writes it when it ends, and before anything is published. Somebody who only puts an old ledger file back leaves
it as it is: the ledger then knows fewer rows, or another row under that number.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from msgspec import Struct

from gateway.errors import GatewayError
from gateway.ledger import Ledger
from gateway.spool import make_folder, read_whole, turn, write_whole

_LINE = re.compile(rb"gw-generation/1 (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})\n")
_LONGEST = 200


class Mark(Struct, frozen=True):
    """A row of the history. row: its number; hash: 64 hex digits."""

    row: int
    hash: str


_SPOILT = Mark(10 ** 19, "")
"""What is there and says nothing: no ledger has come so far."""


def marked(state: Path) -> Mark | None:
    """The mark that the last command left; None before the first. To be read before the ledger is opened."""
    try:
        content = read_whole(state / "generation", _LONGEST)
    except FileNotFoundError:
        return None
    except GatewayError:
        return _SPOILT
    found = _LINE.fullmatch(content)
    return _SPOILT if found is None else Mark(int(found[1]), found[2].decode("ascii"))


def behind(ledger: Ledger, mark: Mark | None) -> bool:
    """Tell whether a ledger is older than a mark, or has another history."""
    if mark is None:
        return False
    with ledger.reading() as queries:
        return queries.history_counted() < mark.row or queries.history_hash(mark.row) not in (None, mark.hash)


def mark(state: Path, ledger: Ledger, *, anew: bool = False) -> None:
    """Note how far the ledger has come. A mark is only moved on, unless a hold in the ledger takes its place (`anew`).

    Where it cannot be written the older one stays: it notices less, and never anything false.
    """
    with contextlib.suppress(GatewayError), turn(make_folder(state / "lock") / "generation.lock") as ours:
        if not ours:
            return
        with ledger.reading() as queries:
            row = queries.history_counted()  # a row that somebody put behind the last one is none of ours
            found = queries.history_hash(row)
        before = marked(state)
        if found is not None and (anew or before is None or before.row < row):
            write_whole(state / "generation", f"gw-generation/1 {row} {found}\n".encode("ascii"))
