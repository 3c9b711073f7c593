"""Does `edi trace --from` lead from a field of our own file on to the message that was sent?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.command import command
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Office:
    togo, _ = offices(tmp_path_factory.mktemp("trace"))
    togo.drop("declarations", {"1.json": declaration_json("N1")})
    assert togo.run("edi-send").exit == 0
    return togo


def reference(togo: Office) -> str:
    line = togo.run("edi", "status", "--json").out.splitlines()[0]
    return str(json.loads(line)["mrn"])


def test_a_field_with_and_without_ordinals_leads_to_its_places_in_the_message(togo: Office) -> None:
    told = togo.run("edi", "trace", reference(togo), "--from", "/office_of_departure/code", "--json")
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert told.exit == 0
    assert [(line["tag"], line["data_element"], line["value"], line["path"], Path(line["file"]).name, line["locator"])
            for line in lines[:-1]] == [
        ("LOC", "3225", "TGLPL", "office_of_departure.code", "1.json", "/office_of_departure/code")]
    whole = togo.run("edi", "trace", reference(togo), "--from", "office_of_departure", "--json").out.splitlines()
    assert {json.loads(line)["path"].split(".")[0] for line in whole[:-1]} == {"office_of_departure"}


def test_a_field_that_feeds_nothing_is_told(togo: Office) -> None:
    told = togo.run("edi", "trace", reference(togo), "--from", "/nothing")
    assert (told.exit, "X046" in told.err, told.out) == (1, True, "")


@pytest.mark.parametrize("words", [["X"], ["X", "BGM", "--from", "mrn"]])
def test_either_the_place_or_the_field_is_asked_for(words: list[str]) -> None:
    told = command("trace", *words, lang="fr")
    assert (told.exit, told.out) == (2, "")
    assert told.err.splitlines()[-1] == "Erreur : donner soit CHEMIN, soit --from"
