"""The order of segments in a message: segment groups, repeats, mandatory positions, as a table of moves.

A message structure becomes a table: from each position, by the next tag, to which position. It is walked from top to
bottom, one segment at a time: first the same segment again, then what follows in its group, then the group again, then
what follows the group; a mandatory position cannot be stepped over. Sibling groups with the same trigger follow from
this order: the first takes what it may hold, the next the rest. UNS counts as two tags, ``UNS+D`` and ``UNS+S``.

Counting needs little: how often the present segment stood in a row, and how often each open group was entered, for
inside one group a structure only moves forward. Source: UN/EDIFACT message design rules, processing order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from gateway.edifact.directory import MessageType, Node


class Move(NamedTuple):
    """One way to go on.

    target    position reached
    limit     the most the count may be after the move; 0 where nothing is counted (a first time)
    depth     -1: `limit` counts the segment itself; else the level of the group that is entered or entered again
    again     whether the group at `depth` is entered again (and not for the first time)
    skipped   mandatory positions stepped over: empty in the table of clean moves
    """

    target: int
    limit: int
    depth: int
    again: bool
    skipped: tuple[int, ...] = ()


class Position(Struct, frozen=True):
    """One segment or segment group of the structure, in order from top to bottom.

    tag       tag as the table knows it (``UNS+D``); for a group its name, ``SG6``
    parent    position of the group it stands in, -1 at the top
    depth     level of the group it stands in: 0 at the top
    trigger   position of the segment that opens it; itself for a segment
    end       first position behind it and all it holds
    """

    tag: str
    mandatory: bool
    maximum: int
    parent: int
    depth: int
    group: bool
    trigger: int
    end: int


class Structure:
    """The table of a message. `clean` holds, per position and tag, the moves that step over nothing mandatory."""

    def __init__(self, message: MessageType) -> None:
        """Compile a message structure once."""
        self.positions: list[Position] = []
        sections = _count_of(message.structure, "UNS")
        self._sections = ["UNS+D", "UNS+S"] if sections == 2 else ["UNS"] * sections
        self.sections = sections == 2
        self._add(message.structure, -1, 0)
        self.tags = frozenset(position.tag for position in self.positions if not position.group)
        every = [self._moves(index) for index in range(len(self.positions))]
        self.every: Sequence[dict[str, tuple[Move, ...]]] = every
        self.clean: Sequence[dict[str, tuple[Move, ...]]] = [
            {tag: clean for tag, moves in table.items() if (clean := tuple(move for move in moves if not move.skipped))}
            for table in every
        ]
        self.last = len(self.positions) - 1
        self.levels = max(position.depth for position in self.positions) + 1

    def _add(self, nodes: Sequence[Node], parent: int, depth: int) -> None:
        for node in nodes:
            index = len(self.positions)
            tag = self._sections.pop(0) if node.id == "UNS" else node.id
            self.positions.append(
                Position(tag, node.mandatory, node.maximum, parent, depth, bool(node.children), index, index + 1)
            )
            if node.children:
                self._add(node.children, index, depth + 1)
                self.positions[index] = Position(
                    tag, node.mandatory, node.maximum, parent, depth, True, index + 1, len(self.positions)
                )

    def _moves(self, start: int) -> dict[str, tuple[Move, ...]]:
        """Every move from a segment position, also over mandatory positions (named in `skipped`)."""
        positions = self.positions
        here = positions[start]
        found: dict[str, list[Move]] = {}
        if here.group:
            return {}
        if here.maximum > 1:
            found.setdefault(here.tag, []).append(Move(start, here.maximum, -1, False))
        skipped: list[int] = []
        index, parent = here.end, here.parent
        while True:
            stop = positions[parent].end if parent >= 0 else len(positions)
            while index < stop:
                position = positions[index]
                trigger = positions[position.trigger]
                move = Move(position.trigger, 0, position.depth if position.group else -1, False, tuple(skipped))
                found.setdefault(trigger.tag, []).append(move)
                if position.mandatory:
                    skipped.append(index)
                index = position.end
            if parent < 0:
                return {tag: tuple(moves) for tag, moves in found.items()}
            group = positions[parent]
            again = Move(group.trigger, group.maximum, group.depth, True, tuple(skipped))
            found.setdefault(positions[group.trigger].tag, []).append(again)
            index, parent = group.end, group.parent

    def accepts(self, tags: Sequence[str]) -> bool:
        """Whether these tags, UNH to UNT, stand in a right order with right repeats. UNS as ``UNS+D`` and ``UNS+S``."""
        if not tags or tags[0] != self.positions[0].tag:
            return False
        table = self.clean
        here, run, entered = 0, 1, [0] * self.levels
        for tag in tags[1:]:
            moves = table[here].get(tag)
            if moves is None:
                return False
            for target, limit, depth, _again, _skipped in moves:
                if not limit:
                    run = 1
                    if depth >= 0:
                        entered[depth] = 1
                elif depth < 0:
                    if run >= limit:
                        continue
                    run += 1
                else:
                    if entered[depth] >= limit:
                        continue
                    entered[depth] += 1
                    run = 1
                here = target
                break
            else:
                return False
        return here == self.last


def _count_of(nodes: Sequence[Node], tag: str) -> int:
    return sum(_count_of(node.children, tag) if node.children else node.id == tag for node in nodes)
