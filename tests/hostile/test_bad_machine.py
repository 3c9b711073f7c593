"""What does a run do when the machine, the disk, the link or another run is the trouble?

Nothing is lost, nothing is done twice, the rest of the run goes on, and the exit status says whether to wait (4), to
look at keys (5), to mend settings (3), or that another run is at work (75).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from gateway.exchange.summary import Exit
from gateway.spool import run_lock
from tests.tools.malice import again, codes, quarantined, refused, sent_files, waiting_files, well
from tests.tools.offices import ROOT, Office, offices
from tests.tools.records import declaration_json, event_json, numbered_mrn
from tests.tools.sshd import free_port, running_sshd

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user or mount a small disk")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    """Togo and Burkina Faso without a server between them."""
    togo, burkina = offices(tmp_path)
    return togo, burkina


def dropped(togo: Office, *keys: str) -> None:
    """Declarations that the national side has put out."""
    togo.drop("declarations", {f"{key}.json": declaration_json(key) for key in keys})


def once(togo: Office, burkina: Office, *keys: str) -> None:
    """Every declaration is with both sides, once, accepted and answered."""
    for _ in range(4):
        for office in (togo, burkina):
            assert office.run("edi-sync").exit == 0
    held = togo.movements()
    assert sorted(line["national_key"] for line in held.values()) == [f"TGLPL/2026/T/{key}" for key in sorted(keys)]
    assert {line["state"] for line in held.values()} == {"CONFIRMED"}
    assert set(burkina.movements()) == set(held)
    assert set(burkina.inbox("declarations")) == {f"{mrn}.json" for mrn in held}
    judged = [line for line in burkina.interchanges("in") if line["type"] == "CUSDEC"]
    assert sum(line["messages"] for line in judged) == len(keys)
    again(togo, burkina)


@contextmanager
def pages(limit: int) -> Iterator[None]:
    """A ledger that cannot grow beyond so many pages: SQLite says of it what it says of a full disk."""
    def connected(connection: Any, record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit}")

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own at a folder that exists; what is in the folder is copied there."""
    held = folder.with_name(folder.name + ".held")
    shutil.copytree(folder, held)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder],
                             capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode()}")
    try:
        shutil.copytree(held, folder, dirs_exist_ok=True)
        yield
        shutil.rmtree(held)
        shutil.copytree(folder, held)
    finally:
        subprocess.run(["umount", folder], check=True)
    shutil.rmtree(folder)
    held.rename(folder)


# --- the disk -------------------------------------------------------------------------------------------------------

def test_t32_a_full_disk_under_the_ledger_loses_nothing_of_what_is_sent(pair: tuple[Office, Office]) -> None:
    """A full disk under the ledger stops sending with 4 and loses nothing."""
    togo, burkina = pair
    well(togo.run("edi-send"))
    dropped(togo, *"ABC")
    with pages(_pages(togo)):
        refused(togo.run("edi-send"), Exit.LATER, "L009", place=r".*ledger\.sqlite")
    assert sorted([*waiting_files(togo, "declarations"), *_out(togo)]) == ["A.json", "B.json", "C.json"]
    once(togo, burkina, *"ABC")


def test_t32_a_full_disk_under_the_ledger_loses_nothing_of_what_is_received(pair: tuple[Office, Office]) -> None:
    """A full disk under the ledger stops receiving with 4; what lay in the mailbox still lies there."""
    togo, burkina = pair
    well(burkina.run("edi-receive"))
    dropped(togo, *"ABC")
    well(togo.run("edi-send"))
    lying = {path.name: path.read_bytes() for path in burkina.mailbox("TGOTR").iterdir()}
    with pages(_pages(burkina)):
        ran = burkina.run("edi-receive")
    assert (ran.exit, set(codes(ran))) == (Exit.LATER, {"L009"})
    assert "Traceback" not in ran.err
    assert {path.name: path.read_bytes() for path in burkina.mailbox("TGOTR").iterdir()} == lying
    assert burkina.inbox("declarations") == {}
    once(togo, burkina, *"ABC")


def _pages(office: Office) -> int:
    """Pages that the ledger of an office has now."""
    ledger = next((office.home / "state").glob("*.sqlite"))
    connection = sqlite3.connect(ledger)
    try:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])
    finally:
        connection.close()


def _out(office: Office) -> list[str]:
    return sorted(path.name for path in (office.home / "national" / "out" / "declarations").iterdir())


@ROOT_ONLY
def test_t32_a_full_disk_under_the_national_inbox_keeps_what_is_to_be_handed_over(pair: tuple[Office, Office]) -> None:
    """A small file system under the national inbox that is full stops receiving, and what was judged before is kept
    to be handed over."""
    togo, burkina = pair
    dropped(togo, *"ABC")
    well(togo.run("edi-send"))
    inbox = burkina.home / "national" / "in"
    inbox.mkdir(mode=0o700, exist_ok=True)
    with small_disk(inbox, "16k"):
        (inbox / "ballast").write_bytes(b"x" * 8192)
        ran = burkina.run("edi-receive")
        refused(ran, Exit.PERSON, "B010", place=".*national/in")
        assert (ran.counts["objects_collected"], len(list(burkina.mailbox("TGOTR").iterdir()))) == (0, 1)
        (inbox / "ballast").unlink()
    assert burkina.killed("edi-receive", "process.after") == -9
    with small_disk(inbox, "16k"):
        (inbox / "ballast").write_bytes(b"x" * 8192)
        ran = burkina.run("edi-receive")
        assert (ran.exit, codes(ran), "Traceback" in ran.err) == (Exit.PERSON, ["B003", "B010"], False)
        (inbox / "ballast").unlink()
        shutil.rmtree(inbox / "declarations", ignore_errors=True)
    once(togo, burkina, *"ABC")


@ROOT_ONLY
def test_t32_a_full_disk_under_the_quarantine_leaves_the_bad_object_in_the_mailbox(pair: tuple[Office, Office]) -> None:
    """A full disk under the quarantine leaves the bad object in the mailbox."""
    togo, burkina = pair
    quarantine = burkina.home / "state" / "quarantine"
    quarantine.mkdir(mode=0o700)
    bad = burkina.mailbox("TGOTR") / ("0" * 32 + ".p7m")
    dropped(togo, "A")
    well(togo.run("edi-send"))
    bad.write_bytes(b"x" * 9000)
    assert burkina.run("edi-receive").exit == Exit.TRUST, "seen once"
    with small_disk(quarantine, "80m"):
        with (quarantine / "ballast").open("wb") as ballast:
            ballast.write(bytes(20 << 20))  # what is left is kept for the ledger and for receipts
        dropped(togo, "B")
        well(togo.run("edi-send"))
        ran = burkina.run("edi-receive")
        assert (ran.exit, "Traceback" in ran.err, set(codes(ran))) == (Exit.PERSON, False, {"B008"})
        assert ran.counts["messages_accepted"] == 1, "a good object is taken beside it"
        assert bad.read_bytes() == b"x" * 9000
        (quarantine / "ballast").unlink()
    assert burkina.run("edi-receive").exit == Exit.TRUST
    assert quarantined(burkina) == [b"x" * 9000]
    assert not bad.exists()
    once(togo, burkina, "A", "B")


@ROOT_ONLY
def test_t32_a_full_disk_under_everything_ends_with_4_and_loses_nothing(pair: tuple[Office, Office]) -> None:
    """A full disk under everything ends every program with 4 and loses nothing."""
    togo, burkina = pair
    well(togo.run("edi-send"))
    dropped(togo, *"AB")
    with small_disk(togo.home, "2m"):
        ballast = togo.home / "ballast"
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"x" * 4096)
        for program in ("edi-send", "edi-receive", "edi-sync"):
            ran = togo.run(program)
            assert ran.exit == Exit.LATER, ran.err
            assert "Traceback" not in ran.err
            assert re.search(r"\b(B003|L009)\b", ran.err), ran.err
        ballast.unlink()
    once(togo, burkina, *"AB")


@ROOT_ONLY
def test_t32_a_disk_that_fills_up_takes_nothing_more_in_and_what_is_sealed_goes(pair: tuple[Office, Office]) -> None:
    """A disk with less free than the settings keep takes nothing more in; what is sealed still goes out."""
    togo, burkina = pair
    text = togo.settings.read_text("utf-8")
    togo.settings.write_text(text.replace("room: 64MiB", "room: 1MiB"), "utf-8")
    dropped(togo, "A")
    assert togo.killed("edi-send", "seal.after") == -9
    dropped(togo, "B")
    with small_disk(togo.home, "24m"):
        ballast = togo.home / "ballast"
        room = os.statvfs(togo.home)
        ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - (512 << 10)))
        ran = togo.run("edi-send")
        refused(ran, Exit.PERSON, "B010", place=re.escape(str(togo.home / "state")))
        assert (ran.counts["objects_dispatched"], _out(togo)) == (1, ["B.json"])
        ballast.unlink()
    once(togo, burkina, "A", "B")


# --- the mailbox ----------------------------------------------------------------------------------------------------

def test_a_mailbox_that_cannot_be_made_is_named_and_another_partner_is_served(tmp_path: Path) -> None:
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    dropped(togo, "A")
    home = burkina.mailbox("TGOTR").parent
    shutil.rmtree(home)
    home.write_bytes(b"a file where a folder should be")
    togo.drop("declarations", {"far.json": declaration_json("FAR").replace(b'"BFOUI"', b'"MLBKO"')})
    ran = togo.run("edi-send")
    refused(ran, Exit.PERSON, "B107", place=".*")
    assert str(home) in ran.err
    assert mali.run("edi-receive").counts["messages_accepted"] == 1
    home.unlink()
    ran = togo.run("edi-send")
    well(ran)
    assert ran.counts["objects_dispatched"] >= 1
    assert burkina.run("edi-receive").counts["messages_accepted"] == 2


def test_a_mailbox_folder_that_was_deleted_is_made_again(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    shutil.rmtree(burkina.mail / "BFDGD")
    dropped(togo, "A")
    well(togo.run("edi-send"))
    once(togo, burkina, "A")


def test_what_our_user_may_not_read_or_write_is_named_and_nothing_is_lost(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    dropped(togo, "A", "B")
    (togo.home / "national" / "out" / "declarations" / "A.json").chmod(0)
    sent = _without_privilege(togo, "edi-send")
    assert sent.returncode == Exit.PERSON, sent.stderr
    assert re.search(r"A\.json: B006: .*\n  → ", sent.stderr), sent.stderr
    assert "Traceback" not in sent.stderr
    kept = togo.home / "national" / "refused" / "declarations" / "A.json"
    kept.chmod(0o600)
    assert kept.read_bytes() == declaration_json("A")
    assert sent_files(togo, "declarations") == ["B.json"]
    box = burkina.mailbox("TGOTR")
    box.chmod(0o500)  # read-only: what is taken cannot be removed, is told once, and is known again next time
    got = _without_privilege(burkina, "edi-receive")
    assert (got.returncode, "Traceback" in got.stderr) == (Exit.PERSON, False), got.stderr
    assert re.search(r"B114: .*\n  → ", got.stderr), got.stderr
    got = _without_privilege(burkina, "edi-receive")
    assert (got.returncode, got.stderr) == (Exit.DONE, "")
    box.chmod(0)
    got = _without_privilege(burkina, "edi-receive")
    assert got.returncode in (Exit.LATER, Exit.PERSON), got.stderr
    assert re.search(r"B1\d\d: .*\n  → ", got.stderr), got.stderr
    box.chmod(0o700)
    good = _without_privilege(burkina, "edi-receive")
    assert (good.returncode, "Traceback" in good.stderr) == (0, False)
    once(togo, burkina, "B")


def _without_privilege(office: Office, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program as somebody whom file permissions bind: root gives that power up before."""
    words = [sys.executable, "-m", "gateway.cli", program, "--config", str(office.settings), "--lang", "en"]
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("setpriv (util-linux) is not installed: root cannot give up its power over permissions")
        words = [setpriv, "--bounding-set=-dac_override,-dac_read_search", *words]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)


# --- the link -------------------------------------------------------------------------------------------------------

@pytest.mark.needs_sshd
def test_a_link_that_fails_loses_nothing_and_says_whose_move_it_is(tmp_path: Path) -> None:
    with running_sshd(tmp_path, []) as sshd:
        togo, burkina = offices(tmp_path, sshd)
        partner = togo.home / "partners" / "BFDGD.yaml"
        good = partner.read_text("utf-8")
        key = togo.home / "keys" / "ssh"
        dropped(togo, "A")

        partner.write_text(re.sub(rf"port: \W*{sshd.port}\W*\n", f"port: {free_port()}\n", good), "utf-8")
        closed = togo.run("edi-send")
        refused(closed, Exit.LATER, "B102", place=".*")
        assert closed.counts["objects_dispatched"] == 0
        assert sent_files(togo, "declarations") == ["A.json"]

        partner.write_text(good.replace(sshd.host_keys[0].split()[1][-20:], "A" * 20), "utf-8")
        wrong = togo.run("edi-send")
        assert (wrong.exit, "Traceback" in wrong.err) == (Exit.TRUST, False), wrong.err
        refused(wrong, Exit.TRUST, "E_HOSTKEY", place=".*")

        partner.write_text(good, "utf-8")
        key.chmod(0o644)
        refused(togo.run("edi-send"), Exit.TRUST, "E_KEYFILE", place=str(key))
        key.chmod(0o600)

        assert list(burkina.mailbox("TGOTR").iterdir()) == []
        ran = togo.run("edi-send")
        assert (ran.exit, ran.counts["objects_dispatched"]) == (0, 1)
        assert burkina.run("edi-receive").counts["messages_accepted"] == 1


def test_t35_a_signing_key_that_others_may_read_stops_sealing_and_loses_nothing(pair: tuple[Office, Office]) -> None:
    """A signing key that its group may read is E_KEYFILE: nothing is sealed, nothing is lost."""
    togo, burkina = pair
    dropped(togo, "A")
    key = togo.home / "keys" / "signing.key"
    key.chmod(0o640)
    refused(togo.run("edi-send"), Exit.TRUST, "E_KEYFILE", place=str(key))
    key.chmod(0o600)
    once(togo, burkina, "A")


# --- settings and mappings ------------------------------------------------------------------------------------------

def test_a_broken_partner_is_skipped_and_the_others_run(tmp_path: Path) -> None:
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    partner = togo.home / "partners" / "MLDGD.yaml"
    good = partner.read_text("utf-8")
    partner.write_text(good.replace("unb:", "unbb:"), "utf-8")
    dropped(togo, "A")
    togo.drop("declarations", {"far.json": declaration_json("FAR").replace(b'"BFOUI"', b'"MLBKO"')})
    ran = togo.run("edi-send")
    assert ran.exit == Exit.SETTINGS
    refused(ran, Exit.SETTINGS, *codes(ran), place=r".*MLDGD\.yaml:\d+:\d+")
    assert ran.counts["records_taken"] == 2
    assert burkina.run("edi-receive").counts["messages_accepted"] == 2
    togo.run("edi-receive")
    again(togo, status=Exit.SETTINGS)
    partner.write_text(good, "utf-8")
    well(togo.run("edi-send"))
    assert mali.run("edi-receive").counts["messages_accepted"] == 1


@pytest.mark.parametrize(("file", "old", "new"), [
    ("corridor.yaml", "format:", "fromat:"), ("cusdec.yaml", "extends:", "extendz:")])
def test_a_broken_corridor_makes_its_records_wait_on_both_sides_and_the_others_run(
        tmp_path: Path, file: str, old: str, new: str) -> None:
    own = tmp_path / "mappings"
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"), mappings=(str(own),))
    for office in (togo, burkina, mali):
        text = office.settings.read_text("utf-8")
        assert str(own) in text
    broken = own / "corridors" / "tg-ml"

    def break_it() -> None:
        shutil.copytree(ROOT / "mappings" / "corridors" / "tg-ml", broken)
        text = (broken / file).read_text("utf-8")
        assert old in text
        (broken / file).write_text(text.replace(old, new, 1), "utf-8")

    far = declaration_json("FAR").replace(b'"BFOUI"', b'"MLBKO"')
    break_it()
    togo.drop("declarations", {"far.json": far, "near.json": declaration_json("NEAR")})
    ran = togo.run("edi-send")
    assert (ran.exit, ran.counts["records_taken"], ran.counts["records_waiting"]) == (Exit.SETTINGS, 1, 1), ran.err
    refused(ran, Exit.SETTINGS, *codes(ran), place=rf".*{file}:\d+")
    assert waiting_files(togo, "declarations") == ["far.json"]
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    shutil.rmtree(broken)
    well(togo.run("edi-send"))

    break_it()
    held = burkina.run("edi-receive")
    assert held.exit == Exit.SETTINGS, held.err
    assert held.counts["messages_accepted"] == 0
    for _ in range(4):
        waiting = burkina.run("edi-receive")
        assert (waiting.exit, waiting.counts["messages_accepted"]) == (Exit.SETTINGS, 0), waiting.err
    shutil.rmtree(broken)
    mended = burkina.run("edi-receive")
    well(mended)
    assert mended.counts["messages_accepted"] == 1
    assert len(burkina.inbox("declarations")) == 2


def test_events_on_a_broken_corridor_wait_until_it_is_mended(tmp_path: Path) -> None:
    own = tmp_path / "mappings"
    togo, burkina = offices(tmp_path, mappings=(str(own),))
    togo.drop("declarations", {"d.json": declaration_json("D", mrn=numbered_mrn(3))})
    for office, program in ((togo, "edi-send"), (burkina, "edi-receive"), (togo, "edi-receive")):
        well(office.run(program))
    burkina.drop("events", {"e.json": event_json(numbered_mrn(3), "ARRIVED")})
    well(burkina.run("edi-send"))
    broken = own / "corridors" / "tg-bf"
    shutil.copytree(ROOT / "mappings" / "corridors" / "tg-bf", broken)
    text = (broken / "corridor.yaml").read_text("utf-8")
    (broken / "corridor.yaml").write_text(text.replace("format:", "fromat:"), "utf-8")
    for _ in range(5):
        assert togo.run("edi-receive").exit == Exit.SETTINGS
    shutil.rmtree(broken)
    well(togo.run("edi-receive"))
    assert togo.movements()[numbered_mrn(3)]["state"] == "ARRIVED"


def test_broken_settings_stop_the_run_before_anything_is_touched(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    dropped(togo, "A")
    good = togo.settings.read_text("utf-8")
    togo.settings.write_text(good.replace("environment: test", "environment: tset"), "utf-8")
    ran = togo.run("edi-send")
    assert ran.exit == Exit.SETTINGS
    assert re.search(r"settings\.yaml:\d+:\d+: S\d{3}: ", ran.err), ran.err
    assert "\n  → " in ran.err
    assert _out(togo) == ["A.json"]
    togo.settings.write_text(good, "utf-8")
    once(togo, burkina, "A")


# --- other runs -----------------------------------------------------------------------------------------------------

def test_t32_a_run_beside_the_same_command_ends_with_75_and_does_nothing(pair: tuple[Office, Office]) -> None:
    """Two runs of one command at once: the second ends with 75 and does nothing."""
    togo, burkina = pair
    dropped(togo, "A")
    locks = togo.home / "state" / "lock"
    locks.mkdir(parents=True, mode=0o700)
    with run_lock(locks / "edi-send.lock"):
        ran = togo.run("edi-send")
        assert (ran.exit, ran.err.count("\n")) == (Exit.BUSY, 1)
        assert json.loads(ran.err)["code"] == "B001", "with --json the last line is for the program that asked"
        assert _out(togo) == ["A.json"]
    once(togo, burkina, "A")


def test_t32_many_runs_at_once_take_and_send_each_record_once(pair: tuple[Office, Office]) -> None:
    """Many overlapping runs take, send and answer every record exactly once."""
    togo, burkina = pair
    keys = [f"K{number}" for number in range(40)]
    dropped(togo, *keys)
    for office in (togo, burkina, togo):
        runs = [subprocess.Popen([sys.executable, "-m", "gateway.cli", program, "--config", str(office.settings)],
                                 cwd=ROOT, stderr=subprocess.PIPE, text=True)
                for program in ("edi-send", "edi-sync", "edi-receive", "edi-send")]
        for run in runs:
            _, err = run.communicate(timeout=120)
            assert run.returncode in (0, Exit.BUSY), err
            assert err == ""
    once(togo, burkina, *keys)


def test_a_ledger_that_another_process_holds_is_busy_and_nothing_is_lost(
        pair: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    well(togo.run("edi-send"))
    dropped(togo, "A")
    monkeypatch.setattr("gateway.ledger.sqlite._PRAGMAS", ("busy_timeout=50",))
    monkeypatch.setattr("gateway.ledger.sqlite.BUSY_SECONDS", 0.05)
    ledger = sqlite3.connect(next((togo.home / "state").glob("*.sqlite")), isolation_level=None)
    ledger.execute("BEGIN IMMEDIATE")
    try:
        ran = togo.run("edi-send")
        assert (ran.exit, set(codes(ran)), "Traceback" in ran.err) == (Exit.LATER, {"L007"}, False)
    finally:
        ledger.execute("ROLLBACK")
        ledger.close()
    monkeypatch.undo()
    once(togo, burkina, "A")


@pytest.mark.parametrize(("first", "second"), [("send.claimed", "send.taken"), ("seal.before", "dispatch.published")])
def test_t32_a_run_that_is_killed_twice_loses_nothing_and_does_nothing_twice(pair: tuple[Office, Office], first: str,
                                                                        second: str) -> None:
    """A sender killed at two different steps and run again has done everything exactly once."""
    togo, burkina = pair
    dropped(togo, *"AB")
    assert togo.killed("edi-send", first) == -9
    assert togo.killed("edi-send", second) == -9
    once(togo, burkina, *"AB")


def test_t32_a_receiver_that_is_killed_twice_loses_nothing_and_does_nothing_twice(pair: tuple[Office, Office]) -> None:
    """A receiver killed at three different steps and run again has done everything exactly once."""
    togo, burkina = pair
    dropped(togo, *"AB")
    well(togo.run("edi-send"))
    assert burkina.killed("edi-receive", "receive.stored") == -9
    assert burkina.killed("edi-receive", "process.before") == -9
    assert burkina.killed("edi-receive", "deliver.written") == -9
    once(togo, burkina, *"AB")
