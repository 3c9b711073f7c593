"""National CSV in and out, as French Excel writes it: declared encoding and delimiter, headings with synonyms.

Nothing is guessed and nothing is lost in silence: an undecodable byte, an unknown heading, a cell without heading, a
number that the spreadsheet has mangled are findings with line and column. What a cell means is the dialect's business.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.records.nodes import FILE_LIMIT, Form, Node

ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1", "iso-8859-15", "us-ascii")
DELIMITERS = (";", ",", "\t", "|")
_MARK = b"\xef\xbb\xbf"
_MANGLED = re.compile(r"[+-]?\d[.,]?\d*[Ee]\+\d+")
_SUM = re.compile(r"-?\d+(?:[.,]\d+)?")
_FORMULA = re.compile(rf"'*(?:[=+\-@\t\r]|{_MANGLED.pattern}\Z)")
_GUARDED = re.compile(rf"'+(?:[=+\-@\t\r]|{_MANGLED.pattern}\Z)")
_BLANKS = str.maketrans("", "", " \u00a0\u202f\u2009")


class Layout(Struct, frozen=True):
    """How a national system writes its CSV.

    columns  name -> headings, the first is the one written; compared without accents, case, dots and line breaks
    totals   first word of the line of totals, if there is one
    guard    True: a cell that a spreadsheet would run as a formula, or show as 1,2E+14, is written with an apostrophe
             before it, the spreadsheet's own mark of a text; reading takes it away
    """

    encoding: str
    delimiter: str
    columns: Mapping[str, Sequence[str]]
    totals: str | None = None
    guard: bool = True
    mark: bool = False


class Table(Struct, frozen=True):
    """The lines of a file, each a node whose children are its filled cells, and what is only announced."""

    lines: list[Node]
    findings: tuple[Finding, ...]


def read_csv(content: bytes, file: str, layout: Layout, *, limit: int = FILE_LIMIT) -> Table:
    """Read one file.

    Raises LocalError with all faults: R001 too large, R006 byte outside the encoding, R010 unknown heading,
    R011 two headings for one column, R012 cell without heading, R013 quote not closed, R014 no heading line,
    R015 mangled number, R017 cut off in its last line. R016 (a total that is not the sum) only announces.
    """
    text = decoded(content, file, layout, limit)
    findings: list[Finding] = []
    rows = _rows(text, layout.delimiter, file, findings)
    headings = next(rows, [])
    names = _columns(headings, file, layout, findings)
    if not any(heading.text for heading in headings):
        raise LocalError(*findings, Finding(code="R014", place=Place(file=file, line=1), values={
            "headings": ", ".join(synonyms[0] for synonyms in layout.columns.values())}))
    lines: list[Node] = []
    announced: list[Finding] = []
    width = max(number for number, heading in enumerate(headings, 1) if heading.text)
    last: Sequence[_Cell] = ()
    for row in rows:
        last = row
        if not any(cell.text for cell in row):
            continue
        if layout.totals and same_heading(row[0].text) == same_heading(layout.totals):
            announced.extend(_totals(row[1:], names[1:], lines, file))
            continue
        lines.append(_line(row, names, file, layout, findings))
    if 0 < len(last) < width and not text.endswith(("\n", "\r")):  # a line without its end that lacks cells: cut off
        findings.append(Finding(code="R017", place=_place(last[-1], file),
                                values={"found": str(len(last)), "wanted": str(width)}))
    if findings:
        raise LocalError(*findings)
    return Table(lines, tuple(announced))


def write_csv(lines: Sequence[Mapping[str, str]], layout: Layout) -> bytes:
    """Lines under the first headings, every column present. Raises UnicodeEncodeError for a foreign character."""
    pieces = [_headings(tuple(synonyms[0] for synonyms in layout.columns.values()), layout.delimiter)]
    for line in lines:
        unknown = line.keys() - layout.columns.keys()
        if unknown:
            raise ValueError(f"no column for {sorted(unknown)}")
        row = [_quoted(_guarded(line[name], layout.guard), layout.delimiter) if name in line else ""
               for name in layout.columns]
        pieces.append(layout.delimiter.join(row) + "\r\n")
    content = "".join(pieces).encode(layout.encoding)
    return _MARK + content if layout.mark else content


@lru_cache(maxsize=64)
def _headings(headings: tuple[str, ...], delimiter: str) -> str:
    return delimiter.join([_quoted(heading, delimiter) for heading in headings]) + "\r\n"


_QUOTED = re.compile(r'["\r\n]|^\s|\s$')


def _quoted(cell: str, delimiter: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if delimiter in cell or _QUOTED.search(cell) else cell


def _guarded(text: str, guard: bool) -> str:
    return f"'{text}" if guard and _FORMULA.match(text) else text


def decoded(content: bytes, file: str, layout: Layout, limit: int) -> str:
    """The text of a file without its mark. Raises LocalError R001, R006."""
    if len(content) > limit:
        raise LocalError(Finding(code="R001", place=Place(file=file), values={"limit": str(limit)}))
    if layout.encoding == "utf-8":
        content = content.removeprefix(_MARK)
    elif content.startswith(_MARK):
        raise LocalError(Finding(code="R006", place=Place(file=file, line=1, column=1),
                                 values={"byte": "0xEF", "encoding": layout.encoding}))
    try:
        return content.decode(layout.encoding)
    except UnicodeDecodeError as error:
        before = content[:error.start].decode(layout.encoding)
        raise LocalError(Finding(
            code="R006", place=Place(file=file, line=before.count("\n") + 1, column=len(before) - before.rfind("\n")),
            values={"byte": f"0x{content[error.start]:02X}", "encoding": layout.encoding}))


class _Cell(NamedTuple):
    text: str
    line: int
    column: int


def _rows(text: str, delimiter: str, file: str, findings: list[Finding]) -> Iterator[list[_Cell]]:
    """Rows of cells; a quoted cell may hold delimiters, doubled quotes and line breaks."""
    mark = re.escape(delimiter)
    cell = re.compile(f'(?:"((?:[^"]|"")*)"[ \\t]*|([^{mark}\r\n]*))({mark}|\r\n|\n|\r|\\Z)')
    ends = [match.end() for match in re.finditer("\r\n|\n|\r", text)]
    row: list[_Cell] = []
    offset = number = start = 0
    while offset < len(text):
        match = cell.match(text, offset)
        while number < len(ends) and ends[number] <= offset:
            start = ends[number]
            number += 1
        line, column = number + 1, offset - start + 1
        if match is None or (match.group(1) is None and match.group(2).startswith('"')):
            findings.append(Finding(code="R013", place=Place(file=file, line=line, column=column)))
            return
        quoted, plain, end = match.groups()
        row.append(_Cell((quoted.replace('""', '"') if quoted is not None else plain).strip(), line, column))
        offset = match.end()
        if end != delimiter:
            yield row
            row = []
    if row:
        yield row


@lru_cache(maxsize=2000)
def same_heading(heading: str) -> str:
    """A heading without what people change: accents, case, dots, line breaks, the form of the number sign."""
    plain = unicodedata.normalize("NFKD", heading.replace("°", "o").replace("’", "'"))
    kept = "".join(character if character.isalnum() else " " for character in plain
                   if not unicodedata.combining(character))
    return " ".join(kept.upper().split())


def _synonyms(layout: Layout) -> dict[str, str]:
    return {same_heading(synonym): name for name, synonyms in layout.columns.items() for synonym in synonyms}


def columns_of_headings(headings: Sequence[str], layout: Layout) -> list[str | None]:
    """The column name of each heading: "" where there is no heading, None where it is unknown."""
    known = _synonyms(layout)
    return [known.get(same_heading(heading)) if heading else "" for heading in headings]


def _columns(headings: Sequence[_Cell], file: str, layout: Layout, findings: list[Finding]) -> list[str | None]:
    """The column name of each heading: "" where there is no heading, None where it is unknown."""
    names: list[str | None] = []
    for heading, name in zip(headings, columns_of_headings([one.text for one in headings], layout), strict=True):
        if name is None:
            known = _synonyms(layout)
            near = difflib.get_close_matches(same_heading(heading.text), known, 1)
            written = layout.columns[known[near[0]]][0] if near else ""
            findings.append(Finding(code="R010", place=_place(heading, file),
                                    values={"heading": heading.text, "near": written or "?"}))
        elif name and name in names:
            findings.append(Finding(code="R011", place=_place(heading, file), values={"heading": heading.text}))
        names.append(name)
    return names


def _line(row: Sequence[_Cell], names: Sequence[str | None], file: str, layout: Layout,
          findings: list[Finding]) -> Node:
    line = Node("", "", Form.CSV, line=row[0].line, column=1)
    for number, cell in enumerate(row):
        if not cell.text:
            continue
        name = names[number] if number < len(names) else ""
        if name is None:
            continue  # the heading is the finding
        if not name:
            findings.append(Finding(code="R012", place=_place(cell, file), values={"value": cell.text[:40]}))
            continue
        text = plain_text(cell.text, layout.guard)
        if text is None:
            findings.append(Finding(code="R015", place=_place(cell, file), values={
                "value": cell.text, "heading": layout.columns[name][0]}))
            continue
        line.children[name] = [Node(layout.columns[name][0], text, Form.CSV, line=cell.line, column=cell.column,
                                    parent=line, leaf=True)]
    return line


def plain_text(text: str, guard: bool) -> str | None:
    """The text of a cell without the apostrophe that guards it; None for a number that a spreadsheet has mangled."""
    if guard and text[0] == "'" and _GUARDED.match(text) is not None:
        return text[1:]
    return None if "+" in text and _MANGLED.fullmatch(text) else text


def _place(cell: _Cell, file: str) -> Place:
    return Place(file=file, line=cell.line, column=cell.column)


def _totals(row: Sequence[_Cell], names: Sequence[str | None], lines: Sequence[Node], file: str) -> Iterator[Finding]:
    """Compare each figure of the line of totals with the sum of its column; a difference is announced."""
    for cell, name in zip(row, names, strict=False):
        written = cell.text.translate(_BLANKS)
        if not name or not _SUM.fullmatch(written):
            continue
        texts = [line.children[name][0].text.translate(_BLANKS) for line in lines if name in line.children]
        if not all(_SUM.fullmatch(text) for text in texts):
            continue
        total = sum((Decimal(text.replace(",", ".")) for text in texts), Decimal())
        if total != Decimal(written.replace(",", ".")):
            yield Finding(code="R016", place=Place(file=file, line=cell.line, column=cell.column),
                          values={"value": cell.text, "sum": f"{total:f}".replace(".", ",")}, severity=Severity.WARNING)
