"""How one list of written members becomes another: what XML and JSON share when they are written back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import TypeAlias

from gateway.records.nodes import Node

Members: TypeAlias = Mapping[tuple[Node, str], Sequence[Node]]
"""Node and path of a list below it -> the nodes that were read as its members, in order."""


def steps(old: Sequence[object], new: Sequence[object]) -> Iterator[tuple[str, int, int, int, int]]:
    """How one list becomes another, as `difflib` says it: ``("replace", 1, 2, 1, 3)``, the old stretch, then the new.

    What is equal at both ends is not searched, so that a change in a long list costs what it changes.
    """
    most = min(len(old), len(new))
    head = sum(1 for _ in takewhile(lambda number: old[number] == new[number], range(most)))
    tail = sum(1 for _ in takewhile(lambda number: old[-number] == new[-number], range(1, most - head + 1)))
    yield "equal", 0, head, 0, head
    inner = SequenceMatcher(None, [repr(one) for one in old[head:len(old) - tail]],
                            [repr(one) for one in new[head:len(new) - tail]], autojunk=False)
    for tag, first, end, start, stop in inner.get_opcodes():
        yield tag, first + head, end + head, start + head, stop + head
    yield "equal", len(old) - tail, len(old), len(new) - tail, len(new)
