"""Does `edi codes` say what the directories hold, by number, by tag, by message and by word?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from gateway.cli.codes import folded

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "gateway" / "schema" / "output" / "codes.json").read_text("utf-8"))


def edi(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "gateway.cli", "codes", *words], cwd=ROOT, capture_output=True,
                          text=True, check=False)


def lines(*words: str) -> list[tuple[str, str, str, str]]:
    done = edi(*words, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, SCHEMA)
    return [(line["kind"], line["id"].strip(), line["note"], line["name"]) for line in answer["lines"]]


def test_an_element_is_shown_with_its_format_and_its_codes() -> None:
    found = lines("1225")
    assert found[0] == ("element", "1225", "an..3", "Message function, coded")
    assert ("code", "29", "", "Accepted without amendment") in found
    assert {kind for kind, *_ in found[1:]} == {"code"}


def test_words_behind_an_element_choose_among_its_codes() -> None:
    assert lines("3227", "DESTINATION", "customs") == [
        ("element", "3227", "an..3", "Place/location qualifier"),
        ("code", "45", "", "Customs office of destination (transit)"),
        ("code", "122", "", "Customs office of destination"),
    ]
    assert lines("1225", "29")[1:] == [("code", "29", "", "Accepted without amendment")]


def test_a_segment_is_shown_with_its_elements_and_their_components() -> None:
    assert lines("gis") == [
        ("segment", "GIS", "", "GENERAL INDICATOR"),
        ("use", "C529", "M", "PROCESSING INDICATOR"),
        ("use", "7365", "M an..3", "Processing indicator, coded"),
        ("use", "1131", "C an..3", "Code list qualifier"),
        ("use", "3055", "C an..3", "Code list responsible agency, coded"),
        ("use", "7187", "C an..17", "Process type identification"),
    ]


def test_a_message_is_shown_as_its_tree_and_a_release_can_be_chosen() -> None:
    found = lines("CUSRES")
    assert found[:3] == [("message", "CUSRES", "", "Customs response message"), ("use", "UNH", "M1", ""),
                         ("use", "BGM", "M1", "BEGINNING OF MESSAGE")]
    assert ("use", "SG6", "C9999", "") in found
    assert "GEI" in [identifier for _, identifier, _, _ in lines("CUSRES", "--release", "D.04A")]


def test_a_word_finds_codes_whatever_its_case_and_accents() -> None:
    assert folded("Réponse DOUANIÈRE") == "reponse douaniere"
    assert lines("TRÀNSIT", "principal") == lines("transit", "PRINCIPAL") == [
        ("code", "AF", "3035", "Transit principal"),
        ("code", "AH", "3035", "Transit principal's agent/representative"),
    ]


def test_without_a_word_every_message_and_every_list_is_named() -> None:
    found = lines()
    assert ("message", "CUSDEC", "", "Customs declaration message") in found
    assert next(note for kind, identifier, note, _ in found if (kind, identifier) == ("element", "3227")).isdigit()


@pytest.mark.parametrize(
    ("language", "frame", "nothing"), [("fr", "élément", "rien dans"), ("en", "element", "nothing")]
)
def test_the_frame_speaks_the_language_of_the_reader(language: str, frame: str, nothing: str) -> None:
    assert edi("1225", "--lang", language).stdout.startswith(frame)
    done = edi("qqqq", "--lang", language)
    assert (done.returncode, done.stdout) == (1, "")
    assert nothing in done.stderr
    assert "qqqq" in done.stderr
    assert edi("1225", "--release", "D.97A").returncode == 2
