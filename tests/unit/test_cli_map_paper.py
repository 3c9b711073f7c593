"""Does a mapping leave by `edi map export` and come back edited by `edi map import`, beside the old one?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.records.sheets import read_sheets, write_sheets
from tests.tools.command import Answer, command

pytest.importorskip("xlsxwriter")
pytest.importorskip("python_calamine")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "a.xlsx"
    told = command("map", "export", "tg-ml", "--xlsx", path, lang="fr")
    assert (told.exit, told.err) == (0, "")
    assert told.out.startswith(f"{path} : ")
    return path


def edit(book: Path, sheet: str, old: str, new: str) -> None:
    sheets = read_sheets(book.read_bytes(), "")
    made = [type(one)(one.name, one.headings, tuple(tuple(new if cell == old else cell for cell in row)
                                                    for row in one.rows)) if one.name == sheet else one
            for one in sheets]
    book.write_bytes(write_sheets(made))


def edi(folder: Path, *words: object) -> Answer:
    return command("map", *words, environment={"EDI_MAPPINGS": str(folder)})


def test_the_headings_speak_the_language_of_the_run(book: Path) -> None:
    assert read_sheets(book.read_bytes(), "")[0].headings == ("Cible", "Source", "Règle", "Note", "Étiquette", "Niveau")


def test_an_unedited_workbook_makes_nothing(book: Path, tmp_path: Path) -> None:
    told = edi(tmp_path, "import", book, "--into", tmp_path)
    assert (told.exit, told.err, list(tmp_path.iterdir())) == (0, "", [book])


def test_an_edited_workbook_becomes_a_new_file_that_loads_and_the_difference_is_shown(book: Path,
                                                                                     tmp_path: Path) -> None:
    edit(book, "lines", "? LOC+14+{location_of_goods}'", "? LOC+14+{location_of_goods}:113:ZZZ'")
    rehearsed = edi(tmp_path, "import", book, "--as", "corridors/tg-ml-2/cusdec", "--into", tmp_path, "--dry-run")
    assert (rehearsed.exit, rehearsed.err, list(tmp_path.iterdir())) == (0, "", [book])
    told = edi(tmp_path, "import", book, "--as", "corridors/tg-ml-2/cusdec", "--into", tmp_path)
    assert rehearsed.out.splitlines() == [f"would: {line.lstrip()}" for line in told.out.splitlines()]
    made = tmp_path / "corridors" / "tg-ml-2" / "cusdec.yaml"
    assert (told.exit, told.err) == (0, "")
    assert told.out.splitlines()[0] == "line goods"
    assert made.read_text("utf-8").splitlines()[-2:] == [
        "override:", "  goods: \"? LOC+14+{location_of_goods}:113:ZZZ'\""]
    checked = edi(tmp_path, "lint", "corridors/tg-ml-2/cusdec", "--json")
    assert json.loads(checked.out.splitlines()[-1])["errors"] == 0
    again = edi(tmp_path, "import", book, "--as", "corridors/tg-ml-2/cusdec", "--into", tmp_path)
    assert (again.exit, again.err.split(":")[0]) == (1, "M461")
    for_programs = edi(tmp_path, "import", book, "--as", "corridors/tg-ml-3/cusdec", "--into", tmp_path, "--json")
    assert [json.loads(line)["kind"] for line in for_programs.out.splitlines()] == ["change", "summary"]


def test_faults_name_sheet_and_row_and_nothing_is_written(book: Path, tmp_path: Path) -> None:
    edit(book, "lines", "? LOC+14+{location_of_goods}'", "? LOC+14+{location_of_godos}'")
    told = edi(tmp_path, "import", book, "--into", tmp_path)
    assert told.exit == 3
    assert told.err.startswith(f"{book}, lines!C")
    assert ": M031: " in told.err.splitlines()[0]
    edit(book, "lines", "? LOC+14+{location_of_godos}'", "")
    told = edi(tmp_path, "import", book, "--into", tmp_path)
    assert (told.exit, ": M494: " in told.err, list(tmp_path.iterdir())) == (1, True, [book])


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_text("a;b\n", "utf-8")
    told = edi(tmp_path, "import", file)
    assert (told.exit, f"{file}: M490: " in told.err) == (1, True)
