"""Does a corridor say how long each step of a movement may take, and is what it does not say the first value?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping.corridor_timers import FIRST
from gateway.mapping.corridors import load_corridors
from gateway.transit.timers import Rule

ROOT = Path(__file__).parents[2] / "mappings"


def corridor(folder: Path, more: str) -> Path:
    """A folder with the corridor from Abidjan, and some more lines in its file."""
    where = folder / "corridors" / "ci-bf"
    where.mkdir(parents=True)
    (where / "corridor.yaml").write_text((ROOT / "corridors" / "ci-bf" / "corridor.yaml").read_text("utf-8") + more)
    return folder


def test_what_a_corridor_names_counts_and_the_rest_keeps_its_first_value(tmp_path: Path) -> None:
    more = "timers:\n  exit: {lasting: 5d, time: working}\n  control: {lasting: 48h}\n"
    found = load_corridors([corridor(tmp_path, more), ROOT]).named("ci-bf").timers
    assert found.exit == Rule(lasting=timedelta(days=5), working=True)
    assert found.control == Rule(lasting=timedelta(days=2))
    assert found.discharge == FIRST.discharge == Rule(lasting=timedelta(days=15))
    assert load_corridors([ROOT]).named("ci-bf").timers == FIRST


def test_a_timer_that_there_is_not_is_refused_with_its_line(tmp_path: Path) -> None:
    loaded = load_corridors([corridor(tmp_path, "timers:\n  sleep: {lasting: 5d}\n"), ROOT])
    with pytest.raises(LocalError) as refused:
        loaded.named("ci-bf")
    assert refused.value.findings[0].place.line is not None
