"""Does a mapping go to paper and back, and does what was edited there become a mapping, each fault at its cell?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.findings import Finding, Severity
from gateway.mapping import load_mapping
from gateway.mapping.bench.beside import Beside
from gateway.mapping.bench.difference import difference
from gateway.mapping.bench.flatten import Flat, flat_of, flatten
from gateway.mapping.bench.paper import HEADINGS, Imported, from_sheets, to_sheets
from gateway.mapping.inherit import Folders, known_mappings, resolve
from gateway.mapping.loading import load_from
from gateway.records.sheets import Sheet
from tests.tools.command import ROOT

SHIPPED = [ROOT / "mappings"]
IDENTIFIER = "corridors/tg-ml/cusdec"
NEW = "corridors/tg-ml/cusdec-2"
WORDS = {column: column.title() for columns in HEADINGS.values() for column in columns}
Rows = list[list[str]]


@pytest.fixture(scope="module")
def flat() -> Flat:
    return flatten(IDENTIFIER, SHIPPED)


def edited(flat: Flat, sheet: str, change: Callable[[Rows], object]) -> Imported:
    sheets = to_sheets(flat, WORDS)
    rows = [list(row) for one in sheets if one.name == sheet for row in one.rows]
    change(rows)
    return from_sheets([replace(one, rows=tuple(map(tuple, rows))) if one.name == sheet else one for one in sheets],
                       flat, NEW, "a.xlsx")


def row(rows: Rows, text: str) -> int:
    return next(number for number, one in enumerate(rows) if text in one)


def codes(found: Imported) -> list[tuple[str, str | None]]:
    return [(one.code, one.place.locator) for one in found.findings]


@pytest.mark.parametrize("identifier", known_mappings(SHIPPED))
def test_what_nobody_edited_is_no_new_mapping(identifier: str) -> None:
    flat = flatten(identifier, SHIPPED)
    found = from_sheets(to_sheets(flat, WORDS), flat, "x/y", "a.xlsx")
    assert (found.text, found.findings) == ("", ())


def test_a_row_tells_target_source_rule_note_in_this_order(flat: Flat) -> None:
    lines = to_sheets(flat, WORDS)[0]
    assert lines.headings == ("Target", "Source", "Rule", "Note", "Label", "Level")
    found = {one[4]: one for one in lines.rows}
    assert found["destination"] == (
        "LOC 45 Place/location identification", "office_of_destination, office_of_destination.code, "
        "office_of_destination.name", "with office_of_destination: LOC+45+{code}:113:ZZZ:{name?}'", "",
        "destination", "0")
    assert (found["pack"][0], found["pack"][5]) == ("PAC Package", "1")


def everything(flat: Flat) -> Imported:
    def change(rows: Rows) -> None:
        rows[row(rows, "goods")][2] = "? LOC+14+{location_of_goods}:113:ZZZ'"
        rows[row(rows, "route")][2:4] = ["", "accord 4.2: no itinerary"]
        rows.insert(row(rows, "ucr") + 1, ["", "", "? RFF+AFM:{unique_consignment_reference}'", "", "second", "0"])
    sheets = {one.name: one for one in to_sheets(flat, WORDS)}
    lines = [list(one) for one in sheets["lines"].rows]
    change(lines)
    words = [list(one) for one in sheets["codes"].rows]
    words[row(words, "container")][2] = "CX"
    words.append(["equipment", "platform", "PL", ""])
    terms = [list(one) for one in sheets["terms"].rows]
    terms[row(terms, "location_of_goods")][1] = "an..20"
    rules = [list(one) for one in sheets["rules"].rows]
    rules[row(rules, "COR0214")][4] = "masse brute : absente"
    rules[row(rules, "COR0203")][3:] = ["", "", "", "the type is known"]
    rules.append(["COR0240", "function is original; containerised", "", "guarantee.type", "type absent", "no type", ""])
    new = {"lines": lines, "codes": words, "terms": terms, "rules": rules}
    return from_sheets([replace(one, rows=tuple(map(tuple, new.get(one.name, one.rows)))) for one in sheets.values()],
                       flat, NEW, "a.xlsx")


def test_everything_that_was_edited_becomes_an_heir_that_says_only_that(flat: Flat) -> None:
    found = everything(flat)
    assert found.findings == ()
    source = Beside(NEW, found.text.encode(), Folders(SHIPPED))
    definition, findings = resolve(NEW, source)
    assert findings == []
    changes = {(one.kind, one.name, one.after) for one in difference(flat, flat_of(definition))}
    assert changes == {
        ("line", "goods", "? LOC+14+{location_of_goods}:113:ZZZ'"), ("line", "route", ""),
        ("line", "second", "? RFF+AFM:{unique_consignment_reference}'"), ("term", "location_of_goods", "an..20"),
        ("word", "equipment.container", "CX"), ("word", "equipment.platform", "PL"), ("rule", "COR0203", ""),
        ("rule", "COR0214", "when function in original,replacement | every items | need gross_mass | "
                            "masse brute : absente | gross mass missing"),
        ("rule", "COR0240", "when function in original; containerised | need guarantee.type | type absent | no type")}
    assert f"extends: {IDENTIFIER}@{flat.version}" in found.text.splitlines()
    assert found.text.count("\n") < 35


def test_what_was_edited_soundly_loads(flat: Flat) -> None:
    found = edited(flat, "lines", lambda rows: rows[row(rows, "route")].__setitem__(slice(2, 4), ["", "accord 4.2"]))
    mapping = load_from(Beside(NEW, found.text.encode(), Folders(SHIPPED)), NEW)
    assert "itinerary" in load_mapping(IDENTIFIER, SHIPPED).terms
    assert "itinerary" not in mapping.terms


def test_a_fault_of_what_was_edited_is_told_at_its_cell(flat: Flat) -> None:
    def change(rows: Rows) -> None:
        rows[row(rows, "goods")][2] = "? LOC+14+{location_of_godos}'"
        rows.insert(row(rows, "ucr") + 1, ["", "", "? RFF+AFM:{no_such_term}'", "", "second", "0"])
    found = edited(flat, "lines", change)
    with pytest.raises(LocalError) as caught:
        load_from(Beside(NEW, found.text.encode(), Folders(SHIPPED)), NEW)
    rows = [list(one) for one in to_sheets(flat, WORDS)[0].rows]
    told = found.at_cells(caught.value.findings, f"{NEW}.yaml", "a.xlsx")
    assert {(one.code, one.place.file, one.place.locator) for one in told if one.code == "M031"} == {
        ("M031", "a.xlsx", f"lines!C{row(rows, 'goods') + 2}"), ("M031", "a.xlsx", f"lines!C{row(rows, 'ucr') + 3}")}
    elsewhere = Finding(code="M031")
    assert found.at_cells([elsewhere], f"{NEW}.yaml", "a.xlsx") == [elsewhere]


@pytest.mark.parametrize(("sheet", "change", "told"), [
    ("lines", lambda rows: rows.pop(3), [("M494", "lines!A1")]),
    ("codes", lambda rows: rows.pop(0), [("M494", "codes!A1")]),
    ("rules", lambda rows: rows.pop(0), [("M494", "rules!A1")]),
    ("terms", lambda rows: rows.pop(0), [("M494", "terms!A1")]),
    ("lines", lambda rows: rows[3].__setitem__(2, ""), [("M494", "lines!C5")]),
    ("lines", lambda rows: rows[3].__setitem__(5, "1"), [("M496", "lines!F5")]),
    ("lines", lambda rows: rows[3].__setitem__(5, "x"), [("M495", "lines!E5")]),
    ("lines", lambda rows: rows.insert(0, ["", "", "UNS+D'", "", "Élan", "0"]), [("M495", "lines!E2")]),
    ("lines", lambda rows: rows.insert(0, ["", "", "UNS+D'", "", "first", "0"]), [("M497", "lines!C2")]),
    ("lines", lambda rows: rows.append(list(rows[0])), [("M498", f"lines!E{78}")]),
    ("codes", lambda rows: rows.insert(1, list(rows[0])), [("M498", "codes!B3")]),
])
def test_what_cannot_be_taken_over_is_refused_at_its_cell(
        flat: Flat, sheet: str, change: Callable[[Rows], object], told: list[tuple[str, str]]) -> None:
    found = edited(flat, sheet, change)
    assert found.text == ""
    assert [one for one in codes(found) if one in told] == told


def test_lines_in_another_order_are_refused(flat: Flat) -> None:
    def change(rows: Rows) -> None:
        rows[7], rows[8] = rows[8], rows[7]
    assert [code for code, _ in codes(edited(flat, "lines", change))] == ["M496"]


def test_a_sheet_that_is_missing_and_a_mapping_that_has_changed_are_told(flat: Flat) -> None:
    sheets = to_sheets(flat, WORDS)
    found = from_sheets(sheets[1:], flat, NEW, "a.xlsx")
    assert [(one.code, one.values["sheet"]) for one in found.findings] == [("M493", "lines")]
    old = from_sheets(sheets, replace(flat, digest="0" * 64), NEW, "a.xlsx")
    assert [(one.code, one.severity) for one in old.findings] == [("M492", Severity.WARNING)]


def test_a_line_break_in_a_cell_cannot_begin_a_line_of_the_file(flat: Flat, tmp_path: Path) -> None:
    found = edited(flat, "lines", lambda rows: rows.insert(
        row(rows, "ucr") + 1, ["", "", "? RFF+AFM:{mrn}'\nid: corridors/evil", "", "second", "0"]))
    lines = [line for line in found.text.splitlines() if line.startswith("id:")]
    assert lines == [f"id: {NEW}"]
    rule = edited(flat, "rules", lambda rows: rows.append(["COR1\nid: x", "", "", "mrn", "a\nid: x", "b", ""]))
    assert [line for line in rule.text.splitlines() if line.startswith("id:")] == [f"id: {NEW}"]


def test_sheets_with_short_and_empty_rows_are_read(flat: Flat) -> None:
    sheets = to_sheets(flat, WORDS)
    short = [Sheet(one.name, one.headings, (*(tuple(cell for cell in row) for row in one.rows), (), ("",)))
             for one in sheets]
    assert from_sheets(short, flat, NEW, "a.xlsx") == Imported(text="", cells={}, findings=())
