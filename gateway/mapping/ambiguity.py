"""Could the same incoming segment be taken by two lines of different runs, at the same point of the message? (M058)

Reading takes the segments of a run in any order, goes into the groups under a line, leaves a run when it can, and never
goes back. So after each line some lines may come next: those under it, those of its own run, and, as far as everything
between may be absent, those further on and further out. Two of them with one tag and no constant that tells them apart
would be taken by whichever comes first. Lines of one run are compared elsewhere (M026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

from gateway.mapping.plan import Plan, PlanLine, Run

Complain: TypeAlias = "Callable[[PlanLine, PlanLine], None]"
"""Told of the later and the earlier of two such lines."""


def check_ambiguity(plan: Plan, complain: Complain) -> None:
    """Compare, at every point of a message, the lines that may come next."""
    seen: set[tuple[int, int]] = set()

    def compare(candidates: Iterable[tuple[Run, PlanLine]]) -> None:
        tags: dict[str, list[tuple[Run, PlanLine]]] = {}
        for run, line in candidates:
            tags.setdefault(line.tag, []).append((run, line))
        for rivals in tags.values():
            for (run, first), (other, later) in combinations(rivals, 2) if rivals[0][0] is not rivals[-1][0] else ():
                pair = (id(first), id(later))
                if run is not other and first is not later and pair not in seen and meet(first, later):
                    seen.add(pair)
                    complain(later, first)

    def visit(runs: Sequence[Run], after: Sequence[tuple[Run, PlanLine]]) -> None:
        """`after`: what may come when this level is over."""
        compare([*_begin(runs), *(after if _absent(runs) else ())])
        for number, run in enumerate(runs):
            rest = runs[number + 1:]
            behind = [*_begin(rest), *(after if _absent(rest) else ())]
            for line in run.lines:
                again = [(run, one) for one in run.lines if one is not line or line.limit > 1]
                visit(line.runs, [*again, *behind])

    visit(plan.runs, ())


def meet(one: PlanLine, other: PlanLine) -> bool:
    """Tell whether a segment could fit the constants of both lines."""
    return one.tag == other.tag and not any(place in other.firm and not texts & other.firm[place]
                                            for place, texts in one.firm.items())


def _begin(runs: Sequence[Run]) -> Iterator[tuple[Run, PlanLine]]:
    """The lines a level may begin with: those of its runs up to the first that must be there."""
    for run in runs:
        yield from ((run, line) for line in run.lines)
        if not _absent([run]):
            return


def _absent(runs: Sequence[Run]) -> bool:
    """Tell whether no segment of these runs needs to be there."""
    return not any(line.mandatory and line.guard is None for run in runs for line in run.lines)
