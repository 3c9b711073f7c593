"""The files a national record is spread over, and how their pieces find each other again.

One part is one kind of file of the dialect. A declaration in two parts (a SAD and the T1 extract) is joined on the key
that each part holds in its own way; a part without its twin waits, two with one key are refused.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.dialect_formats import Format, Misfit
from gateway.mapping.dialect_text import Template
from gateway.records.changes import Members, steps
from gateway.records.csv import Layout, Table, read_csv, write_csv
from gateway.records.flat import Flat
from gateway.records.json import Json, read_json, read_json_lines, write_json
from gateway.records.json_patch import patch_json
from gateway.records.nodes import Form, Kind, Node, Values
from gateway.records.rows import LINES
from gateway.records.xml import Document, Wanted, read_xml, unread
from gateway.records.xml_patch import patch
from gateway.records.xml_write import Skeleton, writable


class Piece(Struct, frozen=True):
    """One record's share of one file.

    found      its node, or what gives it: nodes are made where somebody asks for them
    key        None when the part names none or the file does not hold it
    values     its texts, where they were read without nodes
    """

    part: str
    file: str
    found: Node | Callable[[], Node]
    key: str | None
    announced: tuple[Finding, ...] = ()
    values: Flat | None = None

    @property
    def node(self) -> Node:
        """Its node. Raises LocalError as `Part.pieces`."""
        return self.found if isinstance(self.found, Node) else self.found()


class Codec(Protocol):
    """Reads and writes the files of one part."""

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        """One node per record, and what is only announced. Raises LocalError with the faults."""

    def unread(self, content: bytes, file: str) -> list[Place]:
        """What the file holds and the dialect does not read."""

    def write(self, values: Values) -> bytes:
        """The file of one record. Raises Misfit D203 for a character that the file cannot carry."""

    def patch(self, node: Node, members: Members, old: Values, new: Values) -> bytes:
        """The file that a node was read from with the difference between two sets of values in it. Raises as `write`.
        """


class KeySource(Struct, frozen=True):
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


class Part(Struct, frozen=True):
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


class XmlCodec(Struct, frozen=True):
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

    def patch(self, node: Node, members: Members, old: Values, new: Values) -> bytes:
        assert isinstance(node, Document)
        _check(new, "", writable)
        return patch(node, members, old, new, self.skeleton)


class CsvCodec(Struct, frozen=True):
    """CSV, one record per line, or one per group of lines whose first columns repeat.

    group     columns that name the record; empty when each line is one
    items     columns that belong to the line, not to the record
    unplaced  columns that are known and that nothing reads: no place, rule, count or key names them
    """

    layout: Layout
    group: Sequence[str]
    items: frozenset[str]
    unplaced: frozenset[str] = frozenset()

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        table = read_csv(content, file, self.layout, limit=limit)
        return (self._grouped(table, file) if self.group else table.lines), table.findings

    def unread(self, content: bytes, file: str) -> list[Place]:
        """The first filled cell of each column that nothing reads."""
        first: dict[str, Place] = {}
        for line in read_csv(content, file, self.layout).lines if self.unplaced else ():
            for name, (cell, *_) in line.children.items():
                if name in self.unplaced:
                    first.setdefault(name, cell.place(file))
        return list(first.values())

    def write(self, values: Values) -> bytes:
        return self._written(_rows(values))

    def _written(self, rows: Sequence[Mapping[str, str]]) -> bytes:
        try:
            return write_csv(rows, self.layout)
        except UnicodeEncodeError:
            for row in rows:
                _check(dict(row), "", self._encodable)
            raise

    def patch(self, node: Node, members: Members, old: Values, new: Values) -> bytes:
        """Rows are written anew under the first headings; what stands in columns that nothing reads stays with its
        line."""
        rows = _rows(new)
        own = [self._own(line) for line in members.get((node, LINES), ())]
        kept: list[dict[str, str]] = [{} for _ in rows]
        for _, first, end, start, stop in steps(_rows(old), rows):
            for number in range(min(end - first, stop - start)):
                if first + number < len(own):
                    kept[start + number] = own[first + number]
        header = self._own(node)
        return self._written([{**header, **mine, **row} for row, mine in zip(rows, kept, strict=True)])

    def _own(self, node: Node) -> dict[str, str]:
        """What stands in the columns of a line that nothing reads."""
        return {name: cells[0].text for name, cells in node.children.items() if name in self.unplaced}

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
            own: dict[str, list[Node]] = {}
            for name, (cell, *_) in line.children.items():
                if name in self.items:
                    member.children[name] = [cell]
                    continue
                if name in self.unplaced:  # what nobody reads need not be repeated alike
                    own[name] = [cell]
                    continue
                first = record.children.setdefault(name, [cell])[0]
                if first.text != cell.text:
                    place = cell.place(file)
                    findings.append(Finding(code="D114", place=place, values={
                        "heading": cell.name, "value": cell.text[:80], "other": first.text[:80],
                        "line": str(first.line)}))
            if member.children:
                record.children.setdefault(LINES, []).append(member)
                member.children.update(own)
            else:
                record.children.update(own)
        if findings:
            raise LocalError(*findings)
        return list(made.values())


class JsonCodec(Struct, frozen=True):
    """JSON: one record per file, or one object per line.

    known  the keys that the dialect reads, as a tree; None where another judges them (the record's own names)
    keep   whether keys beyond them are kept (and written back), or refused
    lines  one object per line
    """

    known: Wanted | None = None
    keep: bool = False
    lines: bool = False

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        nodes = read_json_lines(content, file, limit=limit) if self.lines else [read_json(content, file, limit=limit)]
        if self.known is not None and not self.keep:
            findings = strange_keys(nodes, self.known, file)
            if findings:
                raise LocalError(*findings)
        return nodes, ()

    def unread(self, content: bytes, file: str) -> list[Place]:
        if self.known is None:
            return []
        nodes, _ = self.read(content, file, len(content))
        return [node.place(file) for root in nodes for node, _ in _strange(root, self.known)]

    def write(self, values: Values) -> bytes:
        return write_json(_nested(values), lines=self.lines)

    def patch(self, node: Node, members: Members, old: Values, new: Values) -> bytes:
        return patch_json(node, _nested(old), _nested(new), lines=self.lines)


def strange_keys(nodes: Sequence[Node], known: Wanted, file: str) -> list[Finding]:
    """R030 for every key of some documents that nobody reads."""
    return [Finding(code="R030", place=node.place(file), values={
        "key": node.name, "near": next(iter(difflib.get_close_matches(node.name, near, 1)), "-")})
        for root in nodes for node, near in _strange(root, known)]


def _strange(node: Node, known: Wanted) -> Iterator[tuple[Node, Sequence[str]]]:
    """The keys below a node that nobody reads, with those that might be meant. `repeats` is an array's members."""
    if node.kind is Kind.ARRAY:
        for member in node.children[""]:
            yield from _strange(member, known)
    elif node.kind is Kind.OBJECT:
        for name, (child, *_) in node.children.items():
            inner = known.children.get(name)
            if inner is None:
                yield child, list(known.children)
            elif inner.children:
                yield from _strange(child, inner)


def _rows(values: Values) -> list[dict[str, str]]:
    """The lines of one record, each with the header's cells; one line where it has none."""
    header, lines = _texts(values), values.get(LINES)
    return [{**header, **_texts(line)} for line in lines] if isinstance(lines, list) and lines else [header]


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
