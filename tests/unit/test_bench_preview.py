"""Does a preview show every value of the message with its name, and what is missing where it would stand?"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from gateway.edifact import read_wire
from gateway.errors import LocalError
from gateway.mapping import Mapping, load_mapping
from gateway.mapping.bench.corpus import TRIAL_MRN, Corpus, Sample, dialect_for, gather, read_corpus
from gateway.mapping.bench.preview import PreviewRow, preview, values_of
from gateway.references import Tree
from tests.tools.command import ROOT

SHIPPED = [ROOT / "mappings"]
STORY = ROOT / "samples" / "story"
NATIONAL = [STORY / "tgotr" / "declaration-2.csv"]
BASE = "base/cusdec-d96b.yaml"


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping("corridors/tg-ml/cusdec", SHIPPED)


def corpus(mapping: Mapping, *paths: Path) -> Corpus:
    files = gather(paths)
    return read_corpus(files, mapping, dialect_for(None, files, mapping, SHIPPED))


@pytest.fixture(scope="module")
def sample(mapping: Mapping) -> Sample:
    (found,) = corpus(mapping, *NATIONAL).samples
    return found


def without(sample: Sample, *terms: str) -> Sample:
    tree = cast("dict[str, Any]", copy.deepcopy(sample.tree))
    for term in terms:
        *parents, last = term.split(".")
        node = tree
        for parent in parents:
            name, _, ordinal = parent.partition("[")
            node = node[name][int(ordinal[:-1]) - 1] if ordinal else node[name]
        del node[last]
    return replace(sample, tree=cast(Tree, tree))


def line_of(label: str) -> str:
    lines = (SHIPPED[0] / BASE).read_text("utf-8").splitlines()
    found = [n for n, line in enumerate(lines, 1) if line.strip().startswith(f"{label}:") and line.endswith("'")]
    return f"{BASE}:{found[0]}"


def test_every_component_of_the_message_is_a_row_and_every_value_of_the_record_that_it_carries(
        mapping: Mapping, sample: Sample) -> None:
    shown = preview(mapping, sample)
    message = read_wire(mapping.to_message(sample.tree))
    assert shown.segments == tuple(f"{segment.text}'" for segment in message.segments)
    filled = [(segment.position, number, place) for segment in message.segments
              for number, element in enumerate(segment.elements, 1)
              for place, text in enumerate(element, 1) if text]
    assert list(dict.fromkeys((row.segment, row.element, row.component) for row in shown.rows)) == filled
    shared = [(row.path, row.value) for row in shown.rows if row.tag == "SEL" and row.element == 1]
    assert shared == [("seals[1].equipment", "1"), ("seals[1].number", "1")]
    assert [row for row in shown.rows if row.status == "missing"] == []
    assert [(one.code, one.place.path) for one in shown.findings] == [("M484", "mrn")]
    assert dict(shown.record)["accepted"] == "2026-11-10T08:10:00Z"
    assert {row.path for row in shown.rows if row.status == "value"} <= {path for path, _ in shown.record}
    unseen = {path for path, _ in shown.record} - {row.path for row in shown.rows}
    assert unseen == {"containerised", "binding_itinerary"}  # flags: their segment is there or not


def test_a_row_has_path_value_names_meaning_and_line(mapping: Mapping, sample: Sample) -> None:
    rows = {(row.tag, row.element_id, row.path): row for row in preview(mapping, sample).rows}
    assert rows["BGM", "1225", "function"] == PreviewRow(
        path="function", value="9", status="value", segment=2, tag="BGM", segment_name="BEGINNING OF MESSAGE",
        element=3, component=1, element_id="1225", name="Message function, coded", meaning="Original", mandatory=True,
        line=line_of("head"))
    name = rows["LOC", "3224", "office_of_departure.name"]
    assert (name.value, name.mandatory, name.component) == ("LOMÉ PORT", False, 4)
    constant = rows["LOC", "3227", None]
    assert (constant.status, constant.mandatory) == ("constant", True)
    counted = next(row for row in preview(mapping, sample).rows if row.status == "count")
    assert (counted.tag, counted.path, counted.line) == ("CNT", None, line_of("lines"))
    bare = next(row for row in preview(mapping, sample).rows if row.tag == "UNS")
    assert bare.line == line_of("detail")


def test_what_the_mapping_needs_and_the_record_has_not_stands_where_it_would_be(mapping: Mapping,
                                                                               sample: Sample) -> None:
    shown = preview(mapping, without(sample, "mrn", "equipment[2].number"))
    missing = [row for row in shown.rows if row.status == "missing"]
    boxes = [row.segment for row in shown.rows if row.tag == "EQD" and row.path == "equipment[2].kind"]
    assert [(row.path, row.tag, row.element, row.component, row.element_id, row.name, row.segment) for row in missing] \
        == [("mrn", "BGM", 2, 1, "1004", "Document/message number", 2),
            ("equipment[2].number", "EQD", 2, 1, "8260", "Equipment identification number", boxes[0])]
    assert {row.line for row in missing} == {line_of("head"), line_of("box")}
    assert [one.code for one in shown.findings if one.code.startswith("M1")] == ["M101", "M101"]


def test_what_a_rule_of_the_receiver_needs_is_missing_too(mapping: Mapping, sample: Sample) -> None:
    shown = preview(mapping, without(sample, "transit_type", "items[1].gross_mass"))
    missing = [(row.path, row.tag, row.segment, row.element_id) for row in shown.rows if row.status == "missing"]
    assert missing == [("transit_type", "BGM", 0, "1000"), ("items[1].gross_mass", "MEA", 0, "6314")]
    assert [(one.code, one.values["rule"]) for one in shown.findings if one.code == "M478"] == [
        ("M478", "COR0203"), ("M478", "COR0214")]


def test_a_message_is_previewed_as_the_record_it_carries(mapping: Mapping, sample: Sample) -> None:
    found = corpus(mapping, STORY / "steps" / "01-declaration" / "1-TGOTR-BFDGD-CUSDEC.edi").samples
    assert [one.message is not None for one in found] == [True]
    shown = preview(mapping, found[0])
    assert [one for one in shown.findings if one.code.startswith("M")] == []
    assert dict(shown.record)["mrn"] == "26TGLPLT0000204177"


def test_values_are_told_as_json_has_them(sample: Sample) -> None:
    values = dict(values_of(sample.tree))
    assert [values[path] for path in ("containerised", "national_reference_date", "items[1].gross_mass")] == [
        "true", "2026-11-10", "20050.250"]


class TestCorpus:
    """What files give."""

    def test_a_declaration_without_mrn_gets_one_that_is_none(self, sample: Sample) -> None:
        assert (sample.tree["mrn"], sample.given) == (TRIAL_MRN, ("mrn",))

    def test_the_dialect_is_that_of_the_administration_of_departure(self, mapping: Mapping) -> None:
        for names, identifier in ((["declaration-2.csv"], "tgotr/csv"), (["declaration-3.json"], "neutral/json"),
                                  (["declaration-1.xml", "declaration-1-t1.csv"], "tgotr/asycuda")):
            files = gather([STORY / "tgotr" / name for name in names])
            found = dialect_for(None, files, mapping, SHIPPED)
            assert found is not None
            assert found.identifier == identifier
            assert len(read_corpus(files, mapping, found).samples) == 1

    def test_files_that_no_dialect_reads_are_refused_and_with_a_dialect_its_faults_are_told(
            self, mapping: Mapping, tmp_path: Path) -> None:
        broken = tmp_path / "x.csv"
        broken.write_text("A;B\n1;2\n", "utf-8")
        files = gather([tmp_path])
        with pytest.raises(LocalError) as caught:
            dialect_for(None, files, mapping, SHIPPED)
        assert caught.value.code == "M483"
        found = read_corpus(files, mapping, dialect_for("tgotr/csv", files, mapping, SHIPPED))
        assert (found.samples, [(name, [one.code for one in faults]) for name, faults in found.refused]) == (
            (), [(str(broken), ["R010", "R010"])])

    def test_a_message_that_the_mapping_cannot_read_is_refused(self, mapping: Mapping, tmp_path: Path) -> None:
        content = (STORY / "steps" / "01-declaration" / "1-TGOTR-BFDGD-CUSDEC.edi").read_bytes()
        path = tmp_path / "x.edi"
        path.write_bytes(content.replace(b"LOC+45+", b"LOC+46+"))
        found = read_corpus(gather([path]), mapping, None)
        assert found.samples == ()
        assert [(name, faults[0].code) for name, faults in found.refused] == [(f"{path} 1", "M201")]
