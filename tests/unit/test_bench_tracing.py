"""Does a value's way lead back to its national field and on to the message, with each step, or say why not?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping import Mapping, load_mapping
from gateway.mapping.bench.corpus import Sample, dialect_for, gather, read_corpus
from gateway.mapping.bench.tracing import Trail, not_read, removal_reason, trace_from, trace_to, trails
from gateway.mapping.dialect import Dialect, load_dialect
from tests.tools.command import ROOT

SHIPPED = [ROOT / "mappings"]
STORY = ROOT / "samples" / "story" / "tgotr"


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping("corridors/tg-ml/cusdec", SHIPPED)


def read(mapping: Mapping, *names: str) -> tuple[Dialect, Sample]:
    files = gather([STORY / name for name in names])
    dialect = dialect_for(None, files, mapping, SHIPPED)
    assert dialect is not None
    return dialect, read_corpus(files, mapping, dialect).samples[0]


@pytest.fixture(scope="module")
def spreadsheet(mapping: Mapping) -> tuple[Dialect, Sample]:
    return read(mapping, "declaration-2.csv")


def told(trail: Trail) -> tuple[str | None, str | None, str, tuple[str, ...], str, str, str]:
    return (trail.field, trail.path, trail.value, trail.steps, f"{trail.tag} {trail.segment}", trail.element_id,
            trail.written)


def test_back_from_the_message_each_step_is_named(mapping: Mapping, spreadsheet: tuple[Dialect, Sample]) -> None:
    assert [told(one) for one in trace_to(mapping, spreadsheet[1], "DTM+148")] == [
        ("DATE ENREG.", "accepted", "2026-11-10T08:10:00Z", ("moment dd/MM/yyyy HH:mm(:ss)", "moment"), "DTM 19",
         "2380", "202611100810"),
        ("DATE ENREGISTREMENT", "national_reference_date", "2026-11-10", ("date dd/MM/yyyy", "102"), "DTM 33",
         "2380", "20261110")]
    (one,) = trace_to(mapping, spreadsheet[1], "LOC+118/3224")
    assert one.place is not None
    assert (Path(one.place.file or "").name, one.place.line, one.written, one.steps) == (
        "declaration-2.csv", 4, "LOMÉ PORT", ())
    assert one.line.startswith("base/cusdec-d96b.yaml:")


def test_a_code_a_chunked_text_and_a_count_are_named_for_what_they_are(mapping: Mapping,
                                                                      spreadsheet: tuple[Dialect, Sample]) -> None:
    assert [one.steps for one in trace_to(mapping, spreadsheet[1], "BGM/1225")] == [("code function", "code function")]
    assert {one.steps for one in trace_to(mapping, spreadsheet[1], "FTX+RQR")} == {("chunks 9x5x70",)}
    (count,) = trace_to(mapping, spreadsheet[1], "CNT+5")
    assert (count.path, count.field, count.written, count.steps) == (None, None, "2", ())


def test_a_path_of_the_record_names_what_it_holds(mapping: Mapping, spreadsheet: tuple[Dialect, Sample]) -> None:
    found = trace_to(mapping, spreadsheet[1], "office_of_departure")
    assert [one.path for one in found] == ["office_of_departure.code", "office_of_departure.name"]
    assert {one.path for one in trace_to(mapping, spreadsheet[1], "seals.identity")} == {"seals[1].identity"}


def test_on_from_a_heading_and_from_an_xpath_with_and_without_ordinals(mapping: Mapping,
                                                                      spreadsheet: tuple[Dialect, Sample]) -> None:
    found, lost = trace_from(mapping, spreadsheet[1], "DÉLAI")
    assert ([(one.path, one.tag, one.written) for one in found], lost) == ([("time_limit", "DTM", "20261210")], [])
    asycuda = read(mapping, "declaration-1.xml", "declaration-1-t1.csv")
    both, _ = trace_from(mapping, asycuda[1], "/ASYCUDA/Container/Container_identity")
    first, _ = trace_from(mapping, asycuda[1], "/ASYCUDA/Container[1]/Container_identity")
    assert [one.path for one in first] == ["equipment[1].number", "items[1].containers[1].number"]  # it feeds two
    assert {one.path for one in first} < {one.path for one in both}


def test_a_flag_is_its_segment(mapping: Mapping, spreadsheet: tuple[Dialect, Sample]) -> None:
    found, _ = trace_from(mapping, spreadsheet[1], "CONTENEURISÉ")
    assert [(one.path, one.steps, one.tag, one.element, one.written) for one in found] == [
        ("containerised", ("flag OUI NON",), "GIS", 0, "GIS+CTR:109:ZZZ")]


def test_every_value_of_the_message_has_a_way(mapping: Mapping, spreadsheet: tuple[Dialect, Sample]) -> None:
    _, sample = spreadsheet
    found = trails(mapping, sample)
    traced = [(one.segment, one.element, one.component, one.path) for one in mapping.trace(sample.tree)]
    flags = [one for one in found if one.element == 0]
    assert [(one.segment, one.element, one.component, one.path) for one in found if one.element] == sorted(
        traced, key=lambda one: one[:3])
    assert {one.path for one in flags} == {"containerised"} | (
        {"binding_itinerary"} if sample.tree.get("binding_itinerary") else set())


def removing(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "corridors" / "xx-yy" / "cusdec.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f'format: "1"\nid: corridors/xx-yy/cusdec\nextends: base/cusdec-d96b\n{text}', "utf-8")
    return load_mapping("corridors/xx-yy/cusdec", [tmp_path, *SHIPPED])


def test_what_the_mapping_leaves_out_is_told_with_the_reason(tmp_path: Path,
                                                             spreadsheet: tuple[Dialect, Sample]) -> None:
    mapping = removing(tmp_path, "remove:\n  route: the itinerary is not exchanged\n")
    found, lost = trace_from(mapping, spreadsheet[1], "ITINÉRAIRE")
    assert (found, [(one.code, one.place.path, one.values["reason"]) for one in lost]) == (
        [], [("M487", "itinerary", "the itinerary is not exchanged")])
    assert removal_reason(mapping.definition, "itinerary") == "the itinerary is not exchanged"
    assert removal_reason(mapping.definition, "mrn") == ""
    with pytest.raises(LocalError) as caught:  # another field of the same record: what keeps it from being written
        trace_from(mapping, spreadsheet[1], "DÉLAI")
    assert caught.value.code == "M113"


def test_what_the_function_does_not_carry_is_told(mapping: Mapping, spreadsheet: tuple[Dialect, Sample]) -> None:
    _, sample = spreadsheet
    cancelled = Sample(name="x", tree={**sample.tree, "function": "cancellation"}, places=sample.places)
    found, lost = trace_from(mapping, cancelled, "DÉLAI")
    assert (found, [(one.code, one.values["term"], one.values["function"]) for one in lost]) == (
        [], [("M488", "time_limit", "cancellation")])


def test_what_the_dialect_passes_over_is_told() -> None:
    content = (STORY / "declaration-1.xml").read_bytes().replace(b"<ASYCUDA>", b"<ASYCUDA><Extra><Own>7</Own></Extra>")
    dialect = load_dialect("tgotr/asycuda", SHIPPED)
    assert [(one.code, one.values["field"]) for one in not_read(dialect, {"a.xml": content}, "/ASYCUDA/Extra")] == [
        ("M486", "/ASYCUDA/Extra/Own")]
    assert not_read(dialect, {"a.xml": content}, "/ASYCUDA/Other") == []


@pytest.mark.parametrize("where", ["NAD+XX", "LOC+118/9999", "no_such_term", "ZZZ"])
def test_what_names_nothing_is_refused(mapping: Mapping, spreadsheet: tuple[Dialect, Sample], where: str) -> None:
    for ask in (trace_to, trace_from):
        with pytest.raises(LocalError) as caught:
            ask(mapping, spreadsheet[1], where)
        assert caught.value.code == "M489"
