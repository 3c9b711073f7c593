"""The board of a corridor: its movements, what needs somebody first, a hundred on a page.

The order is that of `edi status`: by the urgency of the next action, the longest unchanged first; then, on the last
pages, the latest that ended. Every page is answered from indexes and costs what is open on that corridor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from msgspec import Struct

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


class BoardRow(Struct, frozen=True, kw_only=True):
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


class Board(Struct, frozen=True, kw_only=True):
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


class CorridorLine(Struct, frozen=True, kw_only=True):
    """What the index says of one corridor. urgent: open movements that wait for somebody here, not for an answer."""

    corridor: str
    open: int
    late: int
    urgent: int


def board(queries: Queries, corridor: str, now: datetime, page: int = 1) -> Board:
    """A page of the board; one beyond the last is the last, one before the first is the first."""
    whole = _Whole(queries, corridor, now)
    return whole.page(min(max(page, 1), whole.pages))


def boards(queries: Queries, corridor: str, now: datetime) -> list[Board]:
    """Every page of the board, put in order once."""
    whole = _Whole(queries, corridor, now)
    return [whole.page(number) for number in range(1, whole.pages + 1)]


class _Whole:
    """A board in its order, of which pages are taken."""

    def __init__(self, queries: Queries, corridor: str, now: datetime) -> None:
        self._queries, self._corridor, self._now = queries, corridor, now
        self._undelivered = set(queries.undelivered_on(corridor))
        self._order = [mrn for _, _, mrn in sorted(
            (_URGENCY.index(_RESEND if code in _WAITS and mrn in self._undelivered else code), changed, mrn)
            for mrn, code, changed in queries.board_keys(corridor, OPEN))]
        self._ended = queries.board_ended(corridor, ENDED)
        self._late = queries.board_late(corridor, now)
        self.pages = max(1, -(-(len(self._order) + len(self._ended)) // PAGE))

    def page(self, number: int) -> Board:
        """One page, from 1 to `pages`."""
        start = (number - 1) * PAGE
        shown = self._order[start:start + PAGE]
        held = self._queries.movements_of(shown)
        rest = self._ended[max(0, start - len(self._order)):][:PAGE - len(shown)]
        return Board(corridor=self._corridor, page=number, pages=self.pages, open=len(self._order), late=self._late,
                     rows=tuple(_row(one, self._undelivered, self._now)
                                for one in (*(held[mrn] for mrn in shown), *rest)))


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
