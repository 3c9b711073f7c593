"""On a disk that fills up: does everything go on but what takes more in, and is nothing lost?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.exchange import room
from gateway.exchange.summary import Exit
from gateway.transport import Entry
from tests.tools.malice import codes, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    """Togo and Burkina Faso."""
    togo, burkina = offices(tmp_path)
    return togo, burkina


def short(monkeypatch: pytest.MonkeyPatch, free: int = 0) -> None:
    monkeypatch.setattr(room, "free_space", lambda folder: free)


def test_what_waits_stays_in_the_mailbox_while_receipts_and_sealed_objects_go_out(
        pair: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    well(togo.run("edi-send"))
    assert burkina.killed("edi-receive", "receive.removed") == -9  # one object taken, its receipt not yet sent
    togo.drop("declarations", {"b.json": declaration_json("B")})
    well(togo.run("edi-send"))
    waiting = sorted(path.name for path in burkina.mailbox("TGOTR").iterdir())
    with monkeypatch.context() as full:
        short(full)
        for program in ("edi-receive", "edi-receive", "edi-sync"):
            ran = burkina.run(program)
            assert (ran.exit, codes(ran)) == (Exit.PERSON, ["B010"])
        assert sorted(path.name for path in burkina.mailbox("TGOTR").iterdir()) == waiting
        assert len(waiting) == 1
        assert len(burkina.movements()) == 1, "what was taken is judged and handed over"
        assert len(burkina.inbox("declarations")) == 1
    assert togo.run("edi-receive").counts["receipts_taken"] == 1
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    assert len(burkina.movements()) == 2


def test_national_files_stay_where_they_are_and_what_was_sealed_goes_out(
        pair: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    assert togo.killed("edi-send", "seal.after") == -9
    togo.drop("declarations", {"b.json": declaration_json("B")})
    with monkeypatch.context() as full:
        short(full)
        for _ in range(2):
            ran = togo.run("edi-send")
            assert (ran.exit, codes(ran), ran.counts["records_taken"]) == (Exit.PERSON, ["B010"], 0)
        out = togo.home / "national" / "out" / "declarations"
        assert [path.name for path in out.iterdir()] == ["b.json"]
    assert len(list(burkina.mailbox("TGOTR").iterdir())) == 1
    assert togo.run("edi-send").counts["records_taken"] == 1
    assert burkina.run("edi-receive").counts["messages_accepted"] == 2


def test_a_portion_that_does_not_fit_stays_in_the_mailbox_and_is_said(
        pair: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    well(togo.run("edi-send"))
    [path] = burkina.mailbox("TGOTR").iterdir()
    grown = 16 * Entry(path.name, path.stat().st_size).size
    with monkeypatch.context() as full:
        short(full, (64 << 20) + grown - 1)
        ran = burkina.run("edi-receive")
        assert (ran.exit, codes(ran), ran.counts["objects_collected"]) == (Exit.PERSON, ["B010"], 0)
        assert path.exists()
        short(full, (64 << 20) + grown)
        assert burkina.run("edi-receive").counts["messages_accepted"] == 1
