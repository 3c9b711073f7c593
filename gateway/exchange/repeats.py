"""When the same bytes go up again, and when they no longer do: functions of dates, agreement and now (ENVELOPE R7).

An interval that was agreed is never shortened: chance only makes it longer, or moves a daily repeat within the hour
before its day is over. Many objects that went up together so come back apart.
"""

from __future__ import annotations

from datetime import datetime, timedelta

QUICK = 3
"""Repeats at the agreed interval, before the alarm."""

DAILY = timedelta(days=1)

_SPREAD = 0.1
"""How much longer than agreed a quick repeat may wait: so little that all three come before the alarm."""

_EARLY = timedelta(hours=1)
"""How much less than a day a daily thing may be: a run that comes once a day is sometimes a little early."""

SKEW = timedelta(hours=1)
"""A date that lies farther ahead than this was written by a clock that was wrong, and not by a run that overlaps."""


def a_day_before(now: datetime) -> datetime:
    """What is done "daily" is due once this has passed: an hour less than a day."""
    return now - DAILY + _EARLY


def day_passed(last: datetime, now: datetime) -> bool:
    """Whether what is done daily is due again: a day ago, or by a clock that was ahead, which must not silence it."""
    return last <= a_day_before(now) or last > now + SKEW


def unacknowledged_since(now: datetime, receipt: timedelta) -> datetime:
    """Receipts that were due before this have been waited for through all quick repeats as well (ENVELOPE R7)."""
    return now - QUICK * receipt


def repeat_at(now: datetime, attempts: int, receipt: timedelta, chance: float = 0.0) -> datetime:
    """When an object that gets no receipt is published again.

    attempts  how often it was published before this time
    receipt   the time that the agreement gives the partner for a receipt
    chance    from 0 to 1, drawn by the caller
    """
    if attempts < QUICK or receipt >= DAILY:
        return now + receipt + receipt * (_SPREAD * chance)
    return now + max(receipt, DAILY - _EARLY * chance)


def latest_repeat(now: datetime, receipt: timedelta) -> datetime:
    """No repeat that was reckoned by a clock that was right is later than this."""
    return now + max(receipt * (1 + _SPREAD), DAILY) + SKEW


def lived_before(now: datetime, lifetime: timedelta, receipt: timedelta) -> datetime:
    """What went up first before this, and has no receipt, is a dead letter once it was repeated QUICK times, or lies
    where the partner does not collect it.

    lifetime  how long an object is repeated, from the settings; never less than all quick repeats and the alarm take
    """
    return now - max(lifetime, (QUICK + 2) * receipt)
