"""A request pipeline across files: many files under way at once, and every single status looked at.

Over 150 ms of distance one file costs six waits, a thousand files one by one a quarter of an hour; pipelined across
files, four seconds (MAILBOX section 1.2). Each file is a generator that yields a *flight*, a list of requests that may
travel back to back, and receives their answers in order; this module keeps a window of such generators full.
Requests leave in the order they were yielded, so a CLOSE never overtakes its WRITEs.

Of a large file nobody holds all requests or answers at once: its flight is `Streamed`. Small files go before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeAlias, TypeVar

from gateway.transport.lanes import Limits
from gateway.transport.wire import (
    PACKET_LIMIT,
    Data,
    Extended,
    Kind,
    Malformed,
    Names,
    Reply,
    Request,
    hello,
    pieces,
    read_hello,
    read_reply,
)

T = TypeVar("T")


@dataclass(slots=True)
class Streamed:
    """A flight of many requests that are made only as the window takes them.

    requests  in the order in which they leave; nothing is waited for between them
    take      is given each answer as it comes, with the place of its request among them from 0; False: no more of them
    """

    requests: Iterator[Request]
    take: Callable[[int, Reply], bool]


Job: TypeAlias = Generator["Sequence[Request] | Streamed", list[Reply], T]
"""A job receives the answers of its flight in order; of a streamed one, which has them already, an empty list."""

_REQUESTS = 512
"""Requests under way at once: some servers choke on thousands (paramiko issues 1587 and 2058)."""

_HELD = 16 << 20
"""Octets that files under way may hold in memory together, unless one alone is larger."""

_LOAD = 1 << 15
"""Octets given to the channel at once; more does not fit into a packet of OpenSSH."""

_SHARE = 4
"""The part of what may be under way that streams have while other jobs run beside them: a fourth."""


class Stream(Protocol):
    """The channel: a stream of octets in each direction."""

    def send(self, data: bytes) -> int:
        """Send some of the data, return how much; 0 when closed."""
        ...

    def recv(self, count: int) -> bytes:
        """Up to `count` octets, at least one; empty when closed."""
        ...


class Patience(Protocol):
    """The time limit on silence (`watchdog.Watchdog`)."""

    def limit(self, seconds: float) -> AbstractContextManager[None]:
        """A block without progress for `seconds` is cut."""
        ...

    def alive(self) -> None:
        """There was progress."""
        ...


@dataclass(slots=True)
class _Flight(Generic[T]):
    """A job, and its current flight: the answers so far, how many are due; of a streamed one how many were asked.

    large  whether any flight of the job was streamed
    """

    job: Job[T]
    weight: int
    answers: list[Reply | None] = field(default_factory=list)
    due: int = 0
    streamed: Streamed | None = None
    asked: int = 0
    large: bool = False

    @property
    def landed(self) -> bool:
        """Everything that was asked has its answer, and nothing more will be asked."""
        return self.due == 0 and self.streamed is None


@dataclass(slots=True)
class _Window(Generic[T]):
    """What is asked for next, and what is asked for and not yet answered.

    octets   what may be under way in all
    small    jobs running that have not streamed; beside them streams have only a part of it, for an answer stands
             behind everything that was asked before it
    """

    octets: int
    small: int = 0
    ahead: deque[tuple[_Flight[T], int, Request]] = field(default_factory=deque)
    queue: deque[tuple[_Flight[T], int, Request]] = field(default_factory=deque)
    streams: deque[_Flight[T]] = field(default_factory=deque)
    under_way: dict[int, tuple[_Flight[T], Callable[[int, Reply], bool] | None, int, Kind, int]] = field(
        default_factory=dict)
    cost: int = 0

    @property
    def open(self) -> bool:
        """Whether one more request may leave."""
        return len(self.under_way) < _REQUESTS and (self.cost < self.octets or not self.under_way)

    @property
    def _streams_have_room(self) -> bool:
        share = _SHARE if self.small else 1
        return self.cost * share < self.octets or not self.under_way

    def add(self, flight: _Flight[T], requests: Sequence[Request] | Streamed, *, begun: bool) -> None:
        """Queue the next flight of a job.

        A single request of one that has begun, as the RENAME of a file that is written, goes before all that is queued:
        on a weak line that is cut after a while each file should be there as soon as it can, not all at the end.
        """
        if isinstance(requests, Streamed):
            flight.streamed, flight.asked = requests, 0
            self.small -= not flight.large
            flight.large = True
            self.streams.append(flight)
            return
        if not requests:
            raise ValueError("a flight without requests")
        flight.answers = [None] * len(requests)
        flight.due = len(requests)
        if begun and len(requests) == 1:
            self.ahead.append((flight, 0, requests[0]))
            return
        self.queue.extend((flight, slot, request) for slot, request in enumerate(requests))

    def following(self, number: int) -> Request | _Flight[T] | None:
        """The next request, under this number from now on; or a flight whose stream ended; None: nothing to ask."""
        if waiting := self.ahead or self.queue:
            flight, slot, request = waiting.popleft()
            self.under_way[number] = (flight, None, slot, request.kind, request.cost)
        elif self.streams and self._streams_have_room:
            flight = self.streams[0]
            assert flight.streamed is not None
            following = next(flight.streamed.requests, None)
            if following is None:
                self._end(flight)
                return flight
            request = following
            self.under_way[number] = (flight, flight.streamed.take, flight.asked, request.kind,
                                       request.cost)
            flight.asked += 1
            flight.due += 1
        else:
            return None
        self.cost += request.cost
        return request

    def answered(self, number: int, reply: Reply) -> _Flight[T]:
        """Note an answer; the flight it belongs to. Raises Malformed."""
        if number not in self.under_way:
            raise Malformed("an answer to nothing that was asked")
        flight, take, slot, kind, cost = self.under_way.pop(number)
        reply = _bounded(reply, kind, cost)
        self.cost -= cost
        flight.due -= 1
        if take is None:
            flight.answers[slot] = reply
        elif not take(slot, reply) and flight.streamed is not None:
            self._end(flight)
        return flight

    def _end(self, flight: _Flight[T]) -> None:
        self.streams.remove(flight)
        flight.streamed = None
        flight.answers = []


def _bounded(reply: Reply, kind: Kind, cost: int) -> Reply:
    """An answer, of which no more is held than was asked for: answers wait in memory for the others of their flight.

    Data that is longer is cut to one octet too much, which whoever asked takes for what it is. Raises Malformed for
    long answers to what has short ones.
    """
    if (isinstance(reply, Names) and kind is not Kind.READDIR) or (
            isinstance(reply, Extended) and kind is not Kind.EXTENDED):
        raise Malformed(f"{type(reply).__name__} in answer to {kind.name}")
    if isinstance(reply, Data) and len(reply.content) > cost:
        return Data(reply.content[:cost + 1])
    return reply


class BatchSFTP:
    """The client side of one SFTP session. Raises what the stream raises, EOFError when it ends, Malformed."""

    def __init__(self, stream: Stream, patience: Patience, limits: Limits) -> None:
        self._stream = stream
        self._patience = patience
        self._limits = limits
        self._number = 0
        self._received = memoryview(b"")
        self._forsaken: set[int] = set()
        self._send([hello()])
        self.extensions = read_hello(self._packet())

    def one(self, job: Job[T]) -> T:
        """Run a single job."""
        return next(self.run([(0, job)]))

    def run(self, jobs: Iterable[tuple[int, Job[T]]]) -> Iterator[T]:
        """Run (weight, job) pairs and give their results as they complete.

        weight  octets the job will hold in memory until its result is taken
        The time between results is the caller's: no limit runs while he works on one.
        """
        waiting = iter(jobs)
        window: _Window[T] = _Window(self._limits.octets)
        results: deque[T] = deque()
        running = held = 0
        more = True
        try:
            while True:
                while more and running < self._limits.files and (running == 0 or held < _HELD):
                    following = next(waiting, None)
                    if following is None:
                        more = False
                        break
                    flight = _Flight(job=following[1], weight=following[0])
                    window.small += 1
                    if self._advance(flight, None, window, results):
                        running += 1
                        held += flight.weight
                while results:
                    yield results.popleft()
                if running == 0:
                    if more:
                        continue
                    return
                with self._patience.limit(self._limits.idle):
                    landed = self._ask(window) or self._answer(window)
                if landed is not None and not self._advance(landed, landed.answers, window, results):
                    running -= 1
                    held -= landed.weight
        finally:
            self._forsaken.update(window.under_way)  # the caller stopped early: their answers will still come

    def _ask(self, window: _Window[T]) -> _Flight[T] | None:
        """Send what the window takes; a streamed flight that landed meanwhile, if any."""
        packets: list[bytes | memoryview] = []
        landed = None
        while landed is None and window.open:
            number = self._number + 1 & 0xFFFF_FFFF
            request = window.following(number)
            if request is None:
                break
            if isinstance(request, _Flight):
                landed = request if request.landed else None
            else:
                self._number = number
                packets.extend(pieces(request, number))
        if packets:
            self._send(packets)
        return landed

    def _answer(self, window: _Window[T]) -> _Flight[T] | None:
        """Wait for one answer; the flight that landed with it, if any."""
        number, reply = read_reply(self._packet())
        if number in self._forsaken:
            self._forsaken.discard(number)
            return None
        flight = window.answered(number, reply)
        return flight if flight.landed else None

    @staticmethod
    def _advance(flight: _Flight[T], answers: Sequence[Reply | None] | None, window: _Window[T],
                 results: deque[T]) -> bool:
        """Give a job its answers and queue its next flight; False when it ended, its result being noted."""
        try:
            if answers is None:
                requests = next(flight.job)
            else:
                requests = flight.job.send([answer for answer in answers if answer is not None])
        except StopIteration as end:
            results.append(end.value)
            window.small -= not flight.large
            return False
        window.add(flight, requests, begun=answers is not None)
        return True

    def _send(self, data: Iterable[bytes | memoryview]) -> None:
        """Send pieces one behind the other, as much at once as the channel takes; large ones are not copied before."""
        load: list[bytes | memoryview] = []
        room = _LOAD
        for piece in data:
            rest = memoryview(piece)
            while len(rest) >= room:
                self._send_load([*load, rest[:room]])
                rest, load, room = rest[room:], [], _LOAD
            if rest:
                load.append(rest)
                room -= len(rest)
        if load:
            self._send_load(load)

    def _send_load(self, load: Sequence[bytes | memoryview]) -> None:
        data = b"".join(load)
        while data:
            sent = self._stream.send(data)
            if sent <= 0:
                raise EOFError("closed while sending")
            data = data[sent:]
            self._patience.alive()  # a weak line takes longer for a full window than silence may last

    def _packet(self) -> bytes:
        length = int.from_bytes(self._take(4), "big")
        if not 1 <= length <= PACKET_LIMIT:
            raise Malformed(f"a packet of {length} octets")
        return self._take(length)

    def _take(self, count: int) -> bytes:
        parts: list[bytes | memoryview] = []
        missing = count
        while True:
            parts.append(self._received[:missing])
            self._received = self._received[missing:]
            missing -= len(parts[-1])
            if not missing:
                return b"".join(parts)
            received = self._stream.recv(1 << 18)
            if not received:
                raise EOFError("closed while receiving")
            self._received = memoryview(received)
            self._patience.alive()
