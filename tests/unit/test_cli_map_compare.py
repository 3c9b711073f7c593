"""Do `edi map coverage` and `edi map diff` speak to people and programs, and end as they should?"""

from __future__ import annotations

import json
from pathlib import Path

from tests.tools.command import ROOT, command

STORY = ROOT / "samples" / "story" / "tgotr"
MILD = """format: "1"
id: corridors/xx-yy/cusdec
extends: base/cusdec-d96b@1
override:
  goods: "? LOC+14+{location_of_goods}:113:ZZZ'"
"""


def test_a_covered_corpus_ends_well_and_a_forgotten_field_wants_a_person() -> None:
    told = command("map", "coverage", "tg-ml", STORY / "declaration-2.csv", lang="fr")
    lines = told.out.splitlines()
    assert (told.exit, told.err) == (0, "")
    assert lines[0].split() == ["ÉTAT", "CHAMP", "FICHIERS", "EXEMPLE", "TERMES", "OU", "MOTIF"]
    assert any(line.startswith("porté  BUREAU DÉPART ") for line in lines)
    assert lines[-1].startswith("1 fichiers, 1 déclarations ; champs : 0 oubliés, 0 laissés, ")
    xml = command("map", "coverage", "tg-ml", STORY / "declaration-1.xml", STORY / "declaration-1-t1.csv", "--json")
    objects = [json.loads(line) for line in xml.out.splitlines()]
    assert xml.exit == 1
    assert (objects[0]["kind"], objects[0]["state"], Path(objects[0]["file"]).name) == (
        "field", "forgotten", "declaration-1.xml")
    summary = objects[-1]
    assert (summary["kind"], summary["dialect"], summary["records"], summary["refused"]) == (
        "summary", "tgotr/asycuda", 1, [])
    assert summary["forgotten"] == sum(one.get("state") == "forgotten" for one in objects)


def test_a_message_has_no_national_fields() -> None:
    wire = ROOT / "samples" / "story" / "steps" / "01-declaration" / "1-TGOTR-BFDGD-CUSDEC.edi"
    told = command("map", "coverage", "tg-ml", wire)
    assert (told.exit, told.out) == (2, "")


def test_a_difference_shows_rules_first_and_then_what_becomes_of_a_corpus(tmp_path: Path) -> None:
    path = tmp_path / "corridors" / "xx-yy" / "cusdec.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(MILD, "utf-8")
    words = ("map", "diff", "base/cusdec-d96b", "xx-yy", STORY / "declaration-2.csv", "--dialect", "tgotr/csv")
    told = command(*words, environment={"EDI_MAPPINGS": str(tmp_path)})
    lines = told.out.splitlines()
    assert (told.exit, told.err) == (0, "")
    assert lines[0] == "line goods"
    assert lines[1].startswith("  - ? LOC+14+{location_of_goods}'  # base/cusdec-d96b.yaml:")
    assert lines[2] == "  + ? LOC+14+{location_of_goods}:113:ZZZ'  # corridors/xx-yy/cusdec.yaml:5"
    assert lines[3] == f"message of {STORY / 'declaration-2.csv'}"
    assert [line.split(None, 2)[::2] for line in lines[4:6]] == [
        ["-", "LOC+14+PAL-T3'"], ["+", "LOC+14+PAL-T3:113:ZZZ'"]]
    assert lines[6:] == ["1 records, 1 messages changed"]
    objects = [json.loads(line) for line in command(*words, "--json", environment={
        "EDI_MAPPINGS": str(tmp_path)}).out.splitlines()]
    assert [one["kind"] for one in objects] == ["change", "effect", "summary"]
    assert objects[0]["change_kind"] == "line"
    assert objects[2] == {"schema": 1, "kind": "summary", "records": 1, "changed": 1}


def test_the_same_mapping_and_no_files_say_nothing() -> None:
    told = command("map", "diff", "tg-ml", "tg-ml/cusdec")
    assert (told.exit, told.out, told.err) == (0, "", "")
