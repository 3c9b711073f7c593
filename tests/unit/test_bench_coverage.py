"""Does every filled field of national files show up: carried, left out with a reason, or forgotten?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.mapping import Mapping, load_mapping
from gateway.mapping.bench.corpus import gather
from gateway.mapping.bench.coverage import Coverage, coverage
from gateway.mapping.dialect import load_dialect
from tests.tools.command import ROOT

SHIPPED = [ROOT / "mappings"]
STORY = ROOT / "samples" / "story" / "tgotr"
CSV = "declaration-2.csv"


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping("corridors/tg-ml/cusdec", SHIPPED)


def states(found: Coverage) -> dict[str, tuple[str, str]]:
    return {one.field: (one.state, one.reason) for one in found.fields if one.state != "mapped"}


def own(folder: Path, name: str, text: str) -> list[Path]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return [folder, *SHIPPED]


def test_every_heading_of_a_whole_spreadsheet_is_carried(mapping: Mapping) -> None:
    files = gather([STORY / CSV])
    found = coverage(load_dialect("tgotr/csv", SHIPPED), mapping, files)
    assert (found.files, found.records, found.refused, states(found)) == (1, 1, (), {})
    fields = {one.field: one for one in found.fields}
    assert fields["BUREAU DÉPART"].terms == ("office_of_departure.code",)
    assert (fields["BUREAU DÉPART"].example.line, fields["BUREAU DÉPART"].files) == (4, 1)
    assert fields["DÉSIGNATION"].terms == ("items.description",)


def test_elements_that_nobody_reads_are_forgotten_first_with_where_they_stand(mapping: Mapping) -> None:
    files = gather([STORY / "declaration-1.xml", STORY / "declaration-1-t1.csv"])
    found = coverage(load_dialect("tgotr/asycuda", SHIPPED), mapping, files)
    forgotten = [one for one in found.fields if one.state == "forgotten"]
    assert found.fields[:len(forgotten)] == tuple(forgotten)
    assert ("/ASYCUDA/Transit/Officer_name", "declaration-1.xml") in [
        (one.field, Path(one.example.file or "").name) for one in forgotten]
    container = next(one for one in found.fields if one.field == "/ASYCUDA/Container/Container_identity")
    assert (container.state, "equipment.number" in container.terms) == ("mapped", True)


def test_a_new_element_in_the_data_is_forgotten_not_silent(mapping: Mapping) -> None:
    files = {name: content.replace(b"<ASYCUDA>", b"<ASYCUDA><Scanner><Image>7</Image></Scanner>")
             for name, content in gather([STORY / "declaration-1.xml", STORY / "declaration-1-t1.csv"]).items()}
    found = coverage(load_dialect("tgotr/asycuda", SHIPPED), mapping, files)
    assert states(found)["/ASYCUDA/Scanner/Image"] == ("forgotten", "")


def test_a_place_removed_with_a_reason_is_left_out_for_it(mapping: Mapping, tmp_path: Path) -> None:
    search = own(tmp_path, "dialects/xx/csv.yaml", (
        'format: "1"\nid: xx/csv\nextends: tgotr/csv\nremove: {itinerary: the office of Lomé tells no itinerary}\n'))
    found = coverage(load_dialect("xx/csv", search), mapping, gather([STORY / CSV]))
    assert states(found) == {"ITINÉRAIRE": ("ignored", "the office of Lomé tells no itinerary")}


def test_a_column_without_place_is_forgotten(mapping: Mapping, tmp_path: Path) -> None:
    search = own(tmp_path, "dialects/xx/csv.yaml", (
        'format: "1"\nid: xx/csv\nextends: tgotr/csv\nparts: {decl: {columns: {inner: CLÉ INTERNE}}}\n'))
    lines = (STORY / CSV).read_bytes().decode("cp1252").split("\n")
    filled = [f"k;{line}" for line in lines[3:5]]
    text = "\n".join([f"CLÉ INTERNE;{lines[0]}", *lines[1:3], *filled, f"TOTAL;{lines[5]}", *lines[6:]])
    found = coverage(load_dialect("xx/csv", search), mapping, {"a.csv": text.encode("cp1252")})
    assert found.refused == ()
    assert [(one.field, one.state, one.example.line) for one in found.fields if one.state != "mapped"] == [
        ("CLÉ INTERNE", "forgotten", 4)]


def test_what_the_mapping_leaves_out_keeps_the_record_from_being_lost_in_silence(tmp_path: Path) -> None:
    search = own(tmp_path, "corridors/xx-yy/cusdec.yaml", (
        'format: "1"\nid: corridors/xx-yy/cusdec\nextends: base/cusdec-d96b\n'
        "remove: {route: the itinerary is not exchanged}\nextras: {escort_order: an..35}\n"))
    mapping = load_mapping("corridors/xx-yy/cusdec", search)
    found = coverage(load_dialect("tgotr/csv", search), mapping, gather([STORY / CSV]))
    assert states(found) == {"ITINÉRAIRE": ("ignored", "the itinerary is not exchanged")}
    assert found.extras == ("escort_order",)


def test_files_that_cannot_be_read_are_named_and_counted(mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("A;B\n1;2\n", "utf-8")
    found = coverage(load_dialect("tgotr/csv", SHIPPED), mapping, gather([STORY / CSV, tmp_path]))
    assert (found.files, found.records, [Path(name).name for name, _ in found.refused]) == (2, 1, ["bad.csv"])
