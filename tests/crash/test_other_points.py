"""Killed at the durable steps that few runs take, and simply run again: does each of them have one meaning?"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from random import Random

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.exchange.summary import Exit
from gateway.failpoints import NAMES
from gateway.ledger import Ledger
from gateway.security import file_name
from tests.pair.test_certificate_of_a_stored_file import another_identity
from tests.pair.test_national_database import National, declaration, national
from tests.pair.test_national_database import togo as of_a_database
from tests.tools.hosts import agree_on_mode, hosted
from tests.tools.malice import codes, later, quarantined, refused_files, sent_files, well
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json

__all__ = ["national", "of_a_database"]

KILLED = -9


def points(prefix: str) -> list[str]:
    """The failpoints of a family."""
    return [name for name in NAMES if name.startswith(prefix)]


def test_every_family_of_failpoints_that_has_no_file_of_its_own_stands_here() -> None:
    assert {prefix: len(points(prefix)) for prefix in (
        "views.", "attempts.", "objects.", "files.", "authority.", "retention.", "ledger.",
        "mailbox.", "arriving.")} == {
        "views.": 1, "attempts.": 1, "objects.": 1, "files.": 2, "authority.": 1, "retention.": 2, "ledger.": 2,
        "mailbox.": 1, "arriving.": 1}


@pytest.mark.parametrize("failpoint", points("ledger."))
def test_a_first_run_killed_while_it_makes_the_ledger_leaves_one_that_the_next_run_makes_whole(
        failpoint: str, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    assert [togo.killed("edi-send", failpoint) for _ in range(2)] == [KILLED] * 2
    assert togo.run("edi-send").counts["records_taken"] == 1
    assert togo.killed("edi-send", failpoint) == Exit.DONE, "it is made once"
    [path] = (togo.home / "state").glob("*.sqlite")
    with Ledger.open(f"sqlite:///{path}", now=later()) as ledger, ledger.reading() as queries:
        assert [row.id for row in queries.history() if row.subject == "ledger"] == [1]
        assert (queries.verify_history(), ledger.integrity()) == (None, [])
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1


@pytest.mark.parametrize("failpoint", points("views."))
def test_rows_of_a_database_that_were_fetched_by_a_killed_run_are_taken_once(
        failpoint: str, of_a_database: Office, national: National) -> None:
    national.hold(declaration("D-1"), 1)
    assert of_a_database.killed("edi-send", failpoint) == KILLED
    assert len(list((of_a_database.home / "national" / "out" / "declarations").iterdir())) == 1
    assert of_a_database.run("edi-send").counts["records_taken"] == 1
    again = of_a_database.run("edi-send").counts
    assert (again["records_taken"], again["records_repeated"], len(of_a_database.movements())) == (0, 0, 1)


@pytest.mark.parametrize("failpoint", points("attempts."))
def test_an_attempt_counts_although_the_process_died_and_a_file_that_succeeds_is_forgotten(
        failpoint: str, tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    counts = togo.home / "state" / "claimed" / "declarations.attempts.json"
    (counts.parent / "declarations").mkdir(parents=True, mode=0o700)
    for name, tried in (("a.json", 1), ("b.json", 2)):  # at which the gateway failed before
        (counts.parent / "declarations" / name).write_bytes(declaration_json(name[:1].upper()))
        counts.write_text(json.dumps({**(json.loads(counts.read_text()) if counts.exists() else {}), name: tried}))
    assert togo.killed("edi-send", failpoint) == KILLED
    assert json.loads(counts.read_text()) == {"a.json": 2, "b.json": 2}
    assert togo.killed("edi-send", f"{failpoint}:2") == KILLED  # a is taken, and the process dies over b
    assert json.loads(counts.read_text()) == {"a.json": 2, "b.json": 3}  # one that succeeds is taken back
    ran = togo.run("edi-send")
    assert (ran.exit, codes(ran)) == (Exit.PERSON, ["X027"])
    assert (sent_files(togo, "declarations"), refused_files(togo, "declarations"), counts.exists()) == (
        ["a.json"], ["b.json", "b.json.reason"], False)


@pytest.mark.parametrize("failpoint", points("objects."))
def test_a_file_encrypted_anew_by_a_killed_run_goes_up_once_under_its_new_name(failpoint: str, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    well(togo.run("edi-send"))
    [first] = burkina.mailbox("TGOTR").iterdir()
    first.unlink()
    another_identity(burkina, togo)
    assert togo.run("edi", "resend", "TG0000000001").exit == 0
    assert togo.killed("edi-send", failpoint) == KILLED
    assert list(burkina.mailbox("TGOTR").iterdir()) == []
    well(togo.run("edi-send"))
    [second] = burkina.mailbox("TGOTR").iterdir()
    assert second.name != first.name
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1


@pytest.mark.parametrize("failpoint", points("mailbox."))
def test_a_file_without_its_marker_is_read_by_nobody_and_gets_it_from_the_next_run(
        failpoint: str, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    agree_on_mode(togo, "BFDGD", "outbound", "marker")
    agree_on_mode(burkina, "TGOTR", "inbound", "marker")
    togo.drop("declarations", {"a.json": declaration_json("A")})
    assert togo.killed("edi-send", failpoint) == KILLED
    [first] = burkina.mailbox(togo.name).iterdir()
    well(burkina.run("edi-receive"))
    assert (first.exists(), burkina.movements()) == (True, {})
    well(togo.run("edi-send"))
    assert burkina.run("edi-receive").counts["messages_accepted"] == 1
    assert list(burkina.mailbox(togo.name).iterdir()) == []


@pytest.mark.parametrize("failpoint", points("arriving."))
def test_the_beginning_of_a_large_file_that_a_killed_run_kept_goes_with_the_file(
        failpoint: str, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    junk = Random(7).randbytes(3_000_001)
    lying = burkina.mailbox(togo.name) / file_name(junk)
    lying.write_bytes(junk)
    arriving = burkina.home / "state" / "arriving"
    with hosted(burkina, togo.name):
        assert burkina.killed("edi-receive", f"{failpoint}:3") == KILLED
        [kept] = [path for path in arriving.rglob("*") if path.is_file()]
        beginning = kept.read_bytes()
        assert (0 < len(beginning) < len(junk), junk.startswith(beginning), kept.stat().st_mode & 0o777) == (
            True, True, 0o600)
        assert burkina.run("edi-receive", "--now").exit == Exit.TRUST
    assert (quarantined(burkina), lying.exists()) == ([junk], False)
    assert [path for path in arriving.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("failpoint", ["quarantine.kept"])
def test_a_file_put_into_quarantine_by_a_killed_run_lies_there_once_and_is_told_by_the_next(
        failpoint: str, tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path)
    junk = b"\x30\x03\x02\x01\x00"
    (burkina.mailbox(togo.name) / file_name(junk)).write_bytes(junk)
    assert burkina.killed("edi-receive", failpoint) == KILLED
    assert [len(list(folder.iterdir())) for folder in (
        burkina.mailbox(togo.name), burkina.home / "state" / "quarantine")] == [1, 2]
    ran = burkina.run("edi-receive")
    assert (ran.exit, ran.counts["objects_quarantined"]) == (Exit.TRUST, 1)
    assert (quarantined(burkina), list(burkina.mailbox(togo.name).iterdir())) == ([junk], [])
    assert burkina.lines("quarantine")[-1]["count"] == 1


@pytest.mark.parametrize("failpoint", points("files."))
def test_a_killed_import_of_a_key_is_completed_by_the_same_import(failpoint: str, tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    keys, given = togo.home / "keys", tmp_path / "given"
    given.mkdir()
    for name in ("signing.key", "signing.crt", "authority.crt"):
        shutil.copy(keys / name, given / name)
    for path in (keys / "signing.key", keys / "signing.crt", keys / "public" / "signing.crt"):
        path.unlink()
    words = ("keys", "import", "signing", *(str(given / name) for name in ("signing.key", "signing.crt",
                                                                            "authority.crt")))
    assert togo.killed("edi", failpoint, *words) == KILLED
    assert not (keys / "public" / "signing.crt").exists()
    assert togo.run("edi", *words).exit == Exit.DONE
    for copy in (keys / "signing.crt", keys / "public" / "signing.crt"):
        assert copy.read_bytes() == (given / "signing.crt").read_bytes()
    assert "K007" in togo.run("edi", *words).err, "what is done is not done again"
    togo.drop("declarations", {"a.json": declaration_json("A")})
    well(togo.run("edi-send"))


@pytest.mark.parametrize("failpoint", ["files.parted"])
def test_keys_of_which_only_some_were_written_are_never_taken_for_a_pair(failpoint: str, tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    keys = togo.home / "keys"
    shutil.rmtree(keys)
    assert togo.killed("edi", failpoint, "keys", "init") == KILLED
    left = [path for path in keys.rglob("*") if path.is_file()]
    assert len(left) == 1
    ran = togo.run("edi", "keys", "init")
    assert ran.exit != 0 and "K007" in ran.err and str(left[0]) in ran.err
    left[0].unlink()
    assert togo.run("edi", "keys", "init").exit == 0


@pytest.mark.parametrize("failpoint", points("authority."))
def test_our_own_list_that_was_not_published_is_by_the_next_issue_with_a_higher_number(
        failpoint: str, tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    words = ("keys", "crl", "--own")
    (before,) = togo.lines(*words)
    public = Path(before["file"])
    published = public.read_bytes()
    assert togo.killed("edi", failpoint, *words) == KILLED
    assert public.read_bytes() == published
    (after,) = togo.lines(*words)
    assert int(after["number"]) > int(before["number"]) + 1, "the one between was issued, and never seen"
    assert public.read_bytes() == (public.parent.parent / public.name).read_bytes() != published


@pytest.mark.parametrize("failpoint", points("retention."))
def test_a_retention_that_is_killed_leaves_no_file_without_its_reason_and_is_completed(
        failpoint: str, tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.drop("declarations", {"a.json": b"[", "b.json": b"["})
    assert togo.run("edi-send").exit == Exit.PERSON
    refused = togo.home / "national" / "refused" / "declarations"
    for path in refused.iterdir():
        os.utime(path, (time.time() - 300 * 86400,) * 2)
    assert togo.killed("edi", failpoint, "retention") == KILLED
    left = refused_files(togo, "declarations")
    gone = {"a.json", "a.json.reason", "b.json", "b.json.reason"} - set(left)
    assert gone in ([{"a.json"}, {"b.json"}] if failpoint.endswith("parted") else [set()])  # the folder has no order
    for _ in range(2):
        assert togo.run("edi", "retention").exit == Exit.DONE
    assert refused_files(togo, "declarations") == []


def test_what_a_killed_run_put_into_quarantine_without_its_note_goes_when_its_time_is_over(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    well(togo.run("edi-send"))
    quarantine = togo.home / "state" / "quarantine"
    quarantine.mkdir(mode=0o700)
    for name, days in (("BFDGD-old.bin", 400), ("BFDGD-young.bin", 300)):
        (quarantine / name).write_bytes(b"refused")
        os.utime(quarantine / name, (time.time() - days * 86400,) * 2)
    assert togo.run("edi", "retention").exit == Exit.DONE
    assert [path.name for path in quarantine.iterdir()] == ["BFDGD-young.bin"]
