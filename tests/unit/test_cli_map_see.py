"""Do `edi map preview` and `edi map trace` say in words and for programs what the bench has found?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.command import ROOT, command

STORY = ROOT / "samples" / "story"
CSV = STORY / "tgotr" / "declaration-2.csv"
WIRE = STORY / "steps" / "01-declaration" / "1-TGOTR-BFDGD-CUSDEC.edi"


def test_a_preview_has_the_record_left_and_the_message_right_in_both_languages() -> None:
    told = command("map", "preview", "tg-ml", CSV, lang="fr")
    assert told.exit == 0
    lines = told.out.splitlines()
    assert lines[0] == f"{CSV}  →  corridors/tg-ml/cusdec  CUSDEC:D:96B:UN:COR10"
    assert "   4 LOC+118+TGLPL:113:ZZZ:LOMÉ PORT'  PLACE/LOCATION IDENTIFICATION" in lines
    row = next(line for line in lines if line.startswith("     office_of_departure.name"))
    assert row.split("  ")[-2:] == ["3224 Place/location = LOMÉ PORT facultatif", "base/cusdec-d96b.yaml:192"]
    assert told.err.startswith("mrn: M484: ")
    assert "optional" in command("map", "preview", "tg-ml", CSV).out


def test_what_is_missing_is_marked_and_the_status_says_so(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(CSV.read_bytes().replace(b";T1;8000;", b";;8000;"))
    told = command("map", "preview", "tg-ml", file, lang="fr")
    assert any(line.lstrip().startswith("transit_type  MANQUE") for line in told.out.splitlines())
    assert "COR0203" in told.err
    assert told.exit == 0  # it can be written; the receiver would refuse it, which is told
    record = tmp_path / "b.json"
    record.write_text('{"function": "original", "office_of_departure": {"name": "LOME"}}', "utf-8")
    told = command("map", "preview", "tg-ml", record, "--dialect", "neutral/json")
    assert told.exit == 1


def test_a_preview_for_programs_is_one_object_a_record() -> None:
    told = command("map", "preview", "tg-ml", CSV, WIRE, "--json")
    objects = [json.loads(line) for line in told.out.splitlines()]
    assert [(one["kind"], one["sample"].rpartition("/")[2], one["mapping"]) for one in objects] == [
        ("preview", "1-TGOTR-BFDGD-CUSDEC.edi 1", "corridors/tg-ml/cusdec"),
        ("preview", "declaration-2.csv", "corridors/tg-ml/cusdec")]
    assert objects[1]["record"]["office_of_departure.code"] == "TGLPL"
    assert objects[1]["rows"][0]["tag"] == "UNH"


def test_a_trace_leads_both_ways() -> None:
    back = command("map", "trace", "tg-ml", CSV, "--to", "LOC+118/3225", "--json")
    trail, summary = (json.loads(line) for line in back.out.splitlines())
    assert (trail["field"], trail["line"], trail["path"], trail["written"], trail["mapping"]) == (
        "BUREAU DÉPART", 4, "office_of_departure.code", "TGLPL", "base/cusdec-d96b.yaml:192")
    assert (summary["count"], summary["lost"], back.exit) == (1, [], 0)
    on = command("map", "trace", "tg-ml", CSV, "--from", "DÉLAI", lang="fr")
    row = on.out.splitlines()[1]
    assert [cell.strip() for cell in row.split("  ")][-2:] == ["2380 Date/time/period", "base/cusdec-d96b.yaml:208"]
    assert "moment dd/MM/yyyy HH:mm(:ss) → moment → 20261210" in on.out


@pytest.mark.parametrize(("words", "exit", "told"), [
    (["tg-ml", CSV, "--to", "NAD+XX"], 1, "M489"), (["tg-ml", CSV, "--from", "RIEN"], 1, "M489"),
    (["tg-ml", CSV], 2, "give either --to or --from"), (["tg-ml", CSV, "--to", "X", "--from", "Y"], 2, "give either"),
    (["base/cusres-d96b", CSV, "--to", "BGM"], 1, "M485"), (["tg-mm", CSV, "--to", "BGM"], 3, "M006"),
    (["tg-ml", ROOT / "pyproject.toml", "--to", "BGM"], 1, "M483"),
])
def test_what_leads_nowhere_is_told(words: list[object], exit: int, told: str) -> None:
    answer = command("map", "trace", *words)
    assert (answer.exit, told in answer.err, answer.out) == (exit, True, "")
