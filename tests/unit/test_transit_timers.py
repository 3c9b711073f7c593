"""Is it told which step of a movement is awaited, from whom, until when, and what puts it off?"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from gateway.reports.status import OPEN
from gateway.transit.calendars import Calendar, Closure
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, EventOffice
from gateway.transit.states import TABLES, MovementState, movement_state
from gateway.transit.timers import Rule, Timers
from tests.campaigns.movement_orders import NOW as DRAWN_NOW
from tests.campaigns.movement_orders import drawn
from tests.unit.test_transit_states import ARRIVED, CONFORM, DISCHARGED, ENQUIRY, IN, RECORD, RECOVERY, SHORT, event

DAY = timedelta(days=1)
RELEASED = datetime(2026, 3, 10, 10, 15, tzinfo=UTC)
LIMIT = datetime(2026, 3, 21, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 11, tzinfo=UTC)


def at(hour: int) -> datetime:
    return datetime(2026, 3, 10, tzinfo=UTC) + timedelta(hours=hour)


def state(*events: Event, role: str = "departure", now: datetime = NOW, timers: Timers | None = None,
          administration: str = "TGOTR", calendar: Calendar | None = None) -> MovementState:
    return movement_state(role, (RECORD,), events, now, administration=administration, route=("BFDGD", "NEDGD"),
                          timers=timers or Timers(), calendars=lambda office: calendar)


@pytest.mark.parametrize(("events", "expected"), [
    ((), [("first_passage", "BFDGD", RELEASED + 3 * DAY), ("limit", "NEDGD", LIMIT)]),
    ((IN,), [("limit", "NEDGD", LIMIT)]),
    ((IN, ARRIVED), [("control", "NEDGD", at(50) + 3 * DAY)]),
    ((ARRIVED, CONFORM), [("discharge", "NEDGD", at(51) + 15 * DAY)]),
    ((ARRIVED, SHORT), [("settlement", "NEDGD", at(51) + 13 * DAY)]),
    ((IN, ENQUIRY), [("limit", "NEDGD", LIMIT), ("enquiry_answer", "NEDGD", at(55) + 28 * DAY)]),
    ((IN, replace(ENQUIRY, answer_limit=date(2026, 3, 30))),
     [("limit", "NEDGD", LIMIT), ("enquiry_answer", "NEDGD", datetime(2026, 3, 31, tzinfo=UTC))]),
    ((ARRIVED, CONFORM, DISCHARGED), []), ((ARRIVED, RECOVERY), [])])
def test_the_departure_waits_for_one_step_after_the_other(
        events: tuple[Event, ...], expected: list[tuple[str, str, datetime]]) -> None:
    found = state(*events)
    assert [(one.name, one.who, one.due.at) for one in found.running] == expected
    assert (found.timer, found.due) == ((expected[0][0], expected[0][2]) if expected else ("", None))


def test_what_is_late_is_chased_and_a_limit_that_is_over_opens_an_enquiry() -> None:
    late = state(now=at(120))
    assert ("OVERDUE" in late.flags, late.next, late.who, late.timer, late.wakes) == (
        True, "chase", "BFDGD", "first_passage", LIMIT)
    over = state(IN, now=LIMIT)
    assert ("OVERDUE" in over.flags, over.next, over.who) == (True, "enquire", "NEDGD")
    assert over.wakes == LIMIT + 7 * DAY  # the enquiry, which is ours to open
    control = state(ARRIVED, now=at(50) + 3 * DAY)
    assert (control.next, control.who, control.timer) == ("enquire", "NEDGD", "control")


def test_the_destination_records_what_it_owes_itself() -> None:
    found = state(ARRIVED, role="destination", administration="NEDGD", now=at(50) + 3 * DAY)
    assert (found.timer, found.next, found.who) == ("control", "record", "")


def test_a_country_of_transit_leaves_within_the_time_of_its_corridor() -> None:
    five = Timers(exit=Rule(lasting=5 * DAY))
    found = state(IN, role="transit", administration="BFDGD", timers=five)
    assert [(one.name, one.who, one.due.at) for one in found.running] == [
        ("limit", "NEDGD", LIMIT), ("exit", "", at(21) + 5 * DAY)][::-1]
    gone = state(IN, event("CROSS-OUT", "BFDGD", "BFKTC", 40), role="transit", administration="BFDGD", timers=five)
    assert [one.name for one in gone.running] == ["limit"]
    assert [one.name for one in state(IN, role="transit", administration="BFDGD").running] == ["limit"]


def test_a_closed_sunday_and_a_downtime_put_a_timer_off_and_are_named() -> None:
    hours = {day: ((time(8), time(16)),) for day in range(6)}
    down = Closure(datetime(2026, 3, 13, 8, tzinfo=UTC), datetime(2026, 3, 13, 12, tzinfo=UTC), "downtime", "power cut")
    niamey = Calendar("NENIR", ZoneInfo("UTC"), hours, (down,))
    arrived = replace(ARRIVED, happened=datetime(2026, 3, 13, 6, tzinfo=UTC),  # a Friday
                      office=EventOffice(role="destination", code="NENIR"))
    calendar_time = state(arrived, calendar=niamey).running[0].due
    assert (calendar_time.at, calendar_time.pauses) == (datetime(2026, 3, 16, 10, tzinfo=UTC), (down,))
    worked = Timers(control=Rule(lasting=timedelta(hours=16), working=True))
    working = state(arrived, calendar=niamey, timers=worked).running[0].due
    assert working.at == datetime(2026, 3, 16, 12, tzinfo=UTC)  # 4 h on Friday, 8 h on Saturday, 4 h on Monday
    assert down in working.pauses


def test_a_record_that_was_made_after_the_release_is_waited_for_from_then_on() -> None:
    late = replace(RECORD, prepared=RELEASED + 5 * DAY)
    found = movement_state("departure", (late,), (), at(11), timers=Timers())
    assert found.running[0].due.at == RELEASED + 8 * DAY


def test_whatever_is_to_be_done_next_about_a_movement_is_among_what_status_shows() -> None:
    found = set()
    for number in range(1, 400):
        case = drawn(3, number)
        versions = [one for one in case.said if isinstance(one, Declaration)]
        events = [one for one in case.said if isinstance(one, Event)]
        for role in TABLES:
            found.add(movement_state(role, versions, events, DRAWN_NOW + timedelta(days=number % 40),
                                     administration="BFDGD", timers=Timers()).next)
    assert found >= {"record", "chase", "decide", "enquire", "none", "wait"}
    assert found <= {*OPEN, "none"}
