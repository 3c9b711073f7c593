"""Does a server hold the same rows whether many were sent at once or each by itself, and is what is sent at once judged
as one after the other would be?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.ledger import Ledger
from gateway.ledger.parts.base import _guard
from gateway.ledger.postgresql_bulk import _in_one
from gateway.ledger.prepared import FEW, insert_rows, run_rows
from gateway.ledger.states import MessageState
from gateway.ledger.tables import content, delivery, message
from tests.unit.test_ledger_story import NOW

pytestmark = pytest.mark.needs_postgres
MANY = FEW + 4
HOSTILE = ("", "\x00", "\x01\x00\x02", "é\U0010ffff", "%s %(x)s", "\\N\t\n", "NULL", "'; DROP TABLE content; --")
CONTENTS = [{"id": number, "digest": HOSTILE[number % len(HOSTILE)], "size": (-1) ** number * number << 40,
             "bytes": bytes(range(number)) * (1 + number % 3 * 5000)} for number in range(1, MANY + 1)]
DELIVERIES = [{"id": number, "folder": "events", "name": f"{HOSTILE[number % len(HOSTILE)]}{number}", "digest": "",
               "at": NOW + timedelta(microseconds=number), "content_id": number,
               "delivered": None if number % 2 else NOW} for number in range(1, MANY + 1)]
MESSAGES = [{"id": number, "direction": "out", "partner": "BFDGD", "type": "CUSDEC", "word": "original", "mrn": None,
             "identifier": "", "segments": number, "mapping": "", "mapping_digest": "", "urgent": number % 2 == 0,
             "state": MessageState.WAITING, "at": NOW, "changed": NOW, "content_id": number}
            for number in range(1, MANY + 1)]
ALL = ((content, CONTENTS), (delivery, DELIVERIES), (message, MESSAGES))


@pytest.fixture
def said() -> list[str]:
    """What the server said it has done for lists of rows."""
    return []


@pytest.fixture
def server(address: str, said: list[str]) -> Iterator[Ledger]:
    """A ledger on a server."""
    with Ledger.open(address, now=NOW) as ledger:
        def note(_: Connection, cursor: Any, statement: str, *said_of: Any) -> None:
            if said_of[-1] or "FROM unnest" in statement:
                said.append(cursor.statusmessage)

        event.listen(ledger._writer, "after_cursor_execute", note)
        yield ledger


def _write(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        for table, rows in ALL:
            transaction._connection.execute(insert(table), rows)


def _write_by_columns(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        for table, rows in ALL:
            insert_rows(transaction._connection, table, tuple(rows[0]), [tuple(row.values()) for row in rows])


def _held(ledger: Ledger) -> list[Sequence[Row[Any]]]:
    with ledger.reading() as queries:
        return [queries._connection.execute(select(table).order_by(table.c.id)).all() for table, _ in ALL]


def _moves(numbers: Sequence[int], state: MessageState = MessageState.WAITING) -> list[dict[str, Any]]:
    return [{"number": number, "expected": state, "new_state": MessageState.PREPARED, "new_mrn": f"\x00{number}",
             "new_detail": None, "new_changed": NOW + timedelta(days=number)} for number in numbers]


@pytest.mark.parametrize("write", [_write, _write_by_columns])
def test_many_rows_are_one_copy_and_stand_there_as_in_a_file(
        write: Callable[[Ledger], None], server: Ledger, said: list[str], tmp_path: Path) -> None:
    write(server)
    assert said == [f"COPY {MANY}"] * 3
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as file:
        write(file)
        assert _held(server) == _held(file)


def test_many_rows_are_moved_by_one_statement_and_stand_there_as_in_a_file(
        server: Ledger, said: list[str], tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as file:
        for ledger in (server, file):
            _write(ledger)
            said.clear()
            with ledger.transaction() as transaction:
                transaction._move_each(message, _moves(range(1, MANY)))
            assert said == ([f"UPDATE {MANY - 1}"] if ledger is server else [])
        assert _held(server) == _held(file)


@pytest.mark.parametrize(("moves", "moved"), [
    (_moves(range(2, MANY + 2)), MANY - 1),  # one is not there
    (_moves(range(1, MANY + 1), MessageState.DISPATCHED), 0),  # none is in that state
    (_moves([1, *range(1, MANY)]), MANY - 1)], ids=["unknown", "elsewhere", "twice"])
def test_as_many_are_counted_as_one_after_the_other_would_have_moved(
        server: Ledger, moves: Sequence[Mapping[str, Any]], moved: int) -> None:
    _write(server)
    with server.transaction() as transaction:
        done = transaction._connection.execute(
            _guard(message, ("state", "mrn", "detail", "changed")), [dict(one) for one in moves])
        assert done.rowcount == moved


def test_of_a_row_that_is_meant_twice_the_last_word_stands(server: Ledger, said: list[str]) -> None:
    _write(server)
    said.clear()
    statement = update(message).where(message.c.id == bindparam("number")).values(word=bindparam("new"))
    with server.transaction() as transaction:
        transaction._connection.execute(statement, [{"number": 7, "new": str(turn)} for turn in range(MANY)])
    assert said == ["UPDATE 1"]
    with server.transaction() as transaction:
        assert run_rows(transaction._connection, statement, ("number", "new"),
                        [(7, str(turn)) for turn in range(MANY)]) == MANY
    assert said == ["UPDATE 1"] * 2
    with server.reading() as queries:
        assert queries._connection.execute(select(message.c.word).where(message.c.id == 7)).scalar() == f"{MANY - 1}"


def test_a_double_among_many_undoes_its_part_and_nothing_else(server: Ledger) -> None:
    before = _held(server)
    with server.transaction() as transaction:
        transaction._connection.execute(insert(content), CONTENTS[:-1])
        with pytest.raises(IntegrityError), transaction.part():
            transaction._connection.execute(insert(content), CONTENTS)
        transaction._connection.execute(insert(content), CONTENTS[-1:])
    assert [row.id for row in _held(server)[0]] == [row["id"] for row in CONTENTS] and before[0] == []


@pytest.mark.parametrize(("wrong", "error"), [
    ({"size": 1 << 63}, OverflowError), ({"digest": "\ud800"}, UnicodeEncodeError), ({"id": None}, IntegrityError)],
    ids=["large", "half", "none"])
def test_a_value_that_cannot_be_sent_undoes_its_part_and_nothing_else(
        server: Ledger, wrong: dict[str, Any], error: type[Exception]) -> None:
    with server.transaction() as transaction:
        with pytest.raises(error), transaction.part():
            transaction._connection.execute(insert(content), [*CONTENTS[:-1], {**CONTENTS[-1], **wrong}])
        transaction._connection.execute(insert(content), CONTENTS)
    assert len(_held(server)[0]) == MANY


@pytest.mark.parametrize(("compression", "used"), [("", {"lz4"}), (" default_toast_compression=pglz", {"pglz"})],
                         ids=["ours", "theirs"])
def test_contents_are_compressed_quickly_unless_the_server_was_told_otherwise(
        new_address: Callable[..., str], compression: str, used: set[str]) -> None:
    address = new_address()
    if compression:
        address += f"{'&' if '?' in address else '?'}options=-c{compression}"
    with Ledger.open(address, now=NOW) as ledger:
        with ledger.transaction() as transaction:
            transaction._connection.execute(insert(content), [{**one, "bytes": bytes(9000)} for one in CONTENTS])
        with ledger.reading() as queries:
            found = queries._connection.exec_driver_sql("SELECT DISTINCT pg_column_compression(bytes) FROM content")
            assert set(found.scalars()) == used


@pytest.mark.parametrize("statement", [
    "UPDATE t SET a=%(a)s::BIGINT",
    "UPDATE t SET a=%(a)s::BIGINT WHERE t.b = %(b)s::BIGINT OR t.c = %(c)s::BIGINT",
    "UPDATE t SET a=%(a)s::BIGINT WHERE t.b < %(b)s::BIGINT",
    "UPDATE t SET a=%(a)s::BIGINT WHERE t.b = lower(%(b)s::VARCHAR)",
    "UPDATE t SET a=%(a)s::BIGINT WHERE t.b IN (%(b)s::BIGINT)",
    "UPDATE t SET a=%(a)s::BIGINT WHERE t.b = %(b)s::BIGINT RETURNING t.a",
    "UPDATE t SET a=%(a)s WHERE t.b = %(b)s::BIGINT",
    "UPDATE t SET a=%(a)s::NUMERIC WHERE t.b = %(b)s::BIGINT"])
def test_what_has_no_form_for_many_goes_row_by_row(statement: str) -> None:
    assert _in_one(statement) is None
