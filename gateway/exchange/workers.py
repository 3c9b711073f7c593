"""Processes beside a run that compute for it; what they give is taken in the order in which it was asked for.

A worker gets octets and gives values: it has no ledger, no key and no mailbox, and nothing that it does lasts. So a
worker that dies takes nothing with it: whoever asks for its result gets an error, and the run computes by itself. There
are never more results ahead than workers, whatever there is to do; and a worker whose run is gone ends.

Each worker has a pipe of its own and one thing to do at a time: its result is taken before it gets the next, so that
neither side ever waits to write while the other does. The pool of the standard library is not used: with a queue for
all and a thread that fills it, a worker that dies while much is being sent leaves Python 3.11.2, Debian 12's, waiting
for ever (python/cpython issue 94777).
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, TypeVar

from gateway.exchange.collector import look_seldom

Given = TypeVar("Given")
Result = TypeVar("Result")


class WorkerLost(Exception):
    """The worker that had this to do is gone."""


class Workers:
    """The processes beside one run; none is started before there is something to do.

    processes  that compute at once, the run's own among them: 1 is no worker
    """

    def __init__(self, processes: int) -> None:
        self._count = processes - 1
        self._begun = 0
        self._workers: list[_Worker] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._alone()

    def ahead(self, items: Iterable[Given], ask: Callable[[Given], tuple[Callable[..., Result], tuple[object, ...]]],
              ) -> Iterator[tuple[Given, Callable[[], Result] | None]]:
        """Each item with how to get its result, in order, while workers are at those that come after it.

        ask  item -> function of a module and its arguments, all of which can be sent to another process
        Yields None beside an item for which no worker is there. Getting a result raises what the function raised, or
        WorkerLost where its worker died.
        """
        begun: deque[tuple[Given, Callable[[], Result] | None]] = deque()
        for item in items:
            function, arguments = ask(item)
            begun.append((item, self.begin(function, *arguments)))
            if len(begun) > max(self._count, 0):
                yield begun.popleft()
        yield from begun

    def begin(self, function: Callable[..., Result], *arguments: object) -> Callable[[], Result] | None:
        """Have a function called by a worker: what gives its result, as in `ahead`; None where no worker is there.

        Workers take turns; one that is not done with what it has is waited for.
        """
        if self._count < 1:
            return None
        try:
            if len(self._workers) < self._count:
                self._workers.append(_Worker())
            worker = self._workers[self._begun % self._count]
            self._begun += 1
            return worker.begin(function, arguments)
        except (OSError, WorkerLost):  # one died, or none can be started: from here on the run is alone
            self._alone()
            self._count = 0
            return None

    def _alone(self) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()


class _Answer(Generic[Result]):
    """What a worker was asked for; called, it is the result."""

    def __init__(self, worker: _Worker) -> None:
        self._worker = worker
        self.come = False
        self.value: Any = None
        self.error: BaseException | None = None

    def __call__(self) -> Result:
        if not self.come:
            self._worker.collect()
        if self.error is not None:
            raise self.error
        result: Result = self.value
        return result

    def take(self, value: object, error: BaseException | None) -> None:
        self.come, self.value, self.error = True, value, error


class _Worker:
    """A process, the pipe to it, and what it has to do. Raises OSError where no process can be started."""

    def __init__(self) -> None:
        context = get_context("spawn")  # not forked: a run has threads
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), daemon=True)
        try:
            self._process.start()
        except OSError:
            self._pipe.close()
            raise
        finally:
            theirs.close()  # its end is the worker's alone: when that is gone, the pipe says so
        self._asked: _Answer[Any] | None = None

    def begin(self, function: Callable[..., Result], arguments: tuple[object, ...]) -> _Answer[Result]:
        """Raises WorkerLost or OSError when the worker is gone."""
        if self._asked is not None and isinstance(self.collect(), WorkerLost):
            raise WorkerLost
        self._pipe.send((function, arguments))
        answer: _Answer[Result] = _Answer(self)
        self._asked = answer
        return answer

    def collect(self) -> BaseException | None:
        """Wait for the result that is due, and put it where it is looked for; what went wrong, if anything."""
        asked, self._asked = self._asked, None
        assert asked is not None
        try:
            value, error = self._pipe.recv()
        except (EOFError, OSError):
            value, error = None, WorkerLost()
        except Exception as unread:  # what cannot be built again here
            value, error = None, unread
        asked.take(value, error)
        return asked.error

    def end(self) -> None:
        """End the process, whatever it is at: nothing that it does lasts."""
        if self._asked is not None:
            self._asked.take(None, WorkerLost())
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _work(pipe: Connection) -> None:
    """Do what the run asks for until it is gone: then the pipe ends, wherever this is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run
    look_seldom()
    with suppress(EOFError, OSError):
        while True:
            function, arguments = pipe.recv()
            given: tuple[object, Exception | None]
            try:
                given = (function(*arguments), None)
            except Exception as error:  # the run is told
                given = (None, error)
            try:
                pipe.send(given)
            except OSError:
                raise
            except Exception as unsent:  # a result, or an error, that cannot be sent
                pipe.send((None, RuntimeError(f"{type(unsent).__name__}: {unsent}")))
    os._exit(0)
