"""How fast passwords may be guessed: ever more slowly, from one place and for one login. Pure; kept in memory.

A login cannot be locked for its owner by a stranger elsewhere: what is counted first is login and address together.
Whoever guesses from many addresses meets the count of the login, which is ten times as high.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

FREE = 5
"""Failures that cost nothing; for a login over all addresses ten times as many."""

_FIRST, _LONGEST, _FORGOTTEN = timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=1)
_KEPT = 10_000
"""Pairs kept at most; the oldest go first."""


@dataclass
class Throttle:
    """Failures by who and from where: how many in a row, and the last one."""

    _failures: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, login: str, address: str, now: datetime) -> timedelta:
        """How long until the next try is looked at; nothing when it is now."""
        return max(self._left((login, address), FREE, now), self._left((login, ""), 10 * FREE, now),
                   self._left(("", address), 10 * FREE, now))

    def failed(self, login: str, address: str, now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            for key in ((login, address), (login, ""), ("", address)):
                count, last = self._failures.pop(key, (0, now))
                self._failures[key] = (1 if now - last > _FORGOTTEN else count + 1, now)
            while len(self._failures) > _KEPT:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, login: str, address: str) -> None:
        """Forget what this login failed from there."""
        self._failures.pop((login, address), None)

    def _left(self, key: tuple[str, str], free: int, now: datetime) -> timedelta:
        count, last = self._failures.get(key, (0, now))
        if count < free or now - last > _FORGOTTEN:
            return timedelta(0)
        doublings: int = 2 ** min(count - free, 20)
        pause = min(_FIRST * doublings, _LONGEST)
        return max(last + pause - now, timedelta(0))
