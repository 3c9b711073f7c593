"""Are the pages of the corridors sound HTML in both languages, well set, silent on what they may not say, and safe?"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from tinyhtml5.parser import HTMLParser as Strict

from gateway.exchange.report_pages import file_name
from gateway.ledger.rows import Movement
from gateway.pages.engine import policy, printed
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
from gateway.pages.typography import Typography
from gateway.pages.wording import Tag, flag_words, movement_tag
from gateway.reports import Late
from gateway.reports.board import Board, BoardRow, CorridorLine
from gateway.reports.certificate import Certificate, Proof
from gateway.reports.letter import letter_of
from gateway.reports.movement_sheet import AnsweredMessage, Cargo, EventLine, MovementSheet, Reason
from gateway.reports.offices_line import Happening, Stop
from gateway.reports.overdue_offices import OfficeOverdue, OverdueRow
from gateway.reports.statistics import Rejections, Statistics, Week
from gateway.texts import Language

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
EVIL = "\"><script>alert(1)</script>'\N{RIGHT-TO-LEFT OVERRIDE}"
MOVEMENT = Movement(
    mrn="26TGLPLT0000204177", key=EVIL, administration="TGOTR", corridor="tg-ml", role="departure",
    departure="TGLPL", destination="MLBKO", time_limit=date(2026, 11, 20), due=NOW - timedelta(hours=3), timer="limit",
    state="EN-ROUTE", flags="OVERDUE NO-ANSWER-FROM:MLDGD UNHEARD-OF", next_action="enquire", who="MLDGD",
    at=NOW - timedelta(days=9), changed=NOW)
LINE = (Stop(code="TGLPL", name="", role="departure", planned=None, passing="passed",
             happened=(Happening(word="RELEASED", at=NOW - timedelta(days=9), by=""),)),
        Stop(code="TGCKS", name=EVIL, role="exit", planned=None, passing="missing"),
        Stop(code="MLBKO", name="Bamako", role="destination", planned=date(2026, 11, 20), passing="next"))
CARGO = Cargo(vehicles=("TG 2317 BK",), equipment=("TGHU7654314",), seals=("TGCUS0012",), packages=1650,
              traders=(("principal", EVIL),), goods=((1, "8517130000", EVIL),), gross_mass="41250.5")
SHEET = MovementSheet(
    movement=MOVEMENT, transit_type="T1", line=LINE, cargo=CARGO, steps=(),
    messages=(AnsweredMessage(reference="TG0000000001-1", partner="MLDGD", direction="out", type="CUSDEC",
                              word="original", made=NOW, receipt=NOW, contrl="7", contrl_at=NOW,
                              state="ANSWERED-REJECTED"),
              AnsweredMessage(reference="", partner="MLDGD", direction="in", type="CUSRES", word="ARRIVED+CONTROL",
                              made=NOW, receipt=None, contrl=None, contrl_at=None, state="HELD")),
    events=(EventLine(word="CROSS-IN", happened=None, by="BFDGD", reference=EVIL, office="", remark=EVIL),),
    reasons=(Reason(by="MLDGD", rule="COR0214", texts={"EN": EVIL}), Reason(by="MLDGD", rule="COR0215", texts={})))
ROW = BoardRow(mrn=MOVEMENT.mrn, national_key=EVIL, role="departure", departure="TGLPL", destination="MLBKO",
               state="EN-ROUTE", flags=MOVEMENT.flags, next="chase", who="MLDGD", changed=NOW, due=NOW, timer="limit",
               late=True)
LATE = Late(kind="movement", what="EN-ROUTE", reference=MOVEMENT.mrn, mrn=MOVEMENT.mrn, partner="MLDGD", since=NOW,
            due=NOW - timedelta(hours=50), next="enquire", alarm=NOW)
EXCUSED = Late(kind="cusres", what="cusres", reference=EVIL, mrn=None, partner="MLDGD", since=NOW, due=NOW,
               next="wait", alarm=NOW, standing="excused", left=timedelta(hours=9))
OVERDUE = (OfficeOverdue(office="TGLPL", rows=(OverdueRow(late=LATE, movement=MOVEMENT, age=timedelta(hours=50)),)),
           OfficeOverdue(office="", rows=(OverdueRow(late=EXCUSED, movement=None, age=timedelta()),)))
CERTIFICATE = Certificate(
    movement=MOVEMENT, transit_type="T1", declared=NOW, arrived=NOW, controlled=NOW, control_result="A2",
    discharged=NOW, by="MLDGD", office="MLBKO", reference=EVIL, guarantees=(EVIL,), proof=Proof(
        signer="MLDGD", signed_at=NOW, message_id="<1@MLDGD>", sequence=7, mic="0" * 64, signature_digest="1" * 64,
        certificate_sha256="2" * 64))
STATISTICS = Statistics(
    corridor="tg-ml", since=NOW - timedelta(weeks=12), until=NOW, weeks=(Week(starts=date(2026, 11, 23), count=12345),),
    sampled=2000, arrived=1500, median=timedelta(days=5, hours=3), p90=timedelta(hours=40), limited=1000, in_time=953,
    rejected=1, rejections=(Rejections(rule="COR0214", count=1),))
EMPTY = Statistics(corridor="tg-ml", since=NOW, until=NOW, weeks=(), sampled=0, arrived=0, median=None, p90=None,
                   limited=0, in_time=0, rejected=0, rejections=())


def site(language: Language, **changes: Any) -> Site:
    return Site(**{"language": language, "live": False, "updated": NOW, "expected": NOW, "link": file_name,
                   "turned": lambda kind, key: f"../x/{file_name(kind, key)}", "gateway": "TGOTR",
                   "offices": {"TGLPL": "Lomé Port"}, "corridors": {"tg-ml": EVIL}, "calls": {"MLDGD": EVIL},
                   **changes})


def the_letter(one: Site) -> str:
    letter = letter_of(SHEET, NOW)
    assert letter is not None
    return letter_page(one, letter)


PAGES: dict[str, Callable[[Site], str]] = {
    "index": lambda one: index_page(one, [CorridorLine(corridor="tg-ml", open=3, late=2, urgent=1)]),
    "no index": lambda one: index_page(one, []),
    "board": lambda one: board_page(one, Board(corridor="tg-ml", page=2, pages=9, open=850, late=2, rows=(ROW,)),
                                    {ROW.mrn: EVIL}),
    "no board": lambda one: board_page(one, Board(corridor="tg-ml", page=1, pages=1, open=0, late=0, rows=())),
    "movement": lambda one: movement_page(one, SHEET),
    "overdue": lambda one: overdue_page(one, OVERDUE), "office": lambda one: overdue_page(one, OVERDUE, "TGLPL"),
    "not overdue": lambda one: overdue_page(one, ()),
    "statistics": lambda one: statistics_page(one, STATISTICS),
    "no statistics": lambda one: statistics_page(one, EMPTY),
    "certificate": lambda one: certificate_page(one, CERTIFICATE),
    "letter": the_letter, "entry": lambda one: entry_page(one.language)}
LIVE = {"live": True, "token": "t0ken", "person": "Afi Mensah", "may": lambda act, corridor: True}


class Text(HTMLParser):
    """What a reader reads: text without styles; and every attribute that a page uses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.skipped, self.attributes, self.tags = "", False, set[str](), set[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipped = tag == "style"
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        self.skipped = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self.skipped else data


def parsing_faults(page: str) -> list[Any]:
    parser = Strict()
    parser.parse(page)
    return [one for one in parser.errors if "self-closing" not in one[1]]


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound_html_whatever_partners_wrote(name: str, language: Language, live: bool) -> None:
    page = PAGES[name](site(language, full=True, **(LIVE if live else {})))
    assert parsing_faults(page) == []
    seen = Text(page)
    assert "script" not in seen.tags
    assert not {one for one in seen.attributes if one.startswith("on")} | ({"style"} & seen.attributes)
    assert page.count("<h1") == 1
    assert len(re.findall(r' id="([^"]+)"', page)) == len(set(re.findall(r' id="([^"]+)"', page)))
    assert "{" not in seen.text and "site." not in seen.text  # a sentence or a value that is missing shows its name


def test_what_is_no_sound_html_would_be_noticed() -> None:
    faults = parsing_faults("<!DOCTYPE html><title>x</title><p><div></p>")
    assert "unexpected-end-tag" in [code for _, code, _ in faults]


@pytest.mark.parametrize("name", PAGES)
def test_french_never_parts_a_mark_from_its_word_and_english_has_none(name: str) -> None:
    def text(language: Language) -> str:
        return Text(PAGES[name](site(language, corridors={}, calls={}))).text.replace(EVIL, "")

    assert re.findall(r".{0,30} [;:!?»].{0,10}|.{0,10}« .{0,30}", text(Language.FRENCH)) == []
    assert re.findall(r".{0,30}\s[;:!?].{0,10}", text(Language.ENGLISH)) == []


@pytest.mark.parametrize("name", PAGES)
def test_without_all_of_it_no_name_plate_container_seal_or_goods_is_told(name: str) -> None:
    page = PAGES[name](site(Language.FRENCH))
    assert [one for one in ("TG 2317 BK", "TGHU7654314", "TGCUS0012", "8517130000", "41250") if one in page] == []
    if name == "movement":
        full = PAGES[name](site(Language.FRENCH, full=True))
        assert all(one in full for one in ("TG 2317 BK", "TGHU7654314", "TGCUS0012", "8517130000"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_a_folder_has_no_form_and_names_its_policy(name: str) -> None:
    page = PAGES[name](site(Language.FRENCH))
    assert "<form" not in page
    told = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[0].replace("&#39;", "'")
    assert told.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'none'" in told
    assert set(re.findall(r"sha256-[^']+", told)) == set(re.findall(r"sha256-[^']+", policy(page)))


def test_a_live_page_offers_what_the_person_may_do_and_nothing_else() -> None:
    def may(act: str, corridor: str) -> bool:
        return (act, corridor) == ("chase", "tg-ml")

    board = PAGES["board"](site(Language.FRENCH, **{**LIVE, "may": may}))
    assert board.count('name="token" value="t0ken"') == board.count('method="post"')
    assert "Relancer 26TGLPLT0000204177" in board and "act-chase.26TGLPLT0000204177.html" in board
    nobody = PAGES["board"](site(Language.FRENCH, **{**LIVE, "may": lambda act, corridor: False}))
    assert "act-chase" not in nobody
    assert policy(board).endswith("frame-ancestors 'none'") and "form-action 'self'" in policy(board)


def test_a_title_begins_with_the_fact() -> None:
    def title(name: str, language: Language) -> str:
        found = re.search("<title>(.*?)</title>", PAGES[name](site(language, corridors={"tg-ml": "Togo–Mali"})))
        assert found is not None
        return found[1]

    assert title("board", Language.FRENCH) == "2 en retard — Couloir Togo–Mali — Passerelle EDI"
    assert title("no board", Language.ENGLISH) == "Nothing late — Corridor Togo–Mali — EDI gateway"
    assert title("movement", Language.FRENCH) == "En retard — Titre 26TGLPLT0000204177 — Passerelle EDI"


def test_dates_times_and_numbers_are_set_as_each_language_has_them() -> None:
    french, english = Typography(Language.FRENCH, timezone(timedelta(hours=1))), Typography(Language.ENGLISH)
    said = [french.long_day(date(2026, 3, 1)), french.day(date(2026, 11, 23)), french.moment(NOW),
            french.long_moment(NOW), french.number("1234567.5"), french.number(1650), french.percent(953, 1000),
            french.lasting(timedelta(days=2, hours=5, minutes=9)), french.lasting(timedelta(minutes=5)),
            french.moment(None), french.percent(0, 0)]
    assert [one.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", "_") for one in said] == [
        "1er mars 2026", "23/11/2026", "23/11/2026 15 h 05 (TU+1)", "23 novembre 2026 à 15 h 05 (TU+1)", "1_234_567,5",
        "1650", "95_%", "2 j 5 h", "5 min", "N/A", "N/A"]
    assert [one.replace("\N{NO-BREAK SPACE}", " ") for one in (
        english.long_moment(NOW), english.day(NOW), english.number(Decimal("26500.000")), english.percent(1, 3))] == [
        "23 November 2026 at 14:05 (UTC)", "23 Nov 2026", "26\N{NARROW NO-BREAK SPACE}500.000", "33%"]
    assert printed("Mis à jour : « x »", Language.FRENCH) == (
        "Mis à jour\N{NARROW NO-BREAK SPACE}: «\N{NO-BREAK SPACE}x\N{NO-BREAK SPACE}»")


def test_what_waits_wears_a_tag_and_what_is_finished_is_plain() -> None:
    french = Language.FRENCH
    assert movement_tag("EN-ROUTE", "OVERDUE", french) == Tag("En retard", "late", "En route")
    assert movement_tag("SENT", "OVERDUE REJECTED-BY:MLDGD", french) == Tag("Rejeté", "error", "Envoyé")
    assert movement_tag("CLOSED", "OVERDUE", french, late=True) == Tag("Apuré", "plain")
    assert flag_words("REJECTED-BY:BFDGD REJECTED-BY:MLDGD OVERDUE", french) == [
        "Rejeté par\N{NARROW NO-BREAK SPACE}: BFDGD, MLDGD"]


def test_a_file_name_is_good_on_every_file_system_and_never_that_of_another_page() -> None:
    assert [file_name(*one) for one in (("index", ""), ("overdue", ""), ("board", "tg-ml"), ("board", "tg-ml/2"),
                                        ("movement", "26/TG.É"))] == [
        "index.html", "overdue.html", "board-tg-ml.html", "board-tg-ml.2.html", "movement-26.TG_2e_c9.html"]
