"""The pages that are read: each asks the ledger for one report and shows it, or gives it as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from gateway.exchange.assembly import Gateway
from gateway.exchange.awaited import calendars_at
from gateway.exchange.guides import guide_messages
from gateway.exchange.site_names import enquiry_answer, zone_of
from gateway.ledger import Queries
from gateway.ledger.rows import Movement
from gateway.pages.guide import guide_pages
from gateway.pages.live import search_page
from gateway.pages.site import (
    Site,
    board_page,
    certificate_page,
    index_page,
    letter_page,
    movement_page,
    overdue_page,
    statistics_page,
)
from gateway.reports import overdue
from gateway.reports.board import board, corridor_lines
from gateway.reports.certificate import certificate
from gateway.reports.letter import letter
from gateway.reports.movement_sheet import movement_sheet
from gateway.reports.overdue_offices import overdue_by_office
from gateway.reports.statistics import statistics
from gateway.web.files import Table, board_table, index_table, movement_table, overdue_table, search_table
from gateway.web.frame import address
from gateway.web.refusal import Refusal
from gateway.web.rights import may, sees
from gateway.web.search import search
from gateway.web.visit import Visit

Framed: TypeAlias = Callable[[str | None], Site]
"""Makes the frame of a page: for one corridor, or with None for several."""


class Asked(Struct, frozen=True, kw_only=True):
    """A request for a page: who asks, of what, in which frame."""

    visit: Visit
    gateway: Gateway
    frame: Framed


class Page(Struct, frozen=True):
    """A page, and where there is one, the table that it shows. Both are made when they are wanted."""

    html: Callable[[], str]
    table: Callable[[], Table] | None = None


def corridors_of(gateway: Gateway, queries: Queries, visit: Visit) -> list[str]:
    """The corridors that a person may look at: those of ours in the settings, and those that movements are on."""
    ours = {one.identifier for one in gateway.corridors.all
            if gateway.name in {member.gateway for member in one.administrations}}
    return [] if visit.person is None else sees(visit.person, sorted(ours | set(queries.corridors_held())))


def index(asked: Asked) -> Page:
    """The corridors."""
    with asked.gateway.ledger.reading() as queries:
        lines = corridor_lines(queries, corridors_of(asked.gateway, queries, asked.visit), asked.gateway.now)
    return Page(lambda: index_page(asked.frame(None), lines), lambda: index_table(lines))


def board_of(asked: Asked, key: str) -> Page:
    """A corridor's board; ``corridor/2`` is its second page."""
    corridor, _, number = key.partition("/")
    _require(asked, corridor)
    if number and not (number.isascii() and number.isdigit() and len(number) < 7):
        raise Refusal("absent")
    with asked.gateway.ledger.reading() as queries:
        found = board(queries, corridor, asked.gateway.now, int(number or 1))
    return Page(lambda: board_page(asked.frame(corridor), found), lambda: board_table(found))


def movement(asked: Asked, mrn: str) -> Page:
    """The sheet of a movement."""
    corridor = _movement(asked, mrn).corridor
    with asked.gateway.ledger.reading() as queries:
        found = movement_sheet(queries, mrn)
    if found is None:
        raise Refusal("absent")
    return Page(lambda: movement_page(asked.frame(corridor), found), lambda: movement_table(found))


def late(asked: Asked, office: str) -> Page:
    """What is late, by office; of one office where it is named."""
    gateway, person = asked.gateway, asked.visit.person
    agreements = {name: partner.agreement for name, partner in gateway.settings.partners.items()}
    lines = overdue(gateway.ledger, gateway.now, agreements, calendars_at(gateway, gateway.now))
    with gateway.ledger.reading() as queries:
        held = queries.movements_of(sorted({line.mrn for line in lines if line.mrn is not None}))
        lines = [line for line in lines if person is not None and may(
            person, "see", held[line.mrn].corridor if line.mrn in held else "")]
        offices = overdue_by_office(queries, lines, gateway.now)
    if office and office not in {one.office for one in offices} | set(gateway.corridors.offices):
        raise Refusal("absent")
    return Page(lambda: overdue_page(asked.frame(None), offices, office),
                lambda: overdue_table([one for one in offices if not office or one.office == office]))


def figures(asked: Asked, corridor: str) -> Page:
    """The figures of a corridor."""
    _require(asked, corridor)
    with asked.gateway.ledger.reading() as queries:
        found = statistics(queries, corridor, asked.gateway.now, zone_of(asked.gateway, queries, asked.gateway.now))
    return Page(lambda: statistics_page(asked.frame(corridor), found))


def attestation(asked: Asked, mrn: str) -> Page:
    """The discharge certificate, where there is one to give."""
    corridor = _movement(asked, mrn, details=True).corridor
    with asked.gateway.ledger.reading() as queries:
        found = certificate(queries, mrn, asked.gateway.name)
    if found is None:
        raise Refusal("absent")
    return Page(lambda: certificate_page(asked.frame(corridor), found))


def enquiry(asked: Asked, mrn: str) -> Page:
    """The enquiry letter, where one is called for."""
    corridor = _movement(asked, mrn, details=True).corridor
    with asked.gateway.ledger.reading() as queries:
        found = letter(queries, mrn, asked.gateway.now, enquiry_answer(asked.gateway, corridor))
    if found is None:
        raise Refusal("absent")
    return Page(lambda: letter_page(asked.frame(corridor), found))


def guide(asked: Asked, key: str) -> Page:
    """The implementation guide of a corridor; ``corridor/message`` is the page of one message."""
    corridor, _, anchor = key.partition("/")
    _require(asked, corridor)
    gateway, visit = asked.gateway, asked.visit
    found = next((one for one in gateway.corridors.all if one.identifier == corridor), None)
    if found is None:
        raise Refusal("absent")
    pages = guide_pages(found, guide_messages(found, gateway.search, gateway.versions),
                        gateway.corridors.offices.values(), visit.language,
                        lambda one: address("guide", f"{corridor}/{one}".rstrip("/")), address("index", ""),
                        visit.theme)
    html = next((page for name, page in pages if name == anchor), None)
    if html is None:
        raise Refusal("absent")
    return Page(lambda: html)


def found_by(asked: Asked, words: str) -> Page:
    """Movements by what people hold in their hands."""
    person = asked.visit.person
    with asked.gateway.ledger.reading() as queries:
        matches, more = search(queries, words, lambda corridor: person is not None and may(person, "see", corridor))
    return Page(lambda: search_page(asked.frame(None), words, matches, more=more), lambda: search_table(matches))


def _require(asked: Asked, corridor: str) -> None:
    """Raises Refusal ``absent`` for a corridor that the person may not see: what is not theirs is not there."""
    with asked.gateway.ledger.reading() as queries:
        if corridor not in corridors_of(asked.gateway, queries, asked.visit):
            raise Refusal("absent")


def _movement(asked: Asked, mrn: str, *, details: bool = False) -> Movement:
    """Raises Refusal ``absent`` for a movement that is none, or on a corridor that is not the person's; ``forbidden``
    where names of traders would be shown to somebody who may not see them."""
    person = asked.visit.person
    with asked.gateway.ledger.reading() as queries:
        found = queries.movement(mrn)
    if found is None or person is None or not may(person, "see", found.corridor):
        raise Refusal("absent")
    if details and not may(person, "details", found.corridor):
        raise Refusal("forbidden")
    return found
