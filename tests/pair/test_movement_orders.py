"""Do administrations that get the same events in other orders, late and twice, agree on the state of a movement?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.exchange import movements
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.states import TABLES, movement_state
from gateway.transit.timers import Timers
from tests.campaigns import movement_orders
from tests.campaigns.movement_orders import NOW, campaign, drawn


def test_real_ledgers_of_two_and_three_administrations_agree(tmp_path: Path) -> None:
    assert campaign(tmp_path, seed=2026, runs=30) == []


@given(st.integers(1, 10**6), st.randoms())
@settings(max_examples=400, deadline=None)
def test_the_state_of_every_role_is_that_of_the_set_whatever_the_order_and_the_repeats(
        number: int, chance: object) -> None:
    case = drawn(7, number)
    said = [*case.said, *case.said[:3]]
    chance.shuffle(said)  # type: ignore[attr-defined]

    def of(some: list[Declaration | Event], role: str) -> object:
        found = movement_state(role, [one for one in some if isinstance(one, Declaration)],
                               [one for one in some if isinstance(one, Event)], NOW, administration="BFDGD",
                               timers=Timers())
        return found, found.running

    for role in TABLES:
        assert of(said, role) == of(list(case.said), role)


def test_the_campaign_finds_a_state_that_depends_on_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = movements.derive

    def last_word(*given: object, **options: object) -> object:
        found = whole(*given, **options)  # type: ignore[arg-type]
        events = given[3]
        assert isinstance(events, list)
        return found if not events else type(found)(**{
            **{name: getattr(found, name) for name in found.__struct_fields__}, "who": events[-1].word.value})

    monkeypatch.setattr(movement_orders, "derive", last_word)
    assert campaign(tmp_path, seed=2026, runs=12) != []
