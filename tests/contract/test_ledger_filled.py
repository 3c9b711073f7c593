"""Is a ledger that a benchmark fills on a server one that proves itself, and is it measured like one in a file?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gateway.exchange.trees import broken_head
from gateway.ledger import Ledger
from gateway.reports import sheet
from tests.bench import ledger as bench
from tests.bench import ledger_audit as audit
from tests.bench import ledger_fill_postgresql as filling
from tests.bench.ledger_fill import LAST, model_day
from tests.bench.ledger_places import Server
from tests.bench.ledger_traffic import Lot
from tests.tools.postgres import Postgres

pytestmark = pytest.mark.needs_postgres


def test_days_that_the_server_multiplied_are_whole(new_address: Callable[..., str], tmp_path: Path) -> None:
    address = new_address(empty=True)
    made = filling.fill_database(address, tmp_path, 1, movements=25, days=2)
    with Ledger.open(address, now=LAST, create=False) as opened:
        assert opened.integrity() == []
        with opened.reading() as queries:
            assert queries.verify_history() is None
            assert list(queries.verify_contents()) == []
            assert broken_head(queries, "BFDGD", thorough=True) is None
            assert queries.movement_counts() == {"CLOSED": 50}
        lot = Lot("Q0001Q", 25, LAST)
        assert [row.state for row in sheet(opened, lot.mrn(7)).movements] == ["CLOSED"]
        for reference in (lot.mrn(7), lot.key(7), "Q0001Q0000001", "Q0001Q-7-A.xml", "26NOTHELDTG0000001"):
            assert _read_through(opened, reference) == []
    assert made == 2 * 216


def _read_through(opened: Ledger, reference: str) -> list[str]:
    """The statements of `edi show` for which the server would go through a whole table although it has indexes."""
    asked: list[tuple[str, Any]] = []

    def note(_1: object, _2: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    event.listen(opened._reader, "before_cursor_execute", note)
    sheet(opened, reference)
    event.remove(opened._reader, "before_cursor_execute", note)
    with opened._reader.connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")  # so small a table is read through anyhow
        plans = [(statement, "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)))
                 for statement, values in asked if statement.startswith("SELECT")]
    assert plans
    return [statement for statement, plan in plans if "hashed SubPlan" in plan]


def test_it_is_measured_as_a_file_is(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the server, which others use meanwhile: it is not started anew."""
    monkeypatch.setattr(filling, "model_day", lambda path, movements: model_day(path, 30))
    monkeypatch.setattr(Server, "forget", lambda place, ledger: ledger.close())
    for name, value in (("_LOT", 30), ("_ROUNDS", 1), ("_TIMES", 1), ("_FEW", 1)):
        monkeypatch.setattr(bench, name, value)
    monkeypatch.setattr(audit, "MOVEMENTS", 10)
    figures = list(bench.figures_at(Server(tmp_path, postgres), [300], tmp_path))
    assert [figure.unit for figure in figures] == ["s", "MB", "ms", *["ms"] * (2 * 11)]
    assert {figure.name.partition(":")[0] for figure in figures} == {"PostgreSQL, 512 messages"}
