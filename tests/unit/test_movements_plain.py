"""Where nobody has said more than that a record is accepted, does nothing that is derived look at its goods?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Word
from gateway.transit.facts import on_paper
from gateway.transit.guarantee import engagements
from gateway.transit.mirror import Tolerances, mirror
from gateway.transit.states import TABLES, movement_state
from gateway.transit.terms import from_tree
from gateway.transit.timers import Timers
from tests.bench.load import declarations

DAY = datetime(2026, 3, 12, tzinfo=UTC)
DECLARED = [from_tree(Declaration, tree) for tree in declarations(40)]
ACCEPTED = Event(word=Word.ACCEPTED, reference="BF-1", administration="BFDGD", happened=DAY)


@pytest.mark.parametrize("events", [(), (ACCEPTED,)], ids=["silence", "accepted"])
@pytest.mark.parametrize("role", TABLES)
def test_what_is_derived_is_the_same_with_and_without_goods(role: str, events: tuple[Event, ...]) -> None:
    def derived(declaration: Declaration, now: datetime) -> object:
        state = movement_state(role, [declaration], events, now, administration="TGOTR", sent=("BFDGD",),
                               timers=Timers())
        return (state, state.running, engagements(declaration, events, state.state),
                on_paper([declaration], events), mirror([declaration], events, Tolerances()))

    for declaration in DECLARED:
        head = replace(declaration, items=())
        for days in (0, 5, 400):
            now = DAY + timedelta(days=days)
            assert derived(head, now) == derived(declaration, now)
