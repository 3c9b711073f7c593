"""`edi status`: movements and interchanges with their state and next action, worst first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from gateway.ledger import Ledger, Queries
from gateway.ledger.line_rows import Traffic
from gateway.ledger.questions import LinkState
from gateway.ledger.rows import InterchangeRow, Movement, Outage
from gateway.reports.traffic import by_day

LATEST = 50
"""How much of what ended a person is shown beside what is open."""

_URGENCY = {"correct": 0, "decide": 1, "record": 2, "examine": 3, "call": 4, "enquire": 5, "chase": 6, "resend": 7,
            "wait": 8}
_ENDED = ("none",)
OPEN = (*_URGENCY, "")
"""What may be the next thing to do, every code that there is but ``none``; nothing yet is not nothing any more."""


class MovementLine(Struct, frozen=True, kw_only=True):
    """A movement. state: of TRANSIT 3.2 for our role; next: a code, none when nobody must move."""

    mrn: str
    national_key: str
    corridor: str
    role: str
    state: str
    flags: str
    next: str
    who: str
    changed: datetime


class InterchangeLine(Struct, frozen=True, kw_only=True):
    """An interchange of either direction."""

    reference: str
    partner: str
    direction: str
    type: str
    state: str
    next: str
    messages: int
    attempts: int
    changed: datetime


class Totals(Struct, frozen=True, kw_only=True):
    """The last line. dead: of the unanswered those that are repeated no more."""

    movements: int
    interchanges: int
    waiting: int
    unanswered: int
    dead: int
    quarantined: int


class Status(Struct, frozen=True, kw_only=True):
    """What is open at one moment, and the latest that ended.

    links    those on which something is missing, parked or halted
    outages  mailboxes that failed when they were last tried
    totals   of everything held
    """

    movements: tuple[MovementLine, ...]
    interchanges: tuple[InterchangeLine, ...]
    links: tuple[LinkState, ...]
    outages: tuple[Outage, ...]
    totals: Totals


Line: TypeAlias = MovementLine | InterchangeLine | LinkState | Outage | Traffic | Totals


def status(ledger: Ledger, now: datetime) -> Status:
    """Everything that is open, worst first, and the latest that ended; all lines see the same moment."""
    with ledger.reading() as queries:
        ended = islice(queries.movements_to_move(_ENDED), LATEST)
        return Status(movements=(*_worst_first(queries), *map(_movement, ended)),
                      interchanges=tuple(_latest_interchanges(queries)), links=_links(queries),
                      outages=tuple(queries.outages()), totals=_totals(queries))


def everything(ledger: Ledger, now: datetime, *, ended: bool = True) -> Iterator[Line]:
    """What is held of one moment, line by line: movements, worst first, interchanges, links that wait, mailboxes that
    failed, what crossed the line to each partner today (UTC), totals.

    ended  all that ended as well, however much is kept; else the latest of it, as `status` has them

    Only what is open is held in memory. The moment is held until the last line is taken.
    """
    with ledger.reading() as queries:
        yield from _worst_first(queries)
        yield from map(_movement, islice(queries.movements_to_move(_ENDED), None if ended else LATEST))
        yield from map(_interchange, queries.each_interchange()) if ended else _latest_interchanges(queries)
        yield from _links(queries)
        yield from queries.outages()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        yield from by_day(queries.traffic(since=today))
        yield _totals(queries)


def _worst_first(queries: Queries) -> list[MovementLine]:
    """The movements that are open. Of one that is waited for while its message is a dead letter, the next thing to do
    is to send that again: nobody has it."""
    undelivered = queries.undelivered_movements()
    return sorted((replace(line, next="resend") if line.next in ("wait", "chase") and line.mrn in undelivered else line
                   for line in map(_movement, queries.movements_to_move(OPEN))),
                  key=lambda line: (_URGENCY.get(line.next, 9), line.changed))


def _latest_interchanges(queries: Queries) -> list[InterchangeLine]:
    """Those that are open and the latest that ended, the newest first."""
    return list(map(_interchange, sorted((*queries.open_interchanges(), *queries.ended_interchanges(LATEST)),
                                         key=lambda row: row.id, reverse=True)))


def _links(queries: Queries) -> tuple[LinkState, ...]:
    return tuple(one for one in queries.links() if one.gaps or one.parked or one.halted)


def _totals(queries: Queries) -> Totals:
    return Totals(
        movements=sum(queries.movement_counts().values()), interchanges=queries.interchange_count(),
        waiting=queries.waiting_count(),
        unanswered=queries.unanswered(), dead=queries.dead_letter_count(),
        quarantined=queries.quarantined())  # not what waits one run in the mailbox (V3)


def _movement(row: Movement) -> MovementLine:
    return MovementLine(mrn=row.mrn, national_key=row.key, corridor=row.corridor, role=row.role, state=row.state,
                        flags=row.flags, next=row.next_action, who=row.who, changed=row.changed)


def _interchange(row: InterchangeRow) -> InterchangeLine:
    return InterchangeLine(reference=row.control_reference, partner=row.partner, direction=row.direction,
                           type=row.type, state=row.state.value, next=_next(row.direction, row.type, row.state.value),
                           messages=row.messages, attempts=row.attempts, changed=row.changed)


def _next(direction: str, kind: str, state: str) -> str:
    """The next action for an interchange by its state alone."""
    if direction == "in":
        return {"STORED": "wait", "DEAD": "examine"}.get(state, "none")
    if state == "RECEIVED":
        return "none" if kind == "CONTRL" else "wait"
    return {"PREPARED": "wait", "DISPATCHED": "wait", "REJECTED": "correct", "REFUSED": "call",
            "DEAD-LETTER": "resend"}.get(state, "none")
