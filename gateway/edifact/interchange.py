"""One interchange as received: header, groups, messages, segments, and everything that is wrong with its syntax."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from gateway.edifact import envelope, syntax
from gateway.edifact.characters import ServiceCharacters
from gateway.edifact.form import Form, form_of, rewrite
from gateway.edifact.header import read_header
from gateway.edifact.layout import GroupSpan, Layout, lay_out
from gateway.edifact.model import Group, InterchangeHeader, Message, Segment, Segments
from gateway.edifact.wire import Wire
from gateway.findings import Finding

if TYPE_CHECKING:
    from gateway.edifact.pydifact_bridge import PydifactInterchange


def occurrences(references: Sequence[Hashable]) -> list[int | None]:
    """For each reference, from 2, which use of it this is; None for the first."""
    seen: Counter[Hashable] = Counter()
    found: list[int | None] = []
    for reference in references:
        seen[reference] += 1
        found.append(seen[reference] if seen[reference] > 1 else None)
    return found


def labels(
    references: Sequence[str], groups: Sequence[Group], spans: Sequence[GroupSpan]
) -> Sequence[tuple[str | None, int | None]]:
    """What tells messages apart beside their reference; empty where nothing more is needed."""
    if not groups and len(set(references)) == len(references):
        return ()
    owner: list[str | None] = [None] * len(references)
    for group, span in zip(groups, spans, strict=True):
        owner[span.first : span.end] = [group.reference] * (span.end - span.first)
    return list(zip(owner, occurrences(list(zip(owner, references, strict=True))), strict=True))


class Interchange:
    """An interchange, UNA or UNB to UNZ, exactly as it stood in its source. Nothing in it is repaired.

    una        the nine characters of the service string advice, None when there was none
    content    the bytes, from UNA or UNB to the last terminator
    offset     byte offset of `content` in the source
    before     bytes of the source before the first interchange; empty for the others
    after      bytes of the source between this interchange and the next, or the end: mostly a line break
    met        what the reader met while looking for it: part of `findings`
    begins     byte offset of `content` in the interchange: 0, but in the parts of a stream
    findings   syntax, character set and envelope; conformance of the messages is `check_message`'s
    """

    begins = 0
    codec = "iso8859-1"
    """Python codec by which the bytes became text: that of the announced set, or one character per byte."""

    def __init__(
        self,
        content: bytes,
        offset: int,
        una: str | None,
        wire: Wire,
        found: Sequence[Finding],
        before: bytes = b"",
        after: bytes = b"",
    ) -> None:
        """Made by `read_interchanges`; `found` is what the reader met while looking for the interchange."""
        self.before = before
        self.after = after
        self.content = content
        self.offset = offset
        self.una = una
        self.wire = wire
        self.met = tuple(found)

    @property
    def service(self) -> ServiceCharacters:
        """The service characters in force."""
        return self.wire.service

    @cached_property
    def layout(self) -> Layout:
        """Where messages and groups begin and end."""
        return lay_out(self.wire)

    @cached_property
    def unb(self) -> Segment | None:
        """The header segment, None when it is missing."""
        return None if self.layout.header is None else Segment(self.wire, self.layout.header, 0)

    @cached_property
    def unz(self) -> Segment | None:
        """The trailer segment, None when it is missing."""
        return None if self.layout.trailer is None else Segment(self.wire, self.layout.trailer, 0)

    @cached_property
    def header(self) -> InterchangeHeader:
        """UNB as a value; its texts are empty when there is no UNB."""
        return read_header(self.unb)

    @cached_property
    def messages(self) -> Sequence[Message]:
        """The messages in order, those of functional groups included."""
        return [Message(self.wire, span.start, span.end, span.closed) for span in self.layout.messages]

    @cached_property
    def groups(self) -> Sequence[Group]:
        """The functional groups, mostly none."""
        return [
            Group(
                Segment(self.wire, span.header, 0),
                None if span.trailer is None else Segment(self.wire, span.trailer, 0),
                self.messages[span.first : span.end],
            )
            for span in self.layout.groups
        ]

    @cached_property
    def labels(self) -> Sequence[tuple[str | None, int | None]]:
        """For each message its group reference, and from 2 which use of its reference it is; empty where every message
        stands in no group and has a reference of its own."""
        return labels([message.reference for message in self.messages], self.groups, self.layout.groups)

    @cached_property
    def group_occurrences(self) -> Sequence[int | None]:
        """For each group, from 2, which use of its reference it is."""
        return occurrences([group.reference for group in self.groups])

    @property
    def segments(self) -> Sequence[Segment]:
        """Every segment in order, service segments included."""
        positions = [0] * self.wire.count
        for span in self.layout.messages:
            positions[span.start : span.end] = range(1, span.end - span.start + 1)
        return Segments(self.wire, positions)

    @cached_property
    def findings(self) -> list[Finding]:
        """Everything wrong with syntax, character set and envelope, in that order; at most `syntax.LIMIT` of a kind."""
        return [*self.met, *syntax.check(self), *envelope.check(self)]

    @property
    def form(self) -> Form:
        """How it is written: UNA, separators, line breaks, character set."""
        return form_of(self)

    def rewrite(self, form: Form | None = None) -> bytes:
        """The bytes made again from the segments, in its own form or in another one (see `gateway.edifact.form`).

        Raises LocalError F063 for a value that the form cannot hold.
        """
        return rewrite(self, form)

    def to_pydifact(self) -> PydifactInterchange:
        """The same interchange as an object of pydifact (see `pydifact_bridge`)."""
        from gateway.edifact.pydifact_bridge import to_pydifact

        return to_pydifact(self)
