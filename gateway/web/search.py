"""Movements by what people hold in their hands: title, MRN, container, vehicle, seal (`transit.sought`)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.ledger import Queries
from gateway.ledger.rows import Movement
from gateway.pages.live import Match
from gateway.transit.sought import folded

SHOWN = 50
BEGINNING = 4
"""So many letters are looked for as the beginning of a word; fewer as the whole of it."""

LINES, SLICES = 1000, 20
"""Lines of the index that are read at once, and how often at most: those of other corridors are among them."""


def search(queries: Queries, words: str, allowed: Callable[[str], bool]) -> tuple[list[Match], bool]:
    """What answers, the latest changed first, `SHOWN` at most; and whether there is more.

    allowed  tells of a corridor whether its movements may be shown; the others take no place of these
    """
    word = folded(words)
    if not word:
        return [], False
    held: dict[str, Movement] = {}
    found: dict[str, list[str]] = {}
    after: tuple[str, str, str] | None = None
    lines: list[tuple[str, str, str]] = []
    for _ in range(SLICES):
        lines = queries.sought(word, limit=LINES, whole=len(word) < BEGINNING, after=after)
        of = queries.movements_of(sorted({mrn for _, _, mrn in lines}))
        held.update((mrn, one) for mrn, one in of.items() if allowed(one.corridor))
        for _, what, mrn in lines:
            if mrn in held and what not in found.setdefault(mrn, []):
                found[mrn].append(what)
        if len(lines) < LINES or len(held) > SHOWN:
            break
        after = lines[-1]
    latest = sorted(held.values(), key=lambda one: (one.changed, one.mrn), reverse=True)
    return [Match(movement=one, what=tuple(found[one.mrn])) for one in latest[:SHOWN]], \
        len(latest) > SHOWN or len(lines) == LINES
