"""Texts of a message to values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.bench.by_hand.values import CONTROL, Refused

Components = tuple[str, ...]

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)(?:[.,]([0-9]+))?").fullmatch


# texts to values


def an(text: str, most: int, least: int = 1) -> str:
    """A text of so many characters."""
    if not least <= len(text) <= most:
        raise Refused(text)
    if not text.isalnum() and (text[0] == " " or text[-1] == " " or (not text.isprintable() and CONTROL(text))):
        raise Refused(text)
    return text


def whole(text: str, most: int) -> int:
    """A whole number of at most so many digits, without leading zeros."""
    if len(text) > most or not text.isascii() or not text.isdecimal() or (text[0] == "0" and text != "0"):
        raise Refused(text)
    return int(text)


def decimal(text: str, decimals: int) -> Decimal:
    """A decimal number of at most 15 digits."""
    if len(text) > 16:
        raise Refused(text)
    match = _DECIMAL(text)
    if match is None:
        raise Refused(text)
    after = match[1]
    if after is None:
        if len(text) > 15:
            raise Refused(text)
        return Decimal(text)
    if len(after) > decimals:
        raise Refused(text)
    return Decimal(text.replace(",", "."))


def day(text: str) -> date:
    """Format 102."""
    if len(text) != 8 or not text.isascii() or not text.isdecimal():
        raise Refused(text)
    return date.fromisoformat(text)


def minute(text: str) -> datetime:
    """Format 203."""
    if len(text) != 12 or not text.isascii() or not text.isdecimal():
        raise Refused(text)
    return datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:]), tzinfo=UTC)


def moment(components: Sequence[str]) -> date | datetime:
    """A day or an instant, by its format."""
    if components[2] == "203":
        return minute(components[1])
    if components[2] != "102":
        raise Refused(components[2])
    return day(components[1])


def joined(components: Sequence[str], width: int, size: int) -> str:
    """A text cut over components."""
    pieces = list(components)
    while pieces and not pieces[-1]:
        pieces.pop()
    if not pieces or len(pieces) > width:
        raise Refused(":".join(components))
    for piece in pieces:
        an(piece, size)
    return "".join(pieces)


def shape(e: Sequence[Components], least: int, most: int) -> None:
    """So many elements, and nothing in those beyond."""
    if len(e) < least or (len(e) > most and any(text for element in e[most:] for text in element)):
        raise Refused(str(e))


def within(components: Sequence[str], least: int, most: int) -> int:
    """How many components there are: at least so many, and nothing in those beyond."""
    count = len(components)
    if count < least or (count > most and any(components[most:])):
        raise Refused(":".join(components))
    return count
