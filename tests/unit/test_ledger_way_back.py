"""Can a ledger with a story go back to every older schema and come forward again, and is what must be kept kept?"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.ledger import Ledger, migrations
from gateway.ledger.upgrading import back, forward, lost_on_the_way_back, standing
from gateway.texts import Language, known
from tests.golden.fraud_builder import told
from tests.unit.test_ledger_opening import schema

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
OLDER = sorted(migrations.REVISIONS - {migrations.HEAD})
"""Every one but the newest."""

KEPT = ("content", "source", "source_file", "declaration", "event", "interchange", "message", "object", "delivery",
        "incoming_note", "mapping_text")
"""Tables of the first schema: no way back may touch a row of them. Columns that came later are looked at apart."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The ledger of Lomé after the story of the 2,000 packages: declarations, events, heads, mirror, guarantees."""
    with told() as fraud:
        [path] = (fraud.departure.home / "state").glob("*.sqlite")
        copy = tmp_path_factory.mktemp("story") / "ledger.sqlite"
        with Ledger.open(f"sqlite:///{path}", now=NOW) as ledger:
            ledger.backup(copy)
        yield copy


def rows(path: Path, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {columns} FROM \"{table}\" ORDER BY 1, 2").fetchall()


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_ledger_goes_back_through_every_older_schema_one_by_one(story: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(story, tmp_path / "ledger.sqlite"))
    url, before = f"sqlite:///{path}", {table: len(rows(story, table)) for table in KEPT}
    for revision in reversed(OLDER):
        back(url, revision, NOW)
        made_later = {table for newer, made in migrations.MADE_BY.items() if newer > revision for table in made}
        assert (standing(url).revision, tables(path)) == (revision, tables(story) - made_later)
        assert {table: len(rows(path, table)) for table in KEPT} == before
    forward(url, NOW)
    assert (schema(path), {table: len(rows(path, table)) for table in KEPT}) == (schema(story), before)


@pytest.mark.parametrize("revision", ["0001", "0002", "0009", "0015", "0018"])
def test_a_ledger_goes_back_to_an_older_schema_and_forward_again_with_all_that_must_be_kept(
        revision: str, story: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(story, tmp_path / "ledger.sqlite"))
    url = f"sqlite:///{path}"
    before, shape = {table: rows(path, table) for table in KEPT}, schema(path)
    history, lost = rows(path, "history"), lost_on_the_way_back(url, revision)
    back(url, revision, NOW)
    assert standing(url).revision == revision
    made_later = {table for newer, made in migrations.MADE_BY.items() if newer > revision for table in made}
    assert tables(path) == tables(story) - made_later
    assert set(lost) <= made_later
    with pytest.raises(LocalError, match="L004"):
        Ledger.open(url, now=NOW)
    forward(url, NOW)
    assert schema(path) == shape
    for table in KEPT:
        columns = slice(-1) if table == "source" and revision < "0002" else slice(None)  # dialect_digest came later
        assert [row[columns] for row in rows(path, table)] == [row[columns] for row in before[table]], table
    since = rows(path, "history", "id, subject, reference, text")[len(history):]
    assert rows(path, "history")[:len(history)] == history
    assert [row[1:] for row in since] == [("ledger", revision, f"back from {migrations.HEAD}"),
                                          ("ledger", migrations.HEAD, revision)]
    with Ledger.open(url, now=NOW) as ledger, ledger.reading() as queries:
        assert (queries.verify_history(), ledger.integrity(), list(queries.verify_contents())) == (None, [], [])
        assert [(movement.mrn, movement.state, movement.flags) for movement in queries.movements()] == rows(
            story, "movement", "mrn, state, flags")


def test_what_the_way_back_loses_is_counted_before_it_is_lost(story: Path) -> None:
    url = f"sqlite:///{story}"
    assert lost_on_the_way_back(url, migrations.HEAD) == {}
    assert lost_on_the_way_back(url, "0002")["checkpoint"] == len(rows(story, "checkpoint")) > 0
    assert lost_on_the_way_back(url, "0010")["mirror"] == len(rows(story, "mirror")) > 0
    assert "checkpoint" not in lost_on_the_way_back(url, "0010")


def test_every_table_that_a_revision_made_is_named_with_it(story: Path) -> None:
    first = {"counter", "movement", "link", "history", "alembic_version", *KEPT}
    assert tables(story) == first | {table for made in migrations.MADE_BY.values() for table in made}
    assert set(migrations.MADE_BY) <= migrations.REVISIONS


@pytest.mark.parametrize("language", list(Language))
def test_what_each_revision_changes_is_said_in_both_languages(language: Language) -> None:
    assert [one for one in sorted(migrations.REVISIONS - {"0001"}) if not known(f"schema.{one}", language)] == []
