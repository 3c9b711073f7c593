"""What a YAML document holds once read: mappings, sequences and texts, each with its place.

Every scalar is text here; nothing is converted, nothing guessed. Places count from 1, columns in characters, and a
byte-order mark does not count. `TextNode.place_of` leads from an offset in a text back to the file, also inside
block scalars, because a mapping keeps its whole message in one of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeAlias

from msgspec import Struct

Style: TypeAlias = Literal["plain", "'", '"', "|", ">"]
Position: TypeAlias = tuple[int, int]

_ESCAPED_WIDTH = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True)
class TextNode:
    """A scalar, as text.

    text          after quotes, escapes and folding are undone
    line, column  of its first character in the file: the opening quote, or the ``|`` of a block scalar
    style         how it was written; "plain" when nothing marks it as text
    source        the lines of the file, without their line ends
    end           line and column just behind it
    """

    text: str
    line: int
    column: int
    style: Style
    source: Sequence[str] = field(repr=False, compare=False)
    end: Position = field(repr=False, compare=False)

    @property
    def quoted(self) -> bool:
        """True when the writing itself says that this is text: quotes or a block scalar."""
        return self.style != "plain"

    @property
    def empty(self) -> bool:
        """True for ``key:`` with nothing behind it, which is not the same as ``key: ""``."""
        return self.text == "" and not self.quoted

    def place_of(self, offset: int) -> Position:
        """Line and column of the character `offset` of the text (from 0; the length gives the place behind the end).

        A character that folding made out of a line end is placed at that line end, a blank line at its column 1.
        Raises IndexError outside the text.
        """
        if not 0 <= offset <= len(self.text):
            raise IndexError(offset)
        if self.style == "|":
            starts, first, indent = self._literal
            number = bisect_right(starts, offset) - 1
            blank = self.text[starts[number]:starts[number] + 1] in ("\n", "")
            return first + number, 1 if blank else indent + offset - starts[number] + 1
        return self._positions[offset]

    @cached_property
    def _literal(self) -> tuple[list[int], int, int]:
        """Offsets at which the lines of a literal block start, the first line in the file, and the indentation."""
        starts = [0]
        starts.extend(offset + 1 for offset, character in enumerate(self.text) if character == "\n")
        return starts, self.line + 1, self._indent

    @cached_property
    def _indent(self) -> int:
        """Indentation of a block scalar, whether detected by the parser or announced in its header.

        Only the first line with ink tells: what the file has in front of it and the text has not.
        """
        inked = next((line for line in self.text.split("\n") if line.strip(" ")), "")
        written = next((line for line in self.source[self.line:] if line.strip(" ")), "")
        return max(_leading(written) - _leading(inked), 0)

    @cached_property
    def _positions(self) -> list[Position]:
        """The place of every character and of the end."""
        if not self.text:
            return [self._closing if self.style in ("'", '"') else (self.line, self.column)]
        walk = self._folded() if self.style == ">" else self._flow()
        positions = [position for position, _ in zip(walk, self.text, strict=False)]
        if len(positions) < len(self.text):  # never seen; a place nearby is better than none
            positions.extend([self.end] * (len(self.text) - len(positions)))
        line, column = positions[-1]
        if self.style == ">":
            return [*positions, (line + 1, 1) if self.text.endswith("\n") else (line, column + 1)]
        return [*positions, (line, column + 1) if self.style == "plain" else self._closing]

    @property
    def _closing(self) -> Position:
        line, column = self.end
        return line, column - 1

    def _folded(self) -> Iterator[Position]:
        """Walk a ``>`` block: a line end becomes a space, or nothing before blank lines, unless a line is indented."""
        indent = self._indent
        lines = [(number, line[indent:]) for number, line in enumerate(self.source[self.line:], self.line + 1)]
        content = [(number, line) for number, line in lines if line]
        for number, _ in lines[:content[0][0] - self.line - 1] if content else lines:
            yield number, 1
        for (number, line), following in pairwise([*content, (0, "")]):
            yield from ((number, indent + column) for column in range(1, len(line) + 1))
            after, next_line = following
            blank = range(number + 1, after or len(self.source) + 1)
            end = (number, indent + len(line) + 1)
            if not next_line or line[0] == " " or next_line[0] == " " or not blank:
                yield end
            yield from ((one, 1) for one in blank)

    def _flow(self) -> Iterator[Position]:
        """Walk a plain or quoted scalar: undo escapes, fold line ends and the blanks around them."""
        line, column = self.line - 1, self.column - 1
        last_line, last_column = self.end[0] - 1, self.end[1] - 1
        if self.quoted:
            column, last_column = column + 1, last_column - 1
        while True:
            written = self.source[line]
            stop = last_column if line == last_line else len(written)
            escaped_end = False
            ink = stop if line == last_line and self.quoted else len(written[:stop].rstrip(" "))
            while column < ink:
                width = self._width(written, column)
                if self.style == '"' and written[column] == "\\" and column + 1 == stop and line != last_line:
                    escaped_end = True
                    break
                yield line + 1, column + 1
                column += width
            if line >= last_line:
                return
            end = (line + 1, min(column, stop) + 1)
            blanks = 0
            while line + blanks + 1 < last_line and not self.source[line + blanks + 1].strip(" "):
                blanks += 1
            if not blanks and not escaped_end:
                yield end
            yield from ((line + blank + 2, 1) for blank in range(blanks))
            line += blanks + 1
            column = _leading(self.source[line])

    def _width(self, written: str, column: int) -> int:
        """How many characters of the file make the one that stands at `column`."""
        if self.style == "'" and written[column] == "'":
            return 2
        if self.style == '"' and written[column] == "\\" and column + 1 < len(written):
            return 2 + _ESCAPED_WIDTH.get(written[column + 1], 0)
        return 1


class SequenceNode(Struct, frozen=True):
    """A list. `line` and `column` are those of its first dash or of its bracket."""

    items: list[Node]
    line: int
    column: int


class MappingNode(Struct, frozen=True, dict=True):
    """Keys and values in the order of the file; every key once. `line` and `column` are those of its first key."""

    items: list[tuple[TextNode, Node]]
    line: int
    column: int

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        return self._values.get(key)

    def key(self, key: str) -> TextNode | None:
        """The key itself, for its place, or None."""
        return self._keys.get(key)

    @cached_property
    def _values(self) -> dict[str, Node]:
        return {key.text: value for key, value in self.items}

    @cached_property
    def _keys(self) -> dict[str, TextNode]:
        return {key.text: key for key, _ in self.items}


Node: TypeAlias = MappingNode | SequenceNode | TextNode


def _leading(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
