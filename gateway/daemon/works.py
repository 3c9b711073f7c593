"""What a daemon does, and when: all of it follows from the settings. Pure.

    take        what the national side has put out becomes messages; each host has its own folders
    judge       what has come is judged and delivered; no partner is asked
    exchange/P  one partner's mailbox: collect, judge, answer, send
    backup, …   what timers would start: each host's own, by its own settings
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from gateway.config import Settings
from gateway.config.daemon import NEVER, Daemon
from gateway.config.services import planned

TAKE, JUDGE, EXCHANGE = "take", "judge", "exchange/"
SHARED = "ledger"
"""The queue of what any host may do."""

_SECONDS = {"s": 1, "m": 60}
_MARGIN = timedelta(minutes=1)
_KEYS = {"keys-check": "certificates"}
"""Name of a work -> its key in the schedule, where that is another one."""
_EXCHANGE_ITSELF = ("edi-send", "edi-receive")


class Work(Struct, frozen=True, kw_only=True):
    """Something that a daemon has done.

    name     as above
    program  and its words, without the settings
    queue    `SHARED`, or that of the one host whose work it is
    ticks    when it is done in any case: crontab(5) in UTC, with the second as a sixth field where it counts; None:
             never by itself
    longest  how long it may take before it is ended
    urgent   whether it goes before what is not: somebody waits for it
    """

    name: str
    program: str
    words: tuple[str, ...] = ()
    queue: str = SHARED
    ticks: str | None = None
    longest: timedelta
    urgent: bool = False

    @property
    def lock(self) -> str:
        """What nobody else is at meanwhile."""
        return self.name if self.queue == SHARED else f"{self.name} {self.queue}"


def works(settings: Settings, host: str) -> dict[str, Work]:
    """All that is done on a host, by name. host: how its own queue is called, unlike that of any other."""
    daemon = settings.daemon or Daemon()
    run = settings.limits.run + _MARGIN
    found = [
        Work(name=TAKE, program="edi-send", queue=host, ticks=ticks(daemon.exchange, host), longest=run, urgent=True),
        Work(name=JUDGE, program="edi-receive", ticks=ticks(daemon.exchange, JUDGE), longest=run, urgent=True)]
    found += [Work(name=EXCHANGE + partner, program="edi-receive", words=("--partner", partner), longest=run,
                   ticks=ticks(daemon.exchange, partner), urgent=True) for partner in sorted(settings.partners)]
    plan = planned(settings, user="", group="", programs={})
    for job in plan.jobs:
        if job.name in _EXCHANGE_ITSELF:
            continue
        name = job.name.removeprefix("edi-")
        wanted: str = getattr(daemon.schedule, _KEYS.get(name, name)) or job.cron
        program, *words = plan.words(job)
        found.append(Work(name=name, program=program, words=tuple(words), queue=host, longest=max(run, job.long),
                          ticks=None if wanted == NEVER else wanted))
    return {work.name: work for work in found}


def ticks(pace: str, name: str) -> str:
    """When something is done at a pace such as ``30s`` or ``5m``: not all of it in the same second. The name alone
    decides, so that all hosts say the same.
    """
    seconds = int(pace[:-1]) * _SECONDS[pace[-1]]
    minute, second = divmod(zlib.crc32(name.encode()) % seconds, 60)
    if seconds < 60:
        return f"* * * * * {second}-59/{seconds}"
    return f"{'*' if seconds == 60 else f'{minute}-59/{seconds // 60}'} * * * * {second}"


def fresh(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    """Of whom something has been recorded since: names whose number has grown, in their order."""
    return sorted(name for name, number in now.items() if number > before.get(name, 0))


Seen = Mapping[str, tuple[int, int]]
"""Name of a file -> its size, and the time of its last change in nanoseconds."""


def arrived(before: Seen, now: Seen, known: Seen) -> bool:
    """Whether a file lies there that is whole: two looks in a row saw it the same, and it is no news of earlier looks.

    known  files that somebody was sent for already: what cannot be taken stays, and is tried at the next tick
    """
    return any(before.get(name) == seen and known.get(name) != seen for name, seen in now.items())
