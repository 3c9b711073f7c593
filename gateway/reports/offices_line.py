"""The line of offices of a movement: where it was to pass, where it passed, where it is expected next.

A declaration plans two times only: the release at departure and the time limit at destination (DTM 268 of COR10); what
lies between has an order and no hour. What happened comes from events. An office that an event names and the
declaration does not stands in the line too, marked as not planned, before the destination.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from gateway.transit.declaration import Declaration, Moment
from gateway.transit.event import Event

Passing = Literal["passed", "missing", "next", "ahead"]
"""passed: something happened there; missing: something happened further on and nothing there; next: the first office
at which it is awaited; ahead: after that."""

_PASSAGES = ("CROSS-OUT", "CROSS-IN", "INCIDENT", "ARRIVED", "DIVERTED", "CONTROL", "PART-DISCHARGED", "DISCHARGED")


class Happening(Struct, frozen=True, kw_only=True):
    """One thing that an administration says happened at an office. word: of `transit.event`, or RELEASED."""

    word: str
    at: Moment | None
    by: str


class Stop(Struct, frozen=True, kw_only=True):
    """One office of the line.

    role       departure, exit, transit, destination; other for one that nobody planned
    planned    the time limit at destination; None elsewhere
    """

    code: str
    name: str
    role: str
    planned: Moment | None
    passing: Passing
    happened: tuple[Happening, ...] = ()


def offices_line(declaration: Declaration | None, events: Sequence[Event]) -> tuple[Stop, ...]:
    """The offices in the order of the itinerary.

    declaration  the version that counts; None while only events have come: then the offices are those they name
    """
    planned = list(_planned(declaration)) if declaration is not None else []
    known = {stop.code for stop in planned}
    others: dict[str, Stop] = {}
    happened: dict[str, list[Happening]] = {}
    for event in sorted(events, key=lambda one: moment_key(one.happened)):
        if event.word.value not in _PASSAGES:
            continue
        code = event.office.code if event.office is not None else event.place_crossed or event.administration
        if code not in known:
            others.setdefault(code, Stop(code=code, name=(event.office.name or "") if event.office else "",
                                         role="other", planned=None, passing="ahead"))
        happened.setdefault(code, []).append(
            Happening(word=event.word.value, at=event.happened, by=event.administration))
    if declaration is not None and planned and declaration.released is not None:
        happened.setdefault(planned[0].code, []).insert(
            0, Happening(word="RELEASED", at=declaration.released, by=""))
    last = planned.pop() if planned and planned[-1].role == "destination" else None
    stops = [*planned, *others.values(), *([last] if last is not None else [])]
    return tuple(_passed([replace(stop, happened=tuple(happened.get(stop.code, ()))) for stop in stops]))


def moment_key(moment: Moment | None) -> datetime:
    """For sorting: a day counts from its start in UTC, no moment as long ago."""
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(), UTC) if moment is not None else datetime.min.replace(tzinfo=UTC)


def _planned(declaration: Declaration) -> Iterator[Stop]:
    told: set[str] = set()
    offices = [("departure", declaration.office_of_departure, None), ("exit", declaration.office_of_exit, None),
               *(("transit", one, None) for one in sorted(declaration.offices_of_transit, key=lambda one: one.order)),
               ("destination", declaration.office_of_destination, declaration.time_limit)]
    for role, office, planned in offices:
        if office is not None and office.code not in told:
            told.add(office.code)
            yield Stop(code=office.code, name=office.name or "", role=role, planned=planned, passing="ahead")


def _passed(stops: Sequence[Stop]) -> Iterator[Stop]:
    last = max((number for number, stop in enumerate(stops) if stop.happened), default=-1)
    for number, stop in enumerate(stops):
        passing: Passing = "passed" if stop.happened else "missing" if number < last else \
            "next" if number == last + 1 else "ahead"
        yield replace(stop, passing=passing)
