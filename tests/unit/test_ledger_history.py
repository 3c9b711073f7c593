"""Can anything be changed behind the ledger's back without its showing, and does the guard hold between two runs?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select, update

from gateway.errors import LocalError
from gateway.ledger import Ledger, Moved, states, tables
from gateway.ledger.chain import Fact
from gateway.ledger.migrations import HEAD
from gateway.ledger.parts import base
from gateway.ledger.questions import BadContent, BadRow
from tests.unit.test_ledger_story import (
    HOUR,
    NOW,
    PARTNER,
    contrl,
    event,
    ledger,
    movement,
    queue,
    receipt,
    seal,
    store,
    take,
)

__all__ = ["ledger"]


@contextmanager
def raw(folder: Path) -> Iterator[sqlite3.Connection]:
    """What somebody with a shell and sqlite3 has."""
    connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture
def lived(ledger: Ledger) -> Ledger:
    """A ledger in which one of everything happened."""
    with ledger.transaction() as transaction:
        transaction.add_source(kind="declarations", dialect="d", key="K", files={"a": b"1"}, at=NOW)
        movement(transaction)
        transaction.set_movement_state("M1", state="SENT", flags="", next_action="wait", who=PARTNER, at=NOW)
        transaction.add_declaration(mrn="M1", amendment=0, function="original", tree={"mrn": "M1"}, source_id=None,
                                    message_id=None, at=NOW)
        event(transaction)
        queue(transaction)
        _, sealed = seal(transaction)
        transaction.mark_dispatched([sealed], at=NOW, receipt_due=NOW + HOUR)
        receipt(transaction, 1)
        contrl(transaction)
        number = store(transaction, 1, "BF1")
        take(transaction, number, "1", "M1", "ACCEPTED")
        transaction.settle_interchange_in(number, state="ACKNOWLEDGED", at=NOW)
        transaction.add_delivery(folder="events", name="E1.json", content=b"{}", at=NOW)
        transaction.note_incoming(partner=PARTNER, name="bad.p7m", code="E_SIGNATURE", size=3, kept="q/1", at=NOW)
        transaction.journal(subject="operator", reference="M1", text="called Ouagadougou", at=NOW)
    return ledger


@pytest.mark.parametrize("statement", ["UPDATE history SET text = 'x' WHERE id = 2", "DELETE FROM history WHERE id = 2",
                                       "UPDATE history SET at = at", "DELETE FROM history"])
def test_the_history_refuses_to_be_changed(lived: Ledger, tmp_path: Path, statement: str) -> None:
    with raw(tmp_path) as connection, pytest.raises(sqlite3.IntegrityError, match="history is append-only"):
        connection.execute(statement)
    with lived.reading() as queries:
        assert queries.verify_history() is None


@pytest.mark.parametrize(("statement", "bad"), [
    ("UPDATE history SET text = 'x' WHERE id = 5", BadRow(id=5, fault="hash", reference="M1")),
    ("UPDATE history SET at = at + 1 WHERE id = 5", BadRow(id=5, fault="hash", reference="M1")),
    ("UPDATE history SET from_state = NULL WHERE id = 4", BadRow(id=4, fault="hash", reference="M1")),
    ("UPDATE history SET row_hash = upper(row_hash) WHERE id = 1", BadRow(id=1, fault="hash", reference=HEAD)),
    ("DELETE FROM history WHERE id = 5", BadRow(id=5, fault="hole", reference="E1")),
    ("DELETE FROM history WHERE id = 1", BadRow(id=1, fault="hole", reference="K")),
    ("DELETE FROM history WHERE id >= 9", BadRow(id=9, fault="end", reference="")),
    ("UPDATE history SET id = id + 100 WHERE id = 6", BadRow(id=6, fault="hole", reference="")),
])
def test_an_edit_behind_the_triggers_is_found_at_its_row(lived: Ledger, tmp_path: Path, statement: str,
                                                         bad: BadRow) -> None:
    with raw(tmp_path) as connection:
        for trigger in ("history_no_update", "history_no_delete"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement)
    with lived.reading() as queries:
        found = queries.verify_history()
        assert found is not None
        assert (found.id, found.fault) == (bad.id, bad.fault)
        assert bad.reference in ("", found.reference)


def test_ten_lines_without_our_code_verify_the_chain(lived: Ledger, tmp_path: Path) -> None:
    columns = "id, at, subject, subject_id, reference, event, from_state, to_state, text, digest"
    previous = "0" * 64
    with raw(tmp_path) as connection:
        rows = connection.execute(f"SELECT {columns}, row_hash FROM history ORDER BY id").fetchall()
    for *row, row_hash in rows:
        previous = sha256((previous + "\n" + json.dumps(row, separators=(",", ":"))).encode()).hexdigest()
        assert previous == row_hash
    with lived.reading() as queries:
        assert (queries.history_head().id, queries.history_head().row_hash) == (len(rows), previous)


@pytest.mark.parametrize(("statement", "bad"), [
    ("UPDATE content SET bytes = x'00' WHERE id = 2", BadContent(what="content", id="2", fault="bytes")),
    ("UPDATE declaration SET tree = '{}'", BadContent(what="declaration", id="1", fault="bytes")),
    ("UPDATE event SET digest = 'x'", BadContent(what="event", id="1", fault="digest")),
    ("UPDATE message SET state = 'ANSWERED-ACCEPTED' WHERE id = 1", BadContent(what="message", id="1", fault="state")),
    ("UPDATE message SET content_id = 1 WHERE id = 1", BadContent(what="message", id="1", fault="digest")),
    ("UPDATE interchange SET state = 'REJECTED' WHERE id = 1", BadContent(what="interchange", id="1", fault="state")),
    ("UPDATE object SET state = 'DISPATCHED' WHERE id = 1", BadContent(what="object", id="1", fault="state")),
    ("UPDATE movement SET state = 'CLOSED'", BadContent(what="movement", id="M1", fault="state")),
    ("UPDATE delivery SET digest = 'x'", BadContent(what="delivery", id="1", fault="digest")),
    ("INSERT INTO event SELECT 9, mrn, administration, 'E9', word, happened, digest, source_id, message_id, at, tree "
     "FROM event", BadContent(what="event", id="9", fault="unrecorded")),
])
def test_what_was_changed_in_a_table_is_found_by_its_history(lived: Ledger, tmp_path: Path, statement: str,
                                                             bad: BadContent) -> None:
    with lived.reading() as queries:
        assert list(queries.verify_contents()) == []
    with raw(tmp_path) as connection:
        connection.execute(statement)
    with lived.reading() as queries:
        assert bad in list(queries.verify_contents())


def test_an_undone_transaction_leaves_no_hole_in_any_series(ledger: Ledger) -> None:
    drawn = []
    for failing in (False, True, False, True, True, False):
        try:
            with ledger.transaction() as transaction:
                queue(transaction)
                seal(transaction)
                number = transaction.next_number("mrn/TGLFW/2026")
                if failing:
                    raise RuntimeError("killed")
                drawn.append(number)
        except RuntimeError:
            continue
    assert drawn == [1, 2, 3]
    with ledger.reading() as queries:
        assert [row.control_reference for row in queries.interchanges()[::-1]] == [
            "TG0000000001", "TG0000000002", "TG0000000003"]
        assert [row.id for row in queries.messages()] == [3, 2, 1]
        assert queries.link_head(PARTNER, "out").sequence == 3
        assert queries.verify_history() is None
        assert list(queries.verify_contents()) == []


def test_a_part_stands_or_falls_by_itself(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert transaction.next_number("n") == 1
        with transaction.part():
            queue(transaction, "M1")
            assert transaction.next_number("n") == 2
        with pytest.raises(ZeroDivisionError), transaction.part():
            queue(transaction, "M2")
            assert transaction.next_number("n") == 3
            assert transaction.next_number("only here") == 1
            raise ZeroDivisionError
        with transaction.part():
            queue(transaction, "M3")
            assert transaction.next_number("n") == 3
            assert transaction.next_number("only here") == 1
    with ledger.reading() as queries:
        assert [(row.id, row.mrn) for row in queries.messages()[::-1]] == [(1, "M1"), (2, "M3")]
        assert queries.verify_history() is None
        assert list(queries.verify_contents()) == []


def test_a_long_history_is_written_in_pieces_and_reads_as_if_at_once(
        ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written within a part that falls is undone with it, and what was recorded before it is not lost."""
    def story(into: Ledger) -> list[Any]:
        with into.transaction() as transaction:
            queue(transaction, "M1")
            with transaction.part():
                queue(transaction, "M2")
                with pytest.raises(ZeroDivisionError), transaction.part():
                    for number in range(8):
                        queue(transaction, f"X{number}")
                    raise ZeroDivisionError
                queue(transaction, "M3")
            with pytest.raises(ZeroDivisionError), transaction.part():
                for number in range(8):
                    queue(transaction, f"Y{number}")
                raise ZeroDivisionError
            for number in range(4, 9):
                queue(transaction, f"M{number}")
        with into.reading() as queries:
            assert queries.verify_history() is None
            return list(queries._connection.execute(select(tables.history)))

    at_once = story(ledger)
    assert len([row for row in at_once if row.subject == "message"]) == 8
    for many in (1, 2, 3, 5):
        monkeypatch.setattr(base, "FACTS", many)
        with Ledger.open(f"sqlite:///{tmp_path}/of-{many}.sqlite", now=NOW) as other:
            assert story(other) == at_once


def test_what_is_kept_of_a_long_history_before_it_is_written_is_bounded(
        ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "FACTS", 5)
    with ledger.transaction() as transaction, transaction.part():
        for number in range(40):
            queue(transaction, f"M{number}")
            assert len(transaction._facts) < 5


def test_of_two_runs_that_saw_the_same_interchange_only_one_settles_it(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.transaction() as transaction:
        store(transaction, 1, "BF1")
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", now=NOW) as other:
        with ledger.transaction() as transaction:
            mine = [one.id for one in transaction.unprocessed_interchanges(PARTNER)]
        with other.transaction() as transaction:
            theirs = [one.id for one in transaction.unprocessed_interchanges(PARTNER)]
        assert mine == theirs
        with ledger.transaction() as transaction:
            take(transaction, mine[0], "1", "M1", "ACCEPTED")
            transaction.settle_interchange_in(mine[0], state="ACKNOWLEDGED", at=NOW)
        with pytest.raises(Moved) as moved, other.transaction() as transaction:
            take(transaction, theirs[0], "1", "M1", "ACCEPTED")
            transaction.settle_interchange_in(theirs[0], state="REJECTED", at=NOW)
    assert isinstance(moved.value, LocalError)
    with ledger.reading() as queries:
        assert [row.state for row in queries.interchanges()] == ["ACKNOWLEDGED"]
        assert [row.state for row in queries.messages()] == ["ACCEPTED"]


def test_a_guarded_update_of_a_state_that_is_held_no_more_moves_nothing(ledger: Ledger) -> None:
    """The guard itself, below the reading that every method does first."""
    with ledger.transaction() as transaction:
        number = queue(transaction)
    with pytest.raises(Moved) as moved, ledger.transaction() as transaction:
        transaction._move_one(tables.message, number, "PREPARED", {"state": "DISPATCHED", "changed": NOW}, "M1")
    assert moved.value.findings[0].values == {"subject": "message", "reference": "M1", "expected": "PREPARED"}
    with ledger.reading() as queries:
        assert [row.state for row in queries.messages()] == ["WAITING"]


def test_a_reader_keeps_its_moment_while_others_write_and_cannot_write_itself(ledger: Ledger) -> None:
    with ledger.reading() as queries:
        assert queries.messages() == []
        with ledger.transaction() as transaction:
            queue(transaction)
        assert queries.messages() == []
        with pytest.raises(Exception, match=r"read-?only"):
            queries._connection.exec_driver_sql("DELETE FROM counter")
    with ledger.reading() as queries:
        assert len(queries.messages()) == 1


LIVES = [pytest.param(tables.object_, states.OBJECT_OUT, id="object"),
         pytest.param(tables.interchange, states.INTERCHANGE_OUT, id="interchange out"),
         pytest.param(tables.interchange, states.INTERCHANGE_IN, id="interchange in"),
         pytest.param(tables.message, states.MESSAGE_OUT, id="message out"),
         pytest.param(tables.message, states.MESSAGE_IN, id="message in")]


@pytest.mark.parametrize(("table", "life"), LIVES)
def test_every_arrow_of_a_life_moves_the_row_and_writes_one_row_of_history(
        lived: Ledger, table: Table, life: states.Transitions[Any]) -> None:
    """And every step that a state does not know leaves row and history as they were."""
    with lived.reading() as queries:
        before = queries.history_head().id
    outcome = {}
    with lived.transaction() as transaction:
        execute = transaction._connection.execute
        for state, step in product(life, states.Step):
            execute(update(table).where(table.c.id == 1).values(state=state))
            moved = transaction._move_all(
                table, life, step, table.c.id == 1,
                lambda row, source, target, step=step: Fact(  # type: ignore[misc]  # bound now, not when called
                    at=NOW, subject=table.name, subject_id=row.id, reference="walk", event=step, from_state=source,
                    to_state=target), {}, [])
            outcome[state, step] = (moved, execute(select(table.c.state).where(table.c.id == 1)).scalar_one())
    arrows = {(state, step): target for state, steps in life.items() for step, target in steps.items()}
    assert outcome == {(state, step): (1, arrows[state, step]) if (state, step) in arrows else (0, state)
                       for state, step in product(life, states.Step)}
    with lived.reading() as queries:
        told = {(row.from_state, row.event): row.to_state for row in queries.history(after=before)}
        assert queries.verify_history() is None
    assert told == arrows
