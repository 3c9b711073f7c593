"""Interchanges larger than memory, message by message, with the findings that `validate` has for the whole.

A source is read in blocks. What is there is cut behind the last complete message, looked at as a part of its
interchange, and forgotten. Kept are the header, the open group, the counts, and a digest of 12 bytes per message
reference, by which duplicates are found: about 100 bytes a message, 25 MB for a quarter of a million of them.

The same findings in another order: those of a message come with it, those of the interchange at its end. Lists are cut
at `syntax.LIMIT` findings per code and interchange, not per check. Source: as `reader` and `envelope`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from gateway.edifact import envelope, syntax
from gateway.edifact.characters import ServiceCharacters
from gateway.edifact.charsets import charset, looks_like_utf_8
from gateway.edifact.conformance import check_message
from gateway.edifact.interchange import Interchange
from gateway.edifact.layout import Layout, lay_out
from gateway.edifact.model import Group, InterchangeHeader, Message, Segment
from gateway.edifact.source import Piece, pieces
from gateway.edifact.wire import Wire
from gateway.findings import Finding, Place, Severity

Judged = tuple[Message, list[Finding]]
"""A message, and everything wrong with it."""


def stream_interchanges(
    source: Path | BinaryIO, *, block: int = 1 << 18, largest: int = 1 << 24
) -> Iterator[StreamedInterchange]:
    """Every interchange of a source, in order, each to be used up before the next one is asked for.

    block     bytes read at once
    largest   bytes that one message may have; a longer one is F051 and ends the reading of its interchange

    A source without any UNB gives one interchange, held in memory as `read_interchanges` does, up to `largest`. Raises
    OSError when the source cannot be read, and nothing for its content.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield from stream_interchanges(stream, block=block, largest=largest)
        return
    waiting = pieces(source, block, largest)
    piece = next(waiting, None)
    while piece is not None:
        streamed = StreamedInterchange(piece, waiting)
        yield streamed
        for _ in streamed.messages():
            pass
        piece = streamed.following


class StreamedInterchange:
    """One interchange that is read while it is looked at.

    header     UNB as a value
    una        its service string advice, None when there was none
    offset     byte offset in the source
    findings   what is wrong with the interchange itself: complete when `messages` is used up
    count      messages seen so far
    """

    def __init__(self, piece: Piece, waiting: Iterator[Piece]) -> None:
        """Made by `stream_interchanges`: the first piece of this interchange, and all that follow."""
        self.findings: list[Finding] = list(piece.found)
        self.una, self.offset, self.service = piece.una, piece.offset, piece.service
        self.count = 0
        self.following: Piece | None = None
        self._piece: Piece | None = piece
        self._waiting = waiting
        self._state = _State(piece)
        self.header = self._state.header

    def messages(self) -> Iterator[Judged]:
        """Each message once, with everything wrong with it: syntax, envelope, conformance."""
        while (piece := self._piece) is not None:
            self._piece = None
            part = self._state.part(piece)
            yield from self._judged(part, piece)
            coming = next(self._waiting, None)
            if coming is None or coming.first:
                self.following = coming
                self._keep(self._state.end(part, cut=piece.cut))
                return
            self._piece = coming

    def _judged(self, part: _Part, piece: Piece) -> Iterator[Judged]:
        below: dict[tuple[str | None, str, int | None], list[Finding]] = {}
        own: list[Finding] = list(piece.found) if not piece.first else []
        for finding in self._state.check(part, last=piece.last):
            place = finding.place
            if place.message is None:
                own.append(finding)
            else:
                below.setdefault((place.group, place.message, place.occurrence), []).append(finding)
        self._keep(own)
        version, control = self.header.syntax_version or None, self.header.control_reference or None
        for number, message in enumerate(part.messages):
            group, occurrence = part.labels[number]
            found = below.pop((group, message.reference, occurrence), [])
            for finding in check_message(message, version, control):
                found.append(replace(finding, place=replace(finding.place, group=group, occurrence=occurrence)))
            self.count += 1
            yield message, found

    def _keep(self, found: list[Finding]) -> None:
        """Findings of the interchange, up to the limit of each code."""
        for finding in found:
            if self._state.within(finding.code):
                self.findings.append(finding)
            elif self._state.first_beyond(finding.code):
                values = {"limit": str(syntax.LIMIT), "kind": finding.code}
                place = Place(interchange=self.header.control_reference or None)
                self.findings.append(Finding(code="F099", severity=Severity.NOTE, place=place, values=values))


def validate_stream(source: Path | BinaryIO, *, block: int = 1 << 18, largest: int = 1 << 24) -> Iterator[Finding]:
    """Everything wrong with a source, in bounded memory: what `validate` finds in its interchanges, one by one.

    But for F073: however many segments there are, few of them are held.
    """
    for interchange in stream_interchanges(source, block=block, largest=largest):
        for _, found in interchange.messages():
            yield from found
        yield from interchange.findings


class _Part(Interchange):
    """A part of an interchange: it knows the header that stood before it, and what its groups and references are."""

    def __init__(self, piece: Piece, wire: Wire, state: _State) -> None:
        super().__init__(piece.content, piece.offset, piece.una, wire, ())
        self.begins = piece.begins
        self._state = state
        self._opened = not piece.first and state.opened
        self._grouped = state.group is not None

    @cached_property
    def layout(self) -> Layout:
        return lay_out(self.wire, opened=self._opened, grouped=self._grouped)

    @cached_property
    def unb(self) -> Segment | None:
        return None if self.layout.header is None or self._opened else Segment(self.wire, self.layout.header, 0)

    @cached_property
    def header(self) -> InterchangeHeader:
        return self._state.header

    @cached_property
    def groups(self) -> list[Group]:
        found = []
        for span in self.layout.groups:
            open_group = self._state.group
            header = open_group.header if span.header < 0 and open_group else Segment(self.wire, span.header, 0)
            trailer = None if span.trailer is None else Segment(self.wire, span.trailer, 0)
            found.append(Group(header, trailer, self.messages[span.first : span.end]))
        return found

    @cached_property
    def group_occurrences(self) -> list[int | None]:
        first = [self._state.group_occurrence] if self._grouped else []
        new = self.groups[len(first) :]
        return [*first, *(self._state.groups_seen.occurrence(group.reference) for group in new)]

    @cached_property
    def labels(self) -> list[tuple[str | None, int | None]]:
        owner: list[str | None] = [None] * len(self.messages)
        for group, span in zip(self.groups, self.layout.groups, strict=True):
            owner[span.first : span.end] = [group.reference] * (span.end - span.first)
        return [
            (group, self._state.messages_seen.occurrence(group or "", message.reference, str(group is None)))
            for group, message in zip(owner, self.messages, strict=True)
        ]


class _Seen:
    """Which references were used, and how often: by digest, so that each takes little room whatever its length."""

    def __init__(self) -> None:
        self._once: set[bytes] = set()
        self._more: Counter[bytes] = Counter()

    def occurrence(self, *parts: str) -> int | None:
        """From 2 which use this is; None for the first. Counts it."""
        key = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if key not in self._once:
            self._once.add(key)
            return None
        self._more[key] += 1
        return self._more[key] + 1


class _State:
    """What of an interchange is remembered from part to part."""

    def __init__(self, piece: Piece) -> None:
        self.opened = False
        self.group: Group | None = None
        self.group_occurrence: int | None = None
        self.groups_seen = _Seen()
        self.messages_seen = _Seen()
        self._in_group_seen = _Seen()
        self._in_group = 0  # messages of the open group so far
        self._groups = self._messages = self._bare = 0
        self._ascii = self._utf_8 = True
        self._codes: Counter[str] = Counter()
        self._text = ""
        self.service: ServiceCharacters = piece.service
        self._codec = piece.codec
        self.header = Interchange(piece.content, piece.offset, piece.una, self._wire(piece), ()).header

    @staticmethod
    def _wire(piece: Piece) -> Wire:
        return Wire(piece.text, piece.service, piece.codec, piece.base)

    def part(self, piece: Piece) -> _Part:
        """The part of the interchange that a piece holds."""
        part = _Part(piece, self._wire(piece), self)
        if not piece.content.isascii():
            self._ascii = False
            self._utf_8 = self._utf_8 and looks_like_utf_8(piece.content[piece.base - piece.begins :])
        return part

    def within(self, code: str) -> bool:
        """Whether one more finding of this code is kept."""
        self._codes[code] += 1
        return self._codes[code] <= syntax.LIMIT

    def first_beyond(self, code: str) -> bool:
        return self._codes[code] == syntax.LIMIT + 1

    def check(self, part: _Part, *, last: bool) -> Iterator[Finding]:
        """The faults of syntax and envelope of a part, those of the interchange as a whole left for the end."""
        layout = part.layout
        if part.unb is not None:
            self.opened = True
            yield from syntax.check_opening(part)
            yield from envelope.check_header(part, part.unb)
        yield from syntax.check_segments(part)
        grouped = self.group is not None
        yield from envelope.check_messages(part, self._duplicates(part))
        yield from envelope.check_strays(part)
        yield from self._check_groups(part, grouped=grouped, last=last)
        self._messages += len(layout.messages)
        self._bare += layout.bare

    def _duplicates(self, part: _Part) -> list[bool]:
        owner = ["0"] * len(part.messages)
        number = self._groups - (self.group is not None)
        for ordinal, span in enumerate(part.layout.groups, number + 1):
            owner[span.first : span.end] = [str(ordinal)] * (span.end - span.first)
        return [
            self._in_group_seen.occurrence(ordinal, message.reference) is not None
            for ordinal, message in zip(owner, part.messages, strict=True)
        ]

    def _check_groups(self, part: _Part, *, grouped: bool, last: bool) -> Iterator[Finding]:
        spans = part.layout.groups
        told = list(zip(part.groups, part.group_occurrences, spans, strict=True))
        for number, (group, occurrence, span) in enumerate(told):
            if number or not grouped:
                self._groups += 1
                self._in_group = 0
                yield from envelope.check_group_header(part, group.header, group.reference, occurrence)
            self._in_group += span.end - span.first
            ends = number + 1 < len(spans) or last or part.layout.trailer is not None
            if group.trailer is None and not ends:
                self.group, self.group_occurrence = self._alone(group), occurrence
                return
            yield from envelope.check_group_trailer(part, group, self._in_group, occurrence)
            self.group = self.group_occurrence = None

    def end(self, part: _Part, *, cut: bool) -> list[Finding]:
        """The faults of the interchange as a whole, asked with its last part. cut: it was not read to its end."""
        found: list[Finding] = []
        announced = charset(self.header.syntax_identifier)
        if self.opened and announced is not None and not announced.multibyte and self._utf_8 and not self._ascii:
            found.append(syntax.utf_8(part, announced.identifier))
        if self.opened and not cut:
            found.extend(envelope.check_trailer(part, self._groups, self._messages, self._bare))
        return found

    def _alone(self, group: Group) -> Group:
        """An open group whose header has a text of its own, so that the part it stood in can be forgotten."""
        wire = Wire(group.header.text + self.service.terminator, self.service, self._codec)
        return Group(Segment(wire, 0, 0), None, ())
