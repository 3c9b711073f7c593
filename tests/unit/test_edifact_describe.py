"""Do people see names where the wire has numbers?"""

from __future__ import annotations

import pytest

from gateway.edifact import MessageIdentifier, WireMessage, code_name, describe, read_interchanges, read_wire
from gateway.edifact.describe import ComponentDescription

CUSRES = MessageIdentifier("CUSRES", "D", "96B", "UN", "COR10")


def test_a_segment_is_described_by_the_directory_of_its_message() -> None:
    segment = read_wire(WireMessage(CUSRES, "LOC+118+TGLPL:113:ZZZ:LOME PORT'", 1)).segments[1]
    description = describe(segment, CUSRES)
    assert (description.tag, description.name) == ("LOC", "PLACE/LOCATION IDENTIFICATION")
    assert description.components == (
        ComponentDescription(1, None, "3227", "Place/location qualifier", "118", "Customs office of departure"),
        ComponentDescription(2, 1, "3225", "Place/location identification", "TGLPL", None),
        ComponentDescription(2, 2, "1131", "Code list qualifier", "113", "Customs office"),
        ComponentDescription(2, 3, "3055", "Code list responsible agency, coded", "ZZZ", "Mutually defined"),
        ComponentDescription(2, 4, "3224", "Place/location", "LOME PORT", None),
    )


def test_unknown_segments_and_elements_too_many_have_no_names_and_do_no_harm() -> None:
    message = read_wire(WireMessage(CUSRES, "XYZ+1:2'BGM+962:1:2:3:4+A+9+NA+more'", 2))
    assert [(part.id, part.value) for part in describe(message.segments[1]).components] == [("", "1"), ("", "2")]
    assert [
        (part.element, part.component, part.id, part.value) for part in describe(message.segments[2], CUSRES).components
    ] == [
        (1, 1, "1001", "962"),
        (1, 2, "1131", "1"),
        (1, 3, "3055", "2"),
        (1, 4, "1000", "3"),
        (1, 5, "", "4"),
        (2, 1, "1004", "A"),
        (3, None, "1225", "9"),
        (4, None, "4343", "NA"),
        (5, None, "", "more"),
    ]


def test_service_segments_and_repeated_elements_are_described() -> None:
    (interchange,) = read_interchanges(
        b"UNB+UNOC:4+S+R+20260310:1016+1'UNH+1+CUSRES:D:16B:UN'COM+1:TE*2:FX'UNT+3+1'UNZ+1+1'"
    )
    identifier = interchange.messages[0].identifier
    parts = describe(interchange.messages[0].segments[1], identifier, "4").components
    assert [(part.element, part.component, part.id, part.value) for part in parts] == [
        (1, 1, "3148", "1"),
        (1, 2, "3155", "TE"),
        (1, 1, "3148", "2"),
        (1, 2, "3155", "FX"),
    ]
    assert [part.id for part in describe(interchange.segments[0], identifier, "4").components][:3] == [
        "0001",
        "0002",
        "0004",
    ]


@pytest.mark.parametrize(
    ("element", "value", "release", "name"),
    [
        ("1225", "9", "D.96B", "Original"),
        ("3035", "CZ", "D.96B", "Consignor"),
        ("1225", "XX", "D.96B", None),
        ("9999", "1", "D.96B", None),
        ("7365", "1", "D.04A", "Message content accepted"),
    ],
)
def test_a_code_has_its_name_or_none(element: str, value: str, release: str, name: str | None) -> None:
    assert code_name(element, value, release) == name
