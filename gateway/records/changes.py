"""How one list of written members becomes another: what XML, JSON and CSV share when they are written back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import TypeAlias

from gateway.records.nodes import Node

Members: TypeAlias = Mapping[tuple[Node, str], Sequence[Node]]
"""Node and path of a list below it -> the nodes that were read as its members, in order."""

_LARGEST = 10_000
"""Pairs of old and new members that are compared with each other; in a larger stretch they are taken in order."""


def steps(old: Sequence[object], new: Sequence[object]) -> Iterator[tuple[str, int, int, int, int]]:
    """How one list becomes another, as `difflib` says it: ``("replace", 1, 2, 1, 2)``, the old stretch, then the new.

    What is equal at both ends is not searched, so that a change in a long list costs what it changes. Where members
    changed, those that have most in common are the same one in another state.
    """
    most = min(len(old), len(new))
    head = sum(1 for _ in takewhile(lambda number: old[number] == new[number], range(most)))
    tail = sum(1 for _ in takewhile(lambda number: old[-number] == new[-number], range(1, most - head + 1)))
    yield "equal", 0, head, 0, head
    inner = SequenceMatcher(None, [repr(one) for one in old[head:len(old) - tail]],
                            [repr(one) for one in new[head:len(new) - tail]], autojunk=False)
    for tag, first, end, start, stop in inner.get_opcodes():
        place = (first + head, end + head, start + head, stop + head)
        if tag == "replace" and (end - first) * (stop - start) <= _LARGEST:
            yield from _changed(old, new, *place)
        else:
            yield tag, *place
    yield "equal", len(old) - tail, len(old), len(new) - tail, len(new)


def _changed(old: Sequence[object], new: Sequence[object], first: int, end: int, start: int,
             stop: int) -> Iterator[tuple[str, int, int, int, int]]:
    """One stretch of changed members: as many pairs as there can be, in order, alike as they can be."""
    # best[i][j]: what pairing the members from first + i and start + j on is worth at most
    best = [[0] * (stop - start + 1) for _ in range(end - first + 1)]
    worth = [[1 + 10 * _alike(old[one], new[other]) for other in range(start, stop)] for one in range(first, end)]
    for i in reversed(range(end - first)):
        for j in reversed(range(stop - start)):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], worth[i][j] + best[i + 1][j + 1])
    i = j = 0
    while i < end - first and j < stop - start:
        if best[i][j] == worth[i][j] + best[i + 1][j + 1]:
            yield "replace", first + i, first + i + 1, start + j, start + j + 1
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield "delete", first + i, first + i + 1, start + j, start + j
            i += 1
        else:
            yield "insert", first + i, first + i, start + j, start + j + 1
            j += 1
    if i < end - first:
        yield "delete", first + i, end, stop, stop
    if j < stop - start:
        yield "insert", end, end, start + j, stop


def _alike(one: object, other: object) -> int:
    """How many values two members have in common."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return 0
    return sum(1 for name, value in one.items() if other.get(name) == value)
