"""A counter-example made small: whatever can be left out of it without its law holding again is left out.

Greedy: groups, lists, members and values are dropped, the largest first; then texts are shortened and numbers made
small. Each step is kept when the record still breaks the same law, until no step helps or the tries are used up.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from gateway.findings import Finding
from gateway.mapping.laws.report import Shrunk
from gateway.references import Tree

TRIES = 2_000
_NUMBER = re.compile(r"[0-9]+")

Breach: TypeAlias = Callable[[Tree], Shrunk | None]
_Step: TypeAlias = tuple[str | int, ...]


def shrink(found: Shrunk, breach: Breach, tries: int = TRIES) -> Shrunk:
    """The smallest record found that breaks the same law for the same reason.

    breach  which law a record breaks, and how; None when none, or when it is no record any more
    """
    best, left, improved = found, tries, True
    while improved and left > 0:
        improved = False
        for candidate in candidates(best.record):
            left -= 1
            if left < 0:
                break
            smaller = breach(candidate)
            if smaller is not None and smaller.law == best.law and _alike(smaller, best):
                best, improved = smaller, True
                break
    return best


def _alike(found: Shrunk, best: Shrunk) -> bool:
    """What is refused must be refused for the same reason: another term that was dropped or cut is another fault."""
    return not best.findings or (bool(found.findings) and _reason(found.findings[0]) == _reason(best.findings[0]))


def _reason(finding: Finding) -> tuple[str, str]:
    """The code and the term; which member of a list it was may change."""
    return finding.code, _NUMBER.sub("", finding.place.path or "")


def candidates(record: Tree) -> Iterator[Tree]:
    """Smaller records, the boldest step first."""
    places = list(_places(record, ()))
    for place in sorted(places, key=lambda one: -_weight(_at(record, one))):
        if place != ("function",):
            yield _changed(record, place, None)
    for place in places:
        value = _at(record, place)
        for smaller in _smaller(value):
            yield _changed(record, place, smaller)


def _places(node: Any, path: _Step) -> Iterator[_Step]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield (*path, name)
            yield from _places(value, (*path, name))
    elif isinstance(node, list):
        for number, member in enumerate(node):
            if len(node) > 1:
                yield (*path, number)
            yield from _places(member, (*path, number))


def _at(node: Any, path: _Step) -> Any:
    for step in path:
        node = node[step]
    return node


def _weight(node: Any) -> int:
    if isinstance(node, dict):
        return 1 + sum(_weight(value) for value in node.values())
    return sum(_weight(member) for member in node) if isinstance(node, list) else 1


def _changed(record: Tree, path: _Step, value: Any) -> Tree:
    """The record with another value at a place; None takes it out, and whatever is empty then."""
    made: Any = copy.deepcopy(record)
    holder = _at(made, path[:-1])
    if value is not None:
        holder[path[-1]] = value
        return made  # type: ignore[no-any-return]
    del holder[path[-1]]
    for length in range(len(path) - 1, 0, -1):
        if _at(made, path[:length]):
            break
        del _at(made, path[:length - 1])[path[length - 1]]
    return made  # type: ignore[no-any-return]


def _smaller(value: Any) -> Iterator[Any]:
    if isinstance(value, bool | dict | list | date | datetime):
        return
    if isinstance(value, str):
        if len(value) > 1:
            yield value[:len(value) // 2].strip() or "A"
            yield value[len(value) // 2:].strip() or "A"
            yield value[:-1].strip() or "A"
            yield value[1:].strip() or "A"
        if value not in ("A",) and not value.isascii():
            yield "".join("A" if ord(character) > 127 else character for character in value)
    elif isinstance(value, int) and value > 1:
        yield from (0, 1, value // 10)
    elif isinstance(value, Decimal) and len(value.as_tuple().digits) > 1:
        yield Decimal(1)
        exponent = value.as_tuple().exponent
        yield Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
