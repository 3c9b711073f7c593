"""Large files go on where a transfer was cut, in both directions. Pure, but for what is kept of a file on its way in.

Up     OPEN what stands there · FSTAT, and READ a little of every page of it · WRITE what is missing
Down   what was kept · READ the rest, and one octet beyond the end

A weak line that carries half of a file before it breaks would otherwise carry that half for ever. Small files do not
pay for it: below LARGE nothing here is used.

Nothing here has to be believed. Of what we find on the server the last octets of every page that a power cut could have
taken are compared (sealed content never repeats), which costs a sixtieth of sending it again; and whatever a server
makes of it, size and rename are looked at, and the other side compares the whole with its name.
"""

from __future__ import annotations

import hashlib
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.errors import LinkError
from gateway.failpoints import reach
from gateway.spool import Resumable, Resumables
from gateway.transport import points, wire
from gateway.transport.batch import Job, Streamed
from gateway.transport.jobs import Folders, done, refused
from gateway.transport.mailbox import Entry, Fetched, file_fault
from gateway.transport.wire import CHUNK, Attributes, Code, Data, Flags, Handle, Kind, Reply, Request, Sizes, Status

LARGE = 1 << 20
"""Octets from which on a file is resumed."""

PAGE = 4096
"""What a disk keeps or loses as a whole."""

SAMPLE = 16
"""Octets read back at the end of each page."""

_LEAST = 256
"""Octets that answers to READs give on the average at least: each piece costs as much memory as a hundred octets."""

_FRESH = Flags.WRITE | Flags.CREATE | Flags.TRUNCATE


def most_answers(size: int) -> int:
    """Answers that a file of so many octets may take: whoever gives it octet by octet wants our memory, or our time."""
    return 1024 + size // _LEAST


class Opened(NamedTuple):
    """A file to write on: the answer to OPEN, how many octets of it stand there already, how many a WRITE may have."""

    answer: Reply
    standing: int = 0
    chunk: int = CHUNK


def open_to_write(path: bytes, content: bytes, extensions: Mapping[bytes, bytes], *,
                  resume: bool = True) -> Job[Opened]:
    """Open a file for writing `content`.

    resume  whether something in part may stand at `path`; content below LARGE is begun anew all the same
    """
    if len(content) < LARGE:
        [answer] = yield [wire.open_file(path, _FRESH)]
        return Opened(answer)
    if resume:
        found = yield from _standing(path, content, extensions)
        if found is not None:
            return found
    answer, sizes = yield from _open_large(path, _FRESH, extensions)
    return Opened(answer, 0, sizes.write)


def _open_large(path: bytes, flags: Flags, extensions: Mapping[bytes, bytes]) -> Job[tuple[Reply, Sizes]]:
    """OPEN, and in the same flight the question how much a READ and a WRITE may have: fewer answers to wait for."""
    asked = [wire.extended(wire.LIMITS)] if wire.LIMITS in extensions else []
    opened, *limits = yield [wire.open_file(path, flags), *asked]
    return opened, Sizes.of(limits[0] if limits else None)


def write_on(opened: Opened, handle: bytes, content: bytes,
             end: Sequence[Request]) -> Job[tuple[list[Reply], list[Reply]]]:
    """Write what is missing of a content, and then what is to be asked at its `end`, without waiting in between.

    Gives the refusals of writing, and the answers to `end`. Of large content nothing more is asked after a refusal, so
    that answers may be missing.
    """
    writes = list(_pieces(opened.standing, len(content), opened.chunk))
    if len(content) < LARGE:
        replies = yield [*(wire.write(handle, at, content[at:at + length]) for at, length in writes), *end]
        return [answer for answer in replies[:len(writes)] if not done(answer)], replies[len(writes):]
    octets = memoryview(content)  # a slice of it is no copy
    refusals: list[Reply] = []
    answers: dict[int, Reply] = {}

    def requests() -> Iterator[Request]:
        for at, length in writes:
            yield wire.write(handle, at, octets[at:at + length])
        yield from end

    def take(place: int, answer: Reply) -> bool:
        if place >= len(writes):
            answers[place - len(writes)] = answer
        elif not done(answer):
            refusals.append(answer)
        return not refusals

    yield Streamed(requests(), take)
    return refusals, [answers[place] for place in sorted(answers)]


def _pieces(start: int, size: int, chunk: int) -> Iterator[tuple[int, int]]:
    """(Offset, octets) of the READs or WRITEs for what is missing of a file.

    Small ones first, for a piece of which a part has arrived when a line breaks did not arrive; a line that has carried
    that many octets may carry large ones, which cost both sides less.
    """
    at = start
    while at < size:
        length = min(CHUNK if at < start + LARGE else chunk, size - at)
        yield at, length
        at += length


def _standing(path: bytes, content: bytes, extensions: Mapping[bytes, bytes]) -> Job[Opened | None]:
    """What an earlier run left at `path`, open, and how many octets of it are `content`; None: begin anew.

    By one handle, for what is compared has to be what is written on. A server that cannot read and write at once
    refuses here or there, and has the file from its beginning.
    """
    opened, sizes = yield from _open_large(path, Flags.READ | Flags.WRITE, extensions)
    if not isinstance(opened, Handle):
        return None
    [measured] = yield [wire.with_handle(Kind.FSTAT, opened.value)]
    size = measured.size if isinstance(measured, Attributes) and measured.size is not None else 0
    if PAGE <= size <= len(content):
        same = yield from _same(opened.value, content, size // PAGE)
        if same:
            return Opened(opened, same * PAGE, sizes.write)
    yield [wire.with_handle(Kind.CLOSE, opened.value)]
    return None


def _same(handle: bytes, content: bytes, pages: int) -> Job[int]:
    """How many whole pages from the beginning end as those of `content` do.

    The first is asked for alone: a server that cannot read what is open for writing may think about each for a second
    before it says so (rclone without a cache), and about a large file for an hour.
    """
    [first] = yield [wire.read(handle, PAGE - SAMPLE, SAMPLE)]
    if first != Data(content[PAGE - SAMPLE:PAGE]):
        return 0
    differing = [pages]

    def take(place: int, answer: Reply) -> bool:
        end = (place + 1) * PAGE
        if answer != Data(content[end - SAMPLE:end]):
            differing.append(place)
        return len(differing) == 1

    yield Streamed((wire.read(handle, end - SAMPLE, SAMPLE) for end in range(PAGE, pages * PAGE + 1, PAGE)), take)
    return min(differing)


def fetch_large(folders: Folders, entry: Entry, kept: Resumables | None) -> Job[Fetched]:
    """Read one large file: what was kept of it, then the rest, and a look that there is no more.

    kept  where its beginning is kept; None keeps nothing
    """
    beginning = None if kept is None else kept.open(entry.name, entry.size)
    standing = b"" if beginning is None else beginning.content(entry.size)
    try:
        content = yield from _read(folders, entry, standing, beginning)
        if beginning is not None and (isinstance(content, bytes) and not _fits(entry.name, content)):
            beginning.discard()
            if standing:  # what was kept is not what stands there
                content = yield from _read(folders, entry, b"", None)
    finally:
        if beginning is not None:
            beginning.close()
    return entry, content


def _fits(name: str, content: bytes) -> bool:
    """Whether a content is the one that its name says (ENVELOPE section 2)."""
    return name.startswith(hashlib.sha256(content).hexdigest()[:32])


def _read(folders: Folders, entry: Entry, standing: bytes, beginning: Resumable | None) -> Job[bytes | LinkError]:
    """Read what follows `standing`; it is added to `beginning`."""
    opened, sizes = yield from _open_large(folders.whole(entry.name), Flags.READ, folders.extensions)
    if not isinstance(opened, Handle):
        return refused(entry.name, "open", opened)
    arriving = _Arriving(entry, opened.value, beginning)
    arriving.begin(standing, sizes.read)
    while arriving.error is None and arriving.wanted:
        yield Streamed(arriving.requests(), arriving.take)
    [closed] = yield [wire.with_handle(Kind.CLOSE, opened.value)]
    if arriving.error is None:
        return arriving.content.getvalue() if done(closed) else refused(entry.name, "close", closed)
    if arriving.error.code == "B112" and beginning is not None:
        beginning.discard()  # of another file than the listed one
    return arriving.error


@dataclass(slots=True)
class _Arriving:
    """A file on its way in: what is there in order, what came before its turn, what is still to be asked for."""

    entry: Entry
    handle: bytes
    beginning: Resumable | None
    content: io.BytesIO = field(default_factory=io.BytesIO)  # gives what it holds without a copy
    early: dict[int, bytes] = field(default_factory=dict)
    asked: dict[int, tuple[int, int]] = field(default_factory=dict)
    wanted: deque[tuple[int, int]] = field(default_factory=deque)
    error: LinkError | None = None
    answers: int = 0

    def begin(self, standing: bytes, chunk: int) -> None:
        """Note what is there already, and want the rest in chunks and one octet beyond it."""
        self.content.write(standing)
        size = self.entry.size
        self.wanted.extend(_pieces(len(standing), size, chunk))
        self.wanted.append((size, 1))

    def requests(self) -> Iterator[Request]:
        """READs of everything that is wanted, in order; what comes short is wanted again."""
        place = 0
        while self.wanted:
            at, length = self.asked[place] = self.wanted.popleft()
            place += 1
            yield wire.read(self.handle, at, length)

    def take(self, place: int, answer: Reply) -> bool:
        """One answer; whether to go on."""
        at, length = self.asked.pop(place)
        size = self.entry.size
        self.answers += 1
        if self.answers > most_answers(size):
            self._fail(refused(self.entry.name, "read", answer))
            return False
        match answer:
            case Status(code=Code.EOF) if at == size:
                pass
            case Data(content) if at < size and 0 < len(content) <= length:
                if len(content) < length:
                    self.wanted.append((at + len(content), length - len(content)))
                self._place(at, content)
            case Data():
                self._fail(file_fault("B112", self.entry.name, expected=str(size), found=f"> {size}"))
            case Status(code=Code.EOF):
                self._fail(file_fault("B112", self.entry.name, expected=str(size), found=f"<= {at}"))
            case _:
                self._fail(refused(self.entry.name, "read", answer))
        return self.error is None

    def _fail(self, error: LinkError) -> None:
        self.error = self.error or error

    def _place(self, at: int, content: bytes) -> None:
        self.early[at] = content
        while (following := self.early.pop(self.content.tell(), None)) is not None:
            self.content.write(following)
            if self.beginning is not None:
                self.beginning.append(following)
                reach(points.ARRIVING)
