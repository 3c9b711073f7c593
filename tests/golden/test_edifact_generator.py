"""Is every place of the trees reachable, and is a fault planted anywhere found there, and nothing else?"""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.edifact import (
    check_message,
    load_directory,
    make_contrl,
    read_contrl,
    read_interchanges,
    read_wire,
    reported_findings,
    validate,
)
from gateway.edifact.contrl import Contrl
from gateway.edifact.faults import PLACES
from gateway.edifact.structure import Structure
from gateway.findings import Finding
from tests.tools.message_generator import Expected, Generator, Mutant, paths

TYPES = ("CUSDEC", "CUSRES", "CUSCAR", "CUSREP", "CUSEXP", "APERAK", "PAXLST", "REQDOC", "GENRAL")
WHOLE = {"CUSDEC": 149, "CUSRES": 50}
"""Segments of the D.96B trees without UNH and UNT."""
KINDS = {
    "wrong code", "too long", "extra component", "extra element", "missing element", "missing component",
    "letters in a number", "bad decimal", "unknown segment", "missing segment", "segment too often",
    "segment out of place", "group too often",
}


def generator(message_type: str, seed: int = 1) -> Generator:
    return Generator(load_directory("D.96B"), message_type, seed)


def found(mutant: Mutant, made: Generator) -> list[Expected]:
    return [_of(finding) for finding in check_message(read_wire(made.wire(mutant.segments)))]


def _of(finding: Finding) -> Expected:
    place = finding.place
    assert finding.fault is not None
    assert place.segment is not None
    return Expected(finding.code, finding.fault, place.segment, place.element, place.component, place.missing)


def visited(structure: Structure, tags: list[str]) -> set[int]:
    """The positions that a walk over these tags stands on, each move the first one that the table has."""
    here, seen = 0, {0}
    for tag in tags:
        here = structure.clean[here][tag][0].target
        seen.add(here)
    return seen


@pytest.mark.parametrize("message_type", WHOLE)
def test_a_message_with_everything_uses_every_segment_of_its_tree(message_type: str) -> None:
    made = generator(message_type)
    everything = made.everything()
    tree = list(paths(made.structure))
    assert [one.path for one in everything] == tree
    assert len(tree) == WHOLE[message_type]
    message = load_directory("D.96B").message(message_type)
    assert message is not None
    structure = Structure(message)
    tags = [f"UNS+{one.elements[0][0]}" if one.tag == "UNS" and structure.sections else one.tag for one in everything]
    places = {number for number, position in enumerate(structure.positions) if not position.group}
    reached = visited(structure, [*tags, "UNT"])
    coverage = 100 * len(reached & places) / len(places)
    print(f"{message_type} D.96B: {len(reached & places)} of {len(places)} segments, {coverage:.0f} %")
    assert coverage == 100
    assert check_message(read_wire(made.wire(everything))) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("message_type", TYPES)
def test_messages_made_by_chance_from_the_tree_have_no_fault(message_type: str, seed: int) -> None:
    made = generator(message_type, seed)
    for _ in range(20):
        assert check_message(read_wire(made.wire(made.any()))) == []


@pytest.mark.parametrize("message_type", TYPES)
def test_the_validator_finds_exactly_the_planted_fault(message_type: str) -> None:
    made = generator(message_type)
    kinds: Counter[str] = Counter()
    wrong = []
    for mutant in made.mutants():
        kinds[mutant.kind] += 1
        if found(mutant, made) != [mutant.expected]:
            wrong.append((mutant.kind, mutant.expected, found(mutant, made)))
    print(f"{message_type}: {sum(kinds.values())} mutants {dict(kinds)}")
    assert wrong == []
    if message_type in WHOLE:
        assert kinds.keys() >= KINDS


def told(mutant: Mutant, made: Generator) -> tuple[list[Finding], Contrl]:
    """The findings about a mutant in an interchange, and the CONTRL they become, read again."""
    body = made.wire(mutant.segments)
    text = f"UNH+1+{body.identifier}'{body.body}UNT+{body.segments + 2}+1'"
    unb = "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711'"
    (interchange,) = read_interchanges(f"{unb}{text}UNZ+1+TG0000004711'".encode("iso8859-1"))
    findings = validate(interchange)
    return findings, read_contrl(read_wire(make_contrl(interchange, findings)))


@pytest.mark.parametrize("message_type", ["CUSRES", "GENRAL", "PAXLST"])
def test_a_planted_fault_goes_into_a_contrl_and_comes_out_again_at_its_place(message_type: str) -> None:
    made = generator(message_type)
    for mutant in made.mutants():
        findings, contrl = told(mutant, made)
        (reported,) = reported_findings(contrl)
        (finding,) = findings
        place = finding.place
        level = "UCD" if place.element is not None else "UCS"
        assert finding.fault is not None
        precise = level in PLACES.get(finding.fault, ()) or finding.fault == "19"
        assert (reported.place.message, reported.place.segment) == ("1", place.segment)
        assert (reported.place.element, reported.place.component) == (place.element, place.component)
        assert reported.place.missing == (place.missing and finding.fault == "13")
        assert reported.fault == ("37" if finding.fault == "19" else finding.fault)
        assert precise
