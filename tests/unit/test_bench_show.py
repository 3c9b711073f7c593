"""Is a flat mapping the same mapping, and does each of its lines say where it was written?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping import Mapping, load_mapping
from gateway.mapping.bench.flatten import FlatLine, FlatWord, flatten
from gateway.mapping.bench.format import as_yaml, with_origins
from gateway.mapping.document import SECTIONS
from gateway.mapping.inherit import known_mappings
from gateway.mapping.notation import Origin
from gateway.mapping.plan import PlanLine
from tests.tools.command import ROOT

SHIPPED = [ROOT / "mappings"]
CHILD = """
format: "1"
id: corridors/xx-yy/cusdec
extends: base/cusdec-d96b@1
version: "7"
codes:
  equipment: {platform: PL}
many_to_one:
  equipment: {flat: PL, answer: platform}
override:
  goods: "? LOC+14+{location_of_goods}:113:ZZZ'"
remove:
  route: "the itinerary is not exchanged: agreement 4.2"
after:
  ucr: |
    second: ? RFF+AFM:{unique_consignment_reference}'
extras:
  escort_order: an..35
unmapped: keep
"""


@pytest.fixture
def search(tmp_path: Path) -> list[Path]:
    path = tmp_path / "corridors" / "xx-yy" / "cusdec.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CHILD.lstrip(), "utf-8")
    return [tmp_path, *SHIPPED]


def shape(line: PlanLine) -> tuple[object, ...]:
    return (line.label, line.tag, line.limit, line.optional, line.mandatory, sorted(map(str, line.firm.items())),
            [element.wire for element in line.elements], [access.term for access in line.accesses],
            [shape(child) for child in line.children])


def meaning(mapping: Mapping) -> tuple[object, ...]:
    """Everything a mapping does, without where it was written."""
    return ({function: [shape(line) for line in plan.lines] for function, plan in mapping.plans.items()},
            {term: str(kind) for term, kind in mapping.terms.items()},
            {table: (dict(mapping.tables.words(table)), dict(mapping.tables.answers(table)))
             for table in mapping.tables.names()},
            [(rule.code, [(test.term, test.values, test.absent) for test in rule.when],
              [[named.text for named in one] for one in rule.need], rule.french, rule.english)
             for rule in mapping.definition.require.values()],
            mapping.events, {key: str(typed.type) for key, typed in mapping.definition.extras.items()},
            {term: named.text for term, named in mapping.definition.fixed.items()}, str(mapping.message),
            mapping.definition.title and (mapping.definition.title.french, mapping.definition.title.english),
            mapping.definition.unmapped)


def loaded(text: str, identifier: str, folder: Path) -> Mapping:
    path = folder / "flat" / f"{identifier}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return load_mapping(identifier, [folder / "flat"])


@pytest.mark.parametrize("identifier", known_mappings(SHIPPED))
def test_every_shipped_mapping_written_flat_loads_and_means_the_same(identifier: str, tmp_path: Path) -> None:
    flat = flatten(identifier, SHIPPED)
    if flat.base:
        with pytest.raises(LocalError) as caught:
            loaded(as_yaml(flat), identifier, tmp_path)
        assert [finding.code for finding in caught.value.findings] == ["M048"]
        return
    assert meaning(loaded(as_yaml(flat), identifier, tmp_path)) == meaning(load_mapping(identifier, SHIPPED))


def test_a_mapping_that_overrides_removes_and_adds_written_flat_means_the_same(search: list[Path],
                                                                              tmp_path: Path) -> None:
    flat = flatten("corridors/xx-yy/cusdec", search)
    written = as_yaml(flat)
    assert "extends" not in written
    assert meaning(loaded(written, "corridors/xx-yy/cusdec", tmp_path)) == \
        meaning(load_mapping("corridors/xx-yy/cusdec", search))


def test_each_line_word_and_removal_names_the_file_and_line_it_was_written_in(search: list[Path]) -> None:
    flat = flatten("corridors/xx-yy/cusdec", search)
    base = (SHIPPED[0] / "base" / "cusdec-d96b.yaml").read_text("utf-8").splitlines()
    lines = {line.label: line for line in flat.lines}
    own = "corridors/xx-yy/cusdec.yaml"
    assert lines["goods"] == FlatLine(label="goods", depth=0, text="? LOC+14+{location_of_goods}:113:ZZZ'", tag="LOC",
                                      terms=("location_of_goods",), origin=Origin(own, 10, 11))
    assert lines["second"].origin == Origin(own, 15, 13)
    assert "route" not in lines
    assert [(one.name, one.text, str(one.origin)) for one in flat.removed] == [
        ("route", "the itinerary is not exchanged: agreement 4.2", f"{own}:12")]
    assert [word for word in flat.words if word.code == "PL"] == [
        FlatWord(table="equipment", word="platform", code="PL", answer=None, origin=Origin(own, 6, 15)),
        FlatWord(table="equipment", word="flat", code="PL", answer="platform", origin=Origin(own, 8, 15))]
    for line in flat.lines:
        if line.origin.file == "base/cusdec-d96b.yaml":
            assert base[line.origin.line - 1].strip().split(":")[0] == line.label
            assert base[line.origin.line - 1][line.origin.column - 1:] == line.text
    assert (flat.files, flat.version) == ((own, "base/cusdec-d96b.yaml"), "7")


def test_nested_lines_know_their_depth_and_their_terms_in_full() -> None:
    lines = {line.label: line for line in flatten("corridors/tg-ml/cusdec", SHIPPED).lines}
    assert [(label, lines[label].depth, lines[label].terms) for label in ("item", "pack", "marks", "lines")] == [
        ("item", 0, ("items", "items.number", "items.commodity", "items.procedure")),
        ("pack", 1, ("items.packages", "items.packages.count", "items.packages.kind")),
        ("marks", 2, ("items.packages.marks",)), ("lines", 0, ())]


def test_the_text_for_people_is_the_file_with_an_origin_behind_each_line() -> None:
    flat = flatten("corridors/tg-ml/cusdec", SHIPPED)
    people, file = with_origins(flat), as_yaml(flat).splitlines()
    assert [line.partition("  # ")[0].rstrip() for line in people] == [line.rstrip() for line in file]
    assert [line for line in people if "  # " not in line and line.endswith("'")] == []  # no line of the layout
    assert sum("  # " in line for line in people) == sum(
        len(part) for part in (flat.lines, flat.words, flat.rules, flat.functions)) + len(flat.terms)


def test_what_cannot_be_resolved_is_told_and_what_is_nowhere_too(tmp_path: Path) -> None:
    path = tmp_path / "corridors" / "xx-yy" / "cusdec.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CHILD.lstrip().replace("  goods:", "  godos:"), "utf-8")
    with pytest.raises(LocalError) as caught:
        flatten("corridors/xx-yy/cusdec", [tmp_path, *SHIPPED])
    found = [(one.code, one.place.line, one.values["nearest"]) for one in caught.value.findings]
    assert found == [("M030", 10, "goods")]
    with pytest.raises(LocalError) as caught:
        flatten("corridors/xx-zz/cusdec", [tmp_path, *SHIPPED])
    assert caught.value.code == "M006"


def test_every_key_of_a_mapping_is_written_or_says_how_it_inherits(search: list[Path]) -> None:
    inheriting = {"extends", "carries", "override", "remove", "after"}
    written = {line.split(":")[0] for identifier in [*known_mappings(SHIPPED), "corridors/xx-yy/cusdec"]
               for line in as_yaml(flatten(identifier, search)).splitlines() if not line.startswith(" ")}
    assert written == set(SECTIONS) - inheriting
