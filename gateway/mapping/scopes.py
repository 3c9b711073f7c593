"""Which term a hole means: relative to the innermost scope first, then outwards.

A scope is opened by ``each list:`` and by ``with group:``. Inside ``each items:`` the hole ``{number}`` is
``items.number``; a term that only the record has can be used there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from gateway.mapping.notation import Line
from gateway.mapping.term_types import TermType


class Found(Struct, frozen=True):
    """A term as a hole names it: the whole term, the scope it starts from, and what remains inside that scope."""

    term: str
    depth: int
    inside: tuple[str, ...]


def find(written: str, prefixes: tuple[str, ...], types: Mapping[str, TermType], *,
         lists: bool = False) -> Found | None:
    """Look a written term up. `prefixes` are the terms of the open scopes, "" for the record. None when unknown.

    lists  only lists are meant: in ``each seals:``, whose members have a number ``equipment``, the list of that name
    """
    for depth in range(len(prefixes) - 1, -1, -1):
        term = f"{prefixes[depth]}.{written}" if prefixes[depth] else written
        if term in types and (not lists or types[term].name == "list"):
            return Found(term, depth, tuple(written.split(".")))
    return None


def through_groups(found: Found, types: Mapping[str, TermType]) -> bool:
    """Tell whether only groups lie between scope and term: the members of a list need an ``each``."""
    names = found.term.split(".")
    steps = range(len(names) - len(found.inside) + 1, len(names))
    return all((kind := types.get(".".join(names[:step]))) is not None and kind.name == "group" for step in steps)


def through_lists(found: Found, types: Mapping[str, TermType]) -> bool:
    """Tell whether only groups and lists lie between scope and term."""
    names = found.term.split(".")
    steps = range(len(names) - len(found.inside) + 1, len(names))
    return all((kind := types.get(".".join(names[:step]))) is not None and kind.name in ("group", "list")
               for step in steps)


def opened(line: Line, prefixes: tuple[str, ...], types: Mapping[str, TermType]) -> tuple[str, ...]:
    """The scopes inside a line."""
    written = line.body.each or line.body.within
    found = find(written, prefixes, types) if written else None
    if found is None or types[found.term].name not in ("list", "group"):
        return prefixes
    return (*prefixes, found.term)


def placed(lines: Iterable[Line], types: Mapping[str, TermType], prefixes: tuple[str, ...] = ("",)) -> set[str]:
    """Every term that has a place in these lines."""
    terms: set[str] = set()
    for line in lines:
        written = line.body.each or line.body.within
        holder = find(written, prefixes, types) if written else None
        if holder is not None:
            terms.add(holder.term)
        inner = opened(line, prefixes, types)
        for hole in line.body.holes():
            found = find(hole.term, inner, types) if hole.kind == "term" else None
            if found is not None:
                terms.add(found.term)
        terms |= placed(line.children, types, inner)
    return terms
