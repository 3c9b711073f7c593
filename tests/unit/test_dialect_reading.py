"""Are files joined, taken whole, and refused with a place in the national file?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.findings import Place, Severity
from gateway.mapping.dialect import Dialect, Reading, Waiting, load_dialect, national_key
from gateway.references import Tree

ROOT = Path(__file__).parents[2]
STORY = ROOT / "samples" / "story" / "tgotr"
SAD, T1 = (STORY / "declaration-1.xml").read_bytes(), (STORY / "declaration-1-t1.csv").read_bytes()


@pytest.fixture(scope="module")
def asycuda() -> Dialect:
    return load_dialect("tgotr/asycuda", [ROOT / "mappings"])


@pytest.fixture(scope="module")
def spreadsheet() -> Dialect:
    return load_dialect("tgotr/csv", [ROOT / "mappings"])


def refused(reading: Reading) -> list[tuple[str, str, int | None, str | None, str | None]]:
    assert reading.records == ()
    return [(one.file, finding.code, finding.place.line, finding.place.locator, finding.place.path)
            for one in reading.refused for finding in one.findings]


def other(content: bytes, number: str) -> bytes:
    """The same declaration under another registration number, with a local reference of its own."""
    return content.replace(b"20417", number.encode()).replace(b"0000204177", f"0000{number}7".encode())


def test_a_pair_is_one_record_with_the_place_of_every_value(asycuda: Dialect) -> None:
    reading = asycuda.read({"a.xml": SAD, "a-t1.csv": T1})
    record, = reading.records
    assert (reading.waiting, reading.refused) == ((), ())
    assert (record.key, record.files, record.findings) == ("TGLPL/2026/T/20417", ("a.xml", "a-t1.csv"), ())
    assert record.origins["items[3].net_mass"] == Place(
        file="a.xml", line=SAD[:SAD.index(b"7650.25")].count(b"\n") + 1, column=1,
        locator="/ASYCUDA/Item[3]/Valuation_item/Weight_itm/Net_weight_itm")
    assert record.origins["released"].locator == "DATE MAINLEVÉE"
    assert record.origins["released"].file == "a-t1.csv"
    assert record.origins["items[2].containers[2].number"].locator == "/ASYCUDA/Container[3]/Container_identity"
    assert record.origins["equipment[3].number"].locator == "REMORQUE"


def test_every_value_of_a_record_read_from_files_has_its_place(asycuda: Dialect) -> None:
    record, = asycuda.read({"a.xml": SAD, "a-t1.csv": T1}).records
    assert record.origins.nearest("items[3].gross_mass") == record.origins["items[3].gross_mass"]
    assert record.origins.nearest("items[3].statistical_value").line is not None  # type: ignore[union-attr]
    assert record.origins.nearest("nothing") is None


def test_what_the_national_system_adds_is_ignored_and_can_be_listed(asycuda: Dialect) -> None:
    added = [place.locator for place in asycuda.unread("a.xml", SAD)]
    assert "/ASYCUDA/National_tracking/Device" in added
    assert "/ASYCUDA/Transit/Principal/Name" not in added
    assert asycuda.unread("a-t1.csv", T1) == []


def test_a_part_without_its_twin_waits(asycuda: Dialect) -> None:
    assert asycuda.read({"a.xml": SAD}) == Reading((), (Waiting("a.xml", "TGLPL/2026/T/20417", "t1"),), ())
    assert asycuda.read({"a-t1.csv": T1}).waiting == (Waiting("a-t1.csv", "TGLPL/2026/T/20417", "sad"),)


def test_two_files_with_one_key_are_refused_and_each_names_the_other(asycuda: Dialect) -> None:
    reading = asycuda.read({"a.xml": SAD, "b.xml": SAD, "a-t1.csv": T1})
    assert [(one.file, one.findings[0].code, one.findings[0].values["others"]) for one in reading.refused] == [
        ("a.xml", "D108", "b.xml (TGLPL/2026/T/20417), a-t1.csv (TGLPL/2026/T/20417)"),
        ("b.xml", "D108", "a.xml (TGLPL/2026/T/20417), a-t1.csv (TGLPL/2026/T/20417)"),
        ("a-t1.csv", "D108", "a.xml (TGLPL/2026/T/20417), b.xml (TGLPL/2026/T/20417)")]


def test_a_bad_record_refuses_its_files_and_the_others_go_on(asycuda: Dialect) -> None:
    reading = asycuda.read({"a.xml": SAD, "a-t1.csv": T1, "b.xml": other(SAD, "20500").replace(b">8000.0<", b">8 t<"),
                            "b-t1.csv": other(T1, "20500")})
    assert [record.files for record in reading.records] == [("a.xml", "a-t1.csv")]
    assert [(one.file, [(found.code, found.place.path) for found in one.findings]) for one in reading.refused] == [
        ("b.xml", [("D101", "items[3].gross_mass")]), ("b-t1.csv", [("D101", "items[3].gross_mass")])]


def test_a_file_with_several_records_is_taken_whole_or_not_at_all(asycuda: Dialect) -> None:
    both = T1 + other(T1, "20500").split(b"\r\n", 1)[1]
    good = asycuda.read({"a.xml": SAD, "b.xml": other(SAD, "20500"), "t1.csv": both})
    assert len(good.records) == 2
    bad = asycuda.read({"a.xml": SAD, "b.xml": other(SAD, "20500").replace(b">8000.0<", b">x<"), "t1.csv": both})
    assert [code for _, code, *_ in refused(bad)] == ["D101", "D101", "D120"]
    lone = asycuda.read({"a.xml": SAD, "t1.csv": both})
    assert (lone.records, lone.refused) == ((), ())
    assert sorted(one.file for one in lone.waiting) == ["a.xml", "t1.csv"]


@pytest.mark.parametrize(("before", "after", "code", "path"), [
    (b"<Time_limit>12/9/26<", b"<Time_limit>12/8/26<", "D105", "time_limit"),
    (b"<Office>MLBKO<", b"<Office>MLKRY<", "D105", "office_of_destination.code"),
    (b">TG 2317 BK/TG 0918 R<", b">TG 2317 BK/TG 0919 R<", "D105", "vehicle_at_departure.identity"),
    (b"TGCUS0012399101 CX5580042", b"TGCUS0012399101 CX5580043", "D105", "seals[1]"),
    (b"<Empty_full_indicator>1/1<", b"<Empty_full_indicator>2/2<", "D104", "container_lines[1].filling"),
    (b"<Item_Number>3<", b"<Item_Number>4<", "D109", "container_lines[4].item"),
    (b">2026 877<", b">877<", "D113", "manifests[1].number"),
    (b"<Attached_document_code>380<", b"<Attached_document_code><", "T003", "items[1].documents[1].type")])
def test_what_contradicts_or_cannot_be_read_is_refused_where_it_stands(
        asycuda: Dialect, before: bytes, after: bytes, code: str, path: str) -> None:
    assert before in SAD
    found = refused(asycuda.read({"a.xml": SAD.replace(before, after, 1), "a-t1.csv": T1}))
    assert (found[0][0], found[0][1], found[0][4]) == ("a.xml", code, path)
    assert found[0][2] is not None


def test_a_record_that_is_not_registered_has_no_key_and_is_refused(asycuda: Dialect) -> None:
    reading = asycuda.read({"a.xml": SAD.replace(b"<Number>20417</Number>", b"<Number />")})
    assert refused(reading) == [("a.xml", "D107", 2, "/ASYCUDA", None)]


def test_totals_that_do_not_fit_are_announced_and_not_corrected(asycuda: Dialect) -> None:
    content = SAD.replace(b"<Total_number_of_items>3<", b"<Total_number_of_items>8<")
    record, = asycuda.read({"a.xml": content, "a-t1.csv": T1}).records
    assert [(finding.code, finding.severity, finding.values["value"], finding.values["count"])
            for finding in record.findings] == [("D115", Severity.WARNING, "8", "3")]


def test_a_file_of_another_name_belongs_to_no_part(asycuda: Dialect) -> None:
    assert [code for _, code, *_ in refused(asycuda.read({"a.txt": SAD}))] == ["D119"]
    assert asycuda.read({"A.XML": SAD}).waiting[0].file == "A.XML"


def test_header_data_that_changes_between_the_lines_of_a_declaration_is_refused(spreadsheet: Dialect) -> None:
    content = (STORY / "declaration-2.csv").read_bytes()
    second = content.rindex(b"MLBKO")
    changed = content[:second] + b"MLKRY" + content[second + 5:]
    found = refused(spreadsheet.read({"d.csv": changed}))
    assert [(code, locator) for _, code, _, locator, _ in found] == [("D114", "BUREAU DEST.")]


def test_a_total_of_the_spreadsheet_that_is_not_the_sum_is_announced(spreadsheet: Dialect) -> None:
    content = (STORY / "declaration-2.csv").read_bytes().replace(b"\r\nTOTAL;", b"\r\nTotal;").replace(
        b";940;;;24\xa0310,750;", b";941;;;24\xa0310,750;")
    record, = spreadsheet.read({"d.csv": content}).records
    assert [(finding.code, finding.values["value"], finding.values["sum"]) for finding in record.findings] == [
        ("R016", "941", "940")]


def test_the_neutral_json_refuses_a_misspelt_term_with_the_nearest(tmp_path: Path) -> None:
    dialect = load_dialect("neutral/json", [ROOT / "mappings"])
    content = (b'{"mrn": "X",\n "items": [{"number": 1, "gross_mas": "12.5", "net_mass": "1,5"},\n'
               b' {"number": "2", "packages": {}}], "accepted": "10/03/2026"}')
    reading = dialect.read({"d.json": content})
    assert [(finding.code, finding.place.line, finding.place.column, finding.place.locator, finding.place.path)
            for finding in reading.refused[0].findings] == [
        ("D110", 2, 39, "/items/0/gross_mas", "items[1].gross_mas"), ("D101", 2, 59, "/items/0/net_mass",
                                                                      "items[1].net_mass"),
        ("D111", 3, 13, "/items/1/number", "items[2].number"),
        ("D111", 3, 30, "/items/1/packages", "items[2].packages"),
        ("D101", 3, 48, "/accepted", "accepted")]
    assert reading.refused[0].findings[0].values["near"] == "gross_mass"


def test_an_event_says_its_word_as_the_officer_does() -> None:
    dialect = load_dialect("neutral/event-json", [ROOT / "mappings"])
    content = b'{"word": "ARRIVEE", "reference": "R-1", "administration": "MLDGD"}'
    record, = dialect.read({"e.json": content}).records
    assert (record.tree["word"], record.key) == ("ARRIVED", "MLDGD/R-1/ARRIVED")
    assert '"word": "ARRIVÉE"'.encode() in dialect.write(record.tree, "e")["e.json"]
    unknown = dialect.read({"e.json": b'{"word": "PARTI", "reference": "R-1", "administration": "MLDGD"}'})
    assert [finding.code for finding in unknown.refused[0].findings] == ["D104"]


def test_a_character_that_the_national_file_cannot_carry_is_refused_naming_the_place(asycuda: Dialect) -> None:


    with pytest.raises(LocalError) as caught:
        asycuda.write({"function": "original", "amendment": 0, "carrier": {"name": "ƊANƘASA"}}, "x")
    finding = caught.value.findings[0]
    assert (finding.code, finding.place.locator, finding.values["character"]) == ("D203", "carrier", "U+018A")


def test_a_record_is_named_by_the_best_reference_it_has() -> None:


    office: Tree = {"office_of_departure": {"code": "SNDKR"}}
    assert national_key({**office, "national_reference": "2026/SNDKR/T/7"}) == "SNDKR/2026/T/7"
    assert national_key({**office, "national_reference": "GAINDE-7"}) == "SNDKR/GAINDE-7"
    assert national_key({**office, "local_reference": "L-1", "mrn": "M"}) == "SNDKR/L-1"
    assert national_key({"mrn": "M"}) == "-/M"


def test_a_member_of_a_list_that_holds_nothing_comes_back_from_the_rest_cell() -> None:
    dialect = load_dialect("generic/event-csv", [ROOT / "mappings"])
    tree: Tree = {"word": "CROSS-OUT", "reference": "R", "administration": "TGOTR",
                  "vehicles": [{}, {"nationality": "TG"}, {}]}
    files = dialect.write(tree, "e")
    assert files["e.csv"].decode("utf-8-sig").rstrip().endswith("vehicles[1]=|vehicles[2].nationality=TG|vehicles[3]=")
    assert dialect.read(files).records[0].tree == tree
