"""When the same bytes go up again: a pure function of attempts, agreement and now (ENVELOPE R7)."""

from __future__ import annotations

from datetime import datetime, timedelta

QUICK = 3
"""Repeats at the agreed interval, before the alarm."""

DAILY = timedelta(days=1)


def a_day_before(now: datetime) -> datetime:
    """What is done "daily" is due once this has passed: an hour less than a day, for a run that comes once a day is
    sometimes a little early."""
    return now - timedelta(hours=23)


def unacknowledged_since(now: datetime, receipt: timedelta) -> datetime:
    """Receipts that were due before this have been waited for through all quick repeats as well (ENVELOPE R7)."""
    return now - QUICK * receipt


def repeat_at(now: datetime, attempts: int, receipt: timedelta) -> datetime:
    """When an object that gets no receipt is published again.

    attempts  how often it was published before this time
    receipt   the time that the agreement gives the partner for a receipt
    """
    return now + (receipt if attempts < QUICK else max(receipt, DAILY))
