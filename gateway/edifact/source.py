"""A source read in blocks and cut into pieces of interchanges: whole messages, never more in memory than it takes.

The same rules as `reader`, with one condition: what decides (line breaks and blanks before UNB and UNZ) is looked for
in LOOK characters from the place on. Source: as `reader`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from gateway.edifact.characters import ServiceCharacters, excerpt
from gateway.edifact.reader import (
    ANYWHERE,
    BLANK,
    BOM,
    HERE,
    Opening,
    advice_findings,
    codec_of,
    decoded,
    edge,
    opening,
    outside,
    released,
    terminated,
    without_header,
)
from gateway.findings import Finding, Place, Severity

LOOK = 4096
"""Characters that are seen behind a place before anything is decided there."""
_BETWEEN = "\r\n\t "


@dataclass(slots=True)
class Piece:
    """Whole segments of one interchange, one after the other.

    content   the bytes; those of the first piece begin with UNA or UNB
    text      the same from the first segment on, as `Wire` wants it
    offset    byte offset of the interchange in the source
    begins    byte offset of `content` in the interchange; `base`: of `text`
    first     whether the interchange begins here; `last`: whether it ends here
    cut       whether its rest was passed over: a message was too long
    found     what was met while looking for it
    """

    content: bytes
    text: str
    offset: int
    begins: int
    base: int
    una: str | None
    service: ServiceCharacters
    codec: str | None
    first: bool
    last: bool
    cut: bool = False
    found: list[Finding] = field(default_factory=list)


def pieces(stream: BinaryIO, block: int, largest: int) -> Iterator[Piece]:
    """The pieces of every interchange of a stream, in order. See `streaming.stream_interchanges`."""
    source = _Source(stream, block)
    found: list[Finding] = []
    if source.has(len(BOM)) and source.text.startswith(BOM):
        found.append(Finding(code="F006", severity=Severity.WARNING))
        source.at = len(BOM)
    skipped = _seek(source, keep=largest)
    if skipped.start is None:
        yield _headless(source, found, skipped, largest)
        return
    if skipped.junk:
        found.append(outside("F003", skipped.junk, skipped.offset))
    start: int | None = skipped.start
    while start is not None:
        source.at = start
        held: Piece | None = None
        for piece in _interchange(source, largest):
            if piece.first:
                piece.found = [*found, *piece.found]
            if held is not None:
                yield held
            held = piece
        assert held is not None  # the first piece is there whatever follows
        skipped = _seek(source, keep=0)
        if skipped.junk:
            held.found.append(outside("F008", skipped.junk, skipped.offset))
        yield held
        found, start = [], skipped.start


class _Source:
    """The part of the stream that is in memory: `text`, whose first character is byte `origin` of the stream.

    at   the place reached
    """

    def __init__(self, stream: BinaryIO, block: int) -> None:
        self._stream = stream
        self._block = block
        self.text = ""
        self.origin = 0
        self.at = 0
        self.ended = False

    def fill(self) -> None:
        """Read on: a block, or as much again as is here, so that long segments are not looked at block by block."""
        read = self._stream.read(max(self._block, len(self.text) - self.at))
        self.ended = not read
        self.text += read.decode("iso8859-1")

    def has(self, length: int) -> bool:
        """Whether so many characters are there from `at` on, or all that will ever be; reads on as needed."""
        while not self.ended and len(self.text) - self.at < length:
            self.fill()
        return len(self.text) - self.at >= length

    def forget(self) -> None:
        """Drop what lies behind, but for the character before `at`."""
        drop = max(self.at - 1, 0)
        self.text, self.origin, self.at = self.text[drop:], self.origin + drop, self.at - drop


@dataclass(slots=True)
class _Skipped:
    """What stood before the next interchange: its first characters, its byte offset, where that interchange begins."""

    start: int | None
    junk: str
    offset: int


def _seek(source: _Source, keep: int) -> _Skipped:
    """Look for the next interchange from `at` on. keep: characters of what is passed over that stay in memory."""
    offset, begin = source.origin + source.at, source.at
    while True:  # blanks
        while source.at < len(source.text) and source.text[source.at] in BLANK:
            source.at += 1
        if source.at < len(source.text) or source.ended:
            break
        if source.at - begin > keep:
            source.forget()
            begin = source.at
        source.fill()
    source.has(LOOK)
    if (here := HERE.match(source.text, source.at)) is not None:
        return _Skipped(here.start(1), "", offset)
    junk = ""  # the beginning of what stood up to `taken`
    taken = scan = source.at
    while True:
        limit = len(source.text) if source.ended else len(source.text) - LOOK
        found = ANYWHERE.search(source.text, scan)
        if found is not None and found.start() <= limit:
            return _Skipped(found.start(), (junk + source.text[taken : found.start()][:LOOK]).strip(BLANK), offset)
        if source.ended:
            return _Skipped(None, (junk + source.text[taken : taken + LOOK]).strip(BLANK), offset)
        scan = max(scan, limit)
        if scan - begin > keep:
            junk = (junk + source.text[taken : min(scan, taken + LOOK)])[:LOOK]
            source.at = scan
            source.forget()
            begin = taken = scan = source.at
        source.fill()


def _interchange(source: _Source, largest: int) -> Iterator[Piece]:
    """The pieces of the interchange at `at`; then `at` is its end."""
    source.has(2 * LOOK)
    opened = opening(source.text, source.at)
    cutter = _Cutter(source, opened, source.origin + source.at)
    pattern, search = edge(opened.service), opened.unb
    while True:
        text = source.text
        end, search = _end(source, pattern, search, opened.service)
        if end is not None:
            yield cutter.piece(end, last=True)
            return
        limit = len(text) - LOOK
        cut = _last_message(text, cutter.base, limit, opened.service)
        if cut is not None:
            yield cutter.piece(cut, last=False)
            search = cutter.base - 1  # its terminator
        elif len(text) - cutter.begin > largest:
            break
        source.fill()
    if cutter.first:
        unb = terminated(source.text[: cutter.base + LOOK], cutter.base, opened.service)
        yield cutter.piece(unb or cutter.base + LOOK, last=False)
    rest = cutter.piece(cutter.base, last=True)
    rest.cut = True
    rest.found.append(Finding(code="F051", fault="18", values={"limit": str(largest)}))
    yield rest
    search = cutter.base
    while (end := _end(source, pattern, search, opened.service)[0]) is None:
        source.at = max(source.at, len(source.text) - 2 * LOOK)
        source.forget()
        search = source.at
        source.fill()
    source.at = end


def _end(
    source: _Source, pattern: re.Pattern[str], search: int, service: ServiceCharacters
) -> tuple[int | None, int]:
    """Where the interchange ends, None where that is not here yet; and from where to look for it next time."""
    text = source.text
    limit = len(text) if source.ended else len(text) - LOOK
    while (found := pattern.search(text, search)) is not None and found.end() <= limit:
        if released(text, found.start(), service.release):
            search = found.start() + 1
        elif found.group(1) is None:
            return found.start() + 1, search
        else:
            end = terminated(text, found.end(), service)
            return (end or len(text)) if end or source.ended else None, search
    return (len(text) if source.ended else None), search


def _last_message(text: str, begin: int, limit: int, service: ServiceCharacters) -> int | None:
    """The end of the last message that ends before `limit`, behind the terminator of its UNT."""
    at = text.rfind("UNT", begin, limit)
    while at >= 0:
        before = at - 1
        while before > begin and text[before] in _BETWEEN:
            before -= 1
        if (
            before > begin
            and text[before] == service.terminator
            and text[at + 3] in (service.element, service.component, service.terminator)
            and not released(text, before, service.release)
        ):
            end = terminated(text[:limit], at, service)
            if end is not None:
                return end
        at = text.rfind("UNT", begin, at)
    return None


class _Cutter:
    """Cuts one interchange; `begin` and `base` are the places in the source's text where the next piece begins."""

    def __init__(self, source: _Source, opened: Opening, offset: int) -> None:
        self._source = source
        self._opened = opened
        self._offset = offset
        self.begin = source.at
        self.base = opened.unb
        self.first = True

    def piece(self, end: int, *, last: bool) -> Piece:
        """The piece up to `end`, which is then forgotten."""
        source, opened = self._source, self._opened
        content = source.text[self.begin : end]
        begins = source.origin + self.begin - self._offset
        made = Piece(
            content=content.encode("iso8859-1"),
            text=decoded(content[self.base - self.begin :], opened.charset),
            offset=self._offset,
            begins=begins,
            base=begins + self.base - self.begin,
            una=opened.una,
            service=opened.service,
            codec=codec_of(opened.charset),
            first=self.first,
            last=last,
            found=advice_findings(opened) if self.first else [],
        )
        self.first = False
        source.at = end
        source.forget()
        self.begin = self.base = source.at
        return made


def _headless(source: _Source, found: list[Finding], skipped: _Skipped, largest: int) -> Piece:
    """A source without any UNB, as `read_interchanges` sees it; too much of it is not kept."""
    text = source.text if source.origin == 0 else ""
    if source.origin and skipped.junk:
        missing = Place(tag="UNB", missing=True)
        found.append(Finding(code="F002", values={"text": excerpt(skipped.junk)}, place=missing))
        found.append(Finding(code="F051", fault="18", values={"limit": str(largest)}))
    elif source.origin:
        found.append(Finding(code="F001"))
    whole = without_header(text.encode("iso8859-1"), text, skipped.offset if not source.origin else 0, [])
    return Piece(
        content=whole.content,
        text="" if not whole.wire.count else text[whole.wire.base :],
        offset=0,
        begins=0,
        base=whole.wire.base,
        una=whole.una,
        service=whole.service,
        codec=None,
        first=True,
        last=True,
        found=found if source.origin else [*found, *whole.met],
    )
