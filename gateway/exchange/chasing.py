"""Answers that do not come are asked for again by the gateway itself, ever more rarely, and in the end by a person.

A CUSRES that is late, by calendar and after its grace, is asked for with a question about the state of the movement
(CUSRES 961/13, STQ), the partner alone; for a CONTRL the same sealed object is offered again, which a partner that lost
it judges anew and any other answers with its receipt. Never two chases for one answer: the ledger has one row for each.
Nothing is asked of an office that is closed. The answer ends the chase whenever it comes, also when it was given up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.config import Agreement, Chase
from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.awaited import calendars_at
from gateway.exchange.calendars import calendar_of
from gateway.exchange.daily import first_time
from gateway.exchange.effects import Effects
from gateway.exchange.state_query import queue_question
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding, Place
from gateway.ledger import Queries, Transaction
from gateway.ledger.chase_rows import ChaseRow, ChaseState
from gateway.ledger.questions import Overdue
from gateway.reports.lateness import corridor_of, deadlines_of, judge
from gateway.transit.calendars import due

GIVEN_UP = "X180"
SILENT = "X181"

AT_ONCE = 200
"""Answers that one run begins to chase, and questions that it asks, for each partner; the next one goes on."""


def interval(asked: int, agreed: Chase, chance: float = 0.0) -> timedelta:
    """How long after a question the next one is put: twice as long each time.

    asked   how often it was asked by then, the question just put included
    chance  from 0 to 1, drawn by the caller: what was asked together is not asked together for ever
    """
    doubled = agreed.first * 2 ** min(asked - 1, 20) if asked > 0 else agreed.first
    return min(doubled, agreed.longest) * (1 + 0.1 * chance)


def chase(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> None:
    """End the chases whose answer came, begin those that are due, put what is to be asked, give up what is too old.

    Raises LocalError as the ledger does.
    """
    now, agreed = occasion.now, gateway.partner(partner).agreement
    with gateway.ledger.reading() as queries:
        answered = queries.answered_chases(partner)
        late = _late(gateway, queries, partner, agreed, now)
        asking = queries.due_chases(partner, now=now, limit=AT_ONCE)
        held = queries.halted(partner, "out") is not None
        shut = _opens(gateway, queries, partner, now)
    if held:
        late, asking = [], []
    if answered or late or asking:
        with gateway.ledger.transaction() as transaction:
            for row in answered:
                transaction.end_chase(row, ChaseState.ANSWERED, at=now)
            over = {row.id for row in answered}
            due_now = {row.id: row for row in (
                *asking, *(transaction.begin_chase(one, at=now) for one in late)) if row.id not in over}
            given_up = [row for row in due_now.values() if row.began + agreed.chase.ends <= now]
            for row in given_up:
                transaction.end_chase(row, ChaseState.GIVEN_UP, at=now)
            _ask_all(gateway, transaction, [row for row in due_now.values() if row not in given_up], agreed.chase,
                     shut, occasion, summary)
        for row in given_up:
            summary.trouble(PartnerError(Finding(code=GIVEN_UP, place=Place(interchange=row.reference), values={
                "partner": partner, "mrn": row.mrn or row.reference, "answer": row.kind.upper(),
                "count": str(row.tries), "since": f"{row.began:%Y-%m-%d %H:%M}"})), Exit.PERSON)


def tell_silence(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> None:
    """Tell once a day that nothing came from a partner for longer than was agreed, and when the last thing did."""
    expected, now = gateway.partner(partner).agreement.expect, occasion.now
    if expected is None:
        return
    with gateway.ledger.reading() as queries:
        last = silent_since(gateway, queries, partner, now)
    if last is None:
        return
    with gateway.ledger.transaction() as transaction:
        if not first_time(transaction, partner=partner, told=f"{partner} {now:%Y-%m-%d}", code=SILENT, now=now):
            return
    summary.trouble(PartnerError(Finding(code=SILENT, place=Place(interchange=partner), values={
        "partner": partner, "last": f"{last:%Y-%m-%d %H:%M} UTC", "per": _hours(expected.per)})), Exit.PERSON)


def silent_since(gateway: Gateway, queries: Queries, partner: str, now: datetime) -> datetime | None:
    """When the last thing came from a partner of whom nothing came for longer than was agreed; None for all others.

    The time is working time, where the hours of the partner are known. A partner from whom nothing ever came is not
    silent: it has not begun.
    """
    expected, last = gateway.partner(partner).agreement.expect, queries.last_heard(partner)
    if expected is None or last is None:
        return None
    calendar = calendar_of(gateway, queries, partner, now)
    return last if due(last, expected.per, calendar, working=True).at <= now else None


def _late(gateway: Gateway, queries: Queries, partner: str, agreed: Agreement, now: datetime) -> list[Overdue]:
    """The answers that are late by calendar and grace, and were never chased."""
    calendars, found = calendars_at(gateway, now), list[Overdue]()
    for row in queries.unchased(partner, now, deadlines_of({partner: agreed})[partner], limit=AT_ONCE):
        judged = judge(row, agreed, corridor_of(queries, row) if agreed.corridors else "", calendars(queries, row),
                       now)
        if judged is not None and judged.standing == "late":
            found.append(row)
    return found


def _opens(gateway: Gateway, queries: Queries, partner: str, now: datetime) -> datetime | None:
    """When a partner that is closed now opens; None for one that is open."""
    calendar = calendar_of(gateway, queries, partner, now)
    if calendar is None or calendar.open_at(now):
        return None
    return due(now, timedelta(minutes=1), calendar, working=True).at


def _ask_all(gateway: Gateway, transaction: Transaction, rows: list[ChaseRow], agreed: Chase, shut: datetime | None,
             occasion: Occasion, summary: Summary) -> None:
    effects = Effects()
    for row in rows:
        if shut is not None:
            transaction.postpone_chase(row, until=shut)
            continue
        try:
            if row.kind == "contrl":
                _offer_again(transaction, row, occasion)
            elif row.mrn is not None:
                queue_question(gateway, transaction, row.partner, row.mrn, effects, occasion)
        except LocalError as error:  # a corridor that cannot be read, or has no such message: told, and tried again
            summary.trouble(error)
        pause = interval(row.tries + 1, agreed, occasion.chance())
        transaction.note_chased(row, at=occasion.now,
                                next_at=min(occasion.now + pause, row.began + agreed.ends))
    effects.write(gateway, transaction, occasion.now)


def _offer_again(transaction: Transaction, row: ChaseRow, occasion: Occasion) -> None:
    for carrier in transaction.carriers(row.subject_id):
        transaction.again(carrier, at=occasion.now)


def _hours(lasting: timedelta) -> str:
    return f"{lasting / timedelta(hours=1):g} h"
