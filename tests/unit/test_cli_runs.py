"""Are the programs of cron silent when all is well, honest when rehearsed, and brief when a partner is away?"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.cli import context
from gateway.cli.entry import run
from gateway.spool import run_lock
from tests.tools.command import ROOT, command
from tests.tools.offices import Office, Ran, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json


def people(office: Office, program: str, *words: str, lang: str = "en") -> Ran:
    """A run as cron makes it: without --json."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(program, [*words, "--config", str(office.settings), "--lang", lang])
    return Ran(status, out.getvalue(), err.getvalue())


def everything(root: Path) -> dict[str, bytes | None]:
    """Every file and folder, with content; of a ledger what it says, for its file may be tidied when it is closed."""
    return {str(path.relative_to(root)): None if path.is_dir() else _dump(path) if path.suffix == ".db"
            else path.read_bytes() for path in sorted(root.rglob("*")) if not path.name.endswith(("-wal", "-shm"))}


def _dump(path: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump()).encode()


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso, with mailboxes in local folders."""
    return offices(tmp_path)


def test_a_run_with_nothing_to_tell_tells_nothing(pair: list[Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    for office in (togo, burkina, togo, burkina):
        for program in ("edi-send", "edi-receive", "edi-sync"):
            assert people(office, program) == Ran(0, "", ""), program
    assert togo.movements() != {}


def test_verbose_tells_the_story_of_the_run_on_stderr(pair: list[Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    told = people(togo, "edi-send", "-v")
    assert (told.exit, told.out) == (0, "")
    assert told.err.startswith("edi-send, ")
    assert told.err.splitlines()[1:] == [
        "  BFDGD: mailbox reached to dispatch", "  national records taken: 1", "  messages queued: 1",
        "  interchanges sealed: 1", "  files dispatched: 1", "  files handed to the national side: 1"]
    assert people(togo, "edi-send", "--verbose").err.splitlines()[1:] == ["  nothing to do"]
    assert people(burkina, "edi-receive", "-v", lang="fr").err.splitlines()[1] == "  TGOTR : boîte relevée"


def test_twice_verbose_tells_what_crossed_each_line_too(pair: list[Office]) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    for words in (("-vv",), ("-v", "-v")):
        told = people(togo, "edi-send", *words)
        crossed = [line for line in told.err.splitlines() if "octets" in line]
        assert (told.exit, told.out, len(crossed)) == (0, "", 1 if words == ("-vv",) else 0)  # nothing to do twice
        assert [line for line in crossed if not re.fullmatch(
            r"  BFDGD, publishing: files in 0, out 1; octets in 0, out [0-9]+; [0-9]+ ms", line)] == []
    said = people(burkina, "edi-receive", "-vv", lang="fr").err
    assert re.search(r"^  TGOTR, relève : fichiers reçus 1, envoyés 0 ; octets reçus [0-9]+, envoyés 0 ; [0-9]+ ms$",
                     said, re.MULTILINE)
    assert "octets" not in people(togo, "edi-receive", "-v").err


def test_a_run_as_json_is_one_object_that_the_schema_knows(pair: list[Office]) -> None:
    togo, _ = pair
    togo.drop("declarations", {"a.json": declaration_json("A"), "b.txt": b"x"})
    told = togo.run("edi-send")
    line = checked("run", told.out)[0]
    assert (told.exit, line["exit"], line["records_taken"], line["records_refused"]) == (1, 1, 1, 1)
    assert [(finding["code"], finding["exit"]) for finding in line["findings"]] == [("X001", 1)]
    assert "X001" in told.err


@pytest.mark.parametrize("program", ["edi-send", "edi-receive", "edi-sync"])
def test_a_rehearsal_before_the_first_run_writes_nothing_at_all(program: str, pair: list[Office],
                                                                tmp_path: Path) -> None:
    togo, _ = pair
    togo.drop("declarations", {"a.json": declaration_json("A"), "b.txt": b"x"})
    before = everything(tmp_path)
    told = people(togo, program, "--dry-run")
    assert told.exit == (0 if program == "edi-receive" else 1)
    assert everything(tmp_path) == before


def test_a_rehearsed_sending_says_what_the_run_then_does(pair: list[Office], tmp_path: Path) -> None:
    togo, _ = pair
    people(togo, "edi-send")
    togo.drop("declarations", {"a.json": declaration_json("A"), "b.txt": b"x"})
    before = everything(tmp_path)
    for language, first in (("en", "would "), ("fr", "ferait ")):
        told = people(togo, "edi-send", "--dry-run", lang=language)
        assert told.exit == 1
        assert len(told.out.splitlines()) == 2
        assert all(line.startswith(first) for line in told.out.splitlines())
        assert "X001" in told.err
    lines = checked("run", togo.run("edi-send", "--dry-run").out)
    assert [(line["subject"], line["action"], line["count"], line["findings"]) for line in lines[:-1]] == [
        ("b.txt", "refuse", 0, ["X001"]), ("a.json", "take", 1, [])]
    assert {**lines[-1], "began": ""} == {"schema": 1, "kind": "summary", "command": "edi-send", "began": "", "exit": 1}
    assert everything(tmp_path) == before
    counts = togo.run("edi-send").counts
    assert (counts["records_taken"], counts["messages_queued"], counts["records_refused"]) == (1, 1, 1)


@pytest.mark.parametrize("program", ["edi-receive", "edi-sync"])
def test_a_rehearsed_reception_opens_every_file_and_leaves_it(program: str, pair: list[Office],
                                                              tmp_path: Path) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    togo.run("edi-send")
    box = burkina.mailbox("TGOTR")
    good = next(box.iterdir()).name
    altered = bytearray((box / good).read_bytes())
    altered[len(altered) // 2] ^= 1
    (box / ("0" * 32 + ".p7m")).write_bytes(altered)
    (box / "readme.txt").write_bytes(b"hello")
    burkina.run("edi-send")  # its ledger exists
    before = everything(tmp_path)
    lines = checked("run", burkina.run(program, "--dry-run").out)
    assert sorted((line["subject"], line["action"], line["count"], line["findings"]) for line in lines[:-1]) == sorted([
        ("TGOTR readme.txt", "leave", 0, ["E_NAME"]), (f"TGOTR {'0' * 32}.p7m", "quarantine", 0, ["E_NAME"]),
        (f"TGOTR {good} (TG0000000001)", "collect", 1, [])])
    assert lines[-1]["exit"] == 5
    assert everything(tmp_path) == before
    (box / ("0" * 32 + ".p7m")).unlink()
    (box / "readme.txt").unlink()
    copy = (box / good).read_bytes()
    assert burkina.run("edi-receive").counts["objects_collected"] == 1
    (box / good).write_bytes(copy)
    again = checked("run", burkina.run(program, "--dry-run").out)
    assert [(line["action"], line["findings"]) for line in again[:-1]] == [("known", [])]


def test_a_rehearsal_asks_only_the_partners_named_and_no_more_than_its_limit(tmp_path: Path) -> None:
    togo, burkina, _ = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    for name in ("A", "B"):
        togo.drop("declarations", {f"{name}.json": declaration_json(name)})
        togo.run("edi-send")
    assert len(list(burkina.mailbox("TGOTR").iterdir())) == 2
    assert burkina.run("edi-receive", "--dry-run", "--partner", "MLDGD").out.count("rehearsal") == 0
    assert burkina.run("edi-receive", "--dry-run", "--limit", "1").out.count("rehearsal") == 1
    assert burkina.run("edi-receive", "--dry-run", "--partner", "TGOTR").out.count("rehearsal") == 2
    assert burkina.run("edi-receive", "--dry-run", "--partner", "XX").exit == 3


@pytest.fixture
def away(pair: list[Office]) -> Iterator[Office]:
    """Togo, whose partner's server answers nobody: a port of our own on which nothing listens."""
    togo = pair[0]
    path = togo.home / "partners" / "BFDGD.yaml"
    text = path.read_text("utf-8")
    start, end = text.index("  outbound:"), text.index("  inbound:")
    from tests.unit.test_config_settings import HOST_KEY

    path.write_text(f"{text[:start]}  outbound:\n    kind: sftp\n    host: 127.0.0.1\n    port: 1\n    user: TGOTR\n"
                    f"    base: v1/in\n    key: ../keys/ssh\n    host_keys:\n      - {HOST_KEY}\n{text[end:]}", "utf-8")
    assert togo.run("edi", "config", "check").exit == 0
    yield togo
    path.write_text(text, "utf-8")


def test_an_unreachable_partner_is_told_on_change_only_and_is_4_each_time(away: Office) -> None:
    away.drop("declarations", {"a.json": declaration_json("A")})
    told = []
    for number in range(1, 9):
        ran = people(away, "edi-send", "--now")
        assert (ran.exit, ran.out) == (4, ""), ran
        if ran.err:
            told.append(number)
            assert ran.err.startswith("X092: BFDGD unreachable since "), ran.err
            assert f"attempts: {number}" in ran.err
            assert "B102: Mailbox 127.0.0.1:1" in ran.err
    assert told == [1, 2, 4, 8]
    assert "B102" in people(away, "edi-send", "--now", "-v").err  # whoever asks is told
    line = checked("run", away.run("edi-send", "--now").out)[0]
    assert [(finding["code"], finding["exit"]) for finding in line["findings"]] == [("B102", 4)]


def test_a_partner_whose_time_has_not_come_is_not_tried_which_is_told_once_and_is_4_each_time(
        away: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "chance", lambda: 1.0)
    away.drop("declarations", {"a.json": declaration_json("A")})
    for _ in range(2):  # after the first failure the next run tries again
        assert "B102: Mailbox 127.0.0.1:1" in people(away, "edi-send").err
    held = people(away, "edi-send")
    assert (held.exit, held.out) == (4, "")
    assert re.fullmatch(
        r"X094: BFDGD not tried this time: unreachable since [0-9-]{10} [0-9:]{5} \(UTC\), attempts: 2; next try "
        r"from [0-9-]{10} [0-9:]{5} \(UTC\) on\n"
        r"  → nothing is lost; try at once: edi-sync --partner BFDGD --now\n", held.err), held.err
    assert people(away, "edi-send") == Ran(4, "", "")
    line = checked("run", away.run("edi-send").out)[0]
    assert [(finding["code"], finding["exit"]) for finding in line["findings"]] == [("X094", 4)]
    asked = people(away, "edi-send", "-v").err
    assert "X094: BFDGD not tried this time" in asked  # whoever asks is told
    assert "mailbox" not in asked  # nothing was asked of it
    retried = people(away, "edi-send", "--now", "-v").err
    assert "X094" not in retried
    assert "BFDGD: mailbox not reached to dispatch" in retried


def test_a_night_of_a_five_minute_cron_without_a_partner_is_a_handful_of_mails(
        pair: list[Office], away: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run of six hours by cron's clock: the first failure, each doubling, once that it waits, the return."""
    start = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    now = start
    monkeypatch.setattr(context, "chance", lambda: 1.0)
    monkeypatch.setattr("gateway.cli.runs.occasion", lambda: replace(context.occasion(), now=now))
    away.drop("declarations", {"a.json": declaration_json("A")})
    mails = []
    for number in range(6 * 12):
        now = start + timedelta(minutes=5 * number)
        ran = people(away, "edi-send")
        assert (ran.exit, ran.out) == (4, "")
        if ran.err:
            attempts = re.search(r"attempts: ([0-9]+)", ran.err)
            assert attempts is not None, ran.err
            mails.append((ran.err.split(":")[0], int(attempts[1])))
    assert mails == [("X092", 1), ("X092", 2), ("X092", 4), ("X094", 5), ("X092", 8)]
    restored(away, pair[1])
    now = start + timedelta(hours=7)
    assert people(away, "edi-send").err.startswith("X093: BFDGD reachable again; was unreachable since ")
    assert people(away, "edi-send") == Ran(0, "", "")


def restored(away: Office, burkina: Office) -> None:
    """Let the partner be there again: a mailbox that can be reached."""
    path = away.home / "partners" / "BFDGD.yaml"
    text = path.read_text("utf-8")
    start, end = text.index("  outbound:"), text.index("  inbound:")
    path.write_text(f"{text[:start]}  outbound:\n    kind: directory\n    path: {burkina.mailbox('TGOTR').parent}\n"
                    f"{text[end:]}", "utf-8")


def test_a_recovery_is_told_once(pair: list[Office], away: Office) -> None:
    away.drop("declarations", {"a.json": declaration_json("A")})
    assert people(away, "edi-send").exit == 4
    restored(away, pair[1])
    back = people(away, "edi-send")
    assert (back.exit, back.out) == (0, "")
    assert back.err.startswith("X093: BFDGD reachable again; was unreachable since ")
    assert people(away, "edi-send") == Ran(0, "", "")


def test_a_held_lock_is_75_and_silent_until_it_is_older_than_any_run_may_be(pair: list[Office]) -> None:
    togo, _ = pair
    people(togo, "edi-send")
    lock = togo.home / "state" / "lock" / "edi-send.lock"
    now = datetime.now(UTC)
    with run_lock(lock, at=now):
        assert people(togo, "edi-send") == Ran(75, "", "")
        asked = people(togo, "edi-send", "-v")
        assert (asked.exit, asked.out, "B001" in asked.err) == (75, "", True)
        told = togo.run("edi-send")
        fatal = checked("error", told.err)[0]
        assert (told.exit, told.out, fatal["code"], fatal["exit"]) == (75, "", "B001", 75)
        assert people(togo, "edi-receive").exit == 0  # another program, another lock
    with run_lock(lock, at=now - timedelta(hours=1)):
        old = people(togo, "edi-send")
        assert (old.exit, old.out, len(old.err.splitlines())) == (75, "", 2)
        assert f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}" in old.err


def test_a_run_past_its_deadline_ends_with_4_and_a_sentence() -> None:
    script = ("import time\nfrom gateway.cli import context, runs\nfrom gateway.exchange.summary import Summary\n"
              "from gateway.texts import Language\ncontext.start(Language.ENGLISH)\nsummary = Summary()\n"
              "runs._watch(0.2, summary, lambda: context.tell(found for _, found in summary.problems))\n"
              "time.sleep(30)\n")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=25,
                          check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("X090: the run has reached its time limit"), done.stderr


def test_settings_with_faults_are_3_with_every_fault_at_its_place(pair: list[Office]) -> None:
    togo, _ = pair
    text = togo.settings.read_text("utf-8")
    togo.settings.write_text(text.replace("environment: test", "environment: tets").replace(
        "country: TG", "country: Togo"), "utf-8")
    told = togo.run("edi-send")
    assert (told.exit, told.out) == (3, "")
    faults = [line for line in told.err.splitlines() if line.startswith(f"{togo.settings}:")]
    assert len(faults) == 2, told.err
    fatal = checked("error", told.err.splitlines()[-1] + "\n")[0]
    assert (fatal["exit"], fatal["code"][0]) == (3, "S")


def test_a_broken_partner_is_3_and_the_others_are_served(tmp_path: Path) -> None:
    togo, burkina, _ = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    (togo.home / "partners" / "MLDGD.yaml").write_text("format: '1'\npartner: MLDGD\n", "utf-8")
    togo.drop("declarations", {"a.json": declaration_json("A")})
    told = togo.run("edi-send")
    assert told.exit == 3
    assert told.counts["objects_dispatched"] == 1
    assert "MLDGD.yaml:" in told.err
    assert len(list(burkina.mailbox("TGOTR").iterdir())) == 1


def test_the_installed_programs_are_these_commands(pair: list[Office]) -> None:
    togo, _ = pair
    for program in ("edi-send", "edi-receive", "edi-sync"):
        assert command(program, "--config", togo.settings, lang=None).exit == 0
    shutil.rmtree(togo.home)
    told = command("edi-send", "--config", togo.settings, "--json")
    assert (told.exit, told.out, json.loads(told.err.splitlines()[-1])["exit"]) == (3, "", 3)
