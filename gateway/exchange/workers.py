"""Processes beside a run that compute for it; what they give is taken in the order in which it was asked for.

A worker gets octets and gives values: it has no ledger, no key and no mailbox, and what lasts of its work, files for
the national side, may be done twice. So a worker that dies takes nothing with it: whoever asks for its result gets an
error, and the run does it by itself.

Nobody waits for the other while there is something to do. A worker has the next thing lying there while it is at one,
and two threads that read and write for it meanwhile: so neither side ever waits to write while the other does. Where a
result is due that has not come, the run does by itself one of those that nobody has begun; what a worker was given
already it takes back. How many are ahead is bounded, by their number and by their octets.

Each worker has a pipe of its own. The pool of the standard library is not used: with a queue for all and a thread that
fills it, a worker that dies while much is being sent leaves Python 3.11.2, Debian 12's, waiting for ever
(python/cpython issue 94777).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Generic, TypeVar

from gateway.exchange.worker import Answer, Worker, WorkerLost
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


class Workers:
    """The processes beside one run; none is started before there is something to do, or is known to come.

    processes  that compute at once, the run's own among them: 1 is no worker
    """

    def __init__(self, processes: int) -> None:
        self._count = processes - 1
        self._workers: list[Worker] = []

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
                self._workers.append(_SPARE.pop() if _SPARE else Worker())
            worker = self._workers[0] if self._count == 1 else min(self._workers, key=Worker.busy)
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


_SPARE: list[Worker] = []
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
            _SPARE.append(Worker(copied=True))
    try:
        yield
    finally:
        while _SPARE:
            _SPARE.pop().end()
