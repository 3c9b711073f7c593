"""Does `edi report` write what was asked for and no more, in both languages, and nothing when it only rehearses?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json

NAMES = ("TRANSIT EXEMPLE SARL", "MSKU1234565", "TGCUS0012345678", "8517130000")


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office with one movement on its way, and its partner's acceptance."""
    here, burkina = offices(tmp_path_factory.mktemp("report"))
    here.drop("declarations", {"d1.json": declaration_json("R1")})
    for office, program in ((here, "edi-send"), (burkina, "edi-receive"), (here, "edi-receive")):
        assert office.run(program).exit == 0
    return here


def names(folder: Path) -> set[str]:
    """The pages, without those of guides and without the numbers of movements."""
    return {path.relative_to(folder).as_posix().split("26TG")[0] for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith("guide")}


def test_references_and_states_are_written_and_names_only_when_all_of_it_is_asked_for(togo: Office) -> None:
    ran = togo.run("edi", "report", "--out", str(togo.home / "brief"), "--every", "15m", "--json")
    line, = checked("report", ran.out)
    assert (ran.exit, ran.err, line["full"], line["corridors"]) == (0, "", False, [])
    told = {path: path.read_text("utf-8") for path in (togo.home / "brief").rglob("*.html")}
    assert line["pages"] == len(told)
    pages = ["board-tg-bf.html", "index.html", "movement-", "overdue.html", "statistics-tg-bf.html"]
    assert names(togo.home / "brief") == {".edi-report", "index.html", *(f"{one}/{page}" for one in ("fr", "en")
                                                                          for page in pages)}
    assert [name for name in NAMES for path, page in told.items() if name in page and "guide" not in path.name] == []
    assert "TGLPL/2026/T/R1" in told[togo.home / "brief" / "fr" / "board-tg-bf.html"]
    assert "next update expected before" in told[togo.home / "brief" / "en" / "index.html"]

    assert togo.run("edi", "report", "--out", str(togo.home / "full"), "--full").exit == 0
    assert {path.stat().st_mode & 0o777 for path in (togo.home / "full", *(togo.home / "full").rglob("*"))} == {
        0o750, 0o640}, "as confidential as the ledger"
    assert {path.stat().st_mode & 0o777 for path in (togo.home / "brief", *(togo.home / "brief").rglob("*"))} == {
        0o755, 0o644}
    sheet, = (togo.home / "full" / "fr").glob("movement-*")
    assert [name for name in NAMES if name not in sheet.read_text("utf-8")] == []
    assert "MSKU1234565" in (togo.home / "full" / "fr" / "board-tg-bf.html").read_text("utf-8")


def test_a_rehearsal_counts_the_pages_and_writes_nothing(togo: Office) -> None:
    ran = togo.run("edi", "report", "--out", str(togo.home / "never"), "--dry-run")
    assert (ran.exit, ran.err) == (0, "")
    assert ran.out.startswith(f"would: write {togo.home / 'never'}: ")
    line, = checked("report", togo.run("edi", "report", "--out", str(togo.home / "never"), "--dry-run", "--json").out)
    assert line["dry_run"] is True
    assert not (togo.home / "never").exists()


def test_without_a_folder_the_pages_lie_beside_the_settings_and_one_corridor_may_be_chosen(togo: Office) -> None:
    assert togo.run("edi", "report", "--corridor", "tg-bf").exit == 0
    assert {name for name in names(togo.home / "report") if name.startswith("fr/board")} == {"fr/board-tg-bf.html"}
    unknown = togo.run("edi", "report", "--corridor", "tg-xx")
    assert (unknown.exit, unknown.err.split(":")[0]) == (3, "M302")


def test_a_folder_that_is_somebody_elses_and_a_duration_that_is_none_are_refused(togo: Office) -> None:
    (togo.home / "site").mkdir()
    (togo.home / "site" / "theirs.html").write_text("x")
    refused = togo.run("edi", "report", "--out", str(togo.home / "site"))
    assert refused.exit == 1
    assert "B070" in refused.err and "edi report --out" in refused.err
    assert togo.run("edi", "report", "--every", "soon").exit == 2
