"""What a set of declarations and events says, as plain questions for the tables of `states`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta, tzinfo
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from gateway.transit.balance import Balance, balances, strays, taken_of
from gateway.transit.declaration import Declaration, Moment
from gateway.transit.event import Event, Identity, Word

_ARRIVALS = ("ARRIVED", "DIVERTED")
_VERSIONS = ("original", "replacement", "copy", "retransmission")


def country_of(office: str) -> str:
    """The country of an office: the first two characters of its code (profile section 8.3)."""
    return office[:2]


def latest_of(declarations: Iterable[Declaration]) -> Declaration | None:
    """The version that counts: the one with the highest amendment number; of two, whatever order they came in, one."""
    versions = [one for one in declarations if one.function in _VERSIONS]
    highest = max((one.amendment or 0 for one in versions), default=0)
    held = [one for one in versions if (one.amendment or 0) == highest]
    return held[0] if len(held) == 1 else max(held, key=lambda one: (one.function == "original", repr(one)),
                                              default=None)


def vehicles_of(event: Event) -> frozenset[str]:
    """The plates that an event names, written as one writes them anywhere: without blanks, hyphens and case."""
    return frozenset(filter(None, (plate(vehicle.identity) for vehicle in event.vehicles)))


def plate(identity: str | None) -> str:
    """A number plate for comparison."""
    return "".join(letter for letter in identity or "" if letter.isalnum()).upper()


def on_paper(declarations: Iterable[Declaration], events: Iterable[Event]) -> str | None:
    """Why a movement runs on paper, as its record or an event says (an extra named ``fallback``); None: it does not."""
    extras = chain(*(one.extras for one in declarations), *(event.extras for event in events))
    return next((extra.value for extra in extras if extra.key == "fallback"), None)


if TYPE_CHECKING:
    from functools import cached_property as _derived
else:
    class _derived:
        """As `functools.cached_property`, which before Python 3.12 takes a lock whenever it derives something."""

        def __init__(self, derive: Any) -> None:
            self._derive = derive
            self.__doc__ = derive.__doc__

        def __get__(self, facts: Any, owner: type) -> Any:
            if facts is None:
                return self
            value = facts.__dict__[self._derive.__name__] = self._derive(facts)
            return value


class Facts(Struct, frozen=True, dict=True):
    """The questions. Everything is derived when asked for the first time."""

    declarations: tuple[Declaration, ...]
    events: tuple[Event, ...]
    now: datetime
    administration: str | None
    route: Sequence[str] | None
    sent: Collection[str] | None
    zone: tzinfo
    country: str | None = None
    versions: Mapping[str, int] | None = None
    recorded: Mapping[Identity, datetime] | None = None
    begun: datetime | None = None

    @_derived
    def latest(self) -> Declaration | None:
        """The version with the highest amendment number."""
        return latest_of(self.declarations)

    @_derived
    def cancelled(self) -> bool:
        """A cancellation, or a refusal of the release at departure, is held."""
        return any(one.function == "cancellation" for one in self.declarations) or self.has("NOT-RELEASED")

    @_derived
    def _words(self) -> frozenset[str]:
        """Every word that is held."""
        return frozenset(event.word.value for event in self.events)

    def of(self, *words: str) -> list[Event]:
        """The events with one of these words, by the time they happened."""
        if self._words.isdisjoint(words):
            return []
        found = [event for event in self.events if event.word.value in words]
        return sorted(found, key=lambda event: (self.instant(event.happened), event.administration, event.reference))

    def has(self, *words: str) -> bool:
        """Tell whether an event with one of these words is held."""
        return not self._words.isdisjoint(words)

    def own(self, word: str) -> bool:
        """The same for our own administration."""
        return any(self.ours(event) for event in self.of(word))

    def ours(self, event: Event) -> bool:
        """Tell whether an event is our own; where nobody says who we are, that of a country between both ends."""
        if self.administration is not None:
            return event.administration == self.administration
        ends = [office.code[:2] for office in (self.latest.office_of_departure, self.latest.office_of_destination)
                if office is not None] if self.latest is not None else []
        return event.office is not None and country_of(event.office.code) not in ends

    def own_event(self, event: Event) -> bool:
        """Tell whether our own administration said an event, where somebody says who we are."""
        return event.administration == self.administration

    def instant(self, moment: Moment | None) -> datetime:
        """A moment as an instant; a day counts from its start, nothing counts as long ago."""
        if isinstance(moment, datetime):
            return moment
        if moment is None:
            return datetime.min.replace(tzinfo=self.zone)
        return datetime.combine(moment, time(), self.zone)

    @_derived
    def declared_limit(self) -> Moment | None:
        """The time limit as the version that counts gives it."""
        return self.latest.time_limit if self.latest is not None else None

    @_derived
    def limit(self) -> datetime | None:
        """The instant at which the time limit is over."""
        return self.end_of(self.declared_limit)

    def end_of(self, moment: Moment | None) -> datetime | None:
        """When a moment is over: a day ends at midnight."""
        if moment is None or isinstance(moment, datetime):
            return moment
        return datetime.combine(moment + timedelta(days=1), time(), self.zone)

    @_derived
    def told(self) -> datetime:
        """When the release was there to be acted upon: a record that was made or taken later tells of it only then."""
        latest = self.latest
        released = self.instant(latest.released if latest is not None else None)
        made = [one.prepared for one in self.declarations if one.function == "original" and one.prepared is not None]
        return max([released, *made, *([self.begun] if self.begun is not None else [])])

    @_derived
    def due(self) -> datetime | None:
        """When the time limit is over, while nothing is held that stops it: an arrival, or the end of the movement."""
        return None if self.arrived or self.closed else self.limit

    @_derived
    def closed(self) -> bool:
        """Nobody waits for anything: discharged, recovered, or cancelled before it was seen on the road."""
        return self.discharged or self.recovered or (self.cancelled and not self.seen_on_the_road)

    @_derived
    def arrived(self) -> bool:
        return self.has(*_ARRIVALS)

    @_derived
    def seen_on_the_road(self) -> bool:
        """A passage, an incident or an arrival is held."""
        return self.has("CROSS-OUT", "CROSS-IN", "INCIDENT", *_ARRIVALS)

    @_derived
    def discharged(self) -> bool:
        return self.has("DISCHARGED")

    @_derived
    def balances(self) -> list[Balance]:
        """The balance of each item; empty where no declaration is held."""
        return balances(self.latest, self.events) if self.latest is not None else []

    @_derived
    def settled(self) -> bool:
        """All balances are zero."""
        return all(balance.zero for balance in self.balances)

    @_derived
    def recovered(self) -> bool:
        """The recovery is recorded as finished (an extra ``recovery`` of the event that says so)."""
        return any(extra.key == "recovery" and extra.value == "finished"
                   for event in self.of("RECOVERY") for extra in event.extras)

    @_derived
    def results(self) -> list[Event]:
        """Control results that no other result of the same administration replaces by naming it."""
        if not (controls := self.of("CONTROL")):
            return []
        replaced = {(event.administration, event.answered_event) for event in controls
                    if event.answered_event != event.reference}
        return [event for event in controls if (event.administration, event.reference) not in replaced]

    @_derived
    def open_differences(self) -> list[Event]:
        """Results that do not conform and that no settlement names; one that names none settles all of its office."""
        if not self.results:
            return []
        closed = {(event.administration, event.answered_event) for event in self.of("DIFF-CLOSED")}
        return [event for event in self.results if event.control_result == "B1"
                and not closed & {(event.administration, event.reference), (event.administration, None)}]

    @_derived
    def disputed(self) -> bool:
        """A control that does not conform and is not settled, or a discharge that leaves something."""
        return bool(self.open_differences) or (self.discharged and not self.settled)

    @_derived
    def controlled(self) -> bool:
        return any(event.control_result in ("A1", "A2", "B1") for event in self.results)

    @_derived
    def enquiry_open(self) -> bool:
        """An enquiry without an answer that settles it, while what it asks for is still missing."""
        if not self.has("ENQUIRY"):
            return False
        answered = {event.answered_event for event in self.of("ENQ-ANSWER") if event.answer in ("arrived", "returned")}
        pending = [event for event in self.of("ENQUIRY") if event.reference not in answered]
        return bool(pending) and not (self.arrived and self.controlled and self.discharged)

    @_derived
    def waited_for(self) -> tuple[str, ...]:
        """Administrations, or where no route was given countries, that must accept the record."""
        if self.route is not None:
            return tuple(self.route)
        latest = self.latest
        if latest is None:
            return ()
        offices = [*(office.code for office in latest.offices_of_transit),
                   *([latest.office_of_destination.code] if latest.office_of_destination is not None else [])]
        home = country_of(latest.office_of_departure.code) if latest.office_of_departure is not None else ""
        return tuple(country for country in dict.fromkeys(map(country_of, offices)) if country != home)

    def _said(self, event: Event) -> set[str]:
        """The names under which an answer may be waited for."""
        office = event.office.code if event.office is not None else event.administration
        return {event.administration, country_of(office)}

    @_derived
    def answers(self) -> dict[str, Event]:
        """Who must accept -> the last answer from there to the version that counts.

        An answer names the message that it answers; one to an earlier version says nothing of a later one.
        """
        found: dict[str, Event] = {}
        current = (self.latest.amendment or 0) if self.latest is not None else 0
        known = self.versions or {}
        for event in self.of("ACCEPTED", "REJECTED"):
            if known.get(event.answered_message or "", current) < current:
                continue
            for name in self.waited_for:
                if name in self._said(event):
                    found[name] = event
        return found

    @_derived
    def confirmed(self) -> bool:
        return bool(self.waited_for) and all(
            name in self.answers and self.answers[name].word is Word.ACCEPTED for name in self.waited_for)

    @_derived
    def silent(self) -> tuple[str, ...]:
        """Who has not answered."""
        return tuple(name for name in self.waited_for if name not in self.answers)

    @_derived
    def handed_over(self) -> bool:
        """At least one partner has the record."""
        return bool(self.sent) if self.sent is not None else self.latest is not None and self.latest.mrn is not None

    @_derived
    def departure(self) -> str:
        """Country of departure, "" where nobody knows it: the record names its office, and so does the number."""
        office = self.latest.office_of_departure if self.latest is not None else None
        if office is not None:
            return country_of(office.code)
        return next((country_of(event.mrn[2:]) for event in self.events if event.mrn is not None), "")

    @_derived
    def destination(self) -> str:
        """Administration or country of destination, "" where nobody knows it."""
        return self.waited_for[-1] if self.waited_for else ""

    def awaited(self, role: str) -> str:
        """Whose event comes next: the destination's for the departure, the departure's for everybody else."""
        return self.destination if role == "departure" else self.departure

    @_derived
    def itinerary(self) -> tuple[str, ...]:
        """The countries of the record's offices of transit and destination, in the order of the way."""
        latest = self.latest
        if latest is None:
            return ()
        offices = [office.code for office in sorted(latest.offices_of_transit, key=lambda one: one.order or 0)]
        last = [latest.office_of_destination.code] if latest.office_of_destination is not None else []
        return tuple(dict.fromkeys(map(country_of, (*offices, *last))))

    @_derived
    def further_on(self) -> bool:
        """Somebody behind us on the way has seen the truck: an entry into a later country, or an arrival."""
        if self.arrived:
            return True
        way = self.itinerary
        entries = [(way.index(country_of(event.office.code)), self.ours(event)) for event in self.of("CROSS-IN")
                   if event.office is not None and country_of(event.office.code) in way]
        mine = [way.index(self.country)] if self.country in way else [at for at, ours in entries if ours]
        return bool(mine) and any(at > max(mine) for at, ours in entries if not ours)

    @_derived
    def arrived_elsewhere(self) -> bool:
        """The truck has arrived at an office of another administration than ours."""
        if self.administration is None:
            return False
        arrivals = self.of(*_ARRIVALS)
        return bool(arrivals) and all(event.administration != self.administration for event in arrivals)

    @_derived
    def conflicts(self) -> tuple[str, ...]:
        """What contradicts itself (TRANSIT section 3.3); nothing is overwritten because of it."""
        found = []
        if self.cancelled and self.seen_on_the_road:
            found.append("CANCELLED-BUT-SEEN")
        offices = {event.office.code for event in self.of("ARRIVED") if event.office is not None}
        if len(offices) > 1 and not self.has("DIVERTED"):
            found.append("TWO-ARRIVALS")
        if taken_of(self.events) and (any(balance.exceeded for balance in self.balances)
                                      or (self.latest is not None and strays(self.latest, self.events))):
            found.append("WRITTEN-OFF-ABOVE-DECLARED")
        if self.has("RECOVERY") and self.discharged:
            found.append("RECOVERY-AND-DISCHARGE")
        by_office: dict[str, set[str | None]] = {}
        for event in self.results:
            by_office.setdefault(event.office.code if event.office is not None else event.administration,
                                 set()).add(event.control_result)
        if any(len(results) > 1 for results in by_office.values()):
            found.append("TWO-CONTROL-RESULTS")
        versions: dict[int, Declaration] = {}
        for one in self.declarations if len(self.declarations) > 1 else ():
            if one.function in _VERSIONS \
                    and _content(versions.setdefault(one.amendment or 0, one)) != _content(one):
                found.append("TWO-CONTENTS-OF-ONE-VERSION")
                break
        return tuple(found)


def _content(declaration: Declaration) -> Declaration:
    """A version without what each sending has of its own."""
    return replace(declaration, function="original", prepared=None, authentication=None)
