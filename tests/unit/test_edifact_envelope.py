"""Are counts, references, order and dates of the envelope compared with what really stands there?"""

from __future__ import annotations

import pytest

from gateway.edifact import Interchange, read_interchanges
from gateway.findings import Severity

UNB = "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711'"
FIRST = "UNH+1+CUSRES:D:96B:UN'BGM+962'UNT+3+1'"
SECOND = "UNH+2+CUSRES:D:96B:UN'BGM+962'UNT+3+2'"
UNZ = "UNZ+2+TG0000004711'"
GOOD = UNB + FIRST + SECOND + UNZ
GROUP = UNB + "UNG+CUSRES+S+R+260310:1016+7+UN+D:96B'" + FIRST + SECOND + "UNE+2+7'UNZ+1+TG0000004711'"


def one(text: str) -> Interchange:
    (interchange,) = read_interchanges(text.encode())
    return interchange


def found(text: str) -> list[tuple[str, str | None, str | None, int | None, str | None, int | None]]:
    return [
        (
            finding.code,
            finding.fault,
            finding.place.message,
            finding.place.segment,
            finding.place.tag,
            finding.place.element,
        )
        for finding in one(text).findings
    ]


def test_a_right_envelope_has_no_finding() -> None:
    assert found(GOOD) == []
    assert found(GROUP) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("UNZ+2", "UNZ+3"), ("F018", "29", None, None, "UNZ", 1)),
        (("UNZ+2", "UNZ+X"), ("F018", "29", None, None, "UNZ", 1)),
        (("UNZ+2+TG0000004711", "UNZ+2+TG000004711"), ("F020", "28", None, None, "UNZ", 2)),
        (("UNT+3+2", "UNT+4+2"), ("F018", "29", "2", 3, "UNT", 1)),
        (("UNT+3+2", "UNT+3+02"), ("F020", "28", "2", 3, "UNT", 2)),
        (("UNT+3+2'", ""), ("F017", "13", "2", 2, "UNT", None)),
        (("UNZ+2+TG0000004711'", ""), ("F016", "13", None, None, "UNZ", None)),
        (("UNT+3+1'", "UNT+3+1'XYZ+1'ABC+2'"), ("F028", "33", None, None, "XYZ", None)),
        (("UNT+3+1'", "UNT+3+1'UNT+3+1'"), ("F029", "15", None, None, "UNT", None)),
        (("UNT+3+1'", "UNT+3+1'UNE+1+7'"), ("F029", "15", None, None, "UNE", None)),
        (("260310:1016", "261310:1016"), ("F027", "12", None, None, "UNB", 4)),
        (("260310:1016", "260310:2516"), ("F027", "12", None, None, "UNB", 4)),
        (("+TGOTR:ZZZ", "+"), ("F037", "13", None, None, "UNB", 2)),
        (("TG0000004711'", "TG0000004711+++ORDERS'"), ("F041", "39", None, None, "UNB", 8)),
    ],
)
def test_each_fault_of_the_envelope_is_told_with_place_and_code(
    change: tuple[str, str], expected: tuple[str, str | None, str | None, int | None, str | None, int | None]
) -> None:
    assert expected in found(GOOD.replace(*change))


def test_the_second_use_of_a_message_reference_is_a_duplicate() -> None:
    assert ("F021", "26", "1", 1, "UNH", 1) in found(UNB + FIRST + FIRST + UNZ)


def test_the_same_reference_in_two_groups_is_no_duplicate() -> None:
    group = "UNG+CUSRES+S+R+260310:1016+7+UN+D:96B'" + FIRST + "UNE+1+7'"
    assert found(UNB + group + group.replace("+7", "+8") + UNZ) == []
    assert [code for code, *_ in found(UNB + group + group + UNZ)] == ["F024"]


def test_an_empty_interchange_is_an_error_even_when_its_count_is_right() -> None:
    assert found(UNB + "UNZ+0+TG0000004711'") == [("F022", "32", None, None, "UNB", None)]


def test_an_empty_group_a_missing_trailer_and_a_wrong_count_of_a_group_are_found() -> None:
    assert [code for code, *_ in found(GROUP.replace(FIRST + SECOND, ""))] == ["F022", "F018"]
    assert found(GROUP.replace("UNE+2+7'", "")) == [("F025", "13", None, None, "UNE", None)]
    assert found(GROUP.replace("UNE+2", "UNE+1")) == [("F018", "29", None, None, "UNE", 1)]
    assert found(GROUP.replace("UNE+2+7", "UNE+2+8")) == [("F020", "28", None, None, "UNE", 2)]


def test_groups_and_bare_messages_may_not_be_mixed() -> None:
    mixed = GROUP.replace("UNZ+1", "UNH+3+CUSRES:D:96B:UN'BGM+962'UNT+3+3'UNZ+1")
    assert found(mixed) == [("F023", "30", None, None, "UNB", None)]


def test_unz_counts_groups_where_there_are_groups() -> None:
    assert found(GROUP.replace("UNZ+1", "UNZ+2")) == [("F018", "29", None, None, "UNZ", 1)]


def test_leading_zeros_of_a_count_are_a_warning_and_of_a_reference_an_error() -> None:
    findings = one(GOOD.replace("UNT+3+2", "UNT+003+2")).findings
    assert [(finding.code, finding.severity) for finding in findings] == [("F019", Severity.WARNING)]
    assert found(GOOD.replace("UNT+3+2", "UNT+3+002")) == [("F020", "28", "2", 3, "UNT", 2)]


@pytest.mark.parametrize(
    ("version", "date", "expected"),
    [("3", "260310", []), ("3", "20260310", ["F026"]), ("4", "20260310", []), ("4", "260310", ["F026"])],
)
def test_the_other_length_of_the_date_is_read_with_a_warning(version: str, date: str, expected: list[str]) -> None:
    interchange = one(GOOD.replace("UNOC:3", f"UNOC:{version}").replace("260310", date))
    assert [finding.code for finding in interchange.findings] == expected
    assert interchange.header.prepared is not None


def test_a_message_without_trailer_ends_before_the_next_header() -> None:
    interchange = one(UNB + "UNH+1+CUSRES:D:96B:UN'BGM+962'" + SECOND + UNZ)
    assert [(message.reference, message.count, message.complete) for message in interchange.messages] == [
        ("1", 2, False),
        ("2", 3, True),
    ]


def test_nothing_is_repaired() -> None:
    interchange = one(GOOD.replace("UNT+3+2", "UNT+9+X").replace("UNZ+2+TG0000004711", "UNZ+7+Y"))
    assert interchange.messages[1].segments[-1].elements == (("9",), ("X",))
    assert interchange.unz is not None
    assert interchange.unz.elements == (("7",), ("Y",))


def test_version_1_lets_letters_into_version_and_release() -> None:
    assert found(GOOD.replace("UNOC:3", "UNOB:1")) == []
