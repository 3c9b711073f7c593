"""Where do two histories of one link part? The questions that find it, and what each answer leaves to be asked.

Pure. The root at a size covers all leaves up to it: the largest size at which both sides have the same root is found
by asking for some sizes at once and going on between the last that agrees and the first that does not. Once the
partner has said the leaf at which they part, it takes the place of ours in all further roots: so the next difference
shows as well, by the same questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

SIZES = 48
"""Sizes of one question: two more of them than the parts that it cuts a span into (47 ** 3 > 100,000)."""

MOST_QUESTIONS = 100
"""Questions of one comparison: a partner whose answers lead nowhere is not asked for ever."""

MOST_ALTERED = 20
"""Altered numbers that are named one by one."""

Fault = Literal["altered", "missing here", "missing there", "added here", "added there", "not compared"]


class Difference(Struct, frozen=True, kw_only=True):
    """Numbers of a link, both ends included, and what is wrong with them."""

    first: int
    last: int
    fault: Fault


class Comparison(Struct, frozen=True, kw_only=True):
    """A comparison of one link, as far as it has come.

    low        size up to which both trees are the same, but for `altered`
    until      a size at which they are not, or as far as both reach
    high       size of our tree when it began
    theirs     size of the partner's tree by its latest answer; None before
    questions  asked so far
    leaves     what the partner said of single leaves: number -> hash
    roots      ours, of the sizes asked last, with the partner's leaves where they were found to differ
    altered    numbers whose leaf is another there
    lacking    ranges that the partner says it lacks
    finished   nothing is left to be asked
    """

    low: int = 0
    until: int
    high: int
    theirs: int | None = None
    questions: int = 0
    leaves: Mapping[int, bytes]
    roots: Mapping[int, bytes]
    altered: tuple[int, ...] = ()
    lacking: tuple[tuple[int, int], ...] = ()
    finished: bool = False

    @property
    def replaced(self) -> dict[int, bytes]:
        """Leaves of the partner that stand in our virtual tree instead of ours."""
        return {number: self.leaves[number] for number in self.altered}


def begun(size: int) -> Comparison:
    """A comparison of a link of which we hold so many numbers without a hole."""
    return Comparison(until=size, high=size, leaves={}, roots={})


def sizes_to_ask(comparison: Comparison) -> list[int]:
    """The sizes of the next question: the last that agrees, and up to 47 that cut what is open into equal parts."""
    span, parts = comparison.until - comparison.low, min(SIZES - 1, comparison.until - comparison.low)
    return [comparison.low, *(comparison.low + span * part // parts for part in range(1, parts + 1))]


def advanced(comparison: Comparison, theirs: Mapping[int, bytes], size: int,
             lacking: Iterable[tuple[int, int]] = ()) -> Comparison:
    """What is left after an answer.

    theirs   size -> the partner's root, of the sizes asked that it reaches
    size     of the partner's tree
    lacking  ranges that it says it lacks
    """
    found, ours = replace(comparison, theirs=size, lacking=tuple(lacking)), comparison.roots
    common = min(comparison.high, size)
    asked = [one for one in sizes_to_ask(comparison) if one in theirs and one in ours]
    equal = next((at for at, one in enumerate(asked) if ours[one] != theirs[one]), len(asked))
    low = asked[equal - 1] if equal else comparison.low
    if equal == len(asked):
        return _on(replace(found, low=max(low, comparison.low)), common)
    if equal == 0:  # what agreed before agrees no more: the same is asked again, for a while
        return _on(found, comparison.until)
    first = asked[equal]
    if first > low + 1:
        return _on(replace(found, low=low), first)
    if first not in comparison.leaves:  # its leaf did not come with the answer: the same is asked again
        return _on(replace(found, low=low), first)
    altered = (*comparison.altered, first)
    return _on(replace(found, low=first, altered=altered), common if len(altered) < MOST_ALTERED else first)


def _on(comparison: Comparison, until: int) -> Comparison:
    over = comparison.low >= until or comparison.questions >= MOST_QUESTIONS
    return replace(comparison, until=max(until, comparison.low), finished=over)


def parting(asked: Sequence[tuple[int, bytes]], ours: Mapping[int, bytes]) -> int | None:
    """The number at which a question's roots part from ours, where two sizes that follow each other show it."""
    for (before, one), (size, other) in pairwise(asked):
        if size == before + 1 and ours.get(before) == one and size in ours and ours[size] != other:
            return size
    return None


def differences(comparison: Comparison, direction: str, holes: Sequence[tuple[int, int]], held: int
                ) -> list[Difference]:
    """Everything that a finished comparison found, by number.

    direction  of the link: out when it is ours
    holes      what we lack of it, below a number that was shown
    held       how many numbers our tree has by now
    """
    theirs = comparison.theirs or 0
    found = [Difference(first=one, last=one, fault="altered") for one in comparison.altered]
    found += [Difference(first=first, last=last, fault="missing here") for first, last in holes]
    if direction == "out":
        found += [Difference(first=first, last=last, fault="missing there") for first, last in comparison.lacking]
        if theirs < comparison.high and not any(first == theirs + 1 for first, _ in comparison.lacking):
            found.append(Difference(first=theirs + 1, last=comparison.high, fault="missing there"))
        if theirs > held and not holes:
            found.append(Difference(first=held + 1, last=theirs, fault="added there"))
    else:
        found += [Difference(first=first, last=last, fault="missing there") for first, last in comparison.lacking]
        if theirs < comparison.high and not comparison.lacking:
            found.append(Difference(first=theirs + 1, last=comparison.high, fault="added here"))
    if comparison.low < min(comparison.high, theirs):
        found.append(Difference(first=comparison.low + 1, last=min(comparison.high, theirs), fault="not compared"))
    return sorted(found, key=lambda one: (one.first, one.fault))
