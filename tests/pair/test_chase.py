"""When an answer does not come, does the gateway ask for it by itself, ever more rarely, once at a time, and stop?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from gateway.cli.context import start
from gateway.cli.lateness_words import explained
from gateway.exchange.assembly import open_gateway
from gateway.exchange.awaited import calendars_at
from gateway.exchange.summary import Exit
from gateway.ledger.questions import HistoryRow
from gateway.ledger.reference_rows import DowntimeRow
from gateway.reports import Late, overdue
from gateway.texts import Language
from tests.tools.malice import at, codes, later, refused, well
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, numbered_mrn

MRN = numbered_mrn(1)
GIVEN_UP, SILENT = "X180", "X181"


def agree(office: Office, text: str) -> None:
    """Add to the agreement with Burkina Faso."""
    path = office.home / "partners" / "BFDGD.yaml"
    before = path.read_text("utf-8")
    after = before.replace("agreement:\n", f"agreement:\n{text}", 1)
    assert after != before
    path.write_text(after, "utf-8")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office, Mapping[str, bytes]]:
    """Togo has declared, Burkina Faso has answered; its CONTRL has arrived, its CUSRES (the bytes) has not."""
    togo, burkina = offices(tmp_path, valid=timedelta(days=800))
    togo.drop("declarations", {"d.json": declaration_json("A", mrn=MRN)})
    well(togo.run("edi-send"))
    well(burkina.run("edi-receive"))
    lost = taken(burkina, togo, "CUSRES")
    well(togo.run("edi-receive"))
    assert [line["state"] for line in togo.interchanges("out") if line["type"] == "CUSDEC"] == ["ACKNOWLEDGED"]
    return togo, burkina, lost


def taken(burkina: Office, togo: Office, kind: str) -> dict[str, bytes]:
    """Take the objects with a kind of message out of the mailbox of Togo."""
    with open_gateway(burkina.settings, later()) as gateway, gateway.ledger.reading() as queries:
        names = [row.name for interchange in queries.interchanges(direction="out", partner="TGOTR")
                 if interchange.type == kind for row in queries.objects_of(interchange.id)]
    paths = [togo.mailbox("BFDGD") / name for name in names]
    found = {path.name: path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    return found


def put_back(togo: Office, lost: Mapping[str, bytes]) -> None:
    """What was taken arrives after all."""
    for name, content in lost.items():
        (togo.mailbox("BFDGD") / name).write_bytes(content)


def late(office: Office, hours: float) -> list[Late]:
    """What is late of answers after so many hours."""
    moment = later(hours=hours)
    with open_gateway(office.settings, moment) as gateway:
        agreements = {name: one.agreement for name, one in gateway.settings.partners.items()}
        return [line for line in overdue(gateway.ledger, moment, agreements, calendars_at(gateway, moment))
                if line.kind in ("contrl", "cusres")]


def asked_again(office: Office) -> int:
    (line,) = late(office, 3.5)
    return line.asked


def out_of_service(togo: Office, starts: datetime, ends: datetime) -> None:
    """Togo holds a notice of Burkina Faso that all of its offices are out."""
    with open_gateway(togo.settings, later()) as gateway, gateway.ledger.transaction() as transaction:
        transaction.note_downtime([DowntimeRow(administration="BFDGD", office="", notice="N", reference="N",
                                               starts=starts, ends=ends, text="move")], later())


def questions(office: Office) -> list[str]:
    """The states of the questions about the movement that an office put."""
    return [line["state"] for line in office.lines("show", MRN)
            if line["kind"] == "message" and line["direction"] == "out" and line["word"] == "STATE-QUERY"]


def history(office: Office) -> list[HistoryRow]:
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return [row for row in queries.history_of(MRN) if row.event.startswith("chase")]


def cleared(burkina: Office) -> None:
    """What Togo puts up is lost."""
    for path in burkina.mailbox("TGOTR").iterdir():
        path.unlink()


def asked(togo: Office, burkina: Office, *, until: float, step: float) -> list[float]:
    """The hours, among regular runs, at which a question was put."""
    began, found, known, hours = later(), list[float](), len(questions(togo)), step
    while hours <= until:
        at(togo, "edi-send", began + timedelta(hours=hours))
        cleared(burkina)
        if len(questions(togo)) > known:
            found.append(hours)
            known = len(questions(togo))
        hours += step
    return found


def test_a_late_answer_is_asked_for_at_growing_intervals_and_each_question_is_history(
        pair: tuple[Office, Office, Mapping[str, bytes]]) -> None:
    togo, burkina, _ = pair
    assert asked(togo, burkina, until=36, step=3) == [3, 6, 12, 21]  # 2 h late; then after 2, 4, 8, 16 hours
    assert [(row.event, row.text) for row in history(togo)] == [("chase", f"cusres {n}") for n in (1, 2, 3, 4)]


def test_the_question_is_answered_and_the_answer_that_comes_late_ends_the_chase(
        pair: tuple[Office, Office, Mapping[str, bytes]]) -> None:
    togo, burkina, lost = pair
    at(togo, "edi-send", later(hours=3))
    at(burkina, "edi-receive", later(hours=3.1))
    at(togo, "edi-receive", later(hours=3.2))
    assert "STATE-ANSWER" in [line["word"] for line in togo.lines("show", MRN) if line["kind"] == "event"]
    assert asked_again(togo) == 1
    put_back(togo, lost)
    at(togo, "edi-receive", later(hours=4))
    assert [row.event for row in history(togo)] == ["chase", "chase-answered"]
    assert asked(togo, burkina, until=40, step=20) == []


def test_an_answer_ends_what_was_given_up_as_well(pair: tuple[Office, Office, Mapping[str, bytes]]) -> None:
    togo, burkina, lost = pair
    agree(togo, "  chase: {first: 12h, longest: 1d, ends: 2d}\n")
    for hours in (3, 16, 41, 52):
        ran = at(togo, "edi-send", later(hours=hours))
        cleared(burkina)
    refused(ran, Exit.PERSON, GIVEN_UP, place="interchange")
    assert "edi partner show BFDGD" in ran.err
    assert GIVEN_UP not in codes(at(togo, "edi-send", later(hours=60)))
    assert len(questions(togo)) == 3
    (line,) = late(togo, 60)
    assert (line.next, line.asked, line.again) == ("call", 3, None)
    put_back(togo, lost)
    at(togo, "edi-receive", later(hours=61))
    assert [row.event for row in history(togo)] == ["chase"] * 3 + ["chase-given-up", "chase-answered"]
    assert late(togo, 61) == []


def test_what_is_chased_has_nobody_move_but_the_gateway_until_it_is_given_up(
        pair: tuple[Office, Office, Mapping[str, bytes]]) -> None:
    togo, _, _ = pair
    assert [(line.next, line.asked) for line in late(togo, 3)] == [("chase", 0)]
    began = later(hours=3)
    at(togo, "edi-send", began)
    (line,) = late(togo, 4)
    assert (line.standing, line.next, line.asked, line.again) == ("late", "wait", 1, began + timedelta(hours=2))


def test_a_contrl_that_does_not_come_has_the_same_object_offered_again(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path, valid=timedelta(days=800))
    togo.drop("declarations", {"d.json": declaration_json("A", mrn=MRN)})
    well(togo.run("edi-send"))
    (sealed,) = burkina.mailbox("TGOTR").iterdir()
    name, content = sealed.name, sealed.read_bytes()
    well(burkina.run("edi-receive"))
    taken(burkina, togo, "CONTRL")
    taken(burkina, togo, "CUSRES")
    well(togo.run("edi-receive"))
    assert [line.kind for line in late(togo, 3)] == ["contrl"]
    cleared(burkina)
    at(togo, "edi-send", later(hours=3))
    assert (burkina.mailbox("TGOTR") / name).read_bytes() == content
    assert [(line.kind, line.next, line.asked) for line in late(togo, 4)] == [("contrl", "wait", 1)]
    ran = at(burkina, "edi-receive", later(hours=3))
    assert ran.exit == 0, ran.err
    assert len(burkina.interchanges("in")) == len({line["reference"] for line in burkina.interchanges("in")})


def test_nothing_is_asked_of_a_partner_that_is_out_of_service_and_it_is_said_how_long_is_left(
        pair: tuple[Office, Office, Mapping[str, bytes]]) -> None:
    togo, _, _ = pair
    closed = later(minutes=30)
    out_of_service(togo, closed, closed + timedelta(hours=8))
    at(togo, "edi-send", later(hours=5))
    assert questions(togo) == []
    (line,) = late(togo, 5)
    assert (line.standing, line.next, line.office) == ("excused", "wait", "BFOUI")
    assert timedelta(hours=4) < line.left < timedelta(hours=6)
    with open_gateway(togo.settings, later()) as gateway:
        start(Language.ENGLISH)
        told = explained(line, later(hours=5), {code: one.name for code, one in gateway.corridors.offices.items()})
    assert told.endswith(" h left")
    assert " out of service " in told
    at(togo, "edi-send", later(hours=12))
    assert len(questions(togo)) == 1


def test_silence_of_a_partner_is_told_once_a_day_with_when_he_was_last_heard(
        pair: tuple[Office, Office, Mapping[str, bytes]]) -> None:
    togo, burkina, _ = pair
    agree(togo, "  expect: {per: 1d}\n")
    told: list[tuple[int, list[str]]] = []
    start: datetime = later()
    for hours in (20, 26, 28, 52):
        told.append((hours, [code for code in codes(at(togo, "edi-send", start + timedelta(hours=hours)))
                             if code == SILENT]))
        cleared(burkina)
    assert told[0] == (20, [])
    assert sum(len(found) for _, found in told) in (2, 3)  # two or three calendar days of UTC
    assert checked("overdue", togo.run("edi", "overdue", "--json").out)[-1]["kind"] == "summary"


def test_status_gives_as_json_what_is_open_and_the_latest_that_ended_and_everything_when_asked(
        pair: tuple[Office, Office, Mapping[str, bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    togo, _, _ = pair
    monkeypatch.setattr(import_module("gateway.reports.status"), "LATEST", 0)

    def interchanges(*words: str) -> list[tuple[str, str]]:
        return sorted((line["type"], line["state"]) for line in checked(
            "status", togo.run("edi", "status", "--json", *words).out) if line["kind"] == "interchange")

    assert ("CUSDEC", "ACKNOWLEDGED") not in interchanges()
    assert ("CUSDEC", "ACKNOWLEDGED") in interchanges("--all")
    assert togo.run("edi", "status", "--all").exit == Exit.USAGE
