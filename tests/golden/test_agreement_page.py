"""Does an agreement come about as the page for those who negotiate it tells it, in both languages?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from unittest import mock

import pytest

from gateway.config import load_settings
from tests.tools.played import ROOT, Played, blocks, play, unlike

PAGES = {"en": ROOT / "gateway/docs/en/agreement.md", "fr": ROOT / "gateway/docs/fr/accord.md"}
PARTS = ROOT / "gateway/exchange/annex.py"


@pytest.fixture(scope="module", params=sorted(PAGES))
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with mock.patch("gateway.cli.map_life._RECORDS", 5):  # what proves a mapping is the matter of other tests
        yield play(PAGES[request.param], tmp_path_factory.mktemp("agreement"), request.param,
                   datetime(2026, 11, 24, 9, tzinfo=UTC))


def test_every_command_ends_as_the_page_says_and_shows_what_it_says(page: Played) -> None:
    assert {line: (status, typed.shown) for typed in page.typed for line, status in typed.failed.items()} == {}
    assert {block.line: (found, typed.shown) for block, typed in page.expected
            if (found := unlike(block.text, typed.shown))} == {}


def test_both_sides_hold_the_same_agreement_and_the_annex_says_it(page: Played) -> None:
    lome, ouaga = (load_settings(page.place / home / "settings.yaml").partners[partner].agreement
                   for home, partner in (("lome", "BFDGD"), ("ouaga", "TGOTR")))
    assert lome == ouaga
    annex = (page.place / "annex.html").read_text("utf-8")
    for said in (lome.reference, lome.mappings[0].sha256, "Douanes togolaises / Togo customs", "+226 00 00 00 00"):
        assert said in annex


@pytest.mark.parametrize("name", PAGES)
def test_nothing_on_the_page_is_left_untyped(name: str) -> None:
    assert {block.kind for block in blocks(PAGES[name])} == {"sh", "output"}


@pytest.mark.parametrize("name", PAGES)
def test_every_part_of_the_annex_has_a_row(name: str) -> None:
    parts = len(re.findall(r"AnnexPart\(name=", PARTS.read_text("utf-8")))
    rows = re.findall(r"^\| (\d+) ", PAGES[name].read_text("utf-8"), re.MULTILINE)
    assert sorted({int(row) for row in rows}) == list(range(1, parts + 1))
