"""The text of one interchange, cut once at C speed, and looked into only where somebody looks.

The trick: where the release character occurs, the character it protects is exchanged for a control character that the
text does not use. From then on `str.split` is right, and nothing has moved: the text keeps its length, so every place
in it is a place in the bytes. Values are put back only in the few components that hold a release character.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import add
from typing import Final

from gateway.edifact import core
from gateway.edifact.characters import ServiceCharacters
from gateway.edifact.plain import MOST

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

    blanks      which segments (from 0) had blanks or tabs before them, left out of `raws`
    complete    whether the last segment had its terminator
    markers     the characters that may be protected, each with what stands for it; none where nothing is released
    notable     places in the text, behind a terminator, where something else than an ordinary segment begins: a service
                segment, a blank, no tag, the end; none are noted where line breaks or tabs occur
    odd         the release character and the repetition separator where they occur, and whether values must be decoded
    plain       whether every separator separates, and every value is its text: nothing is released, repeated, decoded
    service     the service characters in force
    spaced      whether line breaks, tabs or blanks stand somewhere that may be between segments
    """

    __slots__ = (
        "_base",
        "_begun",
        "_codec",
        "_lead",
        "_raws",
        "_survey",
        "_text",
        "blanks",
        "complete",
        "markers",
        "notable",
        "odd",
        "plain",
        "service",
        "spaced",
    )

    def __init__(
        self,
        text: str,
        service: ServiceCharacters,
        codec: str | None = None,
        base: int = 0,
        notable: Sequence[int] | None = None,
    ) -> None:
        """Cut `text`, one character per byte.

        codec     decodes the values of sets with several bytes per character
        base      byte offset of the text in its interchange: what UNA takes before it
        notable   the what `core.places` finds in the text, protected terminators among them, where it was asked already
        """
        self._base: Final = base
        self.service: Final = service
        self._codec: Final = codec
        self.markers: Final = _markers(text, service)
        if self.markers and service.release is not None:
            text = core.active.exchanged(text, service.release, dict(self.markers))
        self._text: Final = text
        spaced = text[:1] in _BLANKS or "\n" in text or "\r" in text or "\t" in text
        self.notable: Final[Sequence[int]] = () if spaced else self._noted(notable)
        self.spaced: Final = spaced or any(text.startswith(" ", place) for place in self.notable)
        rest = text[text.rfind(service.terminator) + 1 :].rstrip(_END_OF_FILE)
        self.complete: Final = not rest
        self.blanks: Final[list[int]] = []
        self._raws: list[str] | None = None
        if self.spaced:
            raws = self._raws = [raw.lstrip("\r\n") for raw in self._cut()]
            self.blanks.extend(index for index, raw in enumerate(raws) if raw[:1] in _BLANKS)
            for index in self.blanks:
                raws[index] = raws[index].lstrip(_BETWEEN)
        self._survey: tuple[dict[int, str], int] | None = None
        self._lead: array[int] | None = None
        self._begun: dict[int, int] | None = None
        self.odd: Final = (
            service.release if self.markers else None,
            service.repetition if service.repetition is not None and service.repetition in text else None,
            codec is not None and not text.isascii(),
        )
        self.plain: Final = self.odd == (None, None, False)

    def _noted(self, known: Sequence[int] | None) -> Sequence[int]:
        text, terminator = self._text, self.service.terminator
        if known is None:
            return core.active.places(text, 0, terminator, self.service.element, False)
        return [place for place in known if text[place - 1] == terminator] if self.markers else known

    def _cut(self) -> list[str]:
        raws = self._text.split(self.service.terminator)
        rest = raws.pop()
        if not self.complete:
            raws.append(rest.rstrip(_END_OF_FILE))
        return raws

    @property
    def raws(self) -> list[str]:
        """One text per segment, without terminator and without the line breaks before it, protected characters
        exchanged (see above); made when first asked for."""
        if self._raws is None:
            self._raws = self._cut()
        return self._raws

    @property
    def services(self) -> Mapping[int, str]:
        """The segments that begin with UN by their numbers (from 0), in order, as in `raws`."""
        return self._surveyed()[0]

    @property
    def count(self) -> int:
        """How many segments there are."""
        return self._surveyed()[1]

    def _surveyed(self) -> tuple[dict[int, str], int]:
        if self._survey is None:
            if self.spaced:
                raws = self.raws
                found, count = {number: raw for number, raw in enumerate(raws) if raw.startswith("UN")}, len(raws)
            else:
                found, count = core.active.services(self._text, self.service.terminator, self.notable)
                if not self.complete:
                    if count in found:
                        found[count] = found[count].rstrip(_END_OF_FILE)
                    count += 1
            self._survey = found, count
        return self._survey

    def raw(self, number: int) -> str:
        """One of `raws`, from 0; nothing is cut for a service segment."""
        if self._raws is None and (found := self.services.get(number)) is not None:
            return found
        return self.raws[number]

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
        for character, marker in self.markers:
            if marker in text:
                text = text.replace(marker, character)
        return text

    def original(self, raw: str) -> str:
        """A segment exactly as it stood on the wire, one character per byte."""
        for character, marker in self.markers:
            raw = raw.replace(marker, character)
        return raw

    def protecting(self, part: str) -> str | None:
        """A part of the text as it stood on the wire; None where a release character protects what needs none."""
        release = self.service.release
        if release is None or release not in part:
            return part
        markers = {marker for _, marker in self.markers}
        _, *others = part.split(release)
        return self.original(part) if all(other[:1] in markers for other in others) else None

    def tag(self, raw: str) -> tuple[str, tuple[str, ...]]:
        """The tag of a segment and its nesting indication (versions 1 to 3), mostly empty."""
        head = raw.partition(self.service.element)[0]
        tag, *nesting = [self.value(part) for part in head.split(self.service.component)]
        return tag, tuple(nesting)

    def start(self, index: int) -> int:
        """Byte offset of a segment in its interchange, UNA counted."""
        if self._lead is None and not self.spaced and index in self.services:  # found without cutting the text
            if self._begun is None:
                begin = (place for place in (0, *self.notable) if self._text.startswith("UN", place))
                self._begun = dict(zip(self.services, begin, strict=True))
            return self._base + self._begun[index]
        if self._lead is None:
            raws = self._text.split(self.service.terminator)
            starts = map(add, accumulate(map(len, raws), initial=self._base), range(len(raws)))  # terminators beside it
            self._lead = array("q", starts if not self.spaced else (
                start + len(raw) - len(raw.lstrip(_BETWEEN)) for start, raw in zip(starts, raws, strict=True)))
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


def _markers(text: str, service: ServiceCharacters) -> tuple[tuple[str, str], ...]:
    """Unused characters for the protected ones; the release character's own pair comes first (parity decides)."""
    if service.release is None or service.release not in text:
        return ()
    taken = set(service.special)
    candidates = (chr(code) for code in (*range(1, 9), *range(14, 32), *range(0xE000, 0xE100)))
    unused = (character for character in candidates if character not in taken and character not in text)
    return tuple((character, next(unused)) for character in service.special)
