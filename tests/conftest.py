"""What holds for every test: one whose name says a row of the threat table carries its mark (`pytest -m threat`)."""

from __future__ import annotations

import pytest

from tests.tools.threats import row_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every `test_tNN_...` with its row, unless it says so itself."""
    for item in items:
        row = row_of(item.name)
        if row is not None and all(mark.args != (row,) for mark in item.iter_markers("threat")):
            item.add_marker(pytest.mark.threat(row))
