"""What a national file holds once read: nodes with texts and places, whatever the file was written in.

A node without text and without children is an absent value: the national system wrote an empty element or cell.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from gateway.findings import Place

FILE_LIMIT = 32 * 1024 * 1024
"""Bytes of the largest national file that is read (`limits.file` of the settings may say less)."""


class Form(enum.Enum):
    """The file a node comes from, which decides how its locator is written."""

    XML = "xml"
    CSV = "csv"
    JSON = "json"
    SQL = "sql"
    READER = "reader"


class Kind(enum.Enum):
    """What a JSON value was written as; every node of an XML or CSV file is a text."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    OBJECT = "object"
    ARRAY = "array"


_NONE: dict[str, list[Node]] = {}
"""The children of every leaf: one object for all of them, so that a large file makes fewer."""


class Node:
    """One element, cell or value.

    name      element, column or key
    text      its text without blanks at both ends; "" when there is none
    line      from 1; None where the file has no place for it (a group of lines)
    column    in characters from 1; for XML it is found when a place is asked for, see `position`
    ordinal   place among the children of that name, from 1
    repeated  True when there are several, or may be: the locator then names the ordinal
    children  by name, each in the order of the file; the members of a JSON array stand under ""
    """

    __slots__ = ("children", "column", "form", "kind", "line", "name", "ordinal", "parent", "repeated", "text")

    def __init__(self, name: str, text: str, form: Form, *, line: int | None = None, column: int | None = None,
                 parent: Node | None = None, ordinal: int = 1, repeated: bool = False, kind: Kind = Kind.TEXT,
                 leaf: bool = False) -> None:
        self.name = name
        self.text = text
        self.form = form
        self.line = line
        self.column = column
        self.parent = parent
        self.ordinal = ordinal
        self.repeated = repeated
        self.kind = kind
        self.children: dict[str, list[Node]] = _NONE if leaf else {}

    def first(self, path: Sequence[str]) -> Node | None:
        """The first node at a path below this one, or None."""
        node = self
        for name in path:
            found = node.children.get(name)
            if not found:
                return None
            node = found[0]
        return node

    def every(self, path: Sequence[str]) -> list[Node]:
        """All nodes at a path below this one; only the last step repeats. A JSON array gives its members."""
        node = self.first(path[:-1])
        found = node.children.get(path[-1], []) if node is not None and path else [self]
        return [member for one in found for member in (one.children.get("", ()) if one.kind is Kind.ARRAY else (one,))]

    @property
    def locator(self) -> str:
        """XPath with ordinals of repeated elements, JSON pointer (RFC 6901), the heading of the column, or the column
        of a view with its row: ``entete.numero_t1 numero=2026/7``."""
        if self.form in (Form.CSV, Form.SQL):
            return self.name
        steps = [node._step for node in self._ancestry() if node.form is Form.XML or node.parent is not None]
        return "/" + "/".join(reversed(steps)) if steps else ""

    def place(self, file: str) -> Place:
        """Where it stands: an element by its ``<``, a cell or a value by its first character."""
        line, column = self.line, self.column
        if self.form is Form.XML:
            *_, root = self._ancestry()
            line, column = root.position(self)
        return Place(file=file, line=line, column=column, locator=self.locator)

    def position(self, node: Node) -> tuple[int | None, int | None]:
        """Line and column of a node below this root; the root of an XML document knows more than the node."""
        return node.line, node.column

    @property
    def _step(self) -> str:
        if self.form in (Form.JSON, Form.READER):
            member = self.parent is not None and self.parent.kind is Kind.ARRAY
            return str(self.ordinal - 1) if member else self.name.replace("~", "~0").replace("/", "~1")
        return f"{self.name}[{self.ordinal}]" if self.repeated else self.name

    def _ancestry(self) -> Iterator[Node]:
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


Values: TypeAlias = "dict[str, str | list[Values]]"
"""What is written: path relative to its group -> text, or for a repeated group its members."""


def leaf_texts(node: Node) -> Iterator[tuple[str, str]]:
    """Locator and text of every node with a text, in order: for comparing two files field by field."""
    if node.text:
        yield node.locator, node.text
    for siblings in node.children.values():
        for child in siblings:
            yield from leaf_texts(child)
