"""National XML and CSV of the usual form, read to texts alone: no node, no place, and no judgement.

What is read here is what `gateway.records.xml.read_xml` and `gateway.records.csv.read_csv` would read, without where it
stood; whatever is unusual (a comment, an element twice, a line that lacks cells) gives None, and those find out what it
is. A document has passed the hardened parser before it is taken apart here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

from gateway.records.csv import Layout, columns_of_headings, decoded, plain_text, same_heading
from gateway.records.xml import Wanted, decoded_xml, parse

Flat: TypeAlias = "dict[str, Any]"
"""Key -> text, never empty, or the members of a repeated element, each one flat again. A key is the name of the part, a
blank, and the path below the record or the member: ``sad Transit/Destination/Office``."""

_MEMO = 4096
"""Tags that the reader of one kind of document remembers, with what stands around them."""
_SHORT = 200
"""Characters of the longest of them."""
_REFERENCE = re.compile(r"&(?:#(?:x([0-9A-Fa-f]+)|([0-9]+))|(amp|lt|gt|quot|apos));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class NotFlat(Exception):
    """A kind of file that is not read in this way."""


class _State:
    """Inside one element: a wanted group, a wanted leaf, such a leaf that has its text, or what nobody wants.

    moves   piece -> where it leads, for pieces that change nothing else
    enters  piece -> the group that begins with it, one that stands once
    full    of a wanted leaf: the same with a text in it
    """

    __slots__ = ("children", "enters", "full", "key", "kind", "member", "moves", "parent")

    def __init__(self, kind: str, parent: _State | None, key: str = "", *, member: bool = False) -> None:
        self.kind = kind
        self.parent = parent
        self.key = key
        self.member = member
        self.children: dict[str, _State] = {}
        self.moves: dict[str, _State] = {}
        self.enters: dict[str, _State] = {}
        self.full: _State | None = _State("full", parent) if kind == "leaf" else None


def _group(wanted: Mapping[str, Wanted], state: _State, prefix: str, path: str) -> None:
    for name, shape in wanted.items():
        inner = f"{path}{name}"
        if shape.children:
            made = _State("group", state, prefix + inner, member=shape.repeats)
            _group(shape.children, made, prefix, "" if shape.repeats else f"{inner}/")
        elif shape.repeats:
            raise NotFlat
        else:
            made = _State("leaf", state, prefix + inner)
        state.children[name] = made


class FlatXml:
    """Documents of one form.

    A document is cut at every ``<``: each piece is a tag and the text behind it. Tags come again and again with the
    same blanks around them, so where a piece leads is looked up whole; only texts and what repeats are taken apart.

    Raises NotFlat for a repeated element that is wanted for its text.
    """

    def __init__(self, root: str, wanted: Wanted, part: str) -> None:
        self._root = root
        self._top = _State("skip", None)
        document = self._top.children[root] = _State("group", self._top)
        _group(wanted.children, document, f"{part} ", "")
        self._room = _MEMO

    def read(self, content: bytes, file: str, limit: int) -> list[Flat] | None:
        """The one record of a document. Raises LocalError as `gateway.records.xml.parse`."""
        parse(content, file, root=self._root, limit=limit)
        text = decoded_xml(content, file)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        pieces = text.split("<")
        if text.count(">") != len(pieces) - 1:
            return None  # one that is no end of a tag
        values = self._walk(pieces, 2 if text.startswith("<?xml") else 1)
        return None if values is None else [values]

    def _walk(self, pieces: Sequence[str], begin: int) -> Flat | None:
        state, moves = self._top, self._top.moves
        values: Flat = {}
        around: list[Flat] = []
        for piece in islice(pieces, begin, None):
            step = moves.get(piece)
            if step is not None:
                state, moves = step, step.moves
                continue
            inner = state.enters.get(piece)
            if inner is not None and inner.key not in values:
                values[inner.key] = ""
                state, moves = inner, inner.moves
                continue
            tag, _, text = piece.partition(">")
            inner = state.children.get(tag)
            if inner is not None and inner.full is not None:
                if "&" in text:
                    text = _REFERENCE.sub(_character, text)
                text = text.strip()
                if text:
                    if inner.key in values:
                        return None
                    values[inner.key] = text
                    inner = inner.full
                else:
                    self._remember(moves, piece, inner)
                state, moves = inner, inner.moves
                continue
            first = tag[0]
            if first == "/":
                parent = state.parent
                if parent is None or (text and not text.isspace() and parent.kind != "skip"):
                    return None
                if state.member:
                    values = around.pop()
                elif not text or text.isspace():
                    self._remember(moves, piece, parent)
                state, moves = parent, parent.moves
                continue
            if first == "!" or first == "?" or "xmlns" in tag:
                return None
            bare = tag[-1] == "/"
            inner = inner or self._inner(state, tag.rstrip("/").split(None, 1)[0])
            if inner is None or (not bare and (inner.full is not None or inner.kind == "full")):
                return None  # none may stand here, or a wanted text has an attribute
            kind = inner.kind
            blank = not text or text.isspace()
            if not blank and (kind != "skip" or bare) and state.kind != "skip":
                return None
            if kind == "group":
                if inner.member:
                    member: Flat = {}
                    values.setdefault(inner.key, []).append(member)
                    if not bare:
                        around.append(values)
                        values = member
                elif inner.key in values:
                    return None
                else:
                    values[inner.key] = ""
                    if blank and not bare:
                        self._remember(state.enters, piece, inner)
            elif blank:
                self._remember(moves, piece, inner if kind == "full" else state if bare else inner)
            if not bare or kind == "full":  # behind <null />
                state, moves = inner, inner.moves
        return values if state is self._top else None

    def _inner(self, state: _State, name: str) -> _State | None:
        """The state of an element in the one of a state; None where none may stand."""
        if state.kind == "leaf":
            return state.full if name == "null" else None
        if state.kind == "full":
            return None
        found = state.children.get(name)
        if found is None and state is not self._top:
            found = _State("skip", state)
            if self._room > 0 and len(name) <= _SHORT:
                self._room -= 1
                state.children[name] = found
        return found

    def _remember(self, moves: dict[str, _State], piece: str, state: _State) -> None:
        if self._room > 0 and len(piece) <= _SHORT:
            self._room -= 1
            moves[piece] = state


def _character(match: re.Match[str]) -> str:
    digits, decimal, name = match.groups()
    return _NAMED[name] if name else chr(int(digits, 16) if digits else int(decimal))


class FlatCsv:
    """Files of one layout whose lines are one record each."""

    def __init__(self, layout: Layout, part: str) -> None:
        self._layout = layout
        self._keys = lru_cache(maxsize=64)(self._keys_of)
        self._part = part

    def read(self, content: bytes, file: str, limit: int) -> list[Flat] | None:
        """The records of a file; None where it has none. Raises LocalError R001 and R006."""
        text, layout = decoded(content, file, self._layout, limit), self._layout
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, strict=True)
        made: list[Flat] = []
        try:
            headings = next(rows, [])
            keys = self._keys(tuple(headings))
            if keys is None:
                return None
            row: Sequence[str] = ()
            for row in rows:
                values: Flat = {}
                for number, cell in enumerate(row):
                    found = cell.strip()
                    if not found:
                        continue
                    key = keys[number] if number < len(keys) else None
                    if key is None:
                        return None
                    plain = plain_text(found, layout.guard)
                    if plain is None:
                        return None
                    values[key] = plain
                if not values:
                    continue
                if layout.totals and same_heading(row[0].strip()) == same_heading(layout.totals):
                    return None
                made.append(values)
        except csv.Error:
            return None
        if row and not text.endswith(("\n", "\r")) and (len(row) < len(keys) or not row[-1]):
            return None  # it may be cut off
        return made or None

    def _keys_of(self, headings: Sequence[str]) -> list[str | None] | None:
        """The key of each column, None where it has no heading; None where a heading is not known, or there is none."""
        names = columns_of_headings([heading.strip() for heading in headings], self._layout)
        if None in names or not any(names):
            return None
        known = [name for name in names if name]
        return [f"{self._part} {name}" if name else None for name in names] if len(set(known)) == len(known) else None
