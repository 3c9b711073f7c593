"""Does `edi map new` write files that can be checked at once, tell what it guessed, and write over nothing?"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.tools.command import ROOT, Answer, command
from tests.unit.test_bench_start import SAMPLE


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "benin.csv"
    path.write_text(SAMPLE, "utf-8")
    return path


def edi(folder: Path | None, *words: object, lang: str = "en") -> Answer:
    return command("map", *words, lang=lang, environment={} if folder is None else {"EDI_MAPPINGS": str(folder)})


def test_the_files_are_written_and_the_next_command_finds_no_fault(tmp_path: Path, sample: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    told = edi(folder, "new", "BJ-NE", "--sample", sample, "--name-fr", "Cotonou – Niamey")
    assert told.exit == 0
    lines = told.out.splitlines()
    assert lines[0] == "begun from the corridor tg-ne"
    counts = {line.split()[1]: int(line.split()[0]) for line in lines if line.split()[1:2] and "/own/" in line}
    assert counts == {str(path): len(path.read_text("utf-8").splitlines())
                      for path in folder.rglob("*.yaml")}
    assert f"{sum(counts.values()):>4}  lines in all" in lines
    assert sum(counts.values()) <= 60
    assert "1 declarations read in the sample, 1 written as a message" in lines
    assert "benin.csv: M469: “NUMERO MRN” taken for mrn" in told.err.splitlines()
    assert "export" not in told.out  # the folder is one of those searched already
    following = shlex.split(lines[-1])
    assert following == ["edi", "map", "lint", "bj-ne", "bjdgd/csv"]
    assert edi(folder, *following[2:]).out == "3 files, 0 faults, 0 warnings\n"


def test_a_folder_that_is_not_searched_is_told_with_what_to_export(tmp_path: Path, sample: Path) -> None:
    told = edi(None, "new", "bj-ne", "--into", tmp_path / "else where", "--sample", sample, lang="fr")
    assert told.exit == 0
    export = next(line.strip() for line in told.out.splitlines() if "export" in line)
    assert export == f"export EDI_MAPPINGS='{tmp_path}/else where'"
    assert "lignes en tout" in told.out
    dialect = (tmp_path / "else where" / "dialects" / "bjdgd" / "csv.yaml").read_text("utf-8").splitlines()
    assert dialect[1] == "# BJ-NE : commencé par edi map new ; à relire"
    assert "      # supposé, à vérifier" in dialect


def test_outside_a_checkout_the_schemas_that_editors_look_for_go_along(tmp_path: Path, sample: Path) -> None:
    folder = tmp_path / "own"
    assert edi(None, "new", "bj-ne", "--into", folder, "--sample", sample).exit == 0
    files = sorted(folder.rglob("*.yaml"))
    assert len(files) == 4
    for path in files:
        _, mark, named = path.read_text("utf-8").splitlines()[0].partition("# yaml-language-server: $schema=")
        assert mark
        assert (path.parent / named).resolve().parent == (folder / "schema").resolve()
        assert (path.parent / named).read_bytes() == (ROOT / "gateway" / "schema" / Path(named).name).read_bytes()


def test_programs_get_files_findings_and_a_summary(tmp_path: Path, sample: Path) -> None:
    told = edi(None, "new", "BJ-NE", "--into", tmp_path, "--sample", sample, "--gateway", "bj=BJXYZ", "--json")
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert (told.exit, told.err) == (0, "")
    assert {Path(line["file"]).relative_to(tmp_path).as_posix() for line in lines if line["kind"] == "file"} == {
        "codes/offices.yaml", "corridors/bj-ne/corridor.yaml", "corridors/bj-ne/cusdec.yaml", "dialects/bjxyz/csv.yaml"}
    found = [line for line in lines if line["kind"] == "finding"]
    assert {line["code"] for line in found if line["severity"] == "note"} == {"M469", "M474", "M481"}
    others = [line for line in found if line["severity"] != "note"]
    assert [(line["code"], line["severity"]) for line in others] == [("M478", "warning")]
    assert "COR0233" in others[0]["text"]
    assert lines[-1] == {"schema": 1, "kind": "summary", "from": "tg-ne", "dialect": "bjxyz/csv",
                         "lines": lines[-1]["lines"], "records": 1, "written": 1}


def test_nothing_is_written_over(tmp_path: Path, sample: Path) -> None:
    words = ("new", "BJ-NE", "--into", tmp_path, "--sample", sample)
    assert edi(None, *words).exit == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")}
    again = edi(None, *words)
    assert (again.exit, again.err.split(":")[0]) == (1, "M461")
    (tmp_path / "corridors" / "bj-ne" / "corridor.yaml").unlink()
    (tmp_path / "dialects" / "bjdgd" / "csv.yaml").unlink()
    half = edi(None, *words)
    assert (half.exit, half.err.split(":")[0]) == (1, "M461")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")}.items() <= before.items()
    assert not (tmp_path / "corridors" / "bj-ne" / "corridor.yaml").exists()


@pytest.mark.parametrize(("words", "exit", "told"), [
    (["BJNE"], 1, "M475"), (["TG-ML"], 1, "M461"), (["BJ-NE", "--from", "tg-xx"], 3, "M302"),
    (["BJ-NE", "--gateway", "BJ"], 2, "“BJ” has not the form BJ=BJDGD"),
])
def test_what_cannot_be_begun_is_told(tmp_path: Path, words: list[str], exit: int, told: str) -> None:
    answer = edi(None, "new", *words, "--into", tmp_path)
    assert (answer.exit, told in answer.err, list(tmp_path.iterdir())) == (exit, True, [])
