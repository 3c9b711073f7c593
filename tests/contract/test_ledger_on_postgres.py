"""Does a ledger on a PostgreSQL server give the answers that one in a file gives?

Every test of the ledger that asks it through its own methods runs here once more, over a server: the same function with
another ledger. A machine without a server says so; CI fails there.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from importlib import import_module

import psycopg
import pytest

from gateway.ledger import Ledger
from tests.tools.postgres import Postgres, running_postgres
from tests.unit.test_ledger_story import NOW

pytestmark = pytest.mark.needs_postgres

MODULES = ("activation", "dead_letters", "due_order", "history", "inbound", "keys", "links", "outbound", "queries",
           "revocation", "story", "traffic")
OF_A_FILE = {  # these look at the plans that SQLite makes, or at how long it takes
    "test_no_question_of_a_run_reads_a_whole_table", "test_the_status_of_ten_thousand_messages_is_measured",
    "test_days_are_read_from_an_index_however_many_years_are_held"}
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running_postgres() as running:
        Ledger.open(running.url, now=NOW).close()
        yield running


@pytest.fixture
def address(server: Postgres) -> str:
    """A database with a ledger that nobody has used."""
    name = f"ledger{next(_NUMBERS)}"
    with psycopg.connect(server.url.replace("+psycopg", "").replace("/postgres", "/template1"),
                         autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE postgres".encode())
    return server.url.replace("/postgres", f"/{name}")


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    with Ledger.open(address, now=NOW) as opened:
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
