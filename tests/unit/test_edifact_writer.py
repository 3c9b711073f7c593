"""Does the writer write exactly what it was given, and refuse what it cannot write?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.edifact import (
    InterchangeHeader,
    MessageIdentifier,
    WireMessage,
    escape,
    read_interchanges,
    read_wire,
    to_wire,
    write_interchange,
)
from gateway.errors import LocalError

GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
CUSRES = MessageIdentifier("CUSRES", "D", "96B", "UN", "COR10")
HEADER = InterchangeHeader(
    sender="TGOTR",
    sender_qualifier="ZZZ",
    recipient="BFDGD",
    recipient_qualifier="ZZZ",
    prepared=datetime(2026, 3, 10, 10, 16, 59, tzinfo=UTC),
    control_reference="TG0000004711",
)
BODY = WireMessage(CUSRES, "BGM+962+26TGLPLT0000182338+29'", 1)


def test_the_form_of_an_interchange_is_that_of_the_profile() -> None:
    assert write_interchange(HEADER, [("1", BODY), ("2", BODY)]) == (
        b"UNA:+.? 'UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711'"
        b"UNH+1+CUSRES:D:96B:UN:COR10'BGM+962+26TGLPLT0000182338+29'UNT+3+1'"
        b"UNH+2+CUSRES:D:96B:UN:COR10'BGM+962+26TGLPLT0000182338+29'UNT+3+2'"
        b"UNZ+2+TG0000004711'"
    )


@pytest.mark.parametrize(
    ("change", "unb"),
    [
        ({"test": "1"}, "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711++++++1'"),
        ({"agreement": "TG-BF-2026-01"}, "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711+++++TG-BF-2026-01'"),
        (
            {"application_reference": "CUSDEC", "acknowledgement_request": "1"},
            "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711++CUSDEC++1'",
        ),
        ({"sender_qualifier": "", "recipient_routing": "X"}, "UNB+UNOC:3+TGOTR+BFDGD:ZZZ:X+260310:1016+TG0000004711'"),
        (
            {"password": "P+", "password_qualifier": "AA", "priority": "A"},
            "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711+P?+:AA++A'",
        ),
        ({"control_reference": "A+"}, "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+A?+'"),
        ({"syntax_version": "4"}, "UNB+UNOC:4+TGOTR:ZZZ+BFDGD:ZZZ+20260310:1016+TG0000004711'"),
        (
            {"prepared": datetime(2026, 3, 10, 23, 16, tzinfo=timezone(timedelta(hours=-1)))},
            "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260311:0016+TG0000004711'",
        ),
    ],
)
def test_each_part_of_the_header_stands_at_its_place(change: dict[str, object], unb: str) -> None:
    header = replace(HEADER, **change)
    content = write_interchange(header, [("1", BODY)])
    assert content[9:].decode().startswith(unb)
    (interchange,) = read_interchanges(content)
    assert interchange.findings == []
    prepared = header.prepared
    assert prepared is not None
    assert interchange.header == replace(header, prepared=prepared.astimezone(UTC).replace(second=0))


def test_a_character_outside_the_set_is_refused_with_its_place() -> None:
    body = WireMessage(CUSRES, "BGM+962'FTX+AAA+++OK:c\u0153ur ?+ \u2013'FTX+AAB+\u0153'", 3)
    with pytest.raises(LocalError) as refused:
        write_interchange(HEADER, [("7", BODY), ("8", body)])
    assert [
        (
            finding.code,
            finding.place.interchange,
            finding.place.message,
            finding.place.segment,
            finding.place.tag,
            finding.place.element,
            finding.place.component,
            finding.values["characters"],
            finding.values["text"],
        )
        for finding in refused.value.findings
    ] == [
        ("F060", "TG0000004711", "8", 3, "FTX", 4, 2, "\u0153 (U+0153) \u2013 (U+2013)", "c\u0153ur + \u2013"),
        ("F060", "TG0000004711", "8", 4, "FTX", 2, 1, "\u0153 (U+0153)", "\u0153"),
    ]


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("UNOA", "lower"),
        ("UNOA", "\u00c9"),
        ("UNOB", "\u00e9"),
        ("UNOB", "a@b"),
        ("UNOC", "\u0153"),
        ("UNOC", "line\nbreak"),
        ("UNOC", "\x85"),
        ("UNOC", "\x1b"),
    ],
)
def test_each_set_refuses_what_it_does_not_have(identifier: str, text: str) -> None:
    with pytest.raises(LocalError) as refused:
        write_interchange(
            replace(HEADER, syntax_identifier=identifier), [("1", WireMessage(CUSRES, f"FTX+{text}'", 1))]
        )
    assert [(finding.code, finding.place.segment, finding.place.element) for finding in refused.value.findings] == [
        ("F060", 2, 1)
    ]


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("UNOA", 'UPPER 09.,-()/=!"%&*;<>'),
        ("UNOB", "lower"),
        ("UNOC", "\u00c9t\u00e9 @_#~\u00a0\u00ff"),
        ("UNOW", "\u0253\u0153\u4e16"),
    ],
)
def test_each_set_takes_what_it_has(identifier: str, text: str) -> None:
    header = replace(HEADER, syntax_identifier=identifier, syntax_version="4" if identifier == "UNOW" else "3")
    (interchange,) = read_interchanges(
        write_interchange(header, [("1", WireMessage(CUSRES, f"FTX+{escape(text)}'", 1))])
    )
    assert interchange.findings == []
    assert interchange.messages[0].segments[1].component(1) == text


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"control_reference": "X" * 15}, "control_reference"),
        ({"control_reference": ""}, "control_reference"),
        ({"sender": ""}, "sender"),
        ({"recipient": "R" * 36}, "recipient"),
        ({"prepared": None}, "prepared"),
    ],
)
def test_a_header_that_says_too_little_or_too_much_is_refused(change: dict[str, object], part: str) -> None:
    with pytest.raises(LocalError) as refused:
        write_interchange(replace(HEADER, **change), [("1", BODY)])
    assert [(finding.code, finding.values["part"]) for finding in refused.value.findings] == [("F061", part)]


@pytest.mark.parametrize("change", [{"syntax_identifier": "UNOX"}, {"syntax_version": "5"}])
def test_an_unknown_set_or_version_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(LocalError) as refused:
        write_interchange(replace(HEADER, **change), [("1", BODY)])
    assert [finding.code for finding in refused.value.findings] == ["F062"]


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [("1", BODY), ("1", BODY)],
        [("", BODY)],
        [("1" * 15, BODY)],
        [("1", WireMessage(CUSRES, "BGM+962'", 2))],
        [("1", WireMessage(CUSRES, "BGM+962", 0))],
        [("1", WireMessage(CUSRES, "BGM+962?'", 1))],
        [("1", WireMessage(CUSRES, "BGM+962'X", 1))],
    ],
)
def test_what_only_our_own_fault_can_cause_is_a_value_error(messages: list[tuple[str, WireMessage]]) -> None:
    with pytest.raises(ValueError, match=r"interchange needs|body holds"):
        write_interchange(HEADER, messages)


def test_version_4_releases_the_star_and_says_so_in_una() -> None:
    content = write_interchange(replace(HEADER, syntax_version="4"), [("1", WireMessage(CUSRES, "FTX+A*B?+*'", 1))])
    assert content.startswith(b"UNA:+.?*'UNB+UNOC:4")
    (interchange,) = read_interchanges(content)
    assert interchange.messages[0].segments[1].elements == (("A*B+*",),)
    assert interchange.findings == []


texts = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters=[chr(c) for c in range(0x7F, 0xA0)]),
    max_size=8,
)
components = st.lists(texts, min_size=1, max_size=4).map(tuple)
segments = st.tuples(
    st.sampled_from(["BGM", "FTX", "LOC", "X1Y"]), st.lists(components, min_size=1, max_size=5).map(tuple)
)


def normal(component: tuple[str, ...]) -> tuple[str, ...]:
    return () if component == ("",) else component


@given(st.lists(st.lists(segments, min_size=1, max_size=6), min_size=1, max_size=3))
def test_reading_undoes_writing(messages: list[list[tuple[str, tuple[tuple[str, ...], ...]]]]) -> None:
    wires = []
    for number, message in enumerate(messages, 1):
        body = "".join(
            "+".join([tag, *(":".join(map(escape, element)) for element in elements)]) + "'"
            for tag, elements in message
        )
        wires.append((str(number), WireMessage(CUSRES, body, len(message))))
    content = write_interchange(HEADER, wires)
    (interchange,) = read_interchanges(content)
    assert [
        [(segment.tag, segment.elements) for segment in message.segments[1:-1]] for message in interchange.messages
    ] == [[(tag, tuple(map(normal, elements))) for tag, elements in message] for message in messages]
    assert [finding for finding in interchange.findings if finding.code != "F010" and finding.code != "F014"] == []
    assert (
        write_interchange(
            interchange.header, [(message.reference, to_wire(message)) for message in interchange.messages]
        )
        == content
    )
    for (reference, wire), received in zip(wires, interchange.messages, strict=True):
        again = read_wire(wire, reference)
        assert list(again.segments) == list(received.segments)


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("interchange_*.edi")), ids=lambda file: file.stem)
def test_a_canonical_interchange_read_and_written_again_gives_the_same_bytes(file: Path) -> None:
    canonical = file.read_bytes().replace(b"\n", b"")
    (interchange,) = read_interchanges(file)
    written = write_interchange(
        interchange.header, [(message.reference, to_wire(message)) for message in interchange.messages]
    )
    assert written == canonical


def test_the_access_reference_of_a_message_survives() -> None:
    content = write_interchange(HEADER, [("1", replace(BODY, access_reference="CASE?1"))])
    (interchange,) = read_interchanges(content)
    assert interchange.messages[0].access_reference == "CASE?1"
    assert to_wire(interchange.messages[0]) == replace(BODY, access_reference="CASE?1")


def test_a_repeated_element_cannot_be_made_a_wire_message() -> None:
    (interchange,) = read_interchanges(b"UNB+UNOC:4+S+R+20260310:1016+1'UNH+1+CUSRES:D:96B:UN'RFF+A*B'UNT+3+1'UNZ+1+1'")
    with pytest.raises(ValueError, match="repeated"):
        to_wire(interchange.messages[0])
