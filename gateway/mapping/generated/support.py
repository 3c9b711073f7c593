"""What generated code calls: checks too long to stand in every line. Each raises Unclean, and says nothing more.

They decide exactly as `gateway.mapping.codecs` and `gateway.mapping.reading` do; a differential test compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from gateway.edifact import Element, escape
from gateway.mapping.codecs import CONTROL, cut
from gateway.mapping.parts import Access, Fault, Node, Scopes
from gateway.mapping.traced import Traced
from gateway.references import Scalar

NOTHING: tuple[object, ...] = (None, False, [])
"""What a line that is not written may find where only it could carry a value."""

_AWKWARD = re.compile(r"[+:?']").search
_DIGIT = re.compile(r"[0-9]").search


class Unclean(Exception):
    """The record or message is not plainly in order."""


def words(text: str) -> str:
    """Check a text that is not letters and digits alone: no blank at its ends, no control character."""
    if text[0] == " " or text[-1] == " " or (not text.isprintable() and CONTROL.search(text)):
        raise Unclean
    return text


def letters(text: str) -> str:
    """The same for a text without digits."""
    if _DIGIT(text):
        raise Unclean
    return words(text)


def wire_words(text: str) -> str:
    """`words`, released."""
    if text[0] == " " or text[-1] == " " or (not text.isprintable() and CONTROL.search(text)):
        raise Unclean
    return text if _AWKWARD(text) is None else escape(text)


def wire_letters(text: str) -> str:
    """`letters`, released."""
    return release(letters(text))


def release(text: str) -> str:
    """A text with release characters where it needs them."""
    return text if _AWKWARD(text) is None else escape(text)


def day(value: object) -> str:
    """Format 102."""
    if type(value) is not date:
        raise Unclean
    return value.isoformat().replace("-", "")


def minute(value: object) -> str:
    """Format 203: an instant in UTC without seconds."""
    if type(value) is not datetime:
        raise Unclean
    text = value.isoformat()
    if text[16:] != ":00+00:00":
        raise Unclean
    return f"{text[:4]}{text[5:7]}{text[8:10]}{text[11:13]}{text[14:16]}"


def second(value: object) -> str:
    """Format 204: an instant in UTC."""
    if type(value) is not datetime:
        raise Unclean
    text = value.isoformat()
    if text[19:] != "+00:00":
        raise Unclean
    return f"{text[:4]}{text[5:7]}{text[8:10]}{text[11:13]}{text[14:16]}{text[17:19]}"


def read_day(text: str) -> date:
    """Format 102."""
    if len(text) != 8 or not text.isascii() or not text.isdecimal():
        raise Unclean
    return date.fromisoformat(text)


def read_instant(text: str, width: int) -> datetime:
    """Formats 203 and 204, by their widths."""
    if len(text) != width or not text.isascii() or not text.isdecimal():
        raise Unclean
    return datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]),
                    int(text[12:] or 0), tzinfo=UTC)


def pieces(text: str, most: int, size: int) -> list[str]:
    """Cut a text that is longer than one component."""
    found = cut(text, most, size)
    if found is None:
        raise Unclean
    return found


def groups(text: str, segments: int, width: int, size: int) -> list[str]:
    """The texts of a long text, one for each segment, released."""
    if len(text) <= size:
        return [release(text)]
    found = [release(piece) for piece in pieces(text, segments * width, size)]
    return [":".join(found[start:start + width]) for start in range(0, len(found), width)]


def traced_groups(text: str, segments: int, width: int, size: int) -> list[tuple[list[str], str]]:
    """The same, each beside its pieces as data."""
    found = [text] if len(text) <= size else pieces(text, segments * width, size)
    cuts = [found[start:start + width] for start in range(0, len(found), width)]
    return [(texts, ":".join([release(piece) for piece in texts])) for texts in cuts]


def join(received: Sequence[str], start: int, width: int, size: int) -> str:
    """Join the components from `start` on, each checked."""
    end = min(len(received), start + width)
    while end > start and not received[end - 1]:
        end -= 1
    for place in range(start, end):
        piece = received[place]
        if not piece or len(piece) > size:
            raise Unclean
        words(piece)
    return "".join(received[start:end])


def same(received: Element, wanted: tuple[str, ...]) -> None:
    """Accept a constant element that differs from what is wanted in empty components at its end only."""
    longest = max(len(received), len(wanted))
    for place in range(longest):
        if (received[place] if place < len(received) else "") != (wanted[place] if place < len(wanted) else ""):
            raise Unclean


def empty(elements: Sequence[Element], first: int) -> None:
    """Accept elements beyond those of the line when nothing stands in them."""
    if any(text for element in elements[first:] for text in element):
        raise Unclean


def blank(components: Sequence[str], first: int) -> None:
    """Accept components beyond those of the element when nothing stands in them."""
    if any(components[first:]):
        raise Unclean


def settle(record: Node, fixed: Sequence[tuple[Access, str]]) -> None:
    """Put the terms that the layout decides; in a group only where the group is there (`Reading`)."""
    for access, value in fixed:
        node = record
        for parent in access.parents:
            inner = node.get(parent)
            if inner is None:
                if access.key != "word":
                    break
                inner = node[parent] = {}
            node = inner
        else:
            node[access.key] = value


class Strict:
    """The writer and the reader that parts see which have no source of their own: whatever they complain of is a doubt.

    where   for the trace: position and tag of the segment, file and line of the mapping
    places  for the trace: the path of each open scope
    """

    def __init__(self, twins: dict[tuple[int, str], int], trace: list[Any] | None) -> None:
        self.ordinals: list[int] = []
        self.notes: dict[object, Any] = {}
        self.where: tuple[int, str, str, int] = (0, "", "", 0)
        self.places: tuple[str, ...] = ("",)
        self.late: list[Callable[[], Fault | None]] = []
        self._twins = twins
        self._trace = trace

    def refuse(self, access: Access, code: str, values: Mapping[str, str]) -> None:
        """Raises Unclean."""
        raise Unclean

    def fault(self, code: str, element: int, component: int, values: Mapping[str, str]) -> None:
        """Raises Unclean."""
        raise Unclean

    def put(self, access: Access, scopes: Scopes, value: Scalar, element: int, component: int, text: str) -> None:
        """As `Reading.put`."""
        node = scopes[access.depth]
        for parent in access.parents:
            node = node.setdefault(parent, {})
        if node.setdefault(access.key, value) != value:
            raise Unclean
        if access.twin:
            place = (id(node), access.term)
            self._twins[place] = self._twins.get(place, 0) + 1
        self._note(element, component, text, access)

    def append(self, access: Access, scopes: Scopes, text: str, element: int, component: int) -> None:
        """As `Reading.append`; a plan that is traced has no part of its own kind that appends."""
        node = scopes[access.depth]
        for parent in access.parents:
            node = node.setdefault(parent, {})
        node[access.key] = node.get(access.key, "") + text
        if self._trace is not None:
            raise Unclean

    def later(self, judge: Callable[[], Fault | None], element: int, component: int, text: str | None,
              access: Access | None = None) -> None:
        """As `Reading.later`."""
        self.late.append(judge)
        if text is not None:
            self._note(element, component, text, access)

    def _note(self, element: int, component: int, text: str, access: Access | None) -> None:
        if self._trace is not None:
            position, tag, file, line = self.where
            path = None
            if access is not None:
                base = self.places[access.depth]
                path = f"{base}.{access.path}" if base else access.path
            self._trace.append(traced((position, tag, element + 1, component + 1, text, file, line, path)))


def decide(late: Sequence[Callable[[], Fault | None]], seen: Mapping[tuple[int, str], int],
           twins: Mapping[str, int]) -> None:
    """What only the whole record can tell: counts and the like, terms that stand in several places."""
    if any(judge() is not None for judge in late) or any(number != twins[term] for (_, term), number in seen.items()):
        raise Unclean


traced = partial(tuple.__new__, Traced)
"""A `Traced` from a tuple of its values: there are as many as values in a message."""


_FUNCTIONS = (Unclean, words, letters, wire_words, wire_letters, release, day, minute, second, read_day,
              read_instant, pieces, groups, traced_groups, join, same, empty, blank, settle, decide, Strict)

SUPPORT: dict[str, object] = {
    **{function.__name__: function for function in _FUNCTIONS},
    "Decimal": Decimal, "partial": partial, "traced": traced,
}
"""The names that generated code finds."""
