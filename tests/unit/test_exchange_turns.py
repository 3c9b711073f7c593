"""Whose interchange is judged next, and what may overtake what?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange import turns
from gateway.exchange.lots import in_turn
from gateway.exchange.turns import AHEAD, LARGE, PIECE, SPEED, STATUSES, Turns, cost
from gateway.ledger.rows import InterchangeIn

Rows = Sequence[InterchangeIn]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queues longer than a page are what is asked about."""
    monkeypatch.setattr(turns, "PAGE", 4)


def row(partner: str, sequence: int, size: int = 1000, kind: str = "CUSDEC") -> InterchangeIn:
    return InterchangeIn(id=sequence, partner=partner, control_reference=f"{partner}{sequence}", type=kind,
                         sequence=sequence, attempts=0, size=size)


def order(waiting: Rows, **more: Any) -> list[InterchangeIn]:
    """All that waits in the order in which it is judged."""
    return run(waiting, **more)[0]


def run(waiting: Rows, *, strict: bool = False, owed: str | None = None, most: int | None = None,
        free: Callable[[InterchangeIn], bool] = lambda _: True, seconds: Callable[[InterchangeIn], float] = lambda _: 0,
        ) -> tuple[list[InterchangeIn], str | None]:
    """What a run with time for so many judges, in its order, and to whom a turn is owed after it."""

    def fill(partner: str, declarations: bool | None, after: int) -> Rows:
        return [one for one in sorted(waiting, key=lambda one: one.sequence) if one.partner == partner
                and one.sequence > after and declarations in (None, one.type == "CUSDEC")][:turns.PAGE]

    queue = Turns([(partner, strict) for partner in sorted({one.partner for one in waiting})], owed, fill, free)
    taken: list[InterchangeIn] = []
    while (one := queue.take()) is not None and (most is None or len(taken) < most):
        taken.append(one)
        queue.charge(cost(one, seconds(one)))
    return taken, queue.unserved


@st.composite
def queues(draw: st.DrawFn) -> list[InterchangeIn]:
    """What waits of up to four partners."""
    return [row(partner, sequence, draw(st.integers(100, 3 * LARGE)), draw(st.sampled_from(["CUSDEC", "CUSRES"])))
            for partner in "ABCD"[:draw(st.integers(1, 4))] for sequence in range(1, draw(st.integers(1, 14)) + 1)]


def test_one_small_message_waits_for_one_turn_of_a_flood() -> None:
    flood = [row("A", sequence, 3000) for sequence in range(1, 200)]
    assert [one.partner for one in order([*flood, row("B", 1, 800, "CUSRES")])][:2] == ["B", "A"]
    assert [one.partner for one in order([*flood, row("B", 1, 3000)])][:2] == ["A", "B"]


def test_a_small_message_goes_before_another_partner_s_large_one() -> None:
    waiting = [row("A", 1, 30 << 20), row("B", 1, 900), row("B", 2, 900)]
    assert [one.partner for one in order(waiting)] == ["B", "B", "A"]


def test_a_large_one_waits_for_no_more_than_a_part_of_everybody_else_s_flood() -> None:
    flood = [row("B", sequence, 60_000) for sequence in range(1, 400)]
    position = [one.partner for one in order([row("A", 1, 30 << 20), *flood])].index("A")
    assert position == LARGE // (60_000 + PIECE)


def test_what_takes_long_is_paid_for_by_its_time() -> None:
    """Few octets that keep the gateway busy for seconds: the others have had as much before the next."""
    slow = [row("A", sequence, 500) for sequence in range(1, 4)]
    quick = [row("B", sequence, 20_000) for sequence in range(1, 200)]
    taken = [one.partner for one in order([*slow, *quick], seconds=lambda one: 2.0 if one.partner == "A" else 0.0)]
    first, second = (number for number, partner in enumerate(taken) if partner == "A" and taken[:number].count("A") < 2)
    assert (second - first - 1) * (20_000 + PIECE) == pytest.approx(2 * SPEED, abs=2 * (20_000 + PIECE))


@given(waiting=queues(), strict=st.booleans(), blocked=st.sets(st.integers(1, 14)))
def test_everything_is_taken_once_and_what_keeps_its_order_does(waiting: list[InterchangeIn], strict: bool,
                                                                blocked: set[int]) -> None:
    """Nothing stays while there is work. Declarations of a link keep their order; a status that is not free comes after
    every declaration before it; a strict link keeps the order of everything."""
    taken = order(waiting, strict=strict, free=lambda one: one.sequence not in blocked)
    key: Any = lambda one: (one.partner, one.sequence)  # noqa: E731
    assert sorted(taken, key=key) == sorted(waiting, key=key)
    for _, found in groupby(sorted(taken, key=lambda one: one.partner), key=lambda one: one.partner):
        link = list(found)
        if strict:
            assert link == sorted(link, key=key)
        declarations = [one for one in link if one.type == "CUSDEC"]
        assert declarations == sorted(declarations, key=key)
        for position, one in enumerate(link):
            if one.type == "CUSRES" and one.sequence in blocked:
                assert not [late for late in link[position:] if late.type == "CUSDEC" and late.sequence < one.sequence]


@given(waiting=queues())
def test_nobody_has_more_than_a_turn_beyond_what_others_had_who_still_wait(waiting: list[InterchangeIn]) -> None:
    """Whenever somebody waits, everybody else has had at most one interchange, or LARGE, more than that one."""
    had = dict.fromkeys("ABCD", 0)
    largest = max(cost(one) for one in waiting)
    taken = order(waiting)
    for number, one in enumerate(taken):
        had[one.partner] += cost(one)
        still = {late.partner for late in taken[number + 1:]}
        for late in still - {one.partner}:
            assert had[one.partner] - had[late] <= largest + LARGE


@given(declarations=st.integers(1, 40), statuses=st.integers(1, 40), size=st.integers(1000, 200_000))
def test_statuses_go_first_and_declarations_do_not_wait_for_ever(declarations: int, statuses: int, size: int) -> None:
    waiting = [row("A", number, size) for number in range(1, declarations + 1)] + [
        row("A", number, size, "CUSRES") for number in range(declarations + 1, declarations + statuses + 1)]
    taken = order(waiting)
    first = next(number for number, one in enumerate(taken) if one.type == "CUSDEC")
    bound = AHEAD * STATUSES // (size + PIECE) + 1
    assert first == min(statuses, bound)


def test_a_status_before_a_declaration_needs_no_look() -> None:
    def never(_: InterchangeIn) -> bool:
        raise AssertionError

    waiting = [row("A", 1, kind="CUSRES"), row("A", 2), row("A", 3)]
    assert order(waiting, free=never) == waiting


@pytest.mark.parametrize("each", [1, 2])
def test_whoever_came_to_no_turn_is_the_first_of_the_next_run(each: int) -> None:
    """With time for one or two interchanges a run, nobody is left out for longer than there are partners."""
    waiting = [row(partner, number, size) for partner, size in (("A", 2000), ("B", 9000), ("C", 30 << 20), ("D", 500))
               for number in range(1, 9)]
    owed: str | None = None
    served: list[str] = []
    for _ in range(8):
        taken, owed = run(waiting, owed=owed, most=each)
        served += [one.partner for one in taken]
        waiting = [one for one in waiting if one not in taken]
    for start in range(0, len(served) - 4 * each, each):
        assert set(served[start:start + 4 * each]) == set("ABCD")


@given(lengths=st.lists(st.integers(0, 9), max_size=4))
def test_each_stream_has_its_turn_in_every_round(lengths: list[int]) -> None:
    """In order within a stream; nothing is left out; nobody waits for more than one of each other."""
    taken = list(in_turn([iter([(stream, number) for number in range(length)])
                               for stream, length in enumerate(lengths)]))
    assert taken == sorted(((stream, number) for stream, length in enumerate(lengths) for number in range(length)),
                           key=lambda one: (one[1], one[0]))
