"""Does what each run asks of the links cost what is open, and not what was ever sent?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from gateway.ledger import Ledger
from gateway.ledger.transaction import Transaction

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MRNS = [f"26TGLPLT{number:010d}" for number in range(128)]
QUESTIONS: dict[str, Callable[[Transaction], object]] = {
    "kinds": lambda one: one.kinds_waiting("BFDGD"),
    "prepared": lambda one: one.prepared_declarations("BFDGD"),
    "due": lambda one: one.due_objects("BFDGD", now=NOW, limit=64, octets=1 << 20, declarations_last=True),
    "misdated": lambda one: one.misdated_objects("BFDGD", repeat=NOW, receipt=NOW),
    "aged": lambda one: one.aged_objects("BFDGD", before=NOW, attempts=4),
    "unacknowledged": lambda one: one.unacknowledged("BFDGD", attempts=4, due=NOW),
    "carried": lambda one: one.unacknowledged_objects("BFDGD", after=7, limit=64, octets=1 << 20),
    "carried before": lambda one: one.acknowledged_names("BFDGD", ["a.p7m", "b.p7m"]),
    "dead": lambda one: one.dead_letters("BFDGD"),
    "lingering": lambda one: one.lingering("BFDGD"),
    "handed over": lambda one: one.handed_to(MRNS),
    "named": lambda one: one.names_of(MRNS),
}
ALL_EVER_SENT = ("uq_object_sequence (direction=? AND partner=?)", "uq_object_message_id (direction=? AND partner=?)",
                 "ix_message_waiting (direction=?)", "ix_message_changed (direction=?)")


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_each_run_never_goes_through_all_that_was_ever_sent(question: str, tmp_path: Path) -> None:
    """Receipts stay DISPATCHED for ever, so that state alone is no small number either."""
    asked: list[tuple[str, tuple[object, ...]]] = []
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as ledger, ledger.transaction() as transaction:
        connection = transaction._connection
        event.listen(connection, "before_cursor_execute",
                     lambda _1, _2, statement, values, _3, _4: asked.append((statement, values)))
        QUESTIONS[question](transaction)
        statement, values = asked[0]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    steps = [step for step in plan if step.startswith(("SCAN", "SEARCH")) and step != "SCAN CONSTANT ROW"]
    assert steps
    assert [step for step in steps if step.startswith("SCAN") or step.endswith(ALL_EVER_SENT)] == []
    assert "DISPATCHED" not in values or not any("ix_object_state (" in step for step in steps)
