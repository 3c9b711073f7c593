"""Does the hand-written peer of `edi bench mapping` do all that the mapping does? Else its time would mean nothing."""

from __future__ import annotations

import copy
import random

import pytest

from gateway.edifact import WireMessage, read_wire
from gateway.errors import LocalError, PartnerError
from gateway.mapping import load_mapping
from gateway.references import Tree
from tests.bench import mapping as bench
from tests.bench.by_hand import ByHand, ReadByHand, Refused
from tests.golden.profile.maker import Maker
from tests.golden.profile.samples import MAPPINGS
from tests.unit.test_mapping_generated import damaged, spoil

MAPPING = load_mapping(bench.MAPPING, [MAPPINGS])
WRITES, READS = ByHand(MAPPING), ReadByHand(MAPPING)


def records(number: int) -> list[tuple[random.Random, Tree]]:
    chances = [random.Random(seed) for seed in range(number)]
    return [(chance, Maker(MAPPING, chance).record(MAPPING.plans["original"])) for chance in chances]


@pytest.mark.parametrize("items", [0, 1, 7])
def test_the_record_of_the_benchmark_has_the_same_message_trace_and_record_by_hand(items: int) -> None:
    bench.compare(MAPPING, WRITES, READS, bench.record(items))


def test_whatever_the_mapping_writes_and_reads_the_peer_writes_and_reads_alike() -> None:
    for _, record in records(60):
        bench.compare(MAPPING, WRITES, READS, record)


def test_the_peer_refuses_the_records_that_the_mapping_refuses() -> None:
    refused = 0
    for chance, record in records(80):
        for _ in range(10):
            changed = copy.deepcopy(record)
            spoil(changed, chance)
            try:
                wire = MAPPING.to_message(changed)
            except LocalError as error:
                refused += 1
                with pytest.raises((Refused, TypeError, AttributeError)):
                    pytest.fail(f"{error.findings}: {WRITES.write(changed)[0]}")
            else:
                if changed.get("function") == "original":
                    assert "'".join(WRITES.write(changed)[0]) + "'" == wire.body
    assert refused > 300


def test_the_peer_refuses_the_messages_that_the_mapping_refuses() -> None:
    refused = 0
    for chance, record in records(80):
        segments = WRITES.write(record)[0]
        for _ in range(10):
            changed = damaged(segments, chance)
            message = read_wire(WireMessage(MAPPING.message, "'".join(changed) + "'", len(changed)))
            try:
                found = MAPPING.to_record(message)
            except PartnerError as error:
                refused += 1
                with pytest.raises((Refused, IndexError, ValueError, KeyError)):
                    pytest.fail(f"{error.findings}: {READS.read(message)[0]}")
            else:
                if found["function"] == "original":
                    assert READS.read(message)[0] == found
    assert refused > 300
