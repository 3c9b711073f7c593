"""The board of a corridor: its movements, what needs somebody first, a hundred on a page.

The order is that of `edi status`: by the urgency of the next action, the longest unchanged first; then, on the last
pages, the latest that ended. Every page is answered from indexes and costs what is open on that corridor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.ledger import Queries
from gateway.ledger.rows import Movement
from gateway.reports.status import OPEN

PAGE = 100
"""Rows of one page."""
ENDED = 100
"""How many of those that ended are shown after the open ones; the others are found by their reference."""

_URGENCY = OPEN
"""The codes of what may come next, the most urgent first."""
_WAITS = ("wait", "chase")
_RESEND = "resend"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One movement.

    state, flags, next, who  as in `status.MovementLine`; next is ``none`` for one that ended
    due, timer               the first timer that runs, and when it ends; None where none runs
    late                     it had ended when the board was read
    """

    mrn: str
    national_key: str
    role: str
    departure: str
    destination: str
    state: str
    flags: str
    next: str
    who: str
    changed: datetime
    due: datetime | None
    timer: str | None
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One page of a corridor's board.

    page, pages  from 1; there is always one page
    open, late   movements of the whole corridor that are open, and of these those past the end of a timer
    rows         at most `PAGE`
    """

    corridor: str
    page: int
    pages: int
    open: int
    late: int
    rows: tuple[BoardRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorLine:
    """What the index says of one corridor. urgent: open movements that wait for somebody here, not for an answer."""

    corridor: str
    open: int
    late: int
    urgent: int


def board(queries: Queries, corridor: str, now: datetime, page: int = 1) -> Board:
    """A page of the board; one beyond the last is the last, one before the first is the first."""
    undelivered = set(queries.undelivered_on(corridor))
    order = sorted((_URGENCY.index(_RESEND if code in _WAITS and mrn in undelivered else code), changed, mrn)
                   for mrn, code, changed in queries.board_keys(corridor, OPEN))
    ended = queries.board_ended(corridor, ENDED)
    pages = max(1, -(-(len(order) + len(ended)) // PAGE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PAGE
    shown = [mrn for _, _, mrn in order[start:start + PAGE]]
    held = queries.movements_of(shown)
    rest = ended[max(0, start - len(order)):][:PAGE - len(shown)]
    return Board(corridor=corridor, page=page, pages=pages, open=len(order), late=queries.board_late(corridor, now),
                 rows=tuple(_row(one, undelivered, now) for one in (*(held[mrn] for mrn in shown), *rest)))


def _row(row: Movement, undelivered: Collection[str], now: datetime) -> BoardRow:
    """Of one that is waited for while its message is a dead letter, the next thing is to send that again: nobody has
    it."""
    step = _RESEND if row.next_action in _WAITS and row.mrn in undelivered else row.next_action
    return BoardRow(mrn=row.mrn, national_key=row.key, role=row.role, departure=row.departure,
                    destination=row.destination, state=row.state, flags=row.flags, next=step, who=row.who,
                    changed=row.changed, due=row.due, timer=row.timer, late=row.due is not None and row.due <= now)


def corridor_lines(queries: Queries, corridors: Iterable[str], now: datetime) -> tuple[CorridorLine, ...]:
    """The lines of an index, in the order given. corridors: those of the settings and those that movements are on."""
    lines = []
    for corridor in corridors:
        counts = queries.board_counts(corridor, OPEN)
        lines.append(CorridorLine(corridor=corridor, open=sum(counts.values()), late=queries.board_late(corridor, now),
                                  urgent=sum(number for code, number in counts.items() if code not in ("wait", ""))))
    return tuple(lines)
