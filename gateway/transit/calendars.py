"""When an office is open, and what interrupts a timer that waits for it (TRANSIT section 3.4).

A timer runs in calendar time or in working time. Calendar time is interrupted by a downtime of the office alone: its
system was out, so nobody could answer. Working time stands still outside opening hours and on holidays as well. Pure:
where calendars come from is `gateway.exchange.calendars`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from msgspec import Struct

LONGEST = timedelta(days=3 * 366)
"""A timer is followed through closures for this long; then it runs on, whatever an absurd calendar says."""

_AT_ONCE = 40
"""Days of an endless closure that are one closure."""

Why = Literal["closed", "holiday", "downtime"]


class Closure(Struct, frozen=True):
    """An office is not there from `starts` until `ends`, exclusive; aware UTC. text: what was said about it."""

    starts: datetime
    ends: datetime
    why: Why
    text: str


class Calendar(Struct, frozen=True):
    """The times of one office.

    hours     weekday (Monday is 0) -> from, until in the zone of the office; until 00:00 is the end of the day; a
              weekday that is absent is closed; None: open day and night
    closures  holidays and downtimes as instants, in any order
    """

    office: str
    zone: tzinfo
    hours: Mapping[int, tuple[tuple[time, time], ...]] | None
    closures: tuple[Closure, ...]

    def open_at(self, instant: datetime) -> bool:
        """Tell whether somebody is there."""
        return not self.excuses(instant, instant + timedelta(microseconds=1), working=True)

    def excuses(self, start: datetime, end: datetime, *, working: bool) -> tuple[Closure, ...]:
        """What interrupts a timer between two instants, in the order of time."""
        found = []
        for stop in _stops(self, start, working):
            if stop.starts >= end or stop.starts - start > LONGEST:
                break
            found.append(stop)
        return tuple(found)


class Due(Struct, frozen=True):
    """When a timer ends, and what interrupted it on the way."""

    at: datetime
    pauses: tuple[Closure, ...] = ()


def due(start: datetime, lasting: timedelta, calendar: Calendar | None, *, working: bool = False) -> Due:
    """The end of a timer that runs for `lasting` from `start`; without a calendar nothing interrupts it."""
    if calendar is None or lasting <= timedelta():
        return Due(start + lasting)
    at, left, pauses = start, lasting, list[Closure]()
    for stop in _stops(calendar, start, working):
        if stop.ends <= at:  # inside a longer one
            continue
        if stop.starts > at:
            if stop.starts - at >= left:
                break
            left -= stop.starts - at
        if stop.ends - start > LONGEST:
            break
        at = stop.ends
        pauses.append(stop)
    return Due(at + left, tuple(pauses))


def _stops(calendar: Calendar, start: datetime, working: bool) -> Iterator[Closure]:
    """What interrupts from `start` on, in the order of beginning."""
    declared = sorted((one for one in calendar.closures if one.ends > max(start, one.starts)
                       and (working or one.why == "downtime")), key=_order)
    closed = _outside(calendar, start) if working and calendar.hours is not None else iter(())
    yield from heapq.merge(declared, closed, key=_order)


def _order(closure: Closure) -> tuple[datetime, datetime]:
    return closure.starts, closure.ends


def _outside(calendar: Calendar, start: datetime) -> Iterator[Closure]:
    """The times outside opening hours that end after `start`, as far as a timer is followed."""
    day = start.astimezone(calendar.zone).date() - timedelta(days=1)
    shut = _instant(day, time(), calendar.zone)
    while shut - start <= LONGEST:
        for opens, closes in _hours(calendar, day):
            if opens > shut and opens > start:
                yield Closure(shut, opens, "closed", "")
            shut = max(shut, closes)
        day += timedelta(days=1)
        midnight = _instant(day, time(), calendar.zone)
        if midnight - shut > timedelta(days=_AT_ONCE):
            yield Closure(shut, midnight, "closed", "")
            shut = midnight


def _hours(calendar: Calendar, day: date) -> list[tuple[datetime, datetime]]:
    """The opening hours of a day as instants."""
    found = []
    for opens, closes in sorted((calendar.hours or {}).get(day.weekday(), ())):
        ends = day if closes > opens else day + timedelta(days=1)
        found.append((_instant(day, opens, calendar.zone), _instant(ends, closes, calendar.zone)))
    return found


def _instant(day: date, hour: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, hour, zone).astimezone(UTC)
