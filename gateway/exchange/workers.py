"""Processes beside a run that compute for it; what they give is taken in the order in which it was asked for.

A worker gets octets and gives values: it has no ledger, no key and no mailbox, and nothing that it does lasts. So a
worker that dies takes nothing with it: whoever asks for its result gets an error, and the run computes by itself. A
worker whose run is gone ends.

Nobody waits for the other while there is something to do. A worker has the next thing lying there while it is at one,
and two threads that read and write for it meanwhile: so neither side ever waits to write while the other does. Where a
result is due that has not come, the run does by itself one of those that nobody has begun; what a worker was given
already it takes back. How many are ahead is bounded, by their number and by their octets.

Each worker has a pipe of its own. The pool of the standard library is not used: with a queue for all and a thread that
fills it, a worker that dies while much is being sent leaves Python 3.11.2, Debian 12's, waiting for ever
(python/cpython issue 94777).
"""

from __future__ import annotations

import itertools
import os
import signal
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Generic, TypeVar

from gateway.exchange.collector import look_seldom
from gateway.security import forbid_dumps

Given = TypeVar("Given")
Result = TypeVar("Result")

DEPTH = 3
"""Portions that a worker is given before the first of them is done: others lie there when it ends one, and while the
run is busy with something else."""

OWN = 2
"""Portions ahead beside those of the workers, for the run itself."""

OCTETS = 6 << 20
"""Octets of portions ahead of the one that is taken."""

_TURN = 0.0002
"""Seconds after which a worker's threads, which only pass on what comes and goes, get their turn."""


_NUMBER = struct.Struct("<Q")
"""What a worker is sent begins with the number of what it has to do; the number alone takes that back."""


class WorkerLost(Exception):
    """The worker that had this to do is gone."""


class Workers:
    """The processes beside one run; none is started before there is something to do, or is known to come.

    processes  that compute at once, the run's own among them: 1 is no worker
    """

    def __init__(self, processes: int) -> None:
        self._count = processes - 1
        self._workers: list[_Worker] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._alone()

    def ahead(self, items: Iterable[Given], ask: Callable[[Given], tuple[Callable[..., Result], tuple[object, ...]]],
              octets: Callable[[Given], int] = lambda item: 0) -> Iterator[tuple[Given, Callable[[], Result] | None]]:
        """Each item with how to get its result, in order, while those that come after it are computed: by workers, and
        by the run where the next result has not come.

        ask     item -> function of a module and its arguments, all of which can be sent to another process
        octets  how much an item holds

        Yields None beside an item for which no worker is there. Getting a result raises what the function raised, or
        WorkerLost where its worker died; raises what `items` raises, after those before it.
        """
        source = iter(items)
        line: deque[_Portion[Given, Result]] = deque()
        held = 0
        end: Exception | None = None
        while True:
            while end is None and len(line) < self._most and (not line or held < OCTETS):
                try:
                    item = next(source)
                except Exception as error:
                    end = error
                else:
                    line.append(_Portion(item, *ask(item), octets(item)))
                    held += line[-1].octets
            if not line:
                if isinstance(end, StopIteration):
                    return
                assert end is not None
                raise end
            self._hand_out(line)
            first = line[0]
            open_ = None if self._count < 1 or first.done() else next((one for one in line if one.result is None), None)
            if open_ is not None:
                open_.result = _computed(open_.function, open_.arguments)
                continue
            line.popleft()
            held -= first.octets
            yield first.item, first.result

    @property
    def _most(self) -> int:
        return self._count * DEPTH + OWN if self._count > 0 else 1

    def _hand_out(self, line: Iterable[_Portion[Given, Result]]) -> None:
        """Give workers that have room what nobody has begun, in order."""
        for one in line:
            if one.result is None:
                if self._count < 1 or (len(self._workers) == self._count
                                       and min(worker.busy() for worker in self._workers) >= DEPTH):
                    return
                one.result = self.begin(one.function, *one.arguments)

    @property
    def alone(self) -> bool:
        """Whether the run has none, or no more."""
        return self._count < 1

    @property
    def running(self) -> bool:
        """Whether any was started."""
        return bool(self._workers)

    @property
    def idle(self) -> bool:
        """Whether one is there that has nothing to do."""
        return any(worker.busy() == 0 for worker in self._workers)

    def prepare(self, function: Callable[[], object]) -> None:
        """Start those that are not there yet: they load what a function needs while the run does what comes before
        their work."""
        while len(self._workers) < self._count:
            if self.begin(function) is None:
                return

    def begin(self, function: Callable[..., Result], *arguments: object) -> Answer[Result] | None:
        """Have a function called by a worker: what gives its result, as in `ahead`; None where no worker is there.

        The worker that has least to do gets it, behind what it has.
        """
        if self._count < 1:
            return None
        try:
            if len(self._workers) < self._count:
                self._workers.append(_SPARE.pop() if _SPARE else _Worker())
            worker = self._workers[0] if self._count == 1 else min(self._workers, key=_Worker.busy)
            return worker.begin(function, arguments)
        except (OSError, WorkerLost):  # one died, or none can be started: from here on the run is alone
            self._alone()
            self._count = 0
            return None

    def _alone(self) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()


class _Portion(Generic[Given, Result]):
    """An item of `Workers.ahead`; without a result, nobody has begun it."""

    def __init__(self, item: Given, function: Callable[..., Result], arguments: tuple[object, ...],
                 octets: int) -> None:
        self.item = item
        self.function = function
        self.arguments = arguments
        self.octets = octets
        self.result: Callable[[], Result] | None = None

    def done(self) -> bool:
        """Whether asking for the result does not wait."""
        return self.result is not None and (not isinstance(self.result, Answer) or self.result.come())


def _computed(function: Callable[..., Result], arguments: tuple[object, ...]) -> Callable[[], Result]:
    """What the run has computed ahead, or what that raised, for when its turn comes."""
    try:
        value = function(*arguments)
    except Exception as error:
        return _Raising(error)
    return lambda: value


class _Raising:
    """Called, it raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __call__(self) -> Any:
        raise self._error


class Answer(Generic[Result]):
    """What a worker was asked for; called, it is the result. Until then it lies here as octets: several may wait, and
    values take ten times as much.

    number  among what this worker was asked for
    """

    def __init__(self, worker: _Worker, number: int) -> None:
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


class _Worker:
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


_SPARE: list[_Worker] = []
"""The worker that is there before anybody asks for one, until somebody does."""


@contextmanager
def spared(processes: int) -> Iterator[None]:
    """For as long as a run lasts that may have workers, have the first of them there at once: a copy of this process as
    it is now, with all modules loaded, for some milliseconds instead of half a second.

    To be entered before the run has a thread, a lock, a ledger or a session: so the copy has none of them. Where a
    thread is there already none is made, and workers are started when they are needed.

    processes  that compute at once, as for `Workers`
    """
    if processes > 1 and threading.active_count() == 1:
        forbid_dumps()
        with suppress(OSError):  # then they are started when they are needed, or the run is alone
            _SPARE.append(_Worker(copied=True))
    try:
        yield
    finally:
        while _SPARE:
            _SPARE.pop().end()


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
