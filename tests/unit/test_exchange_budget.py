"""How is the time of a run shared, and whose turn is it?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.budget import in_turn, share

RUN = timedelta(minutes=15)
NAMES = ["BFDGD", "MLDGD", "NEDGD"]


@pytest.mark.parametrize(("last", "order"), [
    (None, ["BFDGD", "MLDGD", "NEDGD"]), ("BFDGD", ["MLDGD", "NEDGD", "BFDGD"]),
    ("NEDGD", ["BFDGD", "MLDGD", "NEDGD"]), ("CIDGD", ["MLDGD", "NEDGD", "BFDGD"])])
def test_a_run_begins_after_the_partner_begun_last_and_goes_round(last: str | None, order: list[str]) -> None:
    assert in_turn(NAMES, last) == order
    assert in_turn(NAMES[::-1], last) == order


@pytest.mark.parametrize(("spent", "left", "seconds"), [
    (0, 1, 360), (0, 12, 30), (0, 4, 90), (180, 2, 90), (350, 4, 30)])
def test_what_is_left_of_the_time_is_for_those_who_are_left(spent: float, left: int, seconds: float) -> None:
    """Of fifteen minutes six are for collecting; whoever is quick leaves more to the others."""
    assert share(RUN, spent, "inbound", left, first=False) == seconds


def test_sending_has_what_collecting_left() -> None:
    assert share(RUN, 60, "outbound", 1, first=True) == 660
    assert share(RUN, 700, "outbound", 1, first=True) == 30


def test_the_first_session_of_a_direction_always_begins_and_no_other_past_the_time() -> None:
    """Else a long intake could keep receipts back for ever."""
    assert share(RUN, 800, "outbound", 3, first=True) == 30
    assert share(RUN, 720, "outbound", 3, first=False) is None
    assert share(RUN, 360, "inbound", 3, first=False) is None


@given(run=st.floats(30, 86_400), partners=st.integers(1, 60), greed=st.floats(0, 1))
def test_however_greedy_they_are_sessions_end_before_the_run_does(run: float, partners: int, greed: float) -> None:
    """Each takes a part of what it may, up to all of it: the last one still ends in time."""
    spent = 0.0
    for direction in ("inbound", "outbound"):
        for number in range(partners):
            seconds = share(timedelta(seconds=run), spent, direction, partners - number, first=number == 0)
            if seconds is not None:
                spent += greed * seconds
    assert spent <= run + 0.001


@given(partners=st.integers(2, 60))
def test_whoever_is_not_begun_has_his_turn_in_a_later_run(partners: int) -> None:
    """Everybody takes all he may; after as many runs as there are partners each was begun."""
    names = [f"{number:05d}" for number in range(partners)]
    last: str | None = None
    begun: set[str] = set()
    for _ in range(partners):
        spent = 0.0
        order = in_turn(names, last)
        for number, name in enumerate(order):
            seconds = share(timedelta(minutes=2), spent, "inbound", partners - number, first=number == 0)
            if seconds is not None:
                spent += seconds
                last = name
                begun.add(name)
    assert begun == set(names)
