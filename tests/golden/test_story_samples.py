"""Are the samples still what the gateway makes of them, byte for byte?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.exchange.assembly import Assembly
from tests.golden.story.scenarios import ALL, STORY, Scenario
from tests.golden.story.settings import SETTINGS, settings_files
from tests.golden.story.telling import tell
from tests.golden.story_builder import differences, held, held_settings

AGAIN = "\n(when this is meant: python -m tests.golden.story_builder)"


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.folder)
def test_what_a_story_gives_is_what_the_samples_hold(scenario: Scenario) -> None:
    found = list(differences(tell(scenario), held(scenario), f"samples/{scenario.folder}"))
    assert not found, "\n".join(found) + AGAIN


def test_a_story_told_twice_gives_the_same_bytes() -> None:
    assert tell.__wrapped__(ALL[1]) == tell(ALL[1])


def test_a_difference_is_shown_segment_by_segment() -> None:
    assert list(differences({"a.edi": b"BGM+1'DTM+2'"}, {"a.edi": b"BGM+1'DTM+3'", "b.txt": b"x\n"}, "s")) == [
        "--- s/a.edi (held)", "+++ s/a.edi (made)", "@@ -1,2 +1,2 @@", " BGM+1'", "-DTM+3'", "+DTM+2'",
        "--- s/b.txt (held)", "+++ s/b.txt (made)", "@@ -1 +0,0 @@", "-x"]
    assert list(differences({"a.txt": b"x\r\n"}, {"a.txt": b"x\n"}, "s")) == ["s/a.txt: only line ends differ"]


def test_the_settings_of_the_samples_are_what_the_gateway_writes_for_a_beginner() -> None:
    found = list(differences(settings_files(), held_settings(), "samples/settings"))
    assert not found, "\n".join(found) + AGAIN


@pytest.mark.parametrize("name", ["settings.yaml", "settings.en.yaml"])
def test_the_settings_of_the_samples_load_with_both_partners_and_their_certificates(name: str) -> None:
    settings = load_settings(SETTINGS / name, strict=True)
    assert (settings.gateway, settings.country, settings.environment) == ("TGOTR", "TG", "demo")
    assert sorted(settings.partners) == ["BFDGD", "MLDGD"]
    assembly = Assembly(settings)
    for partner in settings.partners:
        assert [entry.use for entry in assembly.trust(partner).certificates] == ["signing", "encryption"]
        (encryption,) = assembly.recipients(partner, datetime(2026, 11, 9, tzinfo=UTC))
        assert encryption.sha256 == settings.partners[partner].certificates[1].sha256
    assert {one.dialect for one in settings.national.declarations} == {"tgotr/asycuda", "tgotr/csv", "neutral/json"}


def test_no_private_key_stands_beside_the_settings() -> None:
    held = {path.name: path.read_text("utf-8") for path in SETTINGS.rglob("*") if path.is_file()}
    assert [name for name, text in held.items() if "PRIVATE" in text] == []
    assert {Path(name).suffix for name in held} == {".yaml", ".crt"}


def test_the_story_ends_as_the_read_me_says() -> None:
    rows = [line.split(";") for line in tell(STORY)["steps/states.csv"].decode().splitlines()]
    last = {(row[1], row[2]): (row[4], row[5]) for row in rows if row[0] == STORY.steps[-1].name}
    first, second, third = "26TGLPLT0000204177", "26TGLPLG0000000014", STORY.shown
    assert last == {
        ("TGOTR", first): ("CLOSED", ""), ("BFDGD", first): ("CLOSED", ""), ("MLDGD", first): ("DISCHARGED", ""),
        ("TGOTR", second): ("CONFIRMED", "OVERDUE"), ("BFDGD", second): ("EXPECTED", ""),
        ("MLDGD", second): ("EXPECTED", ""),
        ("TGOTR", third): ("SENT", "OVERDUE REJECTED-BY:BFDGD REJECTED-BY:MLDGD")}
