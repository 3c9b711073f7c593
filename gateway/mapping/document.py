"""One mapping file as it was written: its sections, read and placed, nothing looked up in another file.

Unknown keys are faults, with the key that was probably meant. Everything keeps its origin, because a line may travel
through several levels of inheritance and a fault must still name the file in which it was written.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.config.yaml import parse_document
from gateway.findings import Finding, Place
from gateway.mapping.notation import TERM, Notation, Origin
from gateway.mapping.sections import (
    RULE_KEYS,
    SECTIONS,
    UNMAPPED,
    Document,
    FunctionRule,
    Named,
    Rule,
    Test,
    Title,
    Typed,
)
from gateway.mapping.term_types import parse_type
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import terms

__all__ = ["FORMAT", "RULE_KEYS", "SECTIONS", "UNMAPPED", "Document", "FunctionRule", "Named", "Rule", "Test", "Title",
           "Typed", "nearest", "parse_mapping", "read_mapping_file", "shown"]

FORMAT = "1"

_TRANSIT_TERMS = sorted({*terms(Declaration), *terms(Event)})
_N = TypeVar("_N", bound=Node)


def read_mapping_file(path: Path, name: str) -> tuple[Document, list[Finding]]:
    """Read one file. What could be understood is given back beside the findings (S... and M0..).

    A file that has not changed since is not read again: many layouts share their base.
    """
    try:
        status = path.stat()
        document, findings = _read(path, name, status.st_mtime_ns, status.st_size)
    except OSError as error:
        finding = Finding(code="M001", place=Place(file=name), values={"reason": error.strerror or str(error)})
        return Document(name, ""), [finding]
    return document, list(findings)


@lru_cache(maxsize=128)
def _read(path: Path, name: str, modified: int, size: int) -> tuple[Document, list[Finding]]:
    return parse_mapping(path.read_bytes(), name)


def parse_mapping(content: bytes, name: str) -> tuple[Document, list[Finding]]:
    """Read the bytes of a file. What could be understood is given back beside the findings (S... and M0..)."""
    node, findings = parse_document(content, name)
    document = Document(name, hashlib.sha256(content).hexdigest(), content)
    if node is not None:
        reader = _Reader(document, findings)
        if isinstance(node, MappingNode):
            reader.read(node)
        else:
            reader.complain("M004", node, key="-", expected="mapping")
    return document, findings


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or a hyphen."""
    found = difflib.get_close_matches(word, list(known), 1, 0.6)
    return found[0] if found else "-"


class _Reader:
    """Fills a document from its nodes."""

    def __init__(self, document: Document, findings: list[Finding]) -> None:
        self._document = document
        self._findings = findings

    def complain(self, code: str, node: Node, offset: int | None = None, **values: str) -> None:
        line, column = node.line, node.column
        if offset is not None and isinstance(node, TextNode):
            line, column = node.place_of(offset)
        self._findings.append(Finding(code=code, place=Place(file=self._document.file, line=line, column=column),
                                      values=values))

    def read(self, node: MappingNode) -> None:
        for key, _ in node.items:
            if key.text not in SECTIONS:
                self.complain("M002", key, key=key.text, nearest=nearest(key.text, SECTIONS))
        for name in ("format", "id"):
            if node.get(name) is None:
                self.complain("M003", node, key=name)
        document = self._document
        version = self._word(node, "format")
        if version is not None and version.text != FORMAT:
            self.complain("M005", node.get("format") or node, version=version.text)
        for name in ("id", "version"):
            named = self._word(node, name)
            if named is not None:
                setattr(document, name, named.text)
        document.title = self._title(node)
        base = self._word(node, "base")
        if base is not None:
            if base.text not in ("yes", "no"):
                self.complain("M004", node.get("base") or node, key="base", expected="yes, no")
            document.base = base.text == "yes"
        unmapped = self._word(node, "unmapped")
        if unmapped is not None:
            if unmapped.text not in UNMAPPED:
                self.complain("M004", node.get("unmapped") or node, key="unmapped", expected=", ".join(UNMAPPED))
            document.unmapped = unmapped.text
        document.message = self._word(node, "message")
        document.extends = self._word(node, "extends")
        document.record = self._types(node, "record")
        document.extras = self._types(node, "extras")
        for table, words in self._pairs(node, "codes", MappingNode):
            document.codes[table.text] = dict(self._words(words))
        for table, words in self._pairs(node, "many_to_one", MappingNode):
            entries = dict(self._words(words))
            answer = entries.pop("answer", None)
            if answer is None:
                self.complain("M003", table, key="answer")
            answers = tuple(part.strip() for part in answer.text.split(",")) if answer else ()
            document.many_to_one[table.text] = (entries, answers, self._origin(table))
        document.fixed = {key.text: self._named(value) for key, value in self._pairs(node, "fixed", TextNode)}
        events = node.get("events")
        if events is not None:
            document.events = list(self._list(events, "events"))
        document.remove = {key.text: self._named(value) for key, value in self._pairs(node, "remove", TextNode)}
        for key, value in self._pairs(node, "remove", TextNode):
            if not value.text.strip():
                self.complain("M033", value, label=key.text)
        self._layout(node)
        for key, behaviour in self._items(node, "functions"):
            rule = self._function(key, behaviour)
            if rule is not None:
                document.functions[key.text] = rule
        for key, body in self._pairs(node, "require", MappingNode):
            required = self._rule(key, body)
            if required is not None:
                document.require[key.text] = required

    def _layout(self, node: MappingNode) -> None:
        document = self._document
        block = node.get("segments")
        if isinstance(block, TextNode):
            document.segments = self._notation(block).block(block.text)
        elif block is not None:
            self.complain("M004", block, key="segments", expected="text")
        carried = node.get("carries")
        if carried is not None:
            document.carries = list(self._list(carried, "carries"))
        for label, text in self._pairs(node, "override", TextNode):
            section, _, rest = label.text.partition(".")
            if section == "codes" and "." in rest:
                table, _, word = rest.partition(".")
                document.recoded[table, word] = self._named(text)
                continue
            stripped = text.text.rstrip()
            body = self._notation(text).body(stripped.lstrip(" "), len(stripped) - len(stripped.lstrip(" ")))
            if body is not None:
                document.override[label.text] = (body, self._origin(label))
        for label, text in self._pairs(node, "after", TextNode):
            document.after[label.text] = (self._notation(text).block(text.text), self._origin(label))

    def _notation(self, node: TextNode) -> Notation:
        def complain(code: str, offset: int, values: Mapping[str, str]) -> None:
            self.complain(code, node, min(offset, len(node.text)), **values)
        return Notation(self._document.file, node.place_of, complain)

    def _title(self, node: MappingNode) -> Title | None:
        title = node.get("title")
        if title is None:
            return None
        if not isinstance(title, MappingNode):
            self.complain("M004", title, key="title", expected="{fr: ..., en: ...}")
            return None
        self._only(title, ("fr", "en"), ("fr", "en"), title, "title")
        french, english = self._word(title, "fr"), self._word(title, "en")
        return Title(french.text, english.text, self._origin(title)) if french and english else None

    def _only(self, node: MappingNode, known: Sequence[str], needed: Iterable[str], place: Node, name: str) -> None:
        """Keys that do not belong there, and keys that are missing."""
        for key, _ in node.items:
            if key.text not in known:
                self.complain("M002", key, key=key.text, nearest=nearest(key.text, known))
        for missing in needed:
            if node.get(missing) is None:
                self.complain("M003", place, key=f"{name}.{missing}")

    def _function(self, key: TextNode, node: Node) -> FunctionRule | None:
        origin = self._origin(key)
        if isinstance(node, TextNode) and node.text == "whole":
            return FunctionRule(None, (), origin)
        if isinstance(node, SequenceNode):
            return FunctionRule(tuple(self._list(node, key.text)), (), origin)
        if isinstance(node, MappingNode) and [name.text for name, _ in node.items] == ["without"]:
            return FunctionRule(None, tuple(self._list(node.items[0][1], "without")), origin)
        self.complain("M038", node, function=key.text)
        return None

    def _rule(self, key: TextNode, node: MappingNode) -> Rule | None:
        faults = len(self._findings)
        self._only(node, RULE_KEYS, ("need", "fr", "en"), key, key.text)
        when = [self._test(part) for part in self._several(node, "when")]
        need = [tuple(Named(word.strip(), part.origin) for word in part.text.split(" or "))
                for part in self._several(node, "need")]
        every, french, english = (self._word(node, name) for name in ("every", "fr", "en"))
        if len(self._findings) > faults or french is None or english is None:
            return None
        return Rule(key.text, tuple(test for test in when if test), every, tuple(need), french.text, english.text,
                    self._origin(key))

    def _test(self, part: Named) -> Test | None:
        words = part.text.split(None, 2)
        if len(words) == 3 and words[1] in ("in", "is") and TERM.fullmatch(words[0]):
            return Test(words[0], tuple(value.strip() for value in words[2].split(",")), False, part.origin)
        if len(words) == 2 and words[0] == "no" and TERM.fullmatch(words[1]):
            return Test(words[1], (), True, part.origin)
        if len(words) == 1 and TERM.fullmatch(words[0]):
            return Test(words[0], (), False, part.origin)
        place = Place(file=part.origin.file, line=part.origin.line, column=part.origin.column)
        self._findings.append(Finding(code="M019", place=place, values={"text": part.text}))
        return None

    def _several(self, node: MappingNode, key: str) -> Iterator[Named]:
        value = node.get(key)
        if isinstance(value, TextNode):
            yield self._named(value)
        elif value is not None:
            yield from self._list(value, key)

    def _types(self, node: MappingNode, section: str) -> dict[str, Typed]:
        found = {}
        for key, value in self._pairs(node, section, TextNode):
            kind = parse_type(value.text)
            if not TERM.fullmatch(key.text) or (section == "extras" and "." in key.text):
                self.complain("M031", key, term=key.text, nearest=nearest(key.text.lower(), _TRANSIT_TERMS))
            elif kind is None or (section == "extras" and kind.name not in ("an", "a")):
                self.complain("M022", value, type=value.text, term=key.text)
            else:
                found[key.text] = Typed(kind, self._origin(key))
        return found

    def _words(self, node: MappingNode) -> Iterator[tuple[str, Named]]:
        for key, value in node.items:
            if isinstance(value, TextNode):
                yield key.text, Named(value.text, self._origin(key))
            else:
                self.complain("M004", value, key=key.text, expected="text")

    def _items(self, node: MappingNode, section: str) -> list[tuple[TextNode, Node]]:
        whole = node.get(section)
        if whole is None:
            return []
        if not isinstance(whole, MappingNode):
            self.complain("M004", whole, key=section, expected="mapping")
            return []
        return whole.items

    def _pairs(self, node: MappingNode, section: str, expected: type[_N]) -> Iterator[tuple[TextNode, _N]]:
        """Keys and values of a section, those of the wrong kind reported and left out."""
        for key, value in self._items(node, section):
            if isinstance(value, expected):
                yield key, value
            else:
                self.complain("M004", value, key=key.text, expected="text" if expected is TextNode else "mapping")

    def _list(self, node: Node, key: str) -> Iterator[Named]:
        if not isinstance(node, SequenceNode):
            self.complain("M004", node, key=key, expected="list")
            return
        for item in node.items:
            if isinstance(item, TextNode):
                yield self._named(item)
            else:
                self.complain("M004", item, key=key, expected="text")

    def _word(self, node: MappingNode, key: str) -> Named | None:
        value = node.get(key)
        if value is None:
            return None
        if not isinstance(value, TextNode):
            self.complain("M004", value, key=key, expected="text")
            return None
        return self._named(value)

    def _named(self, node: TextNode) -> Named:
        return Named(node.text, self._origin(node))

    def _origin(self, node: Node) -> Origin:
        return Origin(self._document.file, node.line, node.column)


def shown(path: Path, folder: Path) -> str:
    """How a file is called in findings: relative to its search folder where it lies in one."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else os.fspath(path)
