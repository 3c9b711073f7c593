"""The rows of a national database as a part of a dialect: places name columns as in a CSV, and types do the rest."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.records.changes import Members
from gateway.records.nodes import Node, Values
from gateway.records.rows import LINES, read_rows, write_rows
from gateway.records.view import View


class SqlCodec(Struct, frozen=True):
    """A rows file: what `gateway.records.sql.fetch` makes of one record. The views themselves are never written."""

    view: View

    def read(self, content: bytes, file: str, limit: int) -> tuple[list[Node], tuple[Finding, ...]]:
        record = read_rows(content, file, limit=limit)
        findings = [*_strange(record, file, (*self.view.columns, LINES)),
                    *(finding for line in record.children.get(LINES, ())
                      for finding in _strange(line, file, self.view.item_columns))]
        if findings:
            raise LocalError(*findings)
        return [record], ()

    def unread(self, content: bytes, file: str) -> list[Place]:
        return []  # only the columns that places name are asked for

    def write(self, values: Values) -> bytes:
        header = {name: text for name, text in values.items() if isinstance(text, str)}
        lines = values.get(LINES, [])
        assert isinstance(lines, list)
        return write_rows(self.view.header, self.view.items, self.view.join, header.get(self.view.join, ""), [header],
                          [{name: text for name, text in line.items() if isinstance(text, str)} for line in lines])

    def patch(self, node: Node, members: Members, old: Values, new: Values) -> bytes:
        return self.write(new)


def _strange(row: Node, file: str, known: Sequence[str]) -> list[Finding]:
    """The columns of a row that the dialect did not ask for."""
    return [Finding(code="R030", place=cell.place(file), values={
        "key": name, "near": next(iter(difflib.get_close_matches(name, known, 1)), "-")})
        for name, (cell, *_) in row.children.items() if name not in known]
