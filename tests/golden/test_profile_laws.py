"""Do the two laws hold for every mapping that is shipped, and do the records tried reach all of it?

EDI_LAW_RUNS sets how many records each mapping is tried on; `edi map test --records 10000` tries as many as one likes.
"""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Sequence
from functools import cache

import pytest

from gateway.edifact import check_message, read_wire
from gateway.errors import LocalError
from gateway.mapping import Mapping, load_mapping
from gateway.mapping.inherit import known_mappings
from gateway.mapping.laws.check import check_laws
from gateway.mapping.laws.messages import spell
from gateway.mapping.laws.records import drawn
from tests.golden.profile.samples import MAPPINGS

RUNS = int(os.environ.get("EDI_LAW_RUNS", "120"))


@cache
def shipped() -> dict[str, Mapping]:
    """Every mapping that can be used by itself."""
    found = {}
    for identifier in known_mappings([MAPPINGS]):
        try:
            found[identifier] = load_mapping(identifier, [MAPPINGS])
        except LocalError as error:
            assert [finding.code for finding in error.findings] == ["M048"], identifier
    return found


VARIANTS = [(identifier, function) for identifier, mapping in shipped().items()
            for function in mapping.functions or (None,)]


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda pair: "-".join(str(part) for part in pair if part))
def variant(request: pytest.FixtureRequest) -> tuple[Mapping, str | None]:
    identifier, function = request.param
    return shipped()[identifier], function


def chance(mapping: Mapping, function: str | None, number: int) -> random.Random:
    return random.Random(zlib.crc32(f"{mapping.identifier}/{function}".encode()) + number)


@pytest.mark.parametrize("identifier", list(shipped()))
def test_both_laws_hold_on_records_and_messages_made_from_the_mapping(identifier: str) -> None:
    report = check_laws(shipped()[identifier], random.Random, 1, records=RUNS)
    assert (report.counterexample, report.tried, report.messages) == (None, RUNS, RUNS)


def test_segments_of_one_tag_arrive_in_other_orders_among_the_messages(variant: tuple[Mapping, str | None]) -> None:
    mapping, function = variant
    plan = mapping.plans[function]
    several = [run for run in plan.runs if len({line.each.term if line.each else line.label
                                                for line in run.lines}) > 1]
    changed = not several
    for number in range(400):
        if changed:
            break
        source = chance(mapping, function, number)
        spelled = spell(mapping, plan, drawn(mapping, source, plain=True).record(plan), source)
        changed = heads(spelled.sent) != heads(spelled.canonical)
    assert changed


def heads(segments: Sequence[str]) -> list[str]:
    """Tag and qualifier of each segment."""
    return [segment[:7] for segment in segments if segment[4:7].isalnum()]


def test_the_records_tried_use_every_term_of_the_mapping(variant: tuple[Mapping, str | None]) -> None:
    mapping, function = variant
    plan = mapping.plans[function]
    expected = {access.term for line in plan.walk() for access in line.accesses}
    used: set[str] = set()
    for number in range(200):
        if expected <= used:
            break
        used |= terms_of(drawn(mapping, chance(mapping, function, number)).record(plan), "")
    assert expected - used == set()


def terms_of(node: object, prefix: str) -> set[str]:
    if isinstance(node, dict):
        return {term for name, value in node.items() for term in terms_of(value, f"{prefix}.{name}".lstrip("."))}
    if isinstance(node, list):
        return {term for member in node for term in terms_of(member, prefix)}
    return {prefix}


def test_what_is_written_keeps_to_the_directory(variant: tuple[Mapping, str | None]) -> None:
    mapping, function = variant
    for number in range(25):
        record = drawn(mapping, chance(mapping, function, number)).record(mapping.plans[function])
        findings = check_message(read_wire(mapping.to_message(record)))
        # codes are data of the administrations: which of them a list has is judged on real records, not on random ones
        assert [finding for finding in findings if finding.fault != "12"] == []
