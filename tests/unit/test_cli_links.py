"""Do `edi link` and `edi audit` say where the links stand, sign when asked, and prove the ledger?"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from tests.tools.malice import well
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso; one declaration is on its way."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d1.json": declaration_json("A")})
    well(togo.run("edi-send"))
    return [togo, burkina]


def test_before_the_first_object_there_is_no_link(pair: list[Office]) -> None:
    assert pair[1].run("edi", "link", "status").out == "no object has been exchanged yet\n"
    assert pair[1].lines("link", "status") == [{"schema": 1, "kind": "summary", "count": 0}]


def test_the_table_shows_each_direction_and_what_both_signed(pair: list[Office]) -> None:
    togo, burkina = pair
    for _ in range(2):
        for office in (burkina, togo):
            well(office.run("edi-sync"))
    for office in (togo, burkina):
        assert office.run("edi", "link", "checkpoint").exit == 0
        well(office.run("edi-send"))
    for office in (togo, burkina):
        well(office.run("edi-receive"))
        assert office.run("edi", "link", "checkpoint").exit == 0
        well(office.run("edi-send"))
    well(togo.run("edi-receive"))
    lines = togo.run("edi", "link", "status").out.splitlines()
    assert lines[0].split() == [
        "PARTNER", "DIRECTION", "UP", "TO", "MISSING", "PARKED", "AGREED", "UP", "TO", "HALTED"]
    assert [line.split()[:2] for line in lines[1:]] == [["BFDGD", "sent"], ["BFDGD", "received"]]
    out, in_, _ = checked("link-status", togo.run("edi", "link", "status", "--json").out)
    assert {name: out[name] for name in ("partner", "direction", "halted", "gaps", "parked")} == {
        "partner": "BFDGD", "direction": "out", "halted": None, "gaps": [], "parked": 0}
    assert min(out["agreed"], in_["agreed"]) >= 3


def test_a_checkpoint_by_hand_names_its_number(pair: list[Office]) -> None:
    togo, _ = pair
    ran = togo.run("edi", "link", "checkpoint", "--partner", "BFDGD")
    assert (ran.exit, ran.out, ran.err) == (
        0, "BFDGD: heads signed under number 2; they go with: edi-send\n", "")
    assert checked("link-checkpoint", togo.run("edi", "link", "checkpoint", "--json").out) == [
        {"schema": 1, "kind": "checkpoint", "partner": "BFDGD", "sequence": 3},
        {"schema": 1, "kind": "summary", "count": 1}]
    assert togo.run("edi", "link", "checkpoint", "--partner", "NONE").exit == Exit.SETTINGS


def test_nothing_is_signed_over_a_history_that_is_not_what_was_signed(pair: list[Office]) -> None:
    togo, _ = pair
    assert togo.run("edi", "link", "checkpoint").exit == 0
    with sqlite3.connect(togo.home / "state" / "ledger.sqlite") as connection:
        connection.execute("UPDATE object SET leaf = x'00' WHERE sequence = 1")
    connection.close()
    ran = togo.run("edi", "link", "checkpoint")
    assert (ran.exit, "E_LEDGER" in ran.err) == (Exit.TRUST, True)
    again = togo.run("edi", "link", "checkpoint")
    assert (again.exit, "X049" in again.err) == (Exit.PERSON, True)
    withdrawn = togo.run("edi", "link", "withdraw", "1", "--partner", "BFDGD", "--reason", "r", "--by", "Awa Diallo")
    assert (withdrawn.exit, "X049" in withdrawn.err) == (Exit.PERSON, True)


def test_a_withdrawal_wants_a_reason_and_a_person(pair: list[Office]) -> None:
    togo, _ = pair
    words = ("edi", "link", "withdraw", "1", "--partner", "BFDGD")
    assert togo.run(*words, "--by", "Awa Diallo").exit == Exit.USAGE
    assert "C018" in togo.run(*words, "--reason", " ", "--by", "Awa Diallo").err
    assert "C012" in togo.run(*words, "--reason", "r").err
    ran = togo.run(*words, "--reason", "r", "--by", "Awa Diallo", "--json")
    assert checked("link-withdraw", ran.out) == [
        {"schema": 1, "kind": "withdrawal", "partner": "BFDGD", "sequence": 1, "anew": None}]


def test_a_sound_ledger_is_said_to_be_sound(pair: list[Office]) -> None:
    togo, _ = pair
    ran = togo.run("edi", "audit", "verify")
    assert (ran.exit, ran.err) == (0, "")
    assert ran.out.startswith("the ledger is what it was: ")
    (line,) = checked("audit-verify", togo.run("edi", "audit", "verify", "--json").out)
    assert (line["kind"], line["faults"], line["rows"] > 5) == ("summary", 0, True)
