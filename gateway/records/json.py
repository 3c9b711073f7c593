"""National JSON in and out: every value keeps its line, column and pointer; numbers keep their digits.

Stricter than RFC 8259 where leniency loses data: a key twice is a fault, NaN does not exist, nesting has a limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.records.nodes import FILE_LIMIT, Form, Kind, Node

DEPTH_LIMIT = 64

Json: TypeAlias = "str | int | bool | Mapping[str, Json] | Sequence[Json]"

_SPACE = re.compile(r"[ \t\r\n]*")
_TEXT = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*)"')
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": Kind.BOOLEAN, "false": Kind.BOOLEAN, "null": Kind.NULL}


def read_json(content: bytes, file: str, *, limit: int = FILE_LIMIT) -> Node:
    """Read one document.

    Raises LocalError: R001 too large, R006 not UTF-8, R020 not JSON, R021 a key twice, R022 nested too deeply.
    """
    reader = _Reader(_decoded(content, file, limit), file)
    node = reader.value("", None, 1, 0)
    reader.end()
    if reader.findings:
        raise LocalError(*reader.findings)
    return node


def read_json_lines(content: bytes, file: str, *, limit: int = FILE_LIMIT) -> list[Node]:
    """Read a file of one document per line; lines of blanks count for nothing. Raises LocalError as `read_json`, with
    the faults of every line."""
    findings: list[Finding] = []
    made: list[Node] = []
    for number, text in enumerate(_decoded(content, file, limit).split("\n"), 1):
        if not text.strip(" \t\r"):
            continue
        reader = _Reader(text, file, number)
        try:
            made.append(reader.value("", None, 1, 0))
            reader.end()
        except LocalError as error:
            findings.extend(error.findings)
        findings.extend(reader.findings)
    if findings:
        raise LocalError(*findings)
    return made


def _decoded(content: bytes, file: str, limit: int) -> str:
    if len(content) > limit:
        raise LocalError(Finding(code="R001", place=Place(file=file), values={"limit": str(limit)}))
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[:error.start].decode("utf-8")
        raise LocalError(Finding(
            code="R006", place=Place(file=file, line=before.count("\n") + 1, column=len(before) - before.rfind("\n")),
            values={"byte": f"0x{content[error.start]:02X}", "encoding": "utf-8"}))


def write_json(value: Json, *, lines: bool = False) -> bytes:
    """The document in UTF-8 with a line end at its end: indented, or on one line."""
    return (json.dumps(value, ensure_ascii=False, indent=None if lines else 1) + "\n").encode("utf-8")


class _Reader:
    """One pass over the text."""

    def __init__(self, text: str, file: str, line: int = 1) -> None:
        self.findings: list[Finding] = []
        self._text = text
        self._file = file
        self._offset = 0
        self._line = line
        self._start = 0  # offset of the first character of the line

    def value(self, name: str, parent: Node | None, ordinal: int, depth: int) -> Node:
        self._skip()
        place = self._place()
        if depth > DEPTH_LIMIT:
            raise LocalError(Finding(code="R022", place=place, values={"limit": str(DEPTH_LIMIT)}))
        node = Node(name, "", Form.JSON, line=place.line, column=place.column, parent=parent, ordinal=ordinal)
        character = self._text[self._offset:self._offset + 1]
        if character == '"':
            node.text = self._string()
        elif character == "{":
            node.kind = Kind.OBJECT
            self._object(node, depth)
        elif character == "[":
            node.kind = Kind.ARRAY
            self._array(node, depth)
        elif match := _NUMBER.match(self._text, self._offset):
            node.kind, node.text = Kind.NUMBER, match.group()
            self._offset = match.end()
        else:
            word = next((word for word in _WORDS if self._text.startswith(word, self._offset)), None)
            if word is None:
                raise self._fault()
            node.kind, node.text = _WORDS[word], word if word != "null" else ""
            self._offset += len(word)
        return node

    def end(self) -> None:
        self._skip()
        if self._offset != len(self._text):
            raise self._fault()

    def _object(self, node: Node, depth: int) -> None:
        self._offset += 1
        if self._next("}"):
            return
        while True:
            self._skip()
            place = self._place()
            if self._text[self._offset:self._offset + 1] != '"':
                raise self._fault()
            name = self._string()
            self._expect(":")
            child = self.value(name, node, 1, depth + 1)
            if name in node.children:
                self.findings.append(Finding(code="R021", place=place, values={"key": name}))
            node.children.setdefault(name, [child])
            if self._next("}"):
                return
            self._expect(",")

    def _array(self, node: Node, depth: int) -> None:
        self._offset += 1
        members = node.children.setdefault("", [])
        if self._next("]"):
            return
        while True:
            members.append(self.value("", node, len(members) + 1, depth + 1))
            if self._next("]"):
                return
            self._expect(",")

    def _string(self) -> str:
        match = _TEXT.match(self._text, self._offset)
        if match is None:
            raise self._fault()
        self._offset = match.end()
        inner = match.group(1)
        if "\\" not in inner:
            return inner
        text = str(json.loads(match.group()))
        if _SURROGATE.search(text):
            raise self._fault()
        return text

    def _next(self, character: str) -> bool:
        self._skip()
        found = self._text.startswith(character, self._offset)
        self._offset += found
        return found

    def _expect(self, character: str) -> None:
        if not self._next(character):
            raise self._fault()

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._offset)
        assert match is not None
        end = match.end()
        lines = self._text.count("\n", self._offset, end)
        if lines:
            self._line += lines
            self._start = self._text.rfind("\n", self._offset, end) + 1
        self._offset = end

    def _place(self) -> Place:
        return Place(file=self._file, line=self._line, column=self._offset - self._start + 1)

    def _fault(self) -> LocalError:
        return LocalError(Finding(code="R020", place=self._place(), values={
            "found": self._text[self._offset:self._offset + 20] or "EOF"}))
