"""Are a national system's views read, and nothing else; and is nothing new left out or taken twice?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.findings import Severity
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.records.rows import read_rows
from gateway.records.sql import Fetched, Mark, fetch
from gateway.records.view import View
from tests.tools.postgres import running_postgres

MAPPINGS = Path(__file__).parents[2] / "mappings"
DAKAR = ZoneInfo("Africa/Dakar")
NIAMEY = ZoneInfo("Africa/Niamey")
VIEW = View("entete", "article", "numero", "ordre", "rang", ("numero", "mrn", "valide", "masse"), ("rang", "poids"))


def sqlite(path: Path, *statements: str) -> str:
    """A national database; returns its address."""
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return f"sqlite:///{path}"


TABLES = ("create table t_entete (numero, mrn, valide, masse, ordre)", "create table t_article (numero, rang, poids)",
          "create view entete as select * from t_entete", "create view article as select * from t_article")


def row(number: str, order: object = 1, mrn: str = "M", mass: str = "1.5") -> str:
    return f"insert into t_entete values ('{number}', '{mrn}', '2026-03-10 07:42:00', {mass}, {order})"


def numbers(fetched: Fetched) -> list[str]:
    return [read_rows(file.content, "f").children["numero"][0].text for file in fetched.files]


def test_each_declaration_becomes_one_file_with_its_items_in_order(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A/1", 7), "insert into t_article values ('A/1', 2, 8)",
                 "insert into t_article values ('A/1', 1, 7.25)", "insert into t_article values ('Z', 1, 9)")
    fetched = fetch(url, VIEW, None, zone=DAKAR)
    assert [file.stem for file in fetched.files] == ["A%2F1.7"]
    record = read_rows(fetched.files[0].content, "f.rows.json")
    assert {name: cells[0].text for name, cells in record.children.items() if name != "lines"} == {
        "numero": "A/1", "mrn": "M", "valide": "2026-03-10 07:42:00", "masse": "1.5"}
    assert [[cells[0].text for cells in line.children.values()] for line in record.children["lines"]] == [
        ["1", "7.25"], ["2", "8"]]
    assert fetched.mark == Mark("7", "int", ("A/1",))


def test_a_cell_is_told_by_view_column_and_row(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A/1"), "insert into t_article values ('A/1', 1, 8)")
    record = read_rows(fetch(url, VIEW, None, zone=DAKAR).files[0].content, "f.rows.json")
    assert record.children["mrn"][0].place("f").locator == "entete.mrn numero=A/1"
    place = record.children["lines"][0].children["poids"][0].place("f")
    assert (place.locator, place.line) == ("article.poids numero=A/1 #1", 18)


def test_only_what_is_new_is_taken_the_next_time(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A", 1), row("B", 2))
    first = fetch(url, VIEW, None, zone=DAKAR)
    assert (numbers(first), numbers(fetch(url, VIEW, first.mark, zone=DAKAR))) == (["A", "B"], [])
    sqlite(tmp_path / "n.db", row("C", 3), "update t_entete set ordre = 4 where numero = 'A'")
    second = fetch(url, VIEW, first.mark, zone=DAKAR)
    assert numbers(second) == ["C", "A"]
    assert second.mark == Mark("4", "int", ("A",))


def test_rows_that_share_the_last_value_and_came_later_are_not_left_out(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A", "'2026-03-10 10:00'"), row("B", "'2026-03-10 10:00'"))
    first = fetch(url, VIEW, None, zone=DAKAR, most=1)
    assert numbers(first) == ["A"]
    second = fetch(url, VIEW, first.mark, zone=DAKAR)
    assert numbers(second) == ["B"]
    sqlite(tmp_path / "n.db", row("C", "'2026-03-10 10:00'"))
    third = fetch(url, VIEW, second.mark, zone=DAKAR)
    assert (numbers(third), numbers(fetch(url, VIEW, third.mark, zone=DAKAR))) == (["C"], [])


def test_fetching_the_same_state_again_gives_the_same_file_under_the_same_name(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A", 1))
    assert fetch(url, VIEW, None, zone=DAKAR) == fetch(url, VIEW, None, zone=DAKAR)


@pytest.mark.parametrize("mark", [Mark("7", "int", ("A",)), Mark("2026-03-10T10:00:00+00:00", "datetime", ("é", "b")),
                                  Mark("1.50", "Decimal", ()), Mark("x", "str", ()), Mark("2026-03-10", "date", ())])
def test_a_mark_survives_being_written_down(mark: Mark) -> None:
    assert Mark.parse(mark.dump()) == mark


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"value": "x", "kind": "int", "keys": []}',
                                  '{"value": "1", "kind": "bytes", "keys": []}'])
def test_a_mark_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Mark.parse(text)


def test_a_row_that_will_never_be_taken_is_announced(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A", 1), row("B", "null"))
    fetched = fetch(url, VIEW, None, zone=DAKAR)
    assert numbers(fetched) == ["A"]
    assert [(one.code, one.severity, one.values["count"]) for one in fetched.findings] == [
        ("R036", Severity.WARNING, "1")]


def test_two_header_rows_under_one_key_are_one_file_that_is_refused(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A", 1), row("A", 2))
    file, = fetch(url, VIEW, None, zone=DAKAR).files
    with pytest.raises(LocalError) as caught:
        read_rows(file.content, "f")
    assert (caught.value.code, caught.value.findings[0].values) == (
        "R032", {"count": "2", "view": "entete", "join": "numero", "key": "A"})


@pytest.mark.parametrize(("value", "kind"), [("x'00'", "bytes"), ("0.1 + 0.2", "float"), ("9e999", "float")])
def test_a_value_without_an_exact_text_is_refused_with_its_column(tmp_path: Path, value: str, kind: str) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A", mass=value))
    file, = fetch(url, VIEW, None, zone=DAKAR).files
    with pytest.raises(LocalError) as caught:
        read_rows(file.content, "f")
    assert [(one.code, one.place.locator, one.values["type"]) for one in caught.value.findings] == [
        ("R033", "entete.masse numero=A", kind)]


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"rows": 2}', b'"x"'])
def test_a_file_of_another_form_is_no_rows_file(content: bytes) -> None:
    with pytest.raises(LocalError) as caught:
        read_rows(content, "f")
    assert caught.value.code == "R031"


def test_sqlite_is_opened_so_that_it_cannot_be_written_or_made(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A", 1))
    before = (tmp_path / "n.db").read_bytes()
    writing = replace(VIEW, header="entete", order="rang")
    fetch(url, writing, None, zone=DAKAR)
    assert (tmp_path / "n.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["n.db"]
    with pytest.raises(LocalError) as caught:
        fetch(f"sqlite:///{tmp_path / 'none.db'}", VIEW, None, zone=DAKAR)
    assert caught.value.code == "R035"
    assert not (tmp_path / "none.db").exists()


def test_a_name_is_quoted_and_never_run(tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *TABLES, row("A", 1))
    with pytest.raises(LocalError) as caught:
        fetch(url, replace(VIEW, header="entete; drop table t_entete"), None, zone=DAKAR)
    assert caught.value.code == "R035"
    assert numbers(fetch(url, VIEW, None, zone=DAKAR)) == ["A"]


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "not an address", "oracle://h"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(LocalError) as caught:
        fetch(url, VIEW, None, zone=DAKAR)
    assert caught.value.code == "R034"


def test_a_password_is_never_told() -> None:
    with pytest.raises(LocalError) as caught:
        fetch("postgresql://u:SECRET@127.0.0.1:1/d", VIEW, None, zone=DAKAR)
    assert caught.value.code == "R035"
    assert "SECRET" not in str(caught.value.findings)


SENEGAL = ("create table entete (numero_repertoire {text}, numero_t1 {text}, numero_ordre integer, "
           "date_enregistrement {date}, date_validation {stamp}, conteneurise {text}, total_poids_brut {decimal}, "
           "total_colis integer, scelles {text}, {others})",
           "create table article (numero_repertoire {text}, article integer, code_sh {text}, poids_brut {decimal}, "
           "nombre_colis integer, nature_colis {text}, {others_of_items})",
           "insert into entete (numero_repertoire, numero_t1, numero_ordre, date_enregistrement, date_validation, "
           "conteneurise, total_poids_brut, total_colis, scelles) values ('SN26-1', '26SNDKRT0000000017', 3, "
           "'2026-03-10', '2026-03-10 07:42:09', 'O', 26500.125, 480, '1.1 A1 (douane, intact)')",
           "insert into article (numero_repertoire, article, code_sh, poids_brut, nombre_colis, nature_colis) values "
           "('SN26-1', 2, '0402100000', 14000, 200, 'SACHET'), ('SN26-1', 1, '0018', 12500.125, 280, 'CRT')",
           "create view passerelle_entete as select * from entete",
           "create view passerelle_article as select * from article")


def senegal(dialect: Dialect, types: dict[str, str]) -> list[str]:
    """The statements that make GAINDE's views with the types of one database."""
    assert dialect.view is not None
    named = {"numero_repertoire", "numero_t1", "numero_ordre", "date_enregistrement", "date_validation", "conteneurise",
             "total_poids_brut", "total_colis", "scelles"}
    items = {"numero_repertoire", "article", "code_sh", "poids_brut", "nombre_colis", "nature_colis"}
    text = types["text"]
    others = ", ".join(f"{one} {text}" for one in dialect.view.columns if one not in named)
    more = ", ".join(f"{one} {text}" for one in dialect.view.item_columns if one not in items)
    return [one.format(others=others, others_of_items=more, **types) for one in SENEGAL]


@pytest.fixture
def gainde() -> Dialect:
    return load_dialect("sndgd/gainde-sql", [MAPPINGS])


def is_the_senegalese_declaration(dialect: Dialect, url: str) -> None:
    assert dialect.view is not None
    fetched = fetch(url, dialect.view, None, zone=dialect.zone)
    assert [file.stem for file in fetched.files] == ["SN26-1.3"]
    record, = dialect.read({"SN26-1.3.rows.json": fetched.files[0].content}).records
    assert record.tree == {
        "function": "original", "amendment": 0, "mrn": "26SNDKRT0000000017", "local_reference": "SN26-1",
        "national_reference_date": date(2026, 3, 10), "accepted": datetime(2026, 3, 10, 7, 42, 9, tzinfo=UTC),
        "containerised": True, "total_gross_mass": Decimal("26500.125"), "total_packages": 480,
        "seals": [{"equipment": 1, "number": 1, "identity": "A1", "party": "customs", "condition": "right"}],
        "items": [{"number": 1, "commodity": "0018", "gross_mass": Decimal("12500.125"),
                   "packages": [{"count": 280, "kind": "CT"}]},
                  {"number": 2, "commodity": "0402100000", "gross_mass": Decimal(14000),
                   "packages": [{"count": 200, "kind": "BG"}]}]}
    assert record.origins["items[2].packages[1].kind"].locator == \
        "passerelle_article.nature_colis numero_repertoire=SN26-1 #2"
    assert fetch(url, dialect.view, fetched.mark, zone=dialect.zone).files == ()


def test_a_declaration_of_gainde_is_read_from_sqlite(gainde: Dialect, tmp_path: Path) -> None:
    url = sqlite(tmp_path / "n.db", *senegal(gainde, dict.fromkeys(("text", "date", "stamp"), "text") |
                                             {"decimal": "numeric"}))
    is_the_senegalese_declaration(gainde, url)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_postgres() as server:
        yield server.url


def execute(url: str, *statements: str) -> None:
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.needs_postgres
def test_a_declaration_of_gainde_is_read_from_postgresql_by_a_user_who_may_only_look(
        gainde: Dialect, postgres: str) -> None:
    execute(postgres, *senegal(gainde, {"text": "text", "date": "date", "stamp": "timestamp",
                                        "decimal": "numeric(15, 3)"}),
            "create role passerelle login", "grant select on passerelle_entete, passerelle_article to passerelle")
    is_the_senegalese_declaration(gainde, postgres.replace("owner@", "passerelle@"))
    is_the_senegalese_declaration(gainde, postgres.replace("+psycopg", ""))


@pytest.mark.needs_postgres
def test_types_of_postgresql_become_exact_texts_in_the_zone_of_the_dialect(postgres: str) -> None:
    execute(postgres, "create schema s", "create table s.t (n bigint, ordre timestamptz, moment timestamptz, d date, "
                                         "m numeric(20, 6), r double precision, b boolean, u text, x bytea)",
            "insert into s.t values (9007199254740993, '2026-03-10 10:00+00', '2026-03-10 06:42:09+00', '2026-03-10', "
            "12345678901234.000001, 480.5, true, 'É', '\\x00')")
    view = View("s.t", "", "n", "ordre", "", ("n", "moment", "d", "m", "r", "b", "u"), ())
    fetched = fetch(postgres, view, None, zone=NIAMEY)
    record = read_rows(fetched.files[0].content, "f")
    assert [cells[0].text for cells in record.children.values()] == [
        "9007199254740993", "2026-03-10 07:42:09", "2026-03-10", "12345678901234.000001", "480.5", "true", "É"]
    assert fetched.mark is not None
    assert fetch(postgres, view, Mark.parse(fetched.mark.dump()), zone=NIAMEY).files == ()
    execute(postgres, "insert into s.t (n, ordre) values (2, '2026-03-10 10:00+00')")
    assert [file.stem.partition(".")[0] for file in fetch(postgres, view, fetched.mark, zone=NIAMEY).files] == ["2"]


@pytest.mark.needs_postgres
def test_a_view_that_tries_to_write_is_stopped_by_the_session(postgres: str) -> None:
    execute(postgres, "create table w (n int)", "create function writes() returns int language sql as "
                                                "'insert into w values (1) returning n'",
            "create view wv as select 'A' as n, 1 as ordre, writes() as m")
    with pytest.raises(LocalError) as caught:
        fetch(postgres, View("wv", "", "n", "ordre", "", ("n", "m"), ()), None, zone=DAKAR)
    assert (caught.value.code, "read-only transaction" in caught.value.findings[0].values["reason"]) == ("R035", True)
