"""Values for the terms of a mapping, within their types and limits: drawn at random, or told by rule.

Random values look for the edges: shortest and longest texts, signs that need a release, blanks around the places where
a long text is cut, leap days, no decimals and all of them, the first and the last word of a table. Told values are for
samples that people read: every text names its term, each value differs from every other of its kind as far as its
length allows, and is as long as the type permits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from gateway.mapping.codecs import cut
from gateway.mapping.laws.chance import Chance
from gateway.mapping.term_types import TermType
from gateway.mapping.zones import settled
from gateway.references import Scalar

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÀÉÈÊËÎÏÔÙÛÇàéèêëîïôùûç"
OTHERS = "0123456789 +:'?*.,-/()=&% "
_BASE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_EDGES = (date(2024, 2, 29), date(2000, 2, 29), date(1999, 12, 31), date(2027, 1, 1), date(1, 1, 1), date(9999, 12, 31))
_FIRST = date(2026, 1, 1)
_TEXT = 70
"""Characters of a ``text`` that stands in no `Room`; the notation allows none without chunks."""


class Room:
    """Where a long text stands: over how many pieces, of how many characters."""

    def __init__(self, pieces: int, size: int) -> None:
        self.pieces, self.size = pieces, size

    def longest(self, kind: TermType) -> int:
        """Characters that it can hold of a text of this type."""
        return min(kind.maximum or self.pieces * self.size, self.pieces * self.size)


class Values(Protocol):
    """A source of values."""

    def value(self, term: str, kind: TermType, words: Sequence[str], room: Room | None) -> Scalar:
        """A value of a term; `words` are those of its code table."""

    def named(self, key: str, longest: int) -> str:
        """A value of an extra."""


class Drawn:
    """Values drawn at random. plain: letters only, no sign that needs a release; edges: limits more often than not."""

    def __init__(self, chance: Chance, *, plain: bool = False, edges: bool = False) -> None:
        self._chance, self._plain, self._edges = chance, plain, edges

    def value(self, term: str, kind: TermType, words: Sequence[str], room: Room | None) -> Scalar:
        """A value within the type."""
        chance = self._chance
        match kind.name:
            case "n":
                top = 10 ** kind.maximum
                numbers: tuple[int, ...] = (0, top - 1) if self._edges else (0, chance.randrange(top), top - 1)
                return chance.choice(numbers)
            case "decimal":
                return self._decimal(kind)
            case "code":
                return flag_or_word(chance.choice((words[0], words[-1]) if self._edges else words))
            case "date":
                return self._day()
            case "datetime":
                instant = self._instant()
                return instant if kind.zone is None else _settled(instant, kind.zone)
            case "moment":
                return chance.choice((self._day(), self._instant()))
            case _:
                return self._text(kind, room)

    def named(self, key: str, longest: int) -> str:
        """A text of at most that length."""
        return self._letters(1, longest, LETTERS + OTHERS)

    def _text(self, kind: TermType, room: Room | None) -> str:
        alphabet = LETTERS if kind.name == "a" or self._plain else LETTERS + OTHERS
        if room is None:
            return self._letters(kind.minimum or 1, kind.maximum or _TEXT, alphabet)
        longest = room.longest(kind)
        lengths = (1, room.size, room.size + 1, longest) if self._edges \
            else (1, longest, self._chance.randint(1, longest))
        text = self._spelled(min(longest, self._chance.choice(lengths)), alphabet)
        if self._edges and len(text) > room.size + 1:  # a blank at the very place of a cut
            place = room.size + self._chance.choice((-1, 0))
            text = f"{text[:place]} {text[place + 1:]}"
        return cuttable(text, room)

    def _letters(self, minimum: int, maximum: int, alphabet: str) -> str:
        lengths = (minimum, maximum) if self._edges else (minimum, maximum, self._chance.randint(minimum, maximum))
        return self._spelled(self._chance.choice(lengths), alphabet)

    def _spelled(self, length: int, alphabet: str) -> str:
        text = "".join(self._chance.choices(alphabet, k=length))
        first, last = self._chance.choice(LETTERS), self._chance.choice(LETTERS)
        return first if length == 1 else f"{first}{text[1:-1]}{last}"

    def _decimal(self, kind: TermType) -> Decimal:
        decimals = self._chance.choice((0, kind.decimals)) if self._edges else self._chance.randint(0, kind.decimals)
        digits = self._chance.choice((1, kind.maximum)) if self._edges else self._chance.randint(1, kind.maximum)
        return Decimal(self._chance.randrange(10 ** digits)).scaleb(-decimals)

    def _day(self) -> date:
        if self._edges and self._chance.random() < 0.7:
            return self._chance.choice(_EDGES)
        return _FIRST + timedelta(days=self._chance.randrange(-20000, 20000))

    def _instant(self) -> datetime:
        day = self._day()
        minute = self._chance.choice((0, 1439)) if self._edges else self._chance.randrange(1440)
        return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=UTC)


def _settled(instant: datetime, zone: str) -> datetime:
    """An instant of our time that the clocks of a zone show to the minute and once."""
    instant = instant.replace(year=1971 + instant.year % 60, day=min(instant.day, 28))
    while not settled(zone, instant):
        instant += timedelta(days=1)
    return instant


class Told:
    """Values by rule: the same every time, longest, each its own.

    over    one character or digit more than allowed
    brief   a long text has two pieces and no more
    """

    def __init__(self, *, over: bool = False, brief: bool = False) -> None:
        self._over, self._brief = 1 if over else 0, brief
        self._number = 0
        self._used: Counter[str] = Counter()

    def value(self, term: str, kind: TermType, words: Sequence[str], room: Room | None) -> Scalar:
        """The next value of a term."""
        self._number += 1
        times = self._used[term]
        self._used[term] += 1
        match kind.name:
            case "n":
                digits = kind.maximum + self._over
                return 10 ** digits - 1 - times % 10 ** (digits - 1) if digits > 1 else 9 - times % 9
            case "decimal":
                number = 10 ** kind.maximum - 1 - self._number
                return Decimal(number).scaleb(-kind.decimals - self._over)
            case "code":
                unknown = self._over and not set(words) <= {"true", "false"}  # a flag has no third word
                return "?" if unknown else flag_or_word(words[times % len(words)])
            case "date":
                return _FIRST + timedelta(days=self._number)
            case "datetime":
                return self._instant()
            case "moment":
                return self._instant() if times % 2 else _FIRST + timedelta(days=self._number)
            case _:
                longest = room.longest(kind) if room is not None else kind.maximum or _TEXT
                if room is not None and self._brief:
                    longest = min(longest, room.size + 1)
                text = self._text(term, longest + self._over, digits=kind.name != "a")
                return text if room is None or self._over else cuttable(text, room)

    def named(self, key: str, longest: int) -> str:
        """A text that names the key."""
        self._number += 1
        return self._text(key, longest + self._over, digits=True)

    def _instant(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self._number * 61)

    def _text(self, term: str, length: int, *, digits: bool) -> str:
        number, mark = self._number, ""
        alphabet = _BASE if digits else _BASE[10:]
        while number and len(mark) < length:
            number, rest = divmod(number, len(alphabet))
            mark = alphabet[rest] + mark
        name = term.replace(".", " ").replace("_", " ").upper()
        if not digits:
            name = "".join(character for character in name if not character.isdigit())
        sentence = f"{mark} {name} É?'+: "
        text = (sentence * (length // len(sentence) + 1))[:length]
        return f"{text[:-1]}Z" if text[-1] == " " else text


def cuttable(text: str, room: Room) -> str:
    """The text; where its blanks let no cut fit, with a sign in their place."""
    return text if cut(text, room.pieces, room.size) is not None else text.replace(" ", "-")


def flag_or_word(word: str) -> Scalar:
    """The value of a word: true and false are flags."""
    return {"true": True, "false": False}.get(word, word)
