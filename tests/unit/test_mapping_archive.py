"""Is a mapping the files it is made of, and can it be loaded again from nothing else?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.edifact import read_wire
from gateway.errors import LocalError
from gateway.mapping import load_mapping
from gateway.mapping.archive import Archive, parse
from gateway.mapping.kept import Kept
from gateway.mapping.loading import load_archived
from tests.golden.profile.expected import TRANSIT_HARD
from tests.golden.profile.samples import MAPPINGS

TG_ML = load_mapping("corridors/tg-ml/cusdec", [MAPPINGS])


def test_an_archive_holds_every_file_that_is_extended_the_base_first_byte_for_byte() -> None:
    assert TG_ML.archive.files[0][0] == "base/cusdec-d96b.yaml"
    assert TG_ML.archive.files[-1][0] == "corridors/tg-ml/cusdec.yaml"
    assert all((MAPPINGS / name).read_bytes() == content for name, content in TG_ML.archive.files)
    assert TG_ML.digest == TG_ML.archive.digest


def test_an_archive_comes_back_from_its_text() -> None:
    assert parse(TG_ML.archive.dump(), TG_ML.digest) == TG_ML.archive


def test_a_file_in_another_character_set_comes_back_too() -> None:
    archive = Archive((("dialects/x/sad.xml", "<Nom>Lomé</Nom>".encode("latin-1")), ("dialects/x/y.yaml", b"id: y\n")))
    assert parse(archive.dump(), archive.digest) == archive


@pytest.mark.parametrize("text", [
    "", "{", "[]", "7", '{"archive": 1}', '{"archive": 2, "files": []}', '{"archive": 1, "files": [["a"]]}',
    '{"archive": 1, "files": [["a", 7]]}', '{"archive": 1, "files": {"a": "b"}}',
    "# base/cusdec-d96b.yaml\nformat: 1\n",
    TG_ML.archive.dump().replace("masse brute", "masse nette"),
])
def test_a_text_that_was_changed_or_is_no_archive_is_refused(text: str) -> None:
    with pytest.raises(LocalError) as caught:
        parse(text, TG_ML.digest)
    assert [(finding.code, finding.values) for finding in caught.value.findings] == [("M401", {"digest": TG_ML.digest})]


def test_a_mapping_is_loaded_from_its_archive_when_its_files_are_gone_or_changed(tmp_path: Path) -> None:
    for name, content in TG_ML.archive.files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content.replace(b"LOC+42", b"LOC+43"))
    changed = load_mapping("corridors/tg-ml/cusdec", [tmp_path])
    assert changed.digest != TG_ML.digest
    kept = load_archived(parse(json.loads(json.dumps(changed.archive.dump())), changed.digest))
    for name, _ in TG_ML.archive.files:
        (tmp_path / name).unlink()
    wire = kept.to_message(TRANSIT_HARD)
    assert (kept.identifier, kept.version, kept.digest) == ("corridors/tg-ml/cusdec", TG_ML.version, changed.digest)
    assert "LOC+43" in wire.body
    assert kept.to_record(read_wire(wire)) == kept.normal(TRANSIT_HARD)


def test_an_archive_that_lacks_a_base_says_which() -> None:
    with pytest.raises(LocalError) as caught:
        load_archived(Archive(TG_ML.archive.files[-1:]))
    missing = [finding for finding in caught.value.findings if finding.code == "M006"]
    assert [finding.place.file for finding in missing] == ["corridors/tg-ml/cusdec.yaml"]


def test_a_mapping_is_made_once_for_the_same_files(tmp_path: Path) -> None:
    assert load_mapping("corridors/tg-ml/cusdec", [MAPPINGS]) is TG_ML
    assert load_archived(TG_ML.archive) is TG_ML
    for name, content in TG_ML.archive.files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert load_mapping("corridors/tg-ml/cusdec", [tmp_path]) is TG_ML


def test_what_is_kept_is_made_once_and_the_least_used_is_forgotten() -> None:
    kept: Kept[str, int] = Kept(2)
    made: list[str] = []

    def asked(key: str) -> int:
        def make() -> int:
            made.append(key)
            return len(made)
        return kept.get(key, make)
    assert [asked(key) for key in "abacab"] == [1, 2, 1, 3, 1, 4]
    assert made == ["a", "b", "c", "b"]


def test_what_cannot_be_made_is_tried_again() -> None:
    kept: Kept[str, int] = Kept(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 7) == 7
