"""Do declarations come out of a national database through its views, once each, and back to the line that is wrong?"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from gateway.mapping.dialect import load_dialect
from gateway.records.rows import read_rows
from gateway.references import Tree
from tests.tools.offices import ROOT, Office, offices

STORY = ROOT / "samples" / "story" / "tgotr"


def declaration(number: str) -> Tree:
    """A sound declaration of Togo, D-1 say, under register number 1."""
    record, = load_dialect("tgotr/csv", [ROOT / "mappings"]).read(
        {"d.csv": (STORY / "declaration-2.csv").read_bytes()}).records
    return {**record.tree, "local_reference": number,
            "national_reference": f"2026/TGLPL/T/{number.removeprefix('D-')}"}


class National:
    """A national database with the two views that the dialect names, each over a table of texts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dialect = load_dialect("sndgd/gainde-sql", [ROOT / "mappings"])
        view = self.dialect.view
        assert view is not None
        self.view = view
        self.do(f"create table h ({', '.join((*view.columns, view.growing))})",
                f"create table i ({', '.join((*view.item_columns, view.join))})",
                f"create view {view.header} as select * from h", f"create view {view.items} as select * from i")

    def do(self, *statements: str) -> None:
        with sqlite3.connect(self.path) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def hold(self, tree: Tree, order: int) -> None:
        """Put a declaration in, as the national system would."""
        content, = self.dialect.write(tree, "x").values()
        record = read_rows(content, "x")
        header = {name: cells[0].text for name, cells in record.children.items() if name != "lines"}
        with sqlite3.connect(self.path) as connection:
            _insert(connection, "h", {**header, self.view.growing: order})
            for line in record.children["lines"]:
                row: dict[str, object] = {name: cells[0].text for name, cells in line.children.items()}
                _insert(connection, "i", {**row, self.view.join: header[self.view.join]})
        connection.close()


def _insert(connection: sqlite3.Connection, name: str, row: dict[str, object]) -> None:
    connection.execute(f"insert into {name} ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                       list(row.values()))


@pytest.fixture
def national(tmp_path: Path) -> National:
    return National(tmp_path / "national.db")


@pytest.fixture
def togo(tmp_path: Path, national: National) -> Office:
    office, *_ = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    text = office.settings.read_text("utf-8")
    assert text.count("\n  declarations:\n") == 1
    office.settings.write_text(text.replace("\n  declarations:\n", (
        f'\n  declarations:\n    - {{match: "*.rows.json", dialect: sndgd/gainde-sql, '
        f'database: "sqlite:///{national.path}"}}\n')), "utf-8")
    return office


def test_new_declarations_are_taken_once_each_and_their_rows_are_kept(togo: Office, national: National) -> None:
    national.hold(declaration("D-1"), 1)
    national.hold(declaration("D-2"), 2)
    first = togo.run("edi-send")
    assert (first.exit, first.counts["records_taken"]) == (0, 2), first.err
    assert len(togo.movements()) == 2
    sent = togo.home / "national" / "sent" / "declarations"
    assert sorted(path.name for path in sent.rglob("*.json")) == ["D-1.1.rows.json", "D-2.2.rows.json"]
    again = togo.run("edi-send")
    assert (again.exit, again.counts["records_taken"]) == (0, 0)
    national.hold(declaration("D-3"), 3)
    assert togo.run("edi-send").counts["records_taken"] == 1


def test_a_lost_mark_sends_nothing_twice(togo: Office, national: National) -> None:
    national.hold(declaration("D-1"), 1)
    assert togo.run("edi-send").counts["records_taken"] == 1
    mark, = (togo.home / "state" / "views").iterdir()
    assert json.loads(mark.read_text("utf-8"))["database"] == f"sqlite:///{national.path}"
    mark.unlink()
    again = togo.run("edi-send")
    assert (again.exit, again.counts["records_taken"], len(togo.movements())) == (0, 0, 1)
    mark.write_text("{", "utf-8")
    broken = togo.run("edi-send")
    assert broken.exit != 0
    assert "views" in broken.err


def test_a_row_that_cannot_be_read_is_refused_naming_view_column_and_row(togo: Office, national: National) -> None:
    national.hold(declaration("D-1"), 1)
    national.hold(declaration("D-2"), 2)
    national.do("update i set poids_brut = '8 tonnes' where article = '1' and numero_repertoire = 'D-1'")
    ran = togo.run("edi-send")
    assert ran.counts["records_taken"] == 1
    reason, = (togo.home / "national" / "refused" / "declarations").glob("D-1*.reason")
    assert "passerelle_article.poids_brut numero_repertoire=D-1 #1" in reason.read_text("utf-8")


def test_a_database_that_is_not_there_stops_nothing_else(togo: Office, national: National) -> None:
    national.path.unlink()
    togo.drop("declarations", {"d.csv": (STORY / "declaration-2.csv").read_bytes()})
    ran = togo.run("edi-send")
    assert ran.counts["records_taken"] == 1
    assert "passerelle_entete" in ran.err
    assert not national.path.exists()


@pytest.mark.parametrize(("before", "after", "told"), [
    ("sndgd/gainde-sql", "sndgd/gainde-json", "reads no view"), ('"*.rows.json"', '"*.lignes"', "does not fit")])
def test_a_source_that_does_not_suit_its_dialect_is_told(
        togo: Office, national: National, before: str, after: str, told: str) -> None:
    national.hold(declaration("D-1"), 1)
    togo.settings.write_text(togo.settings.read_text("utf-8").replace(before, after), "utf-8")
    ran = togo.run("edi-send")
    assert ran.exit != 0
    assert told in ran.err
