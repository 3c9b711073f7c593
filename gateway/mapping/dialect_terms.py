"""What a dialect says of each term it has a place for: for who makes records of its shape, or lists its coverage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from gateway.mapping.dialect_formats import Format
from gateway.references import Scalar


class DialectTerm(Struct, frozen=True):
    """One term of a dialect.

    kind     as in `gateway.transit.terms.terms`: text, count, decimal, boolean, date, datetime, moment, group, list
    form     the format of the place that holds it; None where a template, or nothing, stands for it
    avoid    characters that separate it from its neighbours in a shared cell: a text that holds one is refused there
    shape    the template it must have the form of, "" for none
    most     members of a list at most; None for no limit
    counted  the ordinal of its list: 1, 2, 3
    fixed    the only value that it can have outside of a rest cell; None where nothing is fixed
    """

    kind: str
    form: Format | None = None
    avoid: str = ""
    shape: str = ""
    most: int | None = None
    counted: bool = False
    fixed: Scalar | None = None

    @property
    def format(self) -> str:
        """The format as the dialect writes it: ``date dd/MM/yyyy``; "" for none."""
        return self.form.text if self.form is not None else ""

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its code table, ours; empty for a term without one."""
        return self.form.words if self.form is not None else ()


class Described(Protocol):
    """A line of a dialect that can tell its terms."""

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        """Its terms relative to its level, each kind left open."""


class Scoped(Protocol):
    """A level of a dialect."""

    @property
    def described(self) -> Iterator[tuple[str, DialectTerm]]:
        """The terms that it can say, relative to it; the first that names a term tells it."""


UNKNOWN = DialectTerm("")
"""What a line says of a term whose kind the compiler knows and whose text nothing limits."""


def describe(level: Scoped, kinds: Mapping[str, str]) -> dict[str, DialectTerm]:
    """Every term that a dialect can say, by its full name, with its kind."""
    made: dict[str, DialectTerm] = {}
    for term, one in level.described:
        plain = term.replace("[1]", "")
        made.setdefault(plain, replace(one, kind=kinds.get(plain, "text")))
    return made
