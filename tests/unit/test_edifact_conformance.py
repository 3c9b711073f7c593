"""Does a message that obeys its directory pass clean, and does every departure have its place and its 0085 code?"""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from gateway.edifact import (
    SEGMENTS,
    MessageIdentifier,
    WireMessage,
    check_message,
    read_interchanges,
    read_wire,
    rejected,
    rejected_messages,
    to_wire,
    validate,
)
from gateway.edifact.directory import Dependency
from gateway.edifact.formats import broken
from gateway.findings import Finding, Place, Severity

GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
CUSRES = MessageIdentifier("CUSRES", "D", "96B", "UN", "COR10")
CUSDEC = MessageIdentifier("CUSDEC", "D", "96B", "UN", "COR10")

Told = tuple[str, str | None, int | None, str | None, int | None, int | None, bool]


def wire(body: str, identifier: MessageIdentifier = CUSRES) -> WireMessage:
    return WireMessage(identifier, body, body.count("'"))


def told(body: str, identifier: MessageIdentifier = CUSRES) -> list[Told]:
    return [
        (
            finding.code,
            finding.fault,
            finding.place.segment,
            finding.place.tag,
            finding.place.element,
            finding.place.component,
            finding.place.missing,
        )
        for finding in check_message(read_wire(wire(body, identifier)))
    ]


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.edi")), ids=lambda file: file.stem)
def test_every_sample_of_the_profile_passes_clean(file: Path) -> None:
    (interchange,) = read_interchanges(file)
    assert [check_message(message) for message in interchange.messages] == [[]]
    expected = [] if file.stem.startswith("interchange") else ["F002"]
    assert [finding.code for finding in validate(interchange)] == expected


MINIMAL_CUSDEC = "BGM+950'UNS+D'UNS+S'"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("BGM+962'", []),
        ("", [("F031", "13", 1, "BGM", None, None, True)]),
        ("BGM+962'DTM+137:20260310:102'BGM+962'", [("F033", "15", 4, "BGM", None, None, False)]),
        ("BGM+962'BGM+962'", [("F035", "35", 3, "BGM", None, None, False)]),
        ("BGM+962'XYZ+1'", [("F034", "15", 3, "XYZ", None, None, False)]),
        ("BGM+962'" + "DTM+137:20260310:102'" * 10, [("F035", "35", 12, "DTM", None, None, False)]),
        ("BGM+962'" + "NAD+CM+X::ZZZ'" * 10, [("F036", "36", 12, "NAD", None, None, False)]),
        ("BGM+962'FTX'", [("F037", "13", 3, "FTX", 1, None, False)]),
        ("BGM+962'GIS+:120:ZZZ'", [("F038", "13", 3, "GIS", 1, 1, False)]),
        ("BGM+962+A+29+NA+X'", [("F039", "16", 2, "BGM", 5, None, False)]),
        ("BGM+962:::A:B'", [("F040", "16", 2, "BGM", 1, 5, False)]),
        ("BGM+962+A+29:X'", [("F040", "16", 2, "BGM", 3, 2, False)]),
        ("BGM+962+" + "A" * 36 + "'", [("F041", "39", 2, "BGM", 2, 1, False)]),
        ("BGM+962+" + "?'" * 35 + "'", []),
        ("BGM+962'ERP+X'", [("F046", "12", 3, "ERP", 1, 1, False)]),
        ("BGM+962'GIS+ACC:120:ZZZ'", []),
        ("BGM+962'GIS+ACC'", [("F046", "12", 3, "GIS", 1, 1, False)]),
        ("BGM+962'GIS+ACC::ZZZ'", []),
        ("BGM+962'GIS+ACC:120'", []),
        ("BGM+962+A+XX'", [("F046", "12", 2, "BGM", 3, None, False)]),
        ("BGM+962'TAX+4'MOA+161:12x4'", [("F043", "37", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:12,4'", [("F045", "19", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:.4'", [("F045", "19", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:1.'", [("F045", "19", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:+1'".replace("+1'", "?+1'"), [("F045", "19", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:1-'", [("F045", "19", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:1 000'", [("F045", "19", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:1E5'", [("F043", "37", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:-" + "1" * 17 + ".5'", []),
        ("BGM+962'TAX+4'MOA+161:-" + "1" * 18 + ".5'", [("F041", "39", 4, "MOA", 1, 2, False)]),
        ("BGM+962'TAX+4'MOA+161:\u0661\u0662'", [("F043", "37", 4, "MOA", 1, 2, False)]),
    ],
)
def test_each_departure_is_told_once_with_place_and_code(body: str, expected: list[Told]) -> None:
    assert told(body) == expected


def test_all_faults_are_told_in_order_of_place() -> None:
    assert told("BGM+962+" + "A" * 36 + "+XX'LOC+118'FTX'XYZ'GIS+Q'") == [
        ("F041", "39", 2, "BGM", 2, 1, False),
        ("F046", "12", 2, "BGM", 3, None, False),
        ("F033", "15", 4, "FTX", None, None, False),
        ("F037", "13", 4, "FTX", 1, None, False),
        ("F034", "15", 5, "XYZ", None, None, False),
        ("F046", "12", 6, "GIS", 1, 1, False),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (MINIMAL_CUSDEC, []),
        ("BGM+950'", [("F031", "13", 2, "UNS", None, None, True)] * 2),
        ("BGM+950'UNS+S'", [("F031", "13", 2, "UNS", None, None, True)]),
        ("BGM+950'UNS+D'", [("F031", "13", 3, "UNS", None, None, True)]),
        (
            "BGM+950'UNS+S'UNS+D'",
            [("F033", "15", 3, "UNS", None, None, False), ("F031", "13", 4, "UNS", None, None, True)],
        ),
        (
            "BGM+950'UNS+X'UNS+D'UNS+S'",
            [("F033", "15", 3, "UNS", None, None, False), ("F046", "12", 3, "UNS", 1, None, False)],
        ),
        ("BGM+950'LOC+118+TGLPL:113:ZZZ'UNS+D'CST+1'LOC+27+CN:162:5'UNS+S'CNT+5:1'", []),
        ("BGM+950'CST+1'UNS+D'UNS+S'", []),
        ("BGM+950'UNS+D'CST+1'GIS+A:1:ZZZ'LOC+27+CN'UNS+S'", [("F033", "15", 6, "LOC", None, None, False)]),
        ("BGM+950'UNS+D'UNS+S'UNS+S'", [("F035", "35", 5, "UNS", None, None, False)]),
    ],
)
def test_the_sections_of_a_declaration_keep_segments_of_one_name_apart(body: str, expected: list[Told]) -> None:
    assert told(body, CUSDEC) == expected


def test_sibling_groups_with_the_same_trigger_are_filled_in_order() -> None:
    """In CUSCAR, NAD opens a group of the head and stands in one of the equipment; RFF, LOC and CNT likewise."""
    identifier = MessageIdentifier("CUSCAR", "D", "96B", "UN")
    assert (
        told(
            "BGM+785'RFF+AAA:1'NAD+CA+X'CTA+IC'TDT+20'LOC+9+X'EQD+CN+A'NAD+CA+X'CNI+1'RFF+AAA:1'TDT+20'LOC+9+X'GID+1'",
            identifier,
        )
        == []
    )


def test_a_segment_after_a_group_belongs_to_the_group() -> None:
    assert told("BGM+962'RFF+ABT:X'DTM+137:20260310:102'LOC+118+X'DOC+730'LOC+118+X'CST+1'") == []
    assert told("BGM+962'RFF+ABT:X'DTM+137:20260310:102'FTX+AAA'") == [("F033", "15", 5, "FTX", None, None, False)]


def test_a_message_without_trailer_is_told_so_and_checked_all_the_same() -> None:
    (interchange,) = read_interchanges(b"UNB+UNOC:3+S+R+260310:1016+1'UNH+1+CUSRES:D:96B:UN'BGM+962+A+XX'UNZ+1+1'")
    assert [finding.code for finding in validate(interchange)] == ["F017", "F046"]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("CUSDEC:D:97A:UN", "D.95B D.96A D.96B D.99B D.01B D.04A D.16B"),
        ("CUSDEC:D:96B:XX", None),
        ("ORDERS:D:96B:UN", "CUSDEC"),
    ],
)
def test_an_unknown_message_is_one_finding_that_names_the_known_ones(text: str, known: str | None) -> None:
    identifier = MessageIdentifier(*text.split(":"))
    (finding,) = check_message(read_wire(wire("ANY+THING'", identifier)))
    assert (finding.code, finding.fault, finding.place.segment, finding.place.tag, finding.values["message"]) == (
        "F030",
        "17",
        1,
        "UNH",
        text,
    )
    assert (known or "CUSDEC") in finding.values["known"]


@pytest.mark.parametrize(
    ("una", "number", "expected"),
    [
        ("UNA:+.? '", "1,5", ["F045"]),
        ("UNA:+,? '", "1,5", []),
        ("UNA:+,? '", "1.5", ["F045"]),
        ("", "1,5", []),
        ("", "1.5", []),
    ],
)
def test_the_decimal_mark_is_what_una_says_and_either_without_una(una: str, number: str, expected: list[str]) -> None:
    text = f"{una}UNB+UNOC:3+S+R+260310:1016+1'UNH+1+CUSRES:D:96B:UN'BGM+962'TAX+4'MOA+161:{number}'UNT+5+1'UNZ+1+1'"
    (interchange,) = read_interchanges(text.encode())
    assert [finding.code for finding in validate(interchange)] == expected


def test_repeated_elements_count_as_often_as_they_stand_in_version_4_and_in_a_row_before() -> None:
    def codes(unb: str, body: str) -> list[str]:
        text = f"{unb}UNH+1+CUSRES:D:16B:UN'BGM+962'NAD+CM'CTA+IC'{body}UNT+6+1'UNZ+1+1'"
        (interchange,) = read_interchanges(text.encode())
        return [finding.code for finding in validate(interchange)]

    old, new = "UNB+UNOC:3+S+R+260310:1016+1'", "UNB+UNOC:4+S+R+20260310:1016+1'"
    assert codes(new, "COM+1:TE*2:FX*3:EM'") == []
    assert codes(new, "COM+1:TE*2:FX*3:EM*4:AL'") == ["F049"]
    assert codes(old, "COM+1:TE+2:FX+3:EM'") == []
    assert codes(old, "COM+1:TE+2:FX+3:EM+4:AL'") == ["F039"]
    assert codes(new, "COM+1:TE*2:Q'") == ["F046"]


@pytest.mark.parametrize(
    ("kind", "present", "fault"),
    [
        (1, [False, False], "13"),
        (1, [True, False], None),
        (1, [True, True], "15"),
        (2, [True, False], "13"),
        (2, [True, True], None),
        (2, [False, False], None),
        (3, [False, False], "13"),
        (3, [False, True], None),
        (4, [True, True], "15"),
        (4, [False, False], None),
        (5, [True, False], "13"),
        (5, [False, True], None),
        (6, [True, False, False], "13"),
        (6, [True, False, True], None),
        (7, [True, True], "15"),
        (7, [False, True], None),
    ],
)
def test_dependency_notes_mean_what_the_standard_says(kind: int, present: list[bool], fault: str | None) -> None:
    assert broken(kind, present) == fault


def test_dependency_notes_of_a_segment_are_checked() -> None:
    from gateway.edifact import load_directory

    definition = load_directory("D.04A").segment("TDT")
    assert definition is not None
    assert definition.dependencies == (Dependency(5, ("040", "030")),)
    identifier = MessageIdentifier("CUSRES", "D", "04A", "UN")
    assert told("BGM+962'TDT+12++3+31'", identifier) == []
    assert told("BGM+962'TDT+12+++31'", identifier) == [("F047", "13", 3, "TDT", 3, None, False)]


def test_dependency_notes_between_groups_are_checked() -> None:
    identifier = MessageIdentifier("CONTRL", "4", "1", "UN")
    ucm, ucf = "UCM+1+CUSRES:D:96B:UN+4+18'", "UCF+7+S+R+7'"
    assert told("UCI+1+S+R+7'" + ucm + ucm, identifier) == []
    assert told("UCI+1+S+R+7'" + ucf + ucm, identifier) == []
    assert [code for code, *_ in told("UCI+1+S+R+7'" + ucm + ucf, identifier)] == ["F047"]


def test_the_findings_of_a_message_are_cut_and_the_cut_is_told() -> None:
    findings = check_message(read_wire(wire("BGM+962'" + "XYZ+1'" * 1500)))
    assert [finding.code for finding in findings].count("F034") == 1000
    (cut,) = [finding for finding in findings if finding.code == "F099"]
    assert cut.values == {"limit": "1000", "kind": "F034"}
    assert (cut.severity, cut.place.message) == (Severity.NOTE, "1")
    assert rejected_messages(findings) == {"1"}


def test_a_clean_message_of_two_hundred_segments_is_checked_in_about_a_millisecond() -> None:
    (interchange,) = read_interchanges(GOLDEN / "interchange_cusdec_tg_bf.edi")
    message = to_wire(interchange.messages[0])
    start, end = message.body.index("CST+1+"), message.body.index("UNS+S'")
    items = message.body[start:end]
    longer = WireMessage(
        message.identifier, message.body.replace(items, items * 6), message.segments + 5 * items.count("'")
    )
    assert longer.segments + 2 == 199
    assert check_message(read_wire(longer)) == []
    best = 1.0
    for _ in range(20):
        one = read_wire(longer)
        began = time.perf_counter()
        assert check_message(one) == []
        best = min(best, time.perf_counter() - began)
    assert best < 0.005  # about 0.0009 s where nothing else runs; five times that on a busy machine


def test_more_segments_than_are_looked_at_cost_no_memory() -> None:
    count = SEGMENTS + 1
    head, body = b"UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260316:1230+R1'UNH+1+CUSDEC:D:96B:UN:COR10'", b"AAA'" * (count - 4)
    payload = head + body + b"UNT+%d+1'UNZ+1+R1'" % (count - 2)
    interchange = next(read_interchanges(payload))
    tracemalloc.start()
    try:
        found = validate(interchange)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    place = Place(interchange="R1")
    assert [one for one in found if one.place == place and one.code == "F073"] == [Finding(
        code="F073", fault="18", place=place, values={"segments": str(count), "limit": str(SEGMENTS)})]
    assert rejected(interchange, found) is None
    assert peak < 2 * len(payload)
