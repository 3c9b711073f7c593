"""A slice of the fuzz campaign: altered interchanges read, judged, written again, streamed and answered."""

from __future__ import annotations

import random

import pytest

from tests.campaigns import edifact_fuzz


@pytest.mark.parametrize("seed", [101, 102, 103, 104])
def test_altered_interchanges_raise_nothing_and_are_read_as_the_reference_reads_them(seed: int) -> None:
    outcomes, failures, slowest = edifact_fuzz.run(500, seed, lambda line: None)
    assert failures == []
    assert slowest < edifact_fuzz.SECONDS
    assert outcomes["answered"] > 100
    assert outcomes["rewritten exactly"] > 100


@pytest.mark.parametrize("number", range(120))
def test_every_input_is_seen_alike_by_the_reference_reader_and_in_blocks(number: int) -> None:
    chance = random.Random(f"slice/{number}")
    edifact_fuzz.examine(edifact_fuzz.make(chance, edifact_fuzz.seeds()), chance, compared=True)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfUNA:+.?",  # nine characters, but not from UNA on
        b"UNB+UNOC:3'4+S+R'UNZ+0+1'",  # a tag of one character before two separators
        b"UNB+UNOC:3'UNH+1+X'?'BGM+1'UNT+3+1'UNZ+1+1'",  # a released terminator in a tag
        b"UNB+UNOL:3+S\xa4'UNZ+1+1'",
        b"UNA\xa8+.? 'UNB+UNOL:3'UNZ+1+1'",  # a separator that means another letter in the announced set
        b"UNA:+.\n 'UNB+UNOC:3'\nUNZ+1+1'",  # a release character that is a line break
        b"UNB+UNOB:1'\nUNB\x1dUNOB\x1f1\x1dS\x1c",  # a header with IS3 behind one with plus
        b"UNB+UNOC+S:4+R'FTX+A*B'UNZ+0+1'",  # a sender that is no syntax version
        b"UNA2\xce:\xbc.? UNB+UNOW:4+S+R+20260310:1016+1'BGM+\xbc'",  # a header that begins no interchange
        b"UNB:\xc3\xa9+UNOW:4+S'BGM+\xc3\xa9'",  # a nesting indication before the syntax identifier
        b"UNB+UNOW:4+S'\xd9NT+9+?+1'UNZ+1+1'",  # a tag that is letters only as long as it is not decoded
        b"UNB\x1f\xe9UNB+UNOW:4+S'",  # what announces a set is no header
        b"UNB+?",
        b"UNB+UNOC:3'UNZ+1+1?",
        b"UNB+UNOW:4+S\xc3'UN*Z+\x92'UNZ+1+1'",
    ],
)
def test_what_the_campaign_found_once_stays_found(content: bytes) -> None:
    edifact_fuzz.examine(content, random.Random(1), compared=True)
