"""Between a value of the transit record and its text in a component: exact both ways, or refused.

Nothing is cut, rounded or guessed. A codec either gives the one text of a value and the one value of a text, or raises
Unfit, which the caller turns into a finding with a place. Texts here are data: release characters are put in later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from gateway.mapping.term_types import TermType
from gateway.references import Scalar

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGIT = re.compile(r"[0-9]")
_COUNT = re.compile(r"0|[1-9][0-9]*")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)(?:[.,][0-9]+)?")
WIDTHS = {"102": 8, "203": 12, "204": 14}
"""Formats of code list 2379 that are known, and how long their texts are."""
_STAMP = re.compile(r"[0-9]+")


class Unfit(Exception):
    """A value or a text that the type does not allow. `code` is that of the finding."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def shown(value: object) -> str:
    """A value as a finding shows it: never longer than a line, and never a number that Python refuses to print."""
    try:
        text = str(value)
    except ValueError:
        return f"{type(value).__name__} …"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


SHOWN = 120


class Codec(Protocol):
    """Both directions for the values of one hole.

    plain    its texts never hold a character that needs the release character
    pattern  regular expression of its texts, where several holes share a component
    width    the length of all its texts, or 0 where it varies
    longest  the length of its longest text, or 0 where there is no bound
    numeric  its texts are numbers
    marked   its longest text holds a decimal mark
    codes    all its texts, when a code table names them; empty otherwise
    """

    plain: bool
    pattern: str
    width: int
    longest: int
    numeric: bool
    marked: bool
    codes: frozenset[str]

    @property
    def shown(self) -> str:
        """The type of its texts, for people."""

    def normal(self, value: Scalar) -> Scalar:
        """What the way there and back makes of a value: another word of the same code, or the value itself."""

    def write(self, value: object) -> str:
        """The text of a value. Raises Unfit."""

    def read(self, text: str) -> Scalar:
        """The value of a text. Raises Unfit."""


class Shared:
    """What codecs have in common: most give every value back as it was, to the last digit."""

    longest: int
    numeric: bool
    marked = False
    codes: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        return f"{'n' if self.numeric else 'an'}..{self.longest}"

    def normal(self, value: Scalar) -> Scalar:
        return value


class TextCodec(Shared):
    """Types ``an``, ``a`` and ``text``: as it stands, no blank at either end, no control character.

    A trailing blank is dropped on the way (ISO 9735 section 8: suppression of insignificant characters).
    """

    plain = False
    pattern = ".+"
    width = 0
    numeric = False

    def __init__(self, kind: TermType) -> None:
        self.minimum, self.maximum = kind.minimum, kind.maximum
        self.longest = kind.maximum
        self.letters = kind.name == "a"
        self._type = str(kind)

    def write(self, value: object) -> str:
        if type(value) is not str:
            raise Unfit("M102", value=shown(value), expected="text")
        length = len(value)
        if length > self.maximum > 0:
            raise Unfit("M103", value=shown(value), length=str(length), type=self._type)
        if length < self.minimum:
            raise Unfit("M104", value=value, length=str(length), type=self._type)
        if value[:1] == " " or value[-1:] == " ":
            raise Unfit("M105", value=shown(value))
        if not value.isprintable() and CONTROL.search(value):
            raise Unfit("M106", value=shown(repr(value)))
        if self.letters and _DIGIT.search(value):
            raise Unfit("M102", value=shown(value), expected=self._type)
        return value

    read = write


class CountCodec(Shared):
    """Type ``n``: digits without leading zeros (ISO 9735 section 9.1)."""

    plain = True
    pattern = "[0-9]+"
    width = 0
    numeric = True

    def __init__(self, kind: TermType) -> None:
        self.maximum = self.longest = kind.maximum
        self.limit = 10 ** kind.maximum
        self._type = str(kind)

    def write(self, value: object) -> str:
        if type(value) is not int or value < 0:
            raise Unfit("M102", value=shown(value), expected=self._type)
        if value >= self.limit:
            raise Unfit("M103", value=shown(value), length=f"> {self.maximum}", type=self._type)
        return str(value)

    def read(self, text: str) -> int:
        if len(text) > self.maximum:
            raise Unfit("M103", value=shown(text), length=str(len(text)), type=self._type)
        if not _COUNT.fullmatch(text):
            raise Unfit("M102", value=text, expected=self._type)
        return int(text)


class DecimalCodec(Shared):
    """Type ``decimal``: the digits stay as they came (26500.000 is not made 26500); never rounded, no exponent.

    On reading, the comma is taken for the decimal mark as well, because without UNA both are valid.
    """

    plain = True
    pattern = r"[0-9]+(?:[.,][0-9]+)?"
    width = 0
    numeric = True

    def __init__(self, kind: TermType) -> None:
        self.decimals, self.digits = kind.decimals, kind.maximum
        self.marked = kind.decimals > 0
        self.longest = kind.maximum + (1 if self.marked else 0)
        self._type = str(kind)

    def write(self, value: object) -> str:
        if type(value) is not Decimal or not value.is_finite() or value.is_signed():
            raise Unfit("M102", value=shown(value), expected=self._type)
        if not -self.digits <= value.adjusted() < self.digits:  # 1E+999999999 would be a gigabyte of zeros
            raise Unfit("M103", value=shown(value), length=f"> {self.digits}", type=f"n..{self.digits}")
        text = format(value, "f")
        self._check(text)
        return text

    def read(self, text: str) -> Decimal:
        if len(text) > self.digits + 1 or not _DECIMAL.fullmatch(text):
            raise Unfit("M102", value=shown(text), expected=self._type)
        text = text.replace(",", ".")
        self._check(text)
        return Decimal(text)

    def _check(self, text: str) -> None:
        whole, _, decimals = text.partition(".")
        if len(decimals) > self.decimals:
            raise Unfit("M107", value=text, decimals=str(self.decimals))
        if len(whole) + len(decimals) > self.digits:
            raise Unfit("M103", value=text, length=str(len(whole) + len(decimals)), type=f"n..{self.digits}")


class StampCodec(Shared):
    """Converters 102 (a day), 203 and 204 (an instant in UTC, to the minute, to the second)."""

    plain = True
    numeric = True

    def __init__(self, converter: str) -> None:
        self.converter = converter
        self.width = self.longest = WIDTHS[converter]
        self.pattern = f"[0-9]{{{self.width}}}"
        self._day = converter == "102"

    def write(self, value: object) -> str:
        if self._day:
            if type(value) is not date:
                raise Unfit("M102", value=shown(value), expected="date")
            return f"{value.year:04}{value.month:02}{value.day:02}"
        if type(value) is not datetime:
            raise Unfit("M102", value=shown(value), expected="datetime")
        if value.utcoffset() != timedelta(0):
            raise Unfit("M117", value=value.isoformat())
        if value.microsecond or (value.second and self.converter == "203"):
            raise Unfit("M108", value=value.isoformat(), format=self.converter)
        text = f"{value.year:04}{value.month:02}{value.day:02}{value.hour:02}{value.minute:02}"
        return text if self.converter == "203" else f"{text}{value.second:02}"

    def read(self, text: str) -> date | datetime:
        if len(text) != self.width or not text.isascii() or not _STAMP.fullmatch(text):
            raise Unfit("M109", value=shown(text), format=self.converter)
        try:
            day = date(int(text[:4]), int(text[4:6]), int(text[6:8]))
            if self._day:
                return day
            return datetime(day.year, day.month, day.day, int(text[8:10]), int(text[10:12]), int(text[12:] or 0),
                            tzinfo=UTC)
        except ValueError:
            raise Unfit("M109", value=shown(text), format=self.converter) from None


class CodeCodec(Shared):
    """Type ``code``: words of ours to codes of EDIFACT, one to one; several words on one code have one answer.

    words    every word and its code
    answers  every code and the word it is read as
    boolean  the words are true and false and stand for a flag
    """

    plain = False
    pattern = ".+"
    width = 0

    def __init__(self, table: str, words: Mapping[str, str], answers: Mapping[str, str], boolean: bool) -> None:
        self._table = table
        self.by_word: dict[object, str] = {_flag(word) if boolean else word: code for word, code in words.items()}
        self.by_code: dict[str, Scalar] = {code: _flag(word) if boolean else word for code, word in answers.items()}
        self.boolean = boolean
        self.longest = max((len(code) for code in self.by_word.values()), default=0)
        self.numeric = all(code.isdecimal() for code in self.by_word.values())
        self.codes = frozenset(self.by_code)

    def normal(self, value: Scalar) -> Scalar:
        code = self.by_word.get(value)
        return value if code is None else self.by_code[code]

    def write(self, value: object) -> str:
        if type(value) is not (bool if self.boolean else str):
            raise Unfit("M102", value=shown(value), expected=f"code({self._table})")
        code = self.by_word.get(value)
        if code is None:
            raise Unfit("M110", value=shown(value), table=self._table)
        return code

    def read(self, text: str) -> Scalar:
        value = self.by_code.get(text)
        if value is None:
            raise Unfit("M110", value=shown(text), table=self._table)
        return value


def _flag(word: str) -> bool:
    return word == "true"


def cut(text: str, pieces: int, size: int) -> list[str] | None:
    """Cut a text into pieces of at most `size` characters, as long as possible, none with a blank at either end.

    Joining the pieces without anything between gives the text back. None when the text does not fit. The rule is that
    of the profile (section 6, trap 4): trailing blanks may be dropped on the way.
    """
    result: list[str] = []
    start, length = 0, len(text)
    while length - start > size:
        end = start + size
        while end > start and (text[end - 1] == " " or text[end] == " "):
            end -= 1
        if end == start or len(result) == pieces:
            return None
        result.append(text[start:end])
        start = end
    result.append(text[start:])
    return result if len(result) <= pieces else None
