"""The movement reference number: made by the office of departure, checked by everybody.

18 characters: year (2), office with its country (5), serial letter of the register (1), number (9), check digit (1).
Source: corridor profile COR10, section 8.3; check digit after ISO 6346 (containers), as NCTS does. The digit catches
typing errors and proves nothing: a remainder of 10 counts as 0.
"""

from __future__ import annotations

import re

from msgspec import Struct

from gateway.references import Mrn

_FORM = re.compile(r"([0-9]{2})([A-Z]{2}[A-Z0-9]{3})([A-Z])([0-9]{9})([0-9])")
_OFFICE = re.compile(r"[A-Z]{2}[A-Z0-9]{3}")

_VALUES = {str(digit): digit for digit in range(10)}
_VALUES.update(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True))


class MrnParts(Struct, frozen=True):
    """What an MRN says. `year` is the whole year, 2026."""

    year: int
    office: str
    serial: str
    number: int


def check_digit(text: str) -> str:
    """The ISO 6346 digit of capital letters and digits: values without multiples of 11, weights 1, 2, 4, 8 ..."""
    return str(sum(_VALUES[character] << position for position, character in enumerate(text)) % 11 % 10)


def make_mrn(year: int, office: str, serial: str, number: int) -> Mrn:
    """The MRN of one registration.

    year     2000 to 2099, of the registration
    office   five characters, the first two its country: TGLPL
    serial   the capital letter of the national register
    number   1 to 999,999,999

    Raises ValueError for anything else: whoever allocates numbers knows what he allocates.
    """
    if not 2000 <= year <= 2099 or not _OFFICE.fullmatch(office) or not re.fullmatch("[A-Z]", serial) \
            or not 1 <= number <= 999_999_999:
        raise ValueError(f"no MRN can be made of {year}, {office!r}, {serial!r}, {number}")
    body = f"{year % 100:02d}{office}{serial}{number:09d}"
    return Mrn(body + check_digit(body))


def read_mrn(text: str) -> MrnParts | None:
    """The parts of an MRN, None when it has another form or its check digit is wrong."""
    match = _FORM.fullmatch(text)
    if match is None or check_digit(text[:-1]) != match[5]:
        return None
    return MrnParts(2000 + int(match[1]), match[2], match[3], int(match[4]))


def is_mrn(text: str) -> bool:
    """Tell whether a text is an MRN with a right check digit."""
    return read_mrn(text) is not None
