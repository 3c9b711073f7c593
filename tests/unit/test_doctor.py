"""Does the doctor find what is wrong with a machine, say what to do, and leave everything as it was?"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.cli.entry import run as run_program
from tests.tools.malice import everything
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, which has made one run."""
    office, _ = offices(tmp_path, valid=timedelta(days=800))
    assert office.run("edi-sync").exit == 0
    return office


def verdicts(office: Office, *words: str) -> tuple[int, dict[str, str], list[str]]:
    """Exit status, the verdict of each check (of the mailboxes the worst), and the codes of all findings."""
    ran = office.run("edi", *words, "--json")
    *checks, summary = checked(words[0], ran.out)
    assert summary["exit"] == ran.exit
    assert all(finding["hint"] for check in checks for finding in check["findings"])
    order = ("ok", "noted", "untried", "failed")
    found: dict[str, str] = {}
    for check in checks:
        found[check["name"]] = max(found.get(check["name"], "ok"), check["verdict"], key=order.index)
    return ran.exit, found, [finding["code"] for check in checks for finding in check["findings"]]


def test_a_sound_machine_passes_every_check_and_nothing_is_left_behind(togo: Office) -> None:
    burkina = Office("BFDGD", togo.home.parent / "bfdgd", togo.mail)
    before = everything(togo, burkina)
    status, found, codes = verdicts(togo, "doctor")
    assert (status, codes, set(found.values())) == (0, [], {"ok"})
    assert set(found) == {"versions", "settings", "fit", "writable", "own_keys", "secrets", "lock", "ledger", "room",
                          "zones", "runs", "fonts", "folders", "rights", "clock", "waiting"}
    after = everything(togo, burkina)
    assert {name for name in before.keys() ^ after.keys() if "-wal" not in name and "-shm" not in name} == set()
    assert "rights" not in verdicts(togo, "doctor", "--offline")[1]


def open_key(office: Office) -> None:
    (office.home / "keys" / "signing.key").chmod(0o644)


def open_state(office: Office) -> None:
    (office.home / "state").chmod(0o755)


def no_mailbox(office: Office) -> None:
    box = office.mail / "BFDGD" / "TGOTR" / "v1" / "in" / "tmp"
    box.rmdir()
    box.write_text("no folder")


def other_ledger(office: Office) -> None:
    (office.home / "state" / "ledger.sqlite").write_bytes(b"no database" * 100)


def no_room(office: Office) -> None:
    text = office.settings.read_text("utf-8")
    assert text.count("\n  room: 64MiB\n") == 1
    office.settings.write_text(text.replace("\n  room: 64MiB\n", "\n  room: 1024GiB\n"), "utf-8")


def broken_partner(office: Office) -> None:
    (office.home / "partners" / "BFDGD.yaml").write_text("format: 9\n", "utf-8")


@pytest.mark.parametrize(("break_it", "check", "code"), [
    (open_key, "own_keys", "E_KEYFILE"), (open_state, "fit", "S095"), (no_mailbox, "rights", "B"),
    (other_ledger, "ledger", "L"), (no_room, "room", "B010"), (broken_partner, "settings", "S")])
def test_each_thing_that_is_wrong_fails_its_check_and_hides_no_other(
        togo: Office, break_it: Callable[[Office], None], check: str, code: str) -> None:
    break_it(togo)
    status, found, codes = verdicts(togo, "doctor")
    assert status != 0
    failed = {name for name, verdict in found.items() if verdict == "failed"}
    assert failed <= {check, "folders"} and failed
    assert [one for one in codes if one.startswith(code)]
    assert {found["versions"], found["zones"], found["lock"]} == {"ok"}


def test_settings_that_cannot_be_read_are_said_and_the_rest_is_not_tried(togo: Office) -> None:
    togo.settings.write_text("format: 9\n", "utf-8")
    status, found, _ = verdicts(togo, "doctor")
    assert (status, found["versions"], found["settings"], found["ledger"]) == (3, "ok", "failed", "untried")
    assert verdicts(togo, "health")[0] == 1


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "\N{HEAVY CHECK MARK} good "), ("ascii", "good "),
                                               ("iso-8859-1", "good ")])
def test_a_stream_that_cannot_show_the_marks_shows_the_words_alone(
        togo: Office, monkeypatch: pytest.MonkeyPatch, encoding: str, mark: str) -> None:
    raw = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
        assert run_program("edi", ["doctor", "--offline", "--lang", "en", "--config", str(togo.settings)]) == 0
        shown = raw.getvalue().decode(encoding)
    assert "?" not in shown
    assert [line for line in shown.splitlines() if not line.startswith((mark, "TGOTR: "))] == []


def test_health_is_0_where_it_works_and_1_where_it_does_not_whatever_it_is(togo: Office) -> None:
    assert verdicts(togo, "health") == (0, {"settings": "ok", "ledger": "ok", "own_keys": "ok", "room": "ok",
                                            "runs": "ok"}, [])
    open_key(togo)
    status, found, codes = verdicts(togo, "health")
    assert (status, found["own_keys"], codes) == (1, "failed", ["E_KEYFILE"])
