"""One process beside a run: what it is asked for, what it gives, and what runs in it.

It has a pipe of its own, and two threads that read and write for it while it computes: so neither side ever waits to
write while the other does. A worker whose run is gone ends.
"""

from __future__ import annotations

import itertools
import os
import signal
import struct
import sys
from collections import deque
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from gateway.exchange.collector import look_seldom

Result = TypeVar("Result")

_TURN = 0.0002
"""Seconds after which a worker's threads, which only pass on what comes and goes, get their turn."""

_NUMBER = struct.Struct("<Q")
"""What a worker is sent begins with the number of what it has to do; the number alone takes that back."""


class WorkerLost(Exception):
    """The worker that had this to do is gone."""


class Answer(Generic[Result]):
    """What a worker was asked for; called, it is the result. Until then it lies here as octets: several may wait, and
    values take ten times as much.

    number  among what this worker was asked for
    """

    def __init__(self, worker: Worker, number: int) -> None:
        self._worker = worker
        self.number = number
        self._come = False
        self._octets: bytes | None = None

    def __call__(self) -> Result:
        while not self._come:
            self._worker.collect()
        if self._octets is None:
            raise WorkerLost
        result: Result
        result, error = ForkingPickler.loads(self._octets)  # raises what a class raises that is built again
        if error is not None:
            raise error
        return result

    def come(self) -> bool:
        """Whether it is there. What comes behind it stays with the worker, so that it is in memory once and late."""
        self._worker.collect_until(self)
        return self._come

    @property
    def taken(self) -> bool:
        """Whether it is here."""
        return self._come

    def take_back(self) -> bool:
        """Have nobody begin it: whoever asked does it. Whether that is so; else its result comes, or has come."""
        return self._worker.leave(self)

    def take(self, octets: bytes | None) -> None:
        """Have it as the worker gave it; None: the worker is gone."""
        self._come, self._octets = True, octets


class Worker:
    """A process, the pipe to it, and what it has to do. Raises OSError where no process can be started.

    copied  whether it begins as a copy of this one, with what is loaded here; not where there are threads
    """

    def __init__(self, *, copied: bool = False) -> None:
        context: Any = get_context("fork" if copied else "spawn")
        theirs: Connection
        self._pipe: Connection
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._pipe if copied else None), daemon=True)
        try:
            self._process.start()
        except OSError:
            self._pipe.close()
            raise
        finally:
            theirs.close()  # its end is the worker's alone: when that is gone, the pipe says so
        self._asked: deque[Answer[Any]] = deque()
        self._left: set[int] = set()
        self._numbers = itertools.count(1)
        self._lost = False

    def begin(self, function: Callable[..., Result], arguments: tuple[object, ...]) -> Answer[Result]:
        """Raises WorkerLost or OSError when the worker is gone."""
        if self._lost:
            raise WorkerLost
        answer: Answer[Result] = Answer(self, next(self._numbers))
        self._pipe.send_bytes(_NUMBER.pack(answer.number) + ForkingPickler.dumps((function, arguments)))
        self._asked.append(answer)
        return answer

    def leave(self, answer: Answer[Any]) -> bool:
        """Tell the worker to leave something out. Not what it is at, which is the first of what it owes; it may be at
        the second as well by now, and then that is done twice."""
        self.collect_until(answer)
        if not self._asked or answer.number <= self._asked[0].number or answer.number in self._left:
            return False
        try:
            self._pipe.send_bytes(_NUMBER.pack(answer.number))
        except OSError:
            self._lose()
            return False
        self._left.add(answer.number)
        return True

    def busy(self) -> int:
        """How much it has to do; what it has done is taken."""
        self.collect_until(None)
        return len(self._asked)

    def collect_until(self, answer: Answer[Any] | None) -> None:
        """Take what it has done, up to one answer; None: all of it."""
        while self._asked and not self._lost and not (answer is not None and answer.taken) and self._ready():
            self.collect()

    def _ready(self) -> bool:
        try:
            return self._pipe.poll()
        except OSError:  # it is gone: collecting finds that
            return True

    def collect(self) -> None:
        """Wait for the result that is due next, and put it where it is looked for."""
        try:
            octets = self._pipe.recv_bytes()
        except (EOFError, OSError):
            self._lose()
            return
        answer = self._asked.popleft()
        self._left.discard(answer.number)
        answer.take(octets)

    def _lose(self) -> None:
        self._lost = True
        while self._asked:
            self._asked.popleft().take(None)

    def end(self) -> None:
        """End the process, whatever it is at: what lasts of it is waited for before."""
        self._lose()
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _work(pipe: Connection, of_the_run: Connection | None) -> None:
    """Do what the run asks for, one after the other, until it is gone.

    of_the_run  the run's end of the pipe, where this process is a copy that has it as well: it would never see the end
    """
    if of_the_run is not None:
        of_the_run.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.setswitchinterval(_TURN)
    asked: SimpleQueue[tuple[int, memoryview]] = SimpleQueue()
    left: set[int] = set()
    given: SimpleQueue[memoryview] = SimpleQueue()
    Thread(target=_hear, args=(pipe, asked, left), daemon=True).start()
    Thread(target=_tell, args=(pipe, given), daemon=True).start()
    look_seldom()
    while True:
        result: tuple[object, Exception | None] = (None, None)
        number, given_to_do = asked.get()
        try:
            if number not in left:
                function, arguments = ForkingPickler.loads(given_to_do)
                result = (function(*arguments), None)
        except Exception as error:  # the run is told
            result = (None, error)
        try:
            given.put(ForkingPickler.dumps(result))
        except Exception as unsent:  # a result, or an error, that cannot be sent
            given.put(ForkingPickler.dumps((None, RuntimeError(f"{type(unsent).__name__}: {unsent}"))))


def _hear(pipe: Connection, asked: SimpleQueue[tuple[int, memoryview]], left: set[int]) -> None:
    """Take what the run asks for, and what it takes back, as soon as it does. When the run is gone the pipe ends, and
    with it this process."""
    try:
        while True:
            sent = memoryview(pipe.recv_bytes())
            number, = _NUMBER.unpack_from(sent)
            if len(sent) > _NUMBER.size:
                asked.put((number, sent[_NUMBER.size:]))
            else:
                left.add(number)
    finally:
        os._exit(0)


def _tell(pipe: Connection, given: SimpleQueue[memoryview]) -> None:
    """Send results as far as the run takes them."""
    try:
        while True:
            pipe.send_bytes(given.get())
    finally:
        os._exit(0)
