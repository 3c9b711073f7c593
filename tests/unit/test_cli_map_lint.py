"""Does `edi map lint` tell every fault of every file once, repair on request, and `edi map show` print what holds?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.command import Answer, command

CUSDEC = """# yaml-language-server: $schema=x
format: "1"
id: corridors/xx-yy/cusdec
extends: base/cusdec-d96b@1
version: "1"
"""
CORRIDOR = """format: "1"
id: xx-yy
name: {fr: Un – Deux, en: One – Two}
administrations:
  - {gateway: XXADM, country: TG, role: departure}
  - {gateway: YYADM, country: ML, role: destination}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "corridors" / "xx-yy"
    own.mkdir(parents=True)
    (own / "cusdec.yaml").write_text(CUSDEC, "utf-8")
    (own / "corridor.yaml").write_text("# yaml-language-server: $schema=x\n" + CORRIDOR, "utf-8")
    return tmp_path


def edi(folder: Path, *words: str, lang: str = "en") -> Answer:
    return command("map", *words, lang=lang, environment={"EDI_MAPPINGS": str(folder)})


def append(folder: Path, text: str) -> Path:
    path = folder / "corridors" / "xx-yy" / "cusdec.yaml"
    path.write_text(CUSDEC + text, "utf-8")
    return path


def test_what_is_shipped_has_no_fault() -> None:
    told = command("map", "lint", "--json")
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert (told.exit, [line for line in lines if line.get("severity") == "error"]) == (0, [])
    assert lines[-1]["kind"] == "summary"
    assert lines[-1]["errors"] == 0
    assert lines[-1]["files"] > 40


def test_a_file_without_fault_is_told_so_in_both_languages(folder: Path) -> None:
    assert edi(folder, "lint", "xx-yy") == Answer(0, "2 files, 0 faults, 0 warnings\n", "")
    assert edi(folder, "lint", "xx-yy", lang="fr").out == "2 fichiers, 0 fautes, 0 avertissements\n"


def test_all_faults_come_at_once_each_with_place_sentence_and_what_to_do(folder: Path) -> None:
    append(folder, "override:\n  godos: \"LOC+14+{location_of_goods}'\"\nrecord:\n  items.gros: decimal(3)\n"
                   "remove:\n  route: \"\"\n")
    told = edi(folder, "lint", "xx-yy", "--json")
    lines = [json.loads(line) for line in told.out.splitlines()]
    faults = [line for line in lines if line["kind"] == "fault"]
    assert told.exit == 3
    assert {(one["severity"], one["file"]) for one in faults} == {("error", "corridors/xx-yy/cusdec.yaml")}
    assert sorted((one["line"], one["column"], one["code"]) for one in faults) == [
        (7, 3, "M030"), (9, 3, "M021"), (9, 3, "M032"), (11, 10, "M033")]
    assert [one["line"] for one in faults] == [7, 9, 9, 11]
    assert all(one["text"] and one["hint"] for one in faults)
    assert "goods" in faults[0]["text"]
    assert lines[-1] == {"schema": 1, "kind": "summary", "files": 2, "errors": 4, "warnings": 0}
    people = edi(folder, "lint", "xx-yy", lang="fr")
    assert people.err.startswith("corridors/xx-yy/cusdec.yaml:7:3: M030: ")
    assert people.out == "2 fichiers, 4 fautes, 0 avertissements\n"


def test_a_fault_of_a_base_is_told_once_however_many_inherit_it(folder: Path) -> None:
    base = folder / "base" / "cusres-d96b"
    base.mkdir(parents=True)
    text = (Path("mappings") / "base" / "cusres-d96b" / "common.yaml").read_text("utf-8")
    (base / "common.yaml").write_text(text.replace("  reference: an..35", "  refrence: an..35", 1), "utf-8")
    told = edi(folder, "lint", "base/cusres-d96b", "--json")
    faults = [json.loads(line) for line in told.out.splitlines() if '"fault"' in line]
    assert len({(one["code"], one["file"], one["line"], one["column"], one["text"]) for one in faults}) == len(faults)
    assert ("M032", "base/cusres-d96b/common.yaml") in {(one["code"], one["file"]) for one in faults}


def test_a_base_that_only_serves_to_inherit_from_is_no_fault() -> None:
    told = command("map", "lint", "base/cusres-d96b/common")
    assert (told.exit, told.err) == (0, "")


def test_dialects_and_the_files_of_corridors_are_checked_too(folder: Path) -> None:
    dialect = folder / "dialects" / "xx" / "csv.yaml"
    dialect.parent.mkdir(parents=True)
    text = (Path("mappings") / "dialects" / "generic" / "csv.yaml").read_text("utf-8")
    dialect.write_text(text.replace("id: generic/csv", "id: xx/csv").replace("delimiter: ", "delimitr: "), "utf-8")
    (folder / "corridors" / "xx-yy" / "corridor.yaml").write_text(CORRIDOR.replace("departure", "depart"), "utf-8")
    for words in (["xx/csv", "xx-yy"], ["dialects/xx/csv", "corridors/xx-yy/corridor"]):
        told = edi(folder, "lint", *words, "--json")
        faults = [json.loads(line) for line in told.out.splitlines() if '"fault"' in line]
        assert {(one["code"][0], Path(one["file"]).name) for one in faults if one["severity"] == "error"} == {
            ("S", "corridor.yaml"), ("D", "csv.yaml")}
        assert [(one["severity"], one["line"]) for one in faults if one["code"] == "M460"] == [("warning", 1)]
        assert told.exit == 3


def test_a_word_that_names_nothing_is_a_fault(folder: Path) -> None:
    told = edi(folder, "lint", "xx-yyy", "tgotr/csv", "tgotr/cvs")
    assert told.exit == 3
    assert [line.split(":")[0] for line in told.err.splitlines() if line.startswith("M")] == ["M006", "M006"]


def test_a_repair_changes_one_token_shows_it_and_leaves_the_rest(folder: Path) -> None:
    path = append(folder, "overide:  # of the line of goods\n  goods: ? LOC+14+{location_of_goods}:113:ZZZ'\n")
    path.chmod(0o640)
    told = edi(folder, "lint", "xx-yy", "--fix")
    assert told == Answer(0, (
        f"{path}:6: M002\n  - overide:  # of the line of goods\n  + override:  # of the line of goods\n"
        f"{path}:7: S020\n  -   goods: ? LOC+14+{{location_of_goods}}:113:ZZZ'\n"
        "  +   goods: \"? LOC+14+{location_of_goods}:113:ZZZ'\"\n2 files, 0 faults, 0 warnings\n"), "")
    assert path.read_text("utf-8") == CUSDEC + (
        "override:  # of the line of goods\n  goods: \"? LOC+14+{location_of_goods}:113:ZZZ'\"\n")
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_repair_of_a_dialect_knows_the_keys_of_dialects(folder: Path) -> None:
    dialect = folder / "dialects" / "xx" / "csv.yaml"
    dialect.parent.mkdir(parents=True)
    text = (Path("mappings") / "dialects" / "generic" / "csv.yaml").read_text("utf-8").replace("id: generic", "id: xx")
    dialect.write_text(text.replace("    delimiter: ", "    delimitr: "), "utf-8")
    assert edi(folder, "lint", "xx/csv", "--fix").exit == 0
    assert dialect.read_text("utf-8") == text


def test_nothing_to_repair_writes_nothing(folder: Path) -> None:
    path = append(folder, "remove:\n  route: one\n  route: two\n")
    before = path.stat().st_mtime_ns, path.read_bytes()
    assert edi(folder, "lint", "xx-yy", "--fix").exit == 3
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_show_prints_the_flat_mapping_and_with_yaml_one_that_can_be_loaded(folder: Path, tmp_path: Path) -> None:
    append(folder, "remove:\n  route: not exchanged\n")
    told = edi(folder, "show", "xx-yy")
    assert told.exit == 0
    assert told.out.startswith("# corridors/xx-yy/cusdec.yaml < base/cusdec-d96b.yaml\n# sha256 ")
    assert "  # base/cusdec-d96b.yaml:190\n" in told.out
    assert told.out.endswith("# removed: route (not exchanged)  # corridors/xx-yy/cusdec.yaml:7\n")
    flat = folder / "flat" / "corridors" / "xx-yy" / "cusdec.yaml"
    flat.parent.mkdir(parents=True)
    flat.write_text(edi(folder, "show", "xx-yy", "--yaml").out, "utf-8")
    again = command("map", "lint", "xx-yy", "--json", environment={"EDI_MAPPINGS": str(folder / "flat")})
    assert json.loads(again.out.splitlines()[-1])["errors"] == 0
    whole = json.loads(edi(folder, "show", "xx-yy", "--json").out)
    assert (whole["kind"], whole["id"], whole["files"][0], whole["lines"][0]["label"]) == (
        "mapping", "corridors/xx-yy/cusdec", "corridors/xx-yy/cusdec.yaml", "head")
