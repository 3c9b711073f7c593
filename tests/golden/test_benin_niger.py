"""Does the story of a new corridor still go as it is told: its commands, its files, at most 60 lines in all?

Commands and files are taken from the text itself, in both languages, and played in an empty folder.
"""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.mapping import load_corridors, search_path
from tests.tools.newcomers import edi
from tests.tools.played import ROOT, Played, blocks, play

TEXTS = {"en": ROOT / "gateway/docs/en/benin-niger.md", "fr": ROOT / "gateway/docs/fr/benin-niger.md"}
SAMPLE = ROOT / "samples/corridors/bj-ne/bjdgd/declaration-4711.csv"
FOLDER = "benin"
MOST_LINES = 60
BEGIN = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(scope="module", params=sorted(TEXTS))
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    place = tmp_path_factory.mktemp("story")
    (place / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    return play(TEXTS[request.param], place, request.param, BEGIN, FOLDER)


def lines(text: Path) -> list[str]:
    """Every line of the story that is typed."""
    return [line for block in blocks(text) if block.kind == "sh" for line in block.text.splitlines()]


def files(played: Played) -> list[Path]:
    """Every file of the new corridor."""
    return [path for path in sorted((played.place / FOLDER).rglob("*.yaml")) if path.is_file()]


def test_every_block_of_the_story_is_typed_or_written() -> None:
    for text in TEXTS.values():
        assert {block.kind for block in blocks(text)} == {"sh", "yaml"}


def test_every_command_of_the_story_ends_well(played: Played) -> None:
    assert {line: typed.shown for typed in played.typed for line in typed.failed} == {}
    assert len(played.typed) >= 4


def test_no_more_lines_were_written_than_the_story_says(played: Played) -> None:
    written = sum(len(path.read_text("utf-8").splitlines()) for path in files(played))
    for text in TEXTS.values():
        told = re.search(r"(\d+) (?:lines|lignes) (?:in four files|dans quatre fichiers)", text.read_text("utf-8"))
        assert told is not None
        assert written == int(told[1])
    assert written <= MOST_LINES
    assert [path.relative_to(played.place / FOLDER).as_posix() for path in files(played)] == [
        "codes/offices.yaml", "corridors/bj-ne/corridor.yaml", "corridors/bj-ne/cusdec.yaml", "dialects/bjdgd/csv.yaml"]


def test_the_first_message_is_accepted_and_its_answer_comes_back(played: Played,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    line = "edi map test bj-ne --exchange declaration-4711.csv"
    assert [lines(text)[-1] for text in TEXTS.values()] == [line, line]
    monkeypatch.chdir(played.place)
    monkeypatch.setenv("EDI_MAPPINGS", FOLDER)
    told = json.loads(edi(*shlex.split(line)[1:], "--json")[1].splitlines()[0])
    keys = ("kind", "sent", "received", "records", "read", "words", "accepted", "findings")
    assert {key: told[key] for key in keys} == {
        "kind": "map_exchange", "sent": "bjdgd/csv", "received": "nedgd/asycuda", "records": 1, "read": 1,
        "words": ["ACCEPTED"], "accepted": True, "findings": []}
    assert told["national"] == ["26BJCTNG0000000014.xml", "26BJCTNG0000000014-t1.csv"]
    assert len(told["national_answer"]) == 1
    assert "LOC+118+BJCTN:113:ZZZ'LOC+42+BJMLV:113:ZZZ'" in told["wire"]  # named in the CSV, as people name them
    assert "SEL+1.2+CU:::BJCUS0000471102'" in told["wire"]
    assert "GIS+ACC:120:ZZZ'" in told["answer"]


def test_without_what_was_written_the_sample_is_refused_and_the_reasons_are_told(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The story needs its edits: what `edi map new` began does not read the sample yet."""
    (tmp_path / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    monkeypatch.chdir(tmp_path)
    first, export, *_ = lines(TEXTS["en"])
    status, out, err = edi(*shlex.split(first)[1:])
    assert status == 0
    assert "0 declarations read in the sample" in out
    assert [code for code in ("M469", "M470", "D113") if code in err] == ["M469", "M470", "D113"]
    monkeypatch.setenv(*export.removeprefix("export ").split("="))
    assert edi("map", "test", "bj-ne", "--exchange", SAMPLE.name)[0] != 0


def test_the_corridor_loads_beside_those_that_come_with_the_gateway(played: Played) -> None:
    corridors = load_corridors(search_path([played.place / FOLDER]))
    assert corridors.faults == {}
    assert corridors.between("BJCTN", "NENIR").identifier == "bj-ne"
    assert [(one.gateway, one.role) for one in corridors.named("bj-ne").administrations] == [
        ("BJDGD", "departure"), ("NEDGD", "destination")]


def test_nothing_of_this_corridor_stands_in_the_program() -> None:
    named = re.compile(r"BJCTN|BJMLV|NEGYA|bj-ne|Cotonou|Malanville|Gaya")
    code = sorted((ROOT / "gateway").rglob("*.py"))
    assert [path.name for path in code if named.search(path.read_text("utf-8"))] == []
