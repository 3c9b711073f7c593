"""Are faults of groups, of messages that share a reference, and of repeated elements told apart and kept?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.edifact import (
    Contrl,
    ContrlElement,
    ContrlGroup,
    ContrlMessage,
    ContrlSegment,
    Interchange,
    InterchangeHeader,
    MessageIdentifier,
    Repeated,
    make_contrl,
    read_contrl,
    read_interchanges,
    read_wire,
    rejected,
    rejected_messages,
    reported_findings,
    rewrite,
    to_wire,
    validate,
    write_interchange,
)
from gateway.errors import LocalError
from gateway.findings import Place
from gateway.texts import Language, where

UNB = "UNB+UNOC:3+S+R+260310:1016+9'"
UCI = "UCI+9+S+R"


def one(text: str) -> Interchange:
    (interchange,) = read_interchanges(text.encode("iso8859-1"))
    return interchange


def message(reference: str, body: str = "BGM+962'") -> str:
    return f"UNH+{reference}+CUSRES:D:96B:UN'{body}UNT+{body.count(chr(39)) + 2}+{reference}'"


def group(reference: str, *messages: str, une: str | None = None) -> str:
    trailer = f"UNE+{len(messages)}+{reference}'" if une is None else une
    return f"UNG+CUSRES+A+B+260310:1016+{reference}+UN+D:96B'{''.join(messages)}{trailer}"


def answer(*groups: str) -> list[str]:
    interchange = one(f"{UNB}{''.join(groups)}UNZ+{len(groups)}+9'")
    return make_contrl(interchange, validate(interchange)).body.split("'")[:-1]


BAD = "BGM+962+A+XX'"
UCM = "UCM+1+CUSRES:D:96B:UN+4"


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([group("7", message("1"), une="UNE+2+7'"), group("8", message("1"))], ["UCF+7+A+B+4+29+UNE+2"]),
        ([group("7", message("1"), une="UNE+1+6'")], ["UCF+7+A+B+4+28+UNE+3"]),
        ([group("7", message("1"), une=""), group("8", message("1", BAD))],
         ["UCF+7+A+B+4+13+UNE", "UCF+8+A+B+7", UCM, "UCS+2", "UCD+12+4"]),
        ([group("7")], ["UCF+7+A+B+4+32+UNG"]),
        ([group("7", message("1")), group("7", message("1"))], ["UCF+7+A+B+4+26+UNG+6"]),
        ([group("7", message("1", BAD)), group("8", message("1"))], ["UCF+7+A+B+7", UCM, "UCS+2", "UCD+12+4"]),
        ([group("7", message("1", BAD), une="UNE+5+7'")], ["UCF+7+A+B+4+29+UNE+2"]),
        ([group("7", message("1")).replace("+UN+D", "++D")], ["UCF+7+A+B+4+13+UNG+7"]),
    ],
)
def test_a_fault_of_a_group_rejects_that_group_and_no_other(groups: list[str], expected: list[str]) -> None:
    assert answer(*groups) == [f"{UCI}+7", *expected]


def test_what_is_rejected_is_said_message_by_message() -> None:
    text = group("7", message("1"), une="UNE+2+7'") + group("8", message("1"), message("2", BAD))
    interchange = one(f"{UNB}{text}UNZ+2+9'")
    findings = validate(interchange)
    assert rejected(interchange, findings) == [True, False, True]
    assert rejected_messages(findings) == {"", "2"}  # who knows no groups refuses more, never less
    assert rejected(one(f"{UNB}{text}UNZ+3+9'"), validate(one(f"{UNB}{text}UNZ+3+9'"))) is None


def test_messages_that_share_a_reference_are_told_about_each() -> None:
    interchange = one(UNB + message("1", BAD) + message("1", "XYZ'BGM+962'") + message("1") + "UNZ+3+9'")
    findings = validate(interchange)
    assert make_contrl(interchange, findings).body.split("'")[:-1] == [
        f"{UCI}+7", UCM, "UCS+2", "UCD+12+4", f"{UCM}+26+UNH+2", "UCS+2+15", f"{UCM}+26+UNH+2",
    ]
    assert [(one.code, one.place.occurrence) for one in findings] == [
        ("F021", 2), ("F021", 3), ("F046", None), ("F034", 2)]
    assert rejected(interchange, findings) == [True, True, True]


def test_a_message_without_a_reference_cannot_be_named_and_rejects_the_interchange() -> None:
    interchange = one(UNB + message("", BAD) + "UNZ+1+9'")
    findings = validate(interchange)
    assert rejected(interchange, findings) is None
    assert make_contrl(interchange, findings).body.startswith(f"{UCI}+4+")


def test_a_place_in_a_group_is_said_in_words() -> None:
    place = Place(interchange="9", group="7", message="1", occurrence=2, segment=3, tag="BGM")
    assert where(place, Language.ENGLISH) == "interchange 9, group 7, message 1, use 2 of this reference, segment 3 BGM"
    assert where(place, Language.FRENCH).split(", ")[1:4] == [
        "groupe 7", "message 1", "emploi 2 de cette référence"]


OLD = "UNH+1+CONTRL:{0}:UN'UCI+9+S:14+R:14+{1}'{2}UNT+9+1'"
CUSRES = MessageIdentifier("CUSRES", "D", "96B", "UN")


@pytest.mark.parametrize("version", ["2:1", "2:2", "3:1", "D:3", "4:1"])
@pytest.mark.parametrize(("said", "meant"), [("4", "4"), ("7", "7"), ("8", "8"), ("1", "7"), ("6", "4")])
def test_contrl_of_older_versions_says_the_same(version: str, said: str, meant: str) -> None:
    below = f"UCM+5+CUSRES:D:96B:UN+{said}'UCS+3'UCD+12+2:1'"
    interchange = one(UNB + OLD.format(version, said, below) + "UNZ+1+9'")
    assert read_contrl(interchange.messages[0]) == Contrl(
        "9", "S", "R", meant, None,
        (ContrlMessage("5", CUSRES, meant, None, (ContrlSegment(3, None, (ContrlElement("12", 1, 1),)),)),),
    )


def test_a_contrl_about_groups_is_understood_and_its_faults_are_findings_again() -> None:
    text = group("7", message("1"), une="UNE+2+7'") + group("8", message("1", BAD), message("2", "FTX+AAA'"))
    interchange = one(f"{UNB}{text}UNZ+2+9'")
    contrl = read_contrl(read_wire(make_contrl(interchange, validate(interchange))))
    assert contrl.groups == (ContrlGroup("7", "4", "29", "UNE", 1), ContrlGroup("8", "7", None))
    assert [(one.reference, one.group) for one in contrl.messages] == [("1", "8"), ("2", "8")]
    assert [(finding.fault, finding.place) for finding in reported_findings(contrl)] == [
        ("29", Place(interchange="9", group="7", tag="UNE", element=1)),
        ("12", Place(interchange="9", group="8", message="1", segment=2, element=3)),
        ("13", Place(interchange="9", group="8", message="2", segment=1, missing=True)),
    ]


def test_an_acknowledgement_reports_nothing_and_a_bare_rejection_reports_the_unspecified() -> None:
    assert reported_findings(Contrl("9", "S", "R", "7", None)) == []
    (finding,) = reported_findings(Contrl("9", "S", "R", "4", None))
    assert (finding.code, finding.fault, finding.values) == ("F071", "18", {"fault": "18", "name": "Unspecified error"})


V4 = "UNB+UNOC:4+S+R+20260310:1016+9'UNH+1+CUSRES:D:96B:UN'RFF+ON:1*ON:2?*3*'FTX+AAA+++A?*B'UNT+4+1'UNZ+1+9'"


def test_a_message_of_version_4_keeps_its_repeated_elements() -> None:
    interchange = one(V4)
    wire = to_wire(interchange.messages[0], syntax_version="4")
    assert (wire.body, wire.syntax_version) == ("RFF+ON:1*ON:2?*3*'FTX+AAA+++A?*B'", "4")
    assert read_wire(wire).segments[1].elements == (Repeated((("ON", "1"), ("ON", "2*3"), ())),)
    header = InterchangeHeader(syntax_version="4", sender="S", sender_qualifier="", recipient="R",
                               recipient_qualifier="", prepared=datetime(2026, 3, 10, 10, 16, tzinfo=UTC),
                               control_reference="9")
    assert write_interchange(header, [("1", wire)]) == b"UNA:+.?*'" + V4.encode()
    with pytest.raises(ValueError, match="older one"):
        write_interchange(InterchangeHeader(sender="S", sender_qualifier="", recipient="R", recipient_qualifier="",
                                            prepared=header.prepared, control_reference="9"), [("1", wire)])


def test_an_interchange_can_be_written_in_the_form_of_another() -> None:
    other = one("UNA=*.! ~\nUNB*UNOC=3*S*R*260310=1016*9~\nUNH*1*CUSRES=D=96B=UN~\nUNT*2*1~\nUNZ*1*9~\n")
    text = UNB + message("1", "FTX+AAA+++A=B*C!D~?+E'") + "UNZ+1+9'"
    written = rewrite(one(text), other.form)
    assert written.startswith(b"UNA=*.! ~\nUNB*UNOC=3*S")
    assert b"FTX*AAA***A!=B!*C!!D!~+E~\n" in written
    assert [segment.elements for segment in one(written.decode()).segments] == [
        segment.elements for segment in one(text).segments]


@pytest.mark.parametrize("una", ["UNA:+.  '", "UNA:+. \x00'"])
def test_a_form_without_a_release_character_refuses_what_it_cannot_hold(una: str) -> None:
    form = one("UNA:+.  '" + UNB + message("1") + "UNZ+1+9'").form
    with pytest.raises(LocalError) as refused:
        rewrite(one(UNB + message("1", "FTX+AAA+++A?+B'") + "UNZ+1+9'"), form)
    assert [(one.code, one.place.segment, one.place.tag) for one in refused.value.findings] == [("F063", 2, "FTX")]


def test_a_repeated_element_cannot_be_written_where_nothing_repeats() -> None:
    with pytest.raises(LocalError) as refused:
        rewrite(one(V4), one(UNB + message("1") + "UNZ+1+9'").form)
    assert refused.value.code == "F063"


@pytest.mark.parametrize(
    ("una", "usable"),
    [
        ("UNA:+.? '", True), ("UNA:+,? '", True), ("UNA:+.  '", True), ("UNA:+.?*'", True),
        ("UNA\x1f\x1d. *\x1c", True),
        ("UNA:+.?\x00'", True), ("UNA:+.? \n", True), ("UNA|^.\\ ~", True), ("UNA:+;? '", True),
        ("UNA:+.? +", False), ("UNA::.? '", False), ("UNA:+.+ '", False), ("UNA1+.? '", False), ("UNA:+.? Z", False),
        ("UNA +.? '", False), ("UNA:\t.? '", False), ("UNA:\n.? '", False), ("UNA:+.\r '", False),
        ("UNA\xa7+.? '", False),
    ],
)
def test_a_service_string_advice_works_or_is_refused(una: str, usable: bool) -> None:
    service = (una[3], una[4], una[8]) if usable else (":", "+", "'")
    body = (UNB + message("1") + "UNZ+1+9'").translate(dict(zip(map(ord, ":+'"), service, strict=True)))
    (interchange,) = read_interchanges((una + body).encode("iso8859-1"))
    assert interchange.una == una
    assert ([one.code for one in interchange.findings if one.severity.value == "error"] == []) == usable
    assert ("F004" in [one.code for one in interchange.findings]) != usable
    assert [segment.tag for segment in interchange.segments] == ["UNB", "UNH", "BGM", "UNT", "UNZ"]
    assert rewrite(interchange) == interchange.content


def test_a_decimal_mark_that_is_none_is_a_warning_and_both_are_read() -> None:
    text = "UNA:+;? '" + UNB + message("1", "BGM+962'TAX+4'MOA+161:1,5'MOA+161:1.5'") + "UNZ+1+9'"
    assert [(one.code, one.severity.value) for one in validate(one(text))] == [("F050", "warning")]


def test_nesting_in_version_4_is_a_fault_and_before_it_is_passed_over() -> None:
    text = UNB + message("1").replace("BGM+", "BGM:1+") + "UNZ+1+9'"
    assert validate(one(text)) == []
    four = text.replace("UNOC:3", "UNOC:4").replace("260310", "20260310")
    assert [(one.code, one.fault, one.place.segment) for one in validate(one(four))] == [("F048", "22", 2)]


@pytest.mark.parametrize("identifier", [*(f"UNO{letter}" for letter in "ABCDEFGHIJKL"), "UNOW", "UNOX", "UNOY"])
def test_every_syntax_identifier_is_read_or_refused_by_its_name(identifier: str) -> None:
    text = (UNB + message("1") + "UNZ+1+9'").replace("UNOC:3", f"{identifier}:4").replace("260310", "20260310")
    findings = one(text).findings
    refused = [(finding.code, finding.values["value"]) for finding in findings]
    assert refused == ([("F007", "UNOX")] if identifier == "UNOX" else [])
