"""Readers that others write: one contract for whatever a national system puts out, with the place of every value kept.

A reader turns the bytes of one national file into records: names and texts, each text with the line and column at which
it stands. What a text means (its term, its format) is said by a dialect, as for every other file, or by nobody where
the names are those of the transit record itself. The gateway finds readers as entry points of the group
``edi_gateway.readers`` and calls them in its own process: whoever installs one trusts it.

    class Manifest:
        record = "declaration"

        def read(self, content: bytes, file: str) -> Iterable[Fields]:
            for number, line in enumerate(content.decode("latin-1").splitlines(), 1):
                yield {"local_reference": Value(line[0:12].strip(), number, 1)}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.records.nodes import FILE_LIMIT, Form, Kind, Node

GROUP = "edi_gateway.readers"
"""The group of entry points."""

RECORDS = ("declaration", "event")
"""What a reader may say its records are."""

DEPTH_LIMIT = 16
NODES_LIMIT = 2_000_000
"""Values and groups of one file: more is no national file but a mistake of the reader."""


class Value(Struct, frozen=True):
    """One text of a national file as it stands there, blanks at both ends left out.

    line, column  from 1, column in characters; None where the file has no lines (a binary file)
    """

    text: str
    line: int | None = None
    column: int | None = None


Fields: TypeAlias = "Mapping[str, Value | Fields | Sequence[Fields]]"
"""A record, or a group in it: name -> a value, a group, or a list of groups. What is absent has no name."""


class Unreadable(Exception):
    """A reader's word for a file that is not what it reads; the file is refused with this reason at this place."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


@runtime_checkable
class Reader(Protocol):
    """What a plug-in is. One object reads any number of files, the same file always alike.

    record  declaration or event: what its records are
    """

    record: str

    def read(self, content: bytes, file: str) -> Iterable[Fields]:
        """The records of one file, at least one. Raises Unreadable; reads nothing but the bytes it is given, writes
        nothing, prints nothing."""


def nodes_of(reader: Reader, name: str, content: bytes, file: str, limit: int = FILE_LIMIT) -> list[Node]:
    """The records of a file as nodes, whatever the reader does.

    name  of the reader, for the findings

    Raises LocalError: R001 too large; R044 the reader refuses the file; R045 it fails over it, be it with SystemExit;
    R046 what it gives is no record.
    """
    if len(content) > limit:
        raise LocalError(Finding(code="R001", place=Place(file=file), values={"limit": str(limit)}))
    try:
        records = list(reader.read(content, file))
    except Unreadable as error:
        raise LocalError(Finding(code="R044", place=Place(file=file, line=error.line, column=error.column), values={
            "reader": name, "reason": error.reason[:200]})) from error
    except (Exception, SystemExit) as error:  # somebody else's code: its faults are those of this file alone
        raise LocalError(Finding(code="R045", place=Place(file=file), values={
            "reader": name, "error": f"{type(error).__name__}: {error}"[:200]})) from error
    building = _Building(name, file)
    return [building.group("", record, None, 1, 0) for record in records]


class _Building:
    """Turning what a reader gave into nodes; it may be anything at all."""

    def __init__(self, name: str, file: str) -> None:
        self._name = name
        self._file = file
        self._made = 0

    def group(self, name: str, fields: object, parent: Node | None, ordinal: int, depth: int) -> Node:
        node = self._node(name, parent, ordinal, Kind.OBJECT)
        if not isinstance(fields, Mapping):
            raise self._wrong(node, f"{type(fields).__name__}, not a mapping")
        if depth > DEPTH_LIMIT:
            raise self._wrong(node, f"more than {DEPTH_LIMIT} levels")
        for key, found in fields.items():
            if not isinstance(key, str) or not key:
                raise self._wrong(node, f"a name that is no text: {key!r}"[:80])
            if isinstance(found, Value):
                node.children[key] = [self._leaf(key, found, node)]
            elif isinstance(found, Mapping):
                node.children[key] = [self.group(key, found, node, 1, depth + 1)]
            elif isinstance(found, Sequence) and not isinstance(found, str | bytes):
                array = self._node(key, node, 1, Kind.ARRAY)
                array.children[""] = [self.group("", one, array, number, depth + 1)
                                      for number, one in enumerate(found, 1)]
                array.line, array.column = _first(array)
                node.children[key] = [array]
            else:
                raise self._wrong(node, f"{key}: {type(found).__name__}, not a Value, a mapping or a list")
        node.line, node.column = _first(node)
        return node

    def _leaf(self, name: str, value: Value, parent: Node) -> Node:
        node = self._node(name, parent, 1, Kind.TEXT)
        for number in (value.line, value.column):
            if number is not None and (type(number) is not int or number < 1):
                raise self._wrong(node, f"line or column {number!r}, not a number from 1"[:80])
        if not isinstance(value.text, str):
            raise self._wrong(node, f"{type(value.text).__name__}, not a text")
        if any(0xD800 <= ord(character) <= 0xDFFF for character in value.text):
            raise self._wrong(node, "half a character (a surrogate)")
        node.text, node.line, node.column = value.text.strip(), value.line, value.column
        return node

    def _node(self, name: str, parent: Node | None, ordinal: int, kind: Kind) -> Node:
        self._made += 1
        node = Node(name, "", Form.READER, parent=parent, ordinal=ordinal, kind=kind)
        if self._made > NODES_LIMIT:
            raise self._wrong(node, f"more than {NODES_LIMIT} values")
        return node

    def _wrong(self, node: Node, what: str) -> LocalError:
        return LocalError(Finding(code="R046", place=Place(file=self._file, locator=node.locator or None), values={
            "reader": self._name, "what": what}))


def _first(node: Node) -> tuple[int | None, int | None]:
    """Where a group begins: at the first of its values that has a place."""
    for children in node.children.values():
        for child in children:
            if child.line is not None:
                return child.line, child.column
    return None, None
