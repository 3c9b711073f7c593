"""Workbooks (xlsx) in and out, as tables of texts: for the paper map that people edit in a spreadsheet.

Written cells are texts, whatever they begin with: nothing that a mapping says ever becomes a formula, a link or a
number. Read cells are texts again; a number that the spreadsheet made of a text comes back without its ``.0``.
Both libraries belong to the extra ``excel``.
"""

from __future__ import annotations

import functools
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.records.nodes import FILE_LIMIT

_UNPACKED_LIMIT = 4 * FILE_LIMIT
_MOST_RATIO = 100
_MOST_CELLS = 1_000_000
_TAG = re.compile(rb"<(?:[\w.-]+:)?(row|c)(?=[\s/>])([^>]*)")
_WHERE = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")
_CELL = re.compile(rb"([A-Z]{0,3})([1-9][0-9]{0,6})")
_CREATED = datetime(2026, 1, 1, tzinfo=UTC)
"""The same workbook for the same mapping, whenever it is made."""


class Sheet(Struct, frozen=True):
    """One table: its name, its headings, its rows; a row may have fewer cells than there are headings.

    widths  of the columns, in characters; only for writing
    """

    name: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


def write_sheets(sheets: Sequence[Sheet]) -> bytes:
    """A workbook. Raises LocalError M491 without the extra."""
    try:
        import xlsxwriter  # an extra
    except ImportError:
        raise LocalError(Finding(code="M491")) from None
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                                     "strings_to_numbers": False})
    book.set_properties({"created": _CREATED.replace(tzinfo=None)})
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "num_format": "@"})
    cell = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for column, width in enumerate(sheet.widths):
            page.set_column(column, column, width, cell)
        for column, text in enumerate(sheet.headings):
            page.write_string(0, column, text, heading)
        for number, row in enumerate(sheet.rows, 1):
            for column, text in enumerate(row):
                page.write_string(number, column, text, cell)
        page.freeze_panes(1, 0)
        page.repeat_rows(0)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
    book.close()
    return out.getvalue()


def read_sheets(content: bytes, file: str) -> list[Sheet]:
    """The tables of a workbook, every cell a text without blanks at its ends.

    Raises LocalError: M490 for what is no workbook or is too large, M491 without the extra.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # an extra
    except ImportError:
        raise LocalError(Finding(code="M491")) from None
    fault = LocalError(Finding(code="M490", place=Place(file=file), values={"limit": str(FILE_LIMIT)}))
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(_looked_at(content)))
        tables = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, CalamineError, OSError,
            ValueError):
        raise fault from None
    return [Sheet(name, tuple(map(_text, rows[0])) if rows else (), tuple(tuple(map(_text, row)) for row in rows[1:]))
            for name, rows in tables]


def _looked_at(content: bytes) -> bytes:
    """The same workbook, unpacked and stored as it was looked at, so that no size in it can lie to its reader.

    The reader makes room for every cell between the first and the last one that a sheet names: two cells in opposite
    corners would take half a terabyte. So what a sheet spans is counted before. Raises ValueError
    or zipfile.BadZipFile.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as stored:
        parts = packed.infolist()
        size = sum(one.file_size for one in parts)
        if len(content) > FILE_LIMIT or size > min(_UNPACKED_LIMIT, len(content) * _MOST_RATIO):
            raise ValueError("too large")
        if len({one.filename for one in parts}) != len(parts):
            raise ValueError("a part twice")
        for one in parts:
            with packed.open(one) as opened:
                part = opened.read(one.file_size)  # without a size it would inflate all that there is
            if zlib.crc32(part) != one.CRC:
                raise ValueError("a size that lies")
            if b"sheetData" in part:
                _count_cells(part)
            stored.writestr(one.filename, part)
    return out.getvalue()


def _count_cells(part: bytes) -> None:
    """Raise ValueError for a sheet that spans too many cells, or has one that does not say where it is."""
    if b"\x00" in part:
        raise ValueError("not in an encoding whose tags can be counted")
    rows, columns = {1}, {1}
    for kind, attributes in _TAG.findall(part):
        named = _WHERE.findall(attributes)
        where = _CELL.fullmatch(named[0]) if len(named) == 1 else None
        if where is None or bool(where[1]) is not (kind == b"c"):
            raise ValueError("a cell that does not say where it is")
        rows.add(int(where[2]))
        columns.add(functools.reduce(lambda number, letter: number * 26 + letter - 64, where[1], 0))
    if max(rows) * max(columns) > _MOST_CELLS:
        raise ValueError("too many cells")


def cell_name(column: int, row: int) -> str:
    """How a spreadsheet names a cell, ``C12``: the column from 0, at most 25, and the row of data from 1."""
    return f"{chr(ord('A') + column)}{row + 1}"


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
