"""What crosses the lines to partners is counted by run, folded into days when it is old, and the turn goes round."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from gateway.ledger import Ledger
from gateway.ledger.line_rows import Traffic
from gateway.ledger.parts.traffic import KEPT_BY_RUN

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
EVER = datetime(2000, 1, 1, tzinfo=UTC)
ONE = Traffic(partner="BFDGD", direction="inbound", at=NOW, octets_in=9000, octets_out=700, files_in=2,
              milliseconds=1250)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as opened:
        yield opened


def noted(ledger: Ledger, *rows: Traffic, at: datetime = NOW) -> None:
    with ledger.transaction() as transaction:
        transaction.note_traffic(rows, at=at)


def read(ledger: Ledger, since: datetime = EVER, partner: str | None = None) -> list[Traffic]:
    with ledger.reading() as queries:
        return queries.traffic(since=since, partner=partner)


def test_a_session_is_read_as_it_was_noted(ledger: Ledger) -> None:
    other = replace(ONE, partner="MLDGD", direction="outbound", failed=1, at=NOW + timedelta(minutes=5))
    noted(ledger, ONE, other)
    assert read(ledger) == [ONE, other]
    assert read(ledger, partner="MLDGD") == [other]
    assert read(ledger, since=NOW + timedelta(seconds=1)) == [other]


@pytest.mark.parametrize("partner", [None, "BFDGD"])
def test_days_are_read_from_an_index_however_many_years_are_held(ledger: Ledger, partner: str | None) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    with ledger.reading() as queries:
        connection = queries._connection
        event.listen(connection, "before_cursor_execute",
                     lambda _1, _2, statement, values, _3, _4: asked.append((statement, values)))
        queries.traffic(since=NOW, partner=partner)
        (statement, values), = asked
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert plan[0].startswith("SEARCH traffic USING INDEX"), plan


def test_sessions_of_old_runs_are_folded_into_days_and_no_octet_is_lost(ledger: Ledger) -> None:
    first, second = NOW.replace(hour=0), NOW.replace(hour=23, minute=59)
    noted(ledger, replace(ONE, at=first), replace(ONE, at=second, failed=1), replace(ONE, at=second, partner="MLDGD"),
          replace(ONE, at=NOW + timedelta(days=1), direction="outbound"))
    later = NOW + KEPT_BY_RUN + timedelta(days=1)
    noted(ledger, at=later)
    day = Traffic(partner="BFDGD", direction="inbound", at=first, day=True, sessions=2, failed=1, octets_in=18000,
                  octets_out=1400, files_in=4, milliseconds=2500)
    folded = [day, replace(ONE, at=first, partner="MLDGD", day=True)]
    assert read(ledger)[:-1] == folded
    assert read(ledger)[-1] == replace(ONE, at=NOW + timedelta(days=1), direction="outbound")
    noted(ledger, at=later)
    assert len(read(ledger)) == 3, "a day is folded once"


def test_a_day_is_folded_when_all_of_it_is_old_not_in_its_middle(ledger: Ledger) -> None:
    noted(ledger, replace(ONE, at=NOW.replace(hour=1)))
    noted(ledger, at=NOW + KEPT_BY_RUN)
    assert [row.day for row in read(ledger)] == [False]
    noted(ledger, at=NOW + KEPT_BY_RUN + timedelta(days=1))
    assert [row.day for row in read(ledger)] == [True]


def test_a_year_of_five_minute_runs_stays_a_few_rows_a_day(ledger: Ledger) -> None:
    begin = NOW - timedelta(days=365)
    with ledger.transaction() as transaction:
        transaction.note_traffic([replace(ONE, at=begin + timedelta(hours=number)) for number in range(365 * 24)],
                                 at=begin)
    noted(ledger, at=NOW)
    rows = read(ledger)
    assert len(rows) < 91 * 24 + 276
    assert sum(row.sessions for row in rows) == 365 * 24
    assert sum(row.octets_in for row in rows) == 365 * 24 * ONE.octets_in


def test_the_partner_begun_last_is_remembered_by_direction_until_all_had_their_turn(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        assert transaction.last_begun("inbound") is None
        transaction.note_begun("inbound", "BFDGD")
        transaction.note_begun("inbound", "MLDGD")
        transaction.note_begun("outbound", "NEDGD")
    with ledger.reading() as queries:
        assert (queries.last_begun("inbound"), queries.last_begun("outbound")) == ("MLDGD", "NEDGD")
    with ledger.transaction() as transaction:
        transaction.note_finished("inbound")
        assert (transaction.last_begun("inbound"), transaction.last_begun("outbound")) == (None, "NEDGD")
