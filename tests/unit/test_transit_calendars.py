"""When is a timer over, where the office that it waits for closes, celebrates or has no system?"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.transit.calendars import LONGEST, Calendar, Closure, Due, due

NIAMEY = ZoneInfo("Africa/Niamey")  # an hour ahead of UTC
WEEK: dict[int, tuple[tuple[time, time], ...]] = {day: ((time(8), time(12)), (time(15), time(18))) for day in range(5)}
FRIDAY = datetime(2026, 3, 13, 16, tzinfo=UTC)  # 17:00 at Torodi


def torodi(*closures: Closure, hours: dict[int, tuple[tuple[time, time], ...]] | None = WEEK) -> Calendar:
    return Calendar("NETRD", NIAMEY, hours, closures)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_without_a_calendar_a_timer_simply_runs() -> None:
    assert due(FRIDAY, hours(72), None, working=True) == Due(FRIDAY + hours(72))


def test_working_time_stands_still_over_a_weekend() -> None:
    assert due(FRIDAY, hours(2), torodi(), working=True) == Due(
        datetime(2026, 3, 16, 8, tzinfo=UTC),  # an hour on Friday, one on Monday
        (Closure(datetime(2026, 3, 13, 17, tzinfo=UTC), datetime(2026, 3, 16, 7, tzinfo=UTC), "closed", ""),))


def test_a_timer_that_ends_when_the_office_closes_ends_there() -> None:
    assert due(FRIDAY, hours(1), torodi(), working=True) == Due(FRIDAY + hours(1))


def test_calendar_time_is_interrupted_by_a_downtime_alone() -> None:
    feast = Closure(FRIDAY, FRIDAY + hours(24), "holiday", "Tabaski")
    out = Closure(FRIDAY + hours(1), FRIDAY + hours(7), "downtime", "panne")
    assert due(FRIDAY, hours(2), torodi(feast, out)) == Due(FRIDAY + hours(8), (out,))


def test_closures_that_overlap_count_once() -> None:
    first = Closure(FRIDAY + hours(1), FRIDAY + hours(5), "downtime", "1")
    inner = Closure(FRIDAY + hours(2), FRIDAY + hours(3), "downtime", "2")
    later = Closure(FRIDAY + hours(4), FRIDAY + hours(6), "downtime", "3")
    assert due(FRIDAY, hours(2), torodi(later, inner, first)) == Due(FRIDAY + hours(7), (first, later))


def test_an_office_is_open_in_its_hours_and_on_no_holiday() -> None:
    holiday = Closure(datetime(2026, 3, 16, tzinfo=UTC), datetime(2026, 3, 17, tzinfo=UTC), "holiday", "")
    office = torodi(holiday)
    assert [office.open_at(instant) for instant in (
        FRIDAY, datetime(2026, 3, 13, 13, tzinfo=UTC), datetime(2026, 3, 15, 9, tzinfo=UTC),
        datetime(2026, 3, 16, 9, tzinfo=UTC), datetime(2026, 3, 17, 9, tzinfo=UTC))] == [
            True, False, False, False, True]


def test_midnight_as_the_end_of_hours_is_the_end_of_the_day() -> None:
    always = torodi(hours={day: ((time(), time()),) for day in range(7)})
    assert due(FRIDAY, hours(1000), always, working=True) == Due(FRIDAY + hours(1000))


def test_a_clock_that_is_put_forward_makes_the_night_shorter() -> None:
    lisbon = Calendar("X", ZoneInfo("Europe/Lisbon"), {day: ((time(8), time(9)),) for day in range(7)}, ())
    saturday = datetime(2026, 3, 28, 8, 30, tzinfo=UTC)
    assert due(saturday, hours(1), lisbon, working=True).at == datetime(2026, 3, 29, 7, 30, tzinfo=UTC)


def test_an_office_that_never_opens_holds_no_timer_for_ever() -> None:
    assert due(FRIDAY, hours(1), torodi(hours={}), working=True).at <= FRIDAY + LONGEST + hours(1)
    ever = Closure(FRIDAY, datetime.max.replace(tzinfo=UTC), "downtime", "")
    assert due(FRIDAY, hours(1), torodi(ever)).at == FRIDAY + hours(1)


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
CLOSURES = st.builds(lambda starts, length, why: Closure(starts, starts + length, why, ""), INSTANTS,
                     st.timedeltas(timedelta(), timedelta(days=20)), st.sampled_from(["closed", "holiday", "downtime"]))


@given(start=INSTANTS, lasting=st.timedeltas(timedelta(0), timedelta(days=60)), working=st.booleans(),
       closures=st.lists(CLOSURES, max_size=6), open_hours=st.sampled_from([WEEK, None]))
def test_a_timer_never_ends_early_and_just_its_pauses_late(
        start: datetime, lasting: timedelta, working: bool, closures: list[Closure],
        open_hours: dict[int, tuple[tuple[time, time], ...]] | None) -> None:
    office = Calendar("NETRD", NIAMEY, open_hours, tuple(closures))
    ends = due(start, lasting, office, working=working)
    stood = timedelta()
    at = start
    for pause in ends.pauses:
        assert pause.starts < ends.at
        stood += pause.ends - max(pause.starts, at)
        at = pause.ends
    assert ends.at == start + lasting + stood
    assert due(start, lasting, Calendar("NETRD", NIAMEY, open_hours, tuple(closures[::-1])), working=working) == ends
    assert set(ends.pauses) <= set(office.excuses(start, ends.at, working=working))


@given(start=INSTANTS, one=st.timedeltas(timedelta(0), timedelta(days=30)), more=st.timedeltas(timedelta(0), hours(99)),
       closures=st.lists(CLOSURES, max_size=6))
def test_a_longer_timer_does_not_end_earlier(start: datetime, one: timedelta, more: timedelta,
                                             closures: list[Closure]) -> None:
    office = torodi(*closures)
    assert due(start, one, office, working=True).at <= due(start, one + more, office, working=True).at
