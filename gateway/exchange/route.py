"""Who gets what: decisions about one declaration or event as pure functions.

Sources: DESIGN section 6, 1 (copies and recipients), TRANSIT 3.1 (which event goes to whom).
"""

from __future__ import annotations

from msgspec.structs import replace

from gateway.config import Settings
from gateway.errors import LocalError
from gateway.exchange.downtimes import offices_of
from gateway.findings import NOWHERE, Finding, Place
from gateway.mapping import Corridor, Corridors
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, EventOffice, Word

_TO_DEPARTURE = {Word.ACCEPTED, Word.REJECTED, Word.ENQ_ANSWER}
"""Answers: they go to the administration of departure, which asked, and to nobody else."""


def corridor_of(declaration: Declaration, corridors: Corridors) -> Corridor:
    """The corridor of a declaration, by its offices of departure and destination.

    Raises LocalError X020 when an office is missing, M... when no corridor joins them.
    """
    departure, destination = declaration.office_of_departure, declaration.office_of_destination
    for office, path in ((departure, "office_of_departure"), (destination, "office_of_destination")):
        if office is None:
            raise LocalError(Finding(code="X020", place=Place(path=path, missing=True)))
    assert departure is not None and destination is not None
    try:
        return joining(corridors, departure.code, destination.code)
    except LocalError as error:
        unknown = [path for office, path in ((departure, "office_of_departure.code"),
                                             (destination, "office_of_destination.code"))
                   if office.code not in corridors.offices]
        where = Place(path=unknown[0] if unknown else "office_of_destination.code")
        raise LocalError(*(replace(finding, place=where) if finding.place == NOWHERE else finding
                           for finding in error.findings)) from error


def corridor_asked(mrn: str, own: str, corridors: Corridors) -> Corridor:
    """The corridor on which we ask for the record of an MRN: from the administration of its office of departure, by us.

    Raises LocalError X025 when no corridor leads from that office to us.
    """
    entry = corridors.offices.get(mrn[2:7])
    for corridor in corridors.all:
        if entry is not None and departure_of(corridor) == entry.administration != own and corridor.role(own):
            return corridor
    raise LocalError(Finding(code="X025", place=Place(path="mrn"), values={"mrn": mrn, "office": mrn[2:7]}))


def joining(corridors: Corridors, departure: str, destination: str) -> Corridor:
    """The corridor from one office to another.

    Raises LocalError: M301 for an unknown office; where no corridor joins them, what is wrong with those that cannot be
    read (it may be one of them), else M306.
    """
    try:
        return corridors.between(departure, destination)
    except LocalError as error:
        if error.code == "M306" and corridors.broken:
            raise LocalError(*(finding for findings in corridors.broken.values() for finding in findings)) from error
        raise


def others(corridor: Corridor, own: str) -> list[str]:
    """Every administration of the route except ourselves, in the order of the itinerary."""
    return [member.gateway for member in corridor.administrations if member.gateway != own]


def partners_on(corridor: Corridor, own: str, settings: Settings) -> list[str]:
    """The partners with whom we share a corridor, those among them whose file is broken too: what is for them waits."""
    known = {*settings.partners, *settings.broken_partners}
    return [name for name in others(corridor, own) if name in known] if corridor.role(own) is not None else []


def departure_of(corridor: Corridor) -> str:
    """The administration of departure."""
    return next(member.gateway for member in corridor.administrations if member.role == "departure")


def office_concerned(declaration: Declaration, administration: str, corridors: Corridors) -> EventOffice | None:
    """The office of an administration that a declaration concerns: the destination where it is theirs, else the first
    of theirs on the way."""
    def theirs(code: str) -> bool:
        entry = corridors.offices.get(code)
        return entry is not None and entry.administration == administration

    destination = declaration.office_of_destination
    if destination is not None and theirs(destination.code):
        return EventOffice(role="destination", code=destination.code)
    return next((EventOffice(role="transit", code=office.code) for office in declaration.offices_of_transit
                 if theirs(office.code)), None)


def recipients(event: Event, corridor: Corridor, own: str) -> list[str]:
    """To whom an event of ours goes: answers to the departure, all others to the whole route."""
    if event.word in _TO_DEPARTURE:
        departure = departure_of(corridor)
        return [] if departure == own else [departure]
    return others(corridor, own)


def foreign_office(event: Event, administration: str, corridors: Corridors) -> str | None:
    """An office that an event speaks for when it is not the administration's own, else None.

    Source: TRANSIT 3.3, "a partner's event refers to an office that is not its own: refused and logged". An enquiry
    names offices of both sides, so only the office of the event itself is judged; of a downtime all that it names: it
    stops the timers of each. Offices without entry are not judged.
    """
    if event.word is Word.DOWNTIME:
        spoken = offices_of(event)
    else:
        spoken = {event.office.code} if event.office is not None and event.word is not Word.ENQUIRY else set()
    foreign = (code for code in sorted(spoken) if code in corridors.offices
               and corridors.offices[code].administration != administration)
    return next(foreign, None)
