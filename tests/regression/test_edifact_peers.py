"""What other parsers of EDIFACT got wrong, each once: it shall not come back here."""

from __future__ import annotations

import pytest

from gateway.edifact import (
    Interchange,
    MessageIdentifier,
    WireMessage,
    check_message,
    escape,
    read_interchanges,
    read_wire,
    validate,
)

UNB = "UNB+UNOC:3+S:ZZZ+R:ZZZ+260310:1016+1'"


def one(text: str) -> Interchange:
    (interchange,) = read_interchanges(text.encode("iso8859-1"))
    return interchange


def message(body: str) -> str:
    return f"{UNB}UNH+1+CUSRES:D:96B:UN'{body}UNT+{body.count(chr(39)) + 2}+1'UNZ+1+1'"


def codes(body: str, identifier: str = "CUSRES:D:96B:UN") -> list[str]:
    wire = WireMessage(MessageIdentifier(*identifier.split(":")), body, body.count("'"))
    return [finding.code for finding in check_message(read_wire(wire))]


def test_unz_counts_messages_and_never_segments() -> None:
    assert one(message("BGM+962'")).findings == []
    assert [finding.code for finding in one(message("BGM+962'").replace("UNZ+1", "UNZ+3")).findings] == ["F018"]


@pytest.mark.parametrize("before", ["LAGUNA+13", "UNA:+,? ", "UNA"])
def test_una_inside_data_changes_no_separator(before: str) -> None:
    interchange = one(message(f"FTX+AAA+++{escape(before)}'BGM+962'"))
    assert [segment.elements for segment in interchange.messages[0].segments[1:3]] == [
        (("AAA",), (), (), (before,)),
        (("962",),),
    ]


def test_a_line_break_inside_a_text_ends_no_segment() -> None:
    interchange = one(message("FTX+AAA+++ONE\r\nTWO'"))
    assert interchange.messages[0].segments[1].component(4) == "ONE\r\nTWO"
    assert [finding.code for finding in interchange.findings] == ["F011"]


def test_a_release_character_before_a_line_break_is_taken_away_and_nothing_else() -> None:
    assert one(message("FTX+AAA+++ONE?\nTWO'")).messages[0].segments[1].component(4) == "ONE\nTWO"


def test_national_letters_and_signs_survive() -> None:
    text = "\u00c4\u00e4 \u00d1 \u00df _ @ # ~ \u00bf"
    interchange = one(message(f"FTX+AAA+++{text}'"))
    assert interchange.messages[0].segments[1].component(4) == text
    assert interchange.findings == []


def test_a_space_in_the_place_of_repetition_repeats_nothing_even_in_version_4() -> None:
    text = "UNA:+.? '" + message("FTX+AAA+++A B C'").replace("UNOC:3", "UNOC:4").replace("260310", "20260310")
    interchange = one(text)
    assert interchange.messages[0].segments[1].elements[3] == ("A B C",)
    assert interchange.findings == []


def test_private_segment_names_are_read_and_told_about() -> None:
    interchange = one(message("BGM+962'END+1'UNX+2'"))
    assert [segment.tag for segment in interchange.messages[0].segments] == ["UNH", "BGM", "END", "UNX", "UNT"]
    assert [(finding.code, finding.values["name"]) for finding in validate(interchange)] == [
        ("F034", "END"),
        ("F034", "UNX"),
    ]


def test_a_segment_of_nothing_but_its_tag_is_read() -> None:
    interchange = one(message("BGM'UNS'"))
    assert [(segment.tag, segment.elements) for segment in interchange.messages[0].segments[1:3]] == [
        ("BGM", ()),
        ("UNS", ()),
    ]


def test_both_sections_of_a_declaration_are_wanted_and_cnt_is_not_swallowed_by_the_last_group() -> None:
    assert codes("BGM+950'UNS+D'CST+1'RFF+AAA:1'UNS+S'CNT+5:1'", "CUSDEC:D:96B:UN") == []
    assert codes("BGM+950'UNS+D'CST+1'RFF+AAA:1'CNT+5:1'", "CUSDEC:D:96B:UN") == ["F031"]
    assert codes("BGM+962'DOC+730'CST+1'CNT+5:1'AUT+X'") == []


def test_a_second_reference_of_the_head_after_its_packages_starts_the_group_again_and_does_not_jump_a_level() -> None:
    assert (
        codes(
            "BGM+950'RFF+ABT:1'DTM+148:20260310:102'PAC+1'PCI+28'FTX+AAA'RFF+ABE:2'PAC+1'UNS+D'UNS+S'",
            "CUSDEC:D:96B:UN",
        )
        == []
    )
    assert codes("BGM+950'RFF+ABT:1'PAC+1'PCI+28'DTM+148:20260310:102'UNS+D'UNS+S'", "CUSDEC:D:96B:UN") == ["F033"]


def test_the_message_type_of_the_interchange_is_read_at_its_place_only() -> None:
    assert one(message("BGM+962'").replace("1016+1'", "1016+1++CUSRES'")).header.application_reference == "CUSRES"
    misplaced = one(message("BGM+962'").replace("1016+1'", "1016+1+++CUSRES'"))
    assert (misplaced.header.application_reference, misplaced.header.priority) == (None, "CUSRES")
    assert [(finding.code, finding.place.element) for finding in misplaced.findings] == [("F041", 8), ("F046", 8)]


def test_two_interchanges_without_una_are_two() -> None:
    found = list(read_interchanges((message("BGM+962'") * 2).encode()))
    assert [len(interchange.messages) for interchange in found] == [1, 1]


def test_a_release_character_before_the_end_of_a_segment_hides_the_end_and_is_told() -> None:
    interchange = one(message("FTX+AAA+++A?'"))
    assert [finding.code for finding in interchange.findings] == ["F017"]
