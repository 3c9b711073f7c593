"""Killed before or after any durable step and simply run again: is anything lost, is anything done twice?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.failpoints import NAMES
from tests.tools.offices import ROOT, Office, offices
from tests.tools.records import declaration_json, event_json

KILLED = -9
SAD = (ROOT / "samples" / "story" / "tgotr" / "declaration-1.xml").read_bytes()
T1 = (ROOT / "samples" / "story" / "tgotr" / "declaration-1-t1.csv").read_bytes()
FILING = [name for name in NAMES if name.startswith("send.filing.")]
SENDING = [name for name in NAMES if name.startswith(("send.", "seal.", "dispatch.")) and name not in FILING]
ELSEWHERE = ("quarantine.", "keys.", "partner.", "lists.", "link.", "views.", "attempts.", "objects.", "files.",
             "authority.", "retention.", "ledger.", "mailbox.", "arriving.", "carry.", "upgrade.", "keep.", "alerts.",
             "contents.")
"""Cut in tests/pair/test_quarantine_release.py and test_alerts.py, and in test_key_change.py, test_partner_import.py,
test_revocation_lists.py, test_links.py, test_carry.py, test_keeping.py, test_contents.py and test_other_points.py
here."""

RECEIVING = [name for name in NAMES if not name.startswith(("send.", "map.", *ELSEWHERE))]
ACTIVATING = [name for name in NAMES if name.startswith("map.")]


def test_every_failpoint_is_passed_by_one_of_the_campaigns() -> None:
    assert set(SENDING) | set(RECEIVING) | set(FILING) | set(ACTIVATING) == {
        name for name in NAMES if not name.startswith(ELSEWHERE)}


@pytest.mark.parametrize("failpoint", SENDING)
def test_t32_a_killed_sender_sends_each_declaration_once(failpoint: str, tmp_path: Path) -> None:
    """A sender killed twice at every named failure point and simply run again sends each declaration once."""
    togo, burkina = offices(tmp_path)
    _drop(togo)
    _killed_twice(togo, "edi-send", failpoint)
    _until_quiet(togo, burkina)
    _exactly_once(togo, burkina)


@pytest.mark.parametrize("failpoint", FILING)
def test_a_sender_killed_while_it_puts_files_away_leaves_no_twin_alone(failpoint: str, tmp_path: Path) -> None:
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    for number, mrn in ((20417, b"26TGLPLT0000204177"), (20418, b"26TGLPLT0000204178")):  # the second: a wrong digit
        togo.drop("declarations", {f"{number}.xml": SAD.replace(b"20417", b"%d" % number),
                                   f"{number}-t1.csv": T1.replace(b"26TGLPLT0000204177", mrn).replace(
                                       b"/20417", b"/%d" % number)})
    assert togo.killed("edi-send", failpoint) == KILLED
    togo.run("edi-send")
    assert togo.run("edi-send").counts["records_waiting"] == 0
    national, names = togo.home / "national", ["20418-t1.csv", "20418.xml"]
    assert _names(togo.home / "state" / "claimed" / "declarations") == []
    assert _names(national / "sent" / "declarations") == ["20417-t1.csv", "20417.xml"]
    refused = national / "refused" / "declarations"
    assert _names(refused) == sorted([*names, *(f"{name}.reason" for name in names)])
    reasons = {(refused / f"{name}.reason").read_text("utf-8") for name in names}
    assert len(reasons) == 1 and "X024" in reasons.pop()
    assert list(togo.movements()) == ["26TGLPLT0000204177"]
    assert [burkina.run("edi-receive").counts["messages_accepted"], mali.run("edi-receive").counts[
        "messages_accepted"]] == [1, 1]


@pytest.mark.parametrize("failpoint", RECEIVING)
def test_t32_a_killed_receiver_takes_and_answers_each_declaration_once(failpoint: str, tmp_path: Path) -> None:
    """A receiver killed twice at every named failure point takes and answers each declaration once."""
    togo, burkina = offices(tmp_path)
    _drop(togo)
    togo.run("edi-send")
    _killed_twice(burkina, "edi-receive", failpoint)
    _until_quiet(togo, burkina)
    _exactly_once(togo, burkina)


@pytest.mark.parametrize("failpoint", RECEIVING)
def test_t32_a_sender_killed_while_it_takes_its_answers_takes_each_once(failpoint: str, tmp_path: Path) -> None:
    """A sender killed twice while it takes its answers takes each of them once."""
    togo, burkina = offices(tmp_path)
    _drop(togo)
    togo.run("edi-send")
    burkina.run("edi-receive")
    _killed_twice(togo, "edi-receive", failpoint)
    _until_quiet(togo, burkina)
    _exactly_once(togo, burkina)


@pytest.mark.parametrize("failpoint", SENDING)
def test_t32_a_killed_sender_sends_each_event_once(failpoint: str, tmp_path: Path) -> None:
    """A sender of events killed twice at every named failure point says each event once."""
    togo, burkina = offices(tmp_path)
    _drop(togo)
    _until_quiet(togo, burkina)
    mrn = min(togo.movements())
    burkina.drop("events", {"arrived.json": event_json(mrn, "ARRIVED")})
    _killed_twice(burkina, "edi-send", failpoint)
    _until_quiet(burkina, togo)
    _exactly_once(togo, burkina)
    assert [json.loads(content)["word"] for content in togo.inbox("events").values()] == ["ARRIVÉE"]
    assert togo.movements()[mrn]["state"] == "ARRIVED"


@pytest.mark.parametrize("failpoint", ACTIVATING)
def test_a_killed_activation_stands_as_a_whole_or_not_at_all_and_is_run_again(failpoint: str, tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    words = ("map", "activate", "base/cusres-d96b/accepted", "base/cusres-d96b/rejected", "--from", "2100-01-01")
    assert togo.killed("edi", failpoint, *words) == KILLED
    planned = _planned(togo)
    assert [len(versions) for versions in planned] == ([0, 0] if failpoint == "map.activating" else [1, 1])
    for _ in range(2):
        assert togo.run("edi", *words).exit == 0
        assert [[version["starts"] for version in versions] for versions in _planned(togo)] \
            == [["2100-01-01T00:00:00Z"]] * 2


def _killed_twice(office: Office, program: str, failpoint: str) -> None:
    """The second time there may be nothing left to do that passes the failpoint: then the run ends by itself."""
    assert office.killed(program, failpoint) == KILLED
    assert office.killed(program, failpoint) in (KILLED, 0, 1)


def _planned(office: Office) -> list[list[dict[str, str]]]:
    """The versions to come of the two mappings."""
    return [line["planned"] for line in office.lines("map", "list", "tg-bf")
            if line.get("layout") in ("accepted", "rejected")]


def _drop(togo: Office) -> None:
    togo.drop("declarations", {"d1.json": declaration_json("A"), "d2.json": declaration_json("B"),
                               "d3.json": declaration_json("C", without_gross_mass=1)})


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _until_quiet(first: Office, second: Office) -> None:
    """Cron comes round until nothing moves any more."""
    for _ in range(6):
        moved = 0
        for office in (first, second):
            for program in ("edi-send", "edi-receive"):
                ran = office.run(program)
                assert ran.exit in (0, 1), ran.err
                moved += sum(value for name, value in ran.counts.items()
                             if name not in ("schema", "exit") and isinstance(value, int))
        if not moved:
            return
    raise AssertionError("the two gateways never came to rest")


def _exactly_once(togo: Office, burkina: Office) -> None:
    """Three declarations at the partner, two accepted and one rejected, each answered once; nothing left over."""
    movements = togo.movements()
    assert sorted(line["national_key"] for line in movements.values()) == [
        "TGLPL/2026/T/A", "TGLPL/2026/T/B", "TGLPL/2026/T/C"]
    accepted = {mrn for mrn, line in movements.items() if "REJECTED-BY" not in line["flags"]}
    assert len(accepted) == 2
    assert set(burkina.movements()) == accepted
    assert set(burkina.inbox("declarations")) == {f"{mrn}.json" for mrn in accepted}
    answers = [json.loads(content) for name, content in togo.inbox("answers").items() if not name.endswith(".mrn.json")]
    assert sorted((answer["mrn"], answer["word"]) for answer in answers) == sorted(
        (mrn, "ACCEPTATION" if mrn in accepted else "REJET") for mrn in movements)
    for office, partner in ((togo, burkina), (burkina, togo)):
        assert list(office.mailbox(partner.name).iterdir()) == []
        for line in office.interchanges("out"):
            assert line["state"] in ("ACKNOWLEDGED", "RECEIVED"), line
        assert next(line for line in office.lines("status") if line["kind"] == "summary")["unanswered"] == 0
    judged = [line for line in burkina.interchanges("in") if line["type"] == "CUSDEC"]
    assert sum(line["messages"] for line in judged) == 3
