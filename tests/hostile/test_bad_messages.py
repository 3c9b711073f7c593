"""What does bad EDIFACT get from inside a good envelope: CONTRL, CUSRES, a receipt that says no, or a finding?

The sender is authentic; what it says is wrong. Good messages of the same run go through; nothing is done twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.edifact import MessageIdentifier, WireMessage
from gateway.exchange.summary import Exit
from gateway.security import EDIFACT_GZIP, RECEIPT, Header, Opened, receipt_payload
from tests.tools.malice import Puppet, again, at, codes, later, quarantined, refused, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, declaration_json, numbered_mrn

MRN = numbered_mrn(1)
HEAD = b"UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+261126:1200+TGX++++++1'"


@pytest.fixture
def world(tmp_path: Path) -> tuple[Puppet, Office]:
    """Togo in the hands of a test, and Burkina Faso."""
    togo, burkina = offices(tmp_path)
    return Puppet(togo, burkina), burkina


def declared(malice: Puppet, number: int = 1, **changes: Any) -> WireMessage:
    """A declaration under the MRN of a number."""
    return malice.cusdec({**declaration(f"T-{number}", mrn=numbered_mrn(number)), **changes})


def deliver(malice: Puppet, payload: bytes, **options: Any) -> None:
    """Any payload, sealed as it should be."""
    malice.put(malice.seal(payload, **options).content)


def altered(message: WireMessage, old: str, new: str) -> WireMessage:
    """A message with one text replaced by another."""
    assert old in message.body, message.body
    return WireMessage(message.identifier, message.body.replace(old, new, 1), message.segments)


# --- what V34 refuses: stored with its place in the order, and a receipt that says no --------------------------------

PAYLOADS: list[Any] = [
    pytest.param({"sender": "BFDGD", "recipient": "TGOTR"}, "E_UNB", id="parties swapped"),
    pytest.param({"sender": "MLDGD"}, "E_UNB", id="another sender in UNB"),
    pytest.param({"recipient_qualifier": "14"}, "E_UNB", id="another qualifier"),
    pytest.param({"test": None}, "E_TEST_FLAG", id="test indicator missing"),
]


@pytest.mark.parametrize(("header", "code"), PAYLOADS)
def test_an_interchange_for_others_or_for_another_environment_gets_a_receipt_that_says_no(
        world: tuple[Puppet, Office], header: dict[str, Any], code: str) -> None:
    malice, burkina = world
    malice.send(declared(malice, 1), **header)
    malice.send(declared(malice, 2))
    ran = burkina.run("edi-receive")
    refused(ran, Exit.TRUST, code, place="interchange TGOTR 1")
    assert sorted(burkina.movements()) == [numbered_mrn(2)]
    assert sorted(malice.receipts()) == [f"failed/failure: {code}", "processed"]
    again(burkina)


@pytest.mark.parametrize("payload", [
    pytest.param(b"", id="nothing"), pytest.param(b"hello", id="prose"), pytest.param(b"<ASYCUDA/>", id="XML"),
    pytest.param(b"UNB+UNOC:3", id="a beginning of UNB"), pytest.param(b"\x1f\x8b\x08\x00rubbish", id="rubbish")])
def test_a_payload_that_is_no_interchange_gets_a_receipt_that_says_no(world: tuple[Puppet, Office],
                                                                      payload: bytes) -> None:
    malice, burkina = world
    deliver(malice, payload)
    malice.send(declared(malice, 2))
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_PAYLOAD", place="interchange TGOTR 1")
    assert sorted(burkina.movements()) == [numbered_mrn(2)]
    assert sorted(malice.receipts()) == ["failed/failure: E_PAYLOAD", "processed"]
    again(burkina)


def test_compressed_rubbish_is_refused(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    deliver(malice, b"\x1f\x8b\x08\x00rubbish", kind=EDIFACT_GZIP, filename="d1.edi.gz")
    malice.send(declared(malice, 2))
    ran = burkina.run("edi-receive")
    assert (ran.exit, codes(ran)) == (Exit.TRUST, ["E_PAYLOAD"])
    assert sorted(burkina.movements()) == [numbered_mrn(2)]


# --- syntax: CONTRL -------------------------------------------------------------------------------------------------

SYNTAX: list[Any] = [
    pytest.param(lambda text: text.replace(b"UNT+", b"UNT+9", 1), r"interchange TG\d+, message 1", id="UNT count"),
    pytest.param(lambda text: text.replace(b"UNZ+1+", b"UNZ+2+"), r"interchange TG\d+", id="UNZ count"),
    pytest.param(lambda text: text[:text.index(b"UNZ")], r"interchange TG\d+", id="UNZ missing"),
    pytest.param(lambda text: text[:len(text) // 2], r"interchange TG\d+", id="cut in the middle"),
    pytest.param(lambda text: text.replace(b"UNZ+1+TG", b"UNZ+1+XX"), r"interchange TG\d+", id="UNZ reference"),
    pytest.param(lambda text: text.replace(b"BGM+", b"ZZZ+", 1), r"interchange TG\d+, message 1", id="no BGM"),
    pytest.param(lambda text: text.replace(b"UNH+1+CUSDEC:D:96B", b"UNH+1+CUSDEC:D:77Z"), r"interchange TG\d+",
                 id="unknown directory"),
]


@pytest.mark.parametrize(("change", "place"), SYNTAX)
def test_t20_an_interchange_with_broken_syntax_gets_a_contrl_and_the_next_one_is_taken(
        world: tuple[Puppet, Office], change: Callable[[bytes], bytes], place: str) -> None:
    """Counts that lie, missing ends and cut content get a negative CONTRL; the next interchange is taken."""
    malice, burkina = world
    bad = malice.interchange(declared(malice, 1))
    assert change(bad) != bad
    deliver(malice, change(bad))
    malice.send(declared(malice, 2))
    ran = burkina.run("edi-receive")
    assert ran.exit == Exit.PERSON, ran.err
    assert codes(ran) and all(code.startswith("F0") for code in codes(ran)), ran.err
    refused(ran, Exit.PERSON, *codes(ran), place=place)
    assert sorted(burkina.movements()) == [numbered_mrn(2)]
    assert malice.receipts() == ["processed", "processed"], "the envelope was good"
    contrls = [text for text in malice.said() if text.startswith("UCI+")]
    assert len(contrls) == 2
    assert any("+4" in text for text in contrls), contrls
    assert any("+7" in text and "UCM" not in text for text in contrls), contrls
    again(burkina)


def test_one_bad_message_among_good_ones_is_refused_alone(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    bad = altered(declared(malice, 2), "BGM+", "XXX+")
    malice.send(declared(malice, 1), bad, declared(malice, 3))
    ran = burkina.run("edi-receive")
    refused(ran, Exit.PERSON, *codes(ran), place=r"interchange TG\d+, message 2")
    assert (ran.counts["messages_accepted"], ran.counts["messages_rejected"]) == (2, 1)
    assert sorted(burkina.movements()) == [numbered_mrn(1), numbered_mrn(3)]
    (contrl,) = [text for text in malice.said() if text.startswith("UCI+")]
    assert contrl.startswith("UCI+TG0000000001+TGOTR:ZZZ+BFDGD:ZZZ+7'UCM+2+CUSDEC:D:96B:UN:COR10+4")
    assert contrl.count("UCM") == 1
    again(burkina)


def test_two_interchanges_in_one_envelope_are_refused_and_nothing_of_them_is_taken(
        world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    deliver(malice, malice.interchange(declared(malice, 1)) + malice.interchange(declared(malice, 2)))
    malice.send(declared(malice, 3))
    refused(burkina.run("edi-receive"), Exit.PERSON, "X032", place=r"interchange TG0000000001")
    assert sorted(burkina.movements()) == [numbered_mrn(3)]
    again(burkina)


def test_an_interchange_reference_used_again_for_another_content_is_not_judged(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    malice.send(declared(malice, 1), reference="TGSAME")
    well(burkina.run("edi-receive"))
    malice.send(declared(malice, 2), reference="TGSAME")
    malice.send(declared(malice, 3))
    refused(burkina.run("edi-receive"), Exit.PERSON, "X031", place="interchange TGSAME")
    assert sorted(burkina.movements()) == [numbered_mrn(1), numbered_mrn(3)]
    again(burkina)


def test_the_same_interchange_in_a_new_envelope_is_received_and_not_done_again(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    payload = malice.interchange(declared(malice, 1))
    deliver(malice, payload)
    well(burkina.run("edi-receive"))
    inbox, said = burkina.inbox("declarations"), len(malice.said())
    deliver(malice, payload)
    malice.send(declared(malice, 2))
    ran = burkina.run("edi-receive")
    well(ran)
    assert (ran.counts["objects_collected"], ran.counts["interchanges_processed"]) == (2, 1)
    assert malice.receipts() == ["processed"] * 3
    assert len(malice.said()) == said + 2, "one CONTRL and one CUSRES, for the new declaration only"
    assert {name: content for name, content in burkina.inbox("declarations").items() if name in inbox} == inbox
    assert quarantined(burkina) == []
    again(burkina)


# --- what the messages say: CUSRES, or a finding --------------------------------------------------------------------

def answered(malice: Puppet) -> list[str]:
    """The CUSRES messages he got."""
    return [text for text in malice.said() if text.startswith("BGM+96")]


def test_a_declaration_that_does_not_follow_the_mapping_is_rejected_in_both_languages(
        world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    bad = altered(declared(malice, 1), "LOC+118+TGLPL:113:ZZZ", "LOC+118+TGLPL:999:ZZZ")
    malice.send(bad, declared(malice, 2))
    ran = burkina.run("edi-receive")
    assert (ran.counts["messages_accepted"], ran.counts["messages_rejected"]) == (1, 1), ran.err
    (rejected,) = [text for text in answered(malice) if "GIS+REJ" in text]
    assert "ERC+COR0001:120:ZZZ'" in rejected
    assert "+EN'" in rejected and "+FR'" in rejected
    assert burkina.inbox("declarations").keys() == {f"{numbered_mrn(2)}.json"}
    again(burkina)


RULES: list[Any] = [
    pytest.param({"total_packages": 801}, "COR0411", id="packages do not add up"),
    pytest.param({"total_gross_mass": "1"}, "COR0413", id="masses do not add up"),
    pytest.param({"mrn": "26TGLPLT0000000019"}, "COR0111", id="a wrong MRN"),
    pytest.param({"offices_of_transit": []}, "COR0231", id="no office of transit"),
]


@pytest.mark.parametrize(("changes", "rule"), RULES)
def test_a_declaration_that_breaks_a_rule_is_rejected_and_leaves_no_movement(
        world: tuple[Puppet, Office], changes: dict[str, Any], rule: str) -> None:
    malice, burkina = world
    malice.send(declared(malice, 1, **changes), declared(malice, 2))
    ran = burkina.run("edi-receive")
    well(ran)
    assert (ran.counts["messages_accepted"], ran.counts["messages_rejected"]) == (1, 1)
    (rejected,) = [text for text in answered(malice) if "GIS+REJ" in text]
    assert f"ERC+{rule}" in rejected
    assert list(burkina.movements()) == [numbered_mrn(2)]
    again(burkina)


def test_a_declaration_of_somebody_elses_departure_is_rejected(world: tuple[Puppet, Office], tmp_path: Path) -> None:
    malice, burkina = world
    honest = Puppet(burkina, malice.office)  # Burkina Faso sends a declaration that only Togo may make
    honest.send(declared(honest, 1))
    togo = malice.office
    well(togo.run("edi-receive"))
    (rejected,) = answered(honest)
    assert "ERC+COR0010" in rejected
    assert togo.movements() == {}


def test_a_version_said_again_with_another_content_is_rejected(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    malice.send(declared(malice, 1))
    well(burkina.run("edi-receive"))
    inbox = burkina.inbox("declarations")
    malice.send(declared(malice, 1, location_of_goods="ELSEWHERE"), declared(malice, 2))
    ran = burkina.run("edi-receive")
    well(ran)
    assert (ran.counts["messages_accepted"], ran.counts["messages_rejected"]) == (1, 1)
    assert any("ERC+COR0026" in text for text in answered(malice))
    assert inbox.items() <= burkina.inbox("declarations").items()
    again(burkina)


def bare(malice: Puppet, body: str, segments: int) -> WireMessage:
    """A CUSDEC as it stands in the corridor's book of samples."""
    return WireMessage(MessageIdentifier.parse("CUSDEC:D:96B:UN:COR10"), body, segments)


def test_a_request_for_a_record_that_is_not_held_is_rejected_at_once(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    request = bare(malice, f"BGM+950:::T1+{MRN}+13'LOC+50+TGLPL:113:ZZZ'DTM+137:202603151800:203'"
                           "FTX+ACD+++TRUCK PRESENTED, NO RECORD HELD'UNS+D'UNS+S'", 6)
    malice.send(request, declared(malice, 2))
    ran = burkina.run("edi-receive")
    well(ran)
    assert list(burkina.movements()) == [numbered_mrn(2)]
    (rejected,) = [text for text in answered(malice) if "GIS+REJ" in text]
    assert "ERC+COR0012" in rejected
    assert f"RFF+ABT:{MRN}" in rejected
    again(burkina)


def test_a_cancellation_of_an_unknown_movement_is_held_for_a_day_and_then_a_finding(
        world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    cancellation = bare(malice, f"BGM+950:::T1+{MRN}:0+1'LOC+118+TGLPL:113:ZZZ'DTM+46:202603101100:203'"
                                "FTX+ACD+++TRADER REQUEST'RFF+ABE:T-1'UNS+D'UNS+S'", 7)
    malice.send(cancellation, declared(malice, 2), reference="TG0000000900")
    ran = burkina.run("edi-receive")
    refused(ran, Exit.PERSON, "X023", place="interchange TG0000000900, message 1")
    assert list(burkina.movements()) == [numbered_mrn(2)]
    malice.collect()
    well(at(burkina, "edi-receive", later(hours=23)))
    malice.collect()
    refused(at(burkina, "edi-receive", later(hours=25)), Exit.PERSON, "X023", place="interchange TG0000000900")
    again(burkina)


def test_a_cancellation_that_came_first_is_taken_when_the_declaration_arrives(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    cancellation = bare(malice, f"BGM+950:::T1+{MRN}:0+1'LOC+118+TGLPL:113:ZZZ'DTM+46:202603101100:203'"
                                "FTX+ACD+++TRADER REQUEST'RFF+ABE:T-1'UNS+D'UNS+S'", 7)
    malice.send(cancellation)
    assert burkina.run("edi-receive").exit == Exit.PERSON
    malice.send(declared(malice, 1))
    well(burkina.run("edi-receive"))
    assert burkina.movements()[MRN]["state"] == "CANCELLED"
    again(burkina)


def test_a_type_that_is_not_exchanged_is_a_finding(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    body = "BGM+85'DTM+137:20261126:102'"
    malice.send(WireMessage(MessageIdentifier.parse("CUSCAR:D:96B:UN"), body, 2))
    malice.send(declared(malice, 2))
    ran = burkina.run("edi-receive")
    assert ran.exit == Exit.PERSON
    refused(ran, Exit.PERSON, *codes(ran), place=r"interchange TG\d+")
    assert list(burkina.movements()) == [numbered_mrn(2)]
    again(burkina)


# --- events ---------------------------------------------------------------------------------------------------------

@pytest.fixture
def known(tmp_path: Path) -> tuple[Puppet, Office, str]:
    """Togo has declared a movement to Burkina Faso, which is in the hands of a test; the MRN."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d.json": declaration_json("T-1", mrn=MRN)})
    well(togo.run("edi-send"))
    return Puppet(burkina, togo), togo, MRN


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interchange_of_segments_without_end_is_rejected_before_any_of_them_is_looked_at(
        world: tuple[Puppet, Office], workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each segment takes a hundred times its octets of memory while it is judged."""
    malice, burkina = world
    with burkina.settings.open("a", encoding="utf-8") as file:
        file.write(f"\nworkers: {workers}\n")
    for name in ("LEAST", "SMALL"):
        monkeypatch.setattr(f"gateway.exchange.foresight.{name}", 1)
    for module in ("edifact.conformance", "exchange.foresight"):
        monkeypatch.setattr(f"gateway.{module}.SEGMENTS", 2_000)
    message = declared(malice, 1)
    endless = WireMessage(message.identifier, message.body + "AAA'" * 2_000, message.segments + 2_000)
    malice.send(endless, declared(malice, 2), reference="TG0000000900")
    malice.send(declared(malice, 3))
    ran = burkina.run("edi-receive")
    refused(ran, Exit.PERSON, "F073", place="interchange TG0000000900")
    assert sorted(burkina.movements()) == [numbered_mrn(3)]
    assert sorted(malice.receipts()) == ["processed", "processed"]
    again(burkina)


def arrival(malice: Puppet, mrn: str, reference: str = "BFOUI-1", **terms: Any) -> WireMessage:
    """An arrival at Ouagadougou."""
    options: dict[str, Any] = {"office": {"role": "destination", "code": "BFOUI"}, **terms}
    return malice.cusres("ARRIVED", mrn, reference=reference, **options)


def test_an_event_of_an_unknown_movement_is_held_and_taken_when_the_declaration_arrives(
        world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    crossing = malice.cusres("CROSS-OUT", MRN, reference="TGCKS-1", office={"role": "exit", "code": "TGCKS"})
    malice.send(crossing, reference="TG0000000900")
    refused(burkina.run("edi-receive"), Exit.PERSON, "X042", place="interchange TG0000000900, message 1")
    assert burkina.inbox("events") == {}
    well(burkina.run("edi-receive"))
    malice.collect()
    well(at(burkina, "edi-receive", later(hours=23)))
    malice.send(declared(malice, 1))
    ran = burkina.run("edi-receive")
    well(ran)
    assert (ran.counts["messages_accepted"], ran.counts["answers_taken"]) == (1, 1)
    assert list(burkina.inbox("events")) == ["TGOTR.TGCKS-1.CROSS-OUT.json"]
    again(burkina)


def test_an_event_of_a_movement_that_does_not_come_is_a_finding_after_a_day_once_and_taken_when_it_comes(
        world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    crossing = malice.cusres("CROSS-OUT", MRN, reference="TGCKS-1", office={"role": "exit", "code": "TGCKS"})
    malice.send(crossing, reference="TG0000000900")
    assert burkina.run("edi-receive").exit == Exit.PERSON
    malice.collect()
    refused(at(burkina, "edi-receive", later(hours=24, minutes=1)), Exit.PERSON, "X042",
            place="interchange TG0000000900, message 1")
    malice.collect()
    well(at(burkina, "edi-receive", later(hours=25)))
    assert burkina.inbox("events") == {}
    malice.send(declared(malice, 1), reference="TG0000000901")  # the line was down for two days
    malice.collect()
    late = at(burkina, "edi-receive", later(hours=48))
    well(late)
    assert (late.counts["messages_accepted"], late.counts["answers_taken"]) == (1, 1)
    assert list(burkina.inbox("events")) == ["TGOTR.TGCKS-1.CROSS-OUT.json"]


def test_an_event_in_anothers_name_is_refused(known: tuple[Puppet, Office, str]) -> None:
    malice, togo, mrn = known
    malice.send(arrival(malice, mrn, administration="MLDGD", office={"role": "destination", "code": "MLBKO"}),
                reference="BFA")
    malice.send(arrival(malice, mrn), reference="BFB")
    refused(togo.run("edi-receive"), Exit.PERSON, "X040", "X041", place="interchange BFA, message 1")
    assert list(togo.inbox("events")) == ["BFDGD.BFOUI-1.ARRIVED.json"]
    again(togo)


def test_an_event_at_a_foreign_office_is_refused(known: tuple[Puppet, Office, str]) -> None:
    malice, togo, mrn = known
    malice.send(arrival(malice, mrn, office={"role": "destination", "code": "TGLPL"}), reference="BFA")
    refused(togo.run("edi-receive"), Exit.PERSON, "X041", place="interchange BFA, message 1")
    assert togo.inbox("events") == {}
    assert togo.movements()[mrn]["state"] == "SENT"
    again(togo)


def test_an_event_said_twice_is_taken_once_and_said_otherwise_is_a_finding(known: tuple[Puppet, Office, str]) -> None:
    malice, togo, mrn = known
    malice.send(arrival(malice, mrn), reference="BFA")
    well(togo.run("edi-receive"))
    inbox = togo.inbox("events")
    malice.send(arrival(malice, mrn), reference="BFB")
    well(togo.run("edi-receive"))
    malice.send(arrival(malice, mrn, seals_intact=False), arrival(malice, mrn, seals_intact=False), reference="BFC")
    refused(togo.run("edi-receive"), Exit.PERSON, "X048", "X048", place="interchange BFC, message 1")
    assert togo.inbox("events") == inbox
    assert "SEAL-BROKEN" not in togo.movements()[mrn]["flags"]
    again(togo)


def test_the_same_event_twice_in_one_interchange_is_taken_once(known: tuple[Puppet, Office, str]) -> None:
    malice, togo, mrn = known
    malice.send(arrival(malice, mrn), arrival(malice, mrn))
    well(togo.run("edi-receive"))
    assert list(togo.inbox("events")) == ["BFDGD.BFOUI-1.ARRIVED.json"]
    assert len(json.loads(togo.run("edi", "show", mrn, "--json").out.splitlines()[0]).get("events", [1])) == 1
    again(togo)


def test_an_event_without_words_that_anybody_knows_is_a_finding(known: tuple[Puppet, Office, str]) -> None:
    malice, togo, mrn = known
    malice.send(altered(arrival(malice, mrn), "GIS+ARR", "GIS+QQQ"), arrival(malice, mrn), reference="BFA")
    ran = togo.run("edi-receive")
    refused(ran, Exit.PERSON, "M214", place="interchange BFA, message 1")
    assert list(togo.inbox("events")) == ["BFDGD.BFOUI-1.ARRIVED.json"]
    again(togo)


# --- answers --------------------------------------------------------------------------------------------------------

def test_a_contrl_for_an_interchange_that_we_never_sent_is_a_finding(known: tuple[Puppet, Office, str]) -> None:
    malice, togo, _ = known
    malice.send(malice.contrl("TG9999999999"), reference="BFA")
    refused(togo.run("edi-receive"), Exit.PERSON, "X034", place="interchange TG9999999999")
    again(togo)


@pytest.mark.parametrize("action", ["4", "9", ""])
def test_a_contrl_that_refuses_or_says_nothing_is_a_finding(known: tuple[Puppet, Office, str], action: str) -> None:
    malice, togo, mrn = known
    malice.send(malice.contrl("TG0000000001", action), reference="BFA")
    malice.send(arrival(malice, mrn), reference="BFB")
    ran = togo.run("edi-receive")
    refused(ran, Exit.PERSON, *codes(ran), place=r"interchange (BFA|TG0000000001)")
    assert codes(ran) == ["X035"] if action == "4" else codes(ran)[0].startswith(("F", "X"))
    assert list(togo.inbox("events")) == ["BFDGD.BFOUI-1.ARRIVED.json"]
    assert [line["state"] for line in togo.interchanges("out") if line["type"] == "CUSDEC"] == [
        "REJECTED" if action == "4" else "DISPATCHED"]
    again(togo)


def receipt(message_id: str, mic: str, sequence: int, signature: str) -> bytes:
    """A receipt as the puppet pleases."""
    header = Header(message_id, "TGOTR", "BFDGD", later(), sequence, "0" * 64, "application/EDIFACT", "x.edi")
    opened = Opened(header=header, payload=b"", inner=b"", mic=mic, signature_digest=signature,
                    signing_time=later(), certificate_sha256="0" * 64)
    return receipt_payload(opened, product="malice 1.0", disposition="processed")


def test_a_receipt_for_an_object_that_we_never_sent_is_refused(known: tuple[Puppet, Office, str]) -> None:
    malice, togo, mrn = known
    forged = receipt(f"<{'ab' * 16}@TGOTR>", "cd" * 32, 1, "ef" * 32)
    deliver(malice, forged, kind=RECEIPT, filename="receipt-1.txt")
    malice.send(arrival(malice, mrn), reference="BFB")
    refused(togo.run("edi-receive"), Exit.TRUST, "E_RECEIPT_UNKNOWN", place="interchange <abab")
    assert list(togo.inbox("events")) == ["BFDGD.BFOUI-1.ARRIVED.json"]
    assert [line["state"] for line in togo.interchanges("out") if line["type"] == "CUSDEC"] == ["DISPATCHED"]
    refused(togo.run("edi-send"), Exit.TRUST, "X049", place="interchange BFDGD")  # sending stops: our ledger may be old
    togo.run("edi", "partner", "resume", "BFDGD", "--reason", "compared by telephone")
    well(togo.run("edi-send"))
    again(togo)


def test_a_receipt_with_another_digest_than_we_sent_is_refused(known: tuple[Puppet, Office, str]) -> None:
    malice, togo, _ = known
    (opened,) = malice.answers()
    forged = receipt(opened.header.message_id, "cd" * 32, opened.header.sequence, opened.signature_digest)
    deliver(malice, forged, kind=RECEIPT, filename="receipt-1.txt")
    refused(togo.run("edi-receive"), Exit.TRUST, "E_RECEIPT", place="interchange <")
    assert [line["state"] for line in togo.interchanges("out") if line["type"] == "CUSDEC"] == ["DISPATCHED"]
    again(togo)
