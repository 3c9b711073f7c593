"""Totals over all members of a list, or of lists in lists: ``{sum items.gross_mass}``, ``{#items.packages}``.

Both are computed when writing and compared by value when reading, once the whole record is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from typing import Any

from msgspec import Struct

from gateway.mapping.codecs import shown
from gateway.mapping.parts import Access, Fault, Part, Reader, Scopes, Size, Writer

DIGITS = 17
"""Digits of a sum: what fits n..18 and an..18 with its decimal mark."""

_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:[.,][0-9]+)?")
_LONGEST = DIGITS + 1
_EXACT = Context(prec=60)


class Route(Struct, frozen=True):
    """The way from a scope to every value of a term, through groups and lists.

    depth   which scope it starts from, 0 is the record
    names   the names inside that scope
    term    the whole term, for people
    groups  which of the names are groups: a member without the group lacks the value; a list that is not there has none
    """

    depth: int
    names: tuple[str, ...]
    term: str
    groups: frozenset[int] = frozenset()

    def values(self, scopes: Scopes) -> Iterator[Any]:
        """One value for each member of the innermost list around the term; None where it has none."""
        yield from self._values(scopes[self.depth], 0)

    def _values(self, node: Any, step: int) -> Iterator[Any]:
        value = node.get(self.names[step]) if isinstance(node, dict) else None
        if step == len(self.names) - 1:
            yield value
        elif step in self.groups:
            yield from self._values(value, step + 1)
        else:
            for member in value if isinstance(value, list) else ():
                yield from self._values(member, step + 1)

    @property
    def access(self) -> Access:
        """The term as findings name it; several members have it, so that nothing is taken from there."""
        return Access(self.depth, self.names[:-1], self.names[-1], self.term)


class NestedCount(Part):
    """``{#items.packages}``: how many members all these lists have together."""

    computed = True

    def __init__(self, route: Route) -> None:
        self.route = route

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        return iter(())  # the maxima of the lists bound it

    def normalise(self, scopes: Scopes) -> None:
        """The record does not hold it."""

    def number(self, scopes: Scopes) -> int:
        """The number for a record."""
        return sum(len(members) for members in self.route.values(scopes) if isinstance(members, list))

    def present(self, scopes: Scopes) -> bool:
        return self.number(scopes) > 0

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        return str(self.number(scopes))

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        text = texts[component]
        if len(text) > _LONGEST or not _NUMBER.fullmatch(text) or not text.isdecimal():
            reader.fault("M102", element, component, {"value": shown(text), "expected": f"n..{DIGITS}"})
            return
        reader.later(lambda: self._differs(scopes, text), element, component, text)

    def lacking(self, scopes: Scopes) -> Fault | None:
        return self._differs(scopes, "-") if self.present(scopes) else None

    def _differs(self, scopes: Scopes, text: str) -> Fault | None:
        actual = str(self.number(scopes))
        return None if text == actual else ("M211", {"value": text, "count": actual, "term": self.route.term})


class Sum(Part):
    """``{sum items.gross_mass}``: the exact sum over all members; an optional line needs the value of every one.

    digits  the most it may have
    whole   the term is of type ``n``
    """

    computed = True

    def __init__(self, route: Route, digits: int, whole: bool) -> None:
        self.route, self.digits, self.whole = route, min(digits, DIGITS), whole

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        mark = 0 if digits or self.whole else 1
        yield Size(self.digits + mark, True, f"sum {self.route.term}: n..{self.digits}")

    def normalise(self, scopes: Scopes) -> None:
        """The record does not hold it."""

    def total(self, scopes: Scopes) -> Decimal:
        """The sum for a record; a member without the value counts nothing, nor does a value that is no number."""
        total = Decimal()
        for value in self.route.values(scopes):
            if _adds(value):
                total = _EXACT.add(total, Decimal(value))
        return total

    def present(self, scopes: Scopes) -> bool:
        values = list(self.route.values(scopes))
        return bool(values) and all(_adds(value) for value in values)

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        text = format(self.total(scopes), "f")
        if len(text.replace(".", "")) > self.digits:
            writer.refuse(self.route.access, "M103", {"value": text, "length": str(len(text)),
                                                      "type": f"n..{self.digits}"})
        return text

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        text = texts[component]
        if len(text) > _LONGEST or not _NUMBER.fullmatch(text) or (self.whole and not text.isdecimal()):
            reader.fault("M102", element, component, {"value": shown(text), "expected": f"n..{self.digits}"})
            return
        number = Decimal(text.replace(",", "."))
        reader.later(lambda: self._differs(scopes, text, number), element, component, text)

    def lacking(self, scopes: Scopes) -> Fault | None:
        return self._differs(scopes, "-", None) if self.present(scopes) else None

    def _differs(self, scopes: Scopes, text: str, number: Decimal | None) -> Fault | None:
        total = self.total(scopes)
        if number == total:
            return None
        return "M221", {"value": text, "sum": format(total, "f"), "term": self.route.term}


def _adds(value: object) -> bool:
    """Tell whether a value is a number that its own place accepts: what it refuses is not added either."""
    if type(value) is Decimal:
        return value.is_finite() and not value.is_signed() and -DIGITS < value.adjusted() < DIGITS
    return type(value) is int and 0 <= value < 10 ** DIGITS
