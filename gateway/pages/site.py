"""The pages of the corridors: index, board, movement, overdue list, statistics, certificate, letter.

One set of templates for files in a folder and for a server. What differs stands in `Site`: how a page is addressed,
whether forms are there, who reads. Pages hold no script and fetch nothing; every text of a partner is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct, field

from gateway.pages.engine import printed, render, render_site
from gateway.pages.typography import Typography
from gateway.pages.wording import flag_words, life_tag, movement_tag, step_words, word
from gateway.reports.board import Board, CorridorLine
from gateway.reports.certificate import Certificate
from gateway.reports.letter import EnquiryLetter, letter_due
from gateway.reports.movement_sheet import MovementSheet
from gateway.reports.overdue_offices import OfficeOverdue
from gateway.reports.statistics import Statistics
from gateway.texts import Language, count, say


def _nothing(kind: str, key: str) -> str:
    return ""


def _no_formats(kind: str, key: str) -> Mapping[str, str]:
    return {}


def _nobody(act: str, corridor: str) -> bool:
    return False


class Site(Struct, frozen=True, kw_only=True):
    """What all pages of one site and one reader have in common.

    live        a server: forms and what a person may do; else files in a folder
    updated     when what the pages say was read; expected: before when the next writing is expected, None without
    link        kind and key of a page -> its address, relative or not; "" where there is no such page: then it is
                not linked. Kinds: index (""), board (corridor, or corridor/page), movement, certificate, letter (MRN),
                overdue ("" or an office), statistics, guide (corridor). Live ones besides: search (""), login (""),
                logout (""), theme (""), act (act/reference)
    turned      the same for the page in the other language
    formats     kind and key -> what the same page is called otherwise: csv, json, excel -> address; live only
    person      who reads; None where nobody said
    token       what a form proves with that it came from our own page, in its field ``token``
    may         act and corridor -> whether the person may: chase, resend, close, ask, confirm
    theme       system, light or dark
    full        names of traders, plates, containers, seals and goods are shown; else references and states only
    gateway     our own id; zone: in which instants are told
    offices, corridors   code -> name, in the language of the site
    calls       partner -> whom to call there
    help        whom to ask about these pages; "" for nobody
    """

    language: Language
    live: bool
    updated: datetime
    expected: datetime | None
    link: Callable[[str, str], str]
    turned: Callable[[str, str], str] = _nothing
    formats: Callable[[str, str], Mapping[str, str]] = _no_formats
    person: str | None = None
    token: str = ""
    may: Callable[[str, str], bool] = _nobody
    theme: str = "system"
    full: bool = False
    gateway: str = ""
    zone: tzinfo = UTC
    offices: Mapping[str, str] = field(default_factory=dict)
    corridors: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)
    help: str = ""


def index_page(site: Site, lines: Sequence[CorridorLine]) -> str:
    """The corridors, each with how many movements are open and late."""
    late = sum(line.late for line in lines)
    return framed(site, "site_index.html", "index", "", title=_fact(site, late, "index.title"), lines=lines)


def board_page(site: Site, board: Board, marks: Mapping[str, str] | None = None) -> str:
    """One page of a corridor's board. marks: MRN -> truck and containers, which a browser's own search then finds."""
    key = board.corridor if board.page == 1 else f"{board.corridor}/{board.page}"
    return framed(site, "site_board.html", "board", key, board=board, marks=marks or {},
                  title=_fact(site, board.late, "board.title", corridor=corridor_name(site, board.corridor)))


def movement_page(site: Site, sheet: MovementSheet) -> str:
    """The sheet of one movement."""
    movement = sheet.movement
    tag = movement_tag(movement.state, movement.flags, site.language,
                       late=movement.due is not None and movement.due <= site.updated)
    return framed(site, "site_movement.html", "movement", movement.mrn, sheet=sheet, movement=movement, shown=tag,
                 letter=letter_due(movement, site.updated), reference=movement.mrn,
                 title=_t(site)("movement.title", state=tag.text, mrn=movement.mrn))


def overdue_page(site: Site, offices: Sequence[OfficeOverdue], office: str = "") -> str:
    """What is late, by office and age; office: the page of that one alone."""
    shown = [one for one in offices if one.office == office] if office else offices
    number = sum(row.late.standing == "late" for one in shown for row in one.rows)
    return framed(site, "site_overdue.html", "overdue", office, offices=shown, letter_due=letter_due,
                 reference=office, title=_fact(site, number, "overdue.title"))


def statistics_page(site: Site, figures: Statistics) -> str:
    """The figures of a corridor, as bars and as tables."""
    return framed(site, "site_statistics.html", "statistics", figures.corridor, figures=figures,
                 highest=max((week.count for week in figures.weeks), default=0),
                 most=max((one.count for one in figures.rejections), default=0),
                 title=_t(site)("statistics.title", corridor=corridor_name(site, figures.corridor)))


def certificate_page(site: Site, certificate: Certificate) -> str:
    """The discharge certificate, for paper first."""
    mrn = certificate.movement.mrn
    return framed(site, "site_certificate.html", "certificate", mrn, certificate=certificate,
                 movement=certificate.movement, reference=mrn, title=_t(site)("certificate.title", mrn=mrn))


def letter_page(site: Site, letter: EnquiryLetter) -> str:
    """The enquiry letter, for paper first."""
    mrn = letter.movement.mrn
    return framed(site, "site_letter.html", "letter", mrn, letter=letter, movement=letter.movement, reference=mrn,
                 title=_t(site)("letter.title", mrn=mrn))


def entry_page(language: Language) -> str:
    """The first page of a folder: a link to the index of each language, that of `language` first."""
    def t(key: str, /, **values: object) -> str:
        return printed(say(f"site.{key}", language, **values), language)

    return render("site_entry.html", language, t, first=language.value)


def corridor_name(site: Site, corridor: str) -> str:
    """A corridor's name; one without a file any more goes by its identifier."""
    return site.corridors.get(corridor, corridor)


def office_name(site: Site, code: str) -> str:
    """An office's name; one that nobody named goes by its code."""
    return site.offices.get(code, code)


def _t(site: Site) -> Callable[..., str]:
    def t(key: str, /, **values: object) -> str:
        return printed(say(f"site.{key}", site.language, **values), site.language)
    return t


def _fact(site: Site, late: int, key: str, **values: object) -> str:
    """A title that begins with the fact: 3 late - …"""
    fact = count("site.late", late, site.language) if late else say("site.nothing_late", site.language)
    return printed(say(f"site.{key}", site.language, fact=fact, **values), site.language)


def framed(site: Site, template: str, kind: str, key: str, *, title: str, reference: str = "",
          **values: object) -> str:
    """A page in the frame of the site. kind, key: whose address it has; reference: stands at the foot of its sheets."""
    language = site.language
    other = Language.ENGLISH if language is Language.FRENCH else Language.FRENCH
    read = Typography(language, site.zone)
    at = f"{site.gateway} {read.moment(site.updated)}".strip()
    return render_site(
        template, language, _t(site), [part for part in (reference, at) if part], site=site, kind=kind, key=key,
        title=title, other=other.value,
        type=read, corridor_name=lambda code: corridor_name(site, code),
        office_name=lambda code: office_name(site, code),
        n=lambda key, number, **more: printed(count(f"site.{key}", number, language, **more), language),
        tag_of=lambda state, flags, late=False: movement_tag(state, flags, language, late=late),
        life_of=lambda state: life_tag(state, language), flags_of=lambda flags: flag_words(flags, language),
        step_of=lambda code, who: step_words(code, who, language), word_of=lambda code: word(code, language), **values)
