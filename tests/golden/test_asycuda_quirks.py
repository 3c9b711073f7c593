"""The twelve quirks of ASYCUDA World that a reader and a writer must survive (TRANSIT 5.2), one test each, in order."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.findings import Finding, Severity
from gateway.mapping.dialect import Dialect, NationalRecord, load_dialect
from gateway.references import Tree

ROOT = Path(__file__).parents[2]
STORY = ROOT / "samples" / "story" / "tgotr"
SAD, T1 = (STORY / "declaration-1.xml").read_bytes(), (STORY / "declaration-1-t1.csv").read_bytes()
BARE_T1 = T1.replace(b"1.1 TGCUS0012399101 (douane, bon \xe9tat)|1.2 CX5580042 (transporteur)|"
                     b"2.1 TGCUS0012399102 (douane, bon \xe9tat)", b"")


@pytest.fixture(scope="module")
def asycuda() -> Dialect:
    return load_dialect("tgotr/asycuda", [ROOT / "mappings"])


def changed(*pairs: tuple[str, str], content: bytes = SAD) -> bytes:
    """The story's SAD with some texts in other words, the first of each."""
    for before, after in pairs:
        assert before.encode() in content, before
        content = content.replace(before.encode(), after.encode(), 1)
    return content


def read(dialect: Dialect, sad: bytes, t1: bytes = T1) -> NationalRecord:
    reading = dialect.read({"a.xml": sad, "a-t1.csv": t1})
    assert [finding for one in reading.refused for finding in one.findings] == []
    record, = reading.records
    return record


def refusals(dialect: Dialect, sad: bytes, t1: bytes = T1) -> list[Finding]:
    reading = dialect.read({"a.xml": sad, "a-t1.csv": t1})
    assert reading.records == ()
    return list(reading.refused[0].findings)


def onto(dialect: Dialect, tree: Tree, sad: bytes, t1: bytes = T1) -> bytes:
    """The SAD after the record is put back onto its files."""
    return dialect.write(tree, "a", {"a.xml": sad, "a-t1.csv": t1})["a.xml"]


def items_of(tree: Tree) -> list[Tree]:
    items = tree["items"]
    assert isinstance(items, list)
    return items


def test_quirk_1_an_empty_element_is_empty_in_its_own_way_and_stays_so(asycuda: Dialect) -> None:
    written = asycuda.write({"function": "original", "amendment": 0, "local_reference": "L"}, "a")["a.xml"].decode()
    for null in ("Manifest_reference_number", "Place_of_declaration", "Officer_name"):
        assert f"<{null}>\n<null />\n</{null}>" in written
    for bare in ("Total_number_of_items", "Time_limit", "Gross_weight"):
        assert f"<{bare} />" in written
    null_or_bare = changed(("<Manifest_reference_number>2026 877<", "<Manifest_reference_number><null/><"),
                           ("<Time_limit>12/9/26</Time_limit>", "<Time_limit></Time_limit>"),
                           ("<Result_of_control>A1</Result_of_control>", "<Result_of_control/>"))
    record = read(asycuda, null_or_bare)
    assert {"manifests", "control_result"}.isdisjoint(record.tree)
    assert onto(asycuda, record.tree, null_or_bare) == null_or_bare
    filled = onto(asycuda, {**record.tree, "control_result": "A1"}, null_or_bare)
    assert filled == null_or_bare.replace(b"<Result_of_control/>", b"<Result_of_control>A1</Result_of_control>")
    without = {name: value for name, value in read(asycuda, SAD).tree.items() if name != "manifests"}
    emptied = onto(asycuda, without, SAD)
    assert emptied == SAD.replace(b">2026 877<", b">\n<null />\n<")


def test_quirk_2_misspelt_tags_are_the_real_tags_in_their_case_and_with_their_dots(asycuda: Dialect) -> None:
    odd = ("<Deffered_payment_reference>9</Deffered_payment_reference><Market_valuer><code1>X</code1></Market_valuer>"
           "<A.I._code>4</A.I._code><item_deduction>1</item_deduction>")
    sad = changed(("<Warehouse>", f"{odd}<Warehouse>"), ("<Tarification>", "<Suppplementary_unit_code>KG"
                                                          "</Suppplementary_unit_code><Tarification>"))
    record = read(asycuda, sad)
    assert record.tree == read(asycuda, SAD).tree
    assert {place.locator for place in asycuda.unread("a.xml", sad)} > {
        "/ASYCUDA/Deffered_payment_reference", "/ASYCUDA/Market_valuer/code1", "/ASYCUDA/A.I._code",
        "/ASYCUDA/item_deduction", "/ASYCUDA/Item[1]/Suppplementary_unit_code"}
    assert onto(asycuda, record.tree, sad) == sad
    written = asycuda.write(record.tree, "a")["a.xml"]
    for tag in (b"<receipt>", b"<Customs_clearance_office_code>", b"<Customs_Clearance_office_name>"):
        assert tag in written


def test_quirk_3_numbers_are_java_doubles_and_become_decimals(asycuda: Dialect) -> None:
    sad = changed(("<Total_number_of_packages>1650<", "<Total_number_of_packages>1650.0<"),
                  (">7650.25<", ">8.13E-4<"), (">8000.0<", ">1.0623724E7<"))
    record = read(asycuda, sad)
    assert (record.tree["total_packages"], items_of(record.tree)[2]["net_mass"],
            items_of(record.tree)[2]["gross_mass"]) == (1650, Decimal("0.000813"), Decimal(10623724))
    tree = deepcopy(record.tree)
    items_of(tree)[2]["gross_mass"] = Decimal("26500.000")
    assert onto(asycuda, tree, sad) == sad.replace(b">1.0623724E7<", b">26500.0<")  # the scale is lost, as there


def test_quirk_4_dates_are_declared_by_the_country_and_two_readings_are_refused(
        asycuda: Dialect, tmp_path: Path) -> None:
    assert read(asycuda, SAD).tree["national_reference_date"] == date(2026, 11, 9)
    niger = load_dialect("nedgd/asycuda", [ROOT / "mappings"])
    sad = re.sub(rb">(\d+)/(\d+)/26<", lambda found: b">%02d/%02d/2026<" % (int(found[2]), int(found[1])), SAD)
    extract = b"\xef\xbb\xbf" + T1.decode("cp1252").encode()
    record = read(niger, sad, extract)
    assert (record.key, record.tree["national_reference_date"]) == ("TGLPL/2026/T/20417", date(2026, 11, 9))
    assert onto(niger, record.tree, sad, extract) == sad
    assert {finding.code for finding in refusals(niger, SAD, extract)} == {"D107"}
    folder = tmp_path / "dialects" / "xx"
    folder.mkdir(parents=True)
    (folder / "unsure.yaml").write_text('format: "1"\nid: xx/unsure\nextends: tgotr/asycuda\nrecord: declaration\n'
                                        "dates: M/d/yy or d/M/yy\n", "utf-8")
    unsure = load_dialect("xx/unsure", [tmp_path, ROOT / "mappings"])
    assert ("D102", "11/9/26", "2026-09-11, 2026-11-09") in {
        (finding.code, finding.values["value"], finding.values.get("readings")) for finding in refusals(unsure, SAD)}


def test_quirk_5_texts_that_hold_several_things_are_taken_apart_and_put_together(asycuda: Dialect) -> None:
    sad = changed(("ÉTABLISSEMENTS RIVIÈRE &amp; FILS\n12 QUAI DE L'EXEMPLE\nMARSEILLE FR",
                   "ÉTABLISSEMENTS RIVIÈRE &amp; FILS\r\n\t12 QUAI DE L'EXEMPLE\r\n\tMARSEILLE FR"))
    tree = read(asycuda, sad).tree
    assert tree["consignor"] == {"name": "ÉTABLISSEMENTS RIVIÈRE & FILS", "street": "12 QUAI DE L'EXEMPLE",
                                 "city": "MARSEILLE", "country": "FR"}
    assert tree["vehicle_at_departure"] == {"identity": "TG 2317 BK", "nationality": "TG", "mode": "3", "kind": "31"}
    equipment = tree["equipment"]
    assert isinstance(equipment, list)
    assert equipment[-1] == {"kind": "trailer", "number": "TG 0918 R"}
    bare = read(asycuda, SAD, BARE_T1).tree
    assert bare["seals"] == [{"equipment": 1, "number": number, "identity": identity} for number, identity in enumerate(
        ("TGCUS0012399101", "CX5580042", "TGCUS0012399102"), 1)]
    moved: Tree = {**tree, "consignor": {"name": "A", "street": "B", "city": "C", "country": "ML"}}
    assert b"<Exporter_name>A\nB\nC ML</Exporter_name>" in onto(asycuda, moved, sad)


def test_quirk_6_formulas_dashes_no_break_spaces_and_borrowed_places_are_nobodys_error(asycuda: Dialect) -> None:
    sad = changed(("<Tarification_data>\n<null />\n</Tarification_data>", "<Value_item>0+480-0*1</Value_item>"),
                  ("<Precision_4>\n<null />\n</Precision_4>", "<Precision_4>NIF 1000</Precision_4>"))
    described = items_of(read(asycuda, SAD).tree)[0]["description"]
    assert isinstance(described, str)
    sad = changed((f"<Commercial_Description>{described}<", "<Commercial_Description>- -\u00a0PIÈCES\u00a0<"),
                  content=sad)
    record = read(asycuda, sad)
    assert items_of(record.tree)[0]["description"] == "- -\u00a0PIÈCES"
    assert onto(asycuda, record.tree, sad) == sad
    assert {"/ASYCUDA/Item[1]/Tarification/Value_item", "/ASYCUDA/Item[1]/Tarification/HScode/Precision_4"} < {
        place.locator for place in asycuda.unread("a.xml", sad)}


def test_quirk_7_national_numbers_of_packages_and_containers_and_leading_zeros(asycuda: Dialect) -> None:
    tree = read(asycuda, SAD).tree
    kinds = [package["kind"] for item in items_of(tree) for package in _packages(item)]
    for theirs, ours in (("09", "CT"), ("71", "BG"), ("72", "PX"), ("XX", "XX")):
        sad = changed((f"<Kind_of_packages_code>{kinds[0]}<", f"<Kind_of_packages_code>{theirs}<"))
        record = read(asycuda, sad)
        assert _packages(items_of(record.tree)[0])[0]["kind"] == ours
        assert onto(asycuda, record.tree, sad) == sad
    zeros = changed(("<Principal>\n<Code>", "<Principal>\n<Code>07290940003049"), content=_without_principal_code())
    principal = read(asycuda, zeros).tree["principal"]
    assert isinstance(principal, dict)
    assert principal["identifier"] == "07290940003049"
    equipment = tree["equipment"]
    assert isinstance(equipment, list)
    assert equipment[0]["filling"] == "full"
    assert b"<Empty_full_indicator>1/1<" in asycuda.write(tree, "a")["a.xml"]


def _packages(item: Tree) -> list[Tree]:
    packages = item["packages"]
    assert isinstance(packages, list)
    return packages


def _without_principal_code() -> bytes:
    head, _, tail = SAD.partition(b"<Principal>\n<Code>")
    return head + b"<Principal>\n<Code>" + tail[tail.index(b"</Code>"):]


def test_quirk_8_names_in_the_local_language_travel_with_no_code_invented_for_them(asycuda: Dialect) -> None:
    sad = changed(("<Country_of_origin_name>\n<null />\n</Country_of_origin_name>",
                   "<Country_of_origin_name>MANY</Country_of_origin_name>"),
                  (">LOMÉ PORT<", ">LOMÉ, LE PORT<"))
    record = read(asycuda, sad)
    assert record.tree["office_of_departure"] == {"code": "TGLPL", "name": "LOMÉ, LE PORT"}
    assert record.tree["country_of_dispatch"] == "FR"
    assert "MANY" not in str(record.tree)
    assert onto(asycuda, record.tree, sad) == sad


def test_quirk_9_runs_of_empty_elements_are_padding_and_no_members(asycuda: Dialect) -> None:
    padding = "<Attached_documents>\n<Attached_document_code><null /></Attached_document_code>\n</Attached_documents>\n"
    sad = changed(("<Attached_documents>", padding * 3 + "<Attached_documents>"),
                  ("<Item>", "<Container />\n" * 4 + "<Item>"), ("</Item>", "<Taxation_line />" * 8 + "</Item>"))
    record = read(asycuda, sad)
    assert record.tree == read(asycuda, SAD).tree
    assert onto(asycuda, record.tree, sad) == sad
    tree = deepcopy(record.tree)
    documents = items_of(tree)[0]["documents"]
    assert isinstance(documents, list)
    documents[0]["number"] = "F-1"
    assert read(asycuda, onto(asycuda, tree, sad)).tree == tree
    assert onto(asycuda, tree, sad).count(b"<Attached_documents>") == sad.count(b"<Attached_documents>")


def test_quirk_10_totals_that_do_not_match_are_announced_and_not_corrected(asycuda: Dialect) -> None:
    none = SAD[:SAD.index(b"<Container>")] + SAD[SAD.rindex(b"</Item>") + len(b"</Item>"):]
    none = changed(("<Total_number_of_items>3<", "<Total_number_of_items>8<"), content=none)
    record = read(asycuda, none, T1.replace(b";2026/TGLPL/C/11542;", b";;"))
    assert "items" not in record.tree
    assert [(one.code, one.severity, one.values["value"], one.values["count"]) for one in record.findings] == [
        ("D115", Severity.WARNING, "8", "0")]
    few = changed(("<Total_number_of_packages>1650<", "<Total_number_of_packages>1<"))
    assert read(asycuda, few).tree["total_packages"] == 1
    assert onto(asycuda, read(asycuda, few).tree, few) == few
    zero = read(asycuda, changed(("<Number_of_packages>", "<Number_of_packages>0"), content=_no_first_count()))
    assert _packages(items_of(zero.tree)[0])[0]["count"] == 0


def _no_first_count() -> bytes:
    head, _, tail = SAD.partition(b"<Number_of_packages>")
    return head + b"<Number_of_packages>" + tail[tail.index(b"</Number_of_packages>"):]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("standalone", [b' standalone="no"', b""])
def test_quirk_11_mark_line_ends_standalone_and_booleans_are_as_each_system_writes_them(
        asycuda: Dialect, mark: bytes, line_end: bytes, standalone: bytes) -> None:
    sad = mark + SAD.replace(b' standalone="no"', standalone).replace(b"\n", line_end)
    record = read(asycuda, sad)
    assert record.tree == read(asycuda, SAD).tree
    assert record.tree["containerised"] is True
    assert onto(asycuda, record.tree, sad) == sad
    no = onto(asycuda, {name: value for name, value in record.tree.items() if name != "containerised"}, sad)
    assert no == sad.replace(b"<Container_flag>true<", b"<Container_flag>false<")


@pytest.mark.parametrize("addition", [
    "<Quota_block><Year>2026</Year><Number>4</Number></Quota_block>", "<Reference_year>2026</Reference_year>",
    "<UCR>26TG</UCR>", "<Scanned_documents><Doc name='x'>QUJD</Doc></Scanned_documents>",
    "<write_off_unit/><!-- SW --><?single window?>"])
@pytest.mark.parametrize("place", ["<Property>", "<Reference>", "<Transit>", "<Item>", "<HScode>", "</ASYCUDA>"])
def test_quirk_12_national_additions_stand_anywhere_and_stay_there(
        asycuda: Dialect, addition: str, place: str) -> None:
    sad = changed((place, f"{addition}\n{place}"))
    record = read(asycuda, sad)
    assert record.tree == read(asycuda, SAD).tree
    assert onto(asycuda, record.tree, sad) == sad
    amended = {**record.tree, "mrn": "26TGLPLT0000204177", "control_result": "A2"}
    assert onto(asycuda, amended, sad) == sad.replace(
        b"<Result_of_control>A1<", b"<Result_of_control>A2<")
