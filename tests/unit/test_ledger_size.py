"""Do the reading commands ask only what an index answers, however much is kept?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select

from gateway.exchange.trees import broken_head
from gateway.ledger import Ledger
from gateway.ledger.migrations import HEAD, upgrade
from gateway.ledger.tables import movement
from gateway.reports import overdue, sheet, status
from tests.bench import NAMES
from tests.bench import ledger as bench
from tests.bench import ledger_audit as audit
from tests.bench import ledger_places as places
from tests.bench.ledger_fill import LAST, fill
from tests.bench.ledger_traffic import PER_MOVEMENT, Lot, record, sign_heads

NOW = LAST + timedelta(days=1)
LOT = Lot("Q0000Q", 25, LAST)
QUESTIONS: dict[str, Callable[[Ledger], object]] = {
    "status": lambda ledger: status(ledger, NOW),
    "overdue": lambda ledger: overdue(ledger, NOW, bench.agreements()),
    "show an MRN": lambda ledger: sheet(ledger, LOT.mrn(1)),
    "show a national key": lambda ledger: sheet(ledger, LOT.key(1)),
    "show an interchange": lambda ledger: sheet(ledger, "Q0000Q0000001"),
    "show a message": lambda ledger: sheet(ledger, "Q0000Q0000001-1"),
    "count what is open and what ended": lambda ledger: _summary(ledger),
}
SMALL = ("SCAN incoming_note USING INDEX ix_incoming_note_kept", "SCAN link",
         "SCAN outage", "SCAN checkpoint", "SCAN CONSTANT ROW", "SCAN 1 CONSTANT", "SCAN (")
"""As many rows as there are partners, or files in the quarantine, or none."""
NEWEST = ("SCAN interchange", "SCAN history")
"""From its end: the last row, or until there are fifty."""
EVER = ("ix_interchange_changed (direction=? AND state=? AND changed<?)",
        "ix_message_changed (direction=? AND state=? AND changed<?)", "ix_message_waiting (direction=? AND state=?)",
        "ix_interchange_direction_state_type (direction=? AND state=?)")
"""Of states that last for ever these indexes hold all that ever was."""
OVER = {"RECEIVED", "ACKNOWLEDGED", "TAKEN", "ACCEPTED", "ANSWERED-ACCEPTED"}


def _summary(ledger: Ledger) -> object:
    with ledger.reading() as queries:
        return queries.summary(NOW)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    path = tmp_path_factory.mktemp("size") / "ledger.sqlite"
    with Ledger.open(f"sqlite:///{path}", now=LAST) as opened:
        record(opened, LOT)
        record(opened, Lot("S0000S", 25, LAST, to="SENT"))
        yield opened


@contextmanager
def _asked(engine: Engine) -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """Every single SELECT that an engine's connections are asked meanwhile, with its values."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_1: object, _2: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _whole(ledger: Ledger, asked: list[tuple[str, tuple[object, ...]]]) -> list[tuple[str, str]]:
    """The steps of the plans that go through what is over, with their statements."""
    found = []
    with ledger._reader.connect() as connection:
        for statement, values in asked:
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
                step = row[3]
                scanned = step.startswith("SCAN") and not step.startswith(SMALL) and not (
                    step in NEWEST and "LIMIT" in statement)
                if scanned or (step.endswith(EVER) and OVER & set(map(str, values))):
                    found.append((step, statement))
    return found


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_of_a_reading_command_goes_through_what_is_over(question: str, ledger: Ledger) -> None:
    with _asked(ledger._reader) as asked:
        assert QUESTIONS[question](ledger)
    assert asked
    assert _whole(ledger, asked) == []


def test_nothing_that_is_recorded_asks_for_all_that_was_recorded_before(tmp_path: Path) -> None:
    """Intake, sealing, dispatch, collecting, judging and delivering, each with two rows at least: of pairs that are
    looked for together SQLite would go through the whole table."""
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=LAST) as ledger:
        with _asked(ledger._writer) as asked:
            record(ledger, Lot("Q0000Q", 25, LAST))
        assert len(asked) > 100
        assert _whole(ledger, asked) == []


def test_movements_are_counted_by_state_as_they_change(ledger: Ledger) -> None:
    with ledger.reading() as queries:
        counted = queries.movement_counts()
        rows = queries._connection.execute(select(movement.c.state, func.count()).group_by(movement.c.state))
        assert counted == {str(row[0]): row[1] for row in rows} == {"CLOSED": 25, "SENT": 25}


def test_what_a_transaction_undoes_is_not_counted(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="undone"), ledger.transaction() as transaction:
        transaction.set_movement_state(LOT.mrn(1), state="DISPUTED", flags="", next_action="call", who="", at=NOW)
        raise RuntimeError("undone")
    with ledger.transaction() as transaction, pytest.raises(RuntimeError, match="a part"), transaction.part():
        transaction.set_movement_state(LOT.mrn(1), state="DISPUTED", flags="", next_action="call", who="", at=NOW)
        raise RuntimeError("a part")
    with ledger.reading() as queries:
        assert queries.movement_counts() == {"CLOSED": 25, "SENT": 25}


def test_an_older_ledger_is_counted_when_it_is_brought_up_to_date(ledger: Ledger, tmp_path: Path) -> None:
    from alembic import command

    from gateway.ledger import migrations
    from gateway.ledger.engine import database_of

    url = f"sqlite:///{tmp_path / 'older.sqlite'}"
    older = database_of(url).writer()
    with older.begin() as connection:
        command.upgrade(migrations.config(connection), "0013")
        for number, state in enumerate(("SENT", "SENT", "CLOSED")):
            connection.exec_driver_sql(
                "INSERT INTO movement (mrn, key, administration, corridor, role, departure, destination, state, flags, "
                "next_action, who, at, changed) VALUES (?, ?, 'TGOTR', 'TG-BF', 'departure', 'TGLPL', 'BFOUI', ?, '', "
                "'', '', 0, 0)", (str(number), str(number), state))
        upgrade(connection)
        assert migrations.revision_of(connection) == HEAD
    older.dispose()
    with Ledger.open(url, now=NOW) as opened, opened.reading() as queries:
        assert queries.movement_counts() == {"CLOSED": 1, "SENT": 2}


def test_a_filled_ledger_is_whole_and_proves_itself_like_one_that_grew(tmp_path: Path) -> None:
    """Two days: the second has references, numbers and digests of its own, and links, trees and history go on."""
    path = tmp_path / "filled.sqlite"
    made = fill(path, 1, movements=25, days=2)
    with Ledger.open(f"sqlite:///{path}", now=NOW) as opened:
        assert opened.integrity() == []
        assert_whole(opened, days=2)
        assert record(opened, Lot("R0000R", 25, NOW)) == made // 2
        sign_heads(opened, NOW)
        assert_whole(opened, days=3)


def assert_whole(opened: Ledger, *, days: int) -> None:
    with opened.reading() as queries:
        assert queries.verify_history() is None
        assert list(queries.verify_contents()) == []
        assert broken_head(queries, "BFDGD", thorough=True) is None
        assert queries.movement_counts() == {"CLOSED": 25 * days}
        heads = {direction: queries.signed_heads("BFDGD", direction) for direction in ("in", "out")}
        assert {direction: [head.state for head in found] for direction, found in heads.items()} == {
            "in": ["agreed"] * days, "out": ["agreed"] * days}
        assert [(link.sequence - heads[link.direction][-1].size, link.gaps) for link in queries.links()] == [
            (1, ())] * 2
    for name in ("Q0000Q", "Q0001Q"):
        lot = Lot(name, 25, LAST)
        found = sheet(opened, lot.mrn(7))
        assert [row.state for row in found.movements] == ["CLOSED"]
        assert len(found.events) == PER_MOVEMENT - 1
        assert {step.reference for step in found.steps if step.subject == "movement"} == {lot.mrn(7)}


def test_it_is_one_of_the_benchmarks_and_fills_a_ledger_once(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"ledger", "ledger_postgresql"} <= set(NAMES)
    monkeypatch.setattr(places, "fill", partial(fill, movements=30, days=2))
    for name, value in (("_LOT", 30), ("_ROUNDS", 1), ("_TIMES", 1), ("_FEW", 1)):
        monkeypatch.setattr(bench, name, value)
    monkeypatch.setattr(audit, "MOVEMENTS", 10)
    figures = list(bench.figures_of([100, 600], tmp_path))
    first = [figure for figure in figures if figure.name.startswith(figures[0].name.rpartition(":")[0])]
    assert [figure.unit for figure in first] == ["s", "MB", "ms", *["ms"] * (2 * 11)]
    assert [figure.ratio for figure in first if figure.unit == "ms"] == [1.0] * (1 + 2 * 11)
    assert [figure.name for figure in figures if not figure.unit] == [
        f"SQLite, {question}: grows with the power of the messages" for question in (
            "status", "overdue", "show an MRN of the first day", "show an MRN of today", "show a national key",
            "show an interchange", "show what is not held", "reconcile, both links", "audit export 2026-10",
            "audit export 2027-01", "audit verify 2027-01")]
    assert {figure.unit for figure in bench.figures_of([100], tmp_path)} == {"MB", "ms"}


@pytest.mark.parametrize(("costs", "power"), [((5, 5, 5), 0), ((1, 10, 100), 1), ((2, 200, 20_000), 2),
                                              ((30, 3, 0.3), -1)])
def test_the_curve_of_a_question_is_told_as_the_power_of_the_size(costs: tuple[float, ...], power: float) -> None:
    assert bench.power([1000, 10_000, 100_000], costs) == pytest.approx(power)
