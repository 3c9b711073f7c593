"""Killed while the ledger is changed, archived or erased by hand: is it whole, and is it enough to say it again?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from gateway.ledger.migrations import HEAD
from gateway.ledger.upgrading import standing
from tests.pair.test_erasure import MRN, TRADER, WHY, holding, pair
from tests.tools.malice import later
from tests.tools.offices import Office, offices
from tests.tools.older_ledgers import OLDER, ledger_file, make_older
from tests.tools.records import declaration_json

__all__ = ["pair"]

KILLED = -9


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo after one declaration."""
    togo, _ = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    assert togo.run("edi-send").exit == Exit.DONE
    return togo


def sound(office: Office) -> None:
    """The ledger is whole, and its history tells all of it."""
    with Ledger.open(f"sqlite:///{ledger_file(office)}", now=later(), create=False) as ledger, \
            ledger.reading() as queries:
        assert (ledger.integrity(), queries.verify_history(), list(queries.verify_contents())) == ([], None, [])


def revision(office: Office) -> str | None:
    return standing(f"sqlite:///{ledger_file(office)}").revision


@pytest.mark.parametrize("failpoint", ["upgrade.copied", "upgrade.back", "ledger.upgrading"])
def test_a_change_of_the_schema_that_is_killed_has_not_happened_and_is_given_again(failpoint: str,
                                                                                  togo: Office) -> None:
    before = HEAD if failpoint == "upgrade.back" else OLDER
    words = ["upgrade", "--yes", *(["--back", OLDER] if before == HEAD else [])]
    if before == OLDER:
        make_older(togo, later())
    assert [togo.killed("edi", failpoint, *words) for _ in range(2)] == [KILLED] * 2
    assert revision(togo) == before
    assert togo.run("edi", *words).exit == Exit.DONE
    assert revision(togo) == (HEAD if before == OLDER else OLDER)
    if before == HEAD:
        assert togo.run("edi", "upgrade", "--yes").exit == Exit.DONE
    sound(togo)
    for copy in (togo.home / "state").glob("ledger.sqlite.before-*[0-9Z]"):
        assert standing(f"sqlite:///{copy}").revision in (OLDER, HEAD)


@pytest.mark.parametrize("failpoint", ["keep.erased", "keep.removed"])
def test_an_erasure_that_is_killed_is_completed_by_the_same_line(failpoint: str, pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    words = ("erase", MRN, *WHY, "--shared", "--yes")
    assert [togo.killed("edi", failpoint, *words) for _ in range(2)] == [KILLED] * 2
    sound(togo)
    assert togo.run("edi", *words).exit == Exit.DONE
    assert holding(togo, TRADER) == []
    with closing(sqlite3.connect(ledger_file(togo))) as connection:
        assert connection.execute("SELECT count(*) FROM departure").fetchone() == (1,)
    sound(togo)


@pytest.mark.parametrize("failpoint", ["keep.archived"])
def test_an_archive_that_is_killed_leaves_everything_in_the_ledger_and_is_made_by_the_same_line(
        failpoint: str, pair: tuple[Office, Office], tmp_path: Path) -> None:
    togo, _ = pair
    with closing(sqlite3.connect(ledger_file(togo))) as connection, connection:
        for table, column in (("interchange", "changed"), ("message", "changed"), ("movement", "changed"),
                              ("delivery", "delivered")):
            connection.execute(f"UPDATE {table} SET {column} = {column} - 864000000000")  # ten days
        before = connection.execute("SELECT * FROM content ORDER BY id").fetchall()
    words = ("archive", "--before", "2999-01-01", "--to", str(tmp_path / "volume"))
    assert togo.killed("edi", failpoint, *words) == KILLED
    with closing(sqlite3.connect(ledger_file(togo))) as connection:
        assert connection.execute("SELECT * FROM content ORDER BY id").fetchall() == before
    [left] = (tmp_path / "volume").iterdir()
    ran = togo.run("edi", *words)
    assert (ran.exit, ran.err.count("L058"), f"rm -r {left}" in ran.err) == (Exit.DONE, 1, True)
    sound(togo)
    assert togo.run("edi", "show", MRN).exit == Exit.DONE
    with closing(sqlite3.connect(ledger_file(togo))) as connection:
        [folder] = connection.execute("SELECT folder FROM departure").fetchone()
    assert (Path(folder) / "contents.zip").exists()
