"""Are the cells of a workbook texts on the way out and on the way back, whatever they begin with?"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.records.sheets import Sheet, cell_name, read_sheets, write_sheets

pytest.importorskip("xlsxwriter")
pytest.importorskip("python_calamine")

SHEET = Sheet("lines", ("Cible", "Règle"), (
    ("=HYPERLINK(\"http://x\")", "+1"), ("-1", "@x"), ("0466", "NO"), ("http://x.example", "1e3"), ("a\nb", "éœ€’"),
    ("", "12500.375"), ("{=1+1}", "'x")), (10, 20))


def test_every_text_comes_back_as_it_was_and_nothing_is_a_formula_a_link_or_a_number() -> None:
    content = write_sheets([SHEET, Sheet("about", ("a",), ())])
    assert [(one.name, one.headings, one.rows) for one in read_sheets(content, "x.xlsx")] == [
        ("lines", SHEET.headings, SHEET.rows), ("about", ("a",), ())]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        page = packed.read("xl/worksheets/sheet1.xml").decode()
        assert not any("hyperlink" in packed.read(name).decode("utf-8", "replace") for name in packed.namelist()
                       if name.endswith((".xml", ".rels")) and "sharedStrings" not in name)
    assert "<f>" not in page
    assert page.count('t="s"') == sum(map(len, SHEET.rows)) + len(SHEET.headings)


def test_the_same_sheets_are_the_same_bytes() -> None:
    assert write_sheets([SHEET]) == write_sheets([SHEET])


def test_a_number_that_a_spreadsheet_has_made_comes_back_as_people_wrote_it() -> None:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("codes")
    page.write_row(0, 0, ["a", "b"])
    page.write_row(1, 0, [9, 1.5])
    book.close()
    assert read_sheets(out.getvalue(), "x")[0].rows == (("9", "1.5"),)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"a;b\n1;2\n", "zip"])
def test_what_is_no_workbook_is_refused(content: bytes | str) -> None:
    if content == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr("x.txt", "x")
        content = out.getvalue()
    assert isinstance(content, bytes)
    with pytest.raises(LocalError) as caught:
        read_sheets(content, "x.xlsx")
    assert [(one.code, one.place.file) for one in caught.value.findings] == [("M490", "x.xlsx")]


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_sheets([SHEET])
    monkeypatch.setattr("gateway.records.sheets._UNPACKED_LIMIT", 1000)
    with pytest.raises(LocalError) as caught:
        read_sheets(content, "x.xlsx")
    assert caught.value.code == "M490"


@pytest.mark.parametrize("library", ["xlsxwriter", "python_calamine"])
def test_without_the_extra_its_name_is_told(library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(LocalError) as caught:
        write_sheets([SHEET]) if library == "xlsxwriter" else read_sheets(b"", "x")
    assert caught.value.code == "M491"


def test_a_cell_is_named_as_the_spreadsheet_names_it() -> None:
    assert [cell_name(0, 0), cell_name(2, 11)] == ["A1", "C12"]
