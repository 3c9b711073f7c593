"""Do samples say what a mapping does, and notice every change of it that the laws cannot see?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.mapping import Mapping, load_mapping
from gateway.mapping.laws.proposals import NAMES, propose
from gateway.mapping.laws.sample_files import read_messages, read_records, segments, write_records
from gateway.mapping.laws.samples import load_samples, run_samples, write_proposals
from gateway.mapping.laws.touch import untouched
from tests.tools.command import command
from tests.unit.test_mapping_language import HEAD

SMALL = HEAD + """record:
  mrn: an..18
  function: code(function)
  local_reference: an..35
  prepared: datetime
  containerised: boolean
  total_gross_mass: decimal(3)
  office_of_departure: group
  office_of_departure.code: an..5
  office_of_departure.name: an..9
  office_of_exit: group
  office_of_exit.code: an..5
  office_of_exit.name: an..9
  itinerary: text
  seals: list(9)
  seals.equipment: n..4
  seals.number: n..5
  seals.identity: an..35
  seals.party: code(party)
  items: list(9999)
  items.number: n..5
  items.commodity: an..18
  items.gross_mass: decimal(3)
codes:
  function: {original: 9, cancellation: 1}
  party: {customs: CU, carrier: CA}
segments: |
  head:    BGM+950+{mrn}+{function}'
  from:    with office_of_departure: LOC+118+{code}:113:ZZZ:{name?}'
  exit:    with office_of_exit: LOC+42+{code}:113:ZZZ:{name?}'
  made:    ? DTM+137:{prepared|203}:203'
  boxed:   with containerised: GIS+CTR:109:ZZZ'
  gross:   ? MEA+WT+AAD+KGM:{total_gross_mass}'
  seal:    each seals: SEL+{equipment}.{number}+{party?}:::{identity}'
  route:   ? FTX+RQR+++{itinerary|chunks 2x2x9}'
  local:   ? RFF+ABE:{local_reference}'
  detail:  UNS+D'
  item:    each items: CST+{number}+{commodity?}:122:ZZZ'
    mass:  ? MEA+WT+AAE+KGM:{gross_mass}'
  summary: UNS+S'
  count:   CNT+5:{#items}'
functions:
  original: whole
  cancellation: [head, local, detail, summary]
require:
  COR0901: {when: function is original, every: items, need: gross_mass, fr: masse, en: mass}
  COR0902: {when: [function is original, no seals], need: itinerary, fr: trajet, en: route}
"""


def shelf(folder: Path, text: str = SMALL) -> Mapping:
    """A search folder with one mapping of that text."""
    (folder / "base").mkdir(exist_ok=True)
    (folder / "base" / "small.yaml").write_text(text.replace("id: small", "id: base/small"), "utf-8")
    return load_mapping("base/small", [folder])


def proposed(folder: Path) -> Path:
    """The folder of the samples that the mapping proposes, accepted."""
    mapping = shelf(folder)
    write_proposals(mapping, [folder])
    run_samples(mapping, [folder], accept=True)
    return folder / "base" / "samples" / "small"


def codes(mapping: Mapping, folder: Path) -> set[str]:
    """Codes of everything that differs from the samples."""
    return {finding.code for result in run_samples(mapping, [folder]) for finding in result.findings}


def test_a_sample_without_expected_files_is_told_with_what_the_mapping_gives(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    folder = tmp_path / "base" / "samples" / "small"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text('{"function": "cancellation", "mrn": "M", "local_reference": "A\'B"}', "utf-8")
    result, = run_samples(mapping, [tmp_path])
    assert [(one.code, one.place.file, one.values["found"]) for one in result.findings] == [
        ("M430", "samples/small/one.edi", "UNH+1+CUSDEC:D:96B:UN:COR10'")]
    accepted, = run_samples(mapping, [tmp_path], accept=True)
    assert (accepted.findings, list(accepted.written)) == ([], ["one.edi"])
    assert (folder / "one.edi").read_text("utf-8") == (
        "UNH+1+CUSDEC:D:96B:UN:COR10'\nBGM+950+M+1'\nRFF+ABE:A?'B'\nUNS+D'\nUNS+S'\nUNT+6+1'\n")


def test_accepting_again_writes_nothing_and_removes_what_is_no_longer_so(tmp_path: Path) -> None:
    folder = proposed(tmp_path)
    (folder / "full.refused").write_text("1 M101 mrn\n", "utf-8")
    mapping = load_mapping("base/small", [tmp_path])
    assert codes(mapping, tmp_path) == {"M433", "M434"}
    assert [list(one.written) for one in run_samples(mapping, [tmp_path], accept=True) if one.written] == [
        ["full.refused"]]
    assert not (folder / "full.refused").exists()
    assert [one for one in run_samples(mapping, [tmp_path], accept=True) if one.written or one.findings] == []


def test_what_is_proposed_reaches_everything_and_can_be_read_again(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    made = propose(mapping)
    assert set(made) == set(NAMES)
    assert {name: read_records(write_records(records), name, mapping) for name, records in made.items()} == made
    assert untouched(mapping, [record for records in made.values() for record in records]) == []


def test_what_no_sample_reaches_is_told_at_its_line(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    record = propose(mapping)["thin"][0]
    found = {(one.code, one.values.get("label") or one.values.get("table") or one.values["term"])
             for one in untouched(mapping, [record])}
    assert {("M440", "boxed"), ("M440", "mass"), ("M442", "function"), ("M443", "seals")} <= found
    assert all(one.place.line for one in untouched(mapping, [record]))


MUTANTS = [  # what the laws cannot see: text, by what, codes that tell it
    ("LOC+118", "LOC+45", {"M431", "M435"}),
    ("customs: CU, carrier: CA", "customs: CA, carrier: CU", {"M431", "M434"}),
    ("an..35", "an..34", {"M431", "M433", "M432", "M435"}),
    ("an..5\n", "an..6\n", {"M433"}),
    ("list(9)\n", "list(8)\n", {"M431", "M433", "M435"}),
    ("list(9)\n", "list(10)\n", {"M430", "M433"}),
    ("route:   ? FTX", "route:   FTX", {"M431", "M433", "M432", "M435"}),
    ("{commodity?}", "{commodity}", {"M431", "M433", "M432", "M435"}),
    ("{mrn}", "{mrn?}", {"M430", "M432", "M433"}),
    ("[function is original, no seals]", "function is original", {"M432"}),
    ("need: gross_mass", "need: commodity", {"M432"}),
    ("[head, local, detail, summary]", "[head, detail, summary]", {"M431", "M433", "M435"}),
    ("chunks 2x2x9", "chunks 2x2x8", {"M431", "M433", "M435"}),
    ("total_gross_mass: decimal(3)", "total_gross_mass: decimal(2)", {"M431", "M432", "M433", "M435"}),
]


@pytest.mark.parametrize(("text", "other", "expected"), MUTANTS, ids=[other for _, other, _ in MUTANTS])
def test_a_changed_mapping_no_longer_fits_its_samples(tmp_path: Path, text: str, other: str,
                                                      expected: set[str]) -> None:
    proposed(tmp_path)
    assert codes(load_mapping("base/small", [tmp_path]), tmp_path) == set()
    changed = shelf(tmp_path, SMALL.replace(text, other, 1))
    found = codes(changed, tmp_path)
    assert found == expected


def test_two_lines_swapped_keep_both_laws_and_not_the_samples(tmp_path: Path) -> None:
    proposed(tmp_path)
    lines = SMALL.split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("  from:"))
    lines[at:at + 2] = lines[at + 1], lines[at]
    assert codes(shelf(tmp_path, "\n".join(lines)), tmp_path) == {"M431", "M433"}


def test_a_fault_in_a_sample_stands_at_its_line_and_column(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    for text, code, line, column in [('{"mrm": "M"}', "D110", 1, 9), ('{\n "mrn": 7}', "D111", 2, 9),
                                     ('[{"mrn": "M"},\n {"prepared": "gestern"}]', "D101", 2, 15), ("{", "R020", 1, 2)]:
        with pytest.raises(LocalError) as caught:
            read_records(text.encode(), "one.json", mapping)
        found: Finding = caught.value.findings[0]
        assert (found.code, found.place.line, found.place.column) == (code, line, column)


def test_segments_end_at_apostrophes_that_are_not_released() -> None:
    assert segments("RFF+ABE:A?'B??'UNS+D'") == ["RFF+ABE:A?'B??'", "UNS+D'"]


def test_expected_messages_are_told_apart_by_their_lines(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    text = "UNH+1+X'\nBGM+1'\nUNT+3+1'\n\nUNH+2+X'\nBGM+2'\nUNS+D'\nUNT+4+2'\n"
    assert [(line, wire.body, wire.segments) for line, wire in read_messages(text, mapping.message)] == [
        (1, "BGM+1'", 1), (5, "BGM+2'UNS+D'", 2)]


def test_the_records_of_all_samples_are_there_for_others(tmp_path: Path) -> None:
    folder = proposed(tmp_path)
    mapping = load_mapping("base/small", [tmp_path])
    assert len(load_samples(mapping, [tmp_path])) == sum(
        len(found) if isinstance(found := json.loads(path.read_text("utf-8")), list) else 1
        for path in folder.glob("*.json"))


def test_the_command_proposes_accepts_and_then_finds_nothing(tmp_path: Path) -> None:
    shelf(tmp_path)
    env = {"EDI_MAPPINGS": str(tmp_path)}
    first = command("map", "test", "base/small", "--records", "20", "--propose", environment=env)
    assert (first.exit, first.err) == (0, "")
    again = command("map", "test", "base/small", "--records", "20", "--json", environment=env)
    assert (again.exit, again.err) == (0, "")
    told, summary = map(json.loads, again.out.splitlines())
    assert summary == {"schema": 1, "kind": "summary", "count": 1, "failed": 0}
    assert {key: told[key] for key in ("kind", "mapping", "records", "ok", "counterexample", "untouched")} == {
        "kind": "map_test", "mapping": "base/small", "records": 20, "ok": True, "counterexample": None,
        "untouched": []}
    assert [(one["file"], one["findings"]) for one in told["samples"]] == [
        (f"samples/small/{name}.json", []) for name in sorted(NAMES)]
    shelf(tmp_path, SMALL.replace("LOC+42", "LOC+45"))
    changed = command("map", "test", "base/small", "--records", "0", environment=env, lang="en")
    assert changed.exit == 1
    assert "samples/small/full.edi:4: M431: the message is no longer the expected one: expected LOC+42" in changed.err
