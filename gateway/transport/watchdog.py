"""The hard time limit outside the SSH library (T15).

paramiko's own time-outs do not cover every phase: a subsystem request waits for ever, and an upload into a link that
went silent is retried for ever (MAILBOX section 1.4, measured). So one thread per session watches a deadline and,
when it passes, cuts the TCP connection; every wait in the library then ends at once.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Calls `cut` once when a deadline passes. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float], cut: Callable[[], None], session: float) -> None:
        self._clock = clock
        self._cut = cut
        self._end = clock() + session
        self._deadline: float | None = None
        self._seconds = 0.0
        self._changed = threading.Condition()
        self._over = False
        self._wakes = math.inf
        """When the thread looks again by itself: it is not woken for every answer that is due later than that."""
        self.expired = False
        """Whether it was this that cut."""
        self.spent = False
        """Whether the end of the session was the reason, not silence."""
        self._thread = threading.Thread(target=self._watch, name="mailbox-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """The block must not go `seconds` without `alive()`, nor beyond the end of the session."""
        with self._changed:
            self._seconds = seconds
            self._deadline = self._clock() + seconds
            if min(self._deadline, self._end) < self._wakes:
                self._changed.notify()
        try:
            yield
        finally:
            self._deadline = None

    def alive(self) -> None:
        """Something arrived: the silence begins anew. Cheap, called for every packet."""
        if self._deadline is not None:
            self._deadline = self._clock() + self._seconds

    def grant(self, seconds: float) -> None:
        """The session may last this much longer, from now on, whatever it has taken so far."""
        with self._changed:
            self._end = self._clock() + seconds
            self._changed.notify()

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._over = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._over:
                deadline = self._deadline
                left = None if deadline is None else min(deadline, self._end) - self._clock()
                if left is None or deadline is None or left > 0:
                    self._wakes = math.inf if left is None else self._clock() + left
                    self._changed.wait(left)
                    continue
                self.spent = self._end <= deadline
                self.expired = True
                self._over = True
        if self.expired:
            self._cut()
