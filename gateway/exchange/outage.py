"""A mailbox that cannot be reached: when it is tried again, and when somebody is told. Pure.

Tried again: at the next run after the first failure, for most of them are over by then; after that at intervals that
double up to a longest one, and of each interval a part drawn by chance, so that many who lost one server do not all
come back to it in the same second (MAILBOX 4; AWS Architecture Blog, "Exponential Backoff and Jitter": full jitter).
Servers count failed logins and shut out who insists (OpenSSH PerSourcePenalties): these wait as all others do. A line
that broke after it had carried something is there, and weak: the next run goes on with what it carried.

A clock that jumps must not silence a link. Ahead: what was to come is due. Back: a next try farther away than the
longest interval, or a last one that lies in the future, was reckoned by a clock that was wrong, and counts as due.

Told: a cron of five minutes that says the same every time becomes 288 mails a day (EXPERIENCE 3.3). The first failure
is told, then the 2nd, 4th, 8th and so on of the same outage, and what has not been told for a day; then the recovery.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from gateway.exchange.repeats import day_passed
from gateway.ledger.rows import Outage


class Patience(Struct, frozen=True):
    """How long to wait between tries. first: at most after the second failure; longest: at most ever."""

    first: timedelta
    longest: timedelta


def interval(failures: int, patience: Patience) -> timedelta:
    """The longest time until the next try after so many failures in a row; none after the first."""
    if failures <= 1:
        return timedelta(0)
    doublings = failures - 2
    if doublings >= (patience.longest // patience.first).bit_length():
        return patience.longest
    return min(patience.longest, patience.first * (1 << doublings))


def after_failure(before: Outage | None, failure: tuple[str, str, str], now: datetime, *, patience: Patience,
                  chance: float, carried: bool = False) -> tuple[Outage, bool]:
    """What is remembered of a mailbox after one more failure, and whether that is to be told.

    failure  partner, direction, code
    chance   from 0 to 1, drawn by the caller: how much of the interval is waited
    carried  whether the session had carried something before it failed
    """
    partner, direction, code = failure
    failures = 1 if before is None else before.failures + 1
    tell = before is None or failures & (failures - 1) == 0 or day_passed(before.told, now)
    return Outage(
        partner=partner, direction=direction, since=now if before is None else min(before.since, now),
        failures=failures, tried=now, next_at=now + interval(1 if carried else failures, patience) * chance, code=code,
        told=now if before is None or tell else before.told, held=None if before is None else before.held), tell


def is_due(known: Outage | None, now: datetime, patience: Patience) -> bool:
    """Whether a mailbox may be tried. known: what is remembered of it; None when it held the last time."""
    return (known is None or known.next_at <= now or known.next_at > now + patience.longest or known.tried > now)


def after_holding(known: Outage, now: datetime) -> tuple[Outage, bool]:
    """What is remembered of a mailbox that was not tried, and whether that is to be told: once a day."""
    tell = known.held is None or day_passed(known.held, now)
    return replace(known, held=now) if tell else known, tell
