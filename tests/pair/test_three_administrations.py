"""Do three administrations over real SFTP live through everything that can happen to a transit, and agree about it?

Togo declares, Burkina Faso is crossed, Mali is the destination; some movements end in Burkina Faso. Every word of the
profile travels at least once, and what each side then says of the movement is asserted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.transit.event import Word
from tests.tools.malice import again, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration
from tests.tools.sshd import running_sshd

pytestmark = pytest.mark.needs_sshd


@dataclass
class World:
    """Three gateways."""

    togo: Office
    burkina: Office
    mali: Office

    def settle(self) -> None:
        """Cron comes round until nothing moves."""
        for _ in range(8):
            moved = 0
            for office in (self.togo, self.burkina, self.mali):
                ran = office.run("edi-sync")
                assert ran.exit == 0, f"{office.name}: {ran.err}"
                moved += sum(value for name, value in ran.counts.items()
                             if name not in ("schema", "exit") and isinstance(value, int))
            if not moved:
                return
        raise AssertionError("the three never came to rest")

    def declare(self, key: str, **changes: Any) -> str:
        """A declaration, accepted by both others; its MRN."""
        self.togo.drop("declarations", {f"{key}.json": far(key, **changes)})
        self.settle()
        answer = json.loads(self.togo.inbox("answers")[f"TGLPL.2026.T.{key}.mrn.json"])
        return str(answer["mrn"])

    def say(self, speaker: Office, /, word: str, mrn: str, **terms: Any) -> str:
        """An event of the national side of whoever says it; its reference."""
        reference = terms.pop("reference", f"{speaker.name}-{word}-{mrn[-6:]}")
        event = {"word": word, "mrn": mrn, "reference": reference, "happened": "2026-11-20T10:00Z", **terms}
        speaker.drop("events", {f"{reference}.json": json.dumps(event).encode()})
        self.settle()
        return str(reference)

    def states(self, mrn: str) -> tuple[str | None, str | None, str | None]:
        """What Togo, Burkina Faso and Mali say of a movement."""
        first, second, third = (office.movements().get(mrn, {}).get("state")
                                for office in (self.togo, self.burkina, self.mali))
        return first, second, third

    def heard(self, office: Office, folder: str = "events") -> list[tuple[str, str]]:
        """Word and reference of everything the national side of an office was told."""
        told = [json.loads(content) for name, content in office.inbox(folder).items() if ".mrn." not in name]
        return sorted((event["word"], event["reference"]) for event in told)


def far(key: str, **changes: Any) -> bytes:
    """A declaration from Lomé to Bamako."""
    record = declaration(key)
    record.update(office_of_destination={"code": "MLBKO"}, country_of_destination="ML", time_limit="2027-03-20",
                  offices_of_transit=[{"code": "BFCKS", "order": 1}, {"code": "BFFRM", "order": 2},
                                      {"code": "MLKRY", "order": 3}])
    record.update(changes)
    return json.dumps(record, ensure_ascii=False).encode()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Togo, Burkina Faso and Mali; every push goes through OpenSSH's server."""
    with running_sshd(tmp_path, []) as sshd:
        yield World(*offices(tmp_path, sshd, names=("TGOTR", "BFDGD", "MLDGD")))


def items(packages: tuple[int, int], document: str = "929", **more: Any) -> list[dict[str, Any]]:
    """What an event says of the two items."""
    masses = ("12500", "14000")
    whole = (480, 320)
    return [{"item": number, "packages": count, "document_type": document, "document_number": "2026/C/1",
             **({"gross_mass": masses[number - 1]} if count == whole[number - 1] else {}), **more}
            for number, count in enumerate(packages, 1) if count]


BFCKS, BFFRM = {"role": "transit", "code": "BFCKS"}, {"role": "exit", "code": "BFFRM"}
MLBKO, MLKRY = {"role": "destination", "code": "MLBKO"}, {"role": "transit", "code": "MLKRY"}


def test_a_transit_with_an_incident_a_partial_and_a_settled_discharge(world: World) -> None:
    togo, burkina, mali = world.togo, world.burkina, world.mali
    mrn = world.declare("LIFE")
    assert world.states(mrn) == ("CONFIRMED", "EXPECTED", "EXPECTED")
    world.say(togo, "CROSS-OUT", mrn, office={"role": "exit", "code": "TGCKS"})
    assert world.states(mrn) == ("EN-ROUTE", "EXPECTED", "EXPECTED")
    world.say(burkina, "CROSS-IN", mrn, office=BFCKS, happened="2026-11-20T11:00Z")
    assert world.states(mrn) == ("EN-ROUTE", "ENTERED", "EXPECTED")
    world.say(burkina, "INCIDENT", mrn, reason="SEAL BROKEN AT KOUPELA, REPLACED", seals_intact=False,
              happened="2026-11-20T12:00Z", seals=[{"identity": "BFCUS001", "equipment": 1, "number": 1,
                                                   "state": "replaced"}])
    assert all("INCIDENT" in office.movements()[mrn]["flags"] for office in (togo, burkina, mali))
    world.say(burkina, "CROSS-OUT", mrn, office=BFFRM, happened="2026-11-20T13:00Z")
    assert world.states(mrn) == ("EN-ROUTE", "EXITED", "EXPECTED")
    world.say(mali, "CROSS-IN", mrn, office=MLKRY, happened="2026-11-20T14:00Z")
    world.say(mali, "ARRIVED", mrn, office=MLBKO, happened="2026-11-21T10:00Z", seals_intact=True)
    assert world.states(mrn) == ("ARRIVED", "CLOSED", "ARRIVED")
    control = world.say(mali, "CONTROL", mrn, office=MLBKO, control_result="B1", happened="2026-11-21T11:00Z",
                        items=items((0, 10), "950", difference="short"))
    assert world.states(mrn) == ("DISPUTED", "CLOSED", "DISPUTED")
    world.say(mali, "PART-DISCHARGED", mrn, office=MLBKO, happened="2026-11-21T12:00Z", items=items((480, 0)))
    assert world.states(mrn)[0] == "DISPUTED", "a control that does not conform is not settled yet"
    world.say(mali, "DIFF-CLOSED", mrn, office=MLBKO, answered_event=control, happened="2026-11-21T13:00Z",
              items=items((0, 10), "950", difference="settled"))
    assert world.states(mrn) == ("PART-DISCHARGED", "CLOSED", "PART-DISCHARGED")
    world.say(mali, "DISCHARGED", mrn, office=MLBKO, happened="2026-11-21T14:00Z", items=items((0, 310)))
    assert world.states(mrn) == ("CLOSED", "CLOSED", "DISCHARGED")
    assert [word for word, _ in world.heard(burkina)] == sorted([
        "SORTIE", "ENTRÉE", "ARRIVÉE", "CONTRÔLE", "APUREMENT PARTIEL", "DIFFÉRENCE RÉGLÉE", "APUREMENT"])
    again(togo, burkina, mali, programs=["edi-sync"])


def test_an_amendment_replaces_and_a_cancellation_ends(world: World) -> None:
    togo = world.togo
    mrn = world.declare("AMEND")
    togo.drop("declarations", {"v1.json": far("AMEND", mrn=mrn, function="replacement", amendment=1,
                                              reason="VEHICLE CHANGED")})
    world.settle()
    assert world.states(mrn) == ("CONFIRMED", "EXPECTED", "EXPECTED")
    assert set(world.mali.inbox("declarations")) == {f"{mrn}.json", f"{mrn}.1.json"}
    assert json.loads(world.mali.inbox("declarations")[f"{mrn}.1.json"])["reason"] == "VEHICLE CHANGED"
    cancellation = {"function": "cancellation", "mrn": mrn, "office_of_departure": {"code": "TGLPL"},
                    "cancelled": "2026-11-20T11:00Z", "reason": "TRADER REQUEST", "local_reference": "AMEND"}
    togo.drop("declarations", {"cancel.json": json.dumps(cancellation).encode()})
    world.settle()
    assert world.states(mrn) == ("CANCELLED", "CANCELLED", "CANCELLED")
    assert f"{mrn}.cancellation.json" in world.burkina.inbox("declarations")
    again(world.togo, world.burkina, world.mali, programs=["edi-sync"])


def test_a_transit_that_is_not_released_is_cancelled_everywhere(world: World) -> None:
    mrn = world.declare("STOP")
    world.say(world.togo, "NOT-RELEASED", mrn, office={"role": "departure", "code": "TGLPL"}, reason="SCAN REFUSED")
    assert world.states(mrn) == ("CANCELLED", "CANCELLED", "CANCELLED")


def test_a_state_is_asked_for_and_answered_by_the_gateway_itself(world: World) -> None:
    togo, burkina, mali = world.togo, world.burkina, world.mali
    mrn = world.declare("ASK")
    world.say(mali, "ARRIVED", mrn, office=MLBKO, seals_intact=True)
    question = world.say(togo, "STATE-QUERY", mrn, reference="TGLPL-STQ-1")
    answers = [json.loads(content) for name, content in togo.inbox("answers").items() if "STATE-ANSWER" in name]
    assert sorted((answer["administration"], answer["answered_event"], answer["state"]) for answer in answers) == [
        ("BFDGD", question, "ARRIVÉE"), ("MLDGD", question, "ARRIVÉE")]
    assert ("RÉPONSE D'ÉTAT", question) not in world.heard(burkina, "answers")
    assert world.states(mrn) == ("ARRIVED", "EXITED", "ARRIVED"), "a question changes nothing"
    again(togo, burkina, mali, programs=["edi-sync"])


def test_a_record_that_is_lacking_is_asked_for_and_answered_by_a_copy(world: World) -> None:
    togo, mali = world.togo, world.mali
    mali_box = mali.mailbox("TGOTR")
    togo.drop("declarations", {"d.json": far("LOST")})
    well(togo.run("edi-send"))
    (lost,) = mali_box.iterdir()
    lost.unlink()  # never arrives: the truck stands at the barrier before the record
    world.burkina.run("edi-sync")
    mrn = json.loads(togo.inbox("answers")["TGLPL.2026.T.LOST.mrn.json"])["mrn"]
    request = {"function": "request", "mrn": mrn, "requesting_office": {"code": "MLBKO"},
               "reason": "TRUCK PRESENTED, NO RECORD HELD"}
    mali.drop("declarations", {"request.json": json.dumps(request).encode()})
    well(mali.run("edi-send"))
    assert togo.run("edi-receive").counts["messages_accepted"] == 1
    received = mali.run("edi-receive")
    well(received)
    assert received.counts["messages_accepted"] == 1
    copy = json.loads(mali.inbox("declarations")[f"{mrn}.json"])
    assert (copy["function"], copy["national_reference"]) == ("copy", "2026/TGLPL/T/LOST")
    world.settle()
    assert world.states(mrn) == ("CONFIRMED", "EXPECTED", "EXPECTED")


def test_a_truck_that_is_diverted_has_arrived_elsewhere(world: World) -> None:
    mrn = world.declare("ELSE")
    world.say(world.burkina, "DIVERTED", mrn, office={"role": "destination", "code": "BFOUI"}, declared_office="MLBKO",
              reason="ROAD CLOSED")
    assert world.states(mrn)[0] == "ARRIVED"
    assert world.states(mrn)[2] == "ELSEWHERE"
    assert all("DIVERTED" in office.movements()[mrn]["flags"] for office in (world.togo, world.burkina, world.mali))


def test_an_enquiry_is_answered_and_a_recovery_is_told(world: World) -> None:
    togo, burkina, mali = world.togo, world.burkina, world.mali
    mrn = world.declare("WHERE")
    enquiry = world.say(togo, "ENQUIRY", mrn, remark="NO ARRIVAL TOLD", answer_limit="2026-12-20",
                        offices=[{"role": "departure", "code": "TGLPL"}, {"role": "destination", "code": "MLBKO"}])
    assert world.states(mrn)[0] == "ENQUIRY"
    world.say(mali, "ENQ-ANSWER", mrn, answer="unknown", answered_event=enquiry, office=MLBKO,
              remark="NEVER PRESENTED HERE")
    assert world.states(mrn)[0] == "ENQUIRY", "an answer that knows nothing settles nothing"
    assert [word for word, _ in world.heard(togo, "answers")].count("RÉPONSE DE RECHERCHE") == 1
    world.say(togo, "RECOVERY", mrn, reason="TIME LIMIT PASSED", amount="4625000", currency="XOF",
              guarantee_reference="TRIE-CCIT-2026-004511", office={"role": "departure", "code": "TGLPL"})
    assert world.states(mrn)[0] == "RECOVERY"
    for office in (burkina, mali):
        assert {"RECHERCHE", "RECOUVREMENT"} <= {word for word, _ in world.heard(office)}


def test_the_words_above_are_all_the_words_that_a_movement_has() -> None:
    text = Path(__file__).read_text("utf-8")
    by_themselves = {"ACCEPTED", "REJECTED", "STATE-ANSWER"}  # said by the gateway: see test_declaration_crosses
    of_no_movement = {"LEDGER", "DOWNTIME"}
    missing = {word.value for word in Word} - by_themselves - of_no_movement - {
        word.value for word in Word if f'"{word.value}", mrn' in text}
    assert missing == set()
