"""Does the campaign of mutants spoil what it says, and tell rightly what becomes of each?"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from gateway.mapping import load_corridors, load_mapping
from gateway.mapping.laws.samples import run_samples, write_proposals
from tests.campaigns import mapping_mutants as campaign
from tests.campaigns.mapping_alterations import Alteration, alterations
from tests.tools.command import ROOT
from tests.unit.test_laws_samples import SMALL

SMALL_FILE = "base/small.yaml"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one mapping and its samples."""
    folder = tmp_path_factory.mktemp("mappings")
    (folder / "base").mkdir()
    (folder / SMALL_FILE).write_text(SMALL.replace("id: small", "id: base/small"), "utf-8")
    mapping = load_mapping("base/small", [folder])
    write_proposals(mapping, [folder])
    run_samples(mapping, [folder], accept=True)
    return folder


def kinds(text: str) -> Counter[str]:
    return Counter(one.kind for one in alterations("x.yaml", text.encode()))


def texts(text: str, kind: str) -> list[str]:
    """The changed lines of one kind of alteration."""
    before = text.split("\n")
    return [next((line for line in one.content.decode().split("\n") if line not in before), "-")
            for one in alterations("x.yaml", text.encode()) if one.kind == kind]


def test_each_line_of_each_section_is_spoilt_in_every_way() -> None:
    assert kinds("record:\n  mrn: an..18\n") == {"record:delete": 1, "record:retype": 1, "record:narrow": 1,
                                                 "record:widen": 1}
    assert texts("record:\n  a: decimal(3)\n", "record:retype") == ["  a: n..9"]
    assert texts("record:\n  a: list(99)\n", "record:narrow") == ["  a: list(98)"]
    assert texts("codes:\n  kind: {box: CN, trailer: TE}\n", "codes:swap") == ["  kind: {box: TE, trailer: CN}"]
    assert kinds("codes:\n  kind:\n    box: CN   # note\n    trailer: TE\n") == {
        "codes:delete": 2, "codes:recode": 2, "codes:swap": 1}
    layout = "segments: |\n  a:  ? LOC+45+{code}:113:{name?}'\n  b:  LOC+42+{other}'\n"
    found = kinds(layout)
    assert {kind: found[f"segments:{kind}"] for kind in (
        "delete", "swap", "must", "may", "may-hole", "must-hole", "constant", "swap-holes", "swap-qualifiers")} == {
        "delete": 2, "swap": 1, "must": 1, "may": 1, "may-hole": 2, "must-hole": 1, "constant": 3, "swap-holes": 1,
        "swap-qualifiers": 1}
    assert texts(layout, "segments:must") == ["  a:  LOC+45+{code}:113:{name?}'"]
    rules = "require:\n  COR0001:\n    when: function in a,b\n    need: [x, y]\n    fr: f\n    en: e\n"
    assert kinds(rules) == {"require:delete": 2, "require:value": 2, "require:entry": 2}
    assert texts("functions:\n  a: [head, tail]\n", "functions:entry") == ["  a: [tail]", "  a: [head]"]


def test_comments_and_what_is_no_line_of_the_mapping_are_left_alone() -> None:
    assert alterations("x.yaml", b'# note\nformat: "1"\nid: a/b\nversion: "1"\n\nrecord:\n  # note\n') == []


def test_every_alteration_changes_the_file_and_each_comes_once() -> None:
    found = alterations(SMALL_FILE, SMALL.encode())
    assert len({one.content for one in found}) == len(found) > 150
    assert all(one.content != SMALL.encode() for one in found)


@pytest.mark.parametrize(("old", "new", "fate"), [
    ("{mrn}+", "{mrm}+", "lint"),
    ("LOC+42", "LOC+45", "samples"),
    ("customs: CU, carrier: CA", "customs: CA, carrier: CU", "samples"),
    ("list(9999)", "list(9998)", "survives"),
    ("fr: masse", "fr: masses", "no difference seen"),
])
def test_what_becomes_of_a_mutant(shelf: Path, old: str, new: str, fate: str) -> None:
    content = (shelf / SMALL_FILE).read_text("utf-8")
    assert old in content
    kind = "record:narrow" if "list" in old else "segments:constant"
    mutant = campaign.Mutant(Alteration(SMALL_FILE, kind, 1, old, content.replace(old, new).encode()),
                             ("base/small",))
    assert campaign.fate(mutant, shelf) == fate


def test_most_mutants_of_a_mapping_with_proposed_samples_are_caught(shelf: Path) -> None:
    mutants = [campaign.Mutant(one, ("base/small",)) for one in
               alterations(SMALL_FILE, (shelf / SMALL_FILE).read_bytes())]
    counts: Counter[str] = Counter(campaign.fate(mutant, shelf) for mutant in mutants)
    assert counts["samples"] > 30
    assert campaign.share(counts) >= 0.95


def test_every_file_of_a_corridor_is_spoilt_and_seen_through_all_that_is_made_of_it() -> None:
    corridor = load_corridors([ROOT / "mappings"]).named("tg-ml")
    mutants = campaign.mutants_of(corridor)
    files = {mutant.alteration.file for mutant in mutants}
    assert {"base/cusdec-d96b.yaml", "base/cusres-d96b/common.yaml", "corridors/tg-ml/cusdec.yaml"} <= files
    common = next(one for one in mutants if one.alteration.file == "base/cusres-d96b/common.yaml")
    assert len(common.seen_through) == 20


def test_the_campaign_tells_its_figures_as_data(capsys: pytest.CaptureFixture[str],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["mapping_mutants", "tg-ml", "--limit", "8", "--json"])
    campaign.main()
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["name"], told["corridor"], sum(told["fates"].values())) == (
        "campaign", "mapping_mutants", "tg-ml", 8)


def test_a_share_counts_only_those_that_behave_otherwise() -> None:
    assert campaign.share(Counter(lint=3, samples=1, survives=1, **{"no difference seen": 9})) == 0.8
    assert campaign.share(Counter()) == 0.0


def test_nothing_is_written_where_the_mappings_lie(shelf: Path, tmp_path: Path) -> None:
    shutil.copytree(shelf, tmp_path / "m")
    before = {path: path.read_bytes() for path in (tmp_path / "m").rglob("*") if path.is_file()}
    altered = SMALL.replace("id: small", "id: base/small").replace("LOC+42", "LOC+45").encode()
    campaign.fate(campaign.Mutant(Alteration(SMALL_FILE, "segments:constant", 1, "", altered), ("base/small",)),
                  tmp_path / "m")
    assert {path: path.read_bytes() for path in (tmp_path / "m").rglob("*") if path.is_file()} == before
