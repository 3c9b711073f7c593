"""Do the laws find what breaks them, on records and messages made from the mapping, and show it small?"""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.edifact import Message, WireMessage, read_wire
from gateway.mapping import Mapping
from gateway.mapping.codecs import cut
from gateway.mapping.laws import records as making
from gateway.mapping.laws.check import check_laws, same
from gateway.mapping.laws.choices import Everything, Nothing, Thin
from gateway.mapping.laws.messages import spell
from gateway.mapping.laws.records import drawn, told
from gateway.mapping.laws.shares import Share, shares, try_all
from gateway.mapping.laws.values import Drawn, Room, Told, cuttable
from gateway.mapping.term_types import parse_type
from gateway.references import Tree
from tests.unit.test_laws_samples import SMALL, shelf
from tests.unit.test_mapping_language import HEAD

TWINS = HEAD + """record:
  mrn: an..18
  transit_type: an..9
  equipment: list(9)
  equipment.kind: code(kind)
  equipment.number: an..17
  seals: list(9)
  seals.number: n..5
  seals.identity: an..35
  items: list(99)
  items.number: n..5
  items.gross_mass: decimal(3)
  items.containers: list(9)
  items.containers.number: an..17
codes:
  kind: {container: CN, trailer: TE}
segments: |
  head:    BGM+950+{mrn}'
  type:    ? CST++{transit_type}:149:ZZZ'
  box:     each equipment: EQD+{kind}+{number}'
  seal:    each seals: SEL+{number|ref equipment#}+CU:::{identity}'
  detail:  UNS+D'
  item:    each items: CST+{#}'
    mass:  ? MEA+WT+AAE+KGM:{gross_mass}'
    box_of: each containers: RFF+AAQ:{number|ref equipment.number}'
  summary: UNS+S'
  count:   CNT+5:{#items}'
  total:   ? CNT+7:{sum items.gross_mass}:KGM'
remove:
  items.number: the position says it
"""


def chance(name: str) -> random.Random:
    return random.Random(name)


def altered(monkeypatch: pytest.MonkeyPatch, mapping: Mapping, change: Callable[[Tree], None]) -> Mapping:
    """The mapping with a fault while the test lasts: what it reads is changed."""
    read = mapping.to_record

    def to_record(message: Message) -> Tree:
        record = read(message)
        change(record)
        return record

    monkeypatch.setattr(mapping, "to_record", to_record)
    return mapping


def test_laws_that_hold_give_a_count_and_what_normalising_changed(tmp_path: Path) -> None:
    report = check_laws(shelf(tmp_path), chance, 1, records=60)
    assert (report.tried, report.messages, report.counterexample) == (60, 60, None)
    assert {(one.term, one.before, one.after) for one in report.changes} == {("containerised", "false", "-")}


def test_a_value_that_is_read_otherwise_is_shown_with_nothing_else_around_it(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(record: Tree) -> None:
        for seal in record.get("seals", []):  # type: ignore[union-attr]
            seal["identity"] = str(seal["identity"])[:20]  # type: ignore[index]

    report = check_laws(altered(monkeypatch, shelf(tmp_path), change), chance, 1, records=60)
    broken = report.counterexample
    assert broken is not None
    seals = broken.record["seals"]
    assert isinstance(seals, list)
    assert (broken.law, broken.function, set(broken.record), len(seals)) == (
        "record", "original", {"function", "mrn", "seals"}, 1)
    assert len(str(seals[0]["identity"])) == 21
    assert [line for line in broken.expected if line not in broken.found] == [
        f"seals[1].identity: {seals[0]['identity']}"]
    assert broken.line is not None
    assert (broken.line.file, SMALL.split("\n")[broken.line.line - 1].split(":")[0].strip()) == (
        "base/small.yaml", "seal")
    assert broken.segments[-1] == "CNT+5:0'"
    assert broken.seed.startswith("1/base/small/")


def test_a_record_within_its_types_that_cannot_be_written_breaks_a_law(tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = shelf(tmp_path)
    monkeypatch.setattr(Drawn, "_decimal", lambda self, kind: Decimal("0.1234567"))
    broken = check_laws(mapping, chance, 1, records=20).counterexample
    assert broken is not None
    assert (broken.law, [one.code for one in broken.findings], broken.segments) == ("writes", ["M107"], ())
    assert len(broken.record) <= 3


def test_a_message_with_a_comma_that_is_read_otherwise_breaks_the_second_law(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = shelf(tmp_path)
    read = mapping.to_record

    def to_record(message: Message) -> Tree:
        record = read(message)
        if any("," in segment.component(3, 2) for segment in message.segments if segment.tag == "MEA"):
            record.pop("total_gross_mass", None)
        return record

    monkeypatch.setattr(mapping, "to_record", to_record)
    broken = check_laws(mapping, chance, 3, records=200).counterexample
    assert broken is not None
    assert (broken.law, broken.function) == ("message", "original")
    assert any("," in segment for segment in broken.segments)
    assert [segment for segment in broken.expected if segment not in broken.found] == [
        next(segment for segment in broken.expected if segment.startswith("MEA"))]


def test_messages_are_spelled_without_the_writer_and_mean_the_same(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    plan = mapping.plans["original"]
    different = 0
    for number in range(150):
        record = drawn(mapping, chance(str(number)), edges=number % 2 == 0).record(plan)
        spelled = spell(mapping, plan, record, chance(f"{number}/m"))
        wire = mapping.to_message(record)
        assert "".join(spelled.canonical) == wire.body
        different += list(spelled.sent) != list(spelled.canonical)
        assert mapping.to_record(read_wire(spelled.wire(mapping, sent=True))) == mapping.normal(record)
    assert different > 50


def test_the_same_seed_makes_the_same_records_however_many_processes_try_them(tmp_path: Path) -> None:
    shelf(tmp_path)
    wanted = shares("base/small", [tmp_path], chance, 7, 1_100)
    assert [(one.first, one.records) for one in wanted] == [(0, 500), (500, 500), (1_000, 100)]
    small = [Share("base/small", (tmp_path,), chance, 7, first, 20) for first in (0, 20)]
    alone, together = list(try_all(small, 1)), list(try_all(small, 2))
    assert [(one.identifier, one.tried, one.normalised) for one in alone] == [
        (one.identifier, one.tried, one.normalised) for one in together]
    assert [one.tried for one in alone] == [40]
    assert pickle.loads(pickle.dumps(alone[0])).changes == alone[0].changes


def test_references_lead_somewhere_and_sums_fit_in_what_is_made(tmp_path: Path) -> None:
    mapping = shelf(tmp_path, TWINS)
    plan = mapping.plans[None]
    seen = 0
    for number in range(300):
        record = drawn(mapping, chance(str(number)), edges=number % 2 == 0).record(plan)
        seen += "seals" in record
        mapping.to_message(record)
    assert seen > 50
    assert check_laws(mapping, chance, 1, records=150).counterexample is None


def test_what_is_told_by_rule_is_the_same_each_time_and_each_value_its_own(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    plan = mapping.plans["original"]
    first = told(mapping, Everything()).record(plan)
    assert first == told(mapping, Everything()).record(plan)
    seals = first["seals"]
    assert isinstance(seals, list)
    assert (len(seals), len({str(seal["identity"]) for seal in seals})) == (9, 9)
    assert {len(str(seal["identity"])) for seal in seals} == {35}
    assert {str(seal["party"]) for seal in seals} == {"customs", "carrier"}
    assert told(mapping, Nothing()).record(plan) == {"function": "original", "mrn": first["mrn"]}
    thin = told(mapping, Thin()).record(plan)
    assert "name" not in thin["office_of_departure"]  # type: ignore[operator]


@pytest.mark.parametrize("edges", [False, True])
@pytest.mark.parametrize("kind", ["an..35", "an3", "a..9", "n..8", "decimal(3)", "text"])
def test_drawn_values_keep_to_their_types(kind: str, edges: bool) -> None:
    parsed = parse_type(kind)
    assert parsed is not None
    values = Drawn(chance(kind), edges=edges)
    room = Room(4, 9) if kind == "text" else None
    for _ in range(500):
        value = values.value("x", parsed, (), room)
        if room is not None:
            assert cut(str(value), room.pieces, room.size) is not None
        elif parsed.name in ("an", "a"):
            text = str(value)
            assert parsed.minimum <= len(text) <= parsed.maximum
            assert text == text.strip()
        elif parsed.name == "n":
            assert isinstance(value, int)
            assert 0 <= value < 10 ** 8
        else:
            assert isinstance(value, Decimal)
            assert len(f"{value:f}".partition(".")[2]) <= 3


def test_values_that_are_over_their_limit_are_refused_by_every_type(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    record = told(mapping, Everything(single=True), over=True).record(mapping.plans["original"])
    texts = Told(over=True)
    kind = parse_type("an..5")
    assert kind is not None
    assert len(str(texts.value("office_of_departure.code", kind, (), None))) == 6
    with pytest.raises(Exception, match="M103"):
        mapping.to_message(record)


def test_a_text_whose_blanks_let_no_cut_fit_has_none() -> None:
    assert cuttable("a          b", Room(2, 4)) == "a          b".replace(" ", "-")
    assert cuttable("abcd efgh", Room(3, 4)) == "abcd efgh"


def test_equal_means_to_the_last_digit() -> None:
    assert same({"a": Decimal("1.50")}, {"a": Decimal("1.50")})
    assert not same({"a": Decimal("1.50")}, {"a": Decimal("1.5")})
    assert not same({"a": True}, {"a": 1})
    assert same({"a": 1, "b": "x"}, {"b": "x", "a": 1})


def test_generators_know_nothing_of_writing_or_reading() -> None:
    source = Path(making.__file__).read_text("utf-8")
    assert "gateway.mapping.writing" not in source
    assert "gateway.mapping.reading" not in source


def test_a_message_keeps_its_identifier(tmp_path: Path) -> None:
    mapping = shelf(tmp_path)
    record = told(mapping, Nothing()).record(mapping.plans["original"])
    wire = spell(mapping, mapping.plans["original"], record, chance("x")).wire(mapping, sent=False)
    assert wire == WireMessage(mapping.message, "BGM+950+1 MRN É???'?+?: 1 MRNZ+9'UNS+D'UNS+S'CNT+5:0'", 4)
