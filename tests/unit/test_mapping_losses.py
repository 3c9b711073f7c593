"""Is everything that leaves its place told: texts that go on elsewhere, received content that no line takes?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.edifact import Message, WireMessage, read_wire
from gateway.errors import PartnerError
from gateway.findings import Severity
from gateway.mapping import Loss, Mapping
from gateway.mapping.bench.corpus import Sample
from gateway.mapping.bench.preview import preview
from gateway.mapping.notation import Origin
from gateway.references import Tree
from tests.unit.test_mapping_constructs import LONG, RECORD, TEXT, WIRE, changed
from tests.unit.test_mapping_language import CHILD, HEAD, SMALL, faults, load, where

KEEP = TEXT.replace(HEAD, HEAD + "unmapped: keep\n")


def message(mapping: Mapping, old: str, new: str) -> Message:
    assert old in WIRE
    body = WIRE.replace(old, new, 1)
    return read_wire(WireMessage(mapping.message, body, body.count("'") - body.count("?'")))


def test_a_text_that_overflows_is_told_with_its_path_and_the_line_of_its_rest(tmp_path: Path) -> None:
    mapping = load(tmp_path, TEXT)
    line, column = where(TEXT, "rest local_reference: FTX")
    assert mapping.losses(RECORD) == (Loss("overflow", "local_reference", None, LONG[34:],
                                           Origin("small.yaml", line, column)),)
    assert mapping.losses(changed("local_reference", value="SHORT")) == ()


def test_an_overflow_in_a_list_names_the_member(tmp_path: Path) -> None:
    text = TEXT.replace("  items.number: n..5\n", "  items.number: n..5\n  items.commodity: an..60\n")
    text = text.replace("CST+{number}'\n", "CST+{number}+{commodity?|overflow 10}'\n"
                        "    tail:    rest commodity: FTX+AAA+++{commodity|chunks 2x40}'\n")
    items: list[Tree] = [{"number": 1, "commodity": "987"}, {"number": 2, "commodity": "0123456789ABC"}]
    losses = load(tmp_path, text).losses({"mrn": "M", "function": "original", "items": items})
    assert [(loss.path, loss.value) for loss in losses] == [("items[2].commodity", "ABC")]


def test_the_preview_notes_what_overflows(tmp_path: Path) -> None:
    shown = preview(load(tmp_path, TEXT), Sample(name="d.json", tree=RECORD))
    assert [(one.code, one.severity, one.place.path, one.values["value"]) for one in shown.findings
            if one.code.startswith("M1")] == [("M131", Severity.NOTE, "local_reference", LONG[34:])]


@pytest.mark.parametrize(("old", "new", "segment", "value"), [
    ("EQD+CN+C1'", "EQD+CN+C1'EQD+XX+C9'", 5, "EQD+XX+C9"),  # a qualifier that nobody knows
    ("EQD+CN+C1'", "GIS+1'EQD+CN+C1'", 4, "GIS+1"),  # a tag that nobody knows
    ("UNS+S'", "TOD+1?+A:B'UNS+S'", 18, "TOD+1+A:B"),
    ("SEL+2.1'", "SEL+2.1+CU'", 6, "CU"),  # an element more
    ("RFF+AAQ:C2'", "RFF+AAQ:C2:7'", 14, "7"),  # a component more
    ("UNS+D'", "UNS+D:X'", 9, "X"),
])
def test_what_no_line_takes_is_kept_beside_the_record(tmp_path: Path, old: str, new: str, segment: int,
                                                      value: str) -> None:
    mapping = load(tmp_path, KEEP)
    received = message(mapping, old, new)
    assert [(loss.kind, loss.path, loss.segment, loss.value) for loss in mapping.annex(received)] == \
        [("annex", None, segment, value)]
    assert mapping.to_record(received) == RECORD  # and never inside it
    with pytest.raises(PartnerError):
        load(tmp_path, TEXT).to_record(received)


@pytest.mark.parametrize(("code", "old", "new"), [
    ("M202", "UNS+D'", "UNS+E'"),
    ("M202", "UNS+D'", ""),
    ("M201", "SEL+2.1'", ""),  # moved to a place where it is known and not expected
    ("M222", "SEL+2.1'", "SEL+3.1'"),
])
def test_the_annex_takes_nothing_that_some_line_could_mean(tmp_path: Path, code: str, old: str, new: str) -> None:
    mapping = load(tmp_path, KEEP)
    received = message(mapping, old, new) if code != "M201" else message(mapping, "UNS+S'", "UNS+S'SEL+2.1'")
    with pytest.raises(PartnerError) as caught:
        mapping.to_record(received)
    assert code in [one.code for one in caught.value.findings]


def test_a_message_without_annex_comes_back_as_it_was(tmp_path: Path) -> None:
    mapping = load(tmp_path, KEEP)
    received = message(mapping, "UNS+D'", "UNS+D'")
    assert mapping.annex(received) == ()
    assert mapping.to_message(mapping.to_record(received)).body == WIRE


def test_a_corridor_decides_for_itself_whether_it_keeps(tmp_path: Path) -> None:
    assert load(tmp_path, SMALL, child=CHILD + "unmapped: keep\n").definition.unmapped == "keep"
    assert load(tmp_path, SMALL.replace(HEAD, HEAD + "unmapped: keep\n"), child=CHILD).definition.unmapped == "keep"
    child = CHILD + "unmapped: drop\n"
    assert faults(tmp_path, SMALL, child=child) == [("M004", "child.yaml", *where(child, "drop"))]
