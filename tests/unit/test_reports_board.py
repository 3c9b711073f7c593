"""Does the board of a corridor put first what needs somebody, page by page, and cost only what is open?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as listening

from gateway.ledger import Ledger, NewMovement, NewState
from gateway.reports.board import ENDED, PAGE, board, corridor_lines
from gateway.reports.offices_line import Happening, Stop, offices_line
from gateway.reports.statistics import WEEKS, quantile, statistics
from gateway.transit.declaration import Declaration, Office, OfficeOfTransit
from gateway.transit.event import Event, EventOffice, Word

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def add(ledger: Ledger, rows: list[tuple[str, str, datetime]], corridor: str = "tg-ml") -> None:
    """Movements with a next action, changed (and recorded) at an instant."""
    for mrn, step, at in rows:
        with ledger.transaction() as transaction:
            transaction.add_movements([NewMovement(
                mrn=mrn, key=f"K{mrn}", administration="TGOTR", corridor=corridor, role="departure",
                departure="TGLPL", destination="MLBKO", time_limit=date(2026, 12, 9))], at=at)
            transaction.set_movement_states([NewState(
                mrn=mrn, state="CLOSED" if step == "none" else "SENT", flags="", next_action=step, who="",
                time_limit=date(2026, 12, 9), due=NOW - timedelta(hours=1) if step == "chase" else None)], at=at)


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as opened:
        yield opened


def test_the_most_urgent_comes_first_the_longest_waiting_of_it_before_the_others_and_what_ended_last(
        ledger: Ledger) -> None:
    hours = [NOW - timedelta(hours=number) for number in range(6)]
    add(ledger, [("E1", "none", hours[5]), ("W", "wait", hours[4]), ("C1", "correct", hours[1]),
                 ("E2", "none", hours[0]), ("L", "chase", hours[3]), ("C2", "correct", hours[2])])
    add(ledger, [("OTHER", "decide", NOW)], corridor="tg-bf")
    with ledger.reading() as queries:
        shown = board(queries, "tg-ml", NOW)
        lines = corridor_lines(queries, queries.corridors_held(), NOW)
    assert [row.mrn for row in shown.rows] == ["C2", "C1", "L", "W", "E2", "E1"]
    assert [row.mrn for row in shown.rows if row.late] == ["L"]
    assert (shown.page, shown.pages, shown.open, shown.late) == (1, 1, 4, 1)
    assert [(one.corridor, one.open, one.late, one.urgent) for one in lines] == [
        ("tg-bf", 1, 0, 1), ("tg-ml", 4, 1, 3)]


def test_a_board_is_cut_into_pages_without_a_hole_and_shows_the_latest_that_ended(ledger: Ledger) -> None:
    add(ledger, [(f"O{number:03d}", "wait", NOW + timedelta(seconds=number)) for number in range(PAGE + 20)])
    add(ledger, [(f"E{number:03d}", "none", NOW + timedelta(seconds=number)) for number in range(ENDED + 5)])
    with ledger.reading() as queries:
        pages = [board(queries, "tg-ml", NOW, number) for number in (1, 2, 3)]
        beyond, before = board(queries, "tg-ml", NOW, 99), board(queries, "tg-ml", NOW, -1)
    told = [row.mrn for page in pages for row in page.rows]
    assert told == [f"O{number:03d}" for number in range(PAGE + 20)] + [
        f"E{number:03d}" for number in range(ENDED + 4, 4, -1)]
    assert [len(page.rows) for page in pages] == [PAGE, PAGE, 20]
    assert (beyond, before) == (pages[2], pages[0])


def test_no_question_of_a_page_goes_through_everything_that_is_kept(ledger: Ledger) -> None:
    asked: list[tuple[str, Any]] = []
    with ledger.reading() as queries:
        listening.listen(queries._connection, "before_cursor_execute",
                         lambda _1, _2, statement, values, _3, _4: asked.append((statement, values)))
        board(queries, "tg-ml", NOW)
        corridor_lines(queries, ["tg-ml"], NOW)
        statistics(queries, "tg-ml", NOW)
        queries.corridors_held()
        plans = [row[3] for statement, values in list(asked)
                 for row in queries._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert len(asked) > 8
    assert [step for step in plans if step.startswith("SCAN ")
            and "(subquery" not in step and "CONSTANT" not in step] == []


def test_figures_are_of_whole_weeks_and_of_the_one_that_runs(ledger: Ledger) -> None:
    add(ledger, [("A", "none", NOW), ("B", "none", NOW - timedelta(days=7)), ("C", "wait", NOW - timedelta(days=7)),
                 ("OLD", "none", NOW - timedelta(days=200))])
    with ledger.reading() as queries:
        made = statistics(queries, "tg-ml", NOW)
    assert [week.count for week in made.weeks] == [0] * (WEEKS - 1) + [2, 1]
    assert made.weeks[-1].starts == date(2026, 11, 23)
    assert (made.sampled, made.arrived, made.median, made.p90, made.rejected) == (3, 0, None, None, 0)


def test_a_quantile_is_a_value_that_was_there() -> None:
    hours = [timedelta(hours=number) for number in range(1, 11)]
    assert (quantile(hours, 50), quantile(hours, 90), quantile(hours[:1], 90), quantile([], 50)) == (
        timedelta(hours=5), timedelta(hours=9), timedelta(hours=1), None)


def test_the_line_of_offices_says_what_passed_what_was_not_told_and_what_nobody_planned() -> None:
    declaration = Declaration(
        office_of_departure=Office(code="TGLPL"), office_of_exit=Office(code="TGCKS"), released=NOW,
        offices_of_transit=(OfficeOfTransit(code="MLKRY", order=2), OfficeOfTransit(code="BFCKS", order=1)),
        office_of_destination=Office(code="MLBKO"), time_limit=date(2026, 12, 9))
    later = NOW + timedelta(days=1)
    events = [Event(word=Word.CROSS_IN, reference="2", administration="BFDGD", happened=later,
                    office=EventOffice(role="transit", code="BFCKS")),
              Event(word=Word.INCIDENT, reference="3", administration="BFDGD", happened=later,
                    office=EventOffice(role="transit", code="BFOUI", name="Ouaga"))]
    assert offices_line(declaration, events) == (
        Stop(code="TGLPL", name="", role="departure", planned=None, passing="passed",
             happened=(Happening(word="RELEASED", at=NOW, by=""),)),
        Stop(code="TGCKS", name="", role="exit", planned=None, passing="missing"),
        Stop(code="BFCKS", name="", role="transit", planned=None, passing="passed",
             happened=(Happening(word="CROSS-IN", at=later, by="BFDGD"),)),
        Stop(code="MLKRY", name="", role="transit", planned=None, passing="missing"),
        Stop(code="BFOUI", name="Ouaga", role="other", planned=None, passing="passed",
             happened=(Happening(word="INCIDENT", at=later, by="BFDGD"),)),
        Stop(code="MLBKO", name="", role="destination", planned=date(2026, 12, 9), passing="next"))
