"""Does the annex of an agreement say what settings, mappings and certificates say, for both to compare?"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from gateway.mapping import load_corridors, search_path
from gateway.security import fingerprint, load_certificate
from tests.tools.newcomers import HOST_KEY, PEOPLE, edi, new_gateway, pack_of
from tests.tools.outputs import checked

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Togo's settings with Mali as partner, whose mailbox is on a server."""
    folder = tmp_path_factory.mktemp("annex")
    settings = new_gateway(folder / "togo", "TGOTR", "TG")
    (folder / "host").write_text(f"{HOST_KEY}\n", "ascii")
    pack = pack_of(new_gateway(folder / "mali", "MLDGD", "ML"), folder / "mali.tar", "--contact", "Awa Traoré",
                   "+223 20 00 00 00", "edi@example.ml", "--mailbox", "sftp://togo@edi.example.ml:22/v1/in",
                   "--host-keys", folder / "host")
    assert edi("partner", "import", pack, *PEOPLE, "--config", settings)[0] == 0
    return settings


def test_the_annex_says_what_is_agreed(togo: Path) -> None:
    status, out, err = edi("partner", "annex", "MLDGD", "--json", "--config", togo)
    *rows, last = checked("partner-annex", out)
    assert (status, err, last["rows"], last["file"]) == (0, "", len(rows), None)
    told = {name: [row["cells"] for row in rows if row["part"] == name] for name in {row["part"] for row in rows}}
    assert {row["mapping"]: row["digest"] for row in told["messages"] if row["corridor"] == "tg-ml"} == {
        one.identifier: one.digest for one in load_corridors(search_path()).named("tg-ml").mappings()}
    assert [(one["direction"], one["address"]) for one in told["mailboxes"]] == [
        ("MLDGD → TGOTR", "told by the host"), ("TGOTR → MLDGD", "sftp://togo@edi.example.ml:22/v1/in")]
    assert {one["fingerprint"] for one in told["certificates"]} == {
        fingerprint(load_certificate(path)) for use in ("authority", "signing", "encryption")
        for path in (togo.parent / "keys" / f"{use}.crt", togo.parent / "partners" / f"MLDGD-{use}.crt")}
    assert [(one["what"], one["time"]) for one in told["times"]][:2] == [
        ("Signed receipt", "4\N{NO-BREAK SPACE}h"), ("CONTRL (syntax)", "30\N{NO-BREAK SPACE}min")]


def test_both_languages_stand_beside_each_other(togo: Path, tmp_path: Path) -> None:
    for name in ("annex.md", "annex.html"):
        assert edi("partner", "annex", "MLDGD", "--bilingual", "-o", tmp_path / name, "--config", togo)[0] == 0
        text = (tmp_path / name).read_text("utf-8")
        assert "Douanes du Mali / Mali customs" in text
        assert "à compléter / to be filled in" in text
    status, out, _ = edi("partner", "annex", "MLDGD", "--config", togo)
    assert (status, out.splitlines()[0]) == (0, "# Technical annex: MLDGD – TGOTR")


def test_a_name_that_says_no_form_writes_nothing(togo: Path, tmp_path: Path) -> None:
    status, _, err = edi("partner", "annex", "MLDGD", "-o", tmp_path / "annex.doc", "--config", togo)
    assert (status, err[:4], list(tmp_path.iterdir())) == (1, "C260", [])


@pytest.mark.parametrize(("guide", "heading"), [
    ("en/operator.md", "## The annex of an agreement"), ("fr/exploitation.md", "## L'annexe d'un accord")])
def test_the_lines_of_the_guide_work_as_they_stand_there(togo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                         guide: str, heading: str) -> None:
    monkeypatch.chdir(tmp_path)
    part = (ROOT / "gateway/docs" / guide).read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    lines = part.split("```")[1].split("\n")[1:-1]
    for line in lines:
        _, *words = shlex.split(line.replace("BFDGD", "MLDGD"))
        assert edi(*words, "--config", togo)[0] == 0, line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["annex.html", "annex.md"]
