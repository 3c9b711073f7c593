"""The text of one interchange, cut once at C speed, and looked into only where somebody looks.

The trick: where the release character occurs, the character it protects is exchanged for a control character that the
text does not use. From then on `str.split` is right, and nothing has moved: the text keeps its length, so every place
in it is a place in the bytes. Values are put back only in the few components that hold a release character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from gateway.edifact.characters import ServiceCharacters

MOST = 10_000
"""Elements of a segment, and components of an element, that are told apart: no segment of any directory has a hundredth
of them, and memory stays in proportion to the text when somebody sends separators alone."""
_BLANKS = (" ", "\t")
_BETWEEN = "\r\n\t "
_END_OF_FILE = "\r\n\t \x00\x1a"


class Repeated(tuple[tuple[str, ...], ...]):
    """A data element that is repeated with the repetition separator of syntax version 4: its occurrences in order."""

    __slots__ = ()


Element = tuple[str, ...] | Repeated
"""Component data elements in order; a simple data element is a tuple of one, an omitted one is ``()``."""


class Wire:
    """The segments of one interchange as text.

    raws        one text per segment, without terminator and without the line breaks before it, protected characters
                exchanged (see above)
    service     the service characters in force
    blanks      which segments (from 0) had blanks or tabs before them, left out of `raws`
    complete    whether the last segment had its terminator
    notable     places in the text, behind a terminator, where something else than an ordinary segment begins: a service
                segment, a blank, no tag, the end; none are noted where line breaks or tabs occur
    spaced      whether line breaks, tabs or blanks stand somewhere that may be between segments
    odd         the release character and the repetition separator where they occur, and whether values must be decoded
    plain       whether every separator separates, and every value is its text: nothing is released, repeated, decoded
    """

    __slots__ = (
        "_base",
        "_codec",
        "_lead",
        "_markers",
        "_text",
        "blanks",
        "complete",
        "notable",
        "odd",
        "plain",
        "raws",
        "service",
        "spaced",
    )

    def __init__(self, text: str, service: ServiceCharacters, codec: str | None = None, base: int = 0) -> None:
        """Cut `text`, one character per byte.

        codec   decodes the values of sets with several bytes per character
        base    byte offset of the text in its interchange: what UNA takes before it
        """
        self._base: Final = base
        self.service: Final = service
        self._codec: Final = codec
        self._markers: Final = _markers(text, service)
        if self._markers and service.release is not None:
            text = _exchanged(text, service.release, dict(self._markers))
        self._text: Final = text
        raws = text.split(service.terminator)
        rest = raws.pop().rstrip(_END_OF_FILE)
        self.complete: Final = not rest
        if rest:
            raws.append(rest)
        self.blanks: Final[list[int]] = []
        spaced = text[:1] in _BLANKS or "\n" in text or "\r" in text or "\t" in text
        self.notable: Final = [] if spaced else [found.end() for found in _unordinary(service).finditer(text)]
        self.spaced: Final = spaced or any(text.startswith(" ", place) for place in self.notable)
        if self.spaced:
            raws = [raw.lstrip("\r\n") for raw in raws]
            self.blanks.extend(index for index, raw in enumerate(raws) if raw[:1] in _BLANKS)
            for index in self.blanks:
                raws[index] = raws[index].lstrip(_BETWEEN)
        self.raws: Final = raws
        self._lead: list[int] | None = None
        self.odd: Final = (
            service.release if self._markers else None,
            service.repetition if service.repetition is not None and service.repetition in text else None,
            codec is not None and not text.isascii(),
        )
        self.plain: Final = self.odd == (None, None, False)

    def elements(self, raw: str) -> tuple[Element, ...]:
        """The data elements of a segment, the tag left out. What goes beyond MOST stays together in the last one."""
        service = self.service
        separator = service.component
        parts = raw.split(service.element, MOST)
        del parts[0]
        release, repetition, decoded = self.odd
        found: list[Element] = []
        for part in parts:
            if repetition is not None and repetition in part:
                found.append(Repeated([self._components(occurrence) for occurrence in part.split(repetition, MOST)]))
            elif decoded and not part.isascii():
                found.append(self._components(part))
            elif release is not None and release in part:
                texts = part.split(separator, MOST)
                found.append(tuple([self._meant(text) if release in text else text for text in texts]))
            elif separator in part:
                found.append(tuple(part.split(separator, MOST)))
            else:
                found.append((part,) if part else ())
        return tuple(found)

    def is_plain(self, raw: str) -> bool:
        """Whether in this part of the text every separator separates and every value is its text."""
        release, repetition, decoded = self.odd
        return (
            (release is None or release not in raw)
            and (repetition is None or repetition not in raw)
            and (not decoded or raw.isascii())
        )

    def _components(self, part: str) -> tuple[str, ...]:
        return tuple([self.value(text) for text in part.split(self.service.component, MOST)]) if part else ()

    @property
    def codec(self) -> str | None:
        """What decodes the values where a character may take more than one byte; None where it never does."""
        return self._codec

    @property
    def base(self) -> int:
        """Byte offset of the first segment's place in the interchange."""
        return self._base

    @property
    def text(self) -> str:
        """The whole text with the protected characters exchanged: what a separator in it separates is certain."""
        return self._text

    def value(self, text: str) -> str:
        """A component as the sender meant it: without release characters, decoded."""
        release = self.service.release
        if release is not None and release in text:
            text = self._meant(text)
        if self._codec is not None and not text.isascii():
            text = text.encode("iso8859-1").decode(self._codec, "replace")
        return text

    def _meant(self, text: str) -> str:
        """Without the release characters; a chain of replacements is several times as fast as `str.translate`."""
        text = text.replace(self.service.release or "", "")
        for character, marker in self._markers:
            if marker in text:
                text = text.replace(marker, character)
        return text

    def original(self, raw: str) -> str:
        """A segment exactly as it stood on the wire, one character per byte."""
        for character, marker in self._markers:
            raw = raw.replace(marker, character)
        return raw

    def protecting(self, part: str) -> str | None:
        """A part of the text as it stood on the wire; None where a release character protects what needs none."""
        release = self.service.release
        if release is None or release not in part:
            return part
        markers = {marker for _, marker in self._markers}
        _, *others = part.split(release)
        return self.original(part) if all(other[:1] in markers for other in others) else None

    def tag(self, raw: str) -> tuple[str, tuple[str, ...]]:
        """The tag of a segment and its nesting indication (versions 1 to 3), mostly empty."""
        head = raw.partition(self.service.element)[0]
        tag, *nesting = [self.value(part) for part in head.split(self.service.component)]
        return tag, tuple(nesting)

    def start(self, index: int) -> int:
        """Byte offset of a segment in its interchange, UNA counted."""
        if self._lead is None:
            self._lead = []
            offset = self._base
            for raw in self._text.split(self.service.terminator):
                self._lead.append(offset + len(raw) - len(raw.lstrip(_BETWEEN)))
                offset += len(raw) + 1
        return self._lead[index]

    def locate(self, raw: str, element: int, component: int | None) -> tuple[int, int] | None:
        """Byte offsets inside a segment of a data element, or of one component; ordinals from 1; None when absent."""
        parts = raw.split(self.service.element)
        if not 0 < element < len(parts):
            return None
        start = sum(len(part) + 1 for part in parts[:element])
        if component is None:
            return start, start + len(parts[element])
        pieces = parts[element].split(self.service.component)
        if not 0 < component <= len(pieces):
            return None
        start += sum(len(piece) + 1 for piece in pieces[: component - 1])
        return start, start + len(pieces[component - 1])


@lru_cache(maxsize=16)
def _unordinary(service: ServiceCharacters) -> re.Pattern[str]:
    """A terminator behind which no well-formed tag of a user segment stands."""
    element, terminator = re.escape(service.element), re.escape(service.terminator)
    return re.compile(f"{terminator}(?![A-TV-Z][A-Z0-9][A-Z0-9][{element}{terminator}])")


def _markers(text: str, service: ServiceCharacters) -> tuple[tuple[str, str], ...]:
    """Unused characters for the protected ones; the release character's own pair comes first (parity decides)."""
    if service.release is None or service.release not in text:
        return ()
    taken = set(service.special)
    candidates = (chr(code) for code in (*range(1, 9), *range(14, 32), *range(0xE000, 0xE100)))
    unused = (character for character in candidates if character not in taken and character not in text)
    return tuple((character, next(unused)) for character in service.special)


def _exchanged(text: str, release: str, markers: Mapping[str, str]) -> str:
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
