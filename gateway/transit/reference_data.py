"""What an administration publishes of itself: its offices and their hours, holidays, downtimes, lists of codes.

A version says all of it, and counts from its start on; of those that have begun the one with the highest number counts.
So a holiday that moves on its eve is a version more, and the order in which versions arrive does not matter.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.transit.calendars import Calendar, Closure

Spans = tuple[tuple[time, time], ...]


class Office(Struct, frozen=True, kw_only=True):
    """One office. zone: where it lies, None where the others do; hours: weekday (Monday is 0) -> from, until; without
    any the office is open day and night, a weekday without any is closed."""

    code: str
    name: str
    roles: tuple[str, ...]
    zone: str | None = None
    aliases: tuple[str, ...] = ()
    hours: tuple[tuple[int, Spans], ...] = ()


class Holiday(Struct, frozen=True, kw_only=True):
    """A day on which offices are closed, in their zones; offices: none named means all."""

    day: date
    name: str
    offices: tuple[str, ...] = ()


class Outage(Struct, frozen=True, kw_only=True):
    """A downtime that is known beforehand. starts, ends: aware UTC; offices: none named means all."""

    starts: datetime
    ends: datetime
    text: str
    offices: tuple[str, ...] = ()


class Code(Struct, frozen=True, kw_only=True):
    """One code of a list, with what it means."""

    listed: str
    code: str
    text: str


class ReferenceData(Struct, frozen=True, kw_only=True):
    """One version. starts: aware UTC, whole seconds; zone: of the administration, by its IANA name."""

    version: int
    starts: datetime
    zone: str
    offices: tuple[Office, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    outages: tuple[Outage, ...] = ()
    codes: tuple[Code, ...] = ()

    def office(self, code: str) -> Office | None:
        """The office of that code."""
        return next((office for office in self.offices if office.code == code), None)

    def named_offices(self) -> frozenset[str]:
        """Every office that is spoken of: the sender may speak of its own only."""
        return frozenset({office.code for office in self.offices}.union(
            *(one.offices for one in self.holidays), *(one.offices for one in self.outages)))


def calendar(data: ReferenceData | None, office: str, further: tuple[Closure, ...], zone: str) -> Calendar:
    """The calendar of one office; of what holds for all offices where `office` is "".

    further  downtimes that events told of
    zone     where the office lies by what is known without reference data
    """
    if data is None:
        return Calendar(office, ZoneInfo(zone), None, further)
    entry = data.office(office)
    where = ZoneInfo((entry.zone if entry is not None else None) or data.zone)
    holidays = tuple(_whole_day(holiday, where) for holiday in data.holidays if _concerns(holiday.offices, office))
    outages = tuple(Closure(outage.starts, outage.ends, "downtime", outage.text)
                    for outage in data.outages if _concerns(outage.offices, office))
    return Calendar(office, where, dict(entry.hours) if entry is not None and entry.hours else None,
                    (*holidays, *outages, *further))


def _concerns(offices: tuple[str, ...], office: str) -> bool:
    return not offices or office in offices


def _whole_day(holiday: Holiday, zone: ZoneInfo) -> Closure:
    ends = holiday.day + timedelta(days=1)
    return Closure(datetime.combine(holiday.day, time(), zone).astimezone(UTC),
                   datetime.combine(ends, time(), zone).astimezone(UTC), "holiday", holiday.name)
