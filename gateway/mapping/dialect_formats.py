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
    office CC            a code of the list of offices, or a name of one of them in country CC (of all without CC); what
                         has the form of a code and stands in no list is taken as it is

Patterns are those of the national systems: d dd M MM yy (20yy) yyyy H HH mm ss, ``(:ss)`` seconds where there are any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.mapping.dialect_dates import date_format, day_format, moment_format
from gateway.mapping.dialect_values import CodeTable, Format, Misfit, Offices, Surroundings, exact
from gateway.mapping.offices import find_office
from gateway.references import Scalar

_DATED = {"date": "", "day": "", "moment": " HH:mm(:ss)"}
"""Formats that take ``dates`` of the dialect where they name no pattern -> what they add to it."""


def dated(name: str, dates: str) -> str:
    """The pattern that a format without one takes from ``dates`` of its dialect; "" where it takes none."""
    return dates + _DATED[name] if dates and name in _DATED else ""


def make(text: str, surroundings: Surroundings) -> Format:
    """The format a dialect names: ``moment dd/MM/yyyy HH:mm``. Raises Misfit D007 (unknown), D012 (bad argument)."""
    name, _, argument = text.partition(" ")
    maker = _MAKERS.get(name)
    if maker is None:
        raise Misfit("D007", format=name, known=", ".join(_MAKERS))
    argument = argument.strip() or dated(name, surroundings.dates)
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


def _text(argument: str, surroundings: Surroundings) -> Format:
    def write(value: Scalar) -> str:
        text = str(value)
        if not text or text.strip() != text:
            raise Misfit("D206", value=text)
        return text
    return exact("text", {"text"}, lambda text: text, write)


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

    return exact("number", {"decimal"}, read, lambda value: f"{value:f}".replace(".", mark))


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
        whole, _, part = f"{value:f}".partition(".")
        part = part.rstrip("0")
        if whole.isdecimal() and whole[0] != "0" and len(whole) <= 7 and len(whole) + len(part) <= 15:
            return f"{whole}.{part or '0'}"  # as most quantities are: no exponent, no sign
        text = java_double(value)
        if len(value.normalize().as_tuple().digits) > 15:
            raise Misfit("D206", value=f"{value:f}")
        return text

    return exact("java", {"decimal"}, read, write)


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

    return exact("count", {"count"}, read, write)


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

    return exact("flag", {"boolean"}, read, lambda value: words[0] if value else words[1])


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

    return exact("code", {"text"}, read, write)


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

    return exact("pad", {"text"}, read, write)


_OFFICE = re.compile(r"[A-Z0-9]{2,25}")


def _office(argument: str, surroundings: Surroundings) -> Format:
    if surroundings.offices is None or not re.fullmatch("[A-Z]{2}|", argument):
        raise Misfit("D012", format="office", argument=argument, example="office BF")
    offices = surroundings.offices()

    def read(text: str) -> str:
        if text in offices:
            return text
        try:
            return find_office(offices, text, argument or None).code
        except LocalError as error:
            if error.code == "M301" and _OFFICE.fullmatch(text):
                return text
            found, = error.findings
            raise Misfit("D122" if error.code == "M301" else "D123", value=text[:80],
                         near=found.values.get("nearest", found.values.get("offices", "-"))) from None

    def write(value: Scalar) -> str:
        text = str(value)
        try:
            same = read(text) == text
        except Misfit:
            same = False
        if not same:
            raise Misfit("D206", value=text)
        return text

    return exact("office", {"text"}, read, write)


_MAKERS: dict[str, Callable[[str, Surroundings], Format]] = {
    "text": _text, "number": _number, "java": _java, "count": _count, "flag": _flag,
    "date": date_format, "day": day_format, "moment": moment_format, "code": _code, "pad": _pad, "office": _office}

NAMES = tuple(_MAKERS)
"""The closed list, for the reference and its test."""

__all__ = ["NAMES", "CodeTable", "Format", "Misfit", "Offices", "Surroundings", "instants_only", "java_double", "make",
           "standard"]
