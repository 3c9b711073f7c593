"""Killed while a revocation list comes into use and run again: is the list used once, and never an older one?"""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.failpoints import NAMES
from tests.tools.listed import listed
from tests.tools.outputs import checked

KILLED = -9
POINTS = [name for name in NAMES if name.startswith("lists.")]


@pytest.mark.parametrize("failpoint", POINTS)
def test_t32_a_refresh_that_was_killed_is_finished_by_the_next_and_an_older_list_stays_out(failpoint: str,
                                                                                         tmp_path: Path) -> None:
    """A run killed twice while a list comes into use is simply run again; the highest number seen is not lost."""
    world = listed(tmp_path, address='"http://127.0.0.1:1/none"')
    file, words = tmp_path / "given.crl", ["keys", "crl", "--partner", "TGOTR", "--file", str(tmp_path / "given.crl")]
    file.write_bytes(newer := world.crl(number=2))
    twice = [world.burkina.killed("edi", failpoint, *words) for _ in range(2)]
    assert twice == [KILLED, 0 if failpoint == "lists.kept" else KILLED]  # once kept, all is done
    (line,) = checked("keys-crl", world.burkina.run("edi", *words, "--json").out)
    assert (line["number"], line["outcome"]) == ("2", "unchanged")
    assert (world.kept(), (world.folder / "TGOTR.crl").read_bytes()) == ([newer], newer)
    world.send("A")
    assert world.received() == []
    file.write_bytes(world.crl(number=1))
    assert world.burkina.run("edi", *words).exit == 5
    assert (world.folder / "TGOTR.crl").read_bytes() == newer


@pytest.mark.parametrize("failpoint", POINTS[1:])
def test_a_receiving_run_that_was_killed_while_it_notes_a_list_put_there_by_hand_notes_it_later(failpoint: str,
                                                                                              tmp_path: Path) -> None:
    world = listed(tmp_path, revocation="TGOTR.crl")
    file = world.burkina.home / "partners" / "TGOTR.crl"
    file.write_bytes(newer := world.crl(number=2))
    assert world.burkina.killed("edi-receive", failpoint) == KILLED
    world.send("A")
    assert world.received() == []
    assert world.kept() == [newer]
    file.write_bytes(world.crl(number=1))
    world.send("B")
    assert world.received() == ["E_CRL"]
