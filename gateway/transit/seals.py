"""The life of seals and containers as declarations and events tell it: put on, seen, broken, replaced.

Source: TRANSIT 1.5 and 7.2 (11). Pure: one record in, what it says of each seal and container out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.transit.declaration import WHOLE, Declaration
from gateway.transit.event import Event, Word

Thing: TypeAlias = Literal["seal", "container"]
What: TypeAlias = Literal["put-on", "loaded", "seen", "damaged", "missing", "replaced"]

ENDED = ("CLOSED", "DISCHARGED", "CANCELLED", "ELSEWHERE")
"""States in which a movement's seals and containers are free for another one, whatever the role."""


class Sighting(Struct, frozen=True, kw_only=True):
    """What one record says of one thing. happened: ISO text, None where it does not say when."""

    thing: Thing
    identity: str
    what: What
    reference: str
    administration: str
    office: str
    happened: str | None


def sightings(declarations: Collection[Declaration], events: Collection[Event], administration: str) -> list[Sighting]:
    """Everything that is said of seals and containers, each thing once for each record. Order does not matter.

    administration  that declared
    """
    found = [one for declaration in declarations if declaration.function in WHOLE
             for one in _declared(declaration, administration)]
    found += [one for event in events for one in _seen(event)]
    return list(dict.fromkeys(found))


def _declared(declaration: Declaration, administration: str) -> Iterator[Sighting]:
    office = declaration.office_of_departure.code if declaration.office_of_departure is not None else ""
    moment = declaration.released or declaration.accepted or declaration.presented
    common = {"reference": f"declaration {declaration.amendment or 0}", "administration": administration,
              "office": office, "happened": None if moment is None else moment.isoformat()}
    for seal in declaration.seals:
        yield Sighting(thing="seal", identity=seal.identity, what="put-on", **common)  # type: ignore[arg-type]
    for box in declaration.equipment:
        if box.kind == "container":
            yield Sighting(thing="container", identity=box.number, what="loaded", **common)  # type: ignore[arg-type]


def _seen(event: Event) -> Iterator[Sighting]:
    office = event.office.code if event.office is not None else ""
    moment = None if event.happened is None else event.happened.isoformat()

    def said(thing: Thing, identity: str, what: What) -> Sighting:
        return Sighting(thing=thing, identity=identity, what=what, reference=event.reference,
                        administration=event.administration, office=office, happened=moment)

    for seal in event.seals:
        if seal.state in ("damaged", "missing", "replaced"):
            yield said("seal", seal.identity, seal.state)  # type: ignore[arg-type]
        elif seal.applied is not None or event.word is Word.INCIDENT:
            yield said("seal", seal.identity, "put-on")
        else:
            yield said("seal", seal.identity, "seen")
    for box in event.equipment:
        if box.kind == "container":
            yield said("container", box.number, "seen")
