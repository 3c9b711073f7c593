"""Where each element of a well-formed document begins and ends, character by character.

For what a parser does not tell: the column of an element, and the stretch of text that may be replaced while all the
rest of the file stays as it is. The document has passed `gateway.records.xml.parse`, so that there is no DOCTYPE and
every tag closes; here nothing is judged again. A document of a million elements is scanned into five arrays of numbers;
an `Element` is made where somebody looks.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

_TOKEN = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?P<close>/)?(?P<name>[^\s/>]+)"
                    r"(?:[^\"'>]|\"[^\"]*\"|'[^']*')*?(?P<empty>/)?>", re.DOTALL)
_NOT_TEXT = re.compile(r"<!--.*?-->|<\?.*?\?>", re.DOTALL)


class Element:
    """One element by its offsets in the text.

    start, end    the whole element: of its ``<``, and behind its last ``>``
    inner, close  its content: behind the opening tag, and of the closing tag; for ``<X />`` both are `end`
    """

    __slots__ = ("_scanned", "number")

    def __init__(self, scanned: Scanned, number: int) -> None:
        self._scanned = scanned
        self.number = number

    @property
    def name(self) -> str:
        return self._scanned.names[self.number]

    @property
    def start(self) -> int:
        return self._scanned.starts[self.number]

    @property
    def inner(self) -> int:
        return self._scanned.inners[self.number]

    @property
    def close(self) -> int:
        return self._scanned.closes[self.number]

    @property
    def end(self) -> int:
        return self._scanned.ends[self.number]

    @property
    def bare(self) -> bool:
        """Whether it is written ``<X />``."""
        return self.close == self.end

    @property
    def children(self) -> list[Element]:
        """Its elements in order."""
        return [Element(self._scanned, number) for number in self._scanned.inside(self.number)]

    def named(self, name: str) -> list[Element]:
        """Its children of that name."""
        return self._scanned.named(self.number, name)


class Scanned:
    """The text of a document and its elements, numbered in the order of their opening tags; the root is 0."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: list[str] = []
        self.starts, self.inners, self.closes, self.ends, self._nexts = (array("l") for _ in range(5))
        self._by_name: dict[int, dict[str, list[Element]]] = {}
        interned: dict[str, str] = {}
        opened: list[int] = []
        for token in _TOKEN.finditer(text):
            name = token["name"]
            if name is None:
                continue
            if token["close"]:
                number = opened.pop()
                self.closes[number], self.ends[number] = token.span()
                self._nexts[number] = len(self.names)
                continue
            number = len(self.names)
            self.names.append(interned.setdefault(name, name))
            self.starts.append(token.start())
            for offsets in (self.inners, self.closes, self.ends):
                offsets.append(token.end())
            self._nexts.append(number + 1)
            if not token["empty"]:
                opened.append(number)
        self.root = Element(self, 0)

    def inside(self, number: int) -> Iterator[int]:
        """The numbers of an element's children."""
        child, stop = number + 1, self._nexts[number]
        while child < stop:
            yield child
            child = self._nexts[child]

    def named(self, number: int, name: str) -> list[Element]:
        """The children of one name; those of an element that was asked for are kept sorted by name."""
        known = self._by_name.get(number)
        if known is None:
            known = self._by_name[number] = {}
            for child in self.inside(number):
                known.setdefault(self.names[child], []).append(Element(self, child))
        return known.get(name, [])

    def holds_value(self, element: Element) -> bool:
        """Whether it holds a text or elements: ``<X />``, blanks and ``<X><null /></X>`` do not."""
        children = element.children
        if children:
            return len(children) > 1 or children[0].name != "null" or self.holds_value(children[0])
        return bool(_NOT_TEXT.sub("", self.text[element.inner:element.close]).strip())

    def every(self) -> Iterator[Element]:
        """All elements in order."""
        return (Element(self, number) for number in range(len(self.names)))

    def place(self, element: Element) -> tuple[int, int]:
        """Line and column, in characters from 1, of its first character; a byte-order mark is no character."""
        line = bisect_right(self._lines, element.start)
        return line, element.start - self._lines[line - 1] + 1

    @cached_property
    def _lines(self) -> array[int]:
        """The offset of the first character of each line."""
        return array("l", [0, *(match.end() for match in re.finditer("\n", self.text))])
