"""Whatever the clock does on the way: is nothing repeated for ever, and nothing given up in silence?"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.config import Settings, load_settings
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.dead_letters import bury_unacknowledged
from gateway.exchange.links import tell_unacknowledged
from gateway.exchange.repeats import repeat_at
from gateway.exchange.summary import Summary
from gateway.ledger import Ledger, ObjectState
from tests.tools.malice import later
from tests.tools.offices import offices
from tests.unit.test_ledger_story import PARTNER, queue, seal

DAY, AGREED, LIFETIME = timedelta(days=1), timedelta(hours=4), 14
START = later(days=60).replace(hour=0, minute=0, second=0)
"""A day begins: what is told daily is told once in each day of the calendar."""

jumps = st.lists(st.tuples(st.integers(-400 * 86_400, 400 * 86_400).map(lambda n: timedelta(seconds=n)),
                           st.floats(0, 1, exclude_max=True)), max_size=12)


@pytest.fixture(scope="module")
def agreed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a gateway with the usual agreement: a receipt within four hours."""
    return load_settings(offices(tmp_path_factory.mktemp("office"))[0].settings)


def run(gateway: Gateway, now: datetime, chance: float) -> tuple[set[str], int]:
    """One run to a partner that takes everything and answers nothing: what it tells, how many files it puts up."""
    occasion, summary = Occasion(now, lambda: "0" * 32, lambda: 0.0, lambda: chance), Summary()
    bury_unacknowledged(gateway, PARTNER, occasion, summary)
    tell_unacknowledged(gateway, PARTNER, occasion, summary)
    with gateway.ledger.transaction() as transaction:
        due = transaction.due_objects(PARTNER, now=now)
        for item in due:
            transaction.mark_dispatched([item.id], at=now, receipt_due=now + AGREED,
                                        repeat_at=repeat_at(now, item.attempts, AGREED, chance))
    return {finding.code for _, finding in summary.problems}, len(due)


PAST_DAY_TOLD = [(timedelta(seconds=seconds), 0.0) for seconds in (0, -12_513, 82_428, 0, 742_672)]
"""With its clock ahead a run has told already what the ninth day is to hear."""


@settings(max_examples=12, deadline=None)
@example(PAST_DAY_TOLD, 0.0)
@given(jumps, st.floats(0, 1, exclude_max=True))
def test_an_envelope_without_receipt_ends_as_a_dead_letter_that_is_told_daily_whatever_the_clock_did_before(
        agreed: Settings, past: list[tuple[timedelta, float]], chance: float) -> None:
    """After any past with a clock that jumps: once the clock runs as clocks do, the envelope goes up a few times and
    no more, and from its alarm on no day passes without a word to somebody."""
    with tempfile.TemporaryDirectory() as folder, Ledger.open(f"sqlite:///{folder}/l.sqlite", now=START) as ledger:
        gateway = Gateway(agreed, ledger, START)
        with ledger.transaction() as transaction:
            queue(transaction)
            seal(transaction)
        for jump, drawn in past:
            run(gateway, START + jump, drawn)
        days = [[run(gateway, START + day * DAY + timedelta(hours=hour), chance) for hour in (1, 6, 11, 16, 21)]
                for day in range(1, LIFETIME + 5)]
        with ledger.reading() as queries:
            states = [row.state for line in queries.interchanges() for row in queries.objects_of(line.id)]
    told = [set.union(*(codes for codes, _ in day)) for day in days]
    put_up = [sum(count for _, count in day) for day in days]
    assert states == [ObjectState.DEAD_LETTER]
    assert sum(put_up) <= 4 + LIFETIME
    assert put_up[-2:] == [0, 0]
    assert [codes for codes in told[2:] if not codes] == [], told  # only until its receipt is late may it be quiet
    assert told[-1] == {"X053"}
    assert [sum("X053" in codes for codes, _ in day) for day in days[-2:]] == [1, 1]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 700).map(lambda days: START + days * DAY), st.floats(0, 1, exclude_max=True))
def test_one_run_with_a_clock_that_is_ahead_buries_nothing_that_was_not_repeated(
        agreed: Settings, ahead: datetime, chance: float) -> None:
    with tempfile.TemporaryDirectory() as folder, Ledger.open(f"sqlite:///{folder}/l.sqlite", now=START) as ledger:
        gateway = Gateway(agreed, ledger, START)
        with ledger.transaction() as transaction:
            queue(transaction)
            seal(transaction)
        run(gateway, START, chance)
        assert run(gateway, ahead, chance)[0] == set()
        run(gateway, START + timedelta(minutes=5), chance)
        with ledger.reading() as queries:
            (one,) = queries.objects_unanswered(START)
        assert one.object.state is ObjectState.DISPATCHED
        assert one.object.next_at is not None
        assert one.object.next_at <= START + DAY + timedelta(hours=2)
