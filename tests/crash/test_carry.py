"""Killed while something is carried by hand, and the command given again: does everything arrive once?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.exchange.summary import Exit
from gateway.failpoints import NAMES
from tests.pair.test_carry import box, line_down, out, quiet, taken, three_interchanges
from tests.tools.offices import offices
from tests.tools.records import declaration_json

KILLED = -9
CARRYING = [name for name in NAMES if name.startswith("carry.")]
TAKING = ["receive.fetched", "receive.stored", "receive.removed", "process.after", "deliver.written"]
LISTED = {"carry.written": 0, "carry.listed": 3}


@pytest.mark.parametrize("failpoint", CARRYING)
def test_of_a_stick_that_a_killed_command_wrote_the_partner_takes_what_its_list_names(
        failpoint: str, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    (stick := tmp_path / "stick").mkdir()
    with line_down(togo, burkina):
        three_interchanges(togo)
        assert togo.killed("edi", failpoint, "carry", "out", "BFDGD", "--to", str(stick)) == KILLED
        assert {line["state"] for line in togo.interchanges("out")} == {"PREPARED"}
        assert len(list((box(stick, burkina, togo) / "new").iterdir())) == 3
        found = taken(burkina, stick, Exit.DONE if LISTED[failpoint] else Exit.PERSON)
        assert found["new"] == LISTED[failpoint]
        assert out(togo, burkina, stick)["interchanges"] == 3
        assert taken(burkina, stick)["new"] == 3 - LISTED[failpoint]
    quiet(togo, burkina)
    assert len(burkina.inbox("declarations")) == 3


def test_a_copy_of_the_ledger_put_back_after_something_was_carried_is_noticed_and_carries_nothing(
        tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    (stick := tmp_path / "stick").mkdir()
    with line_down(togo, burkina):
        three_interchanges(togo)
        shutil.copytree(togo.home / "state", tmp_path / "backup")
        togo.drop("declarations", {"D.json": declaration_json("D")})
        togo.run("edi-send")
        assert togo.killed("edi", "carry.listed", "carry", "out", "BFDGD", "--to", str(stick)) == KILLED
        there = sorted((box(stick, burkina, togo) / "new").iterdir())
        for path in (togo.home / "state").glob("*.sqlite*"):
            path.unlink()
        for path in (tmp_path / "backup").glob("*.sqlite*"):
            shutil.copy2(path, togo.home / "state")
        ran = togo.run("edi", "carry", "out", "BFDGD", "--to", str(stick))
        assert (ran.exit, "L030" in ran.err) == (Exit.TRUST, True)
        assert sorted((box(stick, burkina, togo) / "new").iterdir()) == there


@pytest.mark.parametrize("failpoint", TAKING)
def test_a_stick_that_a_killed_command_was_reading_is_taken_once_by_the_next_one(
        failpoint: str, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    (stick := tmp_path / "stick").mkdir()
    with line_down(togo, burkina):
        three_interchanges(togo)
        out(togo, burkina, stick)
        assert burkina.killed("edi", failpoint, "carry", "in", str(stick)) == KILLED
        found = taken(burkina, stick)
        assert found["new"] == (3 if failpoint == "receive.fetched" else 0)
    quiet(togo, burkina)
    assert len(burkina.inbox("declarations")) == 3
