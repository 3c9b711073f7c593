"""Does the CSV reader read what French Excel writes, and name the cell of what it cannot read?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.errors import LocalError
from gateway.findings import Place
from gateway.records.csv import Layout, read_csv, write_csv
from gateway.records.nodes import Node

COLUMNS = {"office": ["BUREAU DÉPART", "BUREAU_DEP"], "seal": ["N° PLOMB"], "gross": ["MASSE BRUTE"]}


def layout(**changes: object) -> Layout:
    return Layout(**{"encoding": "windows-1252", "delimiter": ";", "columns": COLUMNS,  # type: ignore[arg-type]
                     "totals": "TOTAL", **changes})


def cells(node: Node) -> dict[str, str]:
    return {name: found[0].text for name, found in node.children.items()}


def faults(text: str, encoding: str = "cp1252") -> Sequence[tuple[str, Place, dict[str, str]]]:
    with pytest.raises(LocalError) as caught:
        read_csv(text.encode(encoding), "t1.csv", layout())
    return [(finding.code, finding.place, dict(finding.values)) for finding in caught.value.findings]


def test_headings_match_without_accents_case_dots_and_line_breaks() -> None:
    for heading in ("BUREAU DÉPART", "bureau depart", '"Bureau\ndépart"', "BUREAU_DEP."):
        table = read_csv(f"{heading};Nº PLOMB;;\r\nTGLPL;CX 1;;\r\n".encode("cp1252"), "f", layout())
        assert [cells(line) for line in table.lines] == [{"office": "TGLPL", "seal": "CX 1"}]


def test_a_cell_knows_its_line_its_column_and_its_heading_also_behind_line_breaks() -> None:
    text = "BUREAU DÉPART;N° PLOMB\r\n\"TG\r\nLPL\";x\r\nTGCKS;CX5567123\r\n"
    table = read_csv(text.encode("cp1252"), "t1.csv", layout())
    assert table.lines[1].children["seal"][0].place("t1.csv") == Place(file="t1.csv", line=4, column=7,
                                                                      locator="N° PLOMB")
    assert table.lines[0].children["office"][0].text == "TG\r\nLPL"


def test_an_unknown_heading_is_refused_with_the_nearest_and_a_cell_without_heading_too() -> None:
    assert faults("BUREAU DÉPARD;X;\r\nTGLPL;;stray\r\n") == [
        ("R010", Place(file="t1.csv", line=1, column=1), {"heading": "BUREAU DÉPARD", "near": "BUREAU DÉPART"}),
        ("R010", Place(file="t1.csv", line=1, column=15), {"heading": "X", "near": "?"}),
        ("R012", Place(file="t1.csv", line=2, column=8), {"value": "stray"})]


def test_a_seal_number_that_the_spreadsheet_mangled_is_refused_naming_its_cell() -> None:
    assert faults("BUREAU DÉPART;N° PLOMB\r\nTGLPL;1,23457E+14\r\n") == [
        ("R015", Place(file="t1.csv", line=2, column=7), {"value": "1,23457E+14", "heading": "N° PLOMB"})]


def test_a_byte_outside_the_declared_encoding_is_refused_and_never_replaced() -> None:
    with pytest.raises(LocalError) as caught:
        read_csv("BUREAU DÉPART\r\nLOMÉ".encode("cp1252"), "t1.csv", layout(encoding="utf-8"))
    assert [(finding.code, finding.place) for finding in caught.value.findings] == [
        ("R006", Place(file="t1.csv", line=1, column=9))]
    with pytest.raises(LocalError) as caught:
        read_csv("\ufeffBUREAU DÉPART\r\n".encode(), "t1.csv", layout())
    assert caught.value.code == "R006"


def test_two_headings_for_one_column_no_heading_and_an_open_quote_are_refused() -> None:
    assert [code for code, *_ in faults("BUREAU DÉPART;BUREAU_DEP\r\n")] == ["R011"]
    assert [code for code, *_ in faults("")] == ["R014"]
    assert [code for code, *_ in faults(";;\r\n")] == ["R014"]
    assert [code for code, *_ in faults('BUREAU DÉPART\r\n"TGLPL\r\nTGCKS')] == ["R013"]


def test_the_line_of_totals_is_no_record_and_a_wrong_total_is_announced() -> None:
    text = "BUREAU DÉPART;MASSE BRUTE\r\nTGLPL;12\xa0500,250\r\nTGLPL;500,5\r\n"
    right = read_csv(f"{text}Total;13 000,75\r\n".encode("cp1252"), "f", layout())
    assert (len(right.lines), right.findings) == (2, ())
    wrong = read_csv(f"{text}TOTAL;13000,76\r\n".encode("cp1252"), "f", layout())
    assert [(finding.code, finding.severity.value, dict(finding.values)) for finding in wrong.findings] == [
        ("R016", "warning", {"value": "13000,76", "sum": "13000,750"})]


def test_what_is_written_is_read_again_whatever_the_cells_hold() -> None:
    lines = [{"office": "TG;LPL", "seal": 'A "B"\r\nC'}, {"office": "=1+1", "seal": "'@x", "gross": "1E+5"}]
    for form in (layout(), layout(encoding="utf-8", mark=True, delimiter="\t"), layout(delimiter="|")):
        content = write_csv(lines, form)
        assert [cells(line) for line in read_csv(content, "f", form).lines] == lines
    assert write_csv(lines[1:], layout()).split(b"\r\n")[1] == b"'=1+1;''@x;'1E+5"


def test_the_first_heading_is_the_one_written() -> None:
    assert write_csv([], layout()) == "BUREAU DÉPART;N° PLOMB;MASSE BRUTE\r\n".encode("cp1252")
