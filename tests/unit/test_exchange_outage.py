"""When is a mailbox that cannot be reached tried again, and when is it spoken of?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.exchange.outage import Patience, after_failure, after_holding, interval, is_due
from gateway.ledger.rows import Outage

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
STEP, DAY = timedelta(minutes=5), timedelta(days=1)
PATIENCE = Patience(first=timedelta(minutes=1), longest=timedelta(hours=1))
FAILURE = ("BFDGD", "outbound", "B102")

moments = st.integers(-400 * 86_400, 400 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))
chances = st.floats(0, 1, exclude_max=True)
patiences = st.builds(Patience, first=st.integers(1, 3600).map(lambda n: timedelta(seconds=n)),
                      longest=st.integers(60, 86_400).map(lambda n: timedelta(seconds=n)))
outages = st.builds(Outage, partner=st.just("BFDGD"), direction=st.just("outbound"), since=moments,
                    failures=st.integers(1, 10_000), tried=moments, next_at=moments, code=st.just("B102"),
                    told=moments, held=st.none() | moments)


def fail(before: Outage | None, now: datetime, chance: float = 1.0) -> tuple[Outage, bool]:
    return after_failure(before, FAILURE, now, patience=PATIENCE, chance=chance)


def test_the_first_failure_is_tried_again_by_the_next_run_and_the_intervals_then_double_up_to_an_hour() -> None:
    assert [interval(failures, PATIENCE) // timedelta(minutes=1) for failures in range(12)] == [
        0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert fail(None, NOW)[0] == Outage(partner="BFDGD", direction="outbound", since=NOW, failures=1, tried=NOW,
                                        next_at=NOW, code="B102", told=NOW, held=None)


def test_a_cron_of_five_minutes_skips_no_run_before_the_fifth_failure_in_a_row() -> None:
    known, now, tried = None, NOW, []
    for run in range(40):
        if is_due(known, now := NOW + run * STEP, PATIENCE):
            known = fail(known, now)[0]
            tried.append(run)
    assert tried == [0, 1, 2, 3, 4, 6, 10, 17, 29]


@given(outages, chances)
def test_a_line_that_carried_something_is_tried_by_the_next_run_and_spoken_of_no_more_often(
        before: Outage, chance: float) -> None:
    put_off, told = after_failure(before, FAILURE, NOW, patience=PATIENCE, chance=chance)
    after, tell = after_failure(before, FAILURE, NOW, patience=PATIENCE, chance=chance, carried=True)
    assert (after, tell) == (replace(put_off, next_at=NOW), told)
    assert is_due(after, NOW, PATIENCE)


@given(st.integers(0, 10**9), patiences)
def test_no_interval_is_longer_than_the_longest_and_none_is_shorter_than_the_one_before(
        failures: int, patience: Patience) -> None:
    assert timedelta(0) <= interval(failures, patience) <= interval(failures + 1, patience) <= patience.longest


@given(st.none() | outages, moments, patiences, chances)
def test_whatever_the_clock_did_a_link_is_tried_again_within_the_longest_interval(
        before: Outage | None, now: datetime, patience: Patience, chance: float) -> None:
    after, _ = after_failure(before, FAILURE, now, patience=patience, chance=chance)
    assert now <= after.next_at <= now + patience.longest
    assert after.since <= after.tried == now
    assert is_due(after, now + patience.longest, patience)


@given(outages, moments, patiences)
def test_what_a_clock_that_ran_ahead_left_behind_counts_as_due(
        known: Outage, now: datetime, patience: Patience) -> None:
    waits = not is_due(known, now, patience)
    assert waits == (now < known.next_at <= now + patience.longest and known.tried <= now)


@given(st.lists(st.tuples(st.integers(-7 * 86_400, 7 * 86_400), chances), min_size=1, max_size=60), patiences)
def test_a_link_is_never_given_up_whatever_the_clock_does_on_the_way(
        jumps: list[tuple[int, float]], patience: Patience) -> None:
    """After any life with any clock: from then on, with a clock that runs, it is tried, and again, and again."""
    known, now = None, NOW
    for seconds, chance in jumps:
        now += timedelta(seconds=seconds)
        if is_due(known, now, patience):
            known = after_failure(known, FAILURE, now, patience=patience, chance=chance)[0]
    for _ in range(5):
        now += patience.longest
        assert is_due(known, now, patience)
        known = after_failure(known, FAILURE, now, patience=patience, chance=0.999)[0]


@given(st.lists(chances, min_size=2, max_size=300))
def test_who_lost_one_server_together_does_not_come_back_together(drawn: list[float]) -> None:
    """The try follows the chance that was drawn: all of the interval, and nothing but it, may be waited."""
    before = fail(fail(None, NOW)[0], NOW)[0]
    assert [fail(before, NOW, chance)[0].next_at for chance in drawn] == [
        NOW + timedelta(minutes=2) * chance for chance in drawn]


# --- what is told

def test_an_outage_is_told_when_it_begins_each_time_its_length_has_doubled_and_every_day() -> None:
    outage, told = None, []
    for run in range(1, 3 * 288):  # three days of a five-minute cron that tries each time
        outage, tell = fail(outage, NOW + run * STEP)
        if tell:
            told.append(run)
    assert told == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 788]
    assert outage is not None
    assert (outage.since, outage.failures) == (NOW + STEP, 863)


@given(st.lists(st.tuples(st.integers(0, 86_400), chances), min_size=1, max_size=80))
def test_no_day_of_an_outage_passes_in_silence_once_it_is_tried(steps: list[tuple[int, float]]) -> None:
    known, now, told = None, NOW, NOW
    for seconds, chance in steps:
        now += timedelta(seconds=seconds)
        known, tell = fail(known, now, chance)
        told = now if tell else told
        assert now - told < DAY


def test_that_a_link_was_not_tried_is_told_once_a_day() -> None:
    known, _ = fail(fail(None, NOW)[0], NOW)
    told = []
    for hour in range(72):
        known, tell = after_holding(known, NOW + timedelta(hours=hour))
        if tell:
            told.append(hour)
    assert told == [0, 23, 46, 69]
    assert after_holding(known, NOW)[1]  # told by a clock that was ahead


@pytest.mark.parametrize("failures", [1, 2, 3, 50])
def test_a_failure_keeps_when_the_outage_began_and_what_was_told_of_it(failures: int) -> None:
    known = None
    for number in range(failures):
        known, _ = fail(known, NOW + number * STEP)
    assert known is not None
    known, _ = after_holding(known, NOW)
    after, _ = fail(known, NOW + DAY)
    assert (after.since, after.failures, after.held) == (NOW, failures + 1, NOW)
