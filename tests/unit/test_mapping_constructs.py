"""Do sums, counts of lists in lists, references, overflowing texts, choices and zones work in a message, both ways?"""

from __future__ import annotations

import random
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.edifact import MessageIdentifier, WireMessage, read_wire
from gateway.errors import LocalError, PartnerError
from gateway.mapping import Mapping, Traced
from gateway.mapping.generated import reader, traced_reader, writer
from gateway.mapping.generated.making import between
from gateway.mapping.laws.check import check_laws
from gateway.mapping.laws.records import drawn
from gateway.mapping.totals import NestedCount, Route, Sum
from gateway.references import Tree
from tests.unit.test_mapping_language import HEAD, faults, load, where

TEXT = HEAD + """record:
  mrn: an..18
  function: code(function)
  local_reference: an..100
  prepared: datetime(Africa/Niamey)
  equipment: list(99)
  equipment.kind: code(equipment)
  equipment.number: an..17
  seals: list(99)
  seals.equipment: n..4
  seals.number: n..5
  items: list(9999)
  items.number: n..5
  items.gross_mass: decimal(3)
  items.packages: list(10)
  items.packages.count: n..8
  items.containers: list(50)
  items.containers.number: an..17
codes:
  function: {original: 9, cancellation: 1}
  equipment: {container: CN}
segments: |
  head:      BGM+950+{mrn}+{function}'
  made:      ? DTM+<137:original|46:cancellation>:{prepared|303}:303'
  box:       each equipment: EQD+{kind}+{number}'
  seal:      each seals: SEL+{equipment|ref equipment#}.{number}'
  more:      rest local_reference: FTX+AAI+++{local_reference|chunks 2x40}'
  local:     ? RFF+ABE:{local_reference|overflow 35}'
  detail:    UNS+D'
  item:      each items: CST+{number}'
    gross:   ? MEA+WT+AAE+KGM:{gross_mass}'
    pack:    each packages: PAC+{count}'
    in_box:  each containers: RFF+AAQ:{number|ref equipment.number}'
  summary:   UNS+S'
  mass:      ? CNT+7:{sum items.gross_mass}'
  packs:     CNT+11:{sum items.packages.count}'
  kinds:     ? CNT+10:{#items.packages}'
functions:
  original: whole
  cancellation: [head, made, local, detail, summary]
"""
LONG = "TG-LOME-2026-0000417 / MANIFESTE DU NAVIRE ATLANTIQUE, LOT 7"
RECORD: Tree = {
    "mrn": "M", "function": "original", "local_reference": LONG, "prepared": datetime(2026, 3, 10, 23, 30, tzinfo=UTC),
    "equipment": [{"kind": "container", "number": "C1"}, {"kind": "container", "number": "C2"}],
    "seals": [{"equipment": 2, "number": 1}],
    "items": [
        {"number": 1, "gross_mass": Decimal("100.5"), "packages": [{"count": 3}, {"count": 4}],
         "containers": [{"number": "C2"}]},
        {"number": 2, "gross_mass": Decimal("0.250"), "packages": [{"count": 1}]},
    ],
}
WIRE = ("BGM+950+M+9'DTM+137:202603110030WAT:303'EQD+CN+C1'EQD+CN+C2'SEL+2.1'FTX+AAI+++U NAVIRE ATLANTIQUE, LOT 7'"
        "RFF+ABE:TG-LOME-2026-0000417 / MANIFESTE D'UNS+D'CST+1'MEA+WT+AAE+KGM:100.5'PAC+3'PAC+4'RFF+AAQ:C2'"
        "CST+2'MEA+WT+AAE+KGM:0.250'PAC+1'UNS+S'CNT+7:100.750'CNT+11:8'CNT+10:3'")


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    return load(tmp_path, TEXT)


def changed(*path: str | int, value: Any) -> Tree:
    """The record with one value changed; None takes it out."""
    record = deepcopy(RECORD)
    node: Any = record
    for name in path[:-1]:
        node = node[name]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return record


def received(old: str, new: str) -> WireMessage:
    assert old in WIRE
    body = WIRE.replace(old, new, 1)
    return WireMessage(MessageIdentifier("CUSDEC", "D", "96B", "UN", "COR10"), body, body.count("'") - body.count("?'"))


def test_every_construct_is_written_and_read_back(mapping: Mapping) -> None:
    wire = mapping.to_message(RECORD)
    assert wire.body == WIRE
    assert mapping.to_record(read_wire(wire)) == RECORD
    assert mapping.to_message(mapping.to_record(read_wire(wire))) == wire


WRITING = [  # code, record, path
    ("M122", changed("seals", 0, "equipment", value=3), "seals[1].equipment"),
    ("M122", changed("seals", 0, "equipment", value=0), "seals[1].equipment"),
    ("M122", changed("items", 0, "containers", 0, "number", value="C3"), "items[1].containers[1].number"),
    ("M122", changed("equipment", value=None), "seals[1].equipment"),
    ("M123", changed("equipment", 0, "number", value="C2"), "items[1].containers[1].number"),
    ("M102", changed("equipment", 0, "number", value={"a": 1}), "equipment[1].number"),
    ("M102", changed("equipment", 0, "number", value=["C2"]), "equipment[1].number"),
    ("M102", changed("items", 0, "gross_mass", value=Decimal("sNaN")), "items[1].gross_mass"),
    ("M103", changed("items", 0, "gross_mass", value=Decimal("1E+999999")), "items[1].gross_mass"),
    ("M102", changed("items", 0, "packages", 0, "count", value="3"), "items[1].packages[1].count"),
    ("M102", changed("local_reference", value=7), "local_reference"),
    ("M102", changed("prepared", value="202603110030WAT"), "prepared"),
    ("M103", changed("local_reference", value="A" * 101), "local_reference"),
    ("M116", changed("local_reference", value="A" * 35 + " " * 60 + "B"), "local_reference"),
    ("M116", changed("local_reference", value="A" + " " * 60 + "B"), "local_reference"),
    ("M103", {"mrn": "M", "function": "cancellation", "local_reference": "A" * 36}, "local_reference"),  # no rest there
]


@pytest.mark.parametrize(("code", "record", "path"), WRITING, ids=[f"{row[0]} {row[2]}" for row in WRITING])
def test_what_cannot_be_written_is_refused_with_its_path(mapping: Mapping, code: str, record: Tree, path: str) -> None:
    with pytest.raises(LocalError) as caught:
        mapping.to_message(record)
    assert (code, path) in [(one.code, one.place.path) for one in caught.value.findings]


READING = [  # code, text, by what, segment, element, component
    ("M222", "SEL+2.1'", "SEL+3.1'", 6, 1, 1),
    ("M222", "RFF+AAQ:C2'", "RFF+AAQ:C3'", 14, 1, 2),
    ("M223", "EQD+CN+C1'", "EQD+CN+C2'", 14, 1, 2),
    ("M224", "RFF+ABE:TG-LOME-2026-0000417 / MANIFESTE D'", "", 7, 4, 1),
    ("M103", "FTX+AAI+++U NAVIRE ATLANTIQUE, LOT 7", "FTX+AAI+++" + "B" * 40 + ":" + "C" * 40, 7, 4, 1),
    ("M221", "CNT+7:100.750'", "CNT+7:100.751'", 19, 1, 2),
    ("M221", "CNT+7:100.750'", "", None, None, None),
    ("M221", "CNT+11:8'", "CNT+11:7'", 20, 1, 2),
    ("M102", "CNT+7:100.750'", "CNT+7:1E2'", 19, 1, 2),
    ("M102", "CNT+11:8'", "CNT+11:8.0'", 20, 1, 2),
    ("M211", "CNT+10:3'", "CNT+10:2'", 21, 1, 2),
    ("M211", "CNT+10:3'", "", None, None, None),
    ("M205", "DTM+137:", "DTM+46:", 3, 1, 1),
    ("M121", "202603110030WAT", "202603110030GMT", 3, 1, 2),
]


@pytest.mark.parametrize(("code", "old", "new", "segment", "element", "component"), READING,
                         ids=[f"{row[0]} {row[2][:20]}" for row in READING])
def test_what_differs_is_refused_with_its_segment(mapping: Mapping, code: str, old: str, new: str, segment: int | None,
                                                  element: int | None, component: int | None) -> None:
    with pytest.raises(PartnerError) as caught:
        mapping.to_record(read_wire(received(old, new)))
    assert [(one.code, one.place.segment, one.place.element, one.place.component) for one in caught.value.findings] \
        == [(code, segment, element, component)]


def test_a_sum_is_compared_by_value_and_written_with_its_decimals(mapping: Mapping) -> None:
    record = mapping.to_record(read_wire(received("CNT+7:100.750'", "CNT+7:100,75'")))
    assert record == RECORD
    assert mapping.to_message(record).body == WIRE


def test_an_optional_sum_waits_until_every_member_has_the_value(mapping: Mapping) -> None:
    wire = mapping.to_message(changed("items", 1, "gross_mass", value=None))
    assert "CNT+7" not in wire.body
    assert mapping.to_record(read_wire(wire)) == changed("items", 1, "gross_mass", value=None)
    with pytest.raises(PartnerError) as caught:  # and says so where somebody sends one
        mapping.to_record(read_wire(received("MEA+WT+AAE+KGM:0.250'", "")))
    assert [one.code for one in caught.value.findings] == ["M221"]


def test_a_member_whose_group_is_absent_lacks_the_value_and_one_without_a_list_has_no_members() -> None:
    route = Route(0, ("items", "goods", "packages", "count"), "items.goods.packages.count", frozenset((1,)))
    mass = Route(0, ("items", "goods", "mass"), "items.goods.mass", frozenset((1,)))
    record: Any = {"items": [{"goods": {"mass": 7, "packages": [{"count": 1}, {"count": 2}]}}, {"goods": {"mass": 8}},
                             {"number": 3}]}
    assert (list(mass.values((record,))), list(route.values((record,)))) == ([7, 8, None], [1, 2])
    assert (Sum(mass, 5, True).present((record,)), Sum(route, 5, True).present((record,))) == (False, True)
    assert (list(mass.values(({},))), NestedCount(route).number(({},))) == ([], 0)


def test_a_sum_over_nothing_is_zero_where_its_line_is_always_there(mapping: Mapping) -> None:
    wire = mapping.to_message({"mrn": "M", "function": "original"})
    assert wire.body == "BGM+950+M+9'UNS+D'UNS+S'CNT+11:0'"
    assert mapping.to_record(read_wire(wire)) == {"mrn": "M", "function": "original"}


def test_a_sum_is_exact_and_refused_beyond_its_digits(tmp_path: Path) -> None:
    mapping = load(tmp_path, TEXT)
    masses = [Decimal("999999999999999"), Decimal("0.001")]
    record: Tree = {"mrn": "M", "function": "original",
                    "items": [{"number": number, "gross_mass": mass} for number, mass in enumerate(masses, 1)]}
    with pytest.raises(LocalError) as caught:
        mapping.to_message(record)
    assert [(one.code, one.place.path) for one in caught.value.findings] == [("M103", "items.gross_mass")]
    record["items"] = [{"number": 1, "gross_mass": Decimal("99999999999999")}, {"number": 2,
                                                                               "gross_mass": Decimal("0.001")}]
    assert "CNT+7:99999999999999.001'" in mapping.to_message(record).body


def test_a_choice_is_a_constant_of_its_function(mapping: Mapping) -> None:
    record: Tree = {"mrn": "M", "function": "cancellation", "prepared": RECORD["prepared"]}
    wire = mapping.to_message(record)
    assert wire.body == "BGM+950+M+1'DTM+46:202603110030WAT:303'UNS+D'UNS+S'"
    assert mapping.to_record(read_wire(wire)) == record


def test_a_choice_may_be_empty_or_stand_beside_other_text(tmp_path: Path) -> None:
    text = TEXT.replace("BGM+950+", "BGM+95<0:original|2:cancellation>:<:original|109:cancellation>+")
    mapping = load(tmp_path, text)
    assert mapping.to_message({"mrn": "M", "function": "original"}).body.startswith("BGM+950+M+9'")
    assert mapping.to_message({"mrn": "M", "function": "cancellation"}).body.startswith("BGM+952:109+M+1'")


def test_a_short_text_needs_no_rest(mapping: Mapping) -> None:
    wire = mapping.to_message(changed("local_reference", value="SHORT"))
    assert "RFF+ABE:SHORT'" in wire.body
    assert "FTX" not in wire.body


def test_the_trace_names_the_place_of_both_pieces(mapping: Mapping) -> None:
    pieces = [(one.tag, one.value) for one in mapping.trace(RECORD) if one.path == "local_reference"]
    assert pieces == [("FTX", "U NAVIRE ATLANTIQUE, LOT 7"), ("RFF", "TG-LOME-2026-0000417 / MANIFESTE D")]


def test_a_rest_in_a_list_belongs_to_its_member(tmp_path: Path) -> None:
    text = TEXT.replace("  items.number: n..5\n", "  items.number: n..5\n  items.commodity: an..60\n")
    text = text.replace("CST+{number}'\n", "CST+{number}+{commodity?|overflow 10}'\n"
                        "    tail:    rest commodity: FTX+AAA+++{commodity|chunks 2x40}'\n")
    mapping = load(tmp_path, text)
    items: list[Tree] = [{"number": 1, "commodity": "0123456789ABC"}, {"number": 2, "commodity": "987"},
             {"number": 3, "commodity": "ABCDEFGHIJ KLM"}]
    record: Tree = {"mrn": "M", "function": "original", "items": items}
    wire = mapping.to_message(record)
    assert "CST+1+0123456789'FTX+AAA+++ABC'CST+2+987'CST+3+ABCDEFGHI'FTX+AAA+++J KLM'" in wire.body
    assert mapping.to_record(read_wire(wire)) == record


def test_a_rest_may_stand_outside_the_group_of_its_text(tmp_path: Path) -> None:
    text = TEXT
    for old, more in (
        ("  equipment: list(99)\n", "  principal: group\n  principal.city: an..60\n"),
        ("  detail:    UNS", "  who:       with principal: NAD+AF++++{city?|overflow 10}'\n"),
        ("  local: ", "  city_rest: rest principal.city: FTX+ABS+++{principal.city|chunks 1x50}'\n"),
    ):
        text = text.replace(old, more + old)
    mapping = load(tmp_path, text)
    record: Tree = {"mrn": "M", "function": "original", "principal": {"city": "0123456789ABC"}}
    wire = mapping.to_message(record)
    assert wire.body == "BGM+950+M+9'FTX+ABS+++ABC'NAD+AF++++0123456789'UNS+D'UNS+S'CNT+11:0'"
    assert mapping.to_record(read_wire(wire)) == record
    assert [(loss.path, loss.value) for loss in mapping.losses(record)] == [("principal.city", "ABC")]


def test_both_laws_hold_on_generated_records_and_messages(mapping: Mapping) -> None:
    report = check_laws(mapping, random.Random, 4, records=400)
    assert (report.counterexample, report.tried) == (None, 400)


def test_generated_code_does_the_same(mapping: Mapping) -> None:
    tried = 0
    for number in range(200):
        plan = mapping.plans[("original", "cancellation")[number % 2]]
        record = drawn(mapping, random.Random(number)).record(plan)
        wire = mapping.to_message(record)
        segments = writer(plan)(record)
        assert "'".join(segments) + "'" == wire.body
        assert reader(plan)(between(read_wire(wire))) == mapping.to_record(read_wire(wire))
        trace: list[Traced] = []
        traced_reader(plan)(between(read_wire(wire)), trace)
        assert trace == mapping.trace_message(read_wire(wire))
        tried += len(segments)
    assert tried > 1000


@pytest.mark.parametrize(("old", "new", "at"), [
    ("rest local_reference: FTX", "when function in original: rest local_reference: FTX", "when function"),
    ("rest local_reference:", "? FTX+ACD+++{mrn|chunks 2x40}'\n    deep: rest local_reference:",
     "rest local_reference"),
    ("{local_reference|chunks 2x40}", "{local_reference}", "rest local_reference"),
    ("{local_reference|chunks 2x40}", "{mrn|chunks 2x40}", "rest local_reference"),
    ("{local_reference|overflow 35}", "{mrn}", "rest local_reference"),
    ("  more:      rest local_reference: FTX+AAI+++{local_reference|chunks 2x40}'\n", "", "? RFF"),
])
def test_a_rest_that_could_be_lost_is_refused(tmp_path: Path, old: str, new: str, at: str) -> None:
    text = TEXT.replace(old, new, 1)
    assert ("M059", "small.yaml", *where(text, at)) in faults(tmp_path, text)
