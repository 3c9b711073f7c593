"""Is a dialect its files, so that an old record can be read with the dialect of its day?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping.archive import Archive, parse
from gateway.mapping.dialect import load_archived_dialect, load_dialect
from gateway.mapping.dialect_files import Archived, beside

MAPPINGS = Path(__file__).parents[2] / "mappings"
STORY = MAPPINGS.parent / "samples" / "story" / "tgotr"


def test_the_archive_of_a_dialect_is_itself_its_bases_and_their_skeletons() -> None:
    files = load_dialect("mldgd/asycuda", [MAPPINGS]).archive.files
    names = [name for name, _ in files]
    assert names[-1] == "dialects/mldgd/asycuda.yaml"
    assert names[0] == "dialects/asycuda/sad.xml"
    assert all(content == (MAPPINGS / name).read_bytes() for name, content in files)


def test_an_archived_dialect_reads_as_on_its_day() -> None:
    names = ("declaration-1.xml", "declaration-1-t1.csv")
    files = {name: (STORY / name).read_bytes() for name in names}
    today = load_dialect("tgotr/asycuda", [MAPPINGS])
    kept = load_archived_dialect(parse(today.archive.dump(), today.archive.digest))
    assert (kept.identifier, kept.version, kept.archive) == (today.identifier, today.version, today.archive)
    assert kept.terms.keys() == today.terms.keys()
    assert kept.read(files).records[0].tree == today.read(files).records[0].tree


def test_an_archive_that_lacks_a_file_says_which() -> None:
    files = load_dialect("tgotr/asycuda", [MAPPINGS]).archive.files
    with pytest.raises(LocalError) as caught:
        load_archived_dialect(Archive(()))
    assert caught.value.code == "D011"
    with pytest.raises(LocalError) as caught:
        load_archived_dialect(Archive(tuple(file for file in files if not file[0].endswith(".xml"))))
    assert [finding.code for finding in caught.value.findings] == ["D015"]


def test_a_skeleton_is_found_beside_its_dialect_and_never_outside_the_dialects() -> None:
    assert beside("dialects/tgotr/asycuda.yaml", "../asycuda/sad.xml") == "dialects/asycuda/sad.xml"
    assert beside("dialects/tgotr/asycuda.yaml", "../../../etc/passwd") is None
    assert beside("dialects/tgotr/asycuda.yaml", "/etc/passwd") is None
    assert Archived({"a": b"b"}).find("c") is None


def test_a_dialect_tells_its_terms_with_formats_words_and_limits() -> None:
    terms = load_dialect("tgotr/csv", [MAPPINGS]).terms
    assert (terms["national_reference_date"].kind, terms["national_reference_date"].format) == (
        "date", "date dd/MM/yyyy")
    assert terms["function"].words == ("original", "replacement", "cancellation", "request", "copy", "retransmission")
    assert (terms["guarantee.references"].most, terms["offices_of_transit.order"].counted) == (1, True)
    assert (terms["documents.type"].fixed, terms["countries_of_transit.country"].avoid) == ("730", ",")
    assert terms["items.previous_documents.date"].avoid == "| du "
    assert "items.consignee.name" not in terms
    asycuda = load_dialect("tgotr/asycuda", [MAPPINGS]).terms
    assert asycuda["items.commodity"].shape == "{code:up 8}[{precision}]"
    assert asycuda["consignor.name"].kind == "text"
    assert {one.kind for one in load_dialect("neutral/json", [MAPPINGS]).terms.values()} == {
        "text", "count", "boolean", "decimal", "date", "datetime", "moment", "group", "list"}


def test_the_lists_of_offices_are_part_of_a_dialect_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "offices.yaml").write_text(
        'format: "1"\nversion: "1"\noffices:\n  TGOWN: {name: Notre Bureau, administration: TGOTR, country: TG, '
        "roles: [departure]}\n", "utf-8")
    dialect = load_dialect("tgotr/csv", [tmp_path, MAPPINGS])
    assert [name for name, _ in dialect.archive.files if name.startswith("codes/")] == [
        "codes/offices.yaml~2", "codes/offices.yaml"]
    content = "N° RÉPERTOIRE;BUREAU DÉPART;BUREAU SORTIE\r\nL;notre bureau;Cinkassé\r\n".encode("cp1252")
    for one in (dialect, load_archived_dialect(parse(dialect.archive.dump(), dialect.archive.digest))):
        tree = one.read({"d.csv": content}).records[0].tree
        assert (tree["office_of_departure"], tree["office_of_exit"]) == ({"code": "TGOWN"}, {"code": "TGCKS"})
