"""How one document is written where XML leaves a choice: empty elements, line ends, what stands between elements."""

from __future__ import annotations

import re
from functools import cached_property

from gateway.records.xml_scan import Element, Scanned

_MARKED = re.compile("[&<>\r]")
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def escaped(text: str) -> str:
    """A text as it stands in a document; a carriage return as a reference, because line ends are one to XML."""
    return text.translate(_ESCAPED) if _MARKED.search(text) else text


def attributed(scanned: Scanned, element: Element) -> str:
    """The opening tag of an element that is written ``<X a="b" />``, with its attributes: ``<X a="b">``."""
    return scanned.text[element.start:element.inner].removesuffix(">").removesuffix("/").rstrip() + ">"


class Style:
    """The habits of one document."""

    def __init__(self, scanned: Scanned) -> None:
        self._scanned = scanned

    @cached_property
    def end(self) -> str:
        """Its line end."""
        return "\r\n" if "\r\n" in self._scanned.text else "\n"

    @cached_property
    def _null(self) -> str:
        """The content of an element that is written with ``<null />``."""
        text = self._scanned.text
        return next((text[one.inner:one.close] for one in self._scanned.every()
                     if len(one.children) == 1 and one.children[0].name == "null"),
                    f"{self.end}<null />{self.end}")

    @cached_property
    def _closing(self) -> str:
        """The end of the tag of an empty element."""
        text = self._scanned.text
        found = next((text[one.start:one.end] for one in self._scanned.every()
                      if one.bare and one.name != "null"), "<X />")
        return " />" if found[:-2].endswith((" ", "\t")) else "/>"

    def emptied(self, element: Element, *, null: bool) -> str:
        """An element without its value: ``<X><null /></X>`` or ``<X />``, as this file writes the one and the other."""
        text = self._scanned.text
        opening = text[element.start:element.inner]
        return f"{opening}{self._null}</{element.name}>" if null else opening.removesuffix(">") + self._closing

    def before(self, element: Element) -> int:
        """Where the blanks before an element begin: they go with it."""
        return len(self._scanned.text[:element.start].rstrip())

    def adapted(self, text: str, parent: Element, behind: Element | None) -> str:
        """An element as the skeleton has it, in the habits of this file: line ends, empty elements, and before it the
        blanks that stand before its neighbours."""
        made = text.rstrip("\n").replace("\n<null />\n", "\0").replace(" />", self._closing).replace("\0", self._null)
        return self._gap(parent, behind) + made.replace("\r\n", "\n").replace("\n", self.end)

    def _gap(self, parent: Element, behind: Element | None) -> str:
        neighbour = behind or (parent.children[0] if parent.children else None)
        if neighbour is None:
            return self.end
        return self._scanned.text[self.before(neighbour):neighbour.start]
