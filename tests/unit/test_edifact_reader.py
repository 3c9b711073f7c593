"""Does the reader see exactly what stands there, and say what is wrong with it without ever raising?"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from gateway.edifact import (
    Interchange,
    InterchangeHeader,
    MessageIdentifier,
    Repeated,
    read_interchanges,
    tree,
)
from gateway.findings import Finding

UNB = "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711'"
MESSAGE = "UNH+1+CUSRES:D:96B:UN:COR10'BGM+962+26TGLPLT0000182338+29'UNT+3+1'"
UNZ = "UNZ+1+TG0000004711'"
WHOLE = UNB + MESSAGE + UNZ


def one(content: str | bytes) -> Interchange:
    found = list(read_interchanges(content if isinstance(content, bytes) else content.encode("iso8859-1")))
    assert len(found) == 1
    return found[0]


def codes(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.fault) for finding in findings]


def elements(interchange: Interchange, tag: str) -> tuple[object, ...]:
    return next(segment.elements for segment in interchange.segments if segment.tag == tag)


def test_header_messages_and_segments_are_what_stands_there() -> None:
    interchange = one(WHOLE)
    assert interchange.findings == []
    assert interchange.header == InterchangeHeader(
        sender="TGOTR",
        sender_qualifier="ZZZ",
        recipient="BFDGD",
        recipient_qualifier="ZZZ",
        prepared=datetime(2026, 3, 10, 10, 16, tzinfo=UTC),
        control_reference="TG0000004711",
    )
    assert [(message.reference, message.identifier) for message in interchange.messages] == [
        ("1", MessageIdentifier("CUSRES", "D", "96B", "UN", "COR10"))
    ]
    assert tree(interchange) == {
        "una": None,
        "segments": [
            ["UNB", [["UNOC", "3"], ["TGOTR", "ZZZ"], ["BFDGD", "ZZZ"], ["260310", "1016"], ["TG0000004711"]]],
            ["UNH", [["1"], ["CUSRES", "D", "96B", "UN", "COR10"]]],
            ["BGM", [["962"], ["26TGLPLT0000182338"], ["29"]]],
            ["UNT", [["3"], ["1"]]],
            ["UNZ", [["1"], ["TG0000004711"]]],
        ],
    }


@pytest.mark.parametrize("source", ["bytes", "path", "stream"])
def test_bytes_a_file_and_a_stream_are_read_alike(source: str, tmp_path: Path) -> None:
    content = WHOLE.encode()
    file = tmp_path / "in.edi"
    file.write_bytes(content)
    sources: dict[str, bytes | Path | BinaryIO] = {"bytes": content, "path": file, "stream": io.BytesIO(content)}
    readable = sources[source]
    assert [tree(interchange) for interchange in read_interchanges(readable)] == [tree(one(WHOLE))]


def test_positions_count_from_unh_and_spans_point_into_the_interchange() -> None:
    text = "UNA:+.? '\r\n" + WHOLE.replace("'", "'\r\n")
    interchange = one(text)
    assert [(segment.tag, segment.position) for segment in interchange.segments] == [
        ("UNB", 0),
        ("UNH", 1),
        ("BGM", 2),
        ("UNT", 3),
        ("UNZ", 0),
    ]
    cut = [interchange.content[slice(*segment.span)] for segment in interchange.segments]
    assert cut == [part.strip().encode() for part in text[11:].split("'") if part.strip()]
    bgm = interchange.messages[0].segments[1]
    place = bgm.locate(2)
    assert place is not None
    assert interchange.content[slice(*place)] == b"26TGLPLT0000182338"
    header = interchange.segments[0].locate(2, 2)
    assert header is not None
    assert interchange.content[slice(*header)] == b"ZZZ"
    assert bgm.locate(4) is None
    assert bgm.locate(2, 3) is None


@pytest.mark.parametrize(
    ("una", "text", "expected"),
    [
        (None, "FTX+AAA+++N?'GOURMA'", ("N'GOURMA",)),
        ("UNA:+.? '", "FTX+AAA+++A?+B?:C?'D??'", ("A+B:C'D?",)),
        ("UNA:+,? '", "FTX+AAA+++1,5:X'", ("1,5", "X")),
        ("UNA=*.? ~", "FTX*AAA***A=B+C'D~", ("A", "B+C'D")),
        ("UNA:+.  '", "FTX+AAA+++WHAT?:B'", ("WHAT?", "B")),
        ("UNA:+.?*'", "FTX+AAA+++A*B'", ("A*B",)),
    ],
)
def test_the_service_characters_are_those_of_una_and_a_star_is_data_before_version_4(
    una: str | None, text: str, expected: tuple[str, ...]
) -> None:
    separators = una or "UNA:+.? '"
    body = (
        (UNB + "UNH+1+CUSRES:D:96B:UN'")
        .replace("+", separators[4])
        .replace(":", separators[3])
        .replace("'", separators[8])
    )
    interchange = one((una or "") + body + text)
    assert interchange.una == una
    assert interchange.messages[0].segments[1].elements == (("AAA",), (), (), expected)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("A??'", ["A?"]),
        ("A???'B'", ["A?'B"]),
        ("A????'", ["A??"]),
        ("???+'", ["?+"]),
        ("A?B'", ["AB"]),
        ("??????'", ["???"]),
    ],
)
def test_the_parity_of_release_characters_decides(raw: str, expected: list[str]) -> None:
    interchange = one(UNB + "UNH+1+X:D:96B:UN'FTX+" + raw + "UNT+3+1'UNZ+1+TG0000004711'")
    assert [list(element) for element in interchange.messages[0].segments[1].elements] == [expected]
    assert interchange.findings == []


def test_version_4_repeats_elements_with_or_without_una() -> None:
    unb = "UNB+UNOC:4+S+R+20260310:1016+1'"
    text = unb + "UNH+1+CUSRES:D:96B:UN'RFF+ON:1*ON:2?*3*'UNT+3+1'UNZ+1+1'"
    for una in ("", "UNA:+.?*'"):
        interchange = one(una + text)
        assert interchange.messages[0].segments[1].elements == (Repeated((("ON", "1"), ("ON", "2*3"), ())),)
        assert interchange.findings == []
        assert tree(interchange)["segments"][2] == ["RFF", [{"repeat": [["ON", "1"], ["ON", "2*3"], []]}]]


def test_level_b_without_una_uses_the_information_separators_and_knows_no_release_character() -> None:
    interchange = one(
        "UNB+UNOB:1+S+R+260310:1016+1'UNH+1+CUSRES:D:96B:UN'FTX+a+++what?'UNT+3+1'UNZ+1+1'".replace("+", "\x1d")
        .replace(":", "\x1f")
        .replace("'", "\x1c")
    )
    assert interchange.findings == []
    assert interchange.messages[0].segments[1].elements == (("a",), (), (), ("what?",))


@pytest.mark.parametrize("content", [
    UNB + MESSAGE * 3 + UNZ,
    "UNA:+.? '" + UNB + MESSAGE * 2 + UNZ,
    UNB + "FTX+UNH'" + MESSAGE.replace("BGM", "FTX+AAA+++a??'FTX+?'UNT'BGM") + "UCI+1'" + UNZ,
    UNB + "\r\n" + MESSAGE.replace("'", "'\n") + UNZ,
    UNB + " " + MESSAGE + UNZ,
    UNB + MESSAGE,
    UNB + MESSAGE + "UNZ+1",
])
def test_segments_begin_where_they_stand_whether_the_text_was_cut_or_not(content: str) -> None:
    """Those by which messages are found are placed without cutting it."""
    wire = one(content).wire
    first = {number: wire.start(number) for number in wire.services}
    every = [wire.start(number) for number in range(wire.count)]
    assert first == {number: every[number] for number in wire.services}
    assert [content[place:place + 3] for place in every] == [raw[:3] for raw in wire.raws]


def test_several_interchanges_each_with_its_own_una_are_read_one_by_one() -> None:
    other = WHOLE.replace("+", "*").replace("'", "~")
    found = list(read_interchanges((WHOLE + "\r\n" + "UNA:*.? ~" + other + "UNA:+.? '\n" + WHOLE).encode()))
    assert [interchange.una for interchange in found] == [None, "UNA:*.? ~", "UNA:+.? '"]
    assert [interchange.findings for interchange in found] == [[], [], []]
    assert len({str(tree(interchange)["segments"]) for interchange in found}) == 1
    assert [interchange.offset for interchange in found] == [0, len(WHOLE) + 2, len(WHOLE) * 2 + 11]


def test_una_and_unb_inside_data_are_data() -> None:
    text = UNB + "UNH+1+X:D:96B:UN'FTX+LAGUNA+13'FTX+?'UNB+A:?'UNZ+1'UNT+4+1'" + UNZ
    interchange = one(text)
    assert interchange.findings == []
    assert interchange.messages[0].segments[2].elements == (("'UNB",), ("A", "'UNZ"), ("1",))


def test_functional_groups_are_read_with_their_messages() -> None:
    group = "UNG+CUSRES+S+R+260310:1016+7+UN+D:96B'" + MESSAGE + "UNE+1+7'"
    interchange = one(UNB + group + group.replace("+7", "+8") + "UNZ+2+TG0000004711'")
    assert interchange.findings == []
    assert [(group.reference, [message.reference for message in group.messages]) for group in interchange.groups] == [
        ("7", ["1"]),
        ("8", ["1"]),
    ]
    assert len(interchange.messages) == 2


def test_messages_on_their_own_are_read_with_one_finding() -> None:
    interchange = one("\r\n" + MESSAGE.replace("'", "'\n"))
    assert codes(interchange.findings) == [("F002", None)]
    assert interchange.header.control_reference == ""
    assert [segment.tag for segment in interchange.messages[0].segments] == ["UNH", "BGM", "UNT"]


@pytest.mark.parametrize("content", [b"", b"\r\n \n", b"\xef\xbb\xbf"])
def test_nothing_gives_an_empty_interchange_with_a_finding(content: bytes) -> None:
    interchange = one(content)
    assert codes(interchange.findings)[-1] == ("F001", None)
    assert list(interchange.segments) == []
    assert list(interchange.messages) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\xef\xbb\xbf" + WHOLE, [("F006", None)]),
        ("Dear sirs,\n" + WHOLE, [("F003", None)]),
        (WHOLE + "and so on", [("F008", "33")]),
        ("UNA++.? '" + WHOLE, [("F004", "20")]),
        ("UNAA+.? '" + WHOLE, [("F004", "20")]),
        (WHOLE[:-1], [("F005", "22")]),
        (WHOLE.replace("UNOC:3", "IATB:3"), [("F007", "2")]),
        (WHOLE.replace("UNOC:3", "UNOC:9"), [("F015", "2")]),
        (WHOLE.replace("962+", "962\x85+"), [("F009", "21")]),
        (WHOLE.replace("UNOC", "UNOB").replace("962", "9#2"), [("F009", "21")]),
        (WHOLE.replace("UNOC", "UNOA").replace("962", "9a2"), [("F009", "21")]),
        (WHOLE.replace("962", "9\n2"), [("F011", "21")]),
        (WHOLE.replace("'BGM", "'\n \tBGM"), [("F012", "22")]),
        (WHOLE.replace("BGM", "bgm"), [("F013", "15")]),
        (WHOLE.replace("BGM", "BGMX"), [("F013", "15")]),
        (WHOLE.replace("'BGM", "''BGM").replace("UNT+3", "UNT+4"), [("F013", "15")]),
        (WHOLE.replace("+29'", "+29+'"), [("F014", "45")]),
        (WHOLE.replace("962", "962:"), [("F014", "45")]),
    ],
)
def test_every_fault_of_syntax_has_its_finding_and_its_code(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert codes(one(text).findings) == expected


def test_a_character_outside_the_set_is_found_at_its_component() -> None:
    interchange = one(WHOLE.replace("'BGM+962", "'FTX+AAA+++OK:SMART\x92S'BGM+962").replace("UNT+3", "UNT+4"))
    (finding,) = interchange.findings
    assert (finding.place.interchange, finding.place.message, finding.place.segment, finding.place.tag) == (
        "TG0000004711",
        "1",
        2,
        "FTX",
    )
    assert (finding.place.element, finding.place.component) == (4, 2)
    assert finding.values == {"identifier": "UNOC", "bytes": "92"}


def test_utf_8_under_latin_1_is_a_warning_and_read_as_announced() -> None:
    interchange = one(WHOLE.replace("962", "LOM\u00e9").encode("utf-8"))
    assert codes(interchange.findings) == [("F010", "21")]
    assert interchange.messages[0].segments[1].component(1) == "LOM\u00c3\u00a9"


@pytest.mark.parametrize(
    ("identifier", "codec", "word"),
    [
        ("UNOD", "iso8859-2", "\u0141\u00f3d\u017a"),
        ("UNOE", "iso8859-5", "\u041c\u0438\u043d\u0441\u043a"),
        ("UNOF", "iso8859-7", "\u0391\u03b8\u03ae\u03bd\u03b1"),
        ("UNOW", "utf-8", "\u0253\u0257\u0199\u014b?+"),
    ],
)
def test_other_character_sets_are_decoded_by_what_unb_says(identifier: str, codec: str, word: str) -> None:
    text = WHOLE.replace("UNOC:3", f"{identifier}:4").replace("260310", "20260310").replace("962", word)
    interchange = one(text.encode(codec))
    bgm = interchange.messages[0].segments[1]
    assert bgm.component(1) == word.replace("?+", "+")
    assert interchange.findings == []
    assert interchange.content[slice(*bgm.span)].decode(codec) == f"BGM+{word}+26TGLPLT0000182338+29"


def test_nesting_behind_a_tag_is_accepted_and_kept() -> None:
    interchange = one(WHOLE.replace("BGM+", "BGM:1:2+"))
    bgm = interchange.messages[0].segments[1]
    assert (bgm.tag, bgm.nesting, bgm.component(1)) == ("BGM", ("1", "2"), "962")
    assert interchange.findings == []


@pytest.mark.parametrize(("date", "year"), [("690101", 2069), ("700101", 1970), ("20690101", 2069)])
def test_a_two_digit_year_below_seventy_belongs_to_this_century(date: str, year: int) -> None:
    prepared = one(WHOLE.replace("260310", date)).header.prepared
    assert prepared is not None
    assert (prepared.year, prepared.tzinfo) == (year, UTC)


def test_a_cut_interchange_ends_where_the_next_one_begins() -> None:
    found = list(read_interchanges((UNB + MESSAGE + WHOLE).encode()))
    assert [codes(interchange.findings) for interchange in found] == [[("F016", "13")], []]
    assert [len(interchange.messages) for interchange in found] == [1, 1]


def test_importing_the_package_does_not_import_pydifact() -> None:
    import subprocess
    import sys

    code = "import sys, gateway.edifact; sys.exit('pydifact' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0
