"""The formats of dialects for days and instants: patterns of national systems, compiled for both directions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from gateway.mapping.dialect_values import Format, Misfit, Surroundings, exact
from gateway.references import Scalar

_TOKENS = {"yyyy": r"(?P<yyyy>\d{4})", "yy": r"(?P<yy>\d{2})", "MM": r"(?P<M>\d{2})", "M": r"(?P<M>\d{1,2})",
           "dd": r"(?P<d>\d{2})", "d": r"(?P<d>\d{1,2})", "HH": r"(?P<H>\d{2})", "H": r"(?P<H>\d{1,2})",
           "mm": r"(?P<m>\d{2})", "(:ss)": r"(?::(?P<s>\d{2}))?", "ss": r"(?P<s>\d{2})"}
_TOKEN = re.compile(r"yyyy|yy|MM|M|dd|d|HH|H|mm|\(:ss\)|ss|.")
_WRITTEN = {"yyyy": "{0.year:04d}", "MM": "{0.month:02d}", "M": "{0.month}", "dd": "{0.day:02d}", "d": "{0.day}",
            "HH": "{0.hour:02d}", "H": "{0.hour}", "mm": "{0.minute:02d}", "ss": "{0.second:02d}", "yy": "{1:02d}",
            "(:ss)": "{2}"}


_DATES = 256
"""Texts of a format that are remembered: most days come again."""


class Pattern:
    """A date pattern, compiled for both directions."""

    def __init__(self, text: str) -> None:
        tokens = _TOKEN.findall(text)
        self.text = text
        self.expression = re.compile("".join(_TOKENS.get(token, re.escape(token)) for token in tokens))
        self.timed = any(token in ("HH", "H") for token in tokens)
        self._short = "yy" in tokens
        self._seconds = any("s" in token for token in tokens)
        self._written = "".join(_WRITTEN.get(token, token.replace("{", "{{").replace("}", "}}")) for token in tokens)
        groups = set(self.expression.groupindex)
        if not {"M", "d"} <= groups or not ({"yy", "yyyy"} & groups) or (self.timed and "m" not in groups):
            raise Misfit("D012", format="date", argument=text, example="dd/MM/yyyy")

    def read(self, text: str) -> datetime | None:
        """The wall-clock time a text names, or None."""
        match = self.expression.fullmatch(text)
        if match is None:
            return None
        found = match.groupdict()
        year = int(found["yyyy"]) if found.get("yyyy") else 2000 + int(found["yy"])
        try:
            return datetime(year, int(found["M"]), int(found["d"]), int(found.get("H") or 0),  # noqa: DTZ001
                            int(found.get("m") or 0), int(found.get("s") or 0))
        except ValueError:
            return None

    def write(self, value: date) -> str:
        """The text of a day or a wall-clock time. Raises Misfit where the pattern cannot show all of it."""
        seconds = ""
        if isinstance(value, datetime):
            if value.microsecond or (value.second and not self._seconds):
                raise Misfit("D206", value=value.isoformat())
            seconds = f":{value.second:02d}" if value.second else ""
        if self._short and not 2000 <= value.year <= 2099:
            raise Misfit("D206", value=value.isoformat())
        return self._written.format(value, value.year % 100, seconds)


def _patterns(argument: str, *, timed: bool) -> list[Pattern]:
    patterns = [Pattern(text.strip()) for text in argument.split(" or ")]
    if any(pattern.timed for pattern in patterns) and not timed:
        raise Misfit("D012", format="date", argument=argument, example="dd/MM/yyyy")
    return patterns


def _one_day(text: str, patterns: list[Pattern]) -> date:
    found = {read.date() for pattern in patterns if (read := pattern.read(text)) is not None}
    wanted = " / ".join(pattern.text for pattern in patterns)
    if not found:
        raise Misfit("D101", value=text, format=wanted, example=patterns[0].write(date(2026, 3, 10)))
    if len(found) > 1:
        raise Misfit("D102", value=text, format=wanted, readings=", ".join(sorted(day.isoformat() for day in found)))
    return found.pop()


def date_format(argument: str, surroundings: Surroundings) -> Format:
    patterns = _patterns(argument, timed=False)

    def write(value: Scalar) -> str:
        assert isinstance(value, date)
        if isinstance(value, datetime):
            raise Misfit("D206", value=value.isoformat())
        text = patterns[0].write(value)
        if len(patterns) > 1:
            _one_day(text, patterns)
        return text

    return exact("date", {"date", "moment"}, lru_cache(maxsize=_DATES)(lambda text: _one_day(text, patterns)), write)


def day_format(argument: str, surroundings: Surroundings) -> Format:
    days, zone = date_format(argument, surroundings), surroundings.zone

    def echo(value: Scalar) -> str | None:
        return days.echo(value.astimezone(zone).date() if isinstance(value, datetime) else value)

    return Format("day", days.kinds, days.read, days.write, echo)


def moment_format(argument: str, surroundings: Surroundings) -> Format:
    pattern = _patterns(argument, timed=True)[0]
    day = Pattern(re.split("[ T](?=H)", argument)[0])
    zone = surroundings.zone
    if not pattern.timed or day.timed:
        raise Misfit("D012", format="moment", argument=argument, example="moment dd/MM/yyyy HH:mm")

    def read(text: str) -> date:
        wall = pattern.read(text)
        if wall is not None:
            return wall.replace(tzinfo=zone).astimezone(UTC)
        wall = day.read(text)
        if wall is None:
            raise Misfit("D101", value=text, format=argument,
                         example=pattern.write(datetime(2026, 3, 10, 10, 15, tzinfo=UTC)))
        return wall.date()

    def write(value: Scalar) -> str:
        assert isinstance(value, date)
        if not isinstance(value, datetime):
            return day.write(value)
        return pattern.write(value.astimezone(zone))

    return exact("moment", {"date", "datetime", "moment"}, lru_cache(maxsize=_DATES)(read), write)
