"""Interchanges that workers look at while the run judges the one before: which, how much of it, and what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gateway.edifact import Interchange, read_interchanges
from gateway.exchange.appraisal import Appraisal, appraise
from gateway.exchange.assembly import Gateway
from gateway.exchange.conversion import ground_of
from gateway.exchange.national_writer import NationalWriter
from gateway.exchange.workers import Workers
from gateway.ledger.rows import InterchangeIn
from gateway.mapping.dialect_apart import can_be_read_apart

LEAST = 1 << 20
"""Octets of an interchange from which on it is given to workers: for fewer it does not pay to start one."""

MOST = 8 << 20
"""Octets of an interchange that is too large to be held in memory twice, with all that is found in it."""

PORTION = 64
"""Messages that a worker is given at once."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """An interchange that workers are at.

    payload  its hash: the octets themselves lie with the workers, and once is enough
    results  of each portion of its messages
    """

    row: int
    payload: int
    results: Sequence[Callable[[], list[Appraisal]] | None]


class Foresight:
    """What workers find of interchanges ahead of one run; one interchange at a time.

    writer  has the workers only as long as they are at no interchange: its files would wait behind that
    """

    def __init__(self, gateway: Gateway, workers: Workers, writer: NationalWriter) -> None:
        self._gateway = gateway
        self._workers = workers
        self._writer = writer
        self._ground: bytes | None = None
        self._ahead: _Ahead | None = None

    def look(self, row: InterchangeIn | None) -> None:
        """Have workers look at an interchange, unless they are at another, or it does not pay."""
        if row is None or self._ahead is not None or row.type != "CUSDEC" or not LEAST <= row.size <= MOST \
                or row.attempts or self._gateway.settings.workers < 2:
            return
        if self._ground is None:
            self._ground = ground_of(self._gateway, self._gateway.now)
            if self._ground is None:
                return
        with self._gateway.ledger.reading() as queries:
            payload = queries.payload_of(row.id)
        if payload is None or len(payload) > MOST:
            return
        dialect = self._gateway.dialect(self._gateway.settings.national.inbox.declarations)
        inbox = dialect.archive if can_be_read_apart(dialect) else None
        self._writer.go_alone()
        self._ahead = _Ahead(row.id, hash(payload), [self._workers.begin(appraise, self._ground, inbox, octets)
                                               for octets in portions(payload)])

    def of(self, row: InterchangeIn, payload: bytes) -> list[Appraisal]:
        """What was found of each message of an interchange; empty where nobody has looked."""
        ahead = self._ahead
        if ahead is None or ahead.row != row.id:
            return []
        self._ahead = None
        if ahead.payload != hash(payload):
            return []
        found: list[Appraisal] = []
        for result in ahead.results:
            try:
                found.extend([] if result is None else result())
            except Exception:  # a worker that died, or a defect: the run looks by itself, and says what is wrong
                return []
        return found


def portions(payload: bytes) -> Iterator[bytes]:
    """Header and some messages each; nothing of a payload that is no plain interchange."""
    interchange, *others = read_interchanges(payload)
    layout = interchange.layout
    if others or layout.header is None or layout.trailer is None or layout.groups or not layout.messages:
        return
    yield from _cut(interchange)


def _cut(interchange: Interchange) -> Iterator[bytes]:
    content, spans = interchange.content, interchange.layout.messages
    starts = [interchange.wire.start(span.start) for span in spans]
    trailer = interchange.layout.trailer
    assert trailer is not None
    ends = [*starts[1:], interchange.wire.start(trailer)]
    for first in range(0, len(spans), PORTION):
        last = min(first + PORTION, len(spans)) - 1
        yield content[:starts[0]] + content[starts[first]:ends[last]]
