"""Does what one administration says of its offices count at the other: a downtime, a holiday, a new office?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.calendars import calendar_of
from gateway.exchange.reference_files import load_reference
from gateway.exchange.sealing import seal_object
from gateway.security import REFERENCE
from gateway.transit.calendars import Calendar, Closure
from gateway.transit.reference_text import write_reference
from tests.tools.key_world import Clocked, clocked, codes
from tests.tools.offices import Ran
from tests.tools.outputs import checked
from tests.tools.records import declaration
from tests.unit.test_docs import commands

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
FROM, UNTIL = datetime(2026, 12, 1, 22, tzinfo=UTC), datetime(2026, 12, 2, 4, tzinfo=UTC)


def _calendar(office: Clocked, code: str, at: datetime) -> Calendar | None:
    def ask(gateway: Gateway, _: object) -> Calendar | None:
        with gateway.ledger.reading() as queries:
            return calendar_of(gateway, queries, code, at)

    return office.open(0, ask)


def _say(office: Clocked, **terms: object) -> None:
    event = {"word": "INDISPONIBILITÉ", **terms}
    office.office.drop("events", {f"{terms['reference']}.json": json.dumps(event).encode()})


def test_a_downtime_is_told_to_the_partner_and_counts_on_both_sides(tmp_path: Path) -> None:
    togo, burkina = clocked(tmp_path)
    _say(burkina, reference="BF-DOWN-1", starts="2026-12-01T22:00Z", ends="2026-12-02T04:00Z", remark="POWER WORK",
         offices=[{"role": "destination", "code": "BFOUI"}])
    assert codes(burkina.send(0)) == codes(togo.receive(0)) == []
    expected = (Closure(FROM, UNTIL, "downtime", "POWER WORK"),)
    for office in (togo, burkina):
        for code, closures in (("BFOUI", expected), ("BFDKL", None), ("BFDGD", None)):
            found = _calendar(office, code, FROM)
            assert (None if found is None else found.closures) == closures
    assert "BF-DOWN-1" in "".join(togo.office.inbox("events"))
    _say(burkina, reference="BF-DOWN-10", notice="BF-DOWN-1", starts="2026-12-01T22:00Z", ends="2026-12-01T23:00Z",
         offices=[{"role": "destination", "code": "BFOUI"}])
    assert codes(burkina.send(0)) == codes(togo.receive(0)) == []
    for office in (togo, burkina):
        found = _calendar(office, "BFOUI", FROM)
        assert found is not None and [one.ends.hour for one in found.closures] == [23]


def test_an_administration_stops_no_clock_of_another_ones_office(tmp_path: Path) -> None:
    _, burkina = clocked(tmp_path)
    _say(burkina, reference="BF-DOWN-2", starts="2026-12-01T22:00Z", offices=[{"role": "exit", "code": "TGCKS"}])
    assert "X006" in codes(burkina.send(0))
    assert _calendar(burkina, "TGCKS", FROM) is None



SAMPLE = (Path(__file__).parents[2] / "samples" / "reference" / "bfdgd.yaml").read_text("utf-8")
BY = ("--by", "Awa Ouédraogo")


def _publish(burkina: Clocked, text: str, *words: str) -> Ran:
    path = burkina.office.home / "reference.yaml"
    path.write_text(text, "utf-8")
    return burkina.office.run("edi", "reference", "publish", str(path), *BY, *words)


def _lines(office: Clocked, name: str, *words: str) -> list[dict[str, Any]]:
    return checked(f"reference-{name}", office.office.run("edi", "reference", name, *words, "--json").out)


def test_what_one_publishes_is_signed_and_counts_at_the_other(tmp_path: Path) -> None:
    togo, burkina = clocked(tmp_path)
    ran = _publish(burkina, SAMPLE, "--json")
    assert (ran.exit, [line["outcome"] for line in checked("reference-publish", ran.out)[:-1]]) == (0, ["sent"])
    assert codes(burkina.send(0)) == codes(togo.receive(0)) == codes(togo.send(0)) == codes(burkina.receive(0)) == []
    (version, summary) = _lines(togo, "list")
    assert (version["administration"], version["version"], version["state"], version["in_force"], version["reason"]) \
        == ("BFDGD", 1, "ACCEPTED", True, "published")
    assert summary == {"schema": 1, "kind": "summary", "count": 1, "waiting": 0}
    assert _lines(burkina, "list")[0]["partners"] == [{"partner": "TGOTR", "state": "RECEIVED"}]
    assert _lines(togo, "show", "BFDGD")[1:] == _lines(burkina, "show", "BFDGD")[1:]
    for office in (togo, burkina):
        new = _calendar(office, "BFNEW", NOW)
        assert new is not None and new.open_at(datetime(2026, 12, 7, 9, tzinfo=UTC))
        assert not new.open_at(datetime(2026, 12, 11, 9, tzinfo=UTC))
        served = _calendar(office, "BFOUI", NOW)
        assert served is not None and [one.why for one in served.closures] == ["holiday", "holiday", "downtime"]
    again = _publish(burkina, SAMPLE, "--json")
    assert [line["outcome"] for line in checked("reference-publish", again.out)[:-1]] == ["known"]


def test_a_new_office_of_a_partner_does_not_cause_a_rejection(tmp_path: Path) -> None:
    togo, burkina = clocked(tmp_path)
    record = declaration("N1")
    record["office_of_destination"] = {"code": "BFNEW", "name": "Nouveau bureau"}
    assert _publish(burkina, SAMPLE).exit == 0
    for run in (burkina.send, togo.receive):
        assert codes(run(0)) == []
    togo.office.drop("declarations", {"n1.json": json.dumps(record).encode()})
    for run in (togo.send, burkina.receive, burkina.send, togo.receive):
        assert codes(run(0)) == []
    (movement,) = togo.office.movements().values()
    assert movement["state"] == "CONFIRMED"


def test_a_holiday_that_moves_on_its_eve_is_a_version_more(tmp_path: Path) -> None:
    togo, burkina = clocked(tmp_path)
    moved = SAMPLE.replace("version: 1\n", "version: 2\n").replace("2026-12-11", "2026-12-12")
    for text in (SAMPLE, moved):
        assert _publish(burkina, text).exit == 0
    assert codes(burkina.send(0)) == codes(togo.receive(0)) == []
    found = _calendar(togo, "BFNEW", NOW)
    assert found is not None and [one.starts.day for one in found.closures] == [12]
    difference = _lines(togo, "diff", "BFDGD", "1")
    assert difference[-1] == {"schema": 1, "kind": "summary", "old": 1, "new": 2, "gone": 1, "come": 1}


def test_a_number_keeps_its_content_and_an_office_its_administration(tmp_path: Path) -> None:
    _, burkina = clocked(tmp_path)
    assert _publish(burkina, SAMPLE.replace("version: 1\n", "version: 3\n")).exit == 0
    third, fourth = (SAMPLE.replace("version: 1\n", f"version: {number}\n") for number in (3, 4))
    for text, code in ((SAMPLE, "X235"), (third.replace("Noël", "Noel"), "X235"),
                       (fourth.replace("BFOUI", "TGLPL"), "X236")):
        ran = _publish(burkina, text)
        assert ran.exit != 0 and code in ran.err


def test_a_person_decides_where_that_is_agreed(tmp_path: Path) -> None:
    togo, burkina = clocked(tmp_path)
    path = togo.office.home / "partners" / "BFDGD.yaml"
    path.write_text(path.read_text("utf-8").replace("agreement:\n", "agreement:\n  consent: by-hand\n"), "utf-8")
    for number in (1, 2):
        assert _publish(burkina, SAMPLE.replace("version: 1\n", f"version: {number}\n")).exit == 0
    assert codes(burkina.send(0)) == []
    assert codes(togo.receive(0)) == ["X234", "X234"]
    assert _calendar(togo, "BFNEW", NOW) is None
    assert togo.office.run("edi", "reference", "list").exit == 1
    assert [line["kind"] for line in checked("reference-accept", togo.office.run(
        "edi", "reference", "accept", "BFDGD", "1", *BY, "--json").out)] == ["accepted"]
    assert checked("reference-refuse", togo.office.run(
        "edi", "reference", "refuse", "BFDGD", "2", *BY, "--json").out) == [
            {"schema": 1, "kind": "refused", "partner": "BFDGD", "version": 2}]
    assert "X237" in togo.office.run("edi", "reference", "accept", "BFDGD", "2", *BY).err
    assert _calendar(togo, "BFNEW", NOW) is not None
    assert codes(togo.send(0)) == []
    assert codes(burkina.receive(0)) == ["X030"]


@pytest.mark.parametrize(("old", "new", "code"), [
    ("BFNEW", "TGNEW", "X232"), ("BFOUI", "TGLPL", "X232"), ("version,1\n", "version,01\n", "X231"),
    ("0800-1200", "1200-0800", "X231"), ("zone,Africa/Ouagadougou", "zone,Mars/Olympus", "X231"),
])
def test_what_a_partner_may_not_say_is_refused_and_changes_nothing(tmp_path: Path, old: str, new: str,
                                                                  code: str) -> None:
    togo, burkina = clocked(tmp_path)
    path = burkina.office.home / "reference.yaml"
    path.write_text(SAMPLE, "utf-8")
    text = write_reference(load_reference(path)).decode("ascii")
    assert old in text
    payload = text.replace(old, new).encode("ascii")

    def seal(gateway: Gateway, occasion: Occasion) -> None:
        with gateway.ledger.transaction() as transaction:
            seal_object(gateway, transaction, "TGOTR", REFERENCE, payload, "reference-1.txt", occasion)

    burkina.open(0, seal)
    assert codes(burkina.send(0)) == []
    assert set(codes(togo.receive(0))) >= {code}
    assert _lines(togo, "list") == [{"schema": 1, "kind": "summary", "count": 0, "waiting": 0}]
    assert codes(togo.send(0)) == []
    assert codes(burkina.receive(0)) == ["X030"]


def test_versions_count_by_their_number_whatever_order_they_come_in(tmp_path: Path) -> None:
    togo, burkina = clocked(tmp_path)
    path = burkina.office.home / "reference.yaml"
    path.write_text(SAMPLE, "utf-8")
    text = write_reference(load_reference(path)).decode("ascii")

    def seal(gateway: Gateway, occasion: Occasion) -> None:
        with gateway.ledger.transaction() as transaction:
            for number, day in ((3, "2026-12-13"), (2, "2026-12-12")):
                changed = text.replace("version,1", f"version,{number}").replace("2026-12-11", day)
                seal_object(gateway, transaction, "TGOTR", REFERENCE, changed.encode("ascii"), "r.txt", occasion)

    burkina.open(0, seal)
    assert codes(burkina.send(0)) == codes(togo.receive(0)) == []
    found = _calendar(togo, "BFNEW", NOW)
    assert found is not None and [one.starts.day for one in found.closures] == [13]


@pytest.mark.parametrize("manual", ["gateway/docs/en/operator.md", "gateway/docs/fr/exploitation.md"])
def test_the_lines_of_the_manual_do_what_it_says(tmp_path: Path, manual: str) -> None:
    togo, burkina = clocked(tmp_path)
    path = togo.office.home / "partners" / "BFDGD.yaml"
    path.write_text(path.read_text("utf-8").replace("agreement:\n", "agreement:\n  consent: by-hand\n"), "utf-8")
    told = [words[1:] for words in commands(manual) if words[1:2] == ["reference"]]
    done = set()
    for words in told:
        office = burkina if words[1] == "publish" else togo
        file = Path(__file__).parents[2] / "samples" / "reference" / "bfdgd.yaml"
        ran = office.office.run("edi", *(str(file) if word == file.name else word for word in words))
        assert ran.exit in ((0, 1) if words[1] == "list" else (0,)), (words, ran.err)
        done.add(words[1])
        if words[1] == "publish":
            assert codes(burkina.send(0)) == [] and codes(togo.receive(0)) == ["X234"]
    assert done == {"publish", "list", "show", "accept", "diff"}
