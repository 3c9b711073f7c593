"""What a sample of a national file is written in: kind, encoding, delimiter, decimal mark, forms of dates.

The only place of the gateway that guesses. What is found here is written down in a dialect, and every guess that the
sample does not settle is told; reading a file later guesses nothing.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.records.csv import DELIMITERS

Kind = Literal["xml", "csv", "json"]

_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DECLARED = re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
_NO_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)(?P<mark>[.,])(?P<rest>\d+)")
_GROUPED = re.compile(r"-?\d{1,3}(?:[.,]\d{3}){2,}|-?\d{1,3}\.\d{3},\d+|-?\d{1,3},\d{3}\.\d+")
_TOTALS = re.compile(r"(?:sous-)?tota(?:l|ux)|ensemble|sum", re.IGNORECASE)

PATTERNS = ("dd/MM/yyyy", "yyyy-MM-dd", "dd-MM-yyyy", "dd.MM.yyyy", "yyyyMMdd", "MM/dd/yyyy", "dd/MM/yy")
"""Forms of a day, the likeliest first."""


class Detected(Struct, frozen=True, kw_only=True):
    """What a sample is.

    encoding   as dialects name it; of XML what its first line declares
    mark       it begins with a byte-order mark
    delimiter, decimal, headings, rows, totals   of CSV; `rows` without headings and line of totals, every cell stripped
    root       the root element of XML
    guesses    what the sample does not settle: notes M463 to M467, each with the value that was taken
    """

    kind: Kind
    encoding: str
    mark: bool = False
    delimiter: str = ""
    decimal: str = ""
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    totals: str = ""
    root: str = ""
    guesses: tuple[Finding, ...] = ()

    def column(self, heading: str) -> list[str]:
        """The filled cells under a heading."""
        number = self.headings.index(heading)
        return [row[number] for row in self.rows if number < len(row) and row[number]]


def detect(content: bytes, file: str) -> Detected:
    """What a file is written in. `file` is how findings call it.

    Raises LocalError M462 for a file of no known kind: empty, binary, UTF-16, or text without two columns.
    """
    if not content.strip() or content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise LocalError(Finding(code="M462", place=Place(file=file)))
    mark = content.startswith(codecs.BOM_UTF8)
    body = content.removeprefix(codecs.BOM_UTF8)
    guesses: list[Finding] = []
    if body.lstrip().startswith(b"<"):
        declared = _DECLARED.search(body[:200])
        root = _ROOT.search(_COMMENT.sub("", body[:100_000].decode("latin-1")))
        if root is None:
            raise LocalError(Finding(code="M462", place=Place(file=file)))
        return Detected(kind="xml", encoding=declared[1].decode("ascii") if declared else "UTF-8", mark=mark,
                        root=root[1])
    encoding = _encoding(body, mark, file, guesses)
    text = body.decode(encoding)
    if text.lstrip().startswith(("{", "[")):
        try:
            json.loads(text.splitlines()[0] if _is_lines(text) else text)
        except ValueError:
            encoding = ""
        if encoding != "utf-8":
            raise LocalError(Finding(code="M462", place=Place(file=file)))
        return Detected(kind="json", encoding="utf-8", mark=mark)
    return _csv(text, encoding, mark, file, guesses)


def _is_lines(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) > 1 and all(line.startswith("{") and line.endswith("}") for line in lines)


def _encoding(body: bytes, mark: bool, file: str, guesses: list[Finding]) -> str:
    """UTF-8 where it is UTF-8; else the code page of Windows, or Latin-1 where that has no such byte."""
    if mark:
        return "utf-8"
    if body.isascii():
        guesses.append(_guess("M463", file, encoding="utf-8"))
        return "utf-8"
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        taken = "iso-8859-1" if _NO_1252.search(body) else "windows-1252"
        if not re.search(rb"[\x80-\x9f]", body):
            guesses.append(_guess("M464", file, encoding=taken))
        return taken
    return "utf-8"


def _csv(text: str, encoding: str, mark: bool, file: str, guesses: list[Finding]) -> Detected:
    delimiter, table = _table(text, file)
    headings, *rows = table
    totals = ""
    if rows and rows[-1] and _TOTALS.match(rows[-1][0]):
        totals = rows.pop()[0]
    decimal = _decimal([cell for row in rows for cell in row], delimiter, file, guesses)
    return Detected(kind="csv", encoding=encoding, mark=mark, delimiter=delimiter, decimal=decimal,
                    headings=tuple(headings), rows=tuple(map(tuple, rows)), totals=totals, guesses=tuple(guesses))


def _table(text: str, file: str) -> tuple[str, list[list[str]]]:
    """The delimiter under which every line has as many cells as the headings, and those are most; the last line, which
    may tell totals, may have fewer."""
    best: tuple[int, str, list[list[str]]] = (1, "", [])
    for delimiter in DELIMITERS:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""),
                                                                     delimiter=delimiter) if any(map(str.strip, row))]
        width = len(rows[0]) if rows else 0
        if width > best[0] and all(len(row) == width for row in rows[:-1]) and len(rows[-1]) <= width:
            best = (width, delimiter, rows)
    _, taken, table = best
    while table and table[0] and not table[0][-1]:
        table[0].pop()  # a column without heading that the spreadsheet has added
    if not taken or not table[0]:
        raise LocalError(Finding(code="M462", place=Place(file=file)))
    return taken, table


def _decimal(cells: Sequence[str], delimiter: str, file: str, guesses: list[Finding]) -> str:
    """The mark that stands in numbers with decimals; where it might as well part thousands, that is told."""
    marks = {",": 0, ".": 0}
    doubtful, settled = "", False
    for cell in cells:
        found = _NUMBER.fullmatch(cell)
        if _GROUPED.fullmatch(cell):
            guesses.append(_guess("M466", file, value=cell))
        elif found is not None:
            marks[found["mark"]] += 1
            if len(found["rest"]) != 3 or len(cell.split()) > 1:
                settled = True
            else:
                doubtful = cell
    if not any(marks.values()):
        taken = "," if delimiter == ";" else "."
        guesses.append(_guess("M465", file, mark=taken))
        return taken
    taken = max(marks, key=lambda mark: marks[mark])
    if min(marks.values()):
        guesses.append(_guess("M467", file, mark=taken, other="." if taken == "," else ","))
    elif doubtful and not settled:
        guesses.append(_guess("M466", file, value=doubtful))
    return taken


def date_patterns(texts: Sequence[str]) -> list[str]:
    """The patterns of a day that every text fits, the likeliest first."""
    return [pattern for pattern in PATTERNS if texts and all(_fits(text, pattern) for text in texts)]


def _fits(text: str, pattern: str) -> bool:
    match = re.fullmatch("".join(_pieces(pattern)), text)
    return match is not None and 1 <= int(match["M"]) <= 12 and 1 <= int(match["d"]) <= 31


def _pieces(pattern: str) -> Iterator[str]:
    for piece in re.findall(r"d+|M+|y+|.", pattern):
        yield rf"(?P<{piece[0]}>\d{{{len(piece)}}})" if piece[0] in "dMy" else re.escape(piece)


def _guess(code: str, file: str, **values: str) -> Finding:
    return Finding(code=code, place=Place(file=file), values=values, severity=Severity.NOTE)
