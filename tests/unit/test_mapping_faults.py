"""Is every value that cannot be written, and every segment that cannot be read, refused with its place?"""

from __future__ import annotations

import ast
import copy
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.edifact import Message, WireMessage, read_wire
from gateway.errors import GatewayError, LocalError, PartnerError
from gateway.mapping import load_corridors, load_mapping
from gateway.mapping.codecs import cut
from gateway.texts import Language, hint, known, sentence
from tests.golden.profile.expected import ARRIVAL_CONTROL, TRANSIT_HARD
from tests.golden.profile.samples import MAPPINGS, message, wire

BASE = load_mapping("base/cusdec-d96b", [MAPPINGS])
CORRIDORS = load_corridors([MAPPINGS])
SOURCES = [path for path in (Path(__file__).parents[2] / "gateway" / "mapping").glob("*.py")
           if not path.name.startswith("dialect")]


def record(**changes: Any) -> dict[str, Any]:
    """The hard sample with changes; a dotted name is written with two underscores, None takes a value out."""
    tree: dict[str, Any] = copy.deepcopy(TRANSIT_HARD)
    for path, value in changes.items():
        node: Any = tree
        *names, last = path.split("__")
        for name in names:
            node = node[int(name)] if name.isdecimal() else node[name]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return tree


def said(error: GatewayError) -> None:
    """Every finding has a whole sentence and a hint in both languages, without a hole in them."""
    for finding in error.findings:
        for language in Language:
            assert "{" not in sentence(finding, language).replace("{key}", ""), finding
            assert known(finding.code, language)
            advice = hint(finding, language)
            assert advice is not None
            assert not re.search(r"\{[a-z]+\}", advice), (finding, advice)


WRITING = [
    ("M101", record(items__0__number=None), "items[1].number"),
    ("M102", record(mrn=5), "mrn"),
    ("M102", record(total_packages="800"), "total_packages"),
    ("M102", record(total_packages=-1), "total_packages"),
    ("M102", record(total_gross_mass=1.5), "total_gross_mass"),
    ("M102", record(total_gross_mass=Decimal("NaN")), "total_gross_mass"),
    ("M102", record(containerised="yes"), "containerised"),
    ("M102", record(items="none"), "items"),
    ("M102", record(principal="A"), "principal"),
    ("M103", record(items__1__gross_mass=Decimal("1234567890123456")), "items[2].gross_mass"),
    ("M103", record(principal__postcode="1234567890"), "principal.postcode"),
    ("M104", record(country_of_dispatch="F"), "country_of_dispatch"),
    ("M105", record(principal__city="LOME "), "principal.city"),
    ("M105", record(itinerary=" LOME"), "itinerary"),
    ("M106", record(consignor__name="A\nB"), "consignor.name"),
    ("M107", record(items__2__gross_mass=Decimal("1.0000001")), "items[3].gross_mass"),
    ("M108", record(prepared=datetime(2026, 3, 10, 1, 2, 3, tzinfo=UTC)), "prepared"),
    ("M110", record(equipment__0__kind="box"), "equipment[1].kind"),
    ("M111", record(national_reference=None), "national_reference_date"),
    ("M112", record(offices_of_transit=[{"code": "A", "order": 1}] * 10), "offices_of_transit"),
    ("M113", record(cancelled=date(2026, 3, 10)), "cancelled"),
    ("M113", record(principal__telephone="1"), "principal.telephone"),
    ("M115", record(function="query"), "function"),
    ("M116", record(itinerary="A" * 3151), "itinerary"),
    ("M116", record(principal__name="A" + " " * 100 + "B"), "principal.name"),
    ("M117", record(released=datetime(2026, 3, 10, 1, 2)), "released"),
    ("M117", record(released=datetime(2026, 3, 10, 1, 2, tzinfo=timezone(timedelta(hours=1)))), "released"),
    ("M118", record(seals=[{}]), "seals[1]"),
]


@pytest.mark.parametrize(("code", "tree", "path"), WRITING, ids=[f"{code} {path}" for code, _, path in WRITING])
def test_what_cannot_be_written_is_refused_with_its_path(code: str, tree: dict[str, Any], path: str) -> None:
    with pytest.raises(LocalError) as caught:
        BASE.to_message(tree)
    assert [(one.code, one.place.path) for one in caught.value.findings] == [(code, path)]
    said(caught.value)


def test_a_fixed_word_that_differs_is_refused() -> None:
    with pytest.raises(LocalError) as caught:
        CORRIDORS.named("tg-ml").cusres("DIVERTED").to_message(ARRIVAL_CONTROL[0])
    assert [(one.code, one.place.path) for one in caught.value.findings] == [("M114", "word")]
    said(caught.value)


def test_all_faults_of_a_record_come_at_once() -> None:
    with pytest.raises(LocalError) as caught:
        BASE.to_message(record(mrn=5, principal__city="LOME ", items__0__number=None))
    assert [one.place.path for one in caught.value.findings] == ["mrn", "principal.city", "items[1].number"]


def changed(old: str, new: str, name: str = "cusdec_transit_hard") -> Message:
    whole = wire(name)
    assert old in whole.body
    body = whole.body.replace(old, new, 1)
    return read_wire(WireMessage(whole.identifier, body, len(re.findall(r"(?<!\?)(?:\?\?)*'", body))))


READING = [  # code, text, by what, how many segments further, element, component
    ("M201", "MEA+WT+AAD+KGM:41250.375'", "MEA+WT+AAD+KGM:41250.375'TOD+1'", 1, None, None),
    ("M201", "LOC+42+TGCKS:113:ZZZ:CINKASSÉ'", "LOC+41+TGCKS:113:ZZZ:CINKASSÉ'", 0, None, None),
    ("M202", "UNS+D'", "", -1, None, None),
    ("M203", "LOC+45+MLBKO:113:ZZZ:BAMAKO'", "LOC+45+MLBKO:113:ZZZ:BAMAKO'LOC+45+MLBKO:113:ZZZ:BAMAKO'", 1, None, None),
    ("M204", "EQD+TE+TG 0042 R'", "EQD+TE+TG 0042 R++1'", 0, 4, 1),
    ("M204", "UNS+D'", "UNS+D+A'", 0, 2, 1),
    ("M204", "RFF+ABE:TG26-DECL-000802'", "RFF+ABE:TG26-DECL-000802:7'", 0, 1, 3),
    ("M205", "LOC+9+TGLFW::6'", "LOC+9+TGLFW::5'", 0, 2, 3),
    ("M206", "LOC+45+MLBKO:113:ZZZ:BAMAKO'", "LOC+45'", 0, 2, 1),
    ("M206", "LOC+45+MLBKO:113:ZZZ:BAMAKO'", "LOC+45+:113:ZZZ:BAMAKO'", 0, 2, 1),
    ("M208", "SEL+1.2+", "SEL+12+", 0, 1, 1),
    ("M210", "CST++T1:149", "CST++T2:149", 0, 2, 1),
    ("M211", "CNT+5:3'", "CNT+5:2'", 0, 1, 2),
    ("M213", "+26TGLPLT0000182402:0+9'", "+26TGLPLT0000182402:0+7'", 0, 3, 1),
    ("M217", "NAD+CZ+++", "NAD+CZ+::ZZZ++", 0, 2, 1),
    ("M220", "CNT+7:41250.375:KGM'", "", None, None, None),
    ("M102", "CNT+11:2300'", "CNT+11:02300'", 0, 1, 2),
    ("M102", "KGM:41250.375'", "KGM:41250.'", 0, 3, 2),
    ("M103", "RFF+ABE:TG26-DECL-000802'", "RFF+ABE:" + "A" * 36 + "'", 0, 1, 2),
    ("M105", "NAD+DT+TG0451", "NAD+DT+TG0451 ", 0, 2, 1),
    ("M109", "DTM+204:202603102358:203'", "DTM+204:202602302358:203'", 0, 1, 2),
    ("M109", "DTM+258:20260310:102'", "DTM+258:260310:102'", 0, 1, 2),
    ("M205", "DTM+204:202603102358:203'", "DTM+204:202603102358:204'", 0, 1, 3),
    ("M110", "EQD+TE+TG 0042 R'", "EQD+XX+TG 0042 R'", 0, 1, 1),
]


@pytest.mark.parametrize(("code", "old", "new", "further", "element", "component"), READING,
                         ids=[f"{row[0]} {row[2][:24]}" for row in READING])
def test_what_cannot_be_read_is_refused_with_its_segment(code: str, old: str, new: str, further: int | None,
                                                         element: int | None, component: int | None) -> None:
    with pytest.raises(PartnerError) as caught:
        BASE.to_record(changed(old, new))
    position = wire("cusdec_transit_hard").body.partition(old)[0].replace("?'", "").count("'") + 2
    first = caught.value.findings[0]
    assert (first.code, first.place.message, first.place.segment, first.place.element, first.place.component) == \
        (code, "1", None if further is None else position + further, element, component)
    said(caught.value)


def test_a_segment_without_any_value_is_refused() -> None:
    with pytest.raises(PartnerError) as caught:
        BASE.to_record(changed("TDT+11++3+31++++:::TG 0042 BK:TG'", "TDT+11'"))
    assert [(one.code, one.place.segment) for one in caught.value.findings] == [("M216", 41)]
    said(caught.value)


def test_a_segment_out_of_its_place_is_named_and_nothing_else() -> None:
    whole = wire("cusdec_transit_hard").body
    moved = whole.replace("MEA+WT+AAD+KGM:41250.375'", "", 1).replace("UNS+S'", "UNS+S'MEA+WT+AAD+KGM:41250.375'", 1)
    with pytest.raises(PartnerError) as caught:
        BASE.to_record(read_wire(WireMessage(BASE.message, moved, 81)))
    assert [(one.code, one.place.segment, one.place.tag) for one in caught.value.findings] == [("M201", 76, "MEA")]


def test_several_faults_of_a_message_come_at_once() -> None:
    whole = wire("cusdec_transit_hard").body
    body = whole.replace("CNT+5:3'", "CNT+5:4'").replace("LOC+9+TGLFW::6'", "LOC+9+TGLFW::5'")
    with pytest.raises(PartnerError) as caught:
        BASE.to_record(read_wire(WireMessage(BASE.message, body, 81)))
    assert [one.code for one in caught.value.findings] == ["M205", "M211"]


def test_a_message_of_another_type_is_refused() -> None:
    with pytest.raises(PartnerError) as caught:
        BASE.to_record(message("cusres_accept"))
    assert caught.value.code == "M212"
    said(caught.value)
    assert BASE.accepts(message("cusres_accept")) is False
    assert BASE.accepts(message("cusdec_cancel")) is True


def test_a_decimal_comma_is_read() -> None:
    assert BASE.to_record(changed("MEA+WT+AAE+KGM:125'", "MEA+WT+AAE+KGM:125,50'")) == \
        record(items__2__gross_mass=Decimal("125.50"))


def test_constants_alone_at_the_end_of_an_element_do_not_matter_when_empty() -> None:
    assert BASE.to_record(changed("UNS+D'", "UNS+D:'")) == TRANSIT_HARD


@pytest.mark.parametrize(("text", "pieces", "size", "result"), [
    ("ABCD", 2, 2, ["AB", "CD"]),
    ("ABCDE", 2, 2, None),
    ("AB CD", 3, 3, ["A", "B C", "D"]),
    ("A  B", 2, 2, None),
    ("A", 1, 1, ["A"]),
    ("ABC DEF", 2, 4, None),
    ("ABCD EF", 2, 5, ["ABC", "D EF"]),
])
def test_a_long_text_is_cut_as_late_as_possible_and_never_at_a_blank(text: str, pieces: int, size: int,
                                                                    result: list[str] | None) -> None:
    found = cut(text, pieces, size)
    assert found == result
    assert found is None or "".join(found) == text


def test_events_that_differ_in_what_they_share_are_not_joined() -> None:
    corridor = CORRIDORS.named("tg-ml")
    arrival, control = copy.deepcopy(ARRIVAL_CONTROL)
    assert corridor.write([control, arrival]) == wire("cusres_arrival_control")
    with pytest.raises(LocalError) as caught:
        corridor.write([{**arrival, "reference": "OTHER"}, control])
    assert [(one.code, one.place.path) for one in caught.value.findings] == [("M305", "reference")]
    said(caught.value)
    with pytest.raises(LocalError) as alone:
        corridor.write([arrival, arrival])
    assert alone.value.code == "M304"


def test_words_without_a_layout_are_refused() -> None:
    with pytest.raises(PartnerError) as caught:
        CORRIDORS.named("tg-ml").read(changed("GIS+ACC:120:ZZZ'", "GIS+AAA:120:ZZZ'", "cusres_accept"))
    assert (caught.value.code, caught.value.findings[0].values["words"]) == ("M214", "AAA")
    said(caught.value)
    with pytest.raises(LocalError) as unknown:
        CORRIDORS.named("tg-ml").cusres("ACEPTED")
    assert unknown.value.findings[0].values["nearest"] == "ACCEPTED"


def test_a_corridor_is_found_by_its_offices() -> None:
    assert CORRIDORS.between("TGLPL", "NENIR").identifier == "tg-ne"
    assert CORRIDORS.named("tg-ml").role("BFDGD") == "transit"
    assert CORRIDORS.named("tg-ml").role("NEDGD") is None
    for departure, destination, code in (("TGLPX", "NENIR", "M301"), ("NENIR", "TGLPL", "M306")):
        with pytest.raises(LocalError) as caught:
            CORRIDORS.between(departure, destination)
        assert caught.value.code == code
        said(caught.value)
    with pytest.raises(LocalError) as named:
        CORRIDORS.named("tg-mm")
    assert named.value.findings[0].values["nearest"] == "tg-ml"


def test_a_broken_corridor_does_not_hide_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "corridors" / "tg-xx"
    folder.mkdir(parents=True)
    (folder / "corridor.yaml").write_text('format: "1"\nid: tg-xx\n', "utf-8")
    other = tmp_path / "corridors" / "tg-yy"
    other.mkdir()
    (other / "corridor.yaml").write_text(
        (MAPPINGS / "corridors/tg-ml/corridor.yaml").read_text("utf-8").replace("id: tg-ml", "id: tg-yy")
        .replace("MLDGD", "XXDGD"), "utf-8")
    corridors = load_corridors([tmp_path, MAPPINGS])
    assert {"tg-ml", "tg-yy"} <= {one.identifier for one in corridors.all}
    assert sorted(corridors.faults) == ["tg-xx", "tg-yy"]
    assert [one.code for one in corridors.faults["tg-yy"]] == ["M006"]
    with pytest.raises(LocalError):
        corridors.named("tg-xx")


def test_every_code_of_the_mapping_has_its_sentence_and_its_hint_in_both_languages() -> None:
    used = {node.value for path in SOURCES for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"M\d{3}", node.value)}
    assert len(used) > 80
    assert [(code, language) for code in sorted(used) for language in Language
            if not known(code, language) or not known(f"{code}.hint", language)] == []
