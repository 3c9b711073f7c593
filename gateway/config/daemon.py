"""The section ``daemon:`` of the settings: what works by itself on this host, beside or instead of cron.

Times are written as in crontab(5), so that who has read one has read the other; they are those of UTC, for hosts that
share a ledger keep one schedule.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator

from gateway.config.model import Model, fault, section
from gateway.config.reading import between
from gateway.config.scalars import Duration, Integer, Text, render_duration

NEVER = "never"
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(\*|(?P<first>[0-9]{1,2})(-(?P<last>[0-9]{1,2}))?)(/(?P<step>[1-9][0-9]?))?")


def _crontab(value: str) -> str:
    fields = value.split(" ")
    if value != NEVER and (len(fields) != len(_RANGES) or not all(
            _sound(part, *borders) for field, borders in zip(fields, _RANGES, strict=True)
            for part in field.split(","))):
        raise fault("S206", value=value)
    return value


def _sound(part: str, least: int, most: int) -> bool:
    """Whether one part of a field names moments: ``*``, ``7``, ``9-17``, each with a step where it has several."""
    match = _PART.fullmatch(part)
    if match is None or (match["step"] and match["first"] and not match["last"]):
        return False
    first, last = int(match["first"] or least), int(match["last"] or match["first"] or most)
    return least <= first <= last <= most


Crontab = Annotated[Text, AfterValidator(_crontab)]
"""Five fields of crontab(5) in figures, one blank between them: ``27 2 * * *``; or ``never``."""

Pace = Literal["10s", "15s", "20s", "30s", "1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m"]
"""How often something is done; each goes into a minute or an hour without a rest."""


class Schedule(Model):
    """When what is not the exchange itself is done. None: as the timers that are shipped have it."""

    alerts: Crontab | None = None
    report: Crontab | None = None
    backup: Crontab | None = None
    retention: Crontab | None = None
    crl: Crontab | None = None
    certificates: Crontab | None = None


class Daemon(Model):
    """What `edi daemon` does on this host.

    jobs      that are at work at once
    exchange  how often each partner's mailbox is looked into, whoever does it
    stalled   how long a host is not heard of before others take up what it was at
    stop      how long jobs may go on to the end of their step when the daemon is told to go
    """

    jobs: Annotated[Integer, between(1, 32)] = 3
    exchange: Pace = "1m"
    stalled: Annotated[Duration, between(timedelta(seconds=2), timedelta(hours=1), render_duration)] = timedelta(
        minutes=1)
    stop: Annotated[Duration, between(timedelta(seconds=1), timedelta(minutes=15), render_duration)] = timedelta(
        minutes=1)
    schedule: Schedule = section(Schedule)
