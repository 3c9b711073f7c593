"""What does a bad file of the national side get: code, place, hint, exit status, a resting place, and no company?

Each bad file is dropped together with a good one, which must go out all the same; running again changes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.summary import Exit
from tests.tools.malice import again, at, codes, later, refused, refused_files, sent_files, waiting_files, well
from tests.tools.offices import ROOT, Office, offices
from tests.tools.records import declaration, declaration_json, event_json, numbered_mrn

STORY = ROOT / "samples" / "story" / "tgotr"
CSV = (STORY / "declaration-2.csv").read_bytes()
SAD = (STORY / "declaration-1.xml").read_bytes()
T1 = (STORY / "declaration-1-t1.csv").read_bytes()
GOOD = declaration_json("GOOD")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    """Togo and Burkina Faso without a server between them."""
    togo, burkina = offices(tmp_path)
    return togo, burkina


def changed(key: str, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """A declaration with one thing changed."""
    record = declaration(key)
    change(record)
    return json.dumps(record, ensure_ascii=False, indent=1).encode()


def with_item(key: str, **terms: Any) -> bytes:
    """A declaration whose second item says something else."""
    return changed(key, lambda record: record["items"][1].update(terms))


BAD: list[Any] = [
    pytest.param("bad.xml", b"<ASYCUDA>\n <Export_release>\n", ["R004"], r"bad\.xml:3:1", id="broken XML"),
    pytest.param("bad.xml", b'<?xml version="1.0"?>\n<!DOCTYPE ASYCUDA [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
                 b"<ASYCUDA>&x;</ASYCUDA>", ["R002"], r"bad\.xml:2", id="a DOCTYPE"),
    pytest.param("bad.xml", b'<?xml version="1.0"?>\n<Invoice/>', ["R005"], r"bad\.xml:2", id="another document"),
    pytest.param("bad.xml", SAD[:len(SAD) // 2], ["R004"], r"bad\.xml:\d+:\d+", id="a truncated XML"),
    pytest.param("bad.xml", b'<?xml version="1.0" encoding="EBCDIC-CP-BE"?><ASYCUDA/>', ["R003"], r"bad\.xml",
                 id="an encoding nobody agreed"),
    pytest.param("bad.xml", b"", ["R004"], r"bad\.xml", id="an empty XML"),
    pytest.param("bad.csv", CSV.replace(b"NB COLIS", b"NB KOLIS"), ["R010"], r"bad\.csv:1:\d+", id="an unknown column"),
    pytest.param("bad.csv", CSV.replace(b"1006309000", b"1,00631E+09"), ["R015"], r"bad\.csv:\d+",
                 id="a cell that a spreadsheet mangled"),
    pytest.param("bad.csv", CSV.replace(b"10/12/2026", b"31/02/2026"), ["D101"], r"bad\.csv:\d+",
                 id="a date in a CSV that is none"),
    pytest.param("bad.csv", CSV[:CSV.index(b"BHARAT")], ["R017"], r"bad\.csv:4:\d+", id="a truncated CSV"),
    pytest.param("bad.csv", b"", ["R014"], r"bad\.csv", id="an empty CSV"),
    pytest.param("bad.csv", CSV[:CSV.index(b"TG26-DECL")], ["D118"], r"bad\.csv", id="a CSV of headings"),
    pytest.param("bad.json", b"", ["R020"], r"bad\.json", id="an empty JSON"),
    pytest.param("bad.json", GOOD[:200], ["R020"], r"bad\.json:\d+:\d+", id="a truncated JSON"),
    pytest.param("bad.json", b"\x00\x01\x02" * 100, ["R020"], r"bad\.json", id="binary rubbish"),
    pytest.param("bad.json", b"[" * 100_000, ["R022"], r"bad\.json", id="a JSON of a hundred thousand levels"),
    pytest.param("bad.json", b"17", ["D111"], r"bad\.json", id="a JSON that is a number"),
    pytest.param("bad.json", changed("W", lambda record: record.update(total_packages="eight hundred")), ["D111"],
                 r"bad\.json:\d+:\d+, .*total_packages", id="a number of packages in words"),
    pytest.param("bad.json", changed("W", lambda record: record.update(items={"number": 1})), ["D111"],
                 r"bad\.json:\d+:\d+, .*items", id="items that are no list"),
    pytest.param("bad.json", changed("W", lambda record: record.update(colour="red")), ["D110"],
                 r"bad\.json:\d+:\d+, .*colour", id="a key that nobody knows"),
    pytest.param("bad.json", changed("W", lambda record: record.update(time_limit="2027-02-30")), ["D101"],
                 r"bad\.json:\d+:\d+, .*time_limit", id="a date that is none"),
    pytest.param("bad.json", changed("W", lambda record: record.update(time_limit="20/03/2027")), ["D101"],
                 r"bad\.json:\d+:\d+, .*time_limit", id="a date of another form"),
    pytest.param("bad.json", GOOD.replace(b'"total_packages": 800', b'"total_packages": 800,\n "total_packages": 8'),
                 ["R021"], r"bad\.json:\d+:\d+", id="a key twice"),
    pytest.param("note.docx", b"PK\x03\x04", ["X001"], r"note\.docx", id="a name that nobody expects"),
    pytest.param("bad.json", changed("W", lambda record: record["office_of_destination"].update(code="BFXXX")),
                 ["M301"], r"bad\.json:\d+:\d+, .*office_of_destination\.code", id="an office that nobody has"),
    pytest.param("bad.json", changed("W", lambda record: record.pop("office_of_destination")), ["X020"],
                 r"bad\.json.*office_of_destination", id="no office of destination"),
    pytest.param("bad.json", changed("W", lambda record: record["office_of_departure"].update(code="BFOUI")),
                 ["M306"], r"bad\.json:\d+:\d+, .*office_of_destination\.code", id="a route that nobody agreed"),
    pytest.param("bad.json", changed("W", lambda record: record.update(mrn="26TGLPLT0000182339")), ["X024"],
                 r"bad\.json:\d+:\d+, .*mrn", id="an MRN with a wrong check digit"),
    pytest.param("bad.json", changed("W", lambda record: record["principal"].update(name="N" * 176)), ["M103"],
                 r"bad\.json:\d+:\d+, .*principal\.name", id="a name too long for D.96B"),
    pytest.param("bad.json", with_item("W", gross_mass="1234567890123456.5"), ["M103"],
                 r"bad\.json:\d+:\d+, .*items\[2\]\.gross_mass", id="a mass too long for D.96B"),
    pytest.param("bad.json", with_item("W", gross_mass="-5"), ["M102"],
                 r"bad\.json:\d+:\d+, .*items\[2\]\.gross_mass", id="a mass below nothing"),
    pytest.param("bad.json", changed("W", lambda record: record["principal"].update(name="Ωmega ☃")), ["F060"],
                 r"bad\.json:\d+:\d+, .*principal\.name", id="letters that UNOC lacks"),
    pytest.param("bad.json", b" " * (33 << 20), ["B005"], r".*bad\.json", id="a file of 33 MiB"),
]


@pytest.mark.parametrize(("name", "content", "expected", "place"), BAD)
def test_a_bad_declaration_is_refused_with_its_place_and_the_good_one_goes_out(
        pair: tuple[Office, Office], name: str, content: bytes, expected: list[str], place: str) -> None:
    togo, burkina = pair
    togo.drop("declarations", {name: content, "good.json": GOOD})
    ran = togo.run("edi-send")
    refused(ran, Exit.PERSON, *expected, place=place)
    assert (ran.counts["records_taken"], ran.counts["records_refused"]) == (1, 1)
    assert refused_files(togo, "declarations") == [name, f"{name}.reason"]
    kept = togo.home / "national" / "refused" / "declarations"
    assert (kept / name).read_bytes() == content
    reason = (kept / f"{name}.reason").read_text("utf-8")
    assert all(code in reason for code in expected)
    assert "→" in reason
    assert (sent_files(togo, "declarations"), waiting_files(togo, "declarations")) == (["good.json"], [])
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    again(togo, programs=["edi-send"])


def test_a_letter_that_no_interchange_can_carry_does_not_stop_those_that_wait_beside_it(
        pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    strange = changed("W", lambda record: record["principal"].update(name="Ωmega"))
    togo.drop("declarations", {"a.json": strange, **{f"{key}.json": declaration_json(key) for key in "bcd"}})
    refused(togo.run("edi-send"), Exit.PERSON, "F060", place=r"a\.json:\d+:\d+")
    assert burkina.run("edi-receive").counts["messages_accepted"] == 3


def test_a_declaration_that_lacks_its_twin_waits_and_is_then_refused(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    togo.drop("declarations", {"sad.xml": SAD, "good.json": GOOD})
    ran = togo.run("edi-send")
    well(ran)
    assert (ran.counts["records_taken"], ran.counts["records_waiting"]) == (1, 1)
    well(at(togo, "edi-send", later(minutes=29)))
    assert waiting_files(togo, "declarations") == ["sad.xml"]
    refused(at(togo, "edi-send", later(minutes=31)), Exit.PERSON, "X002", place=r"sad\.xml")
    assert refused_files(togo, "declarations") == ["sad.xml", "sad.xml.reason"]
    assert (togo.home / "national" / "refused" / "declarations" / "sad.xml").read_bytes() == SAD
    again(togo)


def test_an_old_time_of_change_does_not_shorten_the_wait_for_the_twin(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    togo.drop("declarations", {"sad.xml": SAD})
    os.utime(togo.home / "national" / "out" / "declarations" / "sad.xml", (1_700_000_000, 1_700_000_000))
    well(togo.run("edi-send"))
    assert waiting_files(togo, "declarations") == ["sad.xml"]


def test_twins_meet_in_whichever_order_they_come(tmp_path: Path) -> None:
    togo, *_ = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    togo.drop("declarations", {"t1-t1.csv": T1})
    assert togo.run("edi-send").counts["records_waiting"] == 1
    togo.drop("declarations", {"sad.xml": SAD})
    ran = togo.run("edi-send")
    well(ran)
    assert (ran.counts["records_taken"], ran.counts["records_waiting"]) == (1, 0)
    assert sent_files(togo, "declarations") == ["sad.xml", "t1-t1.csv"]


def test_two_declarations_for_one_extract_are_refused_together_with_it(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    other = SAD.replace(b"<Number_of_packages>", b"<Number_of_packages> ", 1)
    assert other != SAD
    togo.drop("declarations", {"one.xml": SAD, "two.xml": other, "t-t1.csv": T1, "good.json": GOOD})
    ran = togo.run("edi-send")
    assert (ran.exit, set(codes(ran))) == (Exit.PERSON, {"D108"})
    assert "Traceback" not in ran.err
    assert {"one.xml", "two.xml"} <= set(refused_files(togo, "declarations"))
    assert sent_files(togo, "declarations") == ["good.json"]


def test_the_same_declaration_under_another_name_is_taken_once(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": GOOD, "b.json": GOOD})
    first = togo.run("edi-send")
    togo.drop("declarations", {"c.json": GOOD, "a.json": GOOD})
    second = togo.run("edi-send")
    well(second)
    assert second.counts["records_repeated"] == 2
    assert first.counts["messages_queued"] + second.counts["messages_queued"] <= 2
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    assert len(togo.movements()) == 1


def test_another_content_under_a_national_reference_already_sent_is_refused(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": GOOD})
    well(togo.run("edi-send"))
    togo.drop("declarations", {"a.json": GOOD.replace(b"SENEGAL", b"GHANA").replace(b"SEN 1-480", b"SEN 1-481")})
    refused(togo.run("edi-send"), Exit.PERSON, "X022", place=r"a\.json")
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1


@pytest.mark.parametrize("make", [
    pytest.param(lambda path: path.mkdir(), id="a folder"),
    pytest.param(lambda path: path.symlink_to("/etc/passwd"), id="a link"),
    pytest.param(lambda path: os.mkfifo(path), id="a pipe")])
def test_what_is_no_file_stays_where_it_lies_and_is_named(pair: tuple[Office, Office],
                                                          make: Callable[[Path], None]) -> None:
    togo, burkina = pair
    path = togo.home / "national" / "out" / "declarations" / "strange.json"
    make(path)
    togo.drop("declarations", {"good.json": GOOD})
    refused(togo.run("edi-send"), Exit.PERSON, "B002", place=r".*strange\.json")
    assert os.path.lexists(path)
    assert sent_files(togo, "declarations") == ["good.json"]
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1


def test_a_file_that_is_still_being_written_is_left_alone(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    togo.drop("declarations", {"half.json.tmp": GOOD[:100], ".hidden.json": GOOD[:100], "half.part": GOOD[:100]})
    well(togo.run("edi-send"))
    assert sorted(path.name for path in (togo.home / "national" / "out" / "declarations").iterdir()) == [
        ".hidden.json", "half.json.tmp", "half.part"]


def test_a_dialect_that_is_not_there_makes_its_files_wait_and_the_others_go(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    text = togo.settings.read_text("utf-8")
    togo.settings.write_text(text.replace("tgotr/csv", "tgotr/lost"), "utf-8")
    togo.drop("declarations", {"a.csv": CSV, "good.json": GOOD})
    refused(togo.run("edi-send"), Exit.SETTINGS, "D011", place="")
    assert waiting_files(togo, "declarations") == ["a.csv"]
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    again(togo, status=Exit.SETTINGS, programs=["edi-send"])


def test_a_partner_of_the_route_that_is_not_set_up_makes_the_record_wait(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    far = changed("FAR", lambda record: record.update(office_of_destination={"code": "MLBKO"}))
    togo.drop("declarations", {"far.json": far, "good.json": GOOD})
    refused(togo.run("edi-send"), Exit.SETTINGS, "X010", place=r"far\.json")
    assert waiting_files(togo, "declarations") == ["far.json"]
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    again(togo, status=Exit.SETTINGS, programs=["edi-send"])


def test_a_partner_that_is_not_in_the_settings_cannot_be_asked_for(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"good.json": GOOD})
    ran = togo.run("edi-send", "--partner", "XXXXX")
    assert ran.exit == Exit.SETTINGS
    assert "X010: the partner XXXXX is not in the settings (known: BFDGD)\n  → " in ran.err
    assert "Traceback" not in ran.err
    well(togo.run("edi-send"))
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1


EVENTS: list[Any] = [
    pytest.param(b"{}", "T003", r"e\.json:\d+:\d+", id="no word"),
    pytest.param(b'{"word": "DANCED", "mrn": "26TGLPLT0000182338"}', "D104", r"e\.json:1:\d+, /word",
                 id="a wrong word"),
    pytest.param(event_json(numbered_mrn(77), "ARRIVED").replace(b"BFOUI", b"TGLPL"), "X006",
                 r"e\.json:1:\d+, /office/code", id="a foreign office"),
    pytest.param(event_json(numbered_mrn(77), "ARRIVED").replace(b'{"word"', b'{"administration": "TGOTR", "word"'),
                 "X007", r"e\.json:1:\d+, /administration", id="another administration's name"),
    pytest.param(event_json(numbered_mrn(77), "ARRIVED").replace(b"11:30Z", b"25:30Z"), "D101",
                 r"e\.json:1:\d+, /happened", id="a wrong hour"),
]


@pytest.mark.parametrize(("content", "code", "place"), EVENTS)
def test_a_bad_event_is_refused_with_its_place(pair: tuple[Office, Office], content: bytes, code: str,
                                               place: str) -> None:
    togo, burkina = pair
    mrn = accepted(togo, burkina)
    burkina.drop("events", {"e.json": content, "good.json": event_json(mrn, "ARRIVED")})
    refused(burkina.run("edi-send"), Exit.PERSON, code, place=place)
    assert refused_files(burkina, "events") == ["e.json", "e.json.reason"]
    assert sent_files(burkina, "events") == ["good.json"]
    well(togo.run("edi-receive"))
    assert togo.movements()[mrn]["state"] == "ARRIVED"
    burkina.run("edi-receive")
    again(burkina)


def test_an_event_of_an_unknown_movement_waits_a_day_and_is_then_refused(pair: tuple[Office, Office]) -> None:
    _, burkina = pair
    burkina.drop("events", {"e.json": event_json(numbered_mrn(77), "ARRIVED")})
    ran = burkina.run("edi-send")
    well(ran)
    assert ran.counts["records_waiting"] == 1
    well(at(burkina, "edi-send", later(hours=23, minutes=59)))
    assert waiting_files(burkina, "events") == ["e.json"]
    refused(at(burkina, "edi-send", later(hours=24, minutes=1)), Exit.PERSON, "X005", place=r"e\.json")
    assert refused_files(burkina, "events") == ["e.json", "e.json.reason"]
    again(burkina)


def test_an_event_that_came_before_its_declaration_goes_out_when_that_has_come(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    mrn = numbered_mrn(5)
    burkina.drop("events", {"e.json": event_json(mrn, "ARRIVED")})
    well(burkina.run("edi-send"))
    togo.drop("declarations", {"d.json": declaration_json("D", mrn=mrn)})
    well(togo.run("edi-send"))
    well(burkina.run("edi-sync"))
    assert sent_files(burkina, "events") == ["e.json"]
    well(togo.run("edi-receive"))
    assert togo.movements()[mrn]["state"] == "ARRIVED"


def test_an_event_said_twice_is_said_once_and_said_otherwise_is_refused(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    mrn = accepted(togo, burkina)
    named = event_json(mrn, "ARRIVED").replace(b'{"word"', b'{"reference": "BFOUI-77", "word"')
    burkina.drop("events", {"e.json": named})
    assert burkina.run("edi-send").counts["messages_queued"] == 1
    burkina.drop("events", {"same.json": named, "spaced.json": named.replace(b", ", b",  ")})
    ran = burkina.run("edi-send")
    well(ran)
    assert ran.counts["messages_queued"] == 0
    burkina.drop("events", {"other.json": named.replace(b"11:30Z", b"12:30Z")})
    refused(burkina.run("edi-send"), Exit.PERSON, "L010", place=r"other\.json")
    assert refused_files(burkina, "events") == ["other.json", "other.json.reason"]
    well(togo.run("edi-receive"))
    assert [json.loads(content)["happened"] for content in togo.inbox("events").values()] == ["2026-03-16T11:30Z"]


def accepted(togo: Office, burkina: Office) -> str:
    """A declaration that Burkina Faso has accepted; its MRN."""
    togo.drop("declarations", {"d.json": declaration_json("KNOWN")})
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive"),
                            (burkina, "edi-receive"), (togo, "edi-receive")):
        well(office.run(program))
    (mrn,) = togo.movements()
    return mrn
