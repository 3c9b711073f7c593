"""Can everybody read the pages of the corridors: by eye, by ear, by keyboard, on a telephone, on paper, from a stick?

The pages are those that `edi report` writes after the story of the demonstration, thirty days on, when what is open
is late; beside them a board of a hundred rows with every state that there is. Chromium opens them from files.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.guides import guide_messages
from gateway.exchange.report_pages import Wanted, file_name, report_pages
from gateway.pages.site import Site, board_page
from gateway.reports.board import PAGE, Board, BoardRow
from gateway.texts import Language
from gateway.transit.states import TABLES
from tests.tools.browsing import cells, chromium, keyboard_walk, printed, violations

ROOT = Path(__file__).parents[2]
LATER = timedelta(days=30)
BUDGET, REQUESTS = 30_000, 3
DRAWN = ("color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block", "meta-viewport")
"""Rules whose answer depends on theme and width; the others are asked once for each page."""
WIDTHS = (1280, 360)
THEMES = ("light", "dark")
KINDS = ("index", "overdue", "board", "statistics", "movement", "certificate", "letter", "guide")

_STORY = "import sys; from gateway.demo.story import run; sys.exit(run(['--dir', sys.argv[1], '--lang', 'fr']))"

pytestmark = [pytest.mark.timeout(300), pytest.mark.needs_chromium]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `edi report` writes, and a full board for each language."""
    root = tmp_path_factory.mktemp("story")
    told = subprocess.run([sys.executable, "-c", _STORY, str(root / "demo")],
                          cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert told.returncode == 0, told.stdout.decode() + told.stderr.decode()
    out, now = root / "out", datetime.now(UTC).replace(microsecond=0) + LATER
    with open_gateway(root / "demo" / "togo" / "settings.yaml", now) as gateway:
        wanted = Wanted(full=True, corridors=("tg-ml",), expected=now + timedelta(minutes=15), guides=lambda name:
                        guide_messages(gateway.corridors.named(name), gateway.search, gateway.versions)[1:2])
        for name, content in report_pages(gateway, wanted):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(content)
    for language in Language:
        for name, rows in (("full", PAGE), ("some", 30)):
            (out / language.value / f"board-{name}.html").write_text(made_board(language, now, name, rows), "utf-8")
    return out


def made_board(language: Language, now: datetime, name: str, many: int) -> str:
    """Rows with every state of every role among them, late and not, with every next action."""
    states = [(role, state) for role, lines in TABLES.items() for state, _ in lines]
    steps = ("correct", "decide", "record", "examine", "call", "enquire", "chase", "resend", "wait", "none")
    flags = ("", "OVERDUE", "REJECTED-BY:BFDGD REJECTED-BY:MLDGD", "CONFLICT DIVERTED", "NO-ANSWER-FROM:MLDGD TIME-ODD")
    rows = tuple(BoardRow(
        mrn=f"26TGLPLT{number:010d}", national_key=f"TGLPL/2026/T/{20000 + number}", departure="TGLPL",
        role=states[number % len(states)][0], destination="MLBKO", state=states[number % len(states)][1],
        flags=flags[number % len(flags)], next=steps[number % len(steps)], who=("", "MLDGD")[number % 2],
        changed=now - timedelta(minutes=number), due=now, timer="limit", late=number % 7 == 0)
        for number in range(many))
    site = Site(language=language, live=False, updated=now, expected=None, link=file_name, gateway="TGOTR",
                turned=lambda kind, key: f"../{'en' if language is Language.FRENCH else 'fr'}/board-{name}.html")
    return board_page(site, Board(corridor=name, page=3, pages=9, open=850, late=15, rows=rows))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


def pages(folder: Path, language: str) -> list[Path]:
    """Every page but the board of a hundred rows, which takes axe long and shows nothing that thirty do not."""
    return [path for path in sorted((folder / language).iterdir()) if path.name != "board-full.html"]


def test_every_kind_of_page_is_among_them(folder: Path) -> None:
    for language in ("fr", "en"):
        held = {path.name for path in pages(folder, language)}
        assert {kind for kind in KINDS if any(name.startswith(kind) for name in held)} == set(KINDS)
        assert len(held) == 14
        assert any(name.startswith("overdue-TGLPL") for name in held)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nobody_is_kept_out_in_any_theme_at_any_width(browser: Any, folder: Path, language: str) -> None:
    """axe finds nothing, and the page never has to be scrolled sideways."""
    found: dict[tuple[object, ...], list[tuple[str, list[str]]]] = {}
    page = browser.new_page()
    for path in pages(folder, language):
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.goto(path.as_uri())
        found[path.name, "all"] = violations(page)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found[path.name, theme, width] = violations(page, *DRAWN)
                assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (path.name, width)
                background = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
                assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 20, 23)"}[theme]
    page.close()
    assert {where: told for where, told in found.items() if told} == {}


def test_what_keeps_somebody_out_would_be_noticed(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(
        "<html><body><h4 style='color:#ccc;background:#fff'>pale words</h4><img src='data:,'>", "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "bad.html").as_uri())
    assert {"color-contrast"} <= {rule for rule, _ in violations(page, *DRAWN)}
    assert {"image-alt", "html-has-lang"} <= {rule for rule, _ in violations(page)}
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(browser: Any, folder: Path,
                                                                         width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path in pages(folder, "fr"):
        page.goto(path.as_uri())
        stops, wanted = keyboard_walk(page)
        assert [stop.number for stop in stops] == wanted, path.name
        assert stops[0].name == "Aller au contenu"
        assert [stop for stop in stops if not (stop.seen and stop.ring)] == []
    page.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_is_light_fetches_nothing_and_breaks_no_rule_of_its_own(browser: Any, folder: Path,
                                                                       language: str) -> None:
    page = browser.new_page()
    requests: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    for path in [*pages(folder, language), folder / language / "board-full.html"]:
        requests.clear()
        page.goto(path.as_uri())
        assert len(requests) <= REQUESTS and requests == [path.as_uri()]
        assert len(gzip.compress(path.read_bytes())) <= BUDGET, path.name
        assert page.evaluate("() => document.scripts.length") == 0
        assert page.evaluate("() => document.documentElement.lang") == language
        assert page.evaluate("() => document.querySelectorAll('h1').length") == 1
    page.close()
    assert said == []  # a style that the policy does not know would be told here


def test_every_link_leads_to_a_page_of_the_folder(browser: Any, folder: Path) -> None:
    page = browser.new_page()
    for path in [folder / "index.html", *(one for language in ("fr", "en") for one in pages(folder, language)
                                          if not one.name.startswith("board-some"))]:
        page.goto(path.as_uri())
        for address in page.evaluate("() => [...document.links].map(one => one.href)"):
            target, _, part = address.removeprefix("file://").partition("#")
            assert Path(target).is_file(), (path.name, address)
            assert not part or f'id="{part}"' in Path(target).read_text("utf-8"), (path.name, address)
    page.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_is_cut_on_paper_and_each_sheet_says_whose_it_is(browser: Any, folder: Path, language: str,
                                                                 tmp_path: Path) -> None:
    page = browser.new_page()
    for path in pages(folder, language):
        if path.name.startswith("guide"):
            continue  # the guide's own tests print it
        page.goto(path.as_uri())
        page.emulate_media(media="print")
        wanted = cells(page)
        sheets = printed(page, tmp_path)
        page.emulate_media(media="screen")
        assert sheets.outside == (), path.name
        assert [cell for cell in wanted if cell not in sheets.text] == [], path.name
        for number, sheet in enumerate(sheets.sheets, 1):
            last = sheet.rstrip().splitlines()[-1]
            assert "TGOTR" in last and last.replace(" ", "").endswith(f"{number}/{len(sheets.sheets)}"), \
                (path.name, last)
            assert "(TU)" in last if language == "fr" else "(UTC)" in last
        if path.name.startswith(("movement-", "certificate-", "letter-")):
            assert all(path.stem.partition("-")[2] in sheet.rstrip().splitlines()[-1] for sheet in sheets.sheets)
    page.close()


def test_what_is_cut_on_paper_would_be_noticed(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "wide.html").write_text(
        "<!DOCTYPE html><style>@page{size:A4;margin:14mm}div{overflow:hidden;width:100%}</style>"
        "<div><table><tr><td><p style='width:900px'>x</p><td>lost</table></div>", "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "wide.html").as_uri())
    sheets = printed(page, tmp_path)
    assert [cell for cell in cells(page) if cell not in sheets.text] == ["lost"] or "lost" in sheets.outside
    page.close()


def test_a_tag_has_a_border_where_colours_are_forced(browser: Any, folder: Path) -> None:
    page = browser.new_page()
    page.emulate_media(forced_colors="active")
    page.goto((folder / "fr" / "board-full.html").as_uri())
    width, colour = page.evaluate("() => { const style = getComputedStyle(document.querySelector('.tag')); "
                                  "return [style.borderTopWidth, style.borderTopColor]; }")
    page.close()
    assert width == "1px"
    assert colour.startswith("rgb(")  # transparent would be rgba(0, 0, 0, 0)
