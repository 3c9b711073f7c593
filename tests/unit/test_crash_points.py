"""Is each crash point explained in both languages, cut by a test, and are the pages what code and tests give?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.failpoints import NAMES
from tests.tools import crash_points

SOURCES = Path(crash_points.ROOT / "gateway").rglob("*.py")


@pytest.fixture(scope="module")
def tests() -> dict[str, list[str]]:
    """Failpoint -> files of the tests that cut it, as pytest collects them."""
    return crash_points.cutting()


def test_every_crash_point_has_its_words_and_its_test_and_no_page_is_stale(tests: dict[str, list[str]]) -> None:
    assert crash_points.faults(tests) == []


def test_every_failpoint_that_is_declared_is_reached_somewhere_in_the_code() -> None:
    text = "\n".join(path.read_text("utf-8") for path in SOURCES)
    names = re.findall(r"(?m)^([A-Z_]+) = declare\(\s*\"([a-z.-]+)\"", text)
    assert sorted(name for _, name in names) == sorted(NAMES)
    assert [constant for constant, _ in names if not re.search(rf"\breach\((?:\w+\.)?{constant}\)", text)] == []


def test_a_point_without_words_or_test_a_word_too_many_and_a_stale_page_are_noticed(
        tests: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(crash_points.PAGES, "en", tmp_path / "page.md")
    assert crash_points.faults(tests) == ["page.md is stale: python -m tests.tools.crash_points"]
    monkeypatch.setitem(NAMES, "seal.new", "somewhere")
    monkeypatch.setitem(NAMES, "nowhere", "at all")
    assert crash_points.faults({**tests, "seal.new": ["tests/crash/test_x.py"], "nowhere": []}) == [
        "nowhere stands under 0 headings", "nowhere is cut by no test", "en.po lacks nowhere", "en.po lacks seal.new",
        "fr.po lacks nowhere", "fr.po lacks nowhere.left", "fr.po lacks seal.new", "fr.po lacks seal.new.left"]
    monkeypatch.undo()
    monkeypatch.delitem(NAMES, "session.used")
    assert crash_points.faults(tests) == [
        "en.po says session.used, and nobody asks", "fr.po says session.used, and nobody asks",
        "fr.po says session.used.left, and nobody asks"]


def test_every_row_of_the_mailbox_protocol_has_its_point_or_what_shows_it() -> None:
    assert " ".join(crash_points.ROWS) == "S0 S1 S2 S3 S4 S5 S6 S7 S8 R1 R2 R3 R4 R5 R6 X1"
    assert {row for row, names in crash_points.ROWS.items() if not names} == set(crash_points.SHOWN)
