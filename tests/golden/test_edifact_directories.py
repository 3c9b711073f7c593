"""Does each release hold the messages it has, and only them, and do the files come from the facts as they are?

`edifact/directories.tsv` was counted in the facts themselves, apart from the builder and from the reader of its files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.edifact import load_directory
from gateway.edifact.directory import RELEASES, Directory, Node
from gateway.edifact.faults import PLACES
from tests.tools import directories

TABLE = Path(__file__).parent / "edifact" / "directories.tsv"
ROWS = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines()[1:]]
EVERYWHERE = {"CUSDEC", "CUSRES", "CUSCAR", "CUSREP", "CUSEXP", "APERAK", "PAXLST", "REQDOC"}
SINCE = {"GENRAL": "D.96A", "CUSPED": "D.99B", "GOVCBR": "D.16B"}
"""The first release of ours that has it: GENRAL came with D.96A, CUSPED with D.98A, GOVCBR with D.09B."""


def directory(name: str) -> Directory:
    return load_directory(None, name[-1]) if name.startswith("service") else load_directory(name)


def counted(nodes: Sequence[Node], depth: int = 0) -> tuple[int, int, int, int]:
    segments = groups = mandatory = 0
    deepest = depth
    for node in nodes:
        if node.children:
            inner = counted(node.children, depth + 1)
            segments, groups, mandatory = segments + inner[0], groups + 1 + inner[1], mandatory + inner[2]
            deepest = max(deepest, inner[3])
        else:
            segments, mandatory = segments + 1, mandatory + node.mandatory
    return segments, groups, mandatory, deepest


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_holds_the_messages_that_exist_in_it(release: str) -> None:
    later = {message for message, first in SINCE.items() if RELEASES.index(release) >= RELEASES.index(first)}
    held = set(load_directory(release).messages) - {"CONTRL"}  # of the service directory, syntax 3
    assert held == EVERYWHERE | later == {row[1] for row in ROWS if row[0] == release}


@pytest.mark.parametrize(
    ("version", "messages"), [("1", set()), ("2", set()), ("3", {"CONTRL"}), ("4", {"CONTRL", "AUTACK", "KEYMAN"})]
)
def test_each_syntax_version_holds_its_service_messages(version: str, messages: set[str]) -> None:
    assert set(load_directory(None, version).messages) == messages


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row[:2]))
def test_each_message_has_the_segments_and_groups_that_were_counted_in_the_facts(row: list[str]) -> None:
    message = directory(row[0]).message(row[1])
    assert message is not None
    assert counted(message.structure) == tuple(map(int, row[2:6]))


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_has_all_its_segments_and_code_lists(release: str) -> None:
    row = next(row for row in ROWS if row[0] == release)
    lines = (directories.FOLDER / f"{release}.txt").read_text("utf-8").splitlines()
    assert sum(line.startswith("S ") for line in lines) == int(row[6])
    text = (directories.FOLDER / "codes.txt").read_text("utf-8")
    lists = [line[1:] for line in text.splitlines() if line.startswith("=")]
    assert sum(bool(load_directory(release).codes(element)) for element in lists) >= int(row[7])


def test_each_fault_code_is_written_only_where_all_sources_agree_that_it_may_stand() -> None:
    lines = (TABLE.parent / "fault_places.tsv").read_text("utf-8").splitlines()[1:]
    assert {line.split("\t")[0]: tuple(line.split("\t")[1].split()) for line in lines} == dict(PLACES)


def facts(folder: Path, **changes: object) -> Path:
    """A small world of facts: one message, one segment, one composite, two elements in every release."""
    position = changes.get("position", "010")
    for release in RELEASES:
        (folder / release).mkdir(parents=True)
        files: dict[str, object] = {
            "messages": {"_meta": {}, "XYZMSG": {
                "name": "A  message", "version": "D", "release": release[2:], "agency": "UN",
                "structure": [["010", "UNH", "M", 1], ["020", "SG1", "C", 9, [["030", "BGM", "M", 1]]],
                              ["040", "UNT", "M", 1]]}},
            "segments": {"BGM": {"name": changes.get("name", "BEGIN"), "elements": [
                [position, "C002", "C", 1, None], ["020", "1004", "M", 3, "an..35"]], "deps": ["D1(010,020)"]}},
            "composites": {"C002": {"name": "NAME", "components": [["010", "1001", "M"]]}},
            "elements": {"1001": {"name": "Code", "repr": "an..3"}, "1004": {"name": "Number", "repr": "an..35"}},
            "codes": {"1001": {"1": "One", **({"2": "Two"} if release == "D.16B" else {})}},
        }
        for name, content in files.items():
            (folder / release / f"{name}.json").write_text(json.dumps(content), "utf-8")
    (folder / "service").mkdir()
    for version in "1234":
        service = {"messages": {}, "segments": {"UNH": [["010", "0062", "M", 1]]}, "composites": {},
                   "elements": {"0062": "an..14"}, "codes": {"0083": {"1": ["Old", "X"], "4": ["Rejected"]}}}
        (folder / "service" / f"v{version}.json").write_text(json.dumps(service), "utf-8")
    return folder


def test_the_builder_writes_facts_in_the_form_the_reader_knows(tmp_path: Path) -> None:
    files = directories.build(facts(tmp_path / "facts"))
    assert files["D.96B.txt"] == (
        f"{directories.NOTICE}\nM XYZMSG|A message|D 96B UN|UNH SG1?9(BGM) UNT\n"
        "S BGM|BEGIN|C002? 1004!3|D1(010,020)\nC C002|NAME|1001\nE 1001|Code|an..3\nE 1004|Number|an..35\n"
    )
    assert files["codes.txt"].endswith(f"# releases {' '.join(RELEASES)}\n=1001\n1||One\n2|40|Two\n")
    assert files["service.4.txt"].endswith("S UNH||0062\nE 0062||an..14\n=0083\n1|x|Old\n4||Rejected\n")


@pytest.mark.parametrize("changes", [{"position": "020"}, {"name": "a|b"}])
def test_facts_that_contradict_themselves_are_not_written(changes: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(directories.Contradiction):
        directories.build(facts(tmp_path / "facts", **changes))


def test_the_check_says_which_file_differs_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = facts(tmp_path / "facts"), tmp_path / "target"
    target.mkdir()
    monkeypatch.setattr(directories, "FOLDER", target)
    monkeypatch.setattr("sys.argv", ["directories", str(source)])
    assert directories.main() == 0
    monkeypatch.setattr("sys.argv", ["directories", str(source), "--check"])
    assert directories.main() == 0
    (target / "D.96B.txt").write_text("altered", "utf-8")
    assert directories.main() == 1
    assert capsys.readouterr().out == "D.96B.txt differs from the facts\n"
    assert (target / "D.96B.txt").read_text("utf-8") == "altered"
