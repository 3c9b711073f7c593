"""Everything at once, in a slice of the campaign; and a bug that it has to find."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.campaigns.chaos import attempt, make, weather
from tests.campaigns.chaos_weather import Storm
from tests.campaigns.mailbox_base import Options
from tests.campaigns.mailbox_line import LineWorld
from tests.campaigns.planted import planting


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineWorld]:
    """Two administrations with a proxy on the line."""
    made = make(tmp_path_factory.mktemp("chaos"))
    assert isinstance(made, LineWorld)
    with made:
        yield made


@pytest.mark.parametrize("case", ["storm/5"])
def test_nothing_is_lost_or_doubled_in_a_storm(world: LineWorld, case: str) -> None:
    """A dozen disturbances, drawn."""
    assert attempt(world, case, Options(seed=1)).words() == []


def test_no_run_ends_as_none_may_whatever_is_thrown(world: LineWorld) -> None:
    """Every kind of disturbance once, in one exchange."""
    world.setups = ()
    world.begin(declarations=2, rejected=1, events=1, refused=1)
    storm = Storm(world, random.Random(4))
    for kind in storm.kinds:
        storm.throw(kind)
    assert weather(world, storm, 0).words() == []


def test_a_gateway_that_knows_no_duplicates_gets_found(world: LineWorld) -> None:
    """The campaign can fail: files that were there before are there once more, and are taken once more."""
    world.begin(declarations=1)
    world.setups = planting("no-duplicate-key")
    storm = Storm(world, random.Random(1))
    for office, program in (("TGOTR", "edi-send"), ("BFDGD", "edi-receive")):
        storm.run(office, program)
    for _ in range(3):
        storm.throw("again")
    assert weather(world, storm, 0).doubled
