"""When a truck is seen before its record is held, is the record asked for at once, once, and does everything follow?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.transit.mrn import make_mrn
from tests.tools.malice import Puppet, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration

CROSS_OUT = {"word": "CROSS-OUT", "reference": "TGCKS-1", "happened": "2026-11-20T10:00Z",
             "office": {"role": "exit", "code": "TGCKS"}}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office, str]:
    """Togo has declared and told the exit; the file of the declaration never arrived in Burkina Faso."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d.json": declaration_bytes()})
    well(togo.run("edi-send"))
    for lost in burkina.mailbox("TGOTR").iterdir():
        lost.unlink()
    mrn = next(iter(togo.movements()))
    togo.drop("events", {"out.json": json.dumps({**CROSS_OUT, "mrn": mrn}).encode()})
    well(togo.run("edi-send"))
    return togo, burkina, mrn


def declaration_bytes() -> bytes:
    return json.dumps(declaration("SEEN")).encode()


def messages(office: Office, mrn: str) -> list[tuple[str, str, str]]:
    return [(line["direction"], line["word"], line["state"]) for line in office.lines("show", mrn)
            if line["kind"] == "message"]


def test_the_record_is_asked_for_once_and_the_event_that_waited_is_taken(pair: tuple[Office, Office, str]) -> None:
    togo, burkina, mrn = pair
    burkina.run("edi-receive")
    burkina.run("edi-receive")
    assert messages(burkina, mrn).count(("out", "request", "DISPATCHED")) == 1
    assert burkina.movements() == {}
    for _ in range(4):
        togo.run("edi-sync")
        burkina.run("edi-sync")
    assert burkina.movements()[mrn]["state"] == "EXPECTED"
    assert togo.movements()[mrn]["state"] == "EN-ROUTE"
    held = [line["word"] for line in burkina.lines("show", mrn) if line["kind"] == "event"]
    assert held == ["ACCEPTED", "CROSS-OUT"]
    assert ("out", "request", "ANSWERED-ACCEPTED") in messages(burkina, mrn)
    assert sum(word == "request" for _, word, _ in messages(burkina, mrn)) == 1


def test_of_a_number_that_belongs_to_nobody_nothing_is_asked(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    malice, strange = Puppet(togo, burkina), make_mrn(year=2026, office="ZZZZZ", serial="T", number=7)
    malice.send(malice.cusres("CROSS-OUT", strange, reference="TGCKS-2", office={"role": "exit", "code": "TGCKS"}))
    burkina.run("edi-receive")
    assert messages(burkina, strange) == [("in", "CROSS-OUT", "HELD")]
