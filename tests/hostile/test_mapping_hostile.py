"""Can a damaged message or a strange record do anything but be refused, or come back whole?

EDI_LAW_RUNS sets how many damages each sample suffers.
"""

from __future__ import annotations

import copy
import os
import random
import zlib
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.edifact import Message, WireMessage, read_wire
from gateway.errors import LocalError, PartnerError
from gateway.mapping import load_corridors, peek
from gateway.references import Tree
from tests.golden.profile.expected import TRANSIT_HARD
from tests.golden.profile.samples import DECLARATIONS, EVENTS, MAPPINGS, wire

RUNS = int(os.environ.get("EDI_LAW_RUNS", "60"))
CORRIDOR = load_corridors([MAPPINGS]).named("tg-ml")
FRAGMENTS = ["'", "+", ":", "?", "++", "::", "''", "A", "0", "-1", "1E5", " ", "é", "\n", "\x1d", "203", "ZZZ",
             "UNS+S'", "CST+1'", "RFF+ABT:X'", "GIS+ARR:120:ZZZ'"]


def damaged(body: str, chance: random.Random) -> str:
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        place = chance.randrange(len(body))
        end = place + chance.choice((0, 0, 1, 1, 2, 5, 20))
        body = body[:place] + chance.choice(("", chance.choice(FRAGMENTS), body[place:end] * 2)) + body[end:]
    return body


@pytest.mark.parametrize("name", [*DECLARATIONS, *EVENTS])
def test_a_damaged_message_is_refused_by_its_segment_or_loses_nothing(name: str) -> None:
    chance = random.Random(zlib.crc32(name.encode()))
    whole = wire(name)
    for _ in range(RUNS):
        body = damaged(whole.body, chance)
        received = read_wire(WireMessage(whole.identifier, body, whole.segments))
        peek(received)
        try:
            trees = CORRIDOR.read(received)
        except PartnerError as error:
            assert error.findings
            continue
        again = CORRIDOR.cusdec.to_message(trees[0]) if name in DECLARATIONS else CORRIDOR.write(trees)
        assert CORRIDOR.read(read_wire(again)) == trees, body
        assert characters(read_wire(again)) == characters(received), body


def characters(received: Message) -> int:
    """How many characters of data a message holds. A long text may be cut into fewer segments: no qualifiers of FTX."""
    return sum(len(text) for segment in received.segments[1:-1]
               for element in segment.elements[1 if segment.tag == "FTX" else 0:] for text in element)


STRANGE: list[Any] = [None, "", " ", "A" * 5000, 0, -1, 10 ** 30, True, False, Decimal("1E+30"), Decimal("-0"),
                      Decimal("Infinity"), 10 ** 6000, 1.5, b"A", date.min, datetime.max, [], {}, [[]], [{}], [None],
                      {"a": {}}, "\ud800", "\x00", "ɓ", "'+:?"]


def test_a_strange_value_anywhere_in_a_record_is_refused_by_its_path_or_comes_back() -> None:
    chance = random.Random(7)
    for _ in range(RUNS * 10):
        tree: Any = copy.deepcopy(TRANSIT_HARD)
        node = tree
        while True:
            key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if not isinstance(node[key], dict | list) or not node[key] or chance.random() < 0.3:
                break
            node = node[key]
        value = chance.choice(STRANGE)
        node[key] = value
        try:
            written = CORRIDOR.cusdec.to_message(tree)
        except LocalError as error:
            assert all(finding.place.path for finding in error.findings)
            continue
        back: Tree = CORRIDOR.cusdec.to_record(read_wire(written))
        assert back == without_absent(CORRIDOR.cusdec.normal(without_absent(tree))), (key, value)


def without_absent(node: Any) -> Any:
    """What the tree says: an absent value has no key."""
    if isinstance(node, dict):
        kept = {name: without_absent(value) for name, value in node.items()}
        return {name: value for name, value in kept.items() if value not in (None, [], {})}
    return [without_absent(member) for member in node] if isinstance(node, list) else node


def test_ten_thousand_items_come_back_and_a_very_long_segment_is_refused() -> None:
    tree: Any = copy.deepcopy(TRANSIT_HARD)
    tree["items"] = [{**copy.deepcopy(tree["items"][0]), "number": number} for number in range(1, 10000)]
    written = CORRIDOR.cusdec.to_message(tree)
    assert CORRIDOR.cusdec.to_record(read_wire(written)) == tree
    with pytest.raises(LocalError):
        CORRIDOR.cusdec.to_message({**tree, "items": [*tree["items"], tree["items"][0]]})
    long = WireMessage(written.identifier, "BGM+950:::T1+M:0+1'UNS+D" + ":A" * 2000 + "'UNS+S'", 3)
    with pytest.raises(PartnerError) as caught:
        CORRIDOR.cusdec.to_record(read_wire(long))
    assert len(caught.value.findings) == 200


@pytest.mark.parametrize("value", [Decimal("1E+999999999"), Decimal("1E-999999999"), 10 ** 6000],
                         ids=["large", "small", "count"])
def test_a_monstrous_number_is_refused_at_once(value: Decimal | int) -> None:
    term = "total_gross_mass" if isinstance(value, Decimal) else "total_packages"
    with pytest.raises(LocalError) as caught:
        CORRIDOR.cusdec.to_message({**TRANSIT_HARD, term: value})
    assert [(one.code, one.place.path) for one in caught.value.findings] == [("M103", term)]


def test_a_monstrous_count_is_refused_at_once() -> None:
    body = wire("cusdec_transit_hard").body.replace("CNT+5:3'", "CNT+5:" + "9" * 100000 + "'")
    with pytest.raises(PartnerError) as caught:
        CORRIDOR.cusdec.to_record(read_wire(WireMessage(CORRIDOR.cusdec.message, body, 81)))
    assert [one.code for one in caught.value.findings] == ["M102"]
