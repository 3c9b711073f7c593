"""Is a CONTRL made from findings right in every place, and is a partner's CONTRL understood?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.edifact import (
    Contrl,
    ContrlElement,
    ContrlGroup,
    ContrlMessage,
    ContrlSegment,
    Interchange,
    MessageIdentifier,
    WireMessage,
    check_message,
    make_contrl,
    read_contrl,
    read_interchanges,
    read_wire,
    rejected_messages,
    validate,
    wants_contrl,
)
from gateway.edifact.faults import PLACES, code_for
from gateway.errors import PartnerError
from gateway.findings import Finding, Place, Severity

GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
UNB = "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ:R+260310:1016+TG0000004711'"
GOOD = "UNH+1+CUSRES:D:96B:UN:COR10'BGM+962'UNT+3+1'"
D3 = MessageIdentifier("CONTRL", "D", "3", "UN")


def one(text: str) -> Interchange:
    (interchange,) = read_interchanges(text.encode("iso8859-1"))
    return interchange


def answer(text: str) -> list[str]:
    interchange = one(text)
    contrl = make_contrl(interchange, validate(interchange))
    assert check_message(read_wire(contrl)) == []
    assert contrl.segments == len(contrl.body.split("'")) - 1
    return contrl.body.split("'")[:-1]


UCI = "UCI+TG0000004711+TGOTR:ZZZ+BFDGD:ZZZ:R"


def message(reference: str, body: str, count: int | None = None) -> str:
    return f"UNH+{reference}+CUSRES:D:96B:UN:COR10'{body}UNT+{count or body.count(chr(39)) + 2}+{reference}'"


@pytest.mark.parametrize(
    ("messages", "unz", "expected"),
    [
        (GOOD, "UNZ+1+TG0000004711'", [f"{UCI}+7"]),
        (GOOD, "UNZ+2+TG0000004711'", [f"{UCI}+4+29+UNZ+2"]),
        (GOOD, "UNZ+1+TG0000004712'", [f"{UCI}+4+28+UNZ+3"]),
        (GOOD, "", [f"{UCI}+4+13+UNZ"]),
        ("", "UNZ+0+TG0000004711'", [f"{UCI}+4+32+UNB"]),
        (GOOD + "ABC+1'", "UNZ+1+TG0000004711'", [f"{UCI}+4+33"]),
        (
            GOOD + message("2", "BGM+962'", 7),
            "UNZ+2+TG0000004711'",
            [f"{UCI}+7", "UCM+2+CUSRES:D:96B:UN:COR10+4+29+UNT+2"],
        ),
        (GOOD + GOOD, "UNZ+2+TG0000004711'", [f"{UCI}+7", "UCM+1+CUSRES:D:96B:UN:COR10+4+26+UNH+2"]),
        (
            message("2", "BGM+962+A+XX'"),
            "UNZ+1+TG0000004711'",
            [f"{UCI}+7", "UCM+2+CUSRES:D:96B:UN:COR10+4", "UCS+2", "UCD+12+4"],
        ),
        (
            message("2", "BGM+962:::A:B'"),
            "UNZ+1+TG0000004711'",
            [f"{UCI}+7", "UCM+2+CUSRES:D:96B:UN:COR10+4", "UCS+2", "UCD+16+2:5"],
        ),
        (message("2", "FTX+AAA'"), "UNZ+1+TG0000004711'", [f"{UCI}+7", "UCM+2+CUSRES:D:96B:UN:COR10+4", "UCS+1+13"]),
        (
            message("2", "BGM+962'XYZ+1'"),
            "UNZ+1+TG0000004711'",
            [f"{UCI}+7", "UCM+2+CUSRES:D:96B:UN:COR10+4", "UCS+3+15"],
        ),
        (
            message("2", "BGM+962'" + "TDT+11'" * 10),
            "UNZ+1+TG0000004711'",
            [f"{UCI}+7", "UCM+2+CUSRES:D:96B:UN:COR10+4", "UCS+12+35"],
        ),
        (
            message("2", "BGM+962'TAX+4'MOA+161:1,5+X'"),
            "UNZ+1+TG0000004711'",
            [f"{UCI}+7", "UCM+2+CUSRES:D:96B:UN:COR10+4", "UCS+4", "UCD+16+3"],
        ),
        (
            message("2", "BGM+962'").replace("CUSRES:D:96B", "CUSRES:D:97A"),
            "UNZ+1+TG0000004711'",
            [f"{UCI}+7", "UCM+2+CUSRES:D:97A:UN:COR10+4+17+UNH+3"],
        ),
        (
            message("2", "BGM+962'").replace(":COR10", ":COR1000"),
            "UNZ+1+TG0000004711'",
            [f"{UCI}+7", "UCM+2+CUSRES:D:96B:UN:COR1000+4+12+UNH+3:5"],
        ),
        ("UNH+1+CUSRES:D:96B:UN'BGM+962'", "UNZ+1+TG0000004711'", [f"{UCI}+7", "UCM+1+CUSRES:D:96B:UN+4+13+UNT"]),
    ],
)
def test_each_fault_stands_once_at_the_lowest_place_that_may_hold_it(
    messages: str, unz: str, expected: list[str]
) -> None:
    if ":COR1000" in messages:  # the answer repeats the subject's own fault, and so cannot itself be without it
        interchange = one(UNB + messages + unz)
        assert make_contrl(interchange, validate(interchange)).body.split("'")[:-1] == expected
        return
    assert answer(UNB + messages + unz) == expected


def test_segments_stand_in_order_each_once_with_all_its_elements() -> None:
    body = "BGM+962+" + "A" * 36 + "+XX'GIS+Q'XYZ'GIS+R'"
    assert answer(UNB + message("1", body) + "UNZ+1+TG0000004711'") == [
        f"{UCI}+7",
        "UCM+1+CUSRES:D:96B:UN:COR10+4",
        "UCS+2",
        "UCD+39+3:1",
        "UCD+12+4",
        "UCS+3",
        "UCD+12+2:1",
        "UCS+4+15",
        "UCS+5",
        "UCD+12+2:1",
    ]


def test_a_subject_of_version_4_is_answered_in_4_1() -> None:
    interchange = one("UNB+UNOC:4+S+R+20260310:1016+1'" + message("2", "BGM+962'", 9) + "UNZ+1+1'")
    contrl = make_contrl(interchange, validate(interchange))
    assert contrl == WireMessage(
        MessageIdentifier("CONTRL", "4", "1", "UN"), "UCI+1+S+R+7'UCM+2+CUSRES:D:96B:UN:COR10+4+29+UNT+2'", 2
    )


def test_messages_of_functional_groups_are_told_about_under_their_group() -> None:
    group = "UNG+CUSRES+S+R+260310:1016+7+UN+D:96B'" + message("1", "BGM+962+A+XX'") + "UNE+1+7'"
    assert answer(UNB + group + "UNZ+1+TG0000004711'") == [
        f"{UCI}+7",
        "UCF+7+S+R+7",
        "UCM+1+CUSRES:D:96B:UN:COR10+4",
        "UCS+2",
        "UCD+12+4",
    ]


def test_warnings_reject_nothing() -> None:
    text = UNB + GOOD.replace("UNT+3", "UNT+03") + "UNZ+1+TG0000004711'"
    assert [finding.severity for finding in validate(one(text))] == [Severity.WARNING]
    assert answer(text) == [f"{UCI}+7"]


def test_findings_of_others_with_a_code_are_told_too() -> None:
    interchange = one(UNB + GOOD + "UNZ+1+TG0000004711'")
    finding = Finding(code="X999", fault="7", place=Place(tag="UNB", element=3))
    assert make_contrl(interchange, [finding]).body == f"{UCI}+4+7+UNB+4'"
    assert rejected_messages([finding]) == {""}


def test_rejected_messages_are_those_with_an_error() -> None:
    findings = validate(
        one(UNB + GOOD + message("2", "BGM+962+A+XX'") + message("3", "XYZ'", 9) + "UNZ+3+TG0000004711'")
    )
    assert rejected_messages(findings) == {"2", "3"}


def test_a_contrl_is_never_answered_nor_is_what_cannot_be_named() -> None:
    contrl = UNB + "UNH+1+CONTRL:D:3:UN'UCI+1+S+R+7'UNT+3+1'UNZ+1+TG0000004711'"
    assert wants_contrl(one(contrl)) is False
    assert wants_contrl(one(UNB + GOOD + "UNZ+1+TG0000004711'")) is True
    assert wants_contrl(one(contrl.replace("UNZ+1", GOOD + "UNZ+2"))) is True
    assert wants_contrl(one(GOOD)) is False
    assert wants_contrl(one("UNB+UNOC:3++R+260310:1016+1'" + GOOD + "UNZ+1+1'")) is False
    with pytest.raises(ValueError, match="not to be answered"):
        make_contrl(one(contrl), [])


def test_our_own_contrl_is_understood_again() -> None:
    interchange = one(
        UNB + message("2", "BGM+962:::" + "A" * 36 + "'XYZ'") + GOOD.replace("UNT+3", "UNT+4") + "UNZ+2+TG0000004711'"
    )
    contrl = read_contrl(read_wire(make_contrl(interchange, validate(interchange))))
    cusres = MessageIdentifier("CUSRES", "D", "96B", "UN", "COR10")
    assert contrl == Contrl(
        "TG0000004711",
        "TGOTR",
        "BFDGD",
        "7",
        None,
        (
            ContrlMessage(
                "2", cusres, "4", None, (ContrlSegment(2, None, (ContrlElement("39", 1, 4),)), ContrlSegment(3, "15"))
            ),
            ContrlMessage("1", cusres, "4", "29", (), "UNT", 1),
        ),
    )


def test_the_samples_are_understood() -> None:
    def sample(name: str) -> Contrl:
        (interchange,) = read_interchanges(GOLDEN / f"{name}.edi")
        return read_contrl(interchange.messages[0])

    assert sample("interchange_contrl_ok") == Contrl("TG0000004711", "TGOTR", "BFDGD", "7", None)
    assert sample("interchange_contrl_one_message_rejected") == Contrl(
        "TG0000004713",
        "TGOTR",
        "BFDGD",
        "7",
        None,
        (
            ContrlMessage(
                "2",
                MessageIdentifier("CUSDEC", "D", "96B", "UN", "COR10"),
                "4",
                None,
                (ContrlSegment(31, None, (ContrlElement("39", 2, 4),)),),
            ),
        ),
    )
    assert sample("published/ics_c_ok").messages[0].action == "7"
    rejected = sample("published/ics_c_error")
    assert (
        rejected.action,
        [(one.reference, one.action, one.fault, len(one.segments)) for one in rejected.messages],
    ) == ("4", [("1", "4", "18", 3)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UCI+++'", Contrl("", "", "", "", None)),
        ("UCI+R+S+T+8'", Contrl("R", "S", "T", "8", None)),
        ("UCI+R+S+T+1'", Contrl("R", "S", "T", "7", None)),
        ("UCI+R+S+T+6+2+UNB+2:x'", Contrl("R", "S", "T", "4", "2", (), (), "UNB", 1, None)),
        ("UCI+R+S+T+7'UCS+3+13'UCD+12+2'", Contrl("R", "S", "T", "7", None)),
        ("UCI+R+S+T+7'UCF+G+A+B+4+29'", Contrl("R", "S", "T", "7", None, (), (ContrlGroup("G", "4", "29"),))),
        (
            "UCI+R+S+T+7'UCM+++4'UCS+x'UCD+12'",
            Contrl(
                "R",
                "S",
                "T",
                "7",
                None,
                (
                    ContrlMessage(
                        "",
                        MessageIdentifier("", "", "", ""),
                        "4",
                        None,
                        (ContrlSegment(0, None, (ContrlElement("12", 0, None),)),),
                    ),
                ),
            ),
        ),
    ],
)
def test_a_sloppy_contrl_is_understood_as_far_as_it_goes(text: str, expected: Contrl) -> None:
    identifier = MessageIdentifier("CONTRL", "2", "2", "UN", "EAN002")
    assert read_contrl(read_wire(WireMessage(identifier, text, text.count("'")))) == expected


@pytest.mark.parametrize(
    ("identifier", "body"), [(D3, "UCM+1'"), (MessageIdentifier("CUSRES", "D", "96B"), "UCI+R+S+T+7'")]
)
def test_what_is_no_contrl_is_refused(identifier: MessageIdentifier, body: str) -> None:
    with pytest.raises(PartnerError) as refused:
        read_contrl(read_wire(WireMessage(identifier, body, 1)))
    assert refused.value.code == "F070"


def test_every_code_becomes_one_that_may_stand_where_it_is_written() -> None:
    for version in ("3", "4"):
        for fault in (*map(str, range(1, 60)), "x"):
            for segment in ("UCI", "UCF", "UCM", "UCS", "UCD"):
                code = code_for(fault, segment, version=version)
                assert segment in PLACES[code]
                assert version != "3" or code not in ("45", "46", "47")
    assert [code_for("46", "UCI", version=version) for version in "34"] == ["2", "46"]
    assert [code_for("45", "UCS", version=version) for version in "34"] == ["22", "45"]
    assert code_for("29", "UCD", version="3") == "18"
