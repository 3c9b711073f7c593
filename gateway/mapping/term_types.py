"""The types a mapping may give to a term, and which kinds of the transit record each may carry.

    an..35  an3      letters, digits and signs: at most 35, exactly 3
    a..35   a2       the same without digits
    text             text of any length; needs the converter ``chunks``
    n..8             whole number of at most 8 digits, not negative
    decimal(3)       decimal number of at most 3 decimals, 15 digits in all, not negative
    date             a day; needs the converter 102
    datetime         an instant, UTC; needs the converter 203, 204 or 303
    datetime(Africa/Niamey)  the same in the time of a zone, UTC in the record
    moment           a day or an instant; needs the converter moment
    boolean          a flag: ``with flag:`` writes its segment when the flag is true
    code(table)      one word of a code table of this mapping
    group            has terms of its own
    list(99)         has members, at most 99, each with terms of its own

Source: data element representations of ISO 9735 section 4; formats 102, 203, 204 and 303 of code list 2379.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

TypeName = Literal["an", "a", "text", "n", "decimal", "date", "datetime", "moment", "boolean", "code", "group", "list"]

NAMES: tuple[TypeName, ...] = ("an", "a", "text", "n", "decimal", "date", "datetime", "moment", "boolean", "code",
                               "group", "list")
DECIMAL_DIGITS = 15

_TYPE = re.compile(r"(?P<characters>an|a|n)(?P<upto>\.\.)?(?P<length>[1-9]\d{0,3})"
                   r"|decimal\((?P<decimals>\d)\)|code\((?P<table>[a-z][a-z0-9_]*)\)|list\((?P<members>[1-9]\d{0,5})\)"
                   r"|datetime\((?P<zone>[A-Za-z][A-Za-z0-9_+/-]*)\)|(?P<word>text|date|datetime|moment|boolean|group)")
_CARRIES: dict[str, frozenset[TypeName]] = {
    "text": frozenset(("an", "a", "text", "code")),
    "count": frozenset(("n",)),
    "decimal": frozenset(("decimal",)),
    "boolean": frozenset(("boolean", "code")),
    "date": frozenset(("date",)),
    "datetime": frozenset(("datetime",)),
    "moment": frozenset(("date", "datetime", "moment")),
    "group": frozenset(("group",)),
    "list": frozenset(("list",)),
}


class TermType(Struct, frozen=True):
    """The type of one term.

    name      which of NAMES
    minimum   fewest characters or digits (equal to maximum for a fixed length)
    maximum   most characters, digits, or members of a list; 0 where the type has no such bound
    decimals  most decimals of a decimal
    table     name of the code table
    zone      time zone of the texts of an instant; None for UTC
    """

    name: TypeName
    minimum: int = 0
    maximum: int = 0
    decimals: int = 0
    table: str | None = None
    zone: str | None = None

    def __str__(self) -> str:
        if self.name in ("an", "a", "n"):
            return f"{self.name}{'' if self.minimum == self.maximum else '..'}{self.maximum}"
        if self.name == "decimal":
            return f"decimal({self.decimals})"
        if self.name == "code":
            return f"code({self.table})"
        if self.zone:
            return f"datetime({self.zone})"
        return f"list({self.maximum})" if self.name == "list" else self.name


def parse_type(text: str) -> TermType | None:
    """The type a text names, or None."""
    match = _TYPE.fullmatch(text)
    if match is None:
        return None
    if match["characters"]:
        length = int(match["length"])
        fixed = match["upto"] is None
        if match["characters"] == "a":
            return TermType("a", length if fixed else 1, length)
        if match["characters"] == "n":
            return None if fixed and length != 1 else TermType("n", 1, length)
        return TermType("an", length if fixed else 1, length)
    if match["decimals"]:
        return TermType("decimal", 1, DECIMAL_DIGITS, decimals=int(match["decimals"]))
    if match["table"]:
        return TermType("code", table=match["table"])
    if match["zone"]:
        return TermType("datetime", 1, zone=match["zone"])
    if match["members"]:
        return TermType("list", 1, int(match["members"]))
    for name in NAMES:
        if name == match["word"]:
            return TermType(name, 1)
    return None


def carries(kind: str, name: TypeName) -> bool:
    """Tell whether a term of this kind in the transit record may have this type in a mapping."""
    return name in _CARRIES[kind]
