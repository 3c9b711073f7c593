"""Is every place of the trees reachable, and is a fault planted anywhere found there, and nothing else?"""

from __future__ import annotations

from collections import Counter
from itertools import product

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
from gateway.edifact.directory import RELEASES
from gateway.edifact.faults import PLACES
from gateway.edifact.formats import broken
from gateway.edifact.structure import Structure
from gateway.findings import Finding
from tests.tools.message_generator import Expected, Generator, Mutant, fault_of, paths

EVERY = [(release, message_type) for release in RELEASES for message_type in load_directory(release).messages]
NEWEST = [message_type for release, message_type in EVERY if release == "D.16B"]
TYPES = ("CUSDEC", "CUSRES", "CUSCAR", "CUSREP", "CUSEXP", "APERAK", "PAXLST", "REQDOC", "GENRAL")
WHOLE = {("D.96B", "CUSDEC"): 149, ("D.96B", "CUSRES"): 50, ("D.16B", "GOVCBR"): 1048}
"""Segments of trees without UNH and UNT."""
SOME = {"GOVCBR": 97}
"""Of each kind of fault so many are made for one that is tried: a message of thousand segments takes its time."""
KINDS = {
    "wrong code", "too long", "extra component", "extra element", "missing element", "missing component",
    "letters in a number", "bad decimal", "unknown segment", "missing segment", "segment too often",
    "segment out of place", "group too often",
}


def generator(message_type: str, seed: int = 1, release: str = "D.96B") -> Generator:
    return Generator(load_directory(release), message_type, seed)


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


@pytest.mark.parametrize(("release", "message_type"), WHOLE)
def test_a_message_with_everything_uses_every_segment_of_its_tree(release: str, message_type: str) -> None:
    made = generator(message_type, release=release)
    everything = made.everything()
    tree = list(paths(made.structure))
    assert [one.path for one in everything] == tree
    assert len(tree) == WHOLE[release, message_type]
    message = load_directory(release).message(message_type)
    assert message is not None
    structure = Structure(message)
    tags = [f"UNS+{one.elements[0][0]}" if one.tag == "UNS" and structure.sections else one.tag for one in everything]
    places = {number for number, position in enumerate(structure.positions) if not position.group}
    reached = visited(structure, [*tags, "UNT"])
    coverage = 100 * len(reached & places) / len(places)
    print(f"{message_type} {release}: {len(reached & places)} of {len(places)} segments, {coverage:.0f} %")
    assert coverage == 100
    assert check_message(read_wire(made.wire(everything))) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("message_type", TYPES)
def test_messages_made_by_chance_from_the_tree_have_no_fault(message_type: str, seed: int) -> None:
    made = generator(message_type, seed)
    for _ in range(20):
        assert check_message(read_wire(made.wire(made.any()))) == []


@pytest.mark.parametrize(("release", "message_type"), EVERY)
def test_messages_of_every_type_of_every_release_have_no_fault(release: str, message_type: str) -> None:
    made = generator(message_type, release=release)
    for one in (made.everything(), *(made.any() for _ in range(3))):
        assert check_message(read_wire(made.wire(one))) == []


@pytest.mark.parametrize("message_type", TYPES)
def test_the_validator_finds_exactly_the_planted_fault(message_type: str) -> None:
    kinds = planted(generator(message_type))
    if ("D.96B", message_type) in WHOLE:
        assert kinds.keys() >= KINDS


@pytest.mark.parametrize("message_type", NEWEST)
def test_the_validator_finds_the_fault_in_messages_of_the_newest_release(message_type: str) -> None:
    made = generator(message_type, release="D.16B")
    kinds = planted(made, SOME.get(message_type, 7))
    transports = sum(path.endswith("TDT") for path in paths(made.structure))
    assert kinds["dependency note"] == transports  # the only segment of D.16B with a note, D5(040,030)
    if message_type == "GOVCBR":
        assert transports == 8
        assert kinds.keys() >= KINDS | {"dependency note", "too short", "digits in letters"}


def planted(made: Generator, step: int = 1) -> Counter[str]:
    """Faults by kind, each `step`-th of its kind looked for and found, and every one that is about a note."""
    kinds: Counter[str] = Counter()
    wrong = []
    for mutant in made.mutants():
        kinds[mutant.kind] += 1
        chosen = mutant.kind == "dependency note" or kinds[mutant.kind] % step == min(1, step - 1)
        if chosen and found(mutant, made) != [mutant.expected]:
            wrong.append((mutant.kind, mutant.expected, found(mutant, made)))
    print(f"{made.type}: {sum(kinds.values())} mutants {dict(kinds)}")
    assert wrong == []
    return kinds


def test_chance_makes_every_form_that_a_dependency_note_allows() -> None:
    made = generator("GOVCBR", release="D.16B")
    forms = {tuple(any(one.elements[place]) for place in (3, 2)) for one in
             (made.segment("TDT", "TDT", full=False) for _ in range(100))}
    assert forms == {(True, True), (False, True), (False, False)}  # D5(040,030): with the fourth comes the third


@pytest.mark.parametrize("kind", range(1, 8))
def test_generator_and_validator_read_dependency_notes_alike(kind: int) -> None:
    for many in (2, 3, 4):
        for present in product((True, False), repeat=many):
            assert fault_of(kind, present) == broken(kind, present)


def told(mutant: Mutant, made: Generator) -> tuple[list[Finding], Contrl]:
    """The findings about a mutant in an interchange, and the CONTRL they become, read again."""
    body = made.wire(mutant.segments)
    text = f"UNH+1+{body.identifier}'{body.body}UNT+{body.segments + 2}+1'"
    unb = "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711'"
    (interchange,) = read_interchanges(f"{unb}{text}UNZ+1+TG0000004711'".encode("iso8859-1"))
    findings = validate(interchange)
    return findings, read_contrl(read_wire(make_contrl(interchange, findings)))


def test_a_note_that_is_not_kept_goes_into_a_contrl_and_comes_out_again_at_its_place() -> None:
    made = generator("GOVCBR", release="D.16B")
    notes = [mutant for mutant in made.mutants() if mutant.kind == "dependency note"]
    for mutant in notes:
        findings, contrl = told(mutant, made)
        (reported,) = reported_findings(contrl)
        assert [_of(finding) for finding in findings] == [mutant.expected]
        assert (reported.fault, reported.place.segment, reported.place.element) == (
            "13", mutant.expected.segment, 3)
        assert findings[0].values == {"note": "D5(040,030)", "elements": "C001 C220"}


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
