"""Jobs as processes: each is forked from one that has loaded what runs need and does nothing else.

Why processes: a run ends itself by force where a library hangs, may hold hundreds of megabytes for a large file, and
may fall over a defect in a library of C. None of this may take the daemon or another lane with it, and what a process
has taken of memory goes back with it, however many runs there were. Why forked from a server of forks (the standard
library's) and not started anew: a program takes most of a second of processor time to load, a fork some hundredths; the
daemon has threads and connections and must not be forked itself, that server has none.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.forkserver import ensure_running
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

_LARGEST = 1 << 18
"""Octets of what a job says on stdout that are kept: the last."""
_SECONDS = 10.0
"""Between being told to end and being ended."""

Target = Callable[[Connection, str, tuple[str, ...]], None]
"""What a process does: with the pipe that becomes its stdout, a program and its words. A function of a module."""


class Ended(Struct, frozen=True):
    """How a job ended. status: exit status, negative the signal that ended it; out: what it said on stdout."""

    status: int
    out: bytes
    overdue: bool = False


class Children:
    """The processes of one daemon. Its methods may be called from several threads."""

    def __init__(self, target: Target, modules: Sequence[str], clock: Callable[[], float]) -> None:
        """target: as above; modules: loaded once, before there is any job."""
        self._target, self._clock = target, clock
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(list(modules))
        ensure_running()  # it loads while the database is asked
        self._running: set[ForkServerProcess] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, program: str, words: tuple[str, ...], seconds: float) -> Ended:
        """Run a program to its end, for so many seconds at most. Raises OSError where no process can be started."""
        reading, writing = self._context.Pipe(duplex=False)
        with reading:
            process = self._context.Process(target=self._target, args=(writing, program, words))
            with writing, self._lock:
                process.start()
                self._running.add(process)
                if self._stopped:
                    process.terminate()
            try:
                end = self._clock() + seconds
                out, overdue = self._heard(reading, end)
                process.join(max(0.0, end - self._clock()))
                overdue = overdue or process.exitcode is None
                if overdue:
                    process.terminate()
                    process.join(_SECONDS)
                    process.kill()
                process.join()
                return Ended(process.exitcode if process.exitcode is not None else -signal.SIGKILL, out, overdue)
            finally:
                with self._lock:
                    self._running.discard(process)

    def _heard(self, reading: Connection, end: float) -> tuple[bytes, bool]:
        """What is written until the process ends, the last of it; whether the time was up before."""
        kept = b""
        while (left := end - self._clock()) > 0:
            if select.select([reading], [], [], left)[0]:
                piece = os.read(reading.fileno(), 1 << 16)
                if not piece:
                    return kept, False
                kept = (kept + piece)[-_LARGEST:]
        return kept, True

    def stop(self) -> None:
        """Tell all of them to come to their ends, and whatever is started later."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()

    def kill(self) -> None:
        """End all of them: every state is safe to leave."""
        with self._lock:
            for process in self._running:
                with suppress(ValueError, OSError):
                    process.kill()
