"""`edi report`: every page of the corridors as a file, one folder per language, all of one moment.

A movement has a page when it stands on a board: the open ones, and of each corridor the latest that ended. References
and states only, unless all of it is asked for: a folder is carried away more easily than a ledger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.exchange.awaited import calendars_at
from gateway.exchange.site_names import enquiry_answer, site_names, zone_of
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
from gateway.reports.board import boards, corridor_lines
from gateway.reports.certificate import Certificate, certificate
from gateway.reports.letter import letter_due, letter_of
from gateway.reports.movement_sheet import MovementSheet, marks_of, movement_sheet
from gateway.reports.overdue_offices import overdue_by_office
from gateway.reports.statistics import statistics
from gateway.texts import Language

_ODD = re.compile(r"[^A-Za-z0-9-]")
_FIRST = "index.html"


class Wanted(Struct, frozen=True, kw_only=True):
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
        facts = _Facts(gateway, queries, wanted, late)
        folders = [_Folder(gateway, facts, wanted, language) for language in Language]
        for pages in zip(*(one.pages() for one in folders), strict=True):  # side by side: a sheet is read once for all
            yield from pages
    first = Language(gateway.settings.language)
    yield _FIRST, entry_page(first).encode()


class _Facts:
    """What the pages of every language say."""

    def __init__(self, gateway: Gateway, queries: Queries, wanted: Wanted, late: Sequence[Late]) -> None:
        self.gateway, self.queries = gateway, queries
        self.corridors = self._chosen(wanted.corridors)
        self.boards = {one: boards(queries, one, gateway.now) for one in self.corridors}
        self.written = {row.mrn for pages in self.boards.values() for page in pages for row in page.rows}
        only = self.corridors[0] if len(self.corridors) == 1 and wanted.corridors else None
        self.late = overdue_by_office(queries, self._concerned(late, wanted.corridors), gateway.now, only)
        self.guides = {one: wanted.guides(one) for one in self.corridors}
        self.zones = zone_of(gateway, queries, gateway.now)
        self.certified: set[str] = set()
        self._last: tuple[MovementSheet, Certificate | None] | None = None

    def _chosen(self, asked: Sequence[str]) -> list[str]:
        held = self.queries.corridors_held()
        for name in asked:
            if name not in held:
                self.gateway.corridors.named(name)
        return sorted(asked or {*site_names(self.gateway, Language.FRENCH).corridors, *held})

    def _concerned(self, late: Sequence[Late], asked: Sequence[str]) -> list[Late]:
        """Late matters that belong here: what is of no movement does where all corridors are written."""
        if not asked:
            return list(late)
        held = self.queries.movements_of(sorted({line.mrn for line in late if line.mrn is not None}))
        return [line for line in late if line.mrn in held and held[line.mrn].corridor in self.corridors]

    def of(self, mrn: str) -> tuple[MovementSheet, Certificate | None]:
        """The sheet of a movement, and its certificate. The last one is kept for the other language."""
        if self._last is None or self._last[0].movement.mrn != mrn:
            sheet = movement_sheet(self.queries, mrn)
            assert sheet is not None  # it stands on a board of this snapshot
            self._last = sheet, self._certificate(mrn)
            if self._last[1] is not None:
                self.certified.add(mrn)
        return self._last

    def _certificate(self, mrn: str) -> Certificate | None:
        """None as well while the archive with its proof is not at hand: the other pages are written all the same."""
        try:
            return certificate(self.queries, mrn, self.gateway.name)
        except LocalError:
            return None


class _Folder:
    """The pages of one language."""

    def __init__(self, gateway: Gateway, facts: _Facts, wanted: Wanted, language: Language) -> None:
        self._gateway, self._facts, self._wanted, self._language = gateway, facts, wanted, language
        names = site_names(gateway, language)
        self._site = Site(
            language=language, live=False, updated=gateway.now, expected=wanted.expected, link=self._link,
            turned=self._turned, full=wanted.full, gateway=gateway.name,
            zone=ZoneInfo(gateway.settings.time_zone), offices=names.offices, corridors=names.corridors,
            calls=names.calls)

    # --- addresses

    def _link(self, kind: str, key: str) -> str:
        facts = self._facts
        held: Mapping[str, Callable[[], bool]] = {
            "movement": lambda: key in facts.written, "certificate": lambda: key in facts.certified,
            "guide": lambda: bool(facts.guides.get(key)), "statistics": lambda: key in facts.corridors,
            "board": lambda: key.partition("/")[0] in facts.corridors, "letter": lambda: key in facts.written,
            "overdue": lambda: key == "" or any(one.office == key for one in facts.late)}
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
        facts, queries, now, site = self._facts, self._facts.queries, self._gateway.now, self._site
        yield "index", "", index_page(site, corridor_lines(queries, facts.corridors, now))
        yield "overdue", "", overdue_page(site, facts.late)
        for office in facts.late:
            if office.office:
                yield "overdue", office.office, overdue_page(site, facts.late, office.office)
        for corridor, pages in facts.boards.items():
            yield "statistics", corridor, statistics_page(site, statistics(queries, corridor, now, facts.zones))
            for one in pages:
                key = corridor if one.page == 1 else f"{corridor}/{one.page}"
                marks = marks_of(queries, [row.mrn for row in one.rows]) if self._wanted.full else {}
                yield "board", key, board_page(site, one, marks)
            yield from self._movements([row.mrn for one in pages for row in one.rows])
            yield from self._guide(corridor)

    def _movements(self, mrns: Collection[str]) -> Iterator[tuple[str, str, str]]:
        for mrn in mrns:
            sheet, held = self._facts.of(mrn)
            if held is not None:
                yield "certificate", mrn, certificate_page(self._site, held)
            if letter_due(sheet.movement, self._gateway.now):
                letter = letter_of(sheet, self._gateway.now, enquiry_answer(self._gateway, sheet.movement.corridor))
                assert letter is not None
                yield "letter", mrn, letter_page(self._site, letter)
            yield "movement", mrn, movement_page(self._site, sheet)

    def _guide(self, corridor: str) -> Iterator[tuple[str, str, str]]:
        messages = self._facts.guides[corridor]
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
