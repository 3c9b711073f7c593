"""Do the commands of the mapping bench print, with --json, what their published schemas say?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.entry import run
from gateway.mapping import Mapping
from tests.tools.command import ROOT, command
from tests.tools.outputs import checked
from tests.unit.test_bench_start import SAMPLE
from tests.unit.test_laws_samples import shelf

CSV = ROOT / "samples" / "story" / "tgotr" / "declaration-2.csv"
XML = [ROOT / "samples" / "story" / "tgotr" / name for name in ("declaration-1.xml", "declaration-1-t1.csv")]
CUSDEC = """format: "1"
id: corridors/xx-yy/cusdec
extends: base/cusdec-d96b@1
overide:
  goods: "? LOC+14+{location_of_goods}:113:ZZZ'"
remove:
  route: not exchanged
  nothing: at all
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "corridors" / "xx-yy" / "cusdec.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CUSDEC, "utf-8")
    return tmp_path


def lines(name: str, *words: object, folder: Path | None = None) -> list[str]:
    """The kinds of the lines of a command, each line held against its schema."""
    told = command("map", name, *words, "--json", environment={"EDI_MAPPINGS": str(folder)} if folder else {})
    return [line["kind"] for line in checked(f"map-{name}", told.out)]


def test_lint_tells_faults_warnings_and_repairs(folder: Path) -> None:
    assert set(lines("lint", "xx-yy", folder=folder)) == {"fault", "summary"}
    assert lines("lint", "xx-yy", "--fix", folder=folder) == ["fix", "fault", "fault", "summary"]


def test_show_is_one_object_a_mapping(folder: Path) -> None:
    (folder / "corridors" / "xx-yy" / "cusdec.yaml").write_text(
        CUSDEC.replace("overide", "override").replace("  nothing: at all\n", ""), "utf-8")
    assert lines("show", "xx-yy", "base/cusres-d96b/accepted", "base/cusres-d96b/arrived-control", folder=folder) == [
        "mapping"] * 3


def test_new_tells_files_findings_and_a_summary(tmp_path: Path) -> None:
    sample = tmp_path / "benin.csv"
    sample.write_text(SAMPLE, "utf-8")
    told = lines("new", "BJ-NE", "--into", tmp_path, "--sample", sample)
    assert (told[0], told[-1], set(told)) == ("file", "summary", {"file", "finding", "summary"})


def test_preview_and_trace_tell_records_and_ways() -> None:
    assert lines("preview", "tg-ml", CSV) == ["preview"]
    assert lines("trace", "tg-ml", CSV, "--to", "LOC+118") == ["trail", "trail", "summary"]
    assert lines("trace", "tg-ml", *XML, "--from", "/ASYCUDA/Transit")[-1:] == ["summary"]


def test_coverage_and_difference_tell_fields_and_changes(folder: Path) -> None:
    assert set(lines("coverage", "tg-ml", *XML)) == {"field", "summary"}
    (folder / "corridors" / "xx-yy" / "cusdec.yaml").write_text(
        CUSDEC.replace("overide", "override").replace("  nothing: at all\n", ""), "utf-8")
    told = lines("diff", "base/cusdec-d96b", "xx-yy", CSV, "--dialect", "tgotr/csv", folder=folder)
    assert told == ["change", "change", "effect", "summary"]


def test_test_tells_each_mapping_the_ways_and_a_summary(folder: Path) -> None:
    assert lines("test", "tg-ml", "tgotr/csv", "--records", "3") == ["map_test", "map_test", "summary"]
    assert lines("test", "xx-yy", folder=folder) == ["map_test", "summary"]  # cannot be loaded: its faults
    assert lines("test", "tg-ml", "--exchange", CSV) == ["map_exchange", "summary"]


def test_a_law_that_breaks_is_told_with_the_smallest_record_that_breaks_it(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shelf(tmp_path)
    monkeypatch.setenv("EDI_MAPPINGS", str(tmp_path))
    monkeypatch.setattr(Mapping, "to_record", lambda self, message: {})
    assert run("edi", ["map", "test", "base/small", "--records", "5", "--json"]) == 1
    told, summary = checked("map-test", capsys.readouterr().out)
    assert (told["ok"], summary["count"], summary["failed"]) == (False, 1, 1)
    assert (told["counterexample"]["law"], told["counterexample"]["found"]) == ("record", [])
    assert told["counterexample"]["expected"] != []


def test_rehearse_tells_one_object(tmp_path: Path) -> None:
    (tmp_path / "month").mkdir()
    (tmp_path / "month" / "a.csv").write_bytes(CSV.read_bytes())
    (tmp_path / "month" / "b.txt").write_bytes(b"not a record")
    assert lines("rehearse", tmp_path / "month", "--dialect", "tgotr/csv") == ["map_rehearsal"]


def test_import_tells_changes_and_the_file(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    book = tmp_path / "a.xlsx"
    assert command("map", "export", "tg-ml", "--xlsx", book).exit == 0
    assert lines("import", book, "--into", tmp_path) == ["summary"]
