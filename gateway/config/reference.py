"""The file in which an administration writes its reference data, as people write it (`edi reference publish`)."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from gateway.config.model import Field, Model, section
from gateway.config.reference_scalars import Day, ListName, OfficeCode, Span
from gateway.config.scalars import Instant, Integer, Text, TimeZone, between
from gateway.config.settings import Format

Spans = tuple[tuple[time, time], ...]


class ReferenceHours(Model):
    """Opening hours; a day that is left out is closed."""

    monday: tuple[Span, ...] = ()
    tuesday: tuple[Span, ...] = ()
    wednesday: tuple[Span, ...] = ()
    thursday: tuple[Span, ...] = ()
    friday: tuple[Span, ...] = ()
    saturday: tuple[Span, ...] = ()
    sunday: tuple[Span, ...] = ()

    def days(self) -> tuple[tuple[int, Spans], ...]:
        """Weekday (Monday is 0) -> from, until; only days that have hours."""
        listed = (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday)
        return tuple((day, tuple(_times(span) for span in spans)) for day, spans in enumerate(listed) if spans)


class ReferenceOffice(Model):
    """One office of ours."""

    name: Text
    roles: Annotated[tuple[Literal["departure", "exit", "entry", "transit", "destination", "control"], ...],
                     Field(min_length=1)]
    zone: TimeZone | None = None
    aliases: tuple[Text, ...] = ()
    hours: ReferenceHours = section(ReferenceHours)


class ReferenceHoliday(Model):
    """A day on which offices are closed."""

    day: Day
    name: Text
    offices: tuple[OfficeCode, ...] = ()


class ReferenceDowntime(Model):
    """A downtime that is known beforehand."""

    starts: Instant
    ends: Instant
    reason: Text
    offices: tuple[OfficeCode, ...] = ()


class ReferenceFile(Model):
    """The reference data of one administration: one version of all that it publishes."""

    format: Format
    version: Annotated[Integer, between(1, 2**31 - 1)]
    from_: Annotated[Instant, Field(alias="from")]
    zone: TimeZone
    offices: dict[OfficeCode, ReferenceOffice] = Field(default_factory=dict)
    holidays: tuple[ReferenceHoliday, ...] = ()
    downtimes: tuple[ReferenceDowntime, ...] = ()
    codes: dict[ListName, dict[str, Text]] = Field(default_factory=dict)


def _times(span: str) -> tuple[time, time]:
    opens, _, closes = span.partition("-")
    return time.fromisoformat(opens), time.fromisoformat(closes)
