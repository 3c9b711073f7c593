"""Does a ledger on a PostgreSQL server give the answers that one in a file gives?

Every test of the ledger that asks it through its own methods runs here once more, over a server: the same function with
another ledger. A machine without a server says so; CI fails there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from gateway.ledger import Ledger
from gateway.ledger.columns import metadata
from tests.unit.test_ledger_story import NOW

pytestmark = pytest.mark.needs_postgres

MODULES = ("activation", "dead_letters", "due_order", "history", "inbound", "keys", "links", "outbound", "prepared",
           "queries", "revocation", "rows", "story", "traffic")
OF_A_FILE = {  # these look at the plans that SQLite makes, at how long it takes, or write tens of thousands of rows
    "test_no_question_of_a_run_reads_a_whole_table", "test_the_status_of_ten_thousand_messages_is_measured",
    "test_days_are_read_from_an_index_however_many_years_are_held", "test_more_than_one_statement_takes_are_buried"}


@pytest.fixture(scope="module")
def used(new_address: Callable[..., str]) -> str:
    """One database for all: to make and remove one for each test takes longer than the tests."""
    return new_address()


@pytest.fixture
def ledger(used: str) -> Iterator[Ledger]:
    """As its first opening leaves it: one row of history, and its number drawn."""
    with psycopg.connect(used, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # neither triggers nor references
        for table in metadata.tables:
            if table not in ("history", "counter"):
                connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))
        connection.execute("DELETE FROM history WHERE id > 1")
        connection.execute("DELETE FROM counter WHERE name <> 'id/history'")
        connection.execute("UPDATE counter SET value = 1")
    with Ledger.open(used, now=NOW) as opened:
        yield opened


def _over_a_ledger(test: Callable[..., None]) -> bool:
    """Whether it takes a ledger and nothing that only a file has."""
    wanted = set(inspect.signature(test).parameters)
    given = {name for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"
             for name in (mark.args[0].split(",") if isinstance(mark.args[0], str) else mark.args[0])}
    return test.__name__ not in OF_A_FILE and wanted - {name.strip() for name in given} == {"ledger"}


for _module in MODULES:
    for _name, _test in vars(import_module(f"tests.unit.test_ledger_{_module}")).items():
        if _name.startswith("test_") and _over_a_ledger(_test):
            globals()[_name] = _test
