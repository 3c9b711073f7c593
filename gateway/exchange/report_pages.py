"""`edi report`: every page of the corridors as a file, one folder per language, all of one moment.

A movement has a page when it stands on a board: the open ones, and of each corridor the latest that ended. References
and states only, unless all of it is asked for: a folder is carried away more easily than a ledger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.exchange.awaited import calendars_at
from gateway.exchange.site_names import SiteNames, enquiry_answer, site_names, zone_of
from gateway.ledger import Queries
from gateway.pages.guide import GuideMessage, guide_pages
from gateway.pages.site import (
    Site,
    board_page,
    certificate_page,
    entry_page,
    index_page,
    letter_page,
    movement_page,
    overdue_page,
    statistics_page,
)
from gateway.reports import Late, overdue
from gateway.reports.board import Board, board, corridor_lines
from gateway.reports.certificate import Certificate, certificate
from gateway.reports.letter import letter_due, letter_of
from gateway.reports.movement_sheet import marks_of, movement_sheet
from gateway.reports.overdue_offices import overdue_by_office
from gateway.reports.statistics import statistics
from gateway.texts import Language

_ODD = re.compile(r"[^A-Za-z0-9-]")
_FIRST = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for.

    corridors  those to write; none named means all
    full       names, plates, containers, seals and goods too
    expected   when the next writing is expected; None when nobody said
    guides     messages of a corridor's guide, empty for none
    """

    corridors: Sequence[str] = ()
    full: bool = False
    expected: datetime | None = None
    guides: Callable[[str], Sequence[GuideMessage]] = lambda corridor: ()


def report_pages(gateway: Gateway, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Name, with its folder, and content of each page. Raises LocalError M302 for a corridor that nobody has.

    Everything but the list of what is late is of one snapshot of the ledger, which is held until the last page is
    taken.
    """
    agreements = {name: partner.agreement for name, partner in gateway.settings.partners.items()}
    late = overdue(gateway.ledger, gateway.now, agreements, calendars_at(gateway, gateway.now))
    with gateway.ledger.reading() as queries:
        for language in Language:
            yield from _Folder(gateway, queries, wanted, language, late).pages()
    first = Language(gateway.settings.language)
    yield _FIRST, entry_page(first).encode()


class _Folder:
    """The pages of one language."""

    def __init__(self, gateway: Gateway, queries: Queries, wanted: Wanted, language: Language,
                 late: Sequence[Late]) -> None:
        self._gateway, self._queries, self._wanted, self._language = gateway, queries, wanted, language
        names = site_names(gateway, language)
        self._corridors = self._chosen(names)
        self._boards = {one: self._whole_board(one) for one in self._corridors}
        only = self._corridors[0] if len(self._corridors) == 1 and wanted.corridors else None
        self._late = overdue_by_office(queries, [line for line in late if self._concerns(line)], gateway.now, only)
        self._guides = {one: wanted.guides(one) for one in self._corridors}
        self._certificates: dict[str, Certificate] = {}
        self._written = {row.mrn for boards in self._boards.values() for page in boards for row in page.rows}
        self._site = Site(
            language=language, live=False, updated=gateway.now, expected=wanted.expected, link=self._link,
            turned=self._turned, full=wanted.full, gateway=gateway.name,
            zone=ZoneInfo(gateway.settings.time_zone), offices=names.offices, corridors=names.corridors,
            calls=names.calls)

    def _chosen(self, names: SiteNames) -> list[str]:
        for name in self._wanted.corridors:
            if name not in self._queries.corridors_held():
                self._gateway.corridors.named(name)
        every = {*names.corridors, *self._queries.corridors_held()}
        return sorted(self._wanted.corridors or every)

    def _whole_board(self, corridor: str) -> list[Board]:
        first = board(self._queries, corridor, self._gateway.now)
        return [first, *(board(self._queries, corridor, self._gateway.now, page) for page in range(2, first.pages + 1))]

    def _concerns(self, line: Late) -> bool:
        """Whether a late matter belongs here: what is of no movement does where all corridors are written."""
        if not self._wanted.corridors:
            return True
        movement = None if line.mrn is None else self._queries.movement(line.mrn)
        return movement is not None and movement.corridor in self._corridors

    # --- addresses

    def _link(self, kind: str, key: str) -> str:
        held: Mapping[str, Callable[[], bool]] = {
            "movement": lambda: key in self._written, "certificate": lambda: key in self._certificates,
            "guide": lambda: bool(self._guides.get(key)), "statistics": lambda: key in self._corridors,
            "board": lambda: key.partition("/")[0] in self._corridors, "letter": lambda: key in self._written,
            "overdue": lambda: key == "" or any(one.office == key for one in self._late)}
        return file_name(kind, key) if kind == "index" or (kind in held and held[kind]()) else ""

    def _turned(self, kind: str, key: str) -> str:
        other = next(one for one in Language if one is not self._language)
        return f"../{other.value}/{file_name(kind, key)}"

    # --- pages

    def pages(self) -> Iterator[tuple[str, bytes]]:
        """Name and content, the index first."""
        for kind, key, page in self._each():
            yield f"{self._language.value}/{file_name(kind, key)}", page.encode()

    def _each(self) -> Iterator[tuple[str, str, str]]:
        queries, now, site = self._queries, self._gateway.now, self._site
        yield "index", "", index_page(site, corridor_lines(queries, self._corridors, now))
        yield "overdue", "", overdue_page(site, self._late)
        for office in self._late:
            if office.office:
                yield "overdue", office.office, overdue_page(site, self._late, office.office)
        zones = zone_of(self._gateway, queries, now)
        for corridor, boards in self._boards.items():
            yield "statistics", corridor, statistics_page(site, statistics(queries, corridor, now, zones))
            for one in boards:
                key = corridor if one.page == 1 else f"{corridor}/{one.page}"
                marks = marks_of(queries, [row.mrn for row in one.rows]) if self._wanted.full else {}
                yield "board", key, board_page(site, one, marks)
            yield from self._movements([row.mrn for one in boards for row in one.rows])
            yield from self._guide(corridor)

    def _movements(self, mrns: Collection[str]) -> Iterator[tuple[str, str, str]]:
        for mrn in mrns:
            sheet = movement_sheet(self._queries, mrn)
            assert sheet is not None  # it stands on a board of this snapshot
            held = self._certificate(mrn)
            if held is not None:
                self._certificates[mrn] = held
                yield "certificate", mrn, certificate_page(self._site, held)
            if letter_due(sheet.movement, self._gateway.now):
                letter = letter_of(sheet, self._gateway.now, enquiry_answer(self._gateway, sheet.movement.corridor))
                assert letter is not None
                yield "letter", mrn, letter_page(self._site, letter)
            yield "movement", mrn, movement_page(self._site, sheet)

    def _certificate(self, mrn: str) -> Certificate | None:
        """None as well while the archive with its proof is not at hand: the other pages are written all the same."""
        try:
            return certificate(self._queries, mrn, self._gateway.name)
        except LocalError:
            return None

    def _guide(self, corridor: str) -> Iterator[tuple[str, str, str]]:
        messages = self._guides[corridor]
        if messages:
            for anchor, page in guide_pages(
                    self._gateway.corridors.named(corridor), messages, self._gateway.corridors.offices.values(),
                    self._language, lambda anchor: file_name("guide", f"{corridor}/{anchor}".rstrip("/")), _FIRST):
                yield "guide", f"{corridor}/{anchor}".rstrip("/"), page


def file_name(kind: str, key: str) -> str:
    """The file of a page: what a name may not hold on every file system is written as its number."""
    if kind == "index":
        return _FIRST
    safe = ".".join(_ODD.sub(lambda found: f"_{ord(found[0]):x}", part) for part in key.split("/"))
    return f"{kind}-{safe}.html" if safe else f"{kind}.html"
