"""What can bad content do to the reader? Give findings; never an exception, never work out of proportion."""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway import texts
from gateway.edifact import (
    check_message,
    describe,
    make_contrl,
    read_interchanges,
    read_wire,
    tree,
    validate,
    wants_contrl,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
WHOLE = (GOLDEN / "interchange_cusdec_tg_bf.edi").read_bytes()
UNB = b"UNB+UNOC:3+S:ZZZ+R:ZZZ+260310:1016+1'"
MEGABYTE = 1_000_000


def look_at_everything(content: bytes) -> None:
    """Everything the gateway ever asks of what it received."""
    found = list(read_interchanges(content))
    assert found
    for interchange in found:
        findings = validate(interchange)
        for finding in findings:
            for language in texts.Language:
                for key in (finding.code, f"{finding.code}.hint"):
                    assert texts.known(key, language)
                    wanted = set(re.findall(r"{(\w+)}", texts.catalogue(language).gettext(key)))
                    assert wanted <= finding.values.keys(), (key, wanted)
        tree(interchange)
        for segment in interchange.segments:
            start, end = segment.span
            assert 0 <= start <= end <= len(interchange.content)
            describe(segment)
        if wants_contrl(interchange):
            contrl = make_contrl(interchange, findings)
            structural = [
                finding.code
                for finding in check_message(read_wire(contrl))
                if finding.code in ("F031", "F032", "F033", "F034")
            ]
            assert structural == []


@given(st.binary(max_size=400))
@example(b"UNA")
@example(b"UNA:+.? ")
@example(b"UNA:+.? '")
@example(b"UNB")
@example(b"UNB+")
@example(b"UNB+UNOC:3'")
@example(b"UNB+UNOC:4'UNZ'")
@example(b"UNB'UNH'UNT'UNZ'")
@example(b"UNB+UNOC:3'UNG'UNH'UNE'UNZ'")
@example(b"UNA??????UNB+UNOC:3'")
@example(b"UNB+UNOC:3+?")
def test_random_bytes_never_raise(content: bytes) -> None:
    look_at_everything(content)


pieces = st.sampled_from(
    [
        b"UNA:+.? '",
        b"UNA:+.?*'",
        b"UNB+UNOC:3+S+R+260310:1016+1",
        b"UNB+UNOW:4+S+R+20260310:1016+1",
        b"UNH+1+CUSRES:D:96B:UN",
        b"UNH+1+CONTRL:D:3:UN",
        b"UNH+2+CUSDEC:D:16B:UN",
        b"UNT+3+1",
        b"UNZ+1+1",
        b"UNG+X+S+R+260310:1016+7+UN+D:96B",
        b"UNE+1+7",
        b"BGM+962",
        b"UNS+D",
        b"UNS+S",
        b"UCI+1+S+R+7",
        b"UCM+1",
        b"CST+1",
        b"FTX+AAA+++",
        b"'",
        b"'",
        b"'",
        b"'",
        b"+",
        b":",
        b"?",
        b"*",
        b"\n",
        b" ",
        b"\x00",
        b"\xc3\xa9",
        b"\x92",
        b"\x1c",
        b"\x1d",
        b"\x1f",
    ]
)


@settings(max_examples=300)
@given(st.lists(pieces, max_size=40).map(b"".join))
def test_pieces_of_interchanges_in_any_order_never_raise(content: bytes) -> None:
    look_at_everything(content)


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)), st.binary(max_size=6))
def test_a_good_interchange_cut_and_overwritten_anywhere_never_raises(start: int, end: int, by: bytes) -> None:
    look_at_everything(WHOLE[:start] + by + WHOLE[end:])


@pytest.mark.parametrize("length", range(0, len(WHOLE), 97))
def test_a_truncated_interchange_is_never_taken_for_a_whole_one(length: int) -> None:
    for interchange in read_interchanges(WHOLE[:length]):
        assert [finding for finding in interchange.findings if finding.severity.value == "error"] != []


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "no terminator": lambda size: UNB[:-1] + b"A" * size,
    "only release characters": lambda size: UNB + b"?" * size + b"'",
    "released terminators": lambda size: UNB + b"?'" * (size // 2),
    "released trailers": lambda size: UNB + b"?'UNZ+1" * (size // 7),
    "runs of release characters": lambda size: UNB + (b"?" * 999 + b"'UNZ+1") * (size // 1006),
    "only terminators": lambda size: UNB + b"'" * (size // 4),
    "only line breaks": lambda size: UNB + b"\n" * size,
    "blanks between terminators": lambda size: UNB + b"' " * (size // 8),
    "only element separators": lambda size: UNB + b"UNH+1+CUSRES:D:96B:UN'BGM" + b"+" * size,
    "only component separators": lambda size: UNB + b"UNH+1+CUSRES:D:96B:UN'BGM+" + b":" * size + b"'UNT+3+1'",
    "short segments": lambda size: UNB + b"UNH+1+CUSRES:D:96B:UN'" + b"FTX+A'" * (size // 6) + b"UNT+3+1'UNZ+1+1'",
    "unknown segments": lambda size: UNB + b"UNH+1+CUSRES:D:96B:UN'" + b"Q'" * (size // 8),
    "only headers": lambda size: UNB + b"UNH+1'" * (size // 24),
    "messages of one segment": lambda size: UNB + b"UNH+1+CUSRES:D:96B:UN'UNT+2+1'" * (size // 120),
    "groups": lambda size: UNB + b"UNG+1'UNE'" * (size // 60),
    "interchanges without end": lambda size: b"UNB+UNOC:3'" * (size // 200),
    "service strings": lambda size: b"UNA:+.? '" * (size // 9),
    "foreign bytes": lambda size: UNB + b"FTX+\x92'" * (size // 12),
    "one reference": lambda size: UNB + b"UNH+" + b"9" * size + b"+CUSRES:D:96B:UN'UNT+2+1'UNZ+1+1'",
    "a large number": lambda size: (
        UNB + b"UNH+1+CUSRES:D:96B:UN'BGM+962'TAX+4'MOA+161:" + b"9" * size + b"'UNT+4+1'UNZ+9+1'"
    ),
    "a large count": lambda size: UNB + b"UNZ+" + b"9" * size + b"+1'",
    "zero bytes": lambda size: b"\x00" * size,
    "text": lambda size: b"UNB or not UNB " * (size // 15),
}


def seconds_for(content: bytes) -> float:
    began = time.perf_counter()
    for interchange in read_interchanges(content):
        validate(interchange)
    return time.perf_counter() - began


@pytest.mark.parametrize("name", HOSTILE)
def test_t20_the_work_grows_with_the_size_and_not_faster(name: str) -> None:
    """The work on hostile content grows with its size and not faster."""
    make = HOSTILE[name]
    small, large = make(MEGABYTE // 8), make(MEGABYTE)
    quick = min(seconds_for(small) for _ in range(2))
    slow = seconds_for(large)
    assert slow < 12
    assert slow < 40 * quick + 0.5  # eight times the size; squares would take sixty-four times as long


def test_t20_fifty_megabytes_without_a_terminator_are_read_in_seconds() -> None:
    """An interchange without a terminator costs time in proportion to its size and gives a finding."""
    content = UNB[:-1] + b"A+B:C?+" * (50 * MEGABYTE // 7)
    began = time.perf_counter()
    (interchange,) = read_interchanges(content)
    assert [finding.code for finding in interchange.findings][:1] == ["F005"]
    assert time.perf_counter() - began < 20


def test_t20_a_million_segments_stay_within_bounds_of_time_and_memory() -> None:
    """A million segments stay within bounds of time, memory and findings."""
    content = UNB + b"UNH+1+CUSRES:D:96B:UN'BGM+962'" + b"FTX+AAA+++X'" * MEGABYTE + b"UNT+1000003+1'UNZ+1+1'"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    (interchange,) = read_interchanges(content)
    findings = validate(interchange)
    assert [finding.code for finding in findings].count("F035") == 1000
    assert {finding.code for finding in findings} == {"F035", "F041", "F099"} or {
        finding.code for finding in findings
    } == {"F035", "F099"}
    assert time.perf_counter() - began < 90
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 3_000_000  # kilobytes


def test_what_partners_invent_is_not_kept_in_memory() -> None:
    from gateway.edifact import conformance, directory, service

    held = len(conformance._HELD)
    loaded = directory.load_directory.cache_info().currsize
    for number in range(300):
        text = f"UNB+UNOC:{number}+S+R+260310:1016+1'UNH+1+M{number}:D:96B:UN'UNT+2+1'UNZ+1+1'"
        (interchange,) = read_interchanges(text.encode())
        assert "F030" in [finding.code for finding in validate(interchange)]
    assert len(conformance._HELD) == held
    assert directory.load_directory.cache_info().currsize <= loaded + 10
    assert service.rule_of.cache_info().currsize <= 24


def test_t20_separators_alone_are_told_apart_only_so_far_and_counted_as_too_many() -> None:
    """An element that never ends is taken apart only up to a limit and counted as too many."""
    content = UNB + b"UNH+1+CUSRES:D:96B:UN'BGM" + b"+" * 50_000 + b"'UNT+3+1'UNZ+1+1'"
    (interchange,) = read_interchanges(content)
    elements = interchange.messages[0].segments[1].elements
    assert len(elements) == 10_000
    assert elements[-1] == ("+" * 40_000,)
    assert "F039" in [finding.code for finding in validate(interchange)]
