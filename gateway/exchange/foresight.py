"""Interchanges that workers look at before the run judges them: which, how many, and what they found.

Workers look at what the run is about to judge and at what stands behind it, portion by portion. Where the run needs a
portion that has not come, it takes back from the workers what they have not begun of the same interchange, from its
end, and does that itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import SEGMENTS, read_interchanges
from gateway.errors import GatewayError
from gateway.exchange.appraisal import Appraisal, Upon, appraise, ready
from gateway.exchange.assembly import Gateway
from gateway.exchange.conversion import ground_of
from gateway.exchange.national_writer import NationalWriter
from gateway.exchange.worker import Answer
from gateway.exchange.workers import Workers
from gateway.ledger.rows import InterchangeIn
from gateway.mapping.archive import Archive
from gateway.mapping.dialect_apart import can_be_read_apart

LEAST = 1 << 20
"""Octets that wait, or are about to be taken, from which on workers are started: for fewer it does not pay."""

SMALL = 64 << 10
"""Octets of an interchange from which on it is given to workers: each portion brings the mappings with it."""

MOST = 8 << 20
"""Octets of an interchange that is too large to be held in memory twice, with all that is found in it."""

AHEAD = 3 << 20
"""Octets of the interchanges behind the one that is judged; one may be larger."""

PORTIONS = {"CUSDEC": 32, "CUSRES": 128}
"""Messages that a worker is given at once, by their type: an event takes a fourth of a declaration's time."""


class _Ahead(Struct, frozen=True):
    """An interchange that workers are at.

    payload  its hash: the octets themselves lie with the workers, and once is enough
    upon     what they appraise it upon
    cuts     where its portions lie in the payload
    results  of each of them
    """

    row: InterchangeIn
    payload: int
    upon: Upon
    cuts: Sequence[Cut]
    results: Sequence[Answer[list[Appraisal]] | None]

    def drop(self) -> None:
        """Have nobody begin what is not wanted any more."""
        for result in self.results:
            if result is not None:
                result.take_back()


class Cut(Struct, frozen=True):
    """Some messages of an interchange, with its header.

    begins       where the header begins and where it ends
    start, stop  where the messages do
    """

    begins: tuple[int, int]
    start: int
    stop: int

    def of(self, payload: bytes) -> bytes:
        """The octets."""
        begins, ends = self.begins
        return payload[begins:ends] + payload[self.start:self.stop]


class Foresight:
    """What workers find of interchanges ahead of one run.

    writer  has the workers only as long as they are at no interchange: its files would wait behind that
    """

    def __init__(self, gateway: Gateway, workers: Workers) -> None:
        self._gateway = gateway
        self._workers = workers
        self.writer = NationalWriter(gateway, workers)
        self._upon: Upon | None = None
        self._expected = 0
        self._line: list[_Ahead] = []

    def expect(self, octets: int) -> None:
        """So many octets of declarations and events are about to be stored: where that is much, workers load meanwhile
        what they will need."""
        self._expected += octets
        if self._expected >= LEAST and not self._workers.running:
            self._workers.prepare(ready)

    def of(self, row: InterchangeIn, payload: bytes, behind: Sequence[InterchangeIn]) -> list[Appraisal]:
        """What was found of each message of an interchange whose turn has come; empty where nobody has looked.

        behind  what stands behind it, and is likely to come next: workers look at that meanwhile
        """
        if self._workers.alone or row.type not in PORTIONS or (
                not self._workers.running and row.size + sum(one.size for one in behind) < LEAST):
            return []
        try:
            if self._upon is None:
                self._upon = self._stands()
        except GatewayError:  # told where a message needs it
            return []
        ahead = self._taken(row, payload)
        self._look(behind[:1] if self._gateway.ledger.shared else behind)  # of what comes later others have a part
        return [] if ahead is None else self._found(ahead, payload)

    def _stands(self) -> Upon | None:
        """Upon what workers appraise; None where they cannot be given it."""
        ground, inbox = ground_of(self._gateway, self._gateway.now), self._gateway.settings.national.inbox
        return None if ground is None else Upon(
            ground=ground, declarations=self._archive(inbox.declarations), events=self._archive(inbox.events),
            corridor=None)

    def _archive(self, identifier: str) -> Archive | None:
        """A dialect in which workers write; None where they cannot."""
        dialect = self._gateway.dialect(identifier)
        return dialect.archive if can_be_read_apart(dialect) else None

    def _look(self, behind: Sequence[InterchangeIn]) -> None:
        """Have workers look at what stands behind, as far as there is room."""
        held = sum(one.row.size for one in self._line)
        for row in behind:
            if not _pays(row) or any(one.row.id == row.id for one in self._line):
                continue
            if self._line and held + row.size > AHEAD:
                return
            with self._gateway.ledger.reading() as queries:
                payload = queries.payload_of(row.id)
            if payload is not None and (begun := self._begun(row, payload)) is not None:
                self._line.append(begun)
                held += row.size

    def _taken(self, row: InterchangeIn, payload: bytes) -> _Ahead | None:
        """The interchange as workers are at it, and from now on if they were not. What stands before it on its link was
        another host's."""
        passed = [one for one in self._line if one.row.partner == row.partner and one.row.sequence <= row.sequence]
        self._line = [one for one in self._line if one not in passed]
        found = [one for one in passed if one.row.id == row.id and one.payload == hash(payload)]
        for one in passed:
            if one not in found:
                one.drop()
        return next(iter(found), None) or (self._begun(row, payload) if _pays(row) else None)

    def _begun(self, row: InterchangeIn, payload: bytes) -> _Ahead | None:
        """Have workers look at an interchange; None for one that is no plain interchange."""
        try:
            cuts = cut(payload, PORTIONS[row.type])
        except GatewayError:  # told when its turn comes
            return None
        if not cuts or self._upon is None:
            return None
        self.writer.go_alone()
        corridor = self._gateway.corridors.shared(row.partner, self._gateway.name)
        upon = replace(self._upon, corridor=None if corridor is None else corridor.identifier)
        return _Ahead(row, hash(payload), upon, cuts, [
            self._workers.begin(appraise, upon, one.of(payload)) for one in cuts])

    def _found(self, ahead: _Ahead, payload: bytes) -> list[Appraisal]:
        """What comes of each portion, in order. While one is due that has not come, the run does others."""
        own: dict[int, list[Appraisal]] = {}
        found: list[Appraisal] = []
        try:
            for number, result in enumerate(ahead.results):
                while result is not None and number not in own and not result.come():
                    other = self._taken_back(ahead, number, own)
                    if other is None:
                        break
                    own[other] = appraise(ahead.upon, ahead.cuts[other].of(payload))
                if number in own:
                    found.extend(own.pop(number))
                elif result is not None:
                    found.extend(result())
        except Exception:  # a worker that died, or a defect: the run looks by itself, and says what is wrong
            ahead.drop()
            return []
        return found

    def _taken_back(self, ahead: _Ahead, first: int, own: dict[int, list[Appraisal]]) -> int | None:
        """The last portion that nobody has begun, from the first on that is due, or None."""
        for number in range(len(ahead.results) - 1, first - 1, -1):
            result = ahead.results[number]
            if number not in own and result is not None and result.take_back():
                return number
        return None


def _pays(row: InterchangeIn) -> bool:
    return row.type in PORTIONS and SMALL <= row.size <= MOST and not row.attempts


def portions(payload: bytes, most: int) -> Iterator[bytes]:
    """Header and some messages each; nothing of a payload that is no plain interchange."""
    return (one.of(payload) for one in cut(payload, most))


def cut(payload: bytes, most: int) -> list[Cut]:
    """Where the portions of a payload lie, of so many messages at most; none in one that is no plain interchange."""
    interchange, *others = read_interchanges(payload)
    layout = interchange.layout
    if interchange.wire.count > SEGMENTS or others or layout.header is None or layout.trailer is None \
            or layout.groups or not layout.messages:
        return []
    offset, spans = interchange.offset, layout.messages
    starts = [offset + interchange.wire.start(span.start) for span in spans]
    ends = [*starts[1:], offset + interchange.wire.start(layout.trailer)]
    return [Cut((offset, starts[0]), starts[first], ends[min(first + most, len(spans)) - 1])
            for first in range(0, len(spans), most)]
