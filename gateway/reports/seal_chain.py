"""`edi seals`: the life of each seal and container, over all movements that this gateway knows."""

from __future__ import annotations

from msgspec import Struct

from gateway.ledger import Ledger
from gateway.ledger.mirror_rows import Seen
from gateway.ledger.queries import Queries
from gateway.reports.mirror import Reused
from gateway.transit.seals import ENDED


class Chain(Struct, frozen=True, kw_only=True):
    """What was said of one seal or container, in the order of time.

    reused  the open movements on which it is, where there is more than one
    """

    thing: str
    identity: str
    sightings: tuple[Seen, ...]
    reused: Reused | None

    @property
    def movements(self) -> tuple[str, ...]:
        """Every movement on which it was ever seen, the first first."""
        return tuple(dict.fromkeys(one.mrn for one in self.sightings))


def chains(ledger: Ledger, word: str) -> list[Chain]:
    """The chains of a seal or container by its number; else of all that were seen on the movements of a reference."""
    with ledger.reading() as queries:
        things = list(dict.fromkeys((one.thing, one.identity) for one in queries.seen_of(word)))
        if not things:
            things = list(dict.fromkeys((one.thing, one.identity) for movement in queries.find(word).movements
                                        for one in queries.seen_on(movement.mrn)))
        return [_chain(queries, thing, identity) for thing, identity in things]


def _chain(queries: Queries, thing: str, identity: str) -> Chain:
    found = [one for one in queries.seen_of(identity) if one.thing == thing]
    open_on = queries.open_with([(thing, identity)], ENDED)[thing, identity]
    return Chain(thing=thing, identity=identity,
                 sightings=tuple(sorted(found, key=lambda one: (one.happened or "", one.at, one.mrn, one.reference))),
                 reused=Reused(thing=thing, identity=identity, mrns=tuple(open_on)) if len(open_on) > 1 else None)
