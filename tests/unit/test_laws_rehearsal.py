"""Does a rehearsal tell what would become of a month of national files, and leave them as they are?"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.exchange.map_rehearsal import Rehearsal, rehearse
from gateway.mapping import Corridors, load_corridors
from gateway.mapping.dialect import load_dialect
from tests.tools.command import ROOT, command

MAPPINGS = [ROOT / "mappings"]
NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
STORY = ROOT / "samples" / "story" / "tgotr"
NAMES = ("tgotr/asycuda", "tgotr/csv", "neutral/json", "neutral/event-json")


@pytest.fixture(scope="module")
def corridors() -> Corridors:
    return load_corridors(MAPPINGS)


@pytest.fixture(scope="module")
def story(corridors: Corridors) -> Rehearsal:
    return run(corridors, {path.name: path.read_bytes() for path in sorted(STORY.iterdir())})


def run(corridors: Corridors, files: dict[str, bytes], names: tuple[str, ...] = NAMES) -> Rehearsal:
    return rehearse(corridors, [load_dialect(name, MAPPINGS) for name in names], files, NOW)


def test_each_file_is_read_by_the_dialect_that_understands_it(story: Rehearsal) -> None:
    assert (story.files, story.dialects) == (5, {"tgotr/asycuda": 1, "tgotr/csv": 1, "neutral/event-json": 1,
                                                 "neutral/json": 1})
    assert (story.refused, story.waiting) == ({}, {})


def test_the_rate_and_the_reasons_are_those_of_the_story(story: Rehearsal) -> None:
    assert (story.accepted, len(story.records), story.rate) == (3, 4, 0.75)
    assert [(one.code, one.records, one.example.place.path) for one in story.reasons] == [
        ("COR0214", 1, "items[3].gross_mass")]
    assert story.reasons[0].example.place.file == "declaration-3.json"
    assert sorted((record.files[0], record.corridor, record.accepted) for record in story.records) == [
        ("1-sortie-TGCKS.json", "tg-bf", True), ("declaration-1-t1.csv", "tg-ml", True),
        ("declaration-2.csv", "tg-ml", True), ("declaration-3.json", "tg-ml", False)]


def test_fields_that_were_never_seen_and_fields_that_nobody_reads_are_told(story: Rehearsal) -> None:
    assert {"cancelled", "authentication.digest"} <= set(story.unseen)
    assert "mrn" not in story.unseen
    assert [term for term in story.unseen if term.startswith(("container_lines", "trailer"))] == []
    assert story.unread["/ASYCUDA/National_tracking/Device"] == 1


def test_a_file_that_nobody_understands_counts_against_the_rate(corridors: Corridors) -> None:
    told = run(corridors, {"a.txt": b"?", "declaration-3.json": (STORY / "declaration-3.json").read_bytes()})
    assert [(name, [one.code for one in findings]) for name, findings in told.refused.items()] == [("a.txt", ["D119"])]
    assert (told.accepted, len(told.records), told.rate) == (0, 1, 0.0)
    nothing = run(corridors, {"a.txt": b"?"})
    assert [(name, [one.code for one in findings]) for name, findings in nothing.refused.items()] == [
        ("a.txt", ["M453"])]
    assert (nothing.records, nothing.rate) == ([], 0.0)


def test_half_of_a_declaration_waits_and_counts_for_nothing(corridors: Corridors) -> None:
    files = {name: (STORY / name).read_bytes() for name in ("declaration-1.xml", "declaration-3.json")}
    told = run(corridors, files)
    assert (told.waiting, told.dialects) == ({}, {"neutral/json": 1})
    assert list(told.refused) == ["declaration-1.xml"]


def test_a_value_that_does_not_fit_is_told_at_its_place(corridors: Corridors) -> None:
    record = json.loads((STORY / "declaration-3.json").read_text("utf-8"))
    record["location_of_goods"] = "A" * 26
    told = run(corridors, {"one.json": json.dumps(record, indent=1).encode()})
    (reason,) = told.reasons
    assert (reason.code, reason.example.place.file, reason.example.place.path) == (
        "M103", "one.json", "location_of_goods")


def test_the_command_says_it_in_words_and_as_data_and_moves_nothing(tmp_path: Path) -> None:
    month = tmp_path / "month"
    shutil.copytree(STORY, month)
    before = sorted((path.name, path.read_bytes()) for path in month.iterdir())
    dialects = [word for name in NAMES for word in ("--dialect", name)]
    answer = command("map", "rehearse", month, *dialects, cwd=tmp_path)
    assert answer.exit == 1
    assert "accepted: 3 of 4 (75.0 %)" in answer.out
    told = json.loads(command("map", "rehearse", month, *dialects, "--json", cwd=tmp_path).out)
    assert {key: told[key] for key in ("kind", "files", "records", "accepted", "rate")} == {
        "kind": "map_rehearsal", "files": 5, "records": 4, "accepted": 3, "rate": 0.75}
    assert sorted((path.name, path.read_bytes()) for path in month.iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["month"]


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    answer = command("map", "rehearse", tmp_path)
    assert (answer.exit, answer.err.split(":")[0]) == (1, "M454")
