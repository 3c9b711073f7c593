"""Can everybody read the annex of an agreement: by eye, by ear, on a telephone, on paper, in one language or both?"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping import load_corridors, search_path
from gateway.pages import pdf
from gateway.pages.annex import annex_page
from gateway.reports.annex import Annex, AnnexPart, Lasting, Named, Said
from gateway.texts import Language
from tests.tools.browsing import chromium, printed, violations
from tests.tools.npm import lacking

LANGUAGES = {"fr": (Language.FRENCH,), "en": (Language.ENGLISH,), "both": tuple(Language)}
WIDTHS, THEMES = (1280, 360), ("light", "dark")
DRAWN = ("color-contrast", "target-size", "scrollable-region-focusable")
"""Rules whose answer depends on theme and width; the others are asked once for each page."""

pytestmark = [pytest.mark.timeout(120), pytest.mark.needs_chromium]


def made() -> Annex:
    """An annex with the widest of everything: names of mappings, digests, addresses, keys, fingerprints."""
    corridor = load_corridors(search_path()).named("tg-ml")
    late = Said("annex.with_grace", {"time": Lasting(timedelta(hours=4)), "grace": Lasting(timedelta(minutes=90))})
    return Annex(ours="TGOTR", partner="MLDGD", reference="TG-ML-2026-01", environment="production",
                 made=datetime(2026, 11, 27, 9, 30, tzinfo=UTC), parts=[
        AnnexPart(name="parties", columns=("what", "one", "other"), rows=[
            (Said("annex.row.name"), Named("Douanes togolaises", "Togo customs"), Said("annex.to_fill_in")),
            (Said("annex.row.contact"), "Kofi Mensah, +228 00 00 00 00, desk@customs.example", "Awa Traoré")]),
        AnnexPart(name="messages", columns=("corridor", "message", "mapping", "version", "digest"), rows=[
            (corridor.identifier, str(one.message), one.identifier, one.version, one.digest)
            for one in list(corridor.mappings())[:4]]),
        AnnexPart(name="mailboxes", columns=("direction", "address", "whole", "host_keys"), rows=[
            ("TGOTR → MLDGD", "sftp://tgotr@exchange.transit.customs.example:2222/boxes/of/partners/TGOTR/v1/in",
             "rename", "SHA256:mKqU+0K8OhKmA8bBQi9Rz0Q5l7/g160hIP+rJYSTNj4")]),
        AnnexPart(name="times", columns=("what", "time"), rows=[(Said("annex.row.receipt"), late)]),
        AnnexPart(name="certificates", columns=("administration", "use", "fingerprint", "from", "until"), rows=[
            ("TGOTR", Said("use.signing"), "6C32 64B7 2004 8A98 1341 D4CE 905B 01E1", "2026-11-27", "2028-11-26")]),
        AnnexPart(name="keeping", columns=("what", "time"), rows=[
            (Said("annex.row.quarantine"), Lasting(timedelta(days=90)))])])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("annex")
    for name, languages in LANGUAGES.items():
        (folder / f"{name}.html").write_text(annex_page(made(), languages), "utf-8")
    return {name: folder / f"{name}.html" for name in LANGUAGES}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("name", LANGUAGES)
def test_nobody_is_kept_out_and_nothing_is_scrolled_sideways(browser: Any, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page()
    page.goto(pages[name].as_uri())
    rules: tuple[str, ...] = ()  # all of them, the first time
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert violations(page, *rules) == [], (theme, width)
            rules = DRAWN
            assert page.evaluate("() => document.documentElement.scrollWidth") == width
    page.close()


def test_a_row_is_a_card_on_a_telephone_whose_cells_are_named(browser: Any, pages: dict[str, Path]) -> None:
    """Digests keep a width at which two people can compare them; a column that is not seen is still said."""
    page = browser.new_page(viewport={"width": 360, "height": 900})
    page.goto(pages["fr"].as_uri())
    narrow = page.evaluate("() => [...document.querySelectorAll('.digest')].map(one => one.clientWidth)")
    assert min(narrow) > 250
    named = page.evaluate("() => getComputedStyle(document.querySelector('.digest'), '::before').content")
    assert named == '"Empreinte (SHA-256)"'
    assert page.locator("table").first.aria_snapshot().count("rowheader") == 2
    page.close()


@pytest.mark.parametrize("name", ["fr", "both"])
def test_every_word_is_on_paper_and_each_sheet_says_whose_it_is(browser: Any, pages: dict[str, Path], name: str,
                                                                tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(pages[name].as_uri())
    page.emulate_media(media="print")
    wanted = words_of(page)
    sheets = printed(page, tmp_path)
    page.close()
    assert sheets.outside == ()
    assert [one for one in wanted if one not in sheets.text] == []
    foot = "MLDGD – TGOTR · TG-ML-2026-01 · 2026-11-27"
    assert [foot in sheet for sheet in sheets.sheets] == [True] * len(sheets.sheets)


def test_the_pdf_that_the_command_makes_holds_every_word(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    reader = shutil.which("pdftotext")
    if reader is None:
        lacking("pdftotext is needed (apt-get install poppler-utils)")
    page = browser.new_page()
    page.goto(pages["both"].as_uri())
    wanted = words_of(page)
    page.close()
    (tmp_path / "annex.pdf").write_bytes(pdf(pages["both"].read_text("utf-8")))
    read = subprocess.run([reader, "-raw", str(tmp_path / "annex.pdf"), "-"], check=True, capture_output=True,
                          timeout=60).stdout.decode()
    text = re.sub(r"\s", "", read)
    assert [one for one in wanted if one not in text] == []
    assert "MLDGD–TGOTR·TG-ML-2026-01·2026-11-27" in text


def words_of(page: Any) -> list[str]:
    """What has to be on paper: headings, introductions, cells, and the places for signatures, without any blank."""
    found = page.evaluate("() => [...document.querySelectorAll('h1, h2, p, th, td')].map(one => one.innerText)")
    words = [re.sub(r"\s", "", one) for one in found]
    assert not any("{" in one for one in words)
    return words
