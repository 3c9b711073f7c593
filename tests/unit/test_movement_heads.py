"""Does what is kept of a movement follow from the head of its declaration alone, while nobody has said more than
that the record is accepted?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.ledger.lookups import BODY
from gateway.mapping import Corridors, load_corridors
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Word
from gateway.transit.facts import on_paper
from gateway.transit.guarantee import engagements
from gateway.transit.states import TABLES, movement_state
from gateway.transit.terms import from_tree
from gateway.transit.timers import Timers
from tests.golden.profile.samples import DECLARATIONS, MAPPINGS, message

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
ACCEPTED = Event(word=Word.ACCEPTED, reference="E1", administration="BFDGD", happened=NOW)


@pytest.fixture(scope="module")
def corridors() -> Corridors:
    return load_corridors([MAPPINGS])


@pytest.mark.parametrize("events", [(), (ACCEPTED,)], ids=["nothing said", "accepted"])
@pytest.mark.parametrize("role", TABLES)
@pytest.mark.parametrize("name", DECLARATIONS)
def test_all_that_is_derived_is_the_same_without_the_body(
        corridors: Corridors, name: str, role: str, events: tuple[Event, ...]) -> None:
    tree = corridors.named("tg-bf").read(message(name))[0]
    head = {term: value for term, value in tree.items() if term not in BODY}
    whole, short = from_tree(Declaration, tree), from_tree(Declaration, head)
    for later in (timedelta(), timedelta(days=400)):
        states = [movement_state(role, (one,), events, NOW + later, administration="TGOTR", route=["BFDGD"],
                                 sent={"BFDGD"}, country="TG", timers=Timers(), begun=NOW) for one in (whole, short)]
        assert states[0] == states[1]
        assert states[0].running == states[1].running
    assert engagements(whole, events, states[0].state) == engagements(short, events, states[0].state)
    assert on_paper((whole,), events) == on_paper((short,), events)
