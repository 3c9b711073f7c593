"""Is it known when each command last ran and how it ended, and is a watchdog told, whatever becomes of the run?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.exchange.assembled import Occasion
from gateway.exchange.pings import pinged
from gateway.exchange.run_marks import COMMANDS, ended, marked, marks, run_fault
from gateway.exchange.summary import Summary
from gateway.reports.sight import RunMark
from tests.tools.offices import ROOT, Office, offices
from tests.tools.outputs import checked
from tests.tools.webserver import WebServer, answer

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    office, _ = offices(tmp_path, valid=timedelta(days=800))
    return office


@pytest.fixture
def dog() -> Iterator[WebServer]:
    """A watchdog on which every path answers."""
    with WebServer() as server:
        for path in ("/secret-key", "/secret-key/start", *(f"/secret-key/{status}" for status in (3, 5, 70))):
            server.at(path, answer(b"OK"))
        yield server


def watched(office: Office, address: str) -> None:
    """All three commands of this office ping an address."""
    file = office.home / "keys" / "ping"
    file.write_text(f"{address}\n", "ascii")
    file.chmod(0o600)
    office.settings.write_text(office.settings.read_text("utf-8") + "\nwatch:\n" + "".join(
        f"  {command.removeprefix('edi-')}: keys/ping\n" for command in COMMANDS), "utf-8")


def test_every_run_leaves_its_beginning_its_end_and_its_status(togo: Office) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert [togo.run(command).exit for command in COMMANDS] == [0, 0, 0]
    found = marks(togo.home / "state")
    assert [(one.command, one.status, one.failures, one.since) for one in found] == [
        (command, 0, 0, None) for command in COMMANDS]
    assert all(before <= one.began <= (one.ended or NOW) == one.succeeded for one in found)


def test_status_says_when_each_command_last_ended_well_to_people_and_to_programs(togo: Office) -> None:
    assert "last runs" not in togo.run("edi", "status").out
    assert togo.run("edi-send").exit == 0
    (mark,) = marks(togo.home / "state")
    assert f"last runs that ended well (UTC): edi-send {mark.succeeded:%Y-%m-%d %H:%M}\n" in togo.run(
        "edi", "status").out
    (run,) = [line for line in checked("status", togo.run("edi", "status", "--json").out) if line["kind"] == "run"]
    assert (run["command"], run["status"], run["failures"], run["since"], run["succeeded"]) == (
        "edi-send", 0, 0, None, f"{mark.succeeded:%Y-%m-%dT%H:%M:%SZ}")


def test_failures_are_counted_from_the_first_and_end_with_a_success() -> None:
    began = RunMark(command="edi-send", began=NOW, succeeded=NOW - HOUR)
    failed = ended(began, 3, NOW + QUARTER)
    assert (failed.status, failed.failures, failed.since, failed.succeeded) == (3, 1, NOW, NOW - HOUR)
    again = ended(RunMark(command="edi-send", began=NOW + HOUR, failures=1, since=NOW), 70, NOW + HOUR)
    assert (again.failures, again.since) == (2, NOW)
    for fine in (0, 1, 4):
        assert (ended(again, fine, NOW).failures, ended(again, fine, NOW).since) == (0, None)


@pytest.mark.parametrize(("mark", "code"), [
    (RunMark(command="edi-send", began=NOW, ended=NOW, status=0, succeeded=NOW), None),
    (RunMark(command="edi-send", began=NOW), None),  # at work
    (RunMark(command="edi-send", began=NOW - QUARTER * 2), "X355"),
    (RunMark(command="edi-send", began=NOW, ended=NOW, status=3, failures=1, since=NOW), "X354"),
    (RunMark(command="edi-send", began=NOW - 2 * HOUR, ended=NOW - 2 * HOUR, status=0, succeeded=NOW - 2 * HOUR),
     "X356")])
def test_a_run_that_failed_hangs_or_stays_away_is_a_fault(mark: RunMark, code: str | None) -> None:
    fault = run_fault(mark, NOW, HOUR, QUARTER)
    assert (None if fault is None else fault.code) == code


def test_a_run_that_cannot_open_its_ledger_leaves_its_mark_and_health_says_so(togo: Office) -> None:
    assert togo.run("edi-send").exit == 0
    ledger = togo.home / "state" / "ledger.sqlite"
    ledger.write_bytes(b"no database" * 100)
    status = togo.run("edi-send").exit
    (mark,) = marks(togo.home / "state")
    assert (mark.status, mark.failures) == (status, 1 if status not in (0, 1, 4) else 0)
    assert status not in (0, 4)
    ran = togo.run("edi", "health", "--json")
    failed = [line["name"] for line in checked("health", ran.out) if line.get("verdict") == "failed"]
    assert (ran.exit, "ledger" in failed) == (1, True)


def test_a_mark_that_is_no_mark_is_written_anew(togo: Office) -> None:
    assert togo.run("edi-send").exit == 0
    file = togo.home / "state" / "runs" / "edi-send.json"
    for broken in (b"", b"[]", b'{"began": 1}', b"\xff", json.dumps({"began": "never"}).encode()):
        file.write_bytes(broken)
        assert marks(togo.home / "state") == []
        assert togo.run("edi-send").exit == 0
        assert len(marks(togo.home / "state")) == 1


def test_a_killed_run_is_one_that_began_and_did_not_end(togo: Office) -> None:
    assert togo.run("edi-send").exit == 0
    togo.drop("declarations", {})
    assert togo.killed("edi-receive", "ledger.made") == 0  # the ledger is there: nothing to kill at
    (togo.home / "state" / "ledger.sqlite").unlink()
    (togo.home / "state" / "runs" / "edi-receive.json").unlink()
    assert togo.killed("edi-receive", "ledger.made") == -9
    (mark,) = [one for one in marks(togo.home / "state") if one.command == "edi-receive"]
    assert (mark.ended, mark.status) == (None, None)


def test_a_watchdog_hears_of_the_beginning_and_of_the_end(togo: Office, dog: WebServer) -> None:
    watched(togo, f"{dog.base}/secret-key")
    ran = togo.run("edi-sync")
    assert (ran.exit, ran.err, dog.asked) == (0, "", ["/secret-key/start", "/secret-key"])


@pytest.mark.parametrize(("ending", "status", "heard"), [
    (SystemExit, 143, ["/secret-key/start"]), (KeyboardInterrupt, 130, ["/secret-key/start"]),
    (ZeroDivisionError, 70, ["/secret-key/start", "/secret-key/70"])])
def test_a_run_ended_by_a_signal_is_marked_as_such_and_is_no_failure_to_a_watchdog(
        togo: Office, dog: WebServer, ending: type[BaseException], status: int, heard: list[str]) -> None:
    watched(togo, f"{dog.base}/secret-key")
    state, summary = togo.home / "state", Summary()
    with pytest.raises(ending), marked(state, "edi-send", Occasion(NOW, str, time.monotonic), summary), \
            pinged(load_settings(togo.settings), "edi-send", summary):
        raise ending
    for _ in range(100):  # a run that is ended does not wait for its first ping, which goes out all the same
        if len(dog.asked) >= len(heard):
            break
        time.sleep(0.05)
    assert ([one.status for one in marks(state)], dog.asked) == ([status], heard)


def test_a_watchdog_hears_of_a_failure_with_its_status(togo: Office, dog: WebServer) -> None:
    assert togo.run("edi-send").exit == 0
    watched(togo, f"{dog.base}/secret-key")
    (togo.home / "partners" / "BFDGD.yaml").write_text("format: 9\n", "utf-8")
    assert togo.run("edi-send").exit == 3
    assert dog.asked == ["/secret-key/start", "/secret-key/3"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/secret-key", "{base}/other", "no address", "file:///etc"])
def test_a_ping_that_fails_fails_no_run_and_never_shows_its_address(
        togo: Office, dog: WebServer, address: str) -> None:
    def lost(handler: BaseHTTPRequestHandler) -> None:
        answer(b"", status=404)(handler)

    dog.at("/other", lost)
    dog.at("/other/start", lost)
    watched(togo, address.format(base=dog.base))
    ran = togo.run("edi-send")
    assert (ran.exit, ran.err) == (0, "")
    shown = togo.run("edi-send", "-v")
    assert (shown.exit, re.findall(r"X35[78]", shown.err)[:1]) == (0, ["X358" if " " in address or "file:" in address
                                                                      else "X357"])
    for words in (("config", "show"), ("config", "show", "--json"), ("doctor", "--offline", "--json")):
        shown = togo.run("edi", *words)
        assert [secret for secret in ("secret-key", "/other", "no address", "/etc\n") if secret in shown.out] == []


def test_a_file_with_the_address_that_others_can_read_is_refused_by_doctor(togo: Office, dog: WebServer) -> None:
    watched(togo, f"{dog.base}/secret-key")
    (togo.home / "keys" / "ping").chmod(0o644)
    ran = togo.run("edi", "doctor", "--offline", "--json")
    (secrets,) = [line for line in checked("doctor", ran.out) if line.get("name") == "secrets"]
    assert (secrets["verdict"], [one["code"] for one in secrets["findings"]]) == ("failed", ["E_KEYFILE"])
    assert togo.run("edi-send").exit == 0
    assert dog.asked == []


def test_a_watchdog_that_is_silent_holds_a_run_no_longer_than_its_limit(
        togo: Office, dog: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.exchange.pings._SECONDS", 0.3)
    dog.at("/mute", lambda _: time.sleep(3))
    dog.at("/mute/start", lambda _: time.sleep(3))
    watched(togo, f"{dog.base}/mute")
    begun = time.monotonic()
    assert togo.run("edi-send").exit == 0
    assert time.monotonic() - begun < 2.5


def test_a_run_without_a_watchdog_loads_nothing_for_one(togo: Office) -> None:
    code = ("import sys; from gateway.cli.entry import run; run('edi-send', ['--config', sys.argv[1]]); "
            "print([name for name in ('smtplib', 'gateway.transport.web') if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code, str(togo.settings)], cwd=ROOT, capture_output=True, text=True,
                          check=True)
    assert done.stdout == "[]\n"
