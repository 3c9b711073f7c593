"""Does a difference name everything two mappings have otherwise, and the messages that change by it?"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.mapping import load_mapping
from gateway.mapping.bench.corpus import Sample, gather, read_mixed
from gateway.mapping.bench.difference import Change, difference, effect
from gateway.mapping.bench.flatten import flatten
from tests.tools.command import ROOT

SHIPPED = [ROOT / "mappings"]
CSV = ROOT / "samples" / "story" / "tgotr" / "declaration-2.csv"
OTHER = """
format: "1"
id: corridors/xx-yy/cusdec
extends: base/cusdec-d96b@1
record:
  location_of_goods: an..20
codes:
  equipment: {platform: PL}
override:
  goods: "? LOC+14+{location_of_goods}:113:ZZZ'"
remove:
  route: not exchanged
  COR0203: the type is known
after:
  ucr: |
    second: ? RFF+AFM:{unique_consignment_reference}'
require:
  COR0240: {when: function is original, need: guarantee.type, fr: type de garantie absent, en: guarantee type missing}
extras:
  escort_order: an..35
"""


@pytest.fixture
def search(tmp_path: Path) -> list[Path]:
    path = tmp_path / "corridors" / "xx-yy" / "cusdec.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(OTHER.lstrip(), "utf-8")
    return [tmp_path, *SHIPPED]


def short(change: Change) -> tuple[str, str, str, str]:
    return change.kind, change.name, change.before, change.after


def test_lines_terms_words_rules_and_extras_that_are_added_removed_or_changed_are_named(search: list[Path]) -> None:
    base, other = flatten("base/cusdec-d96b", search), flatten("corridors/xx-yy/cusdec", search)
    found = difference(base, other)
    rule = "when function in original,replacement | need transit_type | type de transit absent | transit type missing"
    assert [short(one) for one in found] == [
        ("line", "goods", "? LOC+14+{location_of_goods}'", "? LOC+14+{location_of_goods}:113:ZZZ'"),
        ("line", "route", "? FTX+RQR+++{itinerary|chunks 9x5x70}'", ""),
        ("line", "second", "", "? RFF+AFM:{unique_consignment_reference}'"),
        ("term", "location_of_goods", "an..25", "an..20"),
        ("word", "equipment.platform", "", "PL"),
        ("rule", "COR0203", rule, ""),
        ("rule", "COR0240", "", "when function in original | need guarantee.type | type de garantie absent | "
                                "guarantee type missing"),
        ("extra", "escort_order", "", "an..35")]
    goods = found[0]
    assert (str(goods.old).split(":")[0], str(goods.new)) == ("base/cusdec-d96b.yaml", "corridors/xx-yy/cusdec.yaml:9")
    assert difference(base, base) == []
    back = difference(other, base)
    assert {(one.kind, one.name, one.after, one.before) for one in back} == {short(one) for one in found}


def test_a_line_that_only_moved_is_told_with_what_it_stands_behind(search: list[Path]) -> None:
    flat = flatten("base/cusdec-d96b", search)
    names = [line.label for line in flat.lines]
    lines = list(flat.lines)
    first, second = names.index("dispatch"), names.index("arrival")
    lines[first], lines[second] = lines[second], lines[first]
    found = [short(one) for one in difference(flat, replace(flat, lines=tuple(lines)))]
    assert found in ([("line", "dispatch", "< destination", "< arrival")],
                     [("line", "arrival", "< dispatch", "< destination")])


def samples(search: list[Path]) -> tuple[Sample, ...]:
    mapping = load_mapping("base/cusdec-d96b", search)
    return read_mixed(gather([CSV]), mapping, "tgotr/csv", search).samples


def test_the_messages_that_change_are_shown_segment_by_segment(search: list[Path]) -> None:
    base, other = (load_mapping(name, search) for name in ("base/cusdec-d96b", "corridors/xx-yy/cusdec"))
    (sample,) = samples(search)
    left_out = ("itinerary", "transit_type", "guarantee")
    tree = {term: value for term, value in sample.tree.items() if term not in left_out}
    found = effect(base, other, replace(sample, tree=tree))
    assert (found.same, found.refused) == (False, ((), ()))
    assert ([text for _, text in found.removed], [text for _, text in found.added]) == (
        ["LOC+14+PAL-T3'"], ["LOC+14+PAL-T3:113:ZZZ'"])
    assert found.removed[0][0] == found.added[0][0] > 1
    assert (found.stricter, found.milder) == ((("COR0240", "guarantee.type"),), (("COR0203", "transit_type"),))


def test_a_record_that_only_one_of_them_can_write_is_told_with_the_reason(search: list[Path]) -> None:
    base, other = (load_mapping(name, search) for name in ("base/cusdec-d96b", "corridors/xx-yy/cusdec"))
    (sample,) = samples(search)
    found = effect(base, other, sample)
    assert (found.same, found.refused[0]) == (False, ())
    assert [(one.code, one.place.path) for one in found.refused[1]] == [("M113", "itinerary")]


def test_the_same_mapping_changes_nothing(search: list[Path]) -> None:
    base = load_mapping("base/cusdec-d96b", search)
    assert [effect(base, base, sample).same for sample in samples(search)] == [True]
