"""Where each element of a well-formed document begins and ends, character by character.

For what a parser does not tell: the column of an element, and the stretch of text that may be replaced while all the
rest of the file stays as it is. The document has passed `gateway.records.xml.parse`, so that there is no DOCTYPE and
every tag closes; here nothing is judged again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

_TOKEN = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?P<close>/)?(?P<name>[^\s/>]+)"
                    r"(?:[^\"'>]|\"[^\"]*\"|'[^']*')*?(?P<empty>/)?>", re.DOTALL)
_NOT_TEXT = re.compile(r"<!--.*?-->|<\?.*?\?>", re.DOTALL)


class Element:
    """One element by its offsets in the text.

    start, end    the whole element: of its ``<``, and behind its last ``>``
    inner, close  its content: behind the opening tag, and of the closing tag; for ``<X />`` both are `end`
    children      its elements in order
    """

    __slots__ = ("_named", "children", "close", "end", "inner", "name", "start")

    def __init__(self, name: str, start: int, inner: int) -> None:
        self.name = name
        self.start = start
        self.inner = inner
        self.close = inner
        self.end = inner
        self.children: list[Element] = []
        self._named: dict[str, list[Element]] | None = None

    @property
    def bare(self) -> bool:
        """Whether it is written ``<X />``."""
        return self.close == self.end

    def named(self, name: str) -> list[Element]:
        """Its children of that name, once all of them are there."""
        if self._named is None:
            self._named = {}
            for child in self.children:
                self._named.setdefault(child.name, []).append(child)
        return self._named.get(name, [])


class Scanned:
    """The text of a document and its elements."""

    def __init__(self, text: str) -> None:
        self.text = text
        top = Element("", 0, 0)
        opened = [top]
        for token in _TOKEN.finditer(text):
            name = token["name"]
            if name is None:
                continue
            if token["close"]:
                element = opened.pop()
                element.close, element.end = token.start(), token.end()
                continue
            element = Element(name, token.start(), token.end())
            opened[-1].children.append(element)
            if not token["empty"]:
                opened.append(element)
        self.root = top.children[0]

    def holds_value(self, element: Element) -> bool:
        """Whether it holds a text or elements: ``<X />``, blanks and ``<X><null /></X>`` do not."""
        if element.children:
            first = element.children[0]
            return len(element.children) > 1 or first.name != "null" or self.holds_value(first)
        return bool(_NOT_TEXT.sub("", self.text[element.inner:element.close]).strip())

    def place(self, element: Element) -> tuple[int, int]:
        """Line and column, in characters from 1, of its first character; a byte-order mark is no character."""
        line = bisect_right(self._lines, element.start)
        return line, element.start - self._lines[line - 1] + 1

    @cached_property
    def _lines(self) -> list[int]:
        """The offset of the first character of each line."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]
