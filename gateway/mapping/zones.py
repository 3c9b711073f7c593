"""Instants that stand on the wire in the time of a zone: ``datetime(Africa/Niamey)``.

The record holds UTC, the message the local time. A local time that a zone skips, or has twice, is refused in both
directions unless its name tells which is meant (converter 303): a guess could not be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from gateway.mapping.codecs import Shared, Unfit, shown
from gateway.references import Scalar

FORMATS = {"203": 12, "204": 14, "303": 15}
"""Formats of code list 2379 for an instant, and how long their texts are. 303 ends in the name of the zone."""

_DIGITS = re.compile(r"[0-9]+")
_NAME = re.compile(r"[A-Z]{3}")
_FIRST_YEAR, _LAST_YEAR = 1970, 2037


@cache
def zone_named(name: str) -> ZoneInfo | None:
    """A zone of the IANA time zone database; None when this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def known_zones() -> set[str]:
    """Every zone this machine knows, for suggestions."""
    return available_timezones()


@cache
def has_names(name: str) -> bool:
    """Tell whether a zone has always had names of three letters, as converter 303 needs them (CET, but no CEST)."""
    zone = zone_named(name)
    months = (datetime(year, month, 1, tzinfo=zone) for year in range(_FIRST_YEAR, _LAST_YEAR + 1)
              for month in range(1, 13))
    return zone is not None and all(_NAME.fullmatch(month.tzname() or "") for month in months)


def settled(name: str, instant: datetime) -> bool:
    """Tell whether the clocks of a zone show an instant to the whole minute, and no other instant the same.

    It is not so in the hour that comes twice in autumn, and before zones had whole minutes.
    """
    zone = zone_named(name)
    try:
        local = instant.astimezone(zone)
    except OverflowError:
        return False
    shown_again = {local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    return not local.second and shown_again == {instant}


class LocalStampCodec(Shared):
    """Converters 203, 204 and 303 for an instant, in the time of a zone.

    Source: code list 2379, CCYYMMDDhhmm, CCYYMMDDhhmmss, CCYYMMDDhhmmZZZ with ZZZ the name of the time zone.
    """

    plain = True

    def __init__(self, converter: str, zone: tzinfo) -> None:
        self.converter, self._zone = converter, zone
        self._seconds, self._named = converter == "204", converter == "303"
        self.width = self.longest = FORMATS[converter]
        self.numeric = not self._named
        self.pattern = "[0-9]{12}[A-Z]{3}" if self._named else f"[0-9]{{{self.width}}}"

    def write(self, value: object) -> str:
        if type(value) is not datetime:
            raise Unfit("M102", value=shown(value), expected="datetime")
        if value.utcoffset() != timedelta(0):
            raise Unfit("M117", value=value.isoformat())
        try:
            local = value.astimezone(self._zone)
        except OverflowError:
            raise Unfit("M109", value=value.isoformat(), format=self.converter) from None
        if local.microsecond or (local.second and not self._seconds):
            raise Unfit("M108", value=value.isoformat(), format=self.converter)
        text = f"{local.year:04}{local.month:02}{local.day:02}{local.hour:02}{local.minute:02}"
        name = (local.tzname() or "") if self._named else ""
        if self._named and not _NAME.fullmatch(name):
            raise Unfit("M121", value=text, zone=str(self._zone))
        if self._instants(local.replace(tzinfo=UTC, fold=0), name) != {value}:
            raise Unfit("M121", value=text, zone=str(self._zone))
        return f"{text}{local.second:02}" if self._seconds else f"{text}{name}"

    def read(self, text: str) -> Scalar:
        digits, name = (text[:12], text[12:]) if self._named else (text, "")
        sound = len(text) == self.width and digits.isascii() and _DIGITS.fullmatch(digits)
        if not sound or (name and not _NAME.fullmatch(name)):
            raise Unfit("M109", value=shown(text), format=self.converter)
        try:
            local = datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]),
                             int(digits[12:] or 0), tzinfo=UTC)
            found = self._instants(local, name)
        except (ValueError, OverflowError):
            raise Unfit("M109", value=shown(text), format=self.converter) from None
        if len(found) != 1:
            raise Unfit("M121", value=shown(text), zone=str(self._zone))
        return found.pop()

    def _instants(self, local: datetime, name: str) -> set[datetime]:
        """Every instant at which the clocks of the zone show this: none in a gap, two in a fold that no name settles.

        local  what the clocks show; its own zone means nothing
        """
        return set(self._shown_at(local, name))

    def _shown_at(self, local: datetime, name: str) -> Iterator[datetime]:
        for fold in (0, 1):
            here = local.replace(tzinfo=self._zone, fold=fold)
            instant = here.astimezone(UTC)
            if instant.astimezone(self._zone).replace(tzinfo=UTC, fold=0) == local and name in ("", here.tzname()):
                yield instant
