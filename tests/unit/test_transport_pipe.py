"""Does the pipe give every octet once and in order, wait for what is to come, and end when it, or the line, is over?"""

from __future__ import annotations

import errno
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paramiko import SSHException
from paramiko.buffered_pipe import PipeTimeout

from gateway.transport.faults import classify
from gateway.transport.meter import Meter
from gateway.transport.pipe import PartPipe
from gateway.transport.ssh import CountedSocket
from gateway.transport.watchdog import Watchdog

MOST = 1 << 20


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 60))
def test_what_is_fed_is_read_in_order_never_more_than_asked_for(parts: list[bytes], most: int) -> None:
    pipe = PartPipe(MOST)
    for part in parts:
        pipe.feed(part)
    assert (len(pipe), pipe.read_ready()) == (sum(map(len, parts)), any(parts))
    pipe.close()
    read = list(iter(lambda: pipe.read(most), b""))
    assert b"".join(read) == b"".join(parts)
    assert max(map(len, read), default=0) <= most
    assert (len(pipe), pipe.read_ready(), pipe.read(1)) == (0, False, b"")


def test_a_part_is_given_as_it_came() -> None:
    pipe, part = PartPipe(MOST), bytes(1000)
    pipe.feed(part)
    assert pipe.read(1 << 18) is part
    pipe.feed(b"a")
    pipe.feed(b"b")
    assert (pipe.empty(), len(pipe)) == (b"ab", 0)


def test_reading_waits_for_a_part_and_for_the_end() -> None:
    pipe = PartPipe(MOST)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.extend(iter(lambda: pipe.read(10), b"")))
    reader.start()
    for part in (b"one", b"two"):
        time.sleep(0.01)
        pipe.feed(part)
    pipe.close()
    reader.join(10)
    assert (reader.is_alive(), b"".join(read)) == (False, b"onetwo")


@pytest.mark.parametrize("timeout", [0.0, 0.01])
def test_reading_with_a_limit_ends_with_it(timeout: float) -> None:
    with pytest.raises(PipeTimeout):
        PartPipe(MOST).read(1, timeout)


def test_more_than_may_wait_is_refused_and_what_was_read_makes_room() -> None:
    pipe = PartPipe(10)
    pipe.feed(bytes(6))
    with pytest.raises(SSHException):
        pipe.feed(bytes(5))
    assert (pipe.read(4), len(pipe)) == (bytes(4), 2)
    pipe.feed(bytes(8))
    assert (pipe.empty(), len(pipe)) == (bytes(10), 0)
    pipe.feed(bytes(10))


def test_what_is_no_octets_and_selecting_are_refused() -> None:
    with pytest.raises(TypeError):
        PartPipe(MOST).feed("text")
    with pytest.raises(NotImplementedError):
        PartPipe(MOST).set_event(threading.Event())


def test_the_watchdog_is_not_woken_for_every_answer() -> None:
    asked: list[str] = []

    def clock() -> float:
        asked.append(threading.current_thread().name)
        return time.monotonic()

    watchdog = Watchdog(clock, lambda: None, 60)
    for _ in range(1000):
        with watchdog.limit(30):
            watchdog.alive()
    watchdog.stop()
    assert asked.count("mailbox-watchdog") <= 4


def test_a_connection_that_the_system_gave_up_is_over_and_no_wait_of_the_library(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP_USER_TIMEOUT ends with ETIMEDOUT, which Python has as TimeoutError: paramiko would read again, and again."""
    def refused(*_: object) -> None:
        raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    def waited(*_: object) -> None:
        raise TimeoutError("timed out")

    with CountedSocket(socket.AF_INET, socket.SOCK_STREAM, 0, Meter()) as one:
        for name, use in (("recv", lambda: one.recv(1)), ("send", lambda: one.send(b"x"))):
            monkeypatch.setattr(socket.socket, name, refused, raising=False)
            with pytest.raises(ConnectionAbortedError) as caught:
                use()
            fault = classify(caught.value, address="a:22", phase="fetch", expired=False)
            assert (fault.code, fault.findings[0].values["detail"]) == ("B103", "Connection timed out")
            monkeypatch.setattr(socket.socket, name, waited, raising=False)
            with pytest.raises(TimeoutError, match="timed out"):
                use()
