"""Do two gateways over real SFTP exchange a declaration, its answers and its events, each exactly once?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json, event_json
from tests.tools.sshd import running_sshd

pytestmark = pytest.mark.needs_sshd


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Office, Office]]:
    """Togo and Burkina Faso; every push goes through OpenSSH's server."""
    with running_sshd(tmp_path, []) as sshd:
        togo, burkina = offices(tmp_path, sshd)
        yield togo, burkina


def test_a_declaration_is_accepted_and_everybody_knows(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"d1.json": declaration_json("T-1")})
    sent = togo.run("edi-send")
    assert (sent.exit, sent.err) == (0, "")
    received = burkina.run("edi-receive")
    assert (received.exit, received.err) == (0, "")
    assert received.counts["messages_accepted"] == 1
    answered = togo.run("edi-receive")
    assert (answered.exit, answered.err) == (0, "")
    burkina.run("edi-receive")
    togo.run("edi-receive")
    (movement,) = togo.movements().values()
    assert (movement["state"], movement["next"]) == ("CONFIRMED", "wait")
    assert [(line["type"], line["state"]) for line in togo.interchanges("out")] == [
        ("CUSDEC", "ACKNOWLEDGED"), ("CONTRL", "RECEIVED")]
    assert [(line["type"], line["state"]) for line in togo.interchanges("in")] == [
        ("CONTRL", "TAKEN"), ("CUSRES", "ACKNOWLEDGED")]
    assert list(burkina.inbox("declarations")) == [f"{movement['mrn']}.json"]
    for office, partner in ((togo, "BFDGD"), (burkina, "TGOTR")):
        assert list(office.mailbox(partner).iterdir()) == []


def test_a_rejection_names_the_rule_and_the_place_in_our_own_file(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"d1.json": declaration_json("T-2", without_gross_mass=2)})
    togo.run("edi-send")
    assert burkina.run("edi-receive").counts["messages_rejected"] == 1
    answered = togo.run("edi-receive")
    assert answered.exit == 1
    assert "X043" in answered.err
    (movement,) = togo.movements().values()
    assert (movement["flags"], movement["next"]) == ("REJECTED-BY:BFDGD", "correct")
    shown = togo.run("edi", "show", movement["mrn"]).out
    assert "COR0214: item 2: gross mass missing" in shown
    assert "in your file: d1.json:" in shown
    assert burkina.inbox("declarations") == {}


def test_events_discharge_the_movement_at_the_office_of_departure(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"d1.json": declaration_json("T-3")})
    togo.run("edi-send")
    burkina.run("edi-receive")
    togo.run("edi-receive")
    (mrn,) = togo.movements()
    for number, word in enumerate(("ARRIVED", "CONTROL", "DISCHARGED")):
        burkina.drop("events", {f"{number}.json": event_json(mrn, word)})
        assert burkina.run("edi-send").exit == 0
        assert togo.run("edi-receive").exit == 0
    assert togo.movements()[mrn]["state"] == "CLOSED"
    assert [json.loads(content)["word"] for content in togo.inbox("events").values()] == [
        "ARRIVÉE", "CONTRÔLE", "APUREMENT"]


def standing(office: Office) -> list[str]:
    """What status says, but for when the last runs were."""
    said = office.run("edi", "status", "--json").out.splitlines()
    return [line for line in said if json.loads(line)["kind"] != "run"]


def test_running_everything_again_changes_nothing(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"d1.json": declaration_json("T-4")})
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive"),
                            (burkina, "edi-receive"), (togo, "edi-receive")):
        office.run(program)
    before = [standing(office) for office in (togo, burkina)]
    for office in (togo, burkina):
        for program in ("edi-send", "edi-receive", "edi-sync"):
            ran = office.run(program)
            assert (ran.exit, ran.err) == (0, "")
            assert {name: value for name, value in ran.counts.items() if value and name != "began"} == {
                "schema": 1, "kind": "run", "command": program}
    assert [standing(office) for office in (togo, burkina)] == before


def test_the_same_file_dropped_twice_is_taken_once(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    content = declaration_json("T-5")
    togo.drop("declarations", {"d1.json": content})
    togo.run("edi-send")
    togo.drop("declarations", {"again.json": content})
    assert togo.run("edi-send").counts["records_repeated"] == 1
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    assert burkina.run("edi-receive").counts["messages_accepted"] == 0
