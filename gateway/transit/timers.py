"""Which step of a movement is awaited until when, from whom, and what interrupts the waiting (TRANSIT section 3.4).

A timer runs in calendar time or in working time. It is paused by a downtime of the office it waits for, in working time
by its closed hours and holidays too. When it ends is derived like the state: from the set of events, whatever order
they came in. The time limit is the document's own date; a downtime of the office of destination on the way puts it off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from gateway.transit.calendars import Calendar, Due, due
from gateway.transit.event import Event
from gateway.transit.facts import Facts

CalendarOf: TypeAlias = Callable[[str], Calendar | None]
"""Office, or administration -> its calendar."""

LIMIT = "limit"
"""The name of the timer that the document itself sets."""


class Rule(Struct, frozen=True, kw_only=True):
    """How long one timer runs. working: in working time of the office it waits for, else in calendar time."""

    lasting: timedelta
    working: bool = False


class Timers(Struct, frozen=True, kw_only=True):
    """The timers of a corridor; the first values are those of TRANSIT section 3.4.

    first_passage   release -> exit or entry
    exit            entry into a country of transit -> its exit; runs only where a corridor says how long
    control         arrival -> control result (UCC implementing act, article 309)
    discharge       control result -> discharge
    enquiry         time limit or control overdue -> enquiry (article 310)
    enquiry_answer  enquiry -> its answer (article 310), unless the enquiry says until when
    settlement      control that does not conform -> difference settled
    """

    first_passage: Rule = Rule(lasting=timedelta(hours=72))
    exit: Rule | None = None
    control: Rule = Rule(lasting=timedelta(days=3))
    discharge: Rule = Rule(lasting=timedelta(days=15))
    enquiry: Rule = Rule(lasting=timedelta(days=7))
    enquiry_answer: Rule = Rule(lasting=timedelta(days=28))
    settlement: Rule = Rule(lasting=timedelta(days=13))


NAMES = (LIMIT, *Timers.__struct_fields__)
"""The names of all timers."""


class Running(Struct, frozen=True, kw_only=True):
    """One timer that runs.

    who      administration or country whose move it is, "" when it is ours
    office   whose calendar interrupts it, "" where nobody knows it
    working  in working time
    due      when it ends, and what interrupts it on the way
    """

    name: str
    since: datetime
    who: str
    office: str
    working: bool
    due: Due


def running(facts: Facts, role: str, timers: Timers | None, calendars: CalendarOf) -> tuple[Running, ...]:
    """The timers that run, the first to end first. timers: None for the document's time limit alone."""
    found = [*_limit(facts, role, calendars)]
    if timers is not None and not facts.recovered:
        found.extend(_steps(facts, role, timers, calendars))
        if role == "departure":
            found.extend(_enquiry(facts, timers, [one for one in found if one.name in (LIMIT, "control")]))
    return tuple(sorted(found, key=lambda one: (one.due.at, one.name)))


def _limit(facts: Facts, role: str, calendars: CalendarOf) -> Iterator[Running]:
    if facts.due is None:
        return
    latest = facts.latest
    assert latest is not None  # it gave the limit
    office = latest.office_of_destination.code if latest.office_of_destination is not None else ""
    since = facts.instant(latest.released) if latest.released is not None else facts.due
    yield Running(name=LIMIT, since=since, who="" if role == "destination" else facts.destination, office=office,
                  working=False, due=due(since, facts.due - since, calendars(office)))


def _steps(facts: Facts, role: str, timers: Timers, calendars: CalendarOf) -> Iterator[Running]:
    def made(name: str, rule: Rule, since: datetime, who: str, office: str) -> Running:
        return Running(name=name, since=since, who=who, office=office, working=rule.working,
                       due=due(since, rule.lasting, calendars(office or who), working=rule.working))

    def after(name: str, rule: Rule, event: Event) -> Running:
        return made(name, rule, facts.instant(event.happened), "" if facts.own_event(event) else event.administration,
                    event.office.code if event.office is not None else "")

    latest = facts.latest
    if role == "departure" and latest is not None and latest.released is not None and not facts.closed \
            and not facts.seen_on_the_road and not facts.has("CONTROL", "PART-DISCHARGED", "RECOVERY"):
        offices = [*(office.code for office in latest.offices_of_transit),
                   *([latest.office_of_destination.code] if latest.office_of_destination is not None else [])]
        yield made("first_passage", timers.first_passage, facts.told, facts.waited_for[0] if facts.waited_for else "",
                   offices[0] if offices else "")
    if role == "transit" and timers.exit is not None and not facts.closed and not facts.further_on \
            and not facts.own("CROSS-OUT"):
        entries = [event for event in facts.of("CROSS-IN") if facts.ours(event)]
        if entries:
            yield after("exit", timers.exit, entries[-1])
    if role == "transit" or facts.has("RECOVERY"):
        return
    if facts.arrived and not facts.closed and not facts.has("CONTROL"):
        yield after("control", timers.control, facts.of("ARRIVED", "DIVERTED")[0])
    if facts.results and not facts.closed and not facts.open_differences:
        yield after("discharge", timers.discharge, facts.results[-1])
    if facts.open_differences:
        yield after("settlement", timers.settlement, facts.open_differences[0])
    if facts.enquiry_open:
        answered = {event.answered_event for event in facts.of("ENQ-ANSWER")}
        for event in facts.of("ENQUIRY"):
            if event.reference not in answered:
                asked = made("enquiry_answer", timers.enquiry_answer, facts.instant(event.happened),
                             facts.destination if role == "departure" else "", _asked(event))
                limit = facts.end_of(event.answer_limit)
                yield asked if limit is None else Running(
                    name=asked.name, since=asked.since, who=asked.who, office=asked.office, working=False,
                    due=due(asked.since, limit - asked.since, calendars(asked.office or asked.who)))


def _asked(enquiry: Event) -> str:
    """The office that is asked."""
    return next((office.code for office in enquiry.offices if office.role == "destination"), "")


def _enquiry(facts: Facts, timers: Timers, late: list[Running]) -> Iterator[Running]:
    """The enquiry is ours to open once the time limit is over or the control result is missing."""
    over = [one.due.at for one in late if one.due.at <= facts.now]
    if over and not facts.has("ENQUIRY", "RECOVERY"):
        since = min(over)
        yield Running(name="enquiry", since=since, who="", office="", working=timers.enquiry.working,
                      due=due(since, timers.enquiry.lasting, None))
