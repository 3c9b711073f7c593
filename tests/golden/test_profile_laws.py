"""Do the two laws hold for every mapping: record to message to record, and message to record to message?

EDI_LAW_RUNS sets how many records each mapping is tried on.
"""

from __future__ import annotations

import os
import random
import zlib
from dataclasses import replace

import pytest

from gateway.edifact import check_message, read_wire
from gateway.mapping import Mapping, load_corridors, load_mapping
from gateway.mapping.corridors import JOINED, LAYOUTS
from tests.golden.profile.maker import Maker
from tests.golden.profile.samples import MAPPINGS

RUNS = int(os.environ.get("EDI_LAW_RUNS", "200"))
CORRIDORS = load_corridors([MAPPINGS])
IDENTIFIERS = ["base/cusdec-d96b", *(f"base/cusres-d96b/{layout}" for layout in (*LAYOUTS.values(), JOINED)),
               *(f"corridors/{corridor.identifier}/cusdec" for corridor in CORRIDORS.all)]
VARIANTS = [(identifier, function) for identifier in IDENTIFIERS
            for function in load_mapping(identifier, [MAPPINGS]).functions or (None,)]


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda pair: "-".join(str(part) for part in pair if part))
def variant(request: pytest.FixtureRequest) -> tuple[Mapping, str | None]:
    identifier, function = request.param
    return load_mapping(identifier, [MAPPINGS]), function


def chance(mapping: Mapping, function: str | None, number: int) -> random.Random:
    return random.Random(zlib.crc32(f"{mapping.identifier}/{function}".encode()) + number)


def test_a_record_comes_back_as_it_was_and_its_message_too(variant: tuple[Mapping, str | None]) -> None:
    mapping, function = variant
    for number in range(RUNS):
        record = Maker(mapping, chance(mapping, function, number)).record(mapping.plans[function])
        wire = mapping.to_message(record)
        back = mapping.to_record(read_wire(wire))
        assert back == mapping.normal(record), number
        assert mapping.to_message(back) == wire, number


def test_segments_of_one_tag_may_arrive_in_any_order(variant: tuple[Mapping, str | None]) -> None:
    mapping, function = variant
    swaps = 0
    for number in range(RUNS // 4):
        source = chance(mapping, function, number)
        wire = mapping.to_message(Maker(mapping, source, plain=True).record(mapping.plans[function]))
        segments = wire.body.removesuffix("'").split("'")
        # the offices of an event are one list, whatever their qualifiers: its order is kept
        swapped = swap_neighbours(segments, source, ("DTM", "GIS", "LOC") if mapping.functions else ("DTM", "GIS"))
        swaps += swapped != segments
        message = read_wire(replace(wire, body="'".join(swapped) + "'"))
        assert mapping.to_message(mapping.to_record(message)) == wire
    several = [run for run in mapping.plans[function].runs if run.tag in ("DTM", "GIS") and len(run.lines) > 1]
    assert swaps or not several


def swap_neighbours(segments: list[str], source: random.Random, tags: tuple[str, ...]) -> list[str]:
    """Swap neighbours of one tag with different qualifiers, so that no list changes its own order."""
    result = list(segments)
    for place in range(len(result) - 1):
        one, other = result[place].split("+"), result[place + 1].split("+")
        if one[0] == other[0] and one[0] in tags and one[1].split(":")[0] != other[1].split(":")[0] \
                and source.random() < 0.5:
            result[place], result[place + 1] = result[place + 1], result[place]
    return result


def test_the_records_tried_use_every_term_of_the_mapping(variant: tuple[Mapping, str | None]) -> None:
    mapping, function = variant
    plan = mapping.plans[function]
    expected = {access.term for line in plan.walk() for access in line.accesses}
    used: set[str] = set()
    for number in range(200):
        used |= terms_of(Maker(mapping, chance(mapping, function, number)).record(plan), "")
    assert expected - used == set()


def terms_of(node: object, prefix: str) -> set[str]:
    if isinstance(node, dict):
        return {term for name, value in node.items() for term in terms_of(value, f"{prefix}.{name}".lstrip("."))}
    if isinstance(node, list):
        return {term for member in node for term in terms_of(member, prefix)}
    return {prefix}


def test_what_is_written_keeps_to_the_directory(variant: tuple[Mapping, str | None]) -> None:
    mapping, function = variant
    for number in range(RUNS // 4):
        record = Maker(mapping, chance(mapping, function, number)).record(mapping.plans[function])
        findings = check_message(read_wire(mapping.to_message(record)))
        # codes are data of the administrations: which of them a list has is judged on real records, not on random ones
        assert [finding for finding in findings if finding.fault != "12"] == []
