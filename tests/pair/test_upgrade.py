"""A newer program meets an older ledger: does it stop, say what would change, change it on demand, and go back?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.exchange.standstill import standstill
from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from gateway.ledger.migrations import HEAD
from gateway.ledger.upgrading import standing
from tests.tools.malice import codes, later
from tests.tools.offices import Office, offices
from tests.tools.older_ledgers import OLDER, ledger_file, make_older
from tests.tools.outputs import checked
from tests.tools.records import declaration_json


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo after one declaration, its ledger as an older program left it; Burkina Faso at this program's schema."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    assert togo.run("edi-send").exit == Exit.DONE
    make_older(togo, later())
    return [togo, burkina]


def revision(path: Path) -> str | None:
    return standing(f"sqlite:///{path}").revision


def copies(office: Office) -> list[Path]:
    return sorted(path for path in (office.home / "state").glob("ledger.sqlite.before-*")
                  if not path.name.endswith(("-wal", "-shm")))


def test_no_command_changes_a_schema_by_itself_and_every_one_names_the_command_that_does(pair: list[Office]) -> None:
    togo, burkina = pair
    burkina.run("edi-sync")
    togo.drop("declarations", {"b.json": declaration_json("B")})
    for program, words in (("edi-send", ()), ("edi-receive", ()), ("edi-sync", ()), ("edi", ("status",)),
                           ("edi", ("resend", "TG0000000001")), ("edi", ("map", "list", "tg-bf"))):
        ran = togo.run(program, *words)
        assert (ran.exit, "L004" in ran.err, "edi upgrade --check" in ran.err) == (Exit.SETTINGS, True, True), words
    assert revision(ledger_file(togo)) == OLDER
    assert (togo.home / "national" / "out" / "declarations" / "b.json").exists()
    assert len(list(togo.mailbox("BFDGD").iterdir())) == 3, "receipt, CONTRL and CUSRES wait where they lie"


def test_a_check_says_what_would_change_and_writes_nothing(pair: list[Office]) -> None:
    togo, _ = pair
    before = ledger_file(togo).read_bytes()
    for words in ((), ("--check",)):
        ran = togo.run("edi", "upgrade", *words)
        assert (ran.exit, ran.err) == (Exit.PERSON, "To do it: edi upgrade --yes\n")
        lines = ran.out.splitlines()
        assert lines[0] == f"{ledger_file(togo)}: schema {OLDER}, would go to {HEAD}:"
        assert [line.split()[0] for line in lines[1:-2]] == [f"{n:04d}" for n in range(int(OLDER) + 1, int(HEAD) + 1)]
        assert lines[-1] == f"way back: edi upgrade --back {OLDER} --yes, or the copy: edi restore"
    [line] = checked("upgrade", togo.run("edi", "upgrade", "--check", "--json").out)
    assert (line["found"], line["target"], line["lost"], line["copy"]) == (OLDER, HEAD, {}, None)
    assert line["free"] > line["octets"] > 0 < line["seconds"]
    ran = togo.run("edi", "upgrade", "--dry-run", "--yes")
    assert (ran.exit, {line.split()[0] for line in ran.out.splitlines()}) == (Exit.DONE, {"would:"})
    assert (ledger_file(togo).read_bytes(), copies(togo)) == (before, [])


def test_after_the_change_the_exchange_goes_on_and_the_copy_is_what_stood_before(pair: list[Office]) -> None:
    togo, burkina = pair
    ran = togo.run("edi", "upgrade", "--yes")
    [copy] = copies(togo)
    assert (ran.exit, ran.err) == (Exit.DONE, "")
    assert ran.out == (f"{ledger_file(togo)}: schema {OLDER} brought to {HEAD}\n"
                       f"copy from before, checked: {copy}\n")
    assert (revision(copy), revision(ledger_file(togo)), copy.stat().st_mode & 0o777) == (OLDER, HEAD, 0o600)
    for _ in range(2):
        burkina.run("edi-sync")
        assert codes(togo.run("edi-sync")) == []
    assert [line["state"] for line in togo.movements().values()] == ["CONFIRMED"]
    assert togo.run("edi", "audit", "verify").exit == Exit.DONE
    ran = togo.run("edi", "upgrade")
    assert (ran.exit, ran.out) == (Exit.DONE, f"{ledger_file(togo)}: schema {HEAD}, that of this program; "
                                              "nothing to do\n")


def test_the_way_back_says_what_is_lost_and_the_newer_program_then_stops(pair: list[Office]) -> None:
    togo, _ = pair
    togo.run("edi", "upgrade", "--yes")
    with Ledger.open(f"sqlite:///{ledger_file(togo)}", now=later()) as ledger, ledger.transaction() as transaction:
        transaction._connection.exec_driver_sql("INSERT INTO lingering VALUES ('BFDGD', 'a.p7m', NULL, 1)")
    ran = togo.run("edi", "upgrade", "--back", "0006")
    assert (ran.exit, ran.err) == (Exit.PERSON, "To do it: edi upgrade --back 0006 --yes\n")
    assert "lost on the way back: lingering, 1 row(s), unknown to the older program" in ran.out
    assert revision(ledger_file(togo)) == HEAD
    ran = togo.run("edi", "upgrade", "--back", "0006", "--yes", "--json")
    [line] = checked("upgrade", ran.out)
    assert (ran.exit, line["lost"]["lingering"], revision(Path(line["copy"])), revision(ledger_file(togo))) == (
        Exit.DONE, 1, HEAD, "0006")
    assert "L004" in togo.run("edi-send").err
    for wrong in (HEAD, "0006", "9999", "yesterday"):
        assert "L040" in togo.run("edi", "upgrade", "--back", wrong, "--yes").err
    assert togo.run("edi", "upgrade", "--yes").exit == Exit.DONE
    with closing(sqlite3.connect(ledger_file(togo))) as connection:
        assert connection.execute("SELECT text FROM history WHERE subject = 'ledger' ORDER BY id").fetchall() == [
            ("",), (f"back from {HEAD}",), (OLDER,), (f"back from {HEAD}",), ("0006",)]
    assert togo.run("edi", "audit", "verify").exit == Exit.DONE


def test_a_ledger_of_a_newer_program_is_left_as_it_is(pair: list[Office]) -> None:
    togo, _ = pair
    with closing(sqlite3.connect(ledger_file(togo))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for program, words in (("edi-send", ()), ("edi", ("upgrade", "--yes"))):
        ran = togo.run(program, *words)
        assert (ran.exit, "L005" in ran.err) == (Exit.SETTINGS, True)


def test_a_change_waits_for_no_run_and_disturbs_none(pair: list[Office]) -> None:
    togo, _ = pair
    with standstill(load_settings(togo.settings), later()):
        ran = togo.run("edi", "upgrade", "--yes")
    assert (ran.exit, copies(togo), revision(ledger_file(togo))) == (Exit.BUSY, [], OLDER)


def test_where_there_is_no_ledger_yet_nothing_is_to_be_changed(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    ran = togo.run("edi", "upgrade")
    assert (ran.exit, ran.out) == (Exit.DONE, f"{ledger_file(togo)}: no ledger yet; the first run makes it\n")
    assert not ledger_file(togo).exists()


def test_a_copy_of_an_older_schema_is_put_back_by_a_newer_program(pair: list[Office], tmp_path: Path) -> None:
    togo, _ = pair
    copy = tmp_path / "older.sqlite"
    copy.write_bytes(ledger_file(togo).read_bytes())
    held = copy.read_bytes()
    ran = togo.run("edi", "restore", str(copy))
    assert (ran.exit, revision(ledger_file(togo)), copy.read_bytes()) == (Exit.DONE, HEAD, held)
