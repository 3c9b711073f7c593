"""Defects of the sending side, each kept from coming back: what the national side drops must never stop the others."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange import cycle, lots, sealing, taking
from gateway.exchange.lots import joined
from gateway.exchange.outbound import Plan, plan_declaration
from gateway.exchange.summary import Exit
from gateway.mapping.dialect import Dialect, NationalRecord, Reading
from tests.tools.malice import again, at, codes, later, refused, refused_files, sent_files, waiting_files, well
from tests.tools.offices import ROOT, Office, Ran, offices
from tests.tools.records import declaration_json, event_json, numbered_mrn

STORY = ROOT / "samples" / "story" / "tgotr"
CSV = (STORY / "declaration-2.csv").read_bytes()
SAD = (STORY / "declaration-1.xml").read_bytes()
T1 = (STORY / "declaration-1-t1.csv").read_bytes()


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, with Burkina Faso and Mali as its partners."""
    return offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))[0]


def twins(number: int) -> tuple[bytes, bytes]:
    """A SAD and its T1 extract under a number of their own; the gateway gives the MRN."""
    return (SAD.replace(b"20417", f"{number}".encode()),
            T1.replace(b"26TGLPLT0000204177", b"").replace(b"/20417", f"/{number}".encode()))


def kept(togo: Office, name: str) -> str:
    """The reason beside a refused declaration."""
    return (togo.home / "national" / "refused" / "declarations" / f"{name}.reason").read_text("utf-8")


def reports(togo: Office) -> list[str]:
    """The defect reports."""
    return [path.read_text("utf-8") for path in sorted((togo.home / "state" / "defects").glob("*.txt"))]


@pytest.mark.parametrize("together", [True, False])
def test_a_national_key_under_a_second_mrn_is_refused_and_the_others_go(togo: Office, together: bool) -> None:
    first, second = numbered_mrn(1), numbered_mrn(2)
    togo.drop("declarations", {"a.json": declaration_json("KEY", mrn=first)})
    if not together:
        well(togo.run("edi-send"))
    togo.drop("declarations", {"b.json": declaration_json("KEY", mrn=second), "c.json": declaration_json("OTHER")})
    ran = togo.run("edi-send")
    refused(ran, Exit.PERSON, "X026", place=r"b\.json:\d+:\d+, .*mrn")
    assert f"the national key TGLPL/2026/T/KEY already belongs to the movement {first}" in ran.err
    assert sent_files(togo, "declarations") == ["a.json", "c.json"]
    assert first in togo.movements() and second not in togo.movements()
    again(togo, programs=["edi-send"])


def test_two_records_of_one_file_that_name_the_same_movement_are_refused_with_their_file(togo: Office) -> None:
    heading, *rows = csv.reader(io.StringIO(CSV.decode("cp1252"), newline=""), delimiter=";")
    items = [row for row in rows if row[0] == "TG26-DECL-001211"]
    twice = [["TG26-OTHER", *row[1:]] for row in items]
    assert items
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([heading, *items, *twice])
    togo.drop("declarations", {"two.csv": text.getvalue().encode("cp1252"), "good.json": declaration_json("GOOD")})
    ran = togo.run("edi-send")
    refused(ran, Exit.PERSON, "X022", place=r"two\.csv")
    assert sent_files(togo, "declarations") == ["good.json"]
    again(togo, programs=["edi-send"])


def test_keys_that_differ_in_one_mark_get_files_of_their_own(togo: Office) -> None:
    togo.drop("declarations", {"a.json": declaration_json("A.1"), "b.json": declaration_json("A-1")})
    well(togo.run("edi-send"))
    well(togo.run("edi-receive"))
    assert sorted(json.loads(content)["national_key"] for content in togo.inbox("answers").values()) == [
        "TGLPL/2026/T/A-1", "TGLPL/2026/T/A.1"]
    assert sorted(togo.inbox("answers")) == ["TGLPL.2026.T.A%2E1.mrn.json", "TGLPL.2026.T.A-1.mrn.json"]


# --- defects of our own


def test_a_defect_in_one_step_does_not_starve_the_others_and_leaves_a_report(togo: Office,
                                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("words of a trader")

    monkeypatch.setattr(cycle, "collect", broken)
    monkeypatch.setattr(cycle, "deliver", broken)
    togo.drop("declarations", {"a.json": declaration_json("A"), "note.docx": b""})
    ran = togo.run("edi-sync")
    assert (ran.exit, ran.counts["exit"], codes(ran)) == (70, 70, ["C021", "X001"])
    assert (ran.counts["records_taken"], ran.counts["objects_dispatched"]) == (1, 1)
    assert "Traceback" not in ran.err
    (report,) = reports(togo)
    assert "builtins.ZeroDivisionError" in report and "test_exchange_intake.py" in report
    assert "words of a trader" not in report


def test_a_run_past_its_deadline_first_says_what_it_has_found(togo: Office) -> None:
    togo.drop("declarations", {"note.docx": b"", "a.json": declaration_json("A")})
    script = ("import sys, time\nfrom gateway.cli import runs\nfrom gateway.cli.entry import run\n"
              "from gateway.exchange import cycle\n"
              "watch = runs._watch\nruns._watch = lambda seconds, *rest: watch(3.0, *rest)\n"
              "cycle.seal_waiting = lambda *given: time.sleep(60)\n"
              "run('edi-send', ['--json', '--lang', 'en', '--config', sys.argv[1]])\n")
    done = subprocess.run([sys.executable, "-c", script, str(togo.settings)], cwd=ROOT, capture_output=True, text=True,
                          timeout=50, check=False)
    ran = Ran(done.returncode, done.stdout, done.stderr)
    assert (ran.exit, codes(ran), ran.counts["records_taken"]) == (Exit.PERSON, ["X001", "X090"], 1)
    assert "note.docx: X001: " in ran.err and "X090: the run has reached its time limit" in ran.err


def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the gateway fail at every declaration whose key ends with BAD."""
    def failing(gateway: Any, transaction: Any, record: NationalRecord, occasion: Any) -> Plan:
        if record.key.endswith("BAD"):
            raise ZeroDivisionError
        return plan_declaration(gateway, transaction, record, occasion)

    monkeypatch.setattr(taking, "plan_declaration", failing)


def test_a_file_at_which_the_gateway_fails_stops_no_other_and_is_set_aside_the_third_time(
        togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned(monkeypatch)
    togo.drop("declarations", {f"{key}.json": declaration_json(key) for key in ("A", "BAD", "C")})
    first = togo.run("edi-send")
    assert (first.exit, codes(first)) == (70, ["C021"])
    assert [first.counts[f"records_{what}"] for what in ("taken", "waiting", "refused")] == [2, 1, 0]
    assert sent_files(togo, "declarations") == ["A.json", "C.json"]
    togo.drop("declarations", {"D.json": declaration_json("D")})
    second = togo.run("edi-send")
    assert (second.exit, codes(second), second.counts["records_taken"]) == (70, ["C021"], 1)
    assert waiting_files(togo, "declarations") == ["BAD.json"]
    third = togo.run("edi-send")
    assert (third.exit, codes(third)) == (70, ["C021", "X027"])
    assert "BAD.json: X027: the gateway failed 3 times at this file" in third.err
    assert refused_files(togo, "declarations") == ["BAD.json", "BAD.json.reason"]
    assert "X027" in kept(togo, "BAD.json")
    assert len(reports(togo)) == 3
    monkeypatch.undo()
    again(togo, programs=["edi-send"])
    togo.drop("declarations", {"BAD.json": declaration_json("BAD")})
    assert togo.run("edi-send").counts["records_taken"] == 1  # mended, dropped again, and counted from nothing


def test_a_file_over_which_the_process_died_three_times_is_not_tried_again(togo: Office) -> None:
    togo.drop("declarations", {"a.json": declaration_json("A"), "b.json": declaration_json("B")})
    (togo.home / "state" / "claimed").mkdir(mode=0o700)
    (togo.home / "state" / "claimed" / "declarations.attempts.json").write_text('{"a.json": 3, "gone.json": 3}')
    refused(togo.run("edi-send"), Exit.PERSON, "X027", place=r"a\.json")
    assert sent_files(togo, "declarations") == ["b.json"]
    again(togo, programs=["edi-send"])
    assert not (togo.home / "state" / "claimed" / "declarations.attempts.json").exists()


@pytest.mark.parametrize("fault", ["one file", "two files together"])
def test_a_file_that_the_reading_fails_at_stops_no_other(togo: Office, monkeypatch: pytest.MonkeyPatch,
                                                         fault: str) -> None:
    read = Dialect.read

    def failing(dialect: Dialect, files: Mapping[str, bytes], **more: Any) -> Reading:
        if {"bad.xml", *(["bad-t1.csv"] if fault == "two files together" else [])} <= set(files):
            raise ZeroDivisionError
        return read(dialect, files, **more)

    monkeypatch.setattr(Dialect, "read", failing)
    bad, good = twins(30001), twins(30002)
    togo.drop("declarations", {"bad.xml": bad[0], "bad-t1.csv": bad[1], "good.xml": good[0], "good-t1.csv": good[1]})
    ran = togo.run("edi-send")
    assert (ran.exit, codes(ran), ran.counts["records_taken"]) == (70, ["C021"], 1)
    assert sent_files(togo, "declarations") == ["good-t1.csv", "good.xml"]
    togo.run("edi-send")
    last = togo.run("edi-send")
    assert (last.exit, codes(last)) == (70, ["C021", "X027"])
    assert "bad.xml.reason" in refused_files(togo, "declarations")


# --- killed while files are put away; tests/crash walks through every failpoint


def test_a_twin_left_behind_by_a_killed_run_is_filed_as_sent_and_not_refused(togo: Office) -> None:
    sad, extract = twins(30001)
    togo.drop("declarations", {"d.xml": sad, "d-t1.csv": extract})
    assert togo.killed("edi-send", "send.filing.parted") == -9
    assert (waiting_files(togo, "declarations"), sent_files(togo, "declarations")) in (
        (["d-t1.csv"], ["d.xml"]), (["d.xml"], ["d-t1.csv"]))
    well(at(togo, "edi-send", later(hours=2)))
    assert (waiting_files(togo, "declarations"), sent_files(togo, "declarations")) == ([], ["d-t1.csv", "d.xml"])
    assert refused_files(togo, "declarations") == []
    again(togo, programs=["edi-send"])


def test_an_extract_dropped_again_waits_for_its_corrected_declaration(togo: Office) -> None:
    sad, extract = twins(30001)
    togo.drop("declarations", {"d.xml": sad, "d-t1.csv": extract})
    well(togo.run("edi-send"))
    togo.drop("declarations", {"d-t1.csv": extract})
    for _ in range(2):
        ran = togo.run("edi-send")
        assert (ran.exit, ran.counts["records_waiting"]) == (0, 1)
    assert waiting_files(togo, "declarations") == ["d-t1.csv"]


@pytest.mark.parametrize("failpoint", ["send.filing.reasoned", "send.filing.refused"])
def test_twins_refused_by_a_killed_run_both_get_the_same_reason(togo: Office, failpoint: str) -> None:
    togo.drop("declarations", {"d.xml": SAD, "d-t1.csv": T1.replace(b"26TGLPLT0000204177", b"26TGLPLT0000204178")})
    assert togo.killed("edi-send", failpoint) == -9
    folder = togo.home / "national" / "refused" / "declarations"
    assert {"d.xml.reason", "d-t1.csv.reason"} <= {path.name for path in folder.iterdir()}
    refused(at(togo, "edi-send", later(hours=2)), Exit.PERSON, "X024", place=r"d")
    assert refused_files(togo, "declarations") == ["d-t1.csv", "d-t1.csv.reason", "d.xml", "d.xml.reason"]
    assert kept(togo, "d.xml") == kept(togo, "d-t1.csv")
    assert "X024" in kept(togo, "d.xml")
    again(togo, programs=["edi-send"])


def test_a_reason_lies_beside_its_file_when_an_earlier_one_has_the_name(togo: Office) -> None:
    for number in range(3):
        togo.drop("declarations", {"a.json": b"%d" % number, "a.1.json": b"[%d]" % number})
        togo.run("edi-send")
    names = refused_files(togo, "declarations")
    assert len(names) == 12
    assert [name for name in names if name.endswith(".reason")] == [f"{name}.reason" for name in names
                                                                  if not name.endswith(".reason")]


# --- portions


def test_an_interchange_ends_before_it_grows_heavy_and_one_heavy_message_still_goes(
        togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    togo.drop("declarations", {f"{key}.json": declaration_json(key) for key in "ABCDE"})
    monkeypatch.setattr(sealing, "BODIES", 10)
    assert togo.run("edi-send").counts["interchanges_prepared"] == 5
    togo.drop("declarations", {f"{key}.json": declaration_json(key) for key in "FGHIJ"})
    monkeypatch.setattr(sealing, "BODIES", 3_000)
    ran = togo.run("edi-send")
    messages = [line["messages"] for line in togo.interchanges("out")][5:]
    assert (sum(messages), len(messages)) == (5, ran.counts["interchanges_prepared"])
    assert 1 < len(messages) < 5


def test_a_limit_counts_what_is_newly_claimed_and_not_what_waits(togo: Office) -> None:
    togo.drop("events", {f"a{number}.json": event_json(numbered_mrn(number + 1), "ARRIVED").replace(b"BFOUI", b"TGLPL")
                         for number in range(3)})
    assert togo.run("edi-send").counts["records_waiting"] == 3
    togo.drop("events", {"x.docx": b"", "y.docx": b"", "z.docx": b""})
    ran = togo.run("edi-send", "--limit", "2")
    assert (ran.counts["records_waiting"], ran.counts["records_refused"]) == (3, 2)
    assert [path.name for path in (togo.home / "national" / "out" / "events").iterdir()] == ["z.docx"]


def test_twins_that_sort_apart_meet_and_are_read_twice_at_most(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    read, times = Dialect.read, Counter[str]()

    def counting(dialect: Dialect, files: Mapping[str, bytes], **more: Any) -> Reading:
        assert len(files) <= 4
        times.update(list(files))
        return read(dialect, files, **more)

    monkeypatch.setattr(Dialect, "read", counting)
    monkeypatch.setattr(lots, "FILES", 4)
    made = [twins(30000 + number) for number in range(10)]
    togo.drop("declarations", {f"SAD_{number}.xml": sad for number, (sad, _) in enumerate(made)})
    togo.drop("declarations", {f"A_{number}-t1.csv": extract for number, (_, extract) in enumerate(made)})
    ran = togo.run("edi-send")
    well(ran)
    assert (ran.counts["records_taken"], ran.counts["records_waiting"]) == (10, 0)
    assert set(times.values()) == {2}


def test_files_are_joined_through_the_keys_they_share() -> None:
    assert joined([("a", "1"), ("b", "2"), ("c", "1"), ("c", "3"), ("d", "3"), ("e", "4")]) == [
        ["a", "c", "d"], ["b"], ["e"]]
