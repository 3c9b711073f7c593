"""A mapping on paper: sheets that people read and edit, and what was edited as a mapping file that inherits from it.

Each row tells the target first, then the source, the rule, a note. Nothing is taken out by deleting a row: the rule is
emptied, and the note says why, because a mapping leaves nothing out without a reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import load_directory
from gateway.findings import Finding, Place, Severity
from gateway.mapping.bench.fixes import MODELINE
from gateway.mapping.bench.flatten import Flat, FlatLine, FlatRule
from gateway.mapping.bench.format import quoted
from gateway.mapping.notation import LABEL
from gateway.records.sheets import Sheet, cell_name

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "lines": ("target", "source", "rule", "note", "label", "level"),
    "codes": ("target", "source", "rule", "note"),
    "terms": ("source", "rule", "note"),
    "rules": ("rule", "when", "every", "need", "fr", "en", "note"),
    "about": ("name", "value"),
}
"""Sheet -> its columns, in order; what they are called in a language is the catalogue's business."""
_WIDTHS: Mapping[str, tuple[int, ...]] = {
    "lines": (38, 34, 70, 30, 16, 7), "codes": (20, 20, 14, 30), "terms": (36, 18, 30),
    "rules": (10, 34, 14, 34, 40, 40, 30), "about": (14, 70)}
_ABOUT = ("id", "version", "sha256", "message")


def to_sheets(flat: Flat, headings: Mapping[str, str]) -> list[Sheet]:
    """The paper map of a mapping. `headings` are the words for the columns."""
    rows: dict[str, list[tuple[str, ...]]] = {
        "lines": [(_target(line, flat.message), ", ".join(line.terms), line.text, "", line.label, str(line.depth))
                  for line in flat.lines],
        "codes": [(word.table, word.word, word.code, "") for word in flat.words if word.answer is None],
        "terms": [(term.name, term.type, "") for term in flat.terms],
        "rules": [(rule.code, *_rule(rule), "") for rule in flat.rules],
        "about": [("id", flat.identifier), ("version", flat.version), ("sha256", flat.digest),
                  ("message", flat.message)]}
    return [Sheet(name, tuple(headings[column] for column in HEADINGS[name]), tuple(rows[name]), _WIDTHS[name])
            for name in HEADINGS]


def _target(line: FlatLine, message: str) -> str:
    """The segment and its constants: ``LOC 45 Place/location identification``."""
    release = ".".join(message.split(":")[1:3])
    segment = load_directory(release).segment(line.tag) if message.count(":") > 2 else None
    template = line.text[line.text.find(f"{line.tag}+"):].removesuffix("'")
    qualifier = template.split("+")[1].split(":")[0] if "+" in template else ""
    name = segment.name.capitalize() if segment is not None else ""
    constant = "" if "{" in qualifier or "<" in qualifier else qualifier
    return " ".join(part for part in (line.tag, constant, name) if part)


def _rule(rule: FlatRule) -> tuple[str, str, str, str, str]:
    return "; ".join(rule.when), rule.every or "", "; ".join(rule.need), rule.french, rule.english


class Cell(NamedTuple):
    """Where something stands in a workbook: sheet, column from 0, row of data from 1."""

    sheet: str
    column: int
    row: int

    def __str__(self) -> str:
        return f"{self.sheet}!{cell_name(self.column, self.row)}"


class Imported(Struct, frozen=True, kw_only=True):
    """What was edited, as a mapping file.

    text      the file; "" when nothing was edited
    cells     line of the file (from 1) -> the cell it comes from
    findings  what cannot be taken over, each at its cell
    """

    text: str
    cells: Mapping[int, Cell]
    findings: tuple[Finding, ...]

    def at_cells(self, findings: Sequence[Finding], file: str, workbook: str) -> list[Finding]:
        """Findings of the file with those of its lines moved to the cells they come from."""
        moved = []
        for one in findings:
            cell = self.cells.get(one.place.line or 0) if one.place.file == file else None
            moved.append(one if cell is None else replace(one, place=Place(file=workbook, locator=str(cell))))
        return moved


def from_sheets(sheets: Sequence[Sheet], flat: Flat, identifier: str, file: str) -> Imported:
    """What sheets say otherwise than the mapping they were made from.

    flat        that mapping as it stands today; M492 warns when it is not the one that was exported
    identifier  what the new mapping is called
    file        the workbook, for findings
    """
    reading = _Reading({sheet.name: sheet for sheet in sheets}, flat, file)
    body = reading.body()
    if (reading.findings and any(one.severity is Severity.ERROR for one in reading.findings)) or not body:
        return Imported(text="", cells={}, findings=tuple(reading.findings))
    pinned = f"@{flat.version}" if flat.version else ""
    depth = identifier.count("/")
    head = [f"{MODELINE}{'../' * (depth + 1)}gateway/schema/mapping.json", 'format: "1"', f"id: {identifier}",
            f"extends: {flat.identifier}{pinned}", f"version: {json.dumps(flat.version or '1')}"]
    lines = [(text, None) for text in head] + body
    return Imported(text="".join(f"{text}\n" for text, _ in lines), findings=tuple(reading.findings),
                    cells={number: cell for number, (_, cell) in enumerate(lines, 1) if cell is not None})


_Line = tuple[str, Cell | None]


class _Reading:
    """Holds sheets against a mapping, and collects what an heir has to say."""

    def __init__(self, sheets: Mapping[str, Sheet], flat: Flat, file: str) -> None:
        self.findings: list[Finding] = []
        self._sheets, self._flat, self._file = sheets, flat, file
        self._override: list[_Line] = []
        self._after: list[_Line] = []
        self._remove: list[_Line] = []

    def body(self) -> list[_Line]:
        """The sections of the heir."""
        for name in HEADINGS:
            if name not in self._sheets:
                self.findings.append(Finding(code="M493", place=Place(file=self._file), values={"sheet": name}))
        if self.findings:
            return []
        about = {row[0]: row[1] for row in self._sheets["about"].rows if len(row) > 1 and row[0] in _ABOUT}
        if about.get("sha256") != self._flat.digest:
            self.findings.append(Finding(code="M492", place=Place(file=self._file, locator="about"),
                                         severity=Severity.WARNING, values={"mapping": self._flat.identifier}))
        record = self._plain("terms", "record", {term.name: term.type for term in self._flat.terms})
        codes = self._codes()
        self._lines()
        rules = self._rules()
        body: list[_Line] = [*record, *codes]
        for name, section in (("override", self._override), ("remove", self._remove), ("after", self._after)):
            if section:
                body.extend([(f"{name}:", None), *section])
        return body + rules

    def _rows(self, sheet: str) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Rows that hold something, filled up to the width of the sheet; a line break in a cell is a blank."""
        width = len(HEADINGS[sheet])
        for number, row in enumerate(self._sheets[sheet].rows, 1):
            if any(row):
                yield number, tuple(" ".join(cell.split("\n")) for cell in (*row, *[""] * width)[:width])

    def _fault(self, code: str, cell: Cell, **values: str) -> None:
        self.findings.append(Finding(code=code, place=Place(file=self._file, locator=str(cell)), values=values))

    def _taken_out(self, name: str, note: str, cell: Cell) -> None:
        """A thing without rule: taken out when the note tells why."""
        if note:
            self._remove.append((f"  {quoted(name)}: {quoted(note)}", cell))
        else:
            self._fault("M494", cell, name=name)

    def _plain(self, sheet: str, section: str, known: Mapping[str, str]) -> list[_Line]:
        """A sheet of names and texts: what is new or otherwise."""
        found: list[_Line] = []
        seen: set[str] = set()
        for number, (name, text, note) in self._rows(sheet):
            cell = Cell(sheet, 1, number)
            if self._twice(name, seen, Cell(sheet, 0, number)):
                continue
            if not text and name in known:
                self._taken_out(name, note, cell)
            elif text != known.get(name):
                found.append((f"  {quoted(name)}: {quoted(text)}", cell))
        self._deleted(sheet, known, seen)
        return [(f"{section}:", None), *found] if found else []

    def _codes(self) -> list[_Line]:
        known = {(word.table, word.word): word.code for word in self._flat.words if word.answer is None}
        added: dict[str, list[_Line]] = {}
        seen: set[str] = set()
        for number, (table, word, code, note) in self._rows("codes"):
            cell, name = Cell("codes", 2, number), f"codes.{table}.{word}"
            if self._twice(name, seen, Cell("codes", 1, number)):
                continue
            if not code and (table, word) in known:
                self._taken_out(name, note, cell)
            elif (table, word) in known and known[table, word] != code:
                self._override.append((f"  {quoted(name)}: {quoted(code)}", cell))
            elif (table, word) not in known:
                added.setdefault(table, []).append((f"    {quoted(word)}: {quoted(code)}", cell))
        self._deleted("codes", [f"codes.{table}.{word}" for table, word in known], seen)
        lines: list[_Line] = [("codes:", None)] if added else []
        for table, words in added.items():
            lines.extend([(f"  {quoted(table)}:", None), *words])
        return lines

    def _lines(self) -> None:
        known = {line.label: line for line in self._flat.lines}
        seen: set[str] = set()
        order: list[str] = []
        last: dict[int, str] = {}
        for number, (_, _, text, note, label, level) in self._rows("lines"):
            cell = Cell("lines", 2, number)
            if self._twice(label, seen, Cell("lines", 4, number)):
                continue
            if not LABEL.fullmatch(label) or not re.fullmatch(r"\d", level):
                self._fault("M495", Cell("lines", 4, number), label=label or "-", level=level or "-")
                continue
            depth = int(level)
            line = known.get(label)
            if line is None:
                self._new(label, text, depth, last.get(depth), cell)
            elif line.depth != depth:
                self._fault("M496", Cell("lines", 5, number), label=label)
            elif not text:
                self._taken_out(label, note, cell)
            elif text != line.text:
                self._override.append((f"  {label}: {json.dumps(text, ensure_ascii=False)}", cell))
            if line is not None:
                order.append(label)
                last = {held: name for held, name in last.items() if held < depth} | {depth: label}
        self._deleted("lines", known, seen)
        if order != [label for label in known if label in order]:
            moved = next(name for name, wanted in zip(order, (one for one in known if one in order), strict=True)
                         if name != wanted)
            self._fault("M496", Cell("lines", 4, 1 + order.index(moved)), label=moved)

    def _new(self, label: str, text: str, depth: int, behind: str | None, cell: Cell) -> None:
        """A new line goes behind a known one of its level."""
        if behind is None:
            self._fault("M497", cell, label=label)
            return
        opened = f"  {behind}: |"
        if not self._after or opened not in [line for line, _ in self._after]:
            self._after.append((opened, None))
        place = max(number for number, (line, _) in enumerate(self._after) if line == opened) + 1
        while place < len(self._after) and self._after[place][0].startswith("    "):
            place += 1
        self._after.insert(place, (f"    {label}: {text}", cell))

    def _rules(self) -> list[_Line]:
        known = {rule.code: _rule(rule) for rule in self._flat.rules}
        found: list[_Line] = []
        seen: set[str] = set()
        for number, (code, when, every, need, french, english, note) in self._rows("rules"):
            cell = Cell("rules", 3, number)
            if self._twice(code, seen, Cell("rules", 0, number)):
                continue
            if not need and code in known:
                self._taken_out(code, note, cell)
            elif (when, every, need, french, english) != known.get(code):
                found.append((f"  {quoted(code)}:", cell))
                for key, text, column in (("when", when, 1), ("every", every, 2), ("need", need, 3)):
                    if text:
                        found.append((f"    {key}: {_several(text)}", Cell("rules", column, number)))
                found.extend((f"    {key}: {quoted(text)}", Cell("rules", column, number))
                             for key, text, column in (("fr", french, 4), ("en", english, 5)) if text)
        self._deleted("rules", known, seen)
        return [("require:", None), *found] if found else []

    def _twice(self, name: str, seen: set[str], cell: Cell) -> bool:
        """Tell whether a name stands a second time; the first counts."""
        again = name in seen
        if again:
            self._fault("M498", cell, name=name)
        seen.add(name)
        return again

    def _deleted(self, sheet: str, known: Mapping[str, object] | Sequence[str], seen: set[str]) -> None:
        for name in known:
            if name not in seen:
                self._fault("M494", Cell(sheet, 0, 0), name=name)


def _several(text: str) -> str:
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if len(parts) == 1:
        return quoted(parts[0])
    return f"[{', '.join(json.dumps(part, ensure_ascii=False) for part in parts)}]"


