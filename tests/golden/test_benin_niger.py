"""Does the story of a new corridor still go as it is told: its commands, its files, at most 60 lines in all?

Commands and files are taken from the text itself, in both languages, and played in an empty folder.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.mapping import load_corridors, search_path
from tests.tools.command import ROOT, Answer, command

TEXTS = {"en": ROOT / "gateway/docs/en/benin-niger.md", "fr": ROOT / "gateway/docs/fr/benin-niger.md"}
SAMPLE = ROOT / "samples/corridors/bj-ne/bjdgd/declaration-4711.csv"
FOLDER = "benin"
MOST_LINES = 60
FENCE = re.compile(r"^```(sh|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Played:
    """What the story left behind.

    answers  each command of ours and how it ended
    """

    place: Path
    language: str
    environment: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)

    def run(self, line: str) -> None:
        """Play one line of a shell: a variable that is exported, or a command of ours."""
        first, *words = shlex.split(line)
        if first == "export":
            name, _, value = words[0].partition("=")
            self.environment[name] = value
            return
        assert first == "edi", line
        self.answers[line] = command(*words, lang=self.language, cwd=self.place, environment=self.environment)

    def write(self, text: str) -> None:
        """Write a file; its name stands in the first line of its block and is no part of it."""
        name, _, content = text.partition("\n")
        path = self.place / FOLDER / name.removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")

    def files(self) -> Iterator[Path]:
        """Every file of the new corridor."""
        return (path for path in sorted((self.place / FOLDER).rglob("*.yaml")) if path.is_file())


@pytest.fixture(scope="module", params=sorted(TEXTS))
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    story = Played(tmp_path_factory.mktemp("story"), request.param)
    (story.place / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    for kind, text in FENCE.findall(TEXTS[request.param].read_text("utf-8")):
        if kind == "yaml":
            story.write(text)
        else:
            for line in text.splitlines():
                story.run(line)
    return story


def test_every_command_of_the_story_ends_well(played: Played) -> None:
    assert {line: (answer.exit, answer.err) for line, answer in played.answers.items()
            if answer.exit != 0} == {}
    assert len(played.answers) >= 4


def test_no_more_lines_were_written_than_the_story_says(played: Played) -> None:
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in played.files())
    told = re.search(r"(\d+) (?:lines|lignes) (?:in four files|dans quatre fichiers)",
                     TEXTS[played.language].read_text("utf-8"))
    assert told is not None
    assert lines == int(told[1])
    assert lines <= MOST_LINES
    assert [path.relative_to(played.place / FOLDER).as_posix() for path in played.files()] == [
        "codes/offices.yaml", "corridors/bj-ne/corridor.yaml", "corridors/bj-ne/cusdec.yaml", "dialects/bjdgd/csv.yaml"]


def test_the_first_message_is_accepted_and_its_answer_comes_back(played: Played) -> None:
    line = "edi map test bj-ne --exchange declaration-4711.csv"
    assert list(played.answers)[-1] == line
    again = command(*shlex.split(line)[1:], "--json", cwd=played.place, environment=played.environment)
    told = json.loads(again.out)
    keys = ("kind", "sent", "received", "records", "read", "words", "accepted", "findings")
    assert {key: told[key] for key in keys} == {
        "kind": "map_exchange", "sent": "bjdgd/csv", "received": "nedgd/asycuda", "records": 1, "read": 1,
        "words": ["ACCEPTED"], "accepted": True, "findings": []}
    assert told["national"] == ["26BJCTNG0000000014.xml", "26BJCTNG0000000014-t1.csv"]
    assert len(told["national_answer"]) == 1
    assert "LOC+118+BJCTN:113:ZZZ'LOC+42+BJMLV:113:ZZZ'" in told["wire"]  # named in the CSV, as people name them
    assert "SEL+1.2+CU:::BJCUS0000471102'" in told["wire"]
    assert "GIS+ACC:120:ZZZ'" in told["answer"]


def test_without_what_was_written_the_sample_is_refused_and_the_reasons_are_told(tmp_path: Path) -> None:
    """The story needs its edits: what `edi map new` began does not read the sample yet."""
    (tmp_path / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    story = Played(tmp_path, "en")
    for line in FENCE.findall(TEXTS["en"].read_text("utf-8"))[0][1].splitlines():
        story.run(line)
    (begun,) = story.answers.values()
    assert "0 declarations read in the sample" in begun.out
    assert [code for code in ("M469", "M470", "D113") if code in begun.err] == ["M469", "M470", "D113"]
    alone = command("map", "test", "bj-ne", "--exchange", SAMPLE.name, cwd=tmp_path, environment=story.environment)
    assert alone.exit != 0


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
