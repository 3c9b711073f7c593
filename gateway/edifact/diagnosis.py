"""What is wrong with the order of segments: the slow walk, taken only by messages that the fast one refused.

It goes on after every fault, and prefers the reading that lets the next segment stand where it is: a segment that has
its place further on is taken as a jump over something missing, unless the one after it still fits here; then it is
itself out of place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.edifact.structure import Move, Structure


class Disorder(NamedTuple):
    """One fault of order.

    code      finding code; `fault` its 0085
    segment   the segment it is about (from 0), or the last good one before what is missing
    missing   True when something lacks behind it
    name      tag of the segment, or name of the group that lacks or is too often there
    limit     how often it may be there, where that is the fault
    """

    code: str
    fault: str
    segment: int
    missing: bool
    name: str
    limit: int = 0


class Diagnosis:
    """One slow walk. `groups` names the segment groups that were entered, once `walk` is exhausted."""

    def __init__(self, structure: Structure) -> None:
        """Stand at UNH."""
        self.structure = structure
        self.groups: set[str] = set()
        self.here = 0
        self._run = 1
        self._entered = [0] * structure.levels

    def walk(self, tags: Sequence[str]) -> Iterator[Disorder]:
        """Every fault of order in a message. tags: UNH first; UNS as ``UNS+D`` and ``UNS+S`` where there are two."""
        good = 0
        for index in range(1, len(tags)):  # a message begins with UNH: that is how it was found
            move = self.first(tags[index])
            if move is None:
                yield from _misfit(self, tags, index, good)
                move = _one_too_many(self, tags[index]) or _jump(self, tags, index)
            if move is not None:
                self._go(move)
                good = index
        if self.here != self.structure.last:
            yield from _lacking(self, _end(self.structure, self.here), good)

    def allowed(self, move: Move) -> bool:
        """Whether the counts allow a move."""
        if not move.limit:
            return True
        return (self._run if move.depth < 0 else self._entered[move.depth]) < move.limit

    def first(self, tag: str) -> Move | None:
        """The first move over nothing mandatory that the counts allow."""
        return next((move for move in self.structure.clean[self.here].get(tag, ()) if self.allowed(move)), None)

    def _go(self, move: Move) -> None:
        if move.depth < 0:
            self._run = self._run + 1 if move.limit else 1
        else:
            self._entered[move.depth] = self._entered[move.depth] + 1 if move.again else 1
            self._run = 1
            self.groups.add(self.structure.positions[self.structure.positions[move.target].parent].tag)
        self.here = move.target


def _misfit(walk: Diagnosis, tags: Sequence[str], index: int, good: int) -> Iterator[Disorder]:
    structure, tag = walk.structure, tags[index]
    shown = tag.partition("+")[0]
    if tag not in structure.tags:
        known = any(name.partition("+")[0] == shown for name in structure.tags)
        yield Disorder("F033" if known else "F034", "15", index, False, shown)
        return
    full = structure.clean[walk.here].get(tag)
    if full:  # there is a place, but it is used up
        move = full[-1]
        if move.depth < 0:
            yield Disorder("F035", "35", index, False, shown, move.limit)
        else:
            group = structure.positions[move.target].parent
            yield Disorder("F036", "36", index, False, structure.positions[group].tag, move.limit)
        return
    here = structure.positions[walk.here]
    if tag == here.tag and _stays(walk, tags, index):
        yield Disorder("F035", "35", index, False, shown, here.maximum)
        return
    jump = _jump(walk, tags, index)
    if jump is None:
        yield Disorder("F033", "15", index, False, shown)
    else:
        yield from _lacking(walk, jump, good)


def _one_too_many(walk: Diagnosis, tag: str) -> Move | None:
    """The move into a group that is there too often: what stands in it is looked at all the same."""
    full = walk.structure.clean[walk.here].get(tag)
    return full[-1] if full and full[-1].depth >= 0 else None


def _stays(walk: Diagnosis, tags: Sequence[str], index: int) -> bool:
    """Whether the segment behind this one has its place from where the walk stands."""
    return index + 1 == len(tags) or tags[index + 1] == tags[index] or walk.first(tags[index + 1]) is not None


def _jump(walk: Diagnosis, tags: Sequence[str], index: int) -> Move | None:
    """The move over missing mandatory positions that explains this segment; None: out of place, or one too many."""
    structure, tag = walk.structure, tags[index]
    if structure.clean[walk.here].get(tag) or (tag == structure.positions[walk.here].tag and _stays(walk, tags, index)):
        return None
    move = next((move for move in structure.every[walk.here].get(tag, ()) if walk.allowed(move)), None)
    if move is None or index + 1 == len(tags):
        return move
    following = tags[index + 1]
    if walk.first(following) is not None and following not in structure.every[move.target]:
        return None
    stays = walk.first(following) is not None
    return None if stays and len(move.skipped) > 1 else move


def _lacking(walk: Diagnosis, move: Move, good: int) -> Iterator[Disorder]:
    for skipped in move.skipped:
        position = walk.structure.positions[skipped]
        name = position.tag if not position.group else walk.structure.positions[position.trigger].tag
        yield Disorder(
            "F032" if position.group else "F031", "13", good, True, f"{position.tag} {name}" if position.group else name
        )


def _end(structure: Structure, here: int) -> Move:
    """The move to the trailer, over everything that lacks before it; the trailer's own absence is the envelope's."""
    moves = structure.every[here].get(structure.positions[structure.last].tag)
    return moves[0] if moves else Move(structure.last, 0, -1, False)
