"""Does everything on the pages that tell a whole way happen as it is told, in both languages?

Each page is typed in a folder of its own, from its first command to its last. What no test can type is named with the
reason; a block of any other kind is a fault of the page.
"""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from gateway.config import load_settings
from gateway.mapping import load_corridors, search_path
from gateway.mapping.dialect import load_dialect
from tests.tools.played import ANY, ROOT, Played, blocks, play, unlike

DOCS, SAMPLES = ROOT / "gateway" / "docs", ROOT / "samples" / "corridors"
CORRIDOR = {"en": DOCS / "en" / "open-a-corridor.md", "fr": DOCS / "fr" / "ouvrir-un-corridor.md"}
NATIONAL = {"en": DOCS / "en" / "national-system.md", "fr": DOCS / "fr" / "systeme-national.md"}
BEGIN = datetime(2026, 11, 24, 9, tzinfo=UTC)
"""The day after the declarations of the pages were released."""
NOT_TYPED: dict[str, str] = {}
"""First line of a block that is neither typed nor shown -> why."""
RECORDS = 20
"""How many records prove a mapping before it is put in force here; how many it takes is the matter of other tests."""


def played(page: Path, language: str, place: Path, given: dict[str, Path]) -> Played:
    """A page that was played in a folder with the files that it begins with: name there -> where they come from."""
    for name, source in given.items():
        shutil.copytree(source, place / name)
    with mock.patch("gateway.cli.map_life._RECORDS", RECORDS):
        return play(page, place, language, BEGIN)


@pytest.fixture(scope="module", params=sorted(CORRIDOR))
def corridor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return played(CORRIDOR[request.param], request.param, tmp_path_factory.mktemp("corridor"),
                  {"month": SAMPLES / "sn-gn" / "sndgd"})


@pytest.fixture(scope="module", params=sorted(NATIONAL))
def national(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return played(NATIONAL[request.param], request.param, tmp_path_factory.mktemp("national"),
                  {"export": SAMPLES / "mr-ml" / "mrdgd"})


def as_told(page: Played) -> None:
    """Every command ended as the page says, and what was shown is what stands there."""
    assert {line: (status, typed.shown) for typed in page.typed for line, status in typed.failed.items()} == {}
    wrong = {block.line: (unlike(block.text, typed.shown), typed.shown) for block, typed in page.expected}
    assert {line: found for line, found in wrong.items() if found[0]} == {}


@pytest.mark.parametrize("page", [*CORRIDOR.values(), *NATIONAL.values()], ids=lambda page: page.stem)
def test_every_block_is_typed_or_shown_or_named_with_its_reason(page: Path) -> None:
    found = blocks(page)
    assert {block.text.splitlines()[0] for block in found if block.kind not in ("sh", "output")} <= set(NOT_TYPED)
    assert len([block for block in found if block.kind == "sh"]) > 10
    for block in found:
        if block.kind == "output":
            assert any(line.replace(ANY, "").strip() for line in block.text.splitlines()), block.line


def test_a_page_that_says_something_else_would_be_noticed() -> None:
    shown = "a 1\nb 22 c\nd\n"
    told = ["a 1\nb 22 c\nd\n", "…\nd\n", "a …\nb … c\n…\n", "a 1\nd\n", "a 1\nb … c\n", "b 22 c\n", "…\ne\n"]
    assert [unlike(text, shown) for text in told] == ["", "", "", "d", "b … c [more was shown]", "b 22 c", "e"]


def test_a_corridor_opens_as_the_page_says(corridor: Played) -> None:
    as_told(corridor)


def test_a_national_system_is_connected_as_the_page_says(national: Played) -> None:
    as_told(national)


def test_both_administrations_of_the_page_hold_the_same_declaration_live(corridor: Played) -> None:
    dakar, conakry = corridor.place / "dakar-live", corridor.place / "conakry-live"
    settings = load_settings(dakar / "settings.yaml")
    assert (settings.environment, settings.approvals) == ("production", "two")
    agreement = settings.partners["GNDGD"].agreement
    assert [(one.corridor, one.cusres.total_seconds() / 3600) for one in agreement.corridors] == [("sn-gn", 8)]
    assert [(one.mapping, one.version) for one in agreement.mappings] == [("corridors/sn-gn/cusdec", "1")]
    opened = load_corridors(search_path(settings.paths.mappings)).named("sn-gn")
    assert opened.identifier == "sn-gn"
    written = (conakry / "national/in/declarations/26SNDAKG0000000017.xml").read_text("utf-8")
    assert "<Marks1_of_packages>FOUTA CKY 1-100</Marks1_of_packages>" in written
    assert [path.name for path in (dakar / "national/sent/declarations").iterdir()] == ["declaration-1.csv"]


def test_a_gateway_that_is_begun_beside_mappings_of_its_own_finds_them_under_cron(corridor: Played) -> None:
    """cron knows no EDI_MAPPINGS, so the settings name the folder."""
    settings = load_settings(corridor.place / "dakar" / "settings.yaml")
    assert list(settings.paths.mappings) == [corridor.place / "mappings"]


def test_what_comes_back_into_the_national_system_is_what_it_exported_with_the_mrn(national: Played) -> None:
    exported, answers = national.place / "export", national.place / "nouakchott/national/in/answers"
    assert (answers / "MRNKC.2026.T.5318.numbered.xml").read_bytes() == (exported / "declaration-1.xml").read_bytes()
    assert (answers / "MRNKC.2026.T.5318.numbered-t1.csv").read_bytes() == (
        exported / "declaration-1-t1.csv").read_bytes().replace(b"\r\n;", b"\r\n26MRNKCG0000000019;")


def test_a_declaration_of_the_views_arrives_with_the_words_and_sums_that_stand_there(national: Played) -> None:
    arrived = national.place / "bamako/national/in/declarations"
    written = (arrived / "26MRNKCG0000000027.xml").read_text("utf-8")
    assert re.findall(r"<Number_of_packages>(\d+)<.*?<Kind_of_packages_code>(\w+)<", written, re.DOTALL) == [
        ("300", "CT"), ("20", "BG")]
    assert "<Gross_weight_itm>2250.5</Gross_weight_itm>" in written


def test_the_file_of_an_event_that_came_is_read_by_the_same_dialect(national: Played) -> None:
    folder, = (national.place / "nouakchott/national/in/events").iterdir()
    dialect = load_dialect("mrdgd/event-csv", [national.place / "mappings", ROOT / "mappings"])
    record, = dialect.read({folder.name: folder.read_bytes()}).records
    assert (record.tree["word"], record.tree["mrn"]) == ("CROSS-IN", "26MRNKCG0000000019")
