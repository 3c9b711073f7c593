"""One line of a message layout, from its text to its parts.

    item:  each items: CST+{number}+{commodity?}:122:ZZZ'
    label  prefix      template with holes

Only the notation is known here: no term is looked up, no type, no directory. A layout is read line by line, every
fault keeps its place, and what could be understood is given back, so that all faults of a file come at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msgspec import Struct

PREFIXES = ("when", "each", "with", "rest", "?")
"""The prefixes a line may begin with, in the order in which they stand."""

HOLES = ("term", "optional", "default", "converter", "count", "position", "sum", "choice")
"""The kinds of holes: ``{t}``, ``{t?}``, ``{t=D}``, ``{t|converter}``, ``{#list}``, ``{#}``, ``{sum list.t}``, and the
constant that depends on the message function: ``<148:original|46:cancellation>``."""

LABEL = re.compile(r"[a-z][a-z0-9_]*")
TERM = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
_HOLE = re.compile(r"(?P<count>#)?(?P<term>[a-z][a-z0-9_.]*)?(?P<optional>\?)?(?:=(?P<default>[^|]+))?"
                   r"(?:\|(?P<converter>.+))?")
_CONSTANT = re.compile(r"[^+:?'{}<>|]*")
_CONDITION = re.compile(r"(?P<term>[a-z][a-z0-9_.]*) +(?:in +(?P<many>\S.*)|is +(?P<one>\S+))")

Complain: TypeAlias = "Callable[[str, int, dict[str, str]], None]"
"""Takes a code, the offset in the text, and the values of the sentence."""


class Origin(Struct, frozen=True):
    """Where a line was written: file as shown to people, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Hole(Struct, frozen=True):
    """A hole of a template.

    kind       term, count (``{#items}``: how many members), position (``{#}``: ordinal of this member), sum (``{sum
               items.gross_mass}``: of all members)
    term       the term as written, relative to the line's scope; empty for a position
    optional   may stay empty although its line is written
    default    the text written when the term is absent
    converter  named conversion, with its numbers
    column     where it stands in its file
    """

    kind: Literal["term", "count", "position", "sum"]
    term: str
    optional: bool
    default: str | None
    converter: str | None
    column: int


class Choice(Struct, frozen=True):
    """A constant that depends on the message function: the text for each function, as written, and where it stands."""

    options: tuple[tuple[str, tuple[str, ...]], ...]
    column: int


Part: TypeAlias = str | Hole | Choice
Component: TypeAlias = tuple[Part, ...]
Element: TypeAlias = tuple[Component, ...]


class Condition(Struct, frozen=True):
    """``when term in a,b:`` the line is written, and read, only then."""

    term: str
    values: tuple[str, ...]
    column: int


class Body(Struct, frozen=True):
    """A line without label and children: prefixes and template; `text` is how it was written."""

    tag: str
    elements: tuple[Element, ...]
    when: Condition | None
    each: str | None
    within: str | None
    optional: bool
    origin: Origin
    text: str = ""
    rest: str | None = None

    def holes(self) -> list[Hole]:
        """Every hole, from left to right."""
        return [part for element in self.elements for component in element for part in component
                if isinstance(part, Hole)]


class Line(Struct, frozen=True):
    """One line of a layout with the lines nested under it."""

    label: str
    body: Body
    children: tuple[Line, ...] = ()


@dataclass(slots=True)
class _Level:
    """Lines being collected under one parent, which is None at the top. `indent` is that of the first of them."""

    parent: tuple[str, Body] | None
    indent: int
    lines: list[Line] = field(default_factory=list)


class Notation:
    """Reads lines of one text. `place` leads from an offset in that text to a line and column of the file."""

    def __init__(self, file: str, place: Callable[[int], tuple[int, int]], complain: Complain) -> None:
        self._file = file
        self._place = place
        self._complain = complain

    def block(self, text: str) -> list[Line]:
        """Read labelled lines; indentation nests. Blank lines and lines that begin with ``#`` are skipped."""
        levels = [_Level(None, -1)]
        offset = 0
        for raw in text.split("\n"):
            start, offset = offset, offset + len(raw) + 1
            stripped = raw.strip()
            if not stripped or stripped.startswith("#"):
                continue
            indent = len(raw) - len(raw.lstrip(" "))
            label, colon, _ = stripped.partition(":")
            if not colon or not LABEL.fullmatch(label):
                self._complain("M010", start + indent, {"text": stripped})
                continue
            self._nest(levels, indent, start)
            skip = _skip(raw, indent + len(label) + 1)
            body = self.body(raw.rstrip()[skip:], start + skip)
            if body is not None:
                levels.append(_Level((label, body), -1))
        while len(levels) > 1:
            _close(levels)
        return levels[0].lines

    def _nest(self, levels: list[_Level], indent: int, start: int) -> None:
        """Close what the new line is not nested in. Levels alternate: a line waiting for children, and their list."""
        while len(levels) > 1 and (levels[-2].indent >= indent):
            _close(levels)
        level = levels[-1]
        if level.indent < 0:
            level.indent = indent
        elif level.indent != indent:
            self._complain("M013", start + indent, {"indent": str(indent), "expected": str(level.indent)})

    def body(self, text: str, offset: int = 0) -> Body | None:
        """Read prefixes and template of one line. None where nothing can be made of it."""
        origin = Origin(self._file, *self._place(offset))
        at = 0
        when: Condition | None = None
        if text.startswith("when "):
            condition, _, _ = text.partition(":")
            when = self._condition(condition[5:], offset + 5)
            at = _skip(text, len(condition) + 1)
        scope: dict[str, str] = {}
        for word in ("each", "with", "rest"):
            if text.startswith(word + " ", at):
                end = text.find(":", at)
                term = text[at + 5:end].strip() if end > 0 else ""
                if not TERM.fullmatch(term):
                    self._complain("M010", offset + at, {"text": text})
                    return None
                scope[word] = term
                at = _skip(text, end + 1)
                break
        optional = text.startswith("? ", at)
        if optional:
            at = _skip(text, at + 1)
        template = self._template(text, at, offset)
        if template is None:
            return None
        return Body(template[0], template[1], when, scope.get("each"), scope.get("with"), optional, origin, text,
                    scope.get("rest"))

    def _condition(self, text: str, offset: int) -> Condition | None:
        match = _CONDITION.fullmatch(text.strip())
        if match is None:
            self._complain("M019", offset, {"text": text.strip()})
            return None
        values = [value.strip() for value in (match["many"] or match["one"]).split(",")]
        return Condition(match["term"], tuple(values), self._place(offset)[1])

    def _template(self, text: str, at: int, offset: int) -> tuple[str, tuple[Element, ...]] | None:
        """``TAG+element:component'`` with holes. The release character protects the next character, as on the wire."""
        if not text.endswith("'"):
            self._complain("M014", offset + max(len(text) - 1, 0), {"text": text[at:]})
            return None
        elements: list[list[list[Part]]] = [[[]]]
        literal = ""
        position, end = at, len(text) - 1

        def flush() -> None:
            nonlocal literal
            if literal:
                elements[-1][-1].append(literal)
            literal = ""

        while position < end:
            character = text[position]
            if character == "{":
                close = text.find("}", position)
                hole = self._hole(text[position + 1:close], offset + position) if close > 0 else None
                if hole is None:
                    if close < 0:
                        self._complain("M015", offset + position, {"text": text[position:]})
                    return None
                flush()
                elements[-1][-1].append(hole)
                position = close + 1
                continue
            if character == "<":
                close = text.find(">", position)
                choice = self._choice(text[position + 1:close], offset + position) if close > 0 else None
                if choice is None:
                    if close < 0:
                        self._complain("M060", offset + position, {"text": text[position:], "nearest": "-"})
                    return None
                flush()
                elements[-1][-1].append(choice)
                position = close + 1
                continue
            if character == "+":
                flush()
                elements.append([[]])
            elif character == ":":
                flush()
                elements[-1].append([])
            elif character == "?" and position + 1 < end:
                position += 1
                literal += text[position]
            elif character == "'":
                self._complain("M014", offset + position, {"text": text[at:]})
                return None
            else:
                literal += character
            position += 1
        flush()
        head = elements[0]
        tag = head[0][0] if len(head) == 1 and len(head[0]) == 1 else ""
        if not isinstance(tag, str) or not re.fullmatch(r"[A-Z][A-Z0-9]{2}", tag):
            self._complain("M010", offset + at, {"text": text[at:]})
            return None
        return tag, tuple(_element(element) for element in elements[1:])

    def _choice(self, text: str, offset: int) -> Choice | None:
        """``148:original,replacement|46:cancellation``: a text, perhaps empty, and the functions that have it."""
        options = []
        for option in text.split("|"):
            constant, colon, words = option.rpartition(":")
            functions = tuple(word.strip() for word in words.split(","))
            if not colon or not all(functions) or not _CONSTANT.fullmatch(constant):
                self._complain("M060", offset, {"text": f"<{text}>", "nearest": "-"})
                return None
            options.append((constant, functions))
        return Choice(tuple(options), self._place(offset)[1])

    def _hole(self, text: str, offset: int) -> Hole | None:
        column = self._place(offset)[1]
        if text == "#":
            return Hole("position", "", False, None, None, column)
        added = text.removeprefix("sum ")
        if added != text and TERM.fullmatch(added):
            return Hole("sum", added, False, None, None, column)
        match = _HOLE.fullmatch(text)
        if match is None or not match["term"] or not TERM.fullmatch(match["term"]) \
                or (match["count"] and (match["optional"] or match["default"] or match["converter"])) \
                or (match["optional"] and match["default"]):
            self._complain("M015", offset, {"text": "{" + text + "}"})
            return None
        return Hole("count" if match["count"] else "term", match["term"], bool(match["optional"]), match["default"],
                    match["converter"], column)


def _close(levels: list[_Level]) -> None:
    level = levels.pop()
    assert level.parent is not None
    levels[-1].lines.append(Line(*level.parent, tuple(level.lines)))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def _element(components: list[list[Part]]) -> Element:
    """Components without the empty ones at the end, as on the wire."""
    while components and not components[-1]:
        components.pop()
    return tuple(tuple(component) for component in components)
