"""`edi status`: every movement and interchange with its state and its next action, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.ledger import Ledger

_URGENCY = {"correct": 0, "decide": 1, "examine": 2, "call": 3, "enquire": 4, "chase": 5, "resend": 6, "wait": 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementLine:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeLine:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The last line."""

    movements: int
    interchanges: int
    waiting: int
    unanswered: int
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything of one moment."""

    movements: tuple[MovementLine, ...]
    interchanges: tuple[InterchangeLine, ...]
    totals: Totals


def status(ledger: Ledger, now: datetime) -> Status:
    """Ask the ledger; all lines see the same moment."""
    with ledger.reading() as queries:
        movements = tuple(sorted(
            (MovementLine(mrn=row.mrn, national_key=row.key, corridor=row.corridor, role=row.role, state=row.state,
                          flags=row.flags, next=row.next_action, who=row.who, changed=row.changed)
             for row in queries.movements()), key=lambda line: (_URGENCY.get(line.next, 9), line.changed), ))
        interchanges = tuple(
            InterchangeLine(reference=row.control_reference, partner=row.partner, direction=row.direction,
                            type=row.type, state=row.state.value, next=_next(row.direction, row.type, row.state.value),
                            messages=row.messages, attempts=row.attempts, changed=row.changed)
            for row in queries.interchanges())
        summary = queries.summary(now)
        return Status(movements=movements, interchanges=interchanges, totals=Totals(
            movements=len(movements), interchanges=len(interchanges),
            waiting=sum(count.count for count in summary.open_messages if count.state == "WAITING"),
            unanswered=len(queries.objects_unanswered(now)),
            quarantined=sum(bool(note.kept) for note in queries.notes())))  # "": waits one run in the mailbox (V3)


def _next(direction: str, kind: str, state: str) -> str:
    """The next action for an interchange by its state alone."""
    if direction == "in":
        return {"STORED": "wait", "DEAD": "examine"}.get(state, "none")
    if state == "RECEIVED":
        return "none" if kind == "CONTRL" else "wait"
    return {"PREPARED": "wait", "DISPATCHED": "wait", "REJECTED": "correct", "REFUSED": "call"}.get(state, "none")
