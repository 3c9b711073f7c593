"""The bridge to pydifact: its objects for other Python code, our reading underneath.

pydifact gives the object model, and in the tests a second opinion. Its own tokenizer is not used on what comes from
outside: it looks for UNA anywhere in the text, and knows neither repetition nor functional groups. Importing this
module imports pydifact; nothing else in the gateway does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pydifact.control.characters
import pydifact.parser
import pydifact.segmentcollection
import pydifact.segments

from gateway.edifact.reader import read_interchanges
from gateway.edifact.wire import Repeated

if TYPE_CHECKING:
    from gateway.edifact.interchange import Interchange
    from gateway.edifact.model import Segment


class RepeatedElement(list[Any]):
    """A repeated element of syntax version 4 as pydifact code may see it: a list of its occurrences."""


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
            yield _segment("UNA", [str(pydifact.control.characters.Characters.from_str(interchange.una))])
        self.syntax_identifier = interchange.header.syntax_identifier
        self.version = interchange.header.syntax_version
        for segment in interchange.segments:
            yield convert(segment)


def to_pydifact(interchange: Interchange) -> PydifactInterchange:
    """An interchange as pydifact segments, exactly those that were received."""
    made = PydifactInterchange()
    made.una = interchange.una
    made.segments = [convert(segment) for segment in interchange.segments]
    return made


def convert(segment: Segment) -> Any:
    """One segment: a simple element as text, a composite as list of texts, a repeated one as RepeatedElement."""
    elements: list[Any] = []
    for element in segment.elements:
        if isinstance(element, Repeated):
            elements.append(RepeatedElement([_plain(occurrence) for occurrence in element]))
        else:
            elements.append(_plain(element))
    return _segment(segment.tag, elements)


def _plain(components: tuple[str, ...]) -> str | list[str]:
    if len(components) > 1:
        return list(components)
    return components[0] if components else ""


def _segment(tag: str, elements: list[Any]) -> Any:
    """A pydifact segment made without its constructor, whose checks warn about data files its wheel does not hold."""
    made = pydifact.segments.Segment.__new__(pydifact.segments.Segment)
    made.tag = tag
    made.elements = elements
    return made
