"""What the CSV of a small office brings (TRANSIT 5.3), one test for each thing of the list, in order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.mapping.dialect import Dialect, NationalRecord, load_dialect
from gateway.references import Tree

MAPPINGS = Path(__file__).parents[2] / "mappings"
OFFICE = """\
format: "1"
id: xx/csv
extends: generic/csv
record: declaration
zone: Africa/Porto-Novo
parts:
  decl: {ENCODING}
places:
  items: {places: {commodity: decl commodity | pad 10}}
  office_of_departure.code: decl departure | pad 5
"""


def office(folder: Path, encoding: str = 'encoding: windows-1252, mark: "no"') -> Dialect:
    """The generic dialect as some office declares it."""
    file = folder / "dialects" / "xx" / "csv.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(OFFICE.replace("ENCODING", encoding), "utf-8")
    return load_dialect("xx/csv", [folder, MAPPINGS])


@pytest.fixture
def dialect(tmp_path: Path) -> Dialect:
    return office(tmp_path)


def record(dialect: Dialect, text: str, encoding: str = "cp1252") -> NationalRecord:
    reading = dialect.read({"d.csv": text.encode(encoding)})
    assert [finding for one in reading.refused for finding in one.findings] == []
    made, = reading.records
    return made


def refusals(dialect: Dialect, text: str, encoding: str = "cp1252") -> list[Finding]:
    reading = dialect.read({"d.csv": text.encode(encoding)})
    assert reading.records == ()
    return list(reading.refused[0].findings)


def items_of(tree: Tree) -> list[Tree]:
    items = tree["items"]
    assert isinstance(items, list)
    return items


@pytest.mark.parametrize(("delimiter", "declared"), [(";", '";"'), (",", '","'), ("\t", '"\\t"'), ("|", '"|"')])
def test_the_delimiter_is_declared_and_another_one_is_no_delimiter(
        tmp_path: Path, delimiter: str, declared: str) -> None:
    own = office(tmp_path, f'encoding: utf-8, mark: "no", delimiter: {declared}')
    text = delimiter.join(("N° RÉPERTOIRE", "ITINÉRAIRE")) + "\r\n" + delimiter.join(("L1", "LOMÉ - KARA"))
    assert record(own, text, "utf-8").tree["itinerary"] == "LOMÉ - KARA"
    other = ";" if delimiter != ";" else ","
    assert {found.code for found in refusals(own, text.replace(delimiter, other), "utf-8")} == {"R010"}


@pytest.mark.parametrize(("declared", "encoding"), [
    ('encoding: windows-1252, mark: "no"', "cp1252"), ('encoding: utf-8, mark: "yes"', "utf-8-sig"),
    ('encoding: utf-8, mark: "no"', "utf-8")])
def test_the_encoding_is_declared_and_bytes_outside_it_are_refused(
        tmp_path: Path, declared: str, encoding: str) -> None:
    own = office(tmp_path, declared)
    text = "N° RÉPERTOIRE;ITINÉRAIRE\r\nL1;CINKANSÉ € œ\r\n"
    tree = record(own, text, encoding).tree
    assert tree["itinerary"] == "CINKANSÉ € œ"
    written = own.write(tree, "d")["d.csv"]
    assert written.startswith("\ufeffN° ".encode() if "yes" in declared else "N° ".encode(encoding))
    wrong = "utf-8-sig" if encoding == "cp1252" else "cp1252"
    assert [found.code for found in refusals(own, text, wrong)] == ["R006"]


def test_the_decimal_comma_is_read_and_a_point_is_not_taken_for_one(dialect: Dialect) -> None:
    head = "N° RÉPERTOIRE;ARTICLE;MASSE BRUTE\r\nL1;1;"
    assert items_of(record(dialect, f"{head}12500,375").tree)[0]["gross_mass"] == Decimal("12500.375")
    assert [(found.code, found.place.line, found.place.column) for found in refusals(dialect, f"{head}12.500")] == [
        ("D101", 2, 6)]


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f"])
def test_plain_no_break_and_narrow_spaces_stand_between_thousands(tmp_path: Path, blank: str) -> None:
    own = office(tmp_path, 'encoding: utf-8, mark: "no"')
    text = f"N° RÉPERTOIRE;ARTICLE;MASSE BRUTE;NB COLIS\r\nL1;1;1{blank}234{blank}567,5;1{blank}500"
    item, = items_of(record(own, text, "utf-8").tree)
    assert (item["gross_mass"], item["packages"]) == (Decimal("1234567.5"), [{"count": 1500}])


def test_dates_are_day_month_year_with_or_without_the_hour(dialect: Dialect) -> None:
    tree = record(dialect, "N° RÉPERTOIRE;DATE ENREG.;DÉLAI;DATE MAINLEVÉE\r\nL1;10/03/2026 07:42;20/03/2026;"
                           "10/03/2026 11:15:09\r\n").tree
    assert (tree["accepted"], tree["time_limit"], tree["released"]) == (
        datetime(2026, 3, 10, 6, 42, tzinfo=UTC), date(2026, 3, 20), datetime(2026, 3, 10, 10, 15, 9, tzinfo=UTC))


def test_leading_zeros_that_the_spreadsheet_lost_come_back_where_the_dialect_says_how_many(dialect: Dialect) -> None:
    text = "N° RÉPERTOIRE;BUREAU DÉPART;ARTICLE;CODE SH\r\nL1;304;1;407210000"
    tree = record(dialect, text).tree
    assert (tree["office_of_departure"], items_of(tree)[0]["commodity"]) == ({"code": "00304"}, "0407210000")


def test_a_number_turned_into_a_power_of_ten_is_refused_naming_its_cell(dialect: Dialect) -> None:
    found, = refusals(dialect, "N° RÉPERTOIRE;PLOMBS\r\nL1;1,23457E+14\r\n")
    assert (found.code, found.place.line, found.place.column, found.values) == (
        "R015", 2, 4, {"value": "1,23457E+14", "heading": "PLOMBS"})


def test_headings_have_accents_or_not_synonyms_and_line_breaks(dialect: Dialect) -> None:
    for heading in ("DÉSIGNATION", "designation", "Désignation."):
        text = f'"N°\nRÉPERTOIRE";{heading};"CODE_SH";ARTICLE\r\nL1;CACAO;180100;1'
        item, = items_of(record(dialect, text).tree)
        assert (item["description"], item["commodity"]) == ("CACAO", "0000180100")
    found, = refusals(dialect, "N° RÉPERTOIRE;DÉSIGNACION\r\nL1;x")
    assert (found.code, found.values["near"]) == ("R010", "DÉSIGNATION")


def test_header_data_is_repeated_on_each_line_and_may_not_contradict_itself(dialect: Dialect) -> None:
    head = "N° RÉPERTOIRE;BUREAU DEST.;ARTICLE\r\n"
    tree = record(dialect, f"{head}L1;MLBKO;1\r\nL1;MLBKO;2\r\nL1;;3\r\n").tree
    assert tree["office_of_destination"] == {"code": "MLBKO"}
    assert [item["number"] for item in items_of(tree)] == [1, 2, 3]
    found, = refusals(dialect, f"{head}L1;MLBKO;1\r\nL1;MLKRY;2\r\n")
    assert (found.code, found.place.line, found.values["other"]) == ("D114", 3, "MLBKO")


def test_lists_stand_inside_a_cell(dialect: Dialect) -> None:
    tree = record(dialect, "N° RÉPERTOIRE;BUREAUX DE PASSAGE;PAYS TRAVERSÉS;PLOMBS\r\nL1;BFCKS CINKANSÉ > NETRD;"
                           "BF, NE;1.1 A 1 (douane, bon état)|1.2 B2 (transporteur)\r\n").tree
    assert tree["offices_of_transit"] == [{"code": "BFCKS", "name": "CINKANSÉ", "order": 1},
                                          {"code": "NETRD", "order": 2}]
    assert tree["countries_of_transit"] == [{"country": "BF"}, {"country": "NE"}]
    assert tree["seals"] == [{"equipment": 1, "number": 1, "identity": "A 1", "party": "customs", "condition": "right"},
                             {"equipment": 1, "number": 2, "identity": "B2", "party": "carrier"}]


def test_the_last_line_of_totals_is_no_item_and_is_compared(dialect: Dialect) -> None:
    text = "N° RÉPERTOIRE;ARTICLE;NB COLIS\r\nL1;1;4\r\nL1;2;5\r\nTotal;;"
    right = record(dialect, f"{text}9\r\n")
    assert (len(items_of(right.tree)), right.findings) == (2, ())
    assert [(found.code, found.values["sum"]) for found in record(dialect, f"{text}8\r\n").findings] == [("R016", "9")]


def test_empty_trailing_columns_and_empty_lines_are_nothing(dialect: Dialect) -> None:
    text = "N° RÉPERTOIRE;ARTICLE;;;\r\nL1;1;;;\r\n;;;;\r\n\r\n"
    assert len(items_of(record(dialect, text).tree)) == 1
    assert [found.code for found in refusals(dialect, "N° RÉPERTOIRE;ARTICLE;;\r\nL1;1;x;\r\n")] == ["R012"]


def test_yes_and_no_are_oui_and_non(dialect: Dialect) -> None:
    for word, value in (("OUI", True), ("Oui", True), ("NON", None)):
        tree = record(dialect, f"N° RÉPERTOIRE;ITIN. OBLIGATOIRE\r\nL1;{word}").tree
        assert tree.get("binding_itinerary") == value
    assert [found.code for found in refusals(dialect, "N° RÉPERTOIRE;ITIN. OBLIGATOIRE\r\nL1;YES")] == ["D101"]


def test_a_foreign_character_is_refused_on_the_way_back_and_never_replaced(dialect: Dialect) -> None:
    with pytest.raises(LocalError) as caught:
        dialect.write({"function": "original", "amendment": 0, "local_reference": "Ŋ"}, "d")
    assert (caught.value.code, caught.value.findings[0].place.locator) == ("D203", "reference")
