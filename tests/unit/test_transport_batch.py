"""Does the pipeline keep its window full, its caps, and every answer with the request it belongs to?"""

from __future__ import annotations

import contextlib
import random
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport import wire
from gateway.transport.batch import BatchSFTP, Job, Streamed
from gateway.transport.lanes import Limits
from gateway.transport.watchdog import Watchdog
from gateway.transport.wire import Code, Data, Handle, Kind, Malformed, Status

HELLO = b"\0\0\0\x05\x02\0\0\0\x03"


class Patient:
    """No time limit."""

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        yield

    def alive(self) -> None:
        """Nothing waits."""


@dataclass
class Scripted:
    """A server in memory: answers each request by `answer`, all that are outstanding in an order of `shuffle`."""

    answer: Callable[[int, bytes], bytes]
    shuffle: Callable[[list[bytes]], None] = lambda packets: None
    piece: int = 1 << 18
    pending: list[bytes] = field(default_factory=list)
    ready: bytearray = field(default_factory=lambda: bytearray(HELLO))
    sent: bytearray = field(default_factory=bytearray)
    outstanding: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)

    def send(self, data: bytes) -> int:
        data = data[:self.piece]
        self.sent += data
        while len(self.sent) >= 4 and len(self.sent) >= 4 + (length := int.from_bytes(self.sent[:4], "big")):
            packet = bytes(self.sent[4:4 + length])
            del self.sent[:4 + length]
            if packet[0] != Kind.INIT:
                self.kinds.append(packet[0])
                self.pending.append(self.answer(packet[0], packet[1:]))
        return len(data)

    def recv(self, count: int) -> bytes:
        if not self.ready:
            self.outstanding.append(len(self.pending))
            self.shuffle(self.pending)
            if self.pending:
                packet = self.pending.pop(0)
                self.ready += struct.pack(">I", len(packet)) + packet
        data = bytes(self.ready[:min(count, self.piece)])
        del self.ready[:len(data)]
        return data


def echo(kind: int, body: bytes) -> bytes:
    """HANDLE to OPEN, DATA with the offset asked for to READ, OK to the rest."""
    number, rest = body[:4], body[4:]
    if kind == Kind.OPEN:
        return bytes([Kind.HANDLE]) + number + rest[:4 + int.from_bytes(rest[:4], "big")]
    if kind == Kind.READ:
        length = 4 + int.from_bytes(rest[:4], "big")
        return bytes([Kind.DATA]) + number + wire.text(rest[4:length] + rest[length:length + 8])
    return bytes([Kind.STATUS]) + number + b"\0\0\0\0"


def reading(name: bytes, reads: int) -> Job[tuple[bytes, list[bytes]]]:
    """Open, read so many pieces in one flight, close; checks that every answer is its own."""
    [opened] = yield [wire.open_file(name, wire.Flags.READ)]
    assert opened == Handle(name)
    answers = yield [wire.read(name, at, 100) for at in range(reads)]
    [closed] = yield [wire.with_handle(Kind.CLOSE, name)]
    assert closed == Status(Code.OK, "")
    return name, [answer.content for answer in answers if isinstance(answer, Data)]


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 8), st.integers(1, 2000), st.integers(0, 1 << 30),
       st.integers(1, 300))
def test_every_answer_finds_its_request_whatever_the_order_and_the_pieces(
        sizes: list[int], files: int, octets: int, seed: int, piece: int) -> None:
    stream = Scripted(echo, random.Random(seed).shuffle, piece)
    batch = BatchSFTP(stream, Patient(), Limits(files=files, octets=octets))
    jobs = ((0, reading(b"%d" % number, reads)) for number, reads in enumerate(sizes))
    assert dict(batch.run(jobs)) == {
        b"%d" % number: [b"%d" % number + struct.pack(">Q", at) for at in range(reads)]
        for number, reads in enumerate(sizes)}


def test_the_window_is_full_and_never_exceeded() -> None:
    stream = Scripted(echo)
    batch = BatchSFTP(stream, Patient(), Limits(files=5))
    assert len(list(batch.run((0, reading(b"%d" % number, 1)) for number in range(50)))) == 50
    assert max(stream.outstanding) == 5
    assert stream.kinds[:5] == [Kind.OPEN] * 5  # five files begin before the first goes on


def test_what_is_nearly_done_goes_before_what_is_not() -> None:
    """A line that is cut after a while leaves whole files: the last step of one never waits for pieces of another."""
    stream = Scripted(echo)
    batch = BatchSFTP(stream, Patient(), Limits(files=8, octets=2000))
    assert len(list(batch.run((0, reading(b"%d" % number, 20)) for number in range(8)))) == 8
    closes = [at for at, kind in enumerate(stream.kinds) if kind == Kind.CLOSE]
    reads = [at for at, kind in enumerate(stream.kinds) if kind == Kind.READ]
    assert sum(close < reads[-1] for close in closes) >= 6
    assert closes[0] < reads[60]


def test_octets_under_way_stay_below_the_cap_and_requests_below_theirs() -> None:
    stream = Scripted(echo)
    batch = BatchSFTP(stream, Patient(), Limits(octets=1000))
    list(batch.run([(0, reading(b"a", 500))]))
    assert max(stream.outstanding) == 10
    stream = Scripted(echo)
    list(BatchSFTP(stream, Patient(), Limits()).run([(0, reading(b"a", 5000))]))
    assert max(stream.outstanding) == 512


def test_files_that_are_heavy_together_are_taken_one_after_the_other() -> None:
    begun: list[int] = []

    def job(number: int) -> Job[int]:
        begun.append(number)
        yield [wire.with_path(Kind.STAT, b"x")]
        return number

    batch = BatchSFTP(Scripted(echo), Patient(), Limits())
    results = batch.run((20 << 20, job(number)) for number in range(3))
    assert (next(results), begun) == (0, [0, 1])
    assert list(results) == [1, 2]


def streaming(name: bytes, reads: int, made: list[int], stop: int = 1 << 30) -> Job[tuple[bytes, dict[int, bytes]]]:
    """Open, read so many pieces as they are made, until one of a place from `stop` on has come; close."""
    [opened] = yield [wire.open_file(name, wire.Flags.READ)]
    assert opened == Handle(name)
    answers: dict[int, bytes] = {}

    def requests() -> Iterator[wire.Request]:
        for at in range(reads):
            made.append(at)
            yield wire.read(name, at, 100)

    def take(place: int, reply: wire.Reply) -> bool:
        assert isinstance(reply, Data)
        answers[place] = reply.content
        return place < stop

    assert (yield Streamed(requests(), take)) == []
    [closed] = yield [wire.with_handle(Kind.CLOSE, name)]
    assert closed == Status(Code.OK, "")
    return name, answers


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=30), st.integers(1, 8), st.integers(1, 2000),
       st.integers(0, 1 << 30), st.integers(1, 300))
def test_every_answer_of_a_streamed_flight_finds_its_request_too(
        sizes: list[tuple[int, bool]], files: int, octets: int, seed: int, piece: int) -> None:
    stream = Scripted(echo, random.Random(seed).shuffle, piece)
    batch = BatchSFTP(stream, Patient(), Limits(files=files, octets=octets))
    made: list[int] = []
    jobs: list[tuple[int, Job[object]]] = [
        (0, streaming(b"%d" % number, reads, made) if streamed else reading(b"%d" % number, reads + 1))
        for number, (reads, streamed) in enumerate(sizes)]
    expected = [(b"%d" % number, {at: b"%d" % number + struct.pack(">Q", at) for at in range(reads)}) if streamed else
                (b"%d" % number, [b"%d" % number + struct.pack(">Q", at) for at in range(reads + 1)])
                for number, (reads, streamed) in enumerate(sizes)]
    assert sorted(batch.run(jobs), key=str) == sorted(expected, key=str)


def test_requests_of_a_streamed_flight_are_made_only_as_the_window_takes_them() -> None:
    stream = Scripted(echo)
    batch = BatchSFTP(stream, Patient(), Limits(octets=1000))
    made: list[int] = []
    ahead: list[int] = []
    answered: list[int] = []

    def requests() -> Iterator[wire.Request]:
        for at in range(500):
            made.append(at)
            ahead.append(len(made) - len(answered))
            yield wire.read(b"a", at, 100)

    def take(place: int, reply: wire.Reply) -> bool:
        answered.append(place)
        return True

    def job() -> Job[None]:
        yield Streamed(requests(), take)

    batch.one(job())
    assert (len(made), answered, max(ahead)) == (500, list(range(500)), 10)


def test_a_streamed_flight_that_has_enough_asks_for_no_more_and_awaits_what_left() -> None:
    stream = Scripted(echo)
    made: list[int] = []
    batch = BatchSFTP(stream, Patient(), Limits(octets=1000))
    _, answers = batch.one(streaming(b"a", 500, made, stop=3))
    assert (made, sorted(answers)) == (list(range(13)), list(range(13)))
    assert batch.one(reading(b"next", 2))[0] == b"next"


def test_small_files_go_before_what_is_streamed_and_streams_one_after_the_other() -> None:
    stream = Scripted(echo)
    batch = BatchSFTP(stream, Patient(), Limits(octets=1000))
    jobs = [(0, streaming(b"large", 200, [])), (0, streaming(b"larger", 200, [])),
            *((0, reading(b"%d" % number, 1)) for number in range(20))]
    assert [name for name, _ in batch.run(jobs)] == [*(b"%d" % number for number in range(20)), b"large", b"larger"]


def test_what_leaves_slowly_is_progress() -> None:
    stream = Scripted(echo, piece=64)
    progress: list[int] = []
    patient = Patient()
    patient.alive = lambda: progress.append(len(stream.kinds))  # type: ignore[method-assign]
    batch = BatchSFTP(stream, patient, Limits())
    progress.clear()
    batch.one(reading(b"a" * 80, 20))
    assert len([count for count in progress if 0 < count <= 20]) > 10  # while requests leave, before any answer


def test_an_abandoned_run_does_not_disturb_the_next() -> None:
    batch = BatchSFTP(Scripted(echo, random.Random(1).shuffle), Patient(), Limits())
    first = batch.run((0, reading(b"%d" % number, 9)) for number in range(30))
    next(first)
    del first
    assert batch.one(reading(b"next", 2))[0] == b"next"


def test_a_job_that_ends_without_asking_anything_has_its_result() -> None:
    def ready(number: int) -> Job[int]:
        yield from ()
        return number

    batch = BatchSFTP(Scripted(echo), Patient(), Limits(files=2))
    assert list(batch.run((0, ready(number)) for number in range(9))) == list(range(9))
    assert list(batch.run(iter(()))) == []


@pytest.mark.parametrize("packet", [b"", b"\0\0\0\0", b"\xff\xff\xff\xff",
                                    struct.pack(">IBI", 9, 101, 4711) + bytes(4)])
def test_an_answer_to_nothing_or_of_absurd_length_ends_the_session(packet: bytes) -> None:
    stream = Scripted(echo)
    batch = BatchSFTP(stream, Patient(), Limits())
    stream.ready += packet
    stream.answer = lambda kind, body: b"\x65"
    with pytest.raises((Malformed, EOFError)):
        batch.one(reading(b"a", 1))


def asked(request: wire.Request, answer: bytes) -> wire.Reply:
    """What a job is given when the server answers a request so."""
    def job() -> Job[wire.Reply]:
        [reply] = yield [request]
        return reply
    stream = Scripted(lambda kind, body: answer[:1] + body[:4] + answer[1:])
    return BatchSFTP(stream, Patient(), Limits()).one(job())


@pytest.mark.threat(17)
def test_t17_answers_that_wait_for_others_of_their_flight_hold_no_more_than_was_asked_for() -> None:
    """A server answers each request with a megabyte: of data one octet too much is held, of words a thousand; lists and
    handles without measure end the session."""
    long = struct.pack(">I", 1 << 19) + bytes(1 << 19)
    read = wire.read(b"h", 0, 4)
    assert asked(read, bytes([Kind.DATA]) + long) == Data(bytes(5))
    assert asked(read, bytes([Kind.STATUS]) + struct.pack(">I", 4) + long) == Status(4, "\0" * 1024)
    listed = struct.pack(">I", 1000) + bytes(12) * 1000
    listing = wire.with_handle(Kind.READDIR, b"h")
    names = asked(listing, bytes([Kind.NAME]) + listed)
    assert isinstance(names, wire.Names) and len(names.entries) == 1000
    for answer in (bytes([Kind.NAME]) + listed, bytes([Kind.EXTENDED_REPLY]) + long, bytes([Kind.HANDLE]) + long):
        with pytest.raises(Malformed):
            asked(read, answer)


def test_a_closed_stream_is_an_end_of_file_in_both_directions() -> None:
    stream = Scripted(echo)
    batch = BatchSFTP(stream, Patient(), Limits())
    stream.recv = lambda count: b""  # type: ignore[method-assign]
    with pytest.raises(EOFError, match="receiving"):
        batch.one(reading(b"a", 1))
    stream.send = lambda data: 0  # type: ignore[method-assign]
    with pytest.raises(EOFError, match="sending"):
        batch.one(reading(b"a", 1))


@pytest.fixture
def cuts() -> list[float]:
    return []


def watched(cuts: list[float], session: float) -> Watchdog:
    return Watchdog(time.monotonic, lambda: cuts.append(time.monotonic()), session)


def test_the_watchdog_cuts_after_silence_and_not_before(cuts: list[float]) -> None:
    dog = watched(cuts, 60)
    begun = time.monotonic()
    with dog.limit(0.2):
        while time.monotonic() - begun < 0.5:
            dog.alive()
            time.sleep(0.01)
        assert cuts == []
        time.sleep(1.0)
    dog.stop()
    assert dog.expired
    assert [0.6 < cut - begun < 1.5 for cut in cuts] == [True]


def test_the_watchdog_ends_a_lively_session_at_its_limit_but_lets_the_caller_think(cuts: list[float]) -> None:
    dog = watched(cuts, 0.3)
    with dog.limit(0.1):
        pass
    time.sleep(0.5)  # the caller's own time, beyond every limit
    assert not dog.expired
    with dog.limit(10):
        time.sleep(0.2)
    dog.stop()
    assert (dog.expired, len(cuts)) == (True, 1)


def test_a_stopped_watchdog_never_cuts_and_leaves_no_thread(cuts: list[float]) -> None:
    before = set(threading.enumerate())
    dog = watched(cuts, 60)
    with dog.limit(0.1):
        dog.stop()
        dog.stop()
    time.sleep(0.2)
    assert (cuts, dog.expired, set(threading.enumerate()) - before) == ([], False, set())


def test_streams_have_a_fourth_of_the_window_beside_small_files_and_all_of_it_among_themselves() -> None:
    beside: list[int] = []
    alone: list[int] = []
    running = [True]

    def streaming_on(ahead: list[int]) -> Job[None]:
        left, came = 0, 0

        def requests() -> Iterator[wire.Request]:
            nonlocal left
            for at in range(300):
                left += 1
                (beside if running[0] else ahead).append(left - came)
                yield wire.read(b"a", at, 100)

        def take(place: int, reply: wire.Reply) -> bool:
            nonlocal came
            came += 1
            return True

        yield [wire.open_file(b"a", wire.Flags.READ)]
        yield Streamed(requests(), take)
        yield [wire.with_handle(Kind.CLOSE, b"a")]

    def small() -> Job[None]:
        for _ in range(50):
            yield [wire.open_file(b"s", wire.Flags.READ)]
        running[0] = False

    batch = BatchSFTP(Scripted(echo), Patient(), Limits(octets=1000))
    list(batch.run([(0, streaming_on(alone)), (0, small()), (0, streaming_on(alone))]))
    assert (max(beside), max(alone)) == (3, 10)
