"""Flags beside the state of a movement (TRANSIT section 3.2): what a person should see at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from gateway.transit.event import Word
from gateway.transit.facts import Facts

AHEAD = timedelta(minutes=10)
"""How far a partner's clock may be ahead before an event counts as coming from the future."""

_BROKEN = ("damaged", "missing")


def flags_of(facts: Facts, role: str) -> frozenset[str]:
    """Every flag that holds, but CONFLICT."""
    return frozenset(_flags(facts, role))


def _flags(facts: Facts, role: str) -> Iterator[str]:
    if facts.due is not None and facts.now >= facts.due:
        yield "OVERDUE"
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
    """Passages: a later office has seen the truck and an earlier one has not; the same office twice."""
    latest = facts.latest
    order = [office.code for office in latest.offices_of_transit] if latest is not None else []
    entered = Counter(event.office.code for event in facts.of("CROSS-IN") if event.office is not None)
    reached = len(order) if facts.arrived else max((order.index(code) + 1 for code in entered if code in order),
                                                  default=0)
    entries = _entries(order)
    if any(code not in entered and code in entries for code in order[:reached]):
        yield "PASSAGE-MISSING"
    if any(number > 1 for number in entered.values()):
        yield "TWICE"


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
    if latest is not None:
        declared = {vehicle.identity for vehicle in (latest.vehicle_at_departure, latest.vehicle_at_border)
                    if vehicle is not None and vehicle.identity is not None}
        seen = {vehicle.identity for event in facts.events for vehicle in event.vehicles} - {None}
        if declared and seen - declared:
            yield "VEHICLE-CHANGED"
    extras = [*(one.extras for one in facts.declarations), *(event.extras for event in facts.events)]
    if any(extra.key == "fallback" for found in extras for extra in found):
        yield "FALLBACK"


def _times(facts: Facts) -> Iterator[str]:
    latest = facts.latest
    on_the_road = facts.of("CROSS-OUT", "CROSS-IN", "INCIDENT", "ARRIVED", "DIVERTED")
    times = [facts.instant(event.happened) for event in on_the_road if event.happened is not None]
    released = facts.instant(latest.released) if latest is not None and latest.released is not None else None
    if any(time > facts.now + AHEAD or (released is not None and time < released) for time in times):
        yield "TIME-ODD"
    if times and any((one.amendment or 0) > 0 and one.prepared is not None and one.prepared > min(times)
                     for one in facts.declarations if one.function in ("original", "replacement")):
        yield "AMENDED-AFTER-PASSAGE"
