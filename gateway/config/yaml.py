"""The one YAML reader: bytes to nodes with places, everything surprising in YAML refused.

Order of work: the bytes (`characters`), then one pass over the parser's events that refuses anchors, aliases, tags,
merge keys, several documents and deep nesting, and builds the nodes at the same time. The parser's own tree builder is
never called: it recurses in C, and 200,000 opening brackets would kill the process. All faults of a file are collected.

Where the C parser is installed it reads first, being ten times as fast. Only what it finds faultless counts: every
fault comes from the Python parser, so that a file gives the same findings on every machine.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gateway.config.characters import Source, invisible_in, prepare
from gateway.config.faults import Faults
from gateway.config.nodes import MappingNode, Node, SequenceNode, Style, TextNode
from gateway.config.syntax import syntax_fault
from gateway.errors import LocalError
from gateway.findings import Finding

DEPTH_LIMIT = 32
PYTHON_PARSER: Any = yaml.SafeLoader
PARSER: Any = getattr(yaml, "CSafeLoader", PYTHON_PARSER)

_TYPOGRAPHIC_QUOTES = tuple("‘’‚“”„")
_HEADER = re.compile(r"[|>][-+1-9]{0,2}( +#.*| *)$")
_STYLES: dict[str | None, Style] = {"'": "'", '"': '"', "|": "|", ">": ">"}


class Reading(NamedTuple):
    """A file read as far as possible.

    node      what could be read, or None
    findings  the faults, sorted by place
    whole     False when reading stopped before the end, so that missing things may only be unread
    """

    node: Node | None
    findings: list[Finding]
    whole: bool


def read_document(source: Path | bytes, name: str | None = None) -> Node:
    """Read one YAML document.

    source  the file, or its bytes
    name    what findings call it; the path by default

    Raises LocalError with every fault of the file (S001 to S039), sorted by place.
    """
    reading = read_partly(source, name or (os.fspath(source) if isinstance(source, Path) else "<yaml>"))
    if reading.findings or reading.node is None:
        raise LocalError(*reading.findings)
    return reading.node


def read_partly(source: Path | bytes, name: str) -> Reading:
    """Read one YAML document as far as possible. Raises nothing; without a node there is at least one finding."""
    faults = Faults(name)
    text = prepare(source, faults)
    if text is None:
        return Reading(None, faults.sorted(), False)
    if PARSER is not PYTHON_PARSER:
        with suppress(yaml.YAMLError):
            reading = _Reader(text, faults.copy()).read(PARSER)
            if not reading.findings:
                return reading
    reader = _Reader(text, faults)
    try:
        return reader.read(PYTHON_PARSER)
    except yaml.YAMLError as error:
        if not faults.at_characters:  # a tab or a control character is what broke the syntax: say only that
            syntax_fault(error, text, faults)
        return Reading(reader.root, faults.sorted(), False)


def parse_document(source: Path | bytes, name: str) -> tuple[Node | None, list[Finding]]:
    """The node and the faults of a document, sorted, for readers that have more faults to add. Raises nothing.

    The node is None when the file could not be read to its end; then there is at least one finding.
    """
    reading = read_partly(source, name)
    return reading.node if reading.whole else None, reading.findings


def language_of(path: Path) -> str | None:
    """The text of ``language:`` in a settings file, or None; for the choice of language before anything is checked."""
    node = read_partly(path, os.fspath(path)).node
    value = node.get("language") if isinstance(node, MappingNode) else None
    return value.text if isinstance(value, TextNode) else None


class _TooDeepError(Exception):
    """Nesting beyond the limit: reading stops at once."""


@dataclass
class _Open:
    """A mapping or a sequence under construction."""

    node: MappingNode | SequenceNode
    key: TextNode | None = None
    seen: dict[str, TextNode] = field(default_factory=dict)


class _Reader:
    """Turns the parser's events into nodes and faults."""

    def __init__(self, source: Source, faults: Faults) -> None:
        self.root: Node | None = None
        self._source = source
        self._faults = faults
        self._open: list[_Open] = []
        self.documents = 0

    def read(self, parser: Any) -> Reading:
        """Read everything. Raises yaml.YAMLError where the text is not YAML; `root` then holds what came before."""
        with suppress(_TooDeepError):
            self._events(parser)
            return Reading(self.root, self._faults.sorted(), self.documents == 1)
        return Reading(self.root, self._faults.sorted(), False)

    def _events(self, parser: Any) -> None:
        event: Any
        for event in yaml.parse(self._source.text, Loader=parser):
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if isinstance(event, yaml.ScalarEvent):
                self._properties(event, line, column)
                self._scalar(event, line, column)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._properties(event, line, column)
                self._start(event, line, column)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._open.pop()
            elif isinstance(event, yaml.AliasEvent):
                self._faults.add("S031", line, column, value=f"*{event.anchor}")
                self._refused(line, column)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents == 2:
                    self._faults.add("S035", line, column)
                    return
        if self.documents == 0 or (isinstance(self.root, TextNode) and self.root.empty):
            self._faults.add("S036", 1, 1)
            self.root = None

    def _properties(self, event: Any, line: int, column: int) -> None:
        if event.anchor is not None:
            self._faults.add("S030", line, column, value=f"&{event.anchor}")
        if event.tag is not None:
            self._faults.add("S032", line, column, value=event.tag)

    def _start(self, event: Any, line: int, column: int) -> None:
        if len(self._open) >= DEPTH_LIMIT:
            self._faults.add("S038", line, column, limit=str(DEPTH_LIMIT))
            raise _TooDeepError
        node: MappingNode | SequenceNode
        if isinstance(event, yaml.MappingStartEvent):
            node = MappingNode([], line, column)
        else:
            node = SequenceNode([], line, column)
        if self._expects_key():
            self._faults.add("S037", line, column)
            self._refused(line, column)
            self._open.append(_Open(node))
            return
        self._place(node)
        self._open.append(_Open(node))

    def _scalar(self, event: Any, line: int, column: int) -> None:
        style: Style = _STYLES.get(event.style or None, "plain")
        if style in ("|", ">") and not _HEADER.match(self._source.lines[line - 1], column - 1):
            raise yaml.YAMLError  # the C parser lets a comment touch the indicator; the Python parser says where
        end = (event.end_mark.line + 1, event.end_mark.column + 1)
        node = self._text(event.value, line, column, style, end)
        if self._expects_key():
            self._key(node)
            return
        if node.empty and self._open:
            parent = self._open[-1]
            place = parent.key or node
            self._faults.add("S039", place.line, place.column, key=parent.key.text if parent.key else "-")
        self._check_plain(node)
        self._place(node)

    def _key(self, node: TextNode) -> None:
        parent = self._open[-1]
        parent.key = node
        if node.text == "" or node.style in ("|", ">"):
            self._faults.add("S037", node.line, node.column)
        elif node.text == "<<" and not node.quoted:
            self._faults.add("S033", node.line, node.column)
        elif node.text in parent.seen:
            first = parent.seen[node.text]
            self._faults.add("S034", node.line, node.column, key=node.text, line=str(first.line),
                             column=str(first.column))
        self._check_plain(node)

    def _check_plain(self, node: TextNode) -> None:
        """What a word processor leaves in a plain scalar, and eyes do not see."""
        if node.quoted:
            return
        for offset in islice(invisible_in(node.text), 1):
            line, column = node.place_of(offset)
            self._faults.add("S010", line, column, character=f"U+{ord(node.text[offset]):04X}")
        if node.text.startswith(_TYPOGRAPHIC_QUOTES):
            self._faults.add("S011", node.line, node.column, character=node.text[0])

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].node, MappingNode) and self._open[-1].key is None

    def _place(self, node: Node) -> None:
        """Put a finished or just opened value where it belongs; of a key that stands twice the first counts."""
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent.node, SequenceNode):
            parent.node.items.append(node)
            return
        assert parent.key is not None
        if parent.key.text not in parent.seen:
            parent.seen[parent.key.text] = parent.key
            parent.node.items.append((parent.key, node))
        parent.key = None

    def _refused(self, line: int, column: int) -> None:
        """Stand in for a key or a value that was refused, so that reading can go on."""
        node = self._text("", line, column, "'", (line, column + 1))
        if self._expects_key():
            self._open[-1].key = node
        else:
            self._place(node)

    def _text(self, text: str, line: int, column: int, style: Style, end: tuple[int, int]) -> TextNode:
        return TextNode(text, line, column, style, self._source.lines, end)
