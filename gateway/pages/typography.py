"""Dates, times, durations and numbers as each language prints them; the zone is always shown.

French: 23 novembre 2026 in text and 23/11/2026 in tables, 14 h 05 (TU), decimal comma, U+202F between thousands.
English: 23 November 2026 and 23 Nov 2026, 14:05 (UTC), decimal point, U+202F as well (ISO 80000-1).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from msgspec import Struct

from gateway.texts import Language, say

NARROW = "\N{NARROW NO-BREAK SPACE}"
BLANK = "\N{NO-BREAK SPACE}"
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Typography(Struct, frozen=True):
    """How one page prints moments and numbers. zone: in which its instants are told."""

    language: Language
    zone: tzinfo = UTC

    def long_day(self, moment: date) -> str:
        """A day in a text."""
        day = self._day_of(moment)
        first = self.language is Language.FRENCH and day.day == 1
        return say("site.date", self.language, day="1er" if first else day.day, year=day.year,
                   month=say(f"site.month.{day.month}", self.language)).replace(" ", BLANK)

    def day(self, moment: date) -> str:
        """A day in a table."""
        day = self._day_of(moment)
        if self.language is Language.FRENCH:
            return f"{day:%d/%m/%Y}"
        return f"{day.day:02d}{BLANK}{say(f'site.month.{day.month}', self.language)[:3]}{BLANK}{day.year}"

    def clock(self, instant: datetime, *, zone: bool = True) -> str:
        """The time of an instant."""
        local = instant.astimezone(self.zone)
        text = f"{local.hour}{BLANK}h{BLANK}{local:%M}" if self.language is Language.FRENCH else f"{local:%H:%M}"
        return f"{text}{BLANK}({self.offset(instant)})" if zone else text

    def offset(self, instant: datetime) -> str:
        """The zone at an instant: TU, TU+1, UTC+5:30."""
        ahead = instant.astimezone(self.zone).utcoffset() or timedelta()
        sign, minutes = ("-" if ahead < timedelta() else "+"), abs(ahead) // _MINUTE
        name = "TU" if self.language is Language.FRENCH else "UTC"
        hours = f"{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")
        return name if not minutes else f"{name}{sign}{hours}"

    def moment(self, moment: date | datetime | None, *, zone: bool = True) -> str:
        """A day or an instant in a table; N/A for none."""
        if moment is None:
            return say("site.none", self.language)
        text = self.day(moment)
        return f"{text} {self.clock(moment, zone=zone)}" if isinstance(moment, datetime) else text

    def long_moment(self, moment: date | datetime | None) -> str:
        """A day or an instant in a text; N/A for none."""
        if moment is None:
            return say("site.none", self.language)
        day = self.long_day(moment)
        return say("site.moment", self.language, day=day, time=self.clock(moment)) \
            if isinstance(moment, datetime) else day

    def number(self, value: int | Decimal | str) -> str:
        """A number, its digits as they are, in groups of three from five digits on."""
        whole, _, decimals = str(value).partition(".")
        sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
        groups = [digits[max(0, end - 3):end] for end in range(len(digits), 0, -3)][::-1]
        text = sign + (NARROW.join(groups) if len(digits) > 4 else digits)
        mark = "," if self.language is Language.FRENCH else "."
        return f"{text}{mark}{decimals}" if decimals else text

    def percent(self, part: int, whole: int) -> str:
        """A share, without decimals; N/A of nothing."""
        if not whole:
            return say("site.none", self.language)
        share = f"{round(100 * part / whole)}"
        return f"{share}{NARROW}%" if self.language is Language.FRENCH else f"{share}%"

    def lasting(self, time: timedelta | None) -> str:
        """A duration in one or two units, cut to the smaller; N/A for none."""
        if time is None:
            return say("site.none", self.language)
        size = abs(time)
        days, hours, minutes = size // _DAY, size % _DAY // _HOUR, size % _HOUR // _MINUTE
        parts = [(days, "d"), (hours, "h")] if days else [(hours, "h"), (minutes, "m")] if hours else [(minutes, "m")]
        shown = [say(f"site.unit.{unit}", self.language, n=number) for number, unit in parts if number or not days]
        return BLANK.join(part.replace(" ", BLANK) for part in shown)

    def agreed(self, time: timedelta) -> str:
        """A duration that was agreed on, exact to the minute, without units of which there are none."""
        sizes = ((time // _DAY, "d"), (time % _DAY // _HOUR, "h"), (time % _HOUR // _MINUTE, "m"))
        parts = [part for part in sizes if part[0]] or [sizes[-1]]
        return BLANK.join(say(f"site.unit.{unit}", self.language, n=n).replace(" ", BLANK) for n, unit in parts)

    def _day_of(self, moment: date) -> date:
        return moment.astimezone(self.zone).date() if isinstance(moment, datetime) else moment
