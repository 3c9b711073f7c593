"""Does a corridor say what may differ between departure and arrival, and does the mirror count by it?"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping.corridors import load_corridors
from gateway.transit.mirror import USUAL, Tolerance
from tests.unit.test_corridor_timers import ROOT, corridor


def test_what_a_corridor_names_counts_and_the_rest_keeps_its_first_value(tmp_path: Path) -> None:
    more = """tolerances:
  usual: {mass: 1.5}
  products:
    "27": {mass: 0.2, packages: 1}
    "2709": {value: 10}
"""
    found = load_corridors([corridor(tmp_path, more), ROOT]).named("ci-bf").tolerances
    usual = Tolerance(mass=Decimal("0.015"))
    assert (found.usual, found.bridge) == (usual, USUAL.bridge)
    assert found.of("85171300") == usual
    assert found.of("27101980") == Tolerance(mass=Decimal("0.002"), packages=Decimal("0.01"))
    assert found.of("27090010") == Tolerance(mass=Decimal("0.015"), value=Decimal("0.1"))
    assert found.of("2523") == USUAL.of("2523")


def test_without_a_word_of_it_the_first_values_count() -> None:
    assert load_corridors([ROOT]).named("ci-bf").tolerances == USUAL


@pytest.mark.parametrize(("more", "code"), [
    ("tolerances:\n  usual: {mass: 101}\n", "S052"), ("tolerances:\n  usual: {mass: -1}\n", "S052"),
    ("tolerances:\n  products:\n    \"x\": {mass: 1}\n", "S140"), ("tolerances:\n  usual: {weight: 1}\n", "S048")])
def test_what_is_no_tolerance_is_a_fault_with_its_place(tmp_path: Path, more: str, code: str) -> None:
    with pytest.raises(LocalError) as caught:
        load_corridors([corridor(tmp_path, more)]).named("ci-bf")
    assert {finding.code for finding in caught.value.findings} == {code}
