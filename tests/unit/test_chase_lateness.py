"""When is an answer late, what excuses it, how long has it left, and when is it asked for again?"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.config.partner import Agreement, Chase
from gateway.exchange.chasing import interval
from gateway.ledger.questions import Overdue
from gateway.reports.lateness import deadlines_of, judge
from gateway.transit.calendars import Calendar, Closure

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 15, tzinfo=UTC)
WEEK = Calendar("BFOUA", ZoneInfo("Africa/Ouagadougou"), {day: ((time(7), time(17)),) for day in range(5)}, ())
OUT = Calendar("BFOUA", ZoneInfo("UTC"), None, (Closure(FRIDAY + HOUR, FRIDAY + 4 * HOUR, "downtime", "move"),))


def agreement(**changes: object) -> Agreement:
    return Agreement.model_validate({"reference": "A", **changes})


def late(kind: str, lasting: timedelta) -> Overdue:
    """An answer awaited since Friday at 15:00."""
    return Overdue(kind=kind, partner="BFDGD", reference="R", mrn=None, subject_id=1, since=FRIDAY,
                   due=FRIDAY + lasting, attempts=0)


def standing(kind: str, lasting: timedelta, agreed: Agreement, calendar: Calendar | None, at: timedelta,
             corridor: str = "") -> tuple[str, timedelta] | None:
    judged = judge(late(kind, lasting), agreed, corridor, calendar, FRIDAY + at)
    return None if judged is None else (judged.standing, judged.left)


def test_an_office_that_closed_for_the_weekend_is_not_late_and_is_given_the_hours_that_are_left() -> None:
    agreed = agreement(deadlines={"cusres": "4h"})
    assert standing("cusres", 4 * HOUR, agreed, WEEK, 50 * HOUR) == ("excused", 16 * HOUR)  # Sunday 17:00, to Monday 9
    assert standing("cusres", 4 * HOUR, agreed, None, 50 * HOUR) == ("late", timedelta(0))
    assert standing("cusres", 4 * HOUR, agreed, WEEK, 66 * HOUR) == ("late", timedelta(0))
    (judged,) = [judge(late("cusres", 4 * HOUR), agreed, "", WEEK, FRIDAY + 50 * HOUR)]
    assert judged is not None
    assert {one.why for one in judged.excuses} == {"closed"}


@pytest.mark.parametrize("kind", ["receipt", "contrl"])
def test_what_a_machine_answers_is_excused_by_its_downtime_and_by_no_weekend(kind: str) -> None:
    assert standing(kind, 4 * HOUR, agreement(), WEEK, 5 * HOUR) == ("late", timedelta(0))
    assert standing(kind, 4 * HOUR, agreement(), OUT, 5 * HOUR) == ("excused", 2 * HOUR)
    assert standing(kind, 4 * HOUR, agreement(), OUT, 7 * HOUR) == ("late", timedelta(0))


def test_what_is_late_is_tolerated_for_the_grace_that_was_agreed_for_that_answer() -> None:
    agreed = agreement(grace={"contrl": "1h", "receipt": "3h"})
    assert standing("contrl", HOUR, agreed, None, 1.5 * HOUR) == ("grace", 0.5 * HOUR)
    assert standing("contrl", HOUR, agreed, None, 2 * HOUR) == ("late", timedelta(0))
    assert standing("receipt", HOUR, agreed, None, 2 * HOUR) == ("grace", 2 * HOUR)
    assert standing("cusres", 2 * HOUR, agreed, None, 2 * HOUR) == ("late", timedelta(0))


def test_a_corridor_may_give_more_or_less_time_than_the_others() -> None:
    agreed = agreement(deadlines={"cusres": "2h"}, corridors=(
        {"corridor": "tg-ne", "cusres": "6h", "grace": "1h"}, {"corridor": "tg-ml", "cusres": "1h"}))
    assert deadlines_of({"P": agreed})["P"].cusres == HOUR
    assert standing("cusres", HOUR, agreed, None, 1.5 * HOUR, "tg-bf") is None
    assert standing("cusres", HOUR, agreed, None, 2 * HOUR, "tg-bf") == ("late", timedelta(0))
    assert standing("cusres", HOUR, agreed, None, 5 * HOUR, "tg-ne") is None
    assert standing("cusres", HOUR, agreed, None, 6 * HOUR, "tg-ne") == ("grace", HOUR)
    assert standing("cusres", HOUR, agreed, None, HOUR, "tg-ml") == ("late", timedelta(0))


def test_each_interval_is_twice_as_long_as_the_last_and_none_longer_than_agreed() -> None:
    hours = [interval(asked, Chase()) / HOUR for asked in (1, 2, 3, 4, 5, 6, 10_000)]
    assert hours == [2, 4, 8, 16, 24, 24, 24]
    assert interval(1, Chase(), 1.0) == 2.2 * HOUR
