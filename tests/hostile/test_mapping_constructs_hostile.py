"""Can a damaged message or a strange record get past sums, references, rests, choices, zones or the annex?

The layout is that of `tests.unit.test_mapping_constructs`. EDI_LAW_RUNS sets how many damages there are.
"""

from __future__ import annotations

import copy
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.edifact import Message, WireMessage, read_wire
from gateway.errors import LocalError, PartnerError
from gateway.mapping import Mapping
from gateway.mapping.reading import Reading
from tests.hostile.test_mapping_hostile import RUNS, STRANGE, damaged, without_absent
from tests.unit.test_mapping_constructs import RECORD, TEXT, WIRE
from tests.unit.test_mapping_language import HEAD, load


@pytest.fixture(params=["refuse", "keep"])
def mapping(tmp_path: Path, request: pytest.FixtureRequest) -> Mapping:
    return load(tmp_path, TEXT.replace(HEAD, f"{HEAD}unmapped: {request.param}\n"))


def data(received: Message) -> int:
    """Characters of data in a message, the decimal zeros of sums apart."""
    return sum(len(text) for segment in received.segments[1:-1] if segment.tag not in ("CNT", "FTX", "RFF")
               for element in segment.elements for text in element)


def test_a_damaged_message_is_refused_or_loses_nothing(mapping: Mapping) -> None:
    chance = random.Random(11)
    taken = 0
    for _ in range(RUNS * 20):
        body = damaged(WIRE, chance)
        received = read_wire(WireMessage(mapping.message, body, 20))
        try:
            record = mapping.to_record(received)
        except PartnerError as error:
            assert error.findings
            continue
        taken += 1
        annex = mapping.annex(received)
        again = read_wire(mapping.to_message(record))
        assert mapping.to_record(again) == record, body
        if not annex:
            assert data(again) == data(received), body
    assert taken > RUNS // 4


def test_a_strange_value_anywhere_is_refused_by_its_path_or_comes_back(mapping: Mapping) -> None:
    chance = random.Random(12)
    for _ in range(RUNS * 20):
        record: Any = copy.deepcopy(RECORD)
        node = record
        while True:
            key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if not isinstance(node[key], dict | list) or not node[key] or chance.random() < 0.3:
                break
            node = node[key]
        node[key] = value = chance.choice(STRANGE)
        try:
            written = mapping.to_message(record)
        except LocalError as error:
            assert all(finding.place.path for finding in error.findings), (key, value)
            continue
        assert mapping.to_record(read_wire(written)) == without_absent(record), (key, value)


def test_many_references_take_time_in_proportion(tmp_path: Path) -> None:
    """Each of 9,999 items names one of 99 containers: what a container is, is looked up, not searched."""
    mapping = load(tmp_path, TEXT)
    equipment = [{"kind": "container", "number": f"C{number}"} for number in range(99)]
    items = [{"number": number, "gross_mass": Decimal("0.001"), "packages": [{"count": 1}],
              "containers": [{"number": f"C{number % 99}"}]} for number in range(1, 10000)]
    record: Any = {"mrn": "M", "function": "original", "equipment": equipment, "items": items}
    received = read_wire(mapping.to_message(record))
    assert "CNT+7:9.999'CNT+11:9999'CNT+10:9999" in mapping.to_message(record).body
    reading = Reading(mapping.plans["original"], received)
    reading.read()
    assert (reading.record, reading.findings) == (record, [])
    assert sum(isinstance(key, tuple) and isinstance(value, dict) for key, value in reading.notes.items()) == 1
