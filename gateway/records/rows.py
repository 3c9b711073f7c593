"""The rows of one record from a database, as a file: what was fetched is kept, traced and refused like any other file.

A rows file is JSON: the views, the column that joins them, its value, then the rows of the header (one, else the file
is refused) and of the items, each with its columns. Every value is a text; an absent one is NULL. A value that no text
can stand for keeps the name of its type instead, so that it is refused with its column and not lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.records.json import Json, read_json, write_json
from gateway.records.nodes import FILE_LIMIT, Form, Kind, Node

LINES = "lines"
"""The name under which the rows of the items stand below a record."""

Row = Mapping[str, "str | Mapping[str, str]"]
"""Column -> text, or ``{"type": name}`` for a value without one."""


def write_rows(header: str, items: str, join: str, key: str, rows: Sequence[Row], lines: Sequence[Row]) -> bytes:
    """The file of one record.

    header, items  the views; `items` is "" for a record without items
    join, key      the column that names the record in both, and its value
    """
    shown: dict[str, Json] = {"rows": 1, "header": header, "items": items, "join": join, "key": key,
                              "row": list(map(dict, rows)), LINES: list(map(dict, lines))}
    return write_json(shown)


def read_rows(content: bytes, file: str, *, limit: int = FILE_LIMIT) -> Node:
    """The record of a rows file: columns of the header, and the items under `LINES`.

    Raises LocalError: as `read_json`; R031 a file of another form, R032 no row or several under one key, R033 a value
    of a type that has no text.
    """
    root = read_json(content, file, limit=limit)
    said = {name: root.first((name,)) for name in ("rows", "header", "items", "join", "key", "row", LINES)}
    if any(node is None for node in said.values()) or said["rows"] is None or said["rows"].text != "1":
        raise LocalError(Finding(code="R031", place=root.place(file)))
    header, items, join, key = (_text(said[name]) for name in ("header", "items", "join", "key"))
    findings: list[Finding] = []
    rows = _objects(said["row"])
    if len(rows) != 1:
        place = root.place(file)
        findings.append(Finding(code="R032", place=place, values={"count": str(len(rows)), "view": header,
                                                                  "join": join, "key": key}))
        raise LocalError(*findings)
    record = _row(rows[0], None, f"{header}.", f" {join}={key}", file, findings)
    lines = [_row(row, record, f"{items}.", f" {join}={key} #{number}", file, findings)
             for number, row in enumerate(_objects(said[LINES]), 1)]
    if findings:
        raise LocalError(*findings)
    if lines:
        record.children[LINES] = lines
    return record


def _text(node: Node | None) -> str:
    return node.text if node is not None else ""


def _objects(node: Node | None) -> list[Node]:
    members = node.children.get("", []) if node is not None else []
    return [member for member in members if member.kind is Kind.OBJECT]


def _row(row: Node, parent: Node | None, before: str, behind: str, file: str, findings: list[Finding]) -> Node:
    made = Node(before.rstrip(".") + behind, "", Form.SQL, line=row.line, column=row.column, parent=parent)
    for column, (value, *_) in row.children.items():
        name = f"{before}{column}{behind}"
        cell = Node(name, value.text.strip(), Form.SQL, line=value.line, column=value.column, parent=made, leaf=True)
        if value.kind is Kind.OBJECT:
            findings.append(Finding(code="R033", place=cell.place(file),
                                    values={"type": _text(value.first(("type",))), "column": column}))
        elif cell.text:
            made.children[column] = [cell]
    return made
