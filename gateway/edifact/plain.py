"""The inner loops of reading and writing in plain Python; `core` says when their compiled twins run instead.

Each asks or cuts a whole text at once. What one of them returns is what the other returns, and a test holds them to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.edifact.model import Segment
    from gateway.edifact.wire import Element, Wire

MOST = 10_000
"""Elements of a segment, and components of an element, that are told apart: no segment of any directory has a hundredth
of them, and memory stays in proportion to the text when somebody sends separators alone."""
_COMPONENT, _ELEMENT, _TERMINATOR = "\x1f\x1d\x1c"
"""What separates values until they are released as one text."""
_BLANKS = (" ", "\t", "\r", "\n")
_INSIDE = frozenset(("UNH", "UNT", "UNS"))
"""Service segments in the middle of an interchange: a text is not searched again behind every one of them."""


def places(text: str, start: int, terminator: str, element: str, to_edge: bool) -> list[int]:
    """The places from `start` on, behind a terminator, where no ordinary segment begins.

    Ordinary is a well-formed tag of a user segment with an element separator or a terminator behind it.

    to_edge   the last place is the first where an interchange may end or begin: U or a blank, but no UNH, UNT, UNS
    """
    found = []
    for one in _unordinary(terminator, element).finditer(text, start):
        place = one.end()
        found.append(place)
        if to_edge and text[place : place + 1] in ("U", " ") and text[place : place + 3] not in _INSIDE:
            break
    return found


@lru_cache(maxsize=16)
def _unordinary(terminator: str, element: str) -> re.Pattern[str]:
    end, separator = re.escape(terminator), re.escape(element)
    return re.compile(f"{end}(?![A-TV-Z][A-Z0-9][A-Z0-9][{separator}{end}])")


def exchanged(text: str, release: str, markers: Mapping[str, str]) -> str:
    """The text with each character that a release character protects exchanged for its marker, where it has one.

    What stands between two release characters begins with what the first one protects; where nothing stands between
    them, the first one protects the second.
    """
    between = iter(text.split(release))
    found = [next(between)]
    for part in between:
        if part:
            found.append(markers.get(part[0], part[0]) + part[1:])
        elif (after := next(between, None)) is not None:
            found.append(markers[release] + after)
        else:
            found.append("")  # the text ends with a release character that protects nothing
    return release.join(found)


def services(text: str, terminator: str, places: Sequence[int]) -> tuple[dict[int, str], int]:
    """The segments that begin with UN, by their numbers from 0, in order; and how many terminators the text has.

    places   where they may begin, ascending; the beginning of the text besides
    """
    found = {}
    number = before = 0
    for place in (0, *places):
        if text.startswith("UN", place):
            number += text.count(terminator, before, place)
            before = place
            end = text.find(terminator, place)
            found[number] = text[place:end] if end >= 0 else text[place:]
    return found, number + text.count(terminator, before)


def idle(text: str, component: str, element: str, terminator: str) -> bool:
    """Whether a separator separates nothing: it stands before a stronger one or before the terminator."""
    before, at_end = _idle(component, element, terminator)
    return before.search(text) is not None or at_end.search(text) is not None


@lru_cache(maxsize=16)
def _idle(component: str, element: str, terminator: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """For two characters in a row a pattern is quicker than ``in``, where each is frequent on its own."""
    component, element, terminator = map(re.escape, (component, element, terminator))
    return re.compile(f"{component}{element}"), re.compile(f"{terminator}(?<=[{component}{element}]{terminator})")


def cut(
    kind: type[Segment],
    wire: Wire,
    raws: list[str],
    start: int,
    positions: Sequence[int],
    element: str,
    component: str,
    odd: tuple[str | None, str | None, bool],
) -> Iterator[Segment]:
    """The segments `raws` from number `start` (from 0), one for each position, looked into.

    The same as looking at each on its own, at a third of the cost: written out in one frame on purpose.

    kind   `Segment`
    odd    `Wire.odd`
    """
    release, repetition, decoded = odd
    plain = odd == (None, None, False)
    new = kind.__new__
    numbers = range(start, start + len(positions))
    for index, raw, position in zip(numbers, raws[start : numbers.stop], positions, strict=True):
        segment = new(kind)
        segment._wire = wire
        segment._index = index
        segment._raw = raw
        segment.position = position
        if plain or (
            (release is None or release not in raw)
            and (repetition is None or repetition not in raw)
            and (not decoded or raw.isascii())
        ):
            parts = iter(raw.split(element, MOST))
            tag = next(parts)
            segment.tag = wire.tag(raw)[0] if component in tag else tag
            found: list[Element] = []
            for part in parts:
                if component in part:
                    found.append(tuple(part.split(component, MOST)))
                else:
                    found.append((part,) if part else ())
            segment.elements = tuple(found)
        else:
            segment.elements = wire.elements(raw)
            simple = raw[3:4] == element and raw[:3].isalnum() and raw[:3].isascii()
            segment.tag = raw[:3] if simple else wire.tag(raw)[0]
        yield segment


def joined(segments: Sequence[tuple[str, Sequence[Element]]], repeats: bool) -> str | None:
    """The text of segments from values, in the separators that we write; None: somebody has to look at each.

    That is where a value holds a control character of ours, an element is repeated, or a tag begins with a blank.

    segments   (tag, data elements)
    repeats    whether ``*`` is released, too
    """
    inner: Callable[[Any], str] = _COMPONENT.join
    outer = _ELEMENT.join
    try:
        text = _TERMINATOR.join([outer([tag, *map(inner, elements)]) for tag, elements in segments])
    except TypeError:  # a repeated element holds no texts but tuples of them
        return None
    every = [elements for _, elements in segments]
    components = [len(element) - 1 for elements in every for element in elements if len(element) > 1]
    if (
        text.count(_TERMINATOR) != max(len(segments) - 1, 0)
        or text.count(_ELEMENT) != sum(map(len, every))
        or text.count(_COMPONENT) != sum(components)
        or text.startswith(_BLANKS)
        or any(f"{_TERMINATOR}{blank}" in text for blank in _BLANKS)
    ):
        return None
    text = escape(text)
    if repeats:
        text = text.replace("*", "?*")
    text = text.replace(_COMPONENT, ":").replace(_ELEMENT, "+").replace(_TERMINATOR, "'")
    return f"{text}'" if segments else ""


def escape(text: str) -> str:
    """Put the release character before ``+ : ' ?``."""
    if "?" in text:
        text = text.replace("?", "??")
    return text.replace("+", "?+").replace(":", "?:").replace("'", "?'")
