"""Does `edi map` find the mappings that words name, import only what is called, and know what only reads?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.commands import Lazy, reads
from gateway.cli.map import map_command, resolve_names
from gateway.errors import LocalError
from tests.tools.command import ROOT, command

MAPPINGS = [ROOT / "mappings"]


@pytest.mark.parametrize(("words", "names"), [
    (["tg-ml"], ["corridors/tg-ml/cusdec"]),
    (["tg-ml/cusdec"], ["corridors/tg-ml/cusdec"]),
    (["corridors/tg-ml/cusdec"], ["corridors/tg-ml/cusdec"]),
    (["base/cusres-d96b/accepted"], ["base/cusres-d96b/accepted"]),
    (["tg-ml", "tg-bf", "tg-ml/cusdec"], ["corridors/tg-ml/cusdec", "corridors/tg-bf/cusdec"]),
])
def test_a_word_names_a_mapping_in_short_and_in_full_and_each_comes_once(words: list[str], names: list[str]) -> None:
    assert resolve_names(words, MAPPINGS) == names


def test_a_folder_names_every_mapping_in_it_and_no_word_names_all() -> None:
    layouts = sorted(f"base/cusres-d96b/{path.stem}" for path in (MAPPINGS[0] / "base" / "cusres-d96b").glob("*.yaml"))
    assert resolve_names(["base/cusres-d96b"], MAPPINGS) == layouts
    everything = resolve_names([], MAPPINGS)
    assert set(layouts) | {"base/cusdec-d96b", "corridors/tg-ml/cusdec"} <= set(everything)
    assert [name for name in everything if name.endswith("/corridor") or "/samples/" in name] == []


def test_every_word_that_names_nothing_is_told_with_the_nearest_that_does() -> None:
    with pytest.raises(LocalError) as caught:
        resolve_names(["tg-mm", "tg-bf", "base/cusdec-d96c", "tg"], MAPPINGS)
    assert [(one.code, one.values["mapping"], one.values["nearest"]) for one in caught.value.findings] == [
        ("M006", "tg-mm", "tg-ml"), ("M006", "base/cusdec-d96c", "base/cusdec-d96b"), ("M006", "tg", "-")]


def test_a_corridor_of_ones_own_is_found_before_the_one_packed_with_the_gateway(tmp_path: Path) -> None:
    own = tmp_path / "corridors" / "xx-yy"
    own.mkdir(parents=True)
    for name in ("corridor", "cusdec"):
        (own / f"{name}.yaml").write_text("", "utf-8")
    assert resolve_names(["xx-yy"], [tmp_path, *MAPPINGS]) == ["corridors/xx-yy/cusdec"]


def test_the_group_is_one_of_the_commands_and_helps_in_both_languages() -> None:
    assert isinstance(map_command, Lazy)
    for language, sentence in (("fr", "Écrire, vérifier et montrer"), ("en", "Write, check and show")):
        answer = command("map", "--help", lang=language)
        assert (answer.exit, answer.err) == (0, "")
        assert sentence in answer.out


def test_a_command_that_there_is_not_is_wrong_use() -> None:
    answer = command("map", "lindt")
    assert (answer.exit, answer.out) == (2, "")
    assert "lindt" in answer.err


@pytest.mark.parametrize(("words", "answer"), [
    (["lint", "tg-ml"], True), (["test", "--records", "10"], True), (["--help"], True),
    (["test", "--accept"], False), (["lint", "--fix", "tg-ml"], False), (["activate", "tg-ml"], False),
    (["new", "ML-NE"], False), (["import", "a.xlsx"], False),
])
def test_what_only_reads_is_known_by_its_name_and_its_options(words: list[str], answer: bool) -> None:
    assert map_command.only_reads(words) is answer
    assert reads("edi", ["map", *words]) is answer
