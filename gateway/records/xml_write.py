"""National XML out: a skeleton document, as the national system writes it empty, filled with values.

The skeleton gives the order of the elements, the constant texts and the way each empty element is written
(``<X><null /></X>`` or ``<X />``): nothing of that is code. An element that repeats stands once in the skeleton.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from lxml import etree
from msgspec import Struct

from gateway.records.nodes import Values
from gateway.records.xml import parse
from gateway.records.xml_style import escaped

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> bool:
    """Tell whether XML 1.0 can carry every character of a text."""
    return text.isprintable() or _ILLEGAL.search(text) is None


class _Slot(Struct, frozen=True):
    """One leaf element: how it looks empty, and its two ends around a text, with what stands before."""

    path: str
    empty: str
    start: str
    end: str


class _Group(Struct, frozen=True):
    """One repeated element, or the whole document: parts in order."""

    path: str
    parts: tuple[str | _Slot | _Group, ...]


class Skeleton:
    """An empty national document, compiled for filling.

    content   the skeleton file
    repeated  paths from the root of the elements that repeat: ``Item``, ``Item/Packages``
    filled    paths from the root of all that is ever given a value, or more of them; None: any may be

    Raises LocalError as `gateway.records.xml.parse`.
    """

    def __init__(self, content: bytes, file: str, *, root: str, repeated: Collection[str],
                 filled: Collection[str] | None = None) -> None:
        element = parse(content, file, root=root)
        self.paths: set[str] = set()
        self._repeated = frozenset(repeated)
        self._groups: set[str] = set()
        self._elements: dict[str, etree._Element] = {"": element}
        self._root = _folded(_Group("", tuple(_merge(self._compile(element, "", "")))), "", filled)
        self.missing = self._repeated - self._groups

    def write(self, values: Values, encoding: str) -> bytes:
        """The document. A value for a path that the skeleton does not have is our own fault: ValueError."""
        pieces: list[str] = [f'<?xml version="1.0" encoding="{encoding}" standalone="no"?>\n']
        _fill(self._root, values, pieces)
        return "".join(pieces).encode(encoding, "xmlcharrefreplace")

    def order(self, path: str) -> Sequence[str]:
        """The names of the elements in the element of a path, in order; "" is the root."""
        return [str(child.tag) for child in self._elements[path] if child.tag != "null"]

    def null(self, path: str) -> bool:
        """Whether the element of a path is empty with ``<null />`` in it."""
        return len(self._elements[path]) > 0

    def part(self, path: str, group: str, values: Values) -> str:
        """The element of a path alone, one that does not repeat, with the values in it.

        group  the path of the repeated element it stands in, "" for none; the values are named from there
        """
        return self._filled(self._compile(self._elements[path], path, group), values)

    def member(self, path: str, values: Values) -> str:
        """One repeated element with its values."""
        return self._filled(self._compile(self._elements[path], path, path), values)

    @staticmethod
    def _filled(parts: Iterable[str | _Slot | _Group], values: Values) -> str:
        pieces: list[str] = []
        _fill(_Group("", tuple(parts)), values, pieces)
        return "".join(pieces)

    def _compile(self, element: etree._Element, path: str, group: str) -> Iterable[str | _Slot | _Group]:
        """The parts of one element. `path` leads from the root, `group` to the innermost repeated element."""
        tag = str(element.tag)
        inner = path.removeprefix(f"{group}/") if group else path
        children = [child for child in element if child.tag != "null"]
        if not children:
            null = len(element) > 0
            text = (element.text or "").strip()
            empty = f"<{tag}>\n<null />\n</{tag}>\n" if null else f"<{tag}>{escaped(text)}</{tag}>\n" if text \
                else f"<{tag} />\n"
            self.paths.add(path)
            yield _Slot(inner, empty, f"<{tag}>", f"</{tag}>\n")
            return
        yield f"<{tag}>\n"
        for child in children:
            place = "/".join(filter(None, (path, str(child.tag))))
            self._elements[place] = child
            if place in self._repeated:
                self._groups.add(place)
                relative = place.removeprefix(f"{group}/") if group else place
                yield _Group(relative, tuple(_merge(self._compile(child, place, place))))
            else:
                yield from self._compile(child, place, group)
        yield f"</{tag}>\n"


def _folded(group: _Group, prefix: str, filled: Collection[str] | None) -> _Group:
    """A group in which leaves that nobody fills are constant texts."""
    parts: list[str | _Slot | _Group] = []
    for part in group.parts:
        if isinstance(part, _Slot) and filled is not None and f"{prefix}{part.path}" not in filled:
            parts.append(part.empty)
        else:
            parts.append(_folded(part, f"{prefix}{part.path}/", filled) if isinstance(part, _Group) else part)
    return _Group(group.path, tuple(_merge(parts)))


def _merge(parts: Iterable[str | _Slot | _Group]) -> Iterable[str | _Slot | _Group]:
    """Join neighbouring constant texts, and what stands before a leaf to it."""
    constant = ""
    for part in parts:
        if isinstance(part, str):
            constant += part
            continue
        if isinstance(part, _Slot):
            yield _Slot(part.path, constant + part.empty, constant + part.start, part.end)
        else:
            if constant:
                yield constant
            yield part
        constant = ""
    if constant:
        yield constant


def _fill(group: _Group, values: Mapping[str, str | list[Values]], pieces: list[str]) -> None:
    taken = 0
    put = pieces.append
    for part in group.parts:
        if part.__class__ is _Slot:
            value = values.get(part.path)
            if value is None:
                put(part.empty)
            else:
                assert value.__class__ is str
                taken += 1
                put(f"{part.start}{escaped(value)}{part.end}")
        elif isinstance(part, str):
            put(part)
        elif isinstance(part, _Group):
            value = values.get(part.path)
            if value is not None:
                assert isinstance(value, list)
                taken += 1
                for member in value:
                    _fill(part, member, pieces)
    if taken != len(values):
        known = {part.path for part in group.parts if not isinstance(part, str)}
        raise ValueError(f"no place in the skeleton for {sorted(set(values) - known)}")
