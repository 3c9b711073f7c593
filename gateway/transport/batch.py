"""A request pipeline across files: many files under way at once, and every single status looked at.

Over 150 ms of distance one file costs six waits, a thousand files one by one a quarter of an hour; pipelined across
files, four seconds (MAILBOX section 1.2). Each file is a generator that yields a *flight*, a list of requests that may
travel back to back, and receives their answers in order; this module keeps a window of such generators full.
Requests leave in the order they were yielded, so a CLOSE never overtakes its WRITEs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeAlias, TypeVar

from gateway.transport.lanes import Limits
from gateway.transport.wire import PACKET_LIMIT, Malformed, Reply, Request, encode, hello, read_hello, read_reply

T = TypeVar("T")
Job: TypeAlias = Generator[Sequence[Request], list[Reply], T]

_REQUESTS = 256
"""Requests under way at once: some servers choke on thousands (paramiko issues 1587 and 2058)."""

_HELD = 16 << 20
"""Octets that files under way may hold in memory together, unless one alone is larger."""


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
    """A job, the answers of its current flight so far, and how many are still due."""

    job: Job[T]
    weight: int
    answers: list[Reply | None] = field(default_factory=list)
    due: int = 0


class BatchSFTP:
    """The client side of one SFTP session. Raises what the stream raises, EOFError when it ends, Malformed."""

    def __init__(self, stream: Stream, patience: Patience, limits: Limits) -> None:
        self._stream = stream
        self._patience = patience
        self._limits = limits
        self._number = 0
        self._received = bytearray()
        self._forsaken: set[int] = set()
        self._send(hello())
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
        queue: deque[tuple[_Flight[T], int, Request]] = deque()
        under_way: dict[int, tuple[_Flight[T], int, int]] = {}
        results: deque[T] = deque()
        running = held = cost = 0
        more = True
        try:
            while True:
                while more and running < self._limits.files and (running == 0 or held < _HELD):
                    following = next(waiting, None)
                    if following is None:
                        more = False
                        break
                    flight = _Flight(job=following[1], weight=following[0])
                    if self._advance(flight, None, queue, results):
                        running += 1
                        held += flight.weight
                while results:
                    yield results.popleft()
                if running == 0:
                    if more:
                        continue
                    return
                with self._patience.limit(self._limits.idle):
                    packets = []
                    while queue and len(under_way) < _REQUESTS and (cost < self._limits.octets or not under_way):
                        flight, slot, request = queue.popleft()
                        self._number = self._number + 1 & 0xFFFF_FFFF
                        under_way[self._number] = (flight, slot, request.cost)
                        cost += request.cost
                        packets.append(encode(request, self._number))
                    if packets:
                        self._send(b"".join(packets))
                    number, reply = read_reply(self._packet())
                if number in self._forsaken:
                    self._forsaken.discard(number)
                    continue
                if number not in under_way:
                    raise Malformed("an answer to nothing that was asked")
                flight, slot, weight = under_way.pop(number)
                cost -= weight
                flight.answers[slot] = reply
                flight.due -= 1
                if flight.due == 0:
                    answers = [answer for answer in flight.answers if answer is not None]
                    if not self._advance(flight, answers, queue, results):
                        running -= 1
                        held -= flight.weight
        finally:
            self._forsaken.update(under_way)  # the caller stopped early: their answers will still come

    @staticmethod
    def _advance(flight: _Flight[T], answers: list[Reply] | None, queue: deque[tuple[_Flight[T], int, Request]],
                 results: deque[T]) -> bool:
        """Give a job its answers and queue its next flight; False when it ended, its result being noted."""
        try:
            requests = next(flight.job) if answers is None else flight.job.send(answers)
        except StopIteration as end:
            results.append(end.value)
            return False
        if not requests:
            raise ValueError("a flight without requests")
        flight.answers = [None] * len(requests)
        flight.due = len(requests)
        queue.extend((flight, slot, request) for slot, request in enumerate(requests))
        return True

    def _send(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            sent = self._stream.send(data[at:at + (1 << 15)])
            if sent <= 0:
                raise EOFError("closed while sending")
            at += sent

    def _packet(self) -> bytes:
        length = int.from_bytes(self._take(4), "big")
        if not 1 <= length <= PACKET_LIMIT:
            raise Malformed(f"a packet of {length} octets")
        return self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            part = self._stream.recv(1 << 18)
            if not part:
                raise EOFError("closed while receiving")
            self._received += part
            self._patience.alive()
        taken = bytes(memoryview(self._received)[:count])
        del self._received[:count]
        return taken


