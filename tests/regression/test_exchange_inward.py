"""Defects of receiving that were found by reading the code, each kept from coming back through whole gateways."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from gateway.errors import LocalError
from gateway.exchange import process
from gateway.exchange.judgement import Incoming, Judgement
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding
from gateway.mapping import Peek
from gateway.spool import plain_name
from tests.tools.malice import Puppet, again, at, codes, later, quarantined, refused, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, declaration_json, numbered_mrn

MRN = numbered_mrn(1)


@pytest.fixture
def world(tmp_path: Path) -> tuple[Puppet, Office]:
    """Togo in the hands of a test, and Burkina Faso."""
    togo, burkina = offices(tmp_path)
    return Puppet(togo, burkina), burkina


def declared(malice: Puppet, number: int = 1, **changes: Any) -> Any:
    """A declaration under the MRN of a number."""
    return malice.cusdec({**declaration(f"T-{number}", mrn=numbered_mrn(number)), **changes})


# --- names -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("parts", "name"), [
    (("BFDGD", "BFOUI-20261111-000001", "CROSS-IN"), "BFDGD.BFOUI-20261111-000001.CROSS-IN"),
    (("..", "..", "x"), "%2E%2E.%2E%2E.x"), (("a.b", "c"), "a%2Eb.c"), (("a", "b.c"), "a.b%2Ec"),
    (("../../etc/passwd",), "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd"), (("a/b",), "a%2Fb"), (("a%2Fb",), "a%252Fb"),
    (("a\\b\0c d~",), "a%5Cb%00c%20d%7E"), (("é",), "%C3%A9"), (("\udc80",), "%ED%B2%80")])
def test_foreign_references_make_plain_names(parts: tuple[str, ...], name: str) -> None:
    assert plain_name(*parts) == name


def test_a_long_name_stays_short_and_its_own() -> None:
    names = {plain_name("/" * 200), plain_name("/" * 201), plain_name("a" * 148 + "b" * 40), plain_name("a" * 300)}
    assert len(names) == 4
    assert all(len(name) == 180 for name in names)


@pytest.mark.parametrize("reference", ["../../../../planted", "/tmp/planted", "..", "A/B"])
def test_an_event_whose_reference_is_a_path_is_delivered_inside_the_inbox(tmp_path: Path, reference: str) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d.json": declaration_json("T-1", mrn=MRN)})
    well(togo.run("edi-send"))
    malice = Puppet(burkina, togo)
    before = {path for path in tmp_path.rglob("*") if "ledger" not in path.name}
    malice.send(malice.cusres("ARRIVED", MRN, reference=reference, office={"role": "destination", "code": "BFOUI"},
                              seals_intact=True))
    well(togo.run("edi-receive"))
    assert list(togo.inbox("events")) == [f"{plain_name('BFDGD', reference, 'ARRIVED')}.json"]
    inbox = togo.home / "national" / "in"
    new = {path for path in tmp_path.rglob("*") if "ledger" not in path.name} - before
    assert not [path for path in new if "planted" in path.name and not path.is_relative_to(inbox)]
    assert not Path("/tmp/planted.ARRIVED.json").exists()
    again(togo)


def test_a_delivery_that_cannot_be_written_does_not_hold_up_the_others(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    folder = burkina.home / "national" / "in" / "declarations"
    (folder / f"{MRN}.json").mkdir(parents=True)
    malice.send(declared(malice, 1), declared(malice, 2))
    ran = burkina.run("edi-receive")
    assert (ran.exit, ran.counts["deliveries_written"]) == (Exit.PERSON, 1)
    assert (folder / f"{numbered_mrn(2)}.json").is_file()
    (folder / f"{MRN}.json").rmdir()
    ran = burkina.run("edi-receive")
    well(ran)
    assert ran.counts["deliveries_written"] == 1
    assert sorted(burkina.inbox("declarations")) == [f"{MRN}.json", f"{numbered_mrn(2)}.json"]


# --- what is ours to mend costs nothing -------------------------------------------------------------------------------

def test_a_partner_whose_settings_are_broken_keeps_what_it_sent_and_the_others_go_on(tmp_path: Path) -> None:
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    togo.drop("declarations", {"d.json": declaration_json("T-1", mrn=MRN)})
    well(togo.run("edi-send"))
    from_burkina, from_mali = Puppet(burkina, togo), Puppet(mali, togo)
    from_burkina.send(from_burkina.cusres("ARRIVED", MRN, reference="BFOUI-1", seals_intact=True,
                                          office={"role": "destination", "code": "BFOUI"}))
    from_mali.send(from_mali.contrl("TG9999999999"))
    with pytest.MonkeyPatch.context() as patch:  # stored, and the run ends before it judges
        patch.setattr(process, "process_stored", lambda *_: None)
        patch.setattr("gateway.exchange.cycle.process_stored", lambda *_: None)
        togo.run("edi-receive")
    broken = togo.home / "partners" / "BFDGD.yaml"
    text = broken.read_text("utf-8")
    broken.write_text("partner: [", "utf-8")
    ran = togo.run("edi-receive")
    assert ran.exit == Exit.SETTINGS
    assert "X034" in codes(ran)  # Mali's was judged
    assert "X010" not in codes(ran)  # the partner is known, its file cannot be read
    assert "Traceback" not in ran.err
    broken.write_text(text, "utf-8")
    ran = togo.run("edi-receive")
    well(ran)
    assert ran.counts["interchanges_processed"] == 1
    assert len(togo.inbox("events")) == 1


def test_while_our_own_key_cannot_be_read_the_objects_stay_in_the_mailbox(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    path = malice.send(declared(malice))
    key = burkina.home / "keys" / "signing.key"
    kept = key.read_bytes()
    key.write_bytes(b"not a key")
    ran = burkina.run("edi-receive")
    assert ran.exit in (Exit.TRUST, Exit.SETTINGS, Exit.PERSON), ran.err
    assert "Traceback" not in ran.err
    assert path.is_file()
    assert quarantined(burkina) == []
    key.write_bytes(kept)
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [MRN]
    assert not path.exists()


@pytest.mark.parametrize(("code", "state", "attempts"), [("B003", "STORED", 0), ("X033", "STORED", 1)])
def test_an_attempt_counts_unless_the_fault_was_that_of_the_hour(
        world: tuple[Puppet, Office], monkeypatch: pytest.MonkeyPatch, code: str, state: str, attempts: int) -> None:
    malice, burkina = world
    malice.send(declared(malice))

    def fails(*_: object) -> None:
        raise LocalError(Finding(code=code))

    with monkeypatch.context() as patch:
        patch.setattr(process, "_process", fails)
        for _ in range(attempts or 5):
            assert burkina.run("edi-receive").exit == (Exit.LATER if attempts == 0 else Exit.PERSON)
    (line,) = burkina.interchanges("in")
    assert line["state"] == state
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [MRN]


def test_a_server_that_goes_away_in_the_middle_again_and_again_makes_no_dead_letter(
        world: tuple[Puppet, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    malice, burkina = world
    malice.send(declared(malice))

    def gone(*_: object) -> None:
        raise LocalError(Finding(code="L001", values={"ledger": "l", "reason": "r"})) from DBAPIError("", {}, OSError())

    with monkeypatch.context() as patch:
        patch.setattr(process, "_process", gone)
        for _ in range(5):
            assert burkina.run("edi-receive").exit == Exit.PERSON
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [MRN]


def test_a_file_larger_than_agreed_is_told_to_a_person_once_and_left(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    text = burkina.settings.read_text("utf-8")
    assert "file: 32MiB" in text
    burkina.settings.write_text(text.replace("file: 32MiB", "file: 1MiB"), "utf-8")
    path = malice.put(bytes((1 << 20) + 1))
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_SIZE", place=f"TGOTR/{path.name}")
    assert path.is_file()
    again(burkina)


# --- order ------------------------------------------------------------------------------------------------------------

def test_an_amendment_that_came_late_is_held_and_accepted_and_the_newer_one_stays(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    malice.send(declared(malice))
    malice.send(declared(malice, amendment=2, function="replacement", time_limit="2027-04-02", reason="NEW ROUTE"))
    well(burkina.run("edi-receive"))
    malice.send(declared(malice, amendment=1, function="replacement", time_limit="2027-04-01", reason="NEW ROUTE"))
    well(burkina.run("edi-receive"))
    answers = [said for said in malice.said() if said.startswith("BGM+96")]
    assert [(said[:7], "RFF+ACW:TG0000000003-1'" in said) for said in answers] == [
        ("BGM+962", False), ("BGM+962", False), ("BGM+962", True)]
    assert sorted(burkina.inbox("declarations")) == [f"{MRN}.2.json", f"{MRN}.json"]
    again(burkina)


def test_interchanges_are_judged_in_the_order_of_the_link_not_of_their_arrival(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    first = malice.seal(malice.interchange(declared(malice, amendment=0)))
    second = malice.seal(malice.interchange(declared(malice, amendment=1, function="replacement", reason="NEW ROUTE")))
    malice.put(second.content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.exchange.cycle.process_stored", lambda *_: None)
        burkina.run("edi-receive")
        malice.put(first.content)
        burkina.run("edi-receive")
    well(burkina.run("edi-receive"))
    assert sorted(burkina.inbox("declarations")) == [f"{MRN}.1.json", f"{MRN}.json"]


# --- again ------------------------------------------------------------------------------------------------------------

def test_what_could_not_be_read_is_judged_again_by_hand(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d.json": declaration_json("T-1", mrn=MRN)})
    well(togo.run("edi-send"))
    malice = Puppet(burkina, togo)
    malice.send(malice.cusres("ARRIVED", MRN, reference="BFOUI-1", administration="MLDGD", seals_intact=True,
                              office={"role": "destination", "code": "BFOUI"}))
    refused(togo.run("edi-receive"), Exit.PERSON, "X040", place="interchange")
    (dead,) = (line for line in togo.lines("dead", "list") if line["kind"] == "dead")
    told = togo.run("edi", "reprocess", dead["reference"])
    assert (told.exit, f"edi dead revive {dead['reference']}" in told.err) == (Exit.PERSON, True), told.err
    ran = togo.run("edi", "dead", "revive", dead["reference"])
    assert ran.exit == 0, ran.err
    refused(togo.run("edi-receive"), Exit.PERSON, "X040", place="interchange")  # judged again, and still not theirs
    well(togo.run("edi-receive"))


def test_a_receipt_that_comes_twice_is_taken_once(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"d.json": declaration_json("T-1", mrn=MRN)})
    well(togo.run("edi-send"))
    well(burkina.run("edi-receive"))
    mailbox = togo.mailbox("BFDGD")
    kept = tmp_path / "kept"
    shutil.copytree(mailbox, kept)
    assert togo.run("edi-receive").counts["receipts_taken"] == 1
    for path in kept.iterdir():
        shutil.copy(path, mailbox / path.name)
    ran = togo.run("edi-receive")
    assert (ran.exit, ran.counts["receipts_taken"], ran.counts["objects_repeated"]) == (0, 0, len(list(kept.iterdir())))


def test_events_of_unknown_movements_are_not_judged_in_every_run(
        world: tuple[Puppet, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    malice, burkina = world
    malice.send(malice.cusres("CROSS-OUT", MRN, reference="TGCKS-1", office={"role": "exit", "code": "TGCKS"}))
    burkina.run("edi-receive")
    judged: list[str] = []
    whole = process._judge

    def judge(incoming: Incoming, glance: Peek, summary: Summary) -> Judgement:
        judged.append(incoming.message.identifier.type)
        return whole(incoming, glance, summary)

    with monkeypatch.context() as patch:
        patch.setattr(process, "_judge", judge)
        well(burkina.run("edi-receive"))
        assert judged == []
        assert "X042" in codes(at(burkina, "edi-receive", later(hours=25)))
        assert judged == ["CUSRES"]
        malice.send(declared(malice))
        burkina.run("edi-receive")
    assert judged == ["CUSRES", "CUSDEC", "CUSRES"]  # the declaration, and the event that waited for it
