"""Does the quick verdict say what the slow walk says, whatever a message holds?"""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edifact import Message, check_message, read_interchanges
from gateway.edifact.characters import ServiceCharacters
from gateway.edifact.conformance import conformance_of, every_fault
from gateway.edifact.model import Segment, cut
from gateway.edifact.scan import is_orderly
from gateway.edifact.wire import Wire
from tests.bench.peers.corpus import samples

GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
ALPHABET = "+:*?'.,-0123456789AZaz \u00c9\x01\x02"
MUCH = "9" * 40


@cache
def sources() -> tuple[bytes, ...]:
    made = (one.content for one in samples(0.02) if one.segments < 5000)
    return (*made, *(file.read_bytes() for file in sorted(GOLDEN.glob("*.edi"))))


@pytest.fixture(autouse=True, scope="module")
def _patterns_are_made() -> None:
    """Patterns are made when a tag has come often: so it has, before anything is asked."""
    for content in sources():
        for interchange in read_interchanges(content):
            for message in interchange.messages:
                for _ in range(20):
                    check_message(message)
                    quick_says(message)


def quick_says(message: Message, forget: bool = True) -> bool:
    held = conformance_of(message.identifier, version(message))
    assert held is not None
    quick = held.quick(message.wire)
    if forget:
        quick._right.clear()
        quick._sequences.clear()
    return not held.dependencies and quick.conforms(message.wire, message.raws)


def version(message: Message) -> str:
    return "4" if message.wire.service.repetition is not None else "3"


def slow(message: Message) -> list[object]:
    held = conformance_of(message.identifier, version(message))
    assert held is not None
    return list(every_fault(held, message, None))


def test_every_sample_is_judged_the_same_by_both() -> None:
    judged = [(quick_says(message), slow(message) == []) for content in sources()
              for interchange in read_interchanges(content) for message in interchange.messages]
    assert [one for one in judged if one[0] != one[1]] == []
    assert sum(quick for quick, _ in judged) > 60


def damaged(seed: int) -> bytes:
    """A sample with one to three changes in the first kilobytes after its UNH."""
    rng = random.Random(seed)
    content = bytearray(rng.choice(sources()))
    start = content.index(b"UNH") + 40
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(start, min(len(content) - 20, start + 2500))
        kind = rng.randrange(6)
        character = rng.choice(ALPHABET).encode("iso8859-1")
        if kind == 0:
            content[place : place + 1] = character
        elif kind == 1:
            content[place:place] = character * rng.randint(1, 3)
        elif kind == 2:
            del content[place : place + rng.randint(1, 12)]
        elif kind == 3:
            content[place:place] = MUCH[: rng.randint(1, 40)].encode()
        elif kind == 4:  # a separator more, in front of one that is there
            there = content.find(b"+:"[rng.randrange(2) :][:1], place)
            content[there:there] = content[there : there + 1]
        else:  # a segment twice
            first = content.find(b"'", place) + 1
            last = content.find(b"'", first) + 1
            content[first:first] = content[first:last]
    return bytes(content)


pieces = st.lists(st.sampled_from(
    ["UNH", "UNT", "UNB", "UN", "FTX", "Q", "loc", "+", "++", ":", "'", "'", "?'", "?+", "??", "*", "\n", " ", "\x00"]
), max_size=14).map("".join)


@given(pieces, st.sampled_from([ServiceCharacters(), ServiceCharacters(repetition="*"),
                                ServiceCharacters(terminator="\n"), ServiceCharacters(release=None)]))
def test_one_pass_over_a_text_finds_the_service_segments_and_lets_nothing_disorderly_through(
    text: str, service: ServiceCharacters
) -> None:
    wire = Wire(text, service)
    assert list(wire.services) == [number for number, raw in enumerate(wire.raws) if raw.startswith("UN")]
    if is_orderly(wire):
        ends = (service.element, "")  # no nesting indication either
        assert all(re.fullmatch("[A-Z][A-Z0-9]{2}", raw[:3]) and raw[3:4] in ends for raw in wire.raws)
        pair = service.component + service.element
        assert not any(raw.endswith((service.component, service.element)) or pair in raw for raw in wire.raws)


@given(st.text("?'+:*a\x01", max_size=12))
def test_what_a_release_character_protects_separates_nothing(text: str) -> None:
    values, current, protected = [], "", False
    for character in text:  # the same, character by character
        if not protected and character in "?'":
            protected = character == "?"
            if character == "'":
                values.append(current)
                current = ""
        else:
            current += character
            protected = False
    wire = Wire(text, ServiceCharacters(element="#", component="=", repetition="*"))
    assert [wire.value(raw) for raw in wire.raws] == [*values, *([current] if not wire.complete else [])]
    assert "'".join(map(wire.original, wire.raws)) + ("'" if wire.complete and wire.raws else "") == text


@given(pieces, st.sampled_from([ServiceCharacters(), ServiceCharacters(repetition="*")]))
def test_segments_cut_together_are_those_cut_one_by_one(text: str, service: ServiceCharacters) -> None:
    wire = Wire(text, service)
    together = list(cut(wire, 0, range(len(wire.raws))))
    one_by_one = [Segment(wire, number, number) for number in range(len(wire.raws))]
    assert [(one.tag, one.elements, one.nesting, one.text) for one in together] == [
        (one.tag, one.elements, one.nesting, one.text) for one in one_by_one]


@settings(deadline=None, max_examples=400)
@given(st.integers(0, 10**9))
def test_what_the_quick_look_lets_through_has_no_fault(seed: int) -> None:
    for interchange in read_interchanges(damaged(seed)):
        for message in list(interchange.messages)[:2]:
            if conformance_of(message.identifier, version(message)) is None:
                continue
            expected = slow(message)
            assert not (quick_says(message) and expected)
            assert list(check_message(message)) == expected
            assert list(check_message(message)) == expected  # and what was seen before does not change it
