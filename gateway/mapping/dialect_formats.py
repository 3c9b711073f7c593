"""The named formats of dialects: how a national system writes one value. A closed list, each with its inverse.

Every format keeps the law ``read(write(value)) == value``: what it cannot write exactly it refuses with `Misfit`, and
the dialect then looks for another place. `echo` writes as much as it can, for a place that only repeats a value.

    text                 as it stands, without blanks at both ends (any term of kind text)
    number               decimal with the mark of the part; blanks between thousands are read, not written
    java                 a Java double: 26500.0, 1.85E7, 8.13E-4; read as a decimal, the lost scale stays lost
    count                a whole number; ``480.0`` is read, ``480`` is written
    flag YES NO          two words; where the term is False by default an empty place is False
    date PATTERN         a day; ``A or B`` names two patterns, and a text that fits both is refused, never guessed;
                         without a pattern that of ``dates`` of the dialect (``day`` and ``moment`` too)
    day PATTERN          a day, or the day of an instant (which it cannot hold, only repeat)
    moment PATTERN       a day, or an instant in the zone of the dialect
    code TABLE           a word of the table ``codes`` of the dialect
    pad N                digits; zeros in front make N of them (the national system drops those)

Patterns are those of the national systems: d dd M MM yy (20yy) yyyy H HH mm ss, ``(:ss)`` seconds where there are any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from gateway.references import Scalar

_DATED = {"date": "", "day": "", "moment": " HH:mm(:ss)"}
"""Formats that take ``dates`` of the dialect where they name no pattern -> what they add to it."""

Read = Callable[[str], Scalar]
Write = Callable[[Scalar], str]
Echo = Callable[[Scalar], "str | None"]


class Misfit(Exception):
    """A value that a format cannot take. `code` and `values` become a finding where the place is known."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Format:
    """One format bound to its arguments.

    read    text, never empty, to value; raises Misfit
    write   value to text, exactly; raises Misfit
    echo    value to text as far as it goes; None when nothing can be written
    text    as a dialect writes it: ``date dd/MM/yyyy``
    words   code: our words; empty for every other format
    """

    name: str
    kinds: frozenset[str]
    read: Read
    write: Write
    echo: Echo
    text: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What formats take from their dialect and part: zone, decimal mark, code tables, and the pattern of ``dates`` that
    ``date``, ``day`` and ``moment`` without a pattern mean."""

    zone: ZoneInfo
    mark: str
    codes: Mapping[str, CodeTable]
    dates: str = ""


@dataclass(frozen=True)
class CodeTable:
    """A crosswalk. Ours to the one national word that is written, national words to ours.

    keep  a word that stands in neither column goes through as it is
    """

    name: str
    ours: Mapping[str, str]
    theirs: Mapping[str, str]
    keep: bool = False


def make(text: str, surroundings: Surroundings) -> Format:
    """The format a dialect names: ``moment dd/MM/yyyy HH:mm``. Raises Misfit D007 (unknown), D012 (bad argument)."""
    name, _, argument = text.partition(" ")
    maker = _MAKERS.get(name)
    if maker is None:
        raise Misfit("D007", format=name, known=", ".join(_MAKERS))
    argument = argument.strip()
    if not argument and surroundings.dates and name in _DATED:
        argument = surroundings.dates + _DATED[name]
    words = tuple(surroundings.codes[argument].ours) if name == "code" and argument in surroundings.codes else ()
    return replace(maker(argument, surroundings), text=f"{name} {argument}".strip(), words=words)


def standard(kind: str, surroundings: Surroundings) -> Format:
    """The format of a term whose place names none."""
    name = {"count": "count", "decimal": "number", "date": "date yyyy-MM-dd", "boolean": "flag true false",
            "datetime": "moment yyyy-MM-dd HH:mm(:ss)", "moment": "moment yyyy-MM-dd HH:mm(:ss)"}.get(kind, "text")
    return make(name, surroundings)


def instants_only(form: Format) -> Format:
    """A moment format for a term that takes no day alone."""
    def read(text: str) -> Scalar:
        value = form.read(text)
        if not isinstance(value, datetime):
            raise Misfit("D101", value=text, format=form.name, example=form.write(datetime(2026, 3, 10, 10, 15,
                                                                                          tzinfo=UTC)))
        return value
    return replace(form, read=read)


def _exact(name: str, kinds: set[str], read: Read, write: Write, echo: Echo | None = None) -> Format:
    def attempt(value: Scalar) -> str | None:
        try:
            return write(value)
        except Misfit:
            return None
    return Format(name, frozenset(kinds), read, write, echo or attempt)


def _text(argument: str, surroundings: Surroundings) -> Format:
    def write(value: Scalar) -> str:
        text = str(value)
        if not text or text.strip() != text:
            raise Misfit("D206", value=text)
        return text
    return _exact("text", {"text"}, lambda text: text, write)


_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?")
_JAVA = re.compile(r"-?\d+(?:\.\d+)?(?:E-?\d{1,3})?")
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009](?=\d{3})")


def _number(argument: str, surroundings: Surroundings) -> Format:
    mark = surroundings.mark

    def read(text: str) -> Decimal:
        plain = _THOUSANDS.sub("", text)
        if mark != ".":
            plain = plain.replace(".", "?").replace(mark, ".")
        if not _DECIMAL.fullmatch(plain):
            raise Misfit("D101", value=text, format=f"number ({mark})", example=f"12500{mark}375")
        return Decimal(plain)

    return _exact("number", {"decimal"}, read, lambda value: f"{value:f}".replace(".", mark))


def _java(argument: str, surroundings: Surroundings) -> Format:
    def read(text: str) -> Decimal:
        if not _JAVA.fullmatch(text):
            raise Misfit("D101", value=text, format="java", example="26500.0")
        value = Decimal(text)
        if abs(value.adjusted()) > 40:
            raise Misfit("D101", value=text, format="java", example="26500.0")
        digits = f"{value:f}"
        return Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits)

    def write(value: Scalar) -> str:
        assert isinstance(value, Decimal)
        text = java_double(value)
        if len(value.normalize().as_tuple().digits) > 15:
            raise Misfit("D206", value=f"{value:f}")
        return text

    return _exact("java", {"decimal"}, read, write)


def java_double(value: Decimal) -> str:
    """The text that Java's Double.toString gives for a decimal of at most 15 digits."""
    sign, digits, exponent = value.normalize().as_tuple()
    assert isinstance(exponent, int)
    text, before = "".join(map(str, digits)), len(digits) + exponent
    minus = "-" if sign else ""
    if text == "0":
        return f"{minus}0.0"
    if -3 < before <= 7:
        padded = text.ljust(before, "0") if before > 0 else "0" * (1 - before) + text
        point = max(before, 1)
        return f"{minus}{padded[:point]}.{padded[point:] or '0'}"
    return f"{minus}{text[0]}.{text[1:] or '0'}E{before - 1}"


_COUNT = re.compile(r"(\d+)(?:[.,]0+)?")


def _count(argument: str, surroundings: Surroundings) -> Format:
    def read(text: str) -> int:
        match = _COUNT.fullmatch(_THOUSANDS.sub("", text))
        if match is None or len(match.group(1)) > 18:
            raise Misfit("D101", value=text, format="count", example="480")
        return int(match.group(1))

    def write(value: Scalar) -> str:
        assert isinstance(value, int)
        if value < 0:
            raise Misfit("D206", value=str(value))
        return str(value)

    return _exact("count", {"count"}, read, write)


def _flag(argument: str, surroundings: Surroundings) -> Format:
    words = argument.split()
    if len(words) != 2 or words[0].casefold() == words[1].casefold():
        raise Misfit("D012", format="flag", argument=argument, example="flag OUI NON")
    meanings = {words[0].casefold(): True, words[1].casefold(): False}

    def read(text: str) -> bool:
        value = meanings.get(text.casefold())
        if value is None:
            raise Misfit("D101", value=text, format=f"flag {argument}", example=words[0])
        return value

    return _exact("flag", {"boolean"}, read, lambda value: words[0] if value else words[1])


def _code(argument: str, surroundings: Surroundings) -> Format:
    table = surroundings.codes.get(argument)
    if table is None:
        raise Misfit("D012", format="code", argument=argument, example=f"code {next(iter(surroundings.codes), '')}")
    theirs, ours, keep, known = table.theirs, table.ours, table.keep, ", ".join(table.theirs)

    def read(text: str) -> str:
        word = theirs.get(text)
        if word is None:
            if keep and text not in ours:
                return text
            raise Misfit("D104", value=text, table=argument, known=known)
        return word

    def write(value: Scalar) -> str:
        word = ours.get(str(value))
        if word is None:
            if keep and value not in theirs and str(value).strip() == value:
                return str(value)
            raise Misfit("D202", value=str(value), table=argument, known=", ".join(ours))
        return word

    return _exact("code", {"text"}, read, write)


def _pad(argument: str, surroundings: Surroundings) -> Format:
    if not argument.isdecimal():
        raise Misfit("D012", format="pad", argument=argument, example="pad 4")
    width = int(argument)

    def read(text: str) -> str:
        if not text.isdecimal():
            raise Misfit("D101", value=text, format=f"pad {width}", example="1".zfill(width))
        return text.lstrip("0").zfill(width)

    def write(value: Scalar) -> str:
        text = str(value)
        if not text.isdecimal() or text.lstrip("0").zfill(width) != text:
            raise Misfit("D206", value=text)
        return text.lstrip("0") or "0"

    return _exact("pad", {"text"}, read, write)


_TOKENS = {"yyyy": r"(?P<yyyy>\d{4})", "yy": r"(?P<yy>\d{2})", "MM": r"(?P<M>\d{2})", "M": r"(?P<M>\d{1,2})",
           "dd": r"(?P<d>\d{2})", "d": r"(?P<d>\d{1,2})", "HH": r"(?P<H>\d{2})", "H": r"(?P<H>\d{1,2})",
           "mm": r"(?P<m>\d{2})", "(:ss)": r"(?::(?P<s>\d{2}))?", "ss": r"(?P<s>\d{2})"}
_TOKEN = re.compile(r"yyyy|yy|MM|M|dd|d|HH|H|mm|\(:ss\)|ss|.")
_WRITTEN = {"yyyy": "{0.year:04d}", "MM": "{0.month:02d}", "M": "{0.month}", "dd": "{0.day:02d}", "d": "{0.day}",
            "HH": "{0.hour:02d}", "H": "{0.hour}", "mm": "{0.minute:02d}", "ss": "{0.second:02d}", "yy": "{1:02d}",
            "(:ss)": "{2}"}


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


def _date(argument: str, surroundings: Surroundings) -> Format:
    patterns = _patterns(argument, timed=False)

    def write(value: Scalar) -> str:
        assert isinstance(value, date)
        if isinstance(value, datetime):
            raise Misfit("D206", value=value.isoformat())
        text = patterns[0].write(value)
        if len(patterns) > 1:
            _one_day(text, patterns)
        return text

    return _exact("date", {"date", "moment"}, lambda text: _one_day(text, patterns), write)


def _day(argument: str, surroundings: Surroundings) -> Format:
    exact, zone = _date(argument, surroundings), surroundings.zone

    def echo(value: Scalar) -> str | None:
        return exact.echo(value.astimezone(zone).date() if isinstance(value, datetime) else value)

    return Format("day", exact.kinds, exact.read, exact.write, echo)


def _moment(argument: str, surroundings: Surroundings) -> Format:
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

    return _exact("moment", {"date", "datetime", "moment"}, read, write)


_MAKERS: dict[str, Callable[[str, Surroundings], Format]] = {
    "text": _text, "number": _number, "java": _java, "count": _count, "flag": _flag, "date": _date, "day": _day,
    "moment": _moment, "code": _code, "pad": _pad}

NAMES = tuple(_MAKERS)
"""The closed list, for the reference and its test."""
