"""`edi overdue`: what is late, since when, what excuses it, how long it has left, and the one next action.

A receipt and a CONTRL are written by a machine: only its downtime interrupts their time. A CUSRES is an office's word:
its time is working time, wherever the hours of that office are known (`transit.calendars`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.config import Agreement
from gateway.ledger import Deadlines, Ledger, Queries, Transaction
from gateway.ledger.chase_rows import ChaseState
from gateway.ledger.questions import Overdue
from gateway.transit.calendars import Calendar, Closure, due

Lookups: TypeAlias = Queries | Transaction
Calendars: TypeAlias = Callable[[Lookups, Overdue], Calendar | None]
"""The calendar of whoever has to give an answer; None: nothing is known that interrupts."""

Standing: TypeAlias = Literal["excused", "grace", "late"]

_NEXT = {"receipt": "resend", "dead": "resend", "contrl": "call", "cusres": "chase"}


class Late(Struct, frozen=True, kw_only=True):
    """One late answer or movement.

    kind      receipt, contrl, cusres, or movement; dead: the receipt of an envelope that is repeated no more
    what      for a movement its state; else the kind again
    due       when the answer should have been here, its time interrupted by `excuses`
    alarm     until when it is tolerated
    standing  excused: not late by that time yet; grace: late, and tolerated still; late: somebody must act
    left      until `due`, while excused; until `alarm`, while tolerated; else nothing
    office    whose calendar interrupted; "" for none
    asked     how often it was asked for again; again: when next, None when it is not
    """

    kind: str
    what: str
    reference: str
    mrn: str | None
    partner: str
    since: datetime
    due: datetime
    next: str
    alarm: datetime
    standing: Standing = "late"
    left: timedelta = timedelta(0)
    office: str = ""
    excuses: tuple[Closure, ...] = ()
    asked: int = 0
    again: datetime | None = None


class Judged(Struct, frozen=True, kw_only=True):
    """What a deadline has become by the calendar and the grace. The words are those of `Late`."""

    due: datetime
    alarm: datetime
    standing: Standing
    left: timedelta
    excuses: tuple[Closure, ...]


def nothing_known(lookups: Lookups, row: Overdue) -> None:
    """Where no calendars are given, nothing excuses."""


def deadlines_of(agreements: Mapping[str, Agreement]) -> dict[str, Deadlines]:
    """The shortest time that each agreement gives an answer on any corridor: what is not over is not late."""
    return {name: Deadlines(contrl=agreed.deadlines.contrl, cusres=min(
        agreed.deadlines.cusres, *(one.cusres for one in agreed.corridors))
        if agreed.corridors else agreed.deadlines.cusres) for name, agreed in agreements.items()}


def judge(row: Overdue, agreed: Agreement | None, corridor: str, calendar: Calendar | None, now: datetime
          ) -> Judged | None:
    """Whether an answer whose deadline is over by the clock is late by agreement and calendar.

    corridor  of the movement that is answered; "" where the answer is not one movement's
    None where the agreement for that corridor gives more time, and it is not over.
    """
    lasting: timedelta = row.due - row.since
    grace: timedelta | None = None
    if agreed is not None:
        grace = {"contrl": agreed.grace.contrl, "cusres": agreed.grace.cusres}.get(row.kind, agreed.grace.receipt)
        if row.kind == "cusres":
            own = next((one for one in agreed.corridors if one.corridor == corridor), None)
            lasting, grace = (agreed.deadlines.cusres, grace) if own is None else (own.cusres, own.grace)
    if row.since + lasting > now:
        return None
    working = row.kind == "cusres"
    ends = due(row.since, lasting, calendar, working=working)
    alarm = due(ends.at, grace, calendar, working=working).at if grace else ends.at
    standing: Standing = "excused" if now < ends.at else "grace" if now < alarm else "late"
    left = {"excused": ends.at - now, "grace": alarm - now}.get(standing, timedelta(0))
    return Judged(due=ends.at, alarm=alarm, standing=standing, left=left, excuses=ends.pauses)


def overdue(ledger: Ledger, now: datetime, agreements: Mapping[str, Agreement],
            calendars: Calendars = nothing_known) -> list[Late]:
    """Everything that is late, or would be without an excuse, oldest first. agreements: by partner."""
    with ledger.reading() as queries:
        late = [line for row in queries.overdue(now, deadlines_of(agreements))
                if (line := _line(queries, row, agreements.get(row.partner), calendars, now)) is not None]
        for movement in queries.movements_overdue(now):
            assert movement.due is not None
            late.append(Late(kind="movement", what=movement.state, reference=movement.mrn, mrn=movement.mrn,
                             partner=movement.who, since=movement.changed, due=movement.due, alarm=movement.due,
                             next=movement.next_action))
    return sorted(late, key=lambda line: line.due)


def late_answers(queries: Queries, now: datetime, agreements: Mapping[str, Agreement], calendars: Calendars, *,
                 most: int) -> list[Late]:
    """Answers that are late by calendar and after their grace, the oldest first; dead letters are none.

    most  how many of each partner and kind are judged, the oldest: a watch must not take longer the worse it stands
    """
    judged: Counter[tuple[str, str]] = Counter()
    found = []
    for row in queries.overdue(now, deadlines_of(agreements)):
        if row.kind == "dead" or judged[row.partner, row.kind] >= most:
            continue
        judged[row.partner, row.kind] += 1
        line = _line(queries, row, agreements.get(row.partner), calendars, now)
        if line is not None and line.standing == "late":
            found.append(line)
    return found


def corridor_of(lookups: Lookups, row: Overdue) -> str:
    """The corridor of the movement that an answer is about; "" for none."""
    movement = None if row.mrn is None else lookups.movement(row.mrn)
    return "" if movement is None else movement.corridor


def _line(queries: Queries, row: Overdue, agreed: Agreement | None, calendars: Calendars, now: datetime
          ) -> Late | None:
    corridor = corridor_of(queries, row) if agreed is not None and agreed.corridors else ""
    calendar = calendars(queries, row)
    judged = judge(row, agreed, corridor, calendar, now)
    if judged is None:
        return None
    chase = queries.chase(row.kind, row.subject_id)
    running = chase is not None and chase.state is ChaseState.RUNNING
    step = "wait" if judged.standing != "late" and row.kind != "dead" else _NEXT[row.kind]
    if step == "resend" and row.kind == "receipt" and queries.uncollected(row.partner, now):
        step = "call"  # it lies there: to put it up again is of no use
    if chase is not None and step != "wait":  # the gateway asks by itself, until it gives up
        step = "wait" if running else "call"
    return Late(kind=row.kind, what=row.kind, reference=_reference(queries, row), mrn=row.mrn, partner=row.partner,
                since=row.since, due=judged.due, alarm=judged.alarm, standing=judged.standing, left=judged.left,
                office="" if calendar is None or not judged.excuses else calendar.office, excuses=judged.excuses,
                asked=0 if chase is None else chase.tries,
                again=chase.next_at if chase is not None and running else None, next=step)


def _reference(queries: Queries, row: Overdue) -> str:
    """Of an envelope the interchange that it carries."""
    carried = queries.object_of(row.subject_id) if row.kind in ("receipt", "dead") else None
    interchange = queries.interchange(carried.interchange_id) \
        if carried is not None and carried.interchange_id is not None else None
    return row.reference if interchange is None else interchange.control_reference
