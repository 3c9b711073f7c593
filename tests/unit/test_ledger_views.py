"""Is what others read of the ledger what the manual promises, and can they only read?"""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path

import pytest

from gateway.ledger import Ledger, NewMovement, NewState

DOCS = Path(__file__).parents[2] / "gateway" / "docs"
GUIDES = (DOCS / "en" / "operator.md", DOCS / "fr" / "exploitation.md")
COLUMNS = ("version", "mrn", "national_key", "administration", "corridor", "role", "office_of_departure",
           "office_of_destination", "state", "flags", "next_action", "who_must_act", "time_limit", "due", "timer",
           "recorded", "changed")
"""What was promised: a newer version of the program may add to it, and takes nothing away."""
AT, DUE = datetime(2026, 3, 10, 7, 51, 59, 999_999, tzinfo=UTC), datetime(2026, 3, 25, tzinfo=UTC)
_EXAMPLE = re.compile(r"^(sqlite3 -readonly .+)$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A gateway's folder with two movements: one is awaited, one is over."""
    with Ledger.open(f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}", now=AT) as ledger, \
            ledger.transaction() as transaction:
        transaction.add_movements([NewMovement(
            mrn=mrn, key=f"2026/TGLPL/T/{mrn[-1]}", administration="TGOTR", corridor="TG-BF", role="departure",
            departure="TGLPL", destination="BFOUI", time_limit=date(2026, 3, 24)) for mrn in ("26TG1", "26TG2")], at=AT)
        transaction.set_movement_states([
            NewState(mrn="26TG1", state="SENT", flags="OVERDUE", next_action="chase", who="BFDGD",
                     time_limit=date(2026, 3, 24), due=DUE),
            NewState(mrn="26TG2", state="CLOSED", flags="", next_action="none", who="", time_limit=None, due=None)],
            at=AT)
    return tmp_path


def _reading(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{folder / 'state' / 'ledger.sqlite'}?mode=ro", uri=True)


def test_the_view_gives_words_and_iso_times(folder: Path) -> None:
    with closing(_reading(folder)) as connection:
        found = connection.execute("SELECT * FROM v_movements ORDER BY mrn")
        assert tuple(column[0] for column in found.description[:len(COLUMNS)]) == COLUMNS
        assert [row[:len(COLUMNS)] for row in found] == [
            (1, "26TG1", "2026/TGLPL/T/1", "TGOTR", "TG-BF", "departure", "TGLPL", "BFOUI", "SENT", "OVERDUE", "chase",
             "BFDGD", "2026-03-24", "2026-03-25T00:00:00Z", None, "2026-03-10T07:51:59Z", "2026-03-10T07:51:59Z"),
            (1, "26TG2", "2026/TGLPL/T/2", "TGOTR", "TG-BF", "departure", "TGLPL", "BFOUI", "CLOSED", "", "none", "",
             None, None, None, "2026-03-10T07:51:59Z", "2026-03-10T07:51:59Z")]


def test_nobody_writes_through_it(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "state" / "ledger.sqlite")) as connection:
        for statement in ("DELETE FROM v_movements", "UPDATE v_movements SET state = 'CLOSED'"):
            with pytest.raises(sqlite3.OperationalError, match="cannot modify v_movements because it is a view"):
                connection.execute(statement)


def test_what_is_asked_by_state_mrn_or_due_is_answered_from_an_index(folder: Path) -> None:
    with closing(_reading(folder)) as connection:
        for where, index in (("state = 'SENT'", "ix_movement_state_changed"), ("mrn = '26TG1'", "autoindex_movement_1"),
                             ("national_key = 'x'", "ix_movement_key"),
                             ("next_action = 'chase'", "ix_movement_next_action_changed")):
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM v_movements WHERE {where}")]
            assert len(plan) == 1
            assert plan[0].startswith("SEARCH movement USING INDEX")
            assert index in plan[0]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.parent.name)
def test_the_examples_of_the_manual_run_and_each_finds_something(guide: Path, folder: Path) -> None:
    examples = _EXAMPLE.findall(guide.read_text(encoding="utf-8"))
    assert len(examples) == 3
    for example in examples:
        words = shlex.split(example)
        assert words[:2] == ["sqlite3", "-readonly"]
        assert words[-2] == "state/ledger.sqlite"
        with closing(_reading(folder)) as connection:
            assert connection.execute(words[-1]).fetchall() != []
        if shutil.which("sqlite3"):
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")
            assert "26TG" in done.stdout or "SENT" in done.stdout


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.parent.name)
def test_the_manual_names_every_column(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    assert [name for name in COLUMNS if f"`{name}`" not in text] == []


def test_postgresql_gets_the_same_columns() -> None:
    view = import_module("gateway.ledger.migrations.versions.0015_views")
    named = [re.findall(r"(?:AS (\w+)|[,T] (\w+))(?=,| FROM)", view.statement(dialect))
             for dialect in ("sqlite", "postgresql")]
    assert [tuple(one or other for one, other in names) for names in named] == [COLUMNS, COLUMNS]
    assert "to_timestamp(changed / 1000000) AT TIME ZONE 'UTC'" in view.statement("postgresql")
