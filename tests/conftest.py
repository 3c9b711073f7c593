"""What holds for every test: one whose name says a row of the threat table carries its mark (`pytest -m threat`); and
chance puts nothing off, unless the test draws for itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from unittest import mock

import hypothesis  # noqa: F401  here, before a run of ours freezes what the collector looks at: its own start looks there
import pytest

from gateway.ledger import migrations
from tests.tools.done_once import documents_read_once, statements_compiled_once
from tests.tools.ready_ledgers import replayed
from tests.tools.threats import row_of


@pytest.fixture(scope="session", autouse=True)
def chance_puts_nothing_off() -> Iterator[None]:
    """What is tried again after a time that is drawn, is tried again at once by programs that run in this process."""
    with mock.patch("gateway.cli.context.chance", lambda: 0.0):
        yield


@pytest.fixture(scope="session", autouse=True)
def new_ledgers_are_made_at_once() -> Iterator[None]:
    """The revisions of the ledger's schema are followed once, not by each of the thousands of new ledgers."""
    with mock.patch("gateway.ledger.migrations.upgrade", replayed(migrations.upgrade)):
        yield


@pytest.fixture(scope="session", autouse=True)
def what_every_run_begins_with_is_done_once() -> Iterator[None]:
    """The statements of the ledger and the packaged mappings are the same in each of the thousands of runs."""
    with statements_compiled_once(), documents_read_once():
        yield


@pytest.fixture(autouse=True)
def what_a_run_left_is_collected() -> Iterator[None]:
    """A run tells the collector that what is loaded stays, which is true of a process that ends with its run; here the
    process runs thousands of tests, and what each had in hand would stay until the last."""
    yield
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every `test_tNN_...` with its row, unless it says so itself."""
    for item in items:
        row = row_of(item.name)
        if row is not None and all(mark.args != (row,) for mark in item.iter_markers("threat")):
            item.add_marker(pytest.mark.threat(row))
