"""The files a national record is spread over, and how their pieces find each other again.

One part is one kind of file of the dialect. A declaration in two parts (a SAD and the T1 extract) is joined on the key
that each part holds in its own way; a part without its twin waits, two with one key are refused.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.dialect_formats import Format, Misfit
from gateway.mapping.dialect_text import Template
from gateway.records.csv import Layout, Table, read_csv, write_csv
from gateway.records.json import Json, read_json, write_json
from gateway.records.nodes import Form, Node, Values
from gateway.records.xml import Wanted, read_xml, unread
from gateway.records.xml_write import Skeleton, writable


@dataclass(frozen=True)
class Piece:
    """One record's share of one file. `key` is None when the part names none or the file does not hold it."""

    part: str
    file: str
    node: Node
    key: str | None
    announced: tuple[Finding, ...] = ()


class Codec(Protocol):
    """Reads and writes the files of one part."""

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        """One node per record, and what is only announced. Raises LocalError with the faults."""

    def unread(self, content: bytes, file: str) -> list[Place]:
        """What the file holds and the dialect does not read."""

    def write(self, values: Values) -> bytes:
        """The file of one record. Raises Misfit D203 for a character that the file cannot carry."""


@dataclass(frozen=True)
class KeySource:
    """One way to find the key in a part: cells taken apart by templates; all of them must be there."""

    cells: Sequence[tuple[tuple[str, ...], Template, Mapping[str, Format]]]

    def parts(self, node: Node) -> dict[str, str] | None:
        """The parts of the key, or None."""
        found: dict[str, str] = {}
        for path, template, formats in self.cells:
            cell = node.first(path)
            taken = template.read(cell.text) if cell is not None and cell.text else None
            if taken is None:
                return None
            try:
                found.update({name: str(formats[name].read(text)) if name in formats else text
                              for name, text in taken.items()})
            except Misfit:
                return None
        return found


@dataclass(frozen=True)
class Part:
    """One part: its files' names both ways, its codec, its keys."""

    name: str
    match: str
    file: str
    codec: Codec
    keys: Sequence[KeySource]
    key: Template | None

    def fits(self, file: str) -> bool:
        """Tell whether a file name belongs to this part."""
        return fnmatch.fnmatch(file.rpartition("/")[2].lower(), self.match.lower())

    def pieces(self, content: bytes, file: str, limit: int) -> list[Piece]:
        """The records' shares of one file. Raises LocalError, D107 where a share has no key but needs one."""
        nodes, announced = self.codec.read(content, file, limit)
        pieces = [Piece(self.name, file, node, self._key(node), announced) for node in nodes]
        if self.keys:
            faults = [Finding(code="D107", place=piece.node.place(file)) for piece in pieces if piece.key is None]
            if faults:
                raise LocalError(*faults)
        if not pieces:
            raise LocalError(Finding(code="D118", place=Place(file=file)))
        return pieces

    def _key(self, node: Node) -> str | None:
        for source in self.keys:
            parts = source.parts(node)
            if parts is not None and self.key is not None:
                return self.key.echo(parts)
        return None


@dataclass(frozen=True)
class XmlCodec:
    """XML by a skeleton."""

    root: str
    encoding: str
    wanted: Wanted
    skeleton: Skeleton

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        return [read_xml(content, file, root=self.root, wanted=self.wanted, limit=limit)], ()

    def unread(self, content: bytes, file: str) -> list[Place]:
        return [node.place(file) for node in unread(content, file, root=self.root, wanted=self.wanted)]

    def write(self, values: Values) -> bytes:
        _check(values, "", writable)
        return self.skeleton.write(values, self.encoding)


LINES = "lines"
"""The path under which a CSV declaration holds its lines."""


@dataclass(frozen=True)
class CsvCodec:
    """CSV, one record per line, or one per group of lines whose first columns repeat.

    group  columns that name the record; empty when each line is one
    items  columns that belong to the line, not to the record
    """

    layout: Layout
    group: Sequence[str]
    items: frozenset[str]

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        table = read_csv(content, file, self.layout, limit=limit)
        return (self._grouped(table, file) if self.group else table.lines), table.findings

    def unread(self, content: bytes, file: str) -> list[Place]:
        return []

    def write(self, values: Values) -> bytes:
        header = {name: text for name, text in values.items() if isinstance(text, str)}
        lines = values.get(LINES)
        rows = [{**header, **_texts(line)} for line in lines] if isinstance(lines, list) and lines else [header]
        try:
            return write_csv(rows, self.layout)
        except UnicodeEncodeError:
            for row in rows:
                _check(dict(row), "", self._encodable)
            raise

    def _encodable(self, text: str) -> bool:
        try:
            text.encode(self.layout.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def _grouped(self, table: Table, file: str) -> list[Node]:
        """One node per declaration. Raises LocalError D107 (no key in a line), D114 (a header column that changes)."""
        findings: list[Finding] = []
        made: dict[tuple[str, ...], Node] = {}
        for line in table.lines:
            key = tuple(line.children[name][0].text if name in line.children else "" for name in self.group)
            if not any(key):
                findings.append(Finding(code="D107", place=line.place(file)))
                continue
            record = made.get(key)
            if record is None:
                record = made[key] = Node("", "", Form.CSV, line=line.line, column=1)
            member = Node("", "", Form.CSV, line=line.line, column=1, parent=record)
            for name, (cell, *_) in line.children.items():
                if name in self.items:
                    member.children[name] = [cell]
                    continue
                first = record.children.setdefault(name, [cell])[0]
                if first.text != cell.text:
                    place = cell.place(file)
                    findings.append(Finding(code="D114", place=place, values={
                        "heading": cell.name, "value": cell.text[:80], "other": first.text[:80],
                        "line": str(first.line)}))
            if member.children:
                record.children.setdefault(LINES, []).append(member)
        if findings:
            raise LocalError(*findings)
        return list(made.values())


@dataclass(frozen=True)
class JsonCodec:
    """JSON, one record per file."""

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        return [read_json(content, file, limit=limit)], ()

    def unread(self, content: bytes, file: str) -> list[Place]:
        return []

    def write(self, values: Values) -> bytes:
        return write_json(_nested(values))


def _texts(values: Mapping[str, str | list[Values]]) -> dict[str, str]:
    return {name: text for name, text in values.items() if isinstance(text, str)}


def _nested(values: Mapping[str, str | list[Values]]) -> dict[str, Json]:
    """Paths as objects within objects."""
    made: dict[str, Json] = {}
    for path, value in values.items():
        *groups, name = path.split("/")
        inner = made
        for group in groups:
            step = inner.setdefault(group, {})
            assert isinstance(step, dict)
            inner = step
        inner[name] = [_nested(member) for member in value] if isinstance(value, list) else value
    return made


class _Carries(Protocol):
    def __call__(self, text: str) -> bool: ...


def _check(values: Mapping[str, str | list[Values]], prefix: str, carries: _Carries) -> None:
    """Raises Misfit D203, naming the place, for a character that the file cannot carry."""
    for path, value in values.items():
        if isinstance(value, list):
            for ordinal, member in enumerate(value, 1):
                _check(member, f"{prefix}{path}[{ordinal}]/", carries)
        elif not carries(value):
            bad = next(character for character in value if not carries(character))
            raise Misfit("D203", character=f"U+{ord(bad):04X}", locator=prefix + path, value=value[:80])
