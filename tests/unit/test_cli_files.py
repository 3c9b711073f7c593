"""Do `edi validate` and `edi inspect` tell the truth about any file, ours or not, and never fail over one?"""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.entry import run
from gateway.edifact import (
    InterchangeHeader,
    WireMessage,
    read_contrl,
    read_interchanges,
    read_wire,
    validate,
    write_interchange,
)
from tests.golden.profile.samples import wire
from tests.tools.command import command
from tests.tools.outputs import checked

HEADER = InterchangeHeader(
    syntax_identifier="UNOC", syntax_version="3", sender="TGOTR", sender_qualifier="ZZZ", recipient="BFDGD",
    recipient_qualifier="ZZZ", prepared=datetime(2026, 11, 26, 12, tzinfo=UTC), control_reference="TG0000000001",
    test="1")
GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
EVIL = (b"UNB+UNOC:3+A:ZZZ+B:ZZZ+261126:1200+REF1'UNH+1+CUSDEC:D:96B:UN'BGM+950+\x1b]0;owned\x07\x9b31m?'x'"
        b"UNT+3+1'UNZ+1+REF1'")


def edi(*words: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run("edi", [*map(str, words), "--lang", "en"])
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """An interchange with one good declaration."""
    path = tmp_path / "clean.edi"
    path.write_bytes(write_interchange(HEADER, [("1", wire("cusdec_transit_original"))]))
    return path


@pytest.fixture
def broken(tmp_path: Path, clean: Path) -> Path:
    """The same with a segment count that is wrong and a component that is too long."""
    path = tmp_path / "broken.edi"
    path.write_bytes(clean.read_bytes().replace(b"BGM+950", b"BGM+95000").replace(b"UNT+", b"UNT+9"))
    return path


def validations(*words: object) -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = edi("validate", *words, "--json")
    return status, checked("validate", out)


def test_a_clean_file_is_zero_and_one_that_is_not_makes_it_one_for_all(clean: Path, broken: Path) -> None:
    assert validations(clean) == (0, [{"schema": 1, "kind": "validation", "file": str(clean), "ok": True,
                                       "findings": []}])
    status, told = validations(clean, broken, clean)
    assert (status, [line["ok"] for line in told]) == (1, [True, False, True])
    assert next(finding for finding in told[1]["findings"] if finding["tag"] == "BGM") == {
        "severity": "error", "code": "F041", "fault": "39", "interchange": "TG0000000001", "message": "1",
        "segment": 2, "tag": "BGM", "element": 1, "component": 1,
        "text": "interchange TG0000000001, message 1, segment 2 BGM, element 1, component 1: F041: "
                "'95000' has 5 characters, 1001 allows 3 (an..3)"}


def test_a_person_reads_each_finding_and_one_verdict_for_each_file(clean: Path, broken: Path) -> None:
    status, out, err = edi("validate", clean, broken)
    lines = out.splitlines()
    assert (status, err) == (1, "")
    assert lines[0] == f"{clean}: conforms (0 remarks)"
    assert lines[1] == f"{broken}: interchange TG0000000001, message 1, segment 84 UNT, element 1: F018: " \
                       "the count said is 984, counted 84 [0085=29]"
    assert lines[-1] == f"{broken}: does not conform ({len(lines) - 2} findings)"


def test_a_file_that_cannot_be_read_is_a_finding_and_the_others_are_judged(tmp_path: Path, clean: Path) -> None:
    status, told = validations(tmp_path / "absent.edi", tmp_path, clean)
    assert (status, [line["ok"] for line in told]) == (1, [False, False, True])
    assert [line["findings"][0]["code"] for line in told[:2]] == ["C001", "C001"]
    assert told[0]["findings"][0]["text"] == \
        f"C001: the file {tmp_path / 'absent.edi'} cannot be read: No such file or directory"


def test_a_hyphen_reads_standard_input(clean: Path) -> None:
    told = command("validate", "-", "--json", stdin=clean.read_bytes())
    assert (told.exit, checked("validate", told.out)[0]["file"], told.err) == (0, "-", "")
    tree = command("inspect", "-", "--json", stdin=clean.read_bytes())
    assert checked("inspect", tree.out)[0]["interchanges"][0]["segments"][0][0] == "UNB"


def test_the_contrl_is_written_for_each_subject_that_may_be_answered(clean: Path, broken: Path,
                                                                     tmp_path: Path) -> None:
    contrl = tmp_path / "contrl.edi"
    nothing = tmp_path / "nothing.edi"
    nothing.write_bytes(b"no interchange at all")
    status, told = validations(clean, broken, nothing, "--contrl", contrl)
    assert (status, len(told)) == (1, 3)
    answers = list(read_interchanges(contrl.read_bytes()))
    assert [finding for answer in answers for finding in validate(answer)] == []
    assert [(answer.header.sender, answer.header.recipient, answer.header.test) for answer in answers] == \
        [("BFDGD", "TGOTR", "1")] * 2
    assert len({answer.header.control_reference for answer in answers}) == 2
    said = [read_contrl(answer.messages[0]) for answer in answers]
    assert [(one.reference, one.action) for one in said] == [("TG0000000001", "7"), ("TG0000000001", "7")]
    assert [message.action for message in said[1].messages] == ["4"]


def test_a_contrl_deserves_no_contrl_and_then_no_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "answer.edi"
    status, _, err = edi("validate", GOLDEN / "interchange_contrl_ok.edi", "--contrl", path)
    assert (status, path.exists()) == (0, False)
    assert err == f"none of these interchanges is to be answered with a CONTRL; {path} is not written\n"


def test_a_contrl_that_cannot_be_written_is_told_after_the_verdicts(clean: Path, tmp_path: Path) -> None:
    status, out, err = edi("validate", clean, "--contrl", tmp_path / "absent" / "contrl.edi", "--json")
    assert (status, checked("validate", out)[0]["ok"]) == (1, True)
    assert json.loads(err.splitlines()[-1])["code"] == "B006"


def test_a_corridor_judges_by_its_rules_in_the_language_of_the_reader(tmp_path: Path) -> None:
    whole = wire("cusdec_transit_original")
    lacking = whole.body.replace("MEA+WT+AAE+KGM:12500'", "")
    assert len(lacking) < len(whole.body)
    path = tmp_path / "no-gross-mass.edi"
    path.write_bytes(write_interchange(HEADER, [
        ("1", WireMessage(whole.identifier, lacking, whole.segments - 1))]))
    assert validations(path)[0] == 0
    for language, sentence in (("en", "gross mass missing"), ("fr", "masse brute absente")):
        told = command("validate", path, "--corridor", "tg-bf", "--json", lang=language)
        findings = checked("validate", told.out)[0]["findings"]
        rules = {finding["code"]: finding for finding in findings}
        assert told.exit == 1
        assert "COR0214" in rules, rules
        assert "COR0214: " in rules["COR0214"]["text"]
        assert rules["COR0214"]["text"].endswith(sentence)
        assert (rules["COR0214"]["message"], rules["COR0214"]["tag"], rules["COR0214"]["severity"]) == \
            ("1", "MEA", "error")
        assert all(finding["text"].rpartition(finding["code"])[2].strip(": ") for finding in findings)


def test_a_corridor_finds_nothing_in_messages_that_follow_it(clean: Path) -> None:
    status, told = validations(clean, "--corridor", "tg-bf")
    assert (status, told[0]["findings"]) == (0, [])


def test_a_corridor_that_does_not_exist_is_named_with_those_that_do(clean: Path) -> None:
    status, out, err = edi("validate", clean, "--corridor", "tg-bg", "--json")
    fatal = json.loads(err.splitlines()[-1])
    assert (status, out, fatal["code"], fatal["exit"]) == (3, "", "M302", 3)
    assert "tg-bf" in fatal["message"]


def test_a_tree_shows_every_segment_with_names_and_meanings_in_order(clean: Path) -> None:
    status, out, err = edi("inspect", clean)
    lines = out.splitlines()
    assert (status, err) == (0, "")
    interchange = next(read_interchanges(clean.read_bytes()))
    heads = [line.split()[1 if line.split()[0].isdigit() else 0] for line in lines
             if line and not line.startswith(("       ", "Message"))]
    assert heads == [segment.tag for segment in interchange.segments]
    assert "Message 1 — CUSDEC:D:96B:UN:COR10" in lines
    assert f"       1     3227  {'Place/location qualifier':<45} 118  (Customs office of departure)" in lines


def test_a_tree_as_json_is_exactly_what_stands_there(clean: Path) -> None:
    status, out, _ = edi("inspect", clean, "--json")
    told = checked("inspect", out)
    assert (status, len(told), list(told[0])) == (0, 1, ["schema", "kind", "interchanges"])
    assert told[0]["interchanges"][0]["una"] == "UNA:+.? '"
    segments = told[0]["interchanges"][0]["segments"]
    assert segments[0] == ["UNB", [["UNOC", "3"], ["TGOTR", "ZZZ"], ["BFDGD", "ZZZ"], ["261126", "1200"],
                                   ["TG0000000001"], [], [], [], [], [], ["1"]]]
    assert segments[2][0] == "BGM"


def test_what_lies_outside_of_messages_is_shown_too_and_faults_are_announced(tmp_path: Path) -> None:
    path = tmp_path / "odd.edi"
    path.write_bytes(b"UNB+UNOC:3+A+B+261126:1200+1'FTX+AAI'UNH+1+CUSDEC:D:96B:UN'BGM+950'UNT+3+1'UNZ+1+1'")
    status, out, err = edi("inspect", path)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")] == [
        "UNB", "FTX", "Message", "UNZ"]
    assert err == f"1 syntax faults; to see them: edi validate {path}\n"


def test_an_absent_file_is_an_error_of_inspect_not_a_crash(tmp_path: Path) -> None:
    status, out, err = edi("inspect", tmp_path / "absent", "--json")
    assert (status, out, json.loads(err.splitlines()[-1])["code"]) == (1, "", "C001")


def test_foreign_control_characters_never_reach_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b[2J.edi"
    path.write_bytes(EVIL)
    for words in (["validate", path], ["inspect", path], ["validate", path, "--json"], ["inspect", path, "--json"]):
        _, out, err = edi(*words)
        assert [character for character in out + err if character != "\n" and (
            ord(character) < 32 or 127 <= ord(character) < 160)] == [], words
    assert "\\x1b]0;owned\\x07\\x9b31m'x" in edi("inspect", path)[1]
    tree = json.loads(edi("inspect", path, "--json")[1])
    assert tree["interchanges"][0]["segments"][2] == ["BGM", [["950"], ["\x1b]0;owned\x07\x9b31m'x"]]]


@pytest.mark.parametrize("content", [b"", b"\n", b"UNA", b"UNA:+.? '", b"\x00\xff" * 50, b"UNB+'", b"UNH+1'",
                                     b"<xml/>", EVIL, b"UNB+UNOZ:9+A+B+x:y+1'UNH+1+X'UNT+2+1'UNZ+1+1'"])
def test_no_content_makes_either_command_fail(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    status, told = validations(path, "--contrl", tmp_path / "contrl", "--corridor", "tg-ml")
    assert (status, told[0]["ok"]) == (1, False)
    assert told[0]["findings"] != []
    for words in (["inspect", path], ["inspect", path, "--json"], ["validate", path]):
        assert edi(*words)[0] in (0, 1)


def test_every_golden_message_can_be_read_back_from_the_tree(tmp_path: Path) -> None:
    for path in sorted(GOLDEN.glob("cus*.edi")):
        sent = wire(path.stem)
        file = tmp_path / path.name
        file.write_bytes(write_interchange(HEADER, [("1", sent)]))
        status, out, _ = edi("inspect", file, "--json")
        assert status == 0
        segments = json.loads(out)["interchanges"][0]["segments"][1:-1]
        message = read_wire(sent, "1")
        assert segments == [[segment.tag, [list(element) for element in segment.elements]]
                            for segment in message.segments]
