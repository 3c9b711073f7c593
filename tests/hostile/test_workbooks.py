"""Does a workbook that people were given make the program give up, when it is small and spans a whole sheet?"""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter

from gateway.errors import LocalError
from gateway.records.sheets import read_sheets


def workbook(*cells: tuple[int, int]) -> bytes:
    """A workbook with a text in each of these cells, by row and column from 0."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("a")
    for row, column in cells:
        sheet.write_string(row, column, "x")
    book.close()
    return out.getvalue()


def altered(content: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with its sheet changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(out, "w") as changed:
        for name in packed.namelist():
            part = packed.read(name)
            if name.startswith("xl/worksheets/"):
                assert old in part
                part = part.replace(old, new)
            changed.writestr(name, part)
    return out.getvalue()


def test_a_workbook_of_a_thousand_rows_is_read() -> None:
    [sheet] = read_sheets(workbook((0, 0), (999, 25)), "x.xlsx")
    assert (len(sheet.rows), sheet.rows[-1][25]) == (999, "x")


@pytest.mark.parametrize("content", [
    workbook((0, 0), (1_048_575, 16_383)),
    workbook((0, 0), (1_048_575, 1)),
    altered(workbook((0, 0), (4, 4)), b'r="E5"', b'r="XFD1048576"'),
    altered(workbook((0, 0), (4, 4)), b'r="E5"', b"r = 'XFD1048576'"),
    altered(workbook((0, 0), (4, 4)), b'r="E5"', b'a=">" r="XFD1048576"'),
    altered(workbook((0, 0), (4, 4)), b'r="E5"', b'r="E5" r="XFD1048576"'),
    altered(workbook((0, 0), (4, 4)), b'r="E5"', b'r="&#88;FD1048576"'),
    altered(workbook((0, 0), (4, 4)), b'<row r="5"', b'<row r="99999999999"'),
    altered(workbook((0, 0), (4, 4)), b'r="E5"', b""),
], ids=["opposite corners", "a long column", "moved", "in single quotes", "behind a bracket", "named twice",
        "as an entity", "a row beyond all rows", "named nowhere"])
def test_t18_a_small_workbook_that_spans_a_whole_sheet_is_refused(content: bytes) -> None:
    """A workbook of some kilobytes whose cells span more than a million is refused before room is made for them."""
    assert len(content) < 100_000
    with pytest.raises(LocalError) as caught:
        read_sheets(content, "x.xlsx")
    assert caught.value.code == "M490"
