"""Movements by what people hold in their hands: title, MRN, container, vehicle, seal (`transit.sought`)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.ledger import Queries
from gateway.pages.live import Match
from gateway.transit.sought import folded

SHOWN = 50
BEGINNING = 4
"""So many letters are looked for as the beginning of a word; fewer as the whole of it."""

_LINES = 1000


def search(queries: Queries, words: str, allowed: Callable[[str], bool]) -> tuple[list[Match], bool]:
    """What answers, the latest changed first, `SHOWN` at most; and whether there is more.

    allowed  tells of a corridor whether its movements may be shown
    """
    word = folded(words)
    if not word:
        return [], False
    lines = queries.sought(word, limit=_LINES, whole=len(word) < BEGINNING)
    found: dict[str, list[str]] = {}
    for mrn, what in lines:
        if what not in found.setdefault(mrn, []):
            found[mrn].append(what)
    movements = [one for one in queries.movements_of(sorted(found)).values() if allowed(one.corridor)]
    latest = sorted(movements, key=lambda one: (one.changed, one.mrn), reverse=True)
    return [Match(movement=one, what=tuple(found[one.mrn])) for one in latest[:SHOWN]], \
        len(latest) > SHOWN or len(lines) == _LINES
