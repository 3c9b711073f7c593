"""Killed while contents go into the store or out of it: nothing is lost, nothing lies there twice or is left over."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import gateway.exchange.failpoints  # noqa: F401  # declares the names
from gateway.contents.directory import Directory
from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from tests.pair.test_contents_outside import in_a_folder
from tests.tools.malice import later
from tests.tools.offices import Office, offices
from tests.tools.older_ledgers import ledger_file
from tests.tools.records import declaration_json

KILLED = -9


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo before its first run, with a store."""
    togo, _ = offices(tmp_path)
    in_a_folder(togo, tmp_path / "store")
    togo.drop("declarations", {"a.json": declaration_json("A"), "b.json": declaration_json("B")})
    return togo


def rows(office: Office, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(ledger_file(office))) as connection:
        return connection.execute(query).fetchall()


def whole(office: Office, store: Path) -> set[str]:
    """Every content is given as it was, by the ledger or the store, and the history tells all of it; what lies in the
    store."""
    url = f"sqlite:///{ledger_file(office)}"
    with Ledger.open(url, now=later(), create=False, contents=Directory(store)) as ledger, ledger.reading() as queries:
        assert (ledger.integrity(), queries.verify_history(), list(queries.verify_contents())) == ([], None, [])
    return {path.name for path in store.rglob("*-*") if path.is_file()}


@pytest.mark.parametrize("failpoint", ["contents.planned", "contents.put", "contents.emptied"])
def test_a_run_that_is_killed_as_it_stores_loses_nothing_and_the_next_goes_on(failpoint: str, togo: Office,
                                                                             tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert [togo.killed("edi-send", failpoint) for _ in range(1 if failpoint == "contents.emptied" else 2)] == [
        KILLED] * (1 if failpoint == "contents.emptied" else 2)
    there = whole(togo, store)
    assert bool(there) == (failpoint != "contents.planned")
    emptied = rows(togo, "SELECT count(*) FROM content WHERE size > 0 AND bytes = x''")
    assert emptied == [(len(there) if failpoint == "contents.emptied" else 0,)]
    assert togo.run("edi-send").exit == Exit.DONE
    after = whole(togo, store)
    assert there <= after and after
    assert rows(togo, "SELECT count(*) FROM stored WHERE state = 'held'") == [(len(after),)]
    assert togo.run("edi", "ledger", "contents", "--check").err == ""


@pytest.mark.parametrize("failpoint", ["contents.removed"])
def test_a_removal_that_is_killed_is_completed_and_forgets_the_keys(failpoint: str, togo: Office,
                                                                   tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert togo.run("edi-send").exit == Exit.DONE
    [(count,)] = rows(togo, "SELECT count(*) FROM stored")
    assert len(whole(togo, store)) > 2
    assert togo.killed("edi", failpoint, "ledger", "contents", "--return") == KILLED
    assert whole(togo, store) == set()
    assert rows(togo, "SELECT count(*), max(state) FROM stored WHERE state = 'leaving'") == [(count, "leaving")]
    assert togo.run("edi-send").exit == Exit.DONE
    assert rows(togo, "SELECT count(*) FROM stored WHERE state = 'leaving'") == [(0,)]
    whole(togo, store)
