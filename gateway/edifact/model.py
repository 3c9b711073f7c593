"""What an interchange consists of: segments, messages, functional groups, the header.

Everything here is a view on the wire: nothing is split before somebody asks for it, nothing that was received is
corrected.
A WireMessage is the other direction: a message as text, ready to be put into an interchange.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import overload

from msgspec import Struct

from gateway.edifact import core
from gateway.edifact.wire import Repeated, Wire


class Segment:
    """One segment, exactly as it stood on the wire.

    tag        segment tag: "LOC"
    nesting    nesting indication behind the tag (``CST:1``, versions 1 to 3), mostly empty
    elements   data elements in order, the tag not among them
    position   ordinal in its message, UNH is 1 (what UCS 0096 counts); 0 outside of a message
    span       (start, end) byte offsets in the interchange, UNA counted; the terminator is not in it
    """

    __slots__ = ("_index", "_raw", "_wire", "elements", "position", "tag")

    def __init__(self, wire: Wire, index: int, position: int) -> None:
        """Look at segment number `index` (from 0) of the wire."""
        self._wire = wire
        self._index = index
        self._raw = wire.raw(index)
        self.position = position
        self.tag = wire.tag(self._raw)[0]
        self.elements = wire.elements(self._raw)

    @property
    def nesting(self) -> tuple[str, ...]:
        return self._wire.tag(self._raw)[1]

    @property
    def span(self) -> tuple[int, int]:
        start = self._wire.start(self._index)
        return start, start + len(self._raw)

    @property
    def text(self) -> str:
        """The segment as it stood on the wire, without terminator, one character per byte of a single-byte set."""
        return self._wire.original(self._raw)

    @property
    def decoded(self) -> bool:
        """Whether its bytes are those of the announced set; where they are not, U+FFFD stands in their place."""
        codec = self._wire.codec
        if codec is None:
            return "\ufffd" not in self._raw
        try:
            self.text.encode("iso8859-1").decode(codec)
        except UnicodeDecodeError:
            return False
        return True

    def component(self, element: int, component: int = 1, occurrence: int = 1) -> str:
        """One component; ordinals from 1; "" when it is not there."""
        elements = self.elements
        if not 0 < element <= len(elements):
            return ""
        found = elements[element - 1]
        if isinstance(found, Repeated):
            if occurrence > len(found):
                return ""
            parts = found[occurrence - 1]
        elif occurrence > 1:
            return ""
        else:
            parts = found
        return parts[component - 1] if component <= len(parts) else ""

    def locate(self, element: int, component: int | None = None) -> tuple[int, int] | None:
        """Byte offsets in the interchange of a data element or of one component; None when it is not there."""
        found = self._wire.locate(self._raw, element, component)
        if found is None:
            return None
        start = self._wire.start(self._index)
        return start + found[0], start + found[1]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Segment):
            return NotImplemented
        return (self.tag, self.nesting, self.elements) == (other.tag, other.nesting, other.elements)

    def __hash__(self) -> int:
        return hash((self.tag, self.elements))

    def __repr__(self) -> str:
        return f"<Segment {self.position} {self.text!r}>"


def cut(wire: Wire, start: int, positions: Sequence[int]) -> Iterator[Segment]:
    """The segments of the wire from number `start` (from 0), one for each position, already looked into."""
    service = wire.service
    return core.active.cut(Segment, wire, wire.raws, start, positions, service.element, service.component, wire.odd)


class Segments(Sequence[Segment]):
    """The segments of a whole interchange: each is made when it is looked at, and kept by who looks, not here.

    So somebody who walks over a long interchange needs room for one segment.
    """

    __slots__ = ("_positions", "_wire")

    def __init__(self, wire: Wire, positions: Sequence[int]) -> None:
        """All segments of the wire, with their positions in their messages."""
        self._wire = wire
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[Segment]:
        return cut(self._wire, 0, self._positions)

    @overload
    def __getitem__(self, index: int) -> Segment: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Segment]: ...

    def __getitem__(self, index: int | slice) -> Segment | Sequence[Segment]:
        found = range(len(self._positions))[index]
        if isinstance(found, int):
            return Segment(self._wire, found, self._positions[found])
        return [Segment(self._wire, number, self._positions[number]) for number in found]


class MessageIdentifier(Struct, frozen=True):
    """S009: what a message is. ``str()`` gives ``CUSDEC:D:96B:UN:COR10``."""

    type: str
    version: str
    release: str
    agency: str = "UN"
    association: str | None = None

    @classmethod
    def parse(cls, text: str) -> MessageIdentifier:
        """The opposite of ``str()``. Raises ValueError when there are not four or five parts."""
        type_, version, release, agency, *association = text.split(":")
        if len(association) > 1:
            raise ValueError(f"not a message identifier: {text!r}")
        return cls(type_, version, release, agency, association[0] if association else None)

    def __str__(self) -> str:
        parts = [self.type, self.version, self.release, self.agency]
        if self.association is not None:
            parts.append(self.association)
        return ":".join(parts)


class WireMessage(Struct, frozen=True):
    """A message as text, without its UNH and UNT.

    body               the segments after UNH and before UNT as on the wire, with the separators ``:+.?'`` (and, in
                       version 4, ``*``), no line breaks, values already released
    segments           how many segments stand in `body`
    access_reference   0068 of UNH, where the message has one
    syntax_version     "4" where `*` repeats an element in `body` and is released as a character; else "3"
    """

    identifier: MessageIdentifier
    body: str
    segments: int
    access_reference: str | None = None
    syntax_version: str = "3"


class Message:
    """One message: UNH to UNT.

    complete   False when no UNT was found before the next service segment
    """

    __slots__ = ("_end", "_head", "_identifier", "_reference", "_segments", "_start", "_wire", "complete")

    def __init__(self, wire: Wire, start: int, end: int, complete: bool) -> None:
        """Look at the segments `start` to `end` (from 0, end excluded) of the wire."""
        self._wire = wire
        self._start = start
        self._end = end
        self._head: Segment | None = None
        self._identifier: MessageIdentifier | None = None
        self._reference: str | None = None
        self._segments: list[Segment] | None = None
        self.complete = complete

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments, UNH and UNT included."""
        if self._segments is None:
            self._segments = list(cut(self._wire, self._start, range(1, self.count + 1)))
        return self._segments

    def forget(self) -> None:
        """Let go of the segments: they are cut again when somebody asks. Their text stays."""
        self._segments = None

    @property
    def wire(self) -> Wire:
        """The text this message stands in."""
        return self._wire

    @property
    def end(self) -> int:
        """Number of the segment behind it, from 0, in its text."""
        return self._end

    @property
    def raws(self) -> Sequence[str]:
        """The texts of the segments as they were cut (see `Wire.raws`), without looking into them."""
        return self._wire.raws[self._start : self._end]

    @property
    def count(self) -> int:
        """How many segments there are, without looking at them."""
        return self._end - self._start

    @property
    def _header(self) -> Segment:
        if self._head is None:
            self._head = self._segments[0] if self._segments else Segment(self._wire, self._start, 1)
        return self._head

    @property
    def reference(self) -> str:
        """Message reference number (0062), "" when absent."""
        if self._reference is None:
            wire = self._wire
            plain = wire.raw(self._start).split(wire.service.element, 2)[1:2]
            simple = plain and plain[0].isascii() and plain[0].isalnum()
            self._reference = plain[0] if simple else self._header.component(1)
        return self._reference

    @property
    def identifier(self) -> MessageIdentifier:
        """Message identifier (S009); absent parts are ""."""
        if self._identifier is None:
            header = self._header
            self._identifier = MessageIdentifier(
                header.component(2, 1),
                header.component(2, 2),
                header.component(2, 3),
                header.component(2, 4),
                header.component(2, 5) or None,
            )
        return self._identifier

    @property
    def access_reference(self) -> str | None:
        """Common access reference (0068)."""
        return self._header.component(3) or None


class Group(Struct, frozen=True):
    """A functional group, UNG to UNE: where it stands and the messages in it."""

    header: Segment
    trailer: Segment | None
    messages: Sequence[Message]

    @property
    def reference(self) -> str:
        """Group reference number (0048)."""
        return self.header.component(5)


class InterchangeHeader(Struct, frozen=True, kw_only=True):
    """UNB (ISO 9735): who sends what to whom. Texts exactly as received, "" when a mandatory one is absent.

    prepared    S004 as aware UTC: UNB has no zone and the corridor profile says UTC; a two-digit year below 70 is
                20yy; None when absent or no date
    """

    syntax_identifier: str = "UNOC"
    syntax_version: str = "3"
    sender: str
    sender_qualifier: str
    recipient: str
    recipient_qualifier: str
    prepared: datetime | None
    control_reference: str
    application_reference: str | None = None
    acknowledgement_request: str | None = None
    agreement: str | None = None
    test: str | None = None
    sender_routing: str | None = None
    recipient_routing: str | None = None
    password: str | None = None
    password_qualifier: str | None = None
    priority: str | None = None
