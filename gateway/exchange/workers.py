"""Processes beside a run that compute for it; what they give is taken in the order in which it was asked for.

A worker gets octets and gives values: it has no ledger, no key and no mailbox, and nothing that it does lasts. So a
worker that dies takes nothing with it: whoever asks for its result gets an error, and the run computes by itself. There
are never more results ahead than workers, whatever there is to do; and a worker whose run is gone ends.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from types import TracebackType
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")


class Workers:
    """The processes beside one run; none is started before there is something to do.

    processes  that compute at once, the run's own among them: 1 is no worker
    """

    def __init__(self, processes: int) -> None:
        self._count = processes - 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def ahead(self, items: Iterable[Given], ask: Callable[[Given], tuple[Callable[..., Result], tuple[object, ...]]],
              ) -> Iterator[tuple[Given, Callable[[], Result] | None]]:
        """Each item with how to get its result, in order, while workers are at those that come after it.

        ask  item -> function of a module and its arguments, all of which can be sent to another process
        Yields None beside an item for which no worker is there. Getting a result raises what the function raised, or
        BrokenProcessPool where its worker died.
        """
        begun: deque[tuple[Given, Callable[[], Result] | None]] = deque()
        for item in items:
            function, arguments = ask(item)
            begun.append((item, self.begin(function, *arguments)))
            if len(begun) > max(self._count, 0):
                yield begun.popleft()
        yield from begun

    def begin(self, function: Callable[..., Result], *arguments: object) -> Callable[[], Result] | None:
        """Have a function called by a worker: what gives its result, as in `ahead`; None where no worker is there."""
        if self._count < 1:
            return None
        if self._pool is None:  # spawned, not forked: a run has threads
            self._pool = ProcessPoolExecutor(self._count, mp_context=get_context("spawn"), initializer=_begin)
        try:
            return self._pool.submit(function, *arguments).result
        except BrokenProcessPool:  # one died: from here on the run is alone
            self._pool.shutdown(cancel_futures=True)
            self._pool, self._count = None, 0
            return None


def _begin() -> None:
    """What a worker does first: leave Ctrl-C to its run, end when that is gone, and keep what is loaded out of the way
    of the collector."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_run, daemon=True).start()
    gc.freeze()


def _end_with_run() -> None:
    run = parent_process()
    if run is not None:
        wait([run.sentinel])
        os._exit(0)
