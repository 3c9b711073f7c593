"""The bridge to pydifact: its objects for other Python code, our reading underneath.

pydifact gives the object model, and in the tests a second opinion. Its own tokenizer is not used on what comes from
outside: it looks for UNA anywhere in the text, and knows neither repetition nor functional groups. Importing this
module imports pydifact; nothing else in the gateway does.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pydifact.control.characters
import pydifact.parser
import pydifact.segmentcollection
import pydifact.segments

from gateway.edifact.plain import MOST
from gateway.edifact.reader import read_interchanges
from gateway.edifact.wire import Element, Repeated, Wire

if TYPE_CHECKING:
    from gateway.edifact.interchange import Interchange


class RepeatedElement(list[Any]):
    """A repeated element of syntax version 4 as pydifact code may see it: a list of its occurrences."""


class _OnDemand:
    """The elements of a segment, made when somebody looks; from then on an attribute like any other.

    A simple element is a text, a composite a list of texts, a repeated one a RepeatedElement.
    """

    def __get__(self, instance: GatewaySegment | None, owner: type) -> list[Any]:
        if instance is None:
            return []
        wire, raw = instance._cut
        if wire.plain or wire.is_plain(raw):
            component = wire.service.component
            elements: list[Any] = raw.split(wire.service.element, MOST)
            del elements[0]
            if component in raw:
                for place, part in enumerate(elements):
                    if component in part:
                        elements[place] = part.split(component, MOST)
        else:
            elements = [_structured(element) for element in wire.elements(raw)]
        instance.elements = elements
        return elements


class GatewaySegment(pydifact.segments.Segment):  # type: ignore[no-untyped-call]
    """A pydifact segment whose elements are cut when they are first looked at; a copy of it is an ordinary one.

    It is made without pydifact's constructor, whose checks warn about data files that its wheel does not hold.
    """

    __omitted__ = True  # no plugin of pydifact
    elements = _OnDemand()
    _cut: tuple[Wire, str]

    def __reduce__(self) -> tuple[Any, ...]:
        return _ordinary, (self.tag, self.elements)


def _ordinary(tag: str, elements: list[Any]) -> Any:
    made = pydifact.segments.Segment.__new__(pydifact.segments.Segment)
    made.tag, made.elements = tag, elements
    return made


class PydifactInterchange(pydifact.segmentcollection.RawSegmentCollection):
    """All segments of an interchange in pydifact's vocabulary, service segments included, nothing recounted.

    una   the service string advice, None when there was none
    """

    una: str | None = None

    @property
    def messages(self) -> list[list[Any]]:
        """The segments of each message, UNH and UNT included: pydifact's own `get_messages` loses most of UNH."""
        found: list[list[Any]] = []
        for segment in self.segments:
            if segment.tag == "UNH":
                found.append([])
            if found and (segment.tag not in ("UNE", "UNG", "UNZ") and not (found[-1] and found[-1][-1].tag == "UNT")):
                found[-1].append(segment)
        return found


class GatewayParser(pydifact.parser.Parser):
    """A parser to hand to pydifact (``Interchange.from_str(text, parser=GatewayParser())``)."""

    def parse(self, message: str, characters: Any = None) -> Iterator[Any]:
        """Yield the segments of the first interchange in `message`, UNA first where one stands.

        message      text as pydifact hands it over: one character per byte (ISO 8859-1)
        characters   ignored: the text itself says its service characters

        Raises UnicodeEncodeError for text that was decoded otherwise.
        """
        interchange = next(read_interchanges(message.encode("iso8859-1")))
        if interchange.una is not None:
            yield _ordinary("UNA", [str(pydifact.control.characters.Characters.from_str(interchange.una))])
        self.syntax_identifier = interchange.header.syntax_identifier
        self.version = interchange.header.syntax_version
        yield from _converted(interchange.wire)


def to_pydifact(interchange: Interchange) -> PydifactInterchange:
    """An interchange as pydifact segments, exactly those that were received."""
    made = PydifactInterchange()
    made.una = interchange.una
    made.segments = _converted(interchange.wire)
    return made


def _converted(wire: Wire) -> list[Any]:
    """All segments of a text. The collector rests meanwhile: it would look at all that is made again and again."""
    element, new = wire.service.element, GatewaySegment.__new__
    found: list[Any] = []
    collects = gc.isenabled()
    gc.disable()
    try:
        for raw in wire.raws:
            made = new(GatewaySegment)
            tag = raw[:3]
            made.tag = tag if raw[3:4] == element and tag.isalnum() and tag.isascii() else wire.tag(raw)[0]
            made._cut = wire, raw
            found.append(made)
    finally:
        if collects:
            gc.enable()
    return found


def _structured(element: Element) -> Any:
    if isinstance(element, Repeated):
        return RepeatedElement([_plain(occurrence) for occurrence in element])
    return _plain(element)


def _plain(components: tuple[str, ...]) -> str | list[str]:
    if len(components) > 1:
        return list(components)
    return components[0] if components else ""
