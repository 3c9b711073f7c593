"""Flags beside the state of a movement (TRANSIT section 3.2): what a person should see at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from gateway.transit.event import Event, Word
from gateway.transit.facts import Facts, on_paper, plate, vehicles_of

AHEAD = timedelta(minutes=10)
"""How far a partner's clock may be ahead before an event counts as coming from the future."""

LATE = timedelta(days=10)
"""How long after it happened an event may be recorded, lines that are down for days included, before it is odd."""

_BROKEN = ("damaged", "missing")
_ON_THE_ROAD = ("CROSS-OUT", "CROSS-IN", "ARRIVED", "DIVERTED", "CONTROL", "PART-DISCHARGED", "DISCHARGED")
"""Words that tell where the truck has been."""


def flags_of(facts: Facts, role: str) -> frozenset[str]:
    """Every flag that holds, but CONFLICT."""
    return frozenset(_flags(facts, role))


def _flags(facts: Facts, role: str) -> Iterator[str]:
    if role == "departure" and not facts.closed:
        yield from (f"REJECTED-BY:{name}" for name, event in facts.answers.items() if event.word is Word.REJECTED)
        if facts.handed_over:
            yield from (f"NO-ANSWER-FROM:{name}" for name in facts.silent)
    if role == "transit" and facts.further_on and not facts.own("CROSS-OUT"):
        yield "EXIT-IMPLIED"
    yield from _passages(facts)
    yield from _contents(facts)
    yield from _times(facts)


def _passages(facts: Facts) -> Iterator[str]:
    """Passages: a later office has seen the truck and an earlier one has not; the same truck twice at one office."""
    if not facts.has(*_ON_THE_ROAD):
        return
    latest = facts.latest
    order = [office.code for office in sorted(latest.offices_of_transit, key=lambda one: one.order or 0)] \
        if latest is not None else []
    entered = {event.office.code for event in facts.of("CROSS-IN") if event.office is not None}
    passed = [event.office.code for event in facts.of("CROSS-IN", "CROSS-OUT") if event.office is not None]
    ended = facts.arrived or facts.has("CONTROL", "PART-DISCHARGED", "DISCHARGED")
    reached = len(order) if ended else max((order.index(code) + 1 for code in passed if code in order),
                                                  default=0)
    entries = _entries(order)
    if any(code not in entered and code in entries for code in order[:reached]):
        yield "PASSAGE-MISSING"
    if _twice(facts):
        yield "TWICE"


def _twice(facts: Facts) -> bool:
    """The number was shown again: two events of one word at one office that do not tell two trucks apart.

    One document may travel on several trucks (TRANSIT 3.3): events of different vehicles add up.
    """
    seen: dict[tuple[str, str], list[frozenset[str]]] = {}
    for event in facts.of("CROSS-OUT", "CROSS-IN", "ARRIVED"):
        if event.office is not None:
            seen.setdefault((event.word.value, event.office.code), []).append(vehicles_of(event))
    return any(not (one and other) or one & other
               for trucks in seen.values() for one, other in combinations(trucks, 2))


def _entries(order: list[str]) -> set[str]:
    """The offices at which a country is entered; the others of that country are left through, not entered."""
    return {code for position, code in enumerate(order) if position == 0 or order[position - 1][:2] != code[:2]}


def _contents(facts: Facts) -> Iterator[str]:
    if facts.has("DIVERTED"):
        yield "DIVERTED"
    if facts.has("INCIDENT"):
        yield "INCIDENT"
    if any(event.seals_intact is False or any(seal.state in _BROKEN for seal in event.seals) for event in facts.events):
        yield "SEAL-BROKEN"
    if any(line.difference in ("short", "excess", "other") for event in facts.events for line in event.items):
        yield "DIFFERENCE"
    latest = facts.latest
    seen = {number for event in facts.events if event.vehicles for number in vehicles_of(event)}
    if latest is not None and seen:
        declared = {plate(vehicle.identity) for vehicle in (latest.vehicle_at_departure, latest.vehicle_at_border)
                    if vehicle is not None} - {""}
        if declared and seen - declared:
            yield "VEHICLE-CHANGED"
    if on_paper(facts.declarations, facts.events) is not None:
        yield "FALLBACK"


def _times(facts: Facts) -> Iterator[str]:
    latest = facts.latest
    on_the_road = facts.of("CROSS-OUT", "CROSS-IN", "INCIDENT", "ARRIVED", "DIVERTED")
    times = [facts.instant(event.happened) for event in on_the_road if event.happened is not None]
    released = facts.instant(latest.released) if latest is not None and latest.released is not None else None
    if any(released is not None and time < released for time in times) \
            or any(_odd(facts, event) for event in on_the_road):
        yield "TIME-ODD"
    if times and any((one.amendment or 0) > 0 and one.prepared is not None and one.prepared > min(times)
                     for one in facts.declarations if one.function in ("original", "replacement")):
        yield "AMENDED-AFTER-PASSAGE"


def _odd(facts: Facts, event: Event) -> bool:
    """An event from the future, or one that was recorded long after it happened."""
    if event.happened is None:
        return False
    recorded = (facts.recorded or {}).get(event.identity)
    happened = facts.instant(event.happened)
    return happened > (recorded or facts.now) + AHEAD or (recorded is not None and recorded - happened > LATE)
