"""`edi mirror`: what was declared beside what was found, of one movement or summed over many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct

from gateway.ledger import Ledger
from gateway.ledger.mirror_rows import Mirrored, Share
from gateway.ledger.rows import Movement
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.mirror import Tolerances, Verdict, mirror
from gateway.transit.seals import ENDED
from gateway.transit.terms import from_tree

BY = ("importer", "declarant", "hs", "office", "month")
"""What sums are kept by."""


class Reused(Struct, frozen=True, kw_only=True):
    """A seal or container that is on further movements which have not ended."""

    thing: str
    identity: str
    mrns: tuple[str, ...]


class Compared(Struct, frozen=True, kw_only=True):
    """One movement in the mirror. verdict: None while the arrival side has said nothing, or no declaration is held."""

    movement: Movement
    verdict: Verdict | None
    reused: tuple[Reused, ...]


def mirror_of(ledger: Ledger, reference: str, tolerances: Callable[[str], Tolerances]) -> list[Compared]:
    """The movements that answer to a reference, compared now from everything held of them.

    tolerances  what a corridor lets differ, by its identifier
    """
    found = []
    with ledger.reading() as queries:
        for movement in queries.find(reference).movements:
            declarations = [from_tree(Declaration, row.tree) for row in queries.declarations(movement.mrn)]
            events = [from_tree(Event, row.tree) for row in queries.events(movement.mrn)]
            things = [(one.thing, one.identity) for one in queries.seen_on(movement.mrn)]
            verdict = mirror(declarations, events, tolerances(movement.corridor))
            found.append(Compared(movement=movement, verdict=verdict,
                                  reused=reused_among(queries.open_with(things, ENDED).items(), movement.mrn)))
    return found


def reused_among(open_with: Iterable[tuple[tuple[str, str], list[str]]], mrn: str) -> tuple[Reused, ...]:
    """What is on another open movement than this one, which is open too."""
    return tuple(Reused(thing=thing, identity=identity, mrns=tuple(one for one in mrns if one != mrn))
                 for (thing, identity), mrns in open_with if len(mrns) > 1 and mrn in mrns)


def worst_since(ledger: Ledger, since: datetime, limit: int) -> list[Mirrored]:
    """Movements first compared since an instant that differ, the worst first."""
    with ledger.reading() as queries:
        return queries.mirrored_since(since, limit=limit)


def summed(ledger: Ledger, by: str, since: datetime, limit: int) -> list[Share]:
    """Sums by importer, declarant, commodity, office or month, from the month of an instant on."""
    with ledger.reading() as queries:
        return queries.mirror_shares(by, f"{since:%Y-%m}", limit=limit)
