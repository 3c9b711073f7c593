"""Does a wrong dialect say all its faults with line and column before any file is read?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.references import Tree
from gateway.texts import Language, hint, known, sentence

MAPPINGS = Path(__file__).parents[2] / "mappings"

SOUND = """\
format: "1"
id: xx/csv
record: declaration
parts:
  t1:
    kind: csv
    file: "{stem}.csv"
    encoding: utf-8
    delimiter: ";"
    columns: {mrn: MRN, office: BUREAU, kinds: NATURES, rest: RESTE}
codes:
  function: {original: O, copy: [C, K]}
places:
  mrn: t1 mrn
  office_of_departure.code: t1 office
rest: t1 rest
"""


def load(folder: Path, text: str, identifier: str = "xx/csv") -> Dialect:
    file = folder / "dialects" / f"{identifier}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return load_dialect(identifier, [folder, MAPPINGS])


def faults(folder: Path, text: str) -> list[tuple[str, int | None, int | None]]:
    with pytest.raises(LocalError) as caught:
        load(folder, text)
    for finding in caught.value.findings:
        assert finding.place.file == str(folder / "dialects" / "xx" / "csv.yaml")
        for language in Language:
            said = sentence(finding, language).partition("csv.yaml")[2]
            assert all(f"{{{name}}}" not in said for name in ("key", "near", "term", "value", "known", "format"))
            assert known(finding.code, language) and hint(finding, language)
    return [(finding.code, finding.place.line, finding.place.column) for finding in caught.value.findings]


def test_a_sound_dialect_loads_and_names_its_files(tmp_path: Path) -> None:
    dialect = load(tmp_path, SOUND)
    assert (dialect.identifier, dialect.kind, dialect.parts, dialect.matches) == (
        "xx/csv", "declaration", ("t1",), ("*.csv",))


@pytest.mark.parametrize(("before", "after", "expected"), [
    ("mrn: t1 mrn", "mrm: t1 mrn", ("D004", 14, 3)), ("t1 office", "t2 office", ("D005", 15, 29)),
    ("t1 office", "t1 offfice", ("D006", 15, 29)), ("t1 mrn", "t1 mrn | date M/d/yy", ("D008", 14, 8)),
    ("t1 mrn", "t1 mrn | guess", ("D007", 14, 8)), ("t1 mrn", "t1 mrn | code nope", ("D012", 14, 8)),
    ("copy: [C, K]", "copy: [C, O]", ("D009", 12, 37)), ("rest: t1 rest", "rests: t1 rest", ("D001", 16, 1)),
    ('format: "1"', 'format: "2"', ("D013", 1, 9)), ("id: xx/csv", "id: xx/other", ("D013", 2, 5)),
    ("record: declaration", "record: form", ("D013", 3, 9)), ("encoding: utf-8", "encoding: utf-7", ("D013", 8, 15)),
    ("kind: csv", "kind: xls", ("D013", 5 + 1, 11)), ('file: "{stem}.csv"', "file: x.csv", ("D003", 7, 11)),
    ("mrn: t1 mrn", "items: t1 mrn", ("D008", 14, 3)), ("mrn: t1 mrn", "mrn: {lst: t1 mrn}", ("D001", 14, 8)),
    ("mrn: t1 mrn", 'offices_of_transit: {list: t1 kinds, text: "{code"}', ("D010", 14, 47)),
    ("mrn: t1 mrn", 'offices_of_transit: {list: t1 kinds, text: "{cod}"}', ("D004", 14, 46)),
    ("mrn: t1 mrn", "documents: {each: t1 lines, places: {type: t1 nope}}", ("D006", 14, 46)),
    ("rest: t1 rest", "rest: t1 rest\nextends: no/such", ("D014", 17, 10)),
    ("rest: t1 rest", "rest: t1 rest\nrules: {a: b}", ("D002", 17, 8)),
    ("rest: t1 rest", 'rest: t1 rest\nrules: [{terms: {amendment: "{n}"}, cells: {t1 kinds: "{n}"}}]',
     ("D008", 17, 18)),
    ("rest: t1 rest", "rest: t1 rest\nimplied: {customs_value_currency: XOF}", ("D003", 17, 35)),
    ("rest: t1 rest", "rest: t1 rest\nzone: Africa/Nowhere", ("D013", 17, 7))])
def test_each_fault_has_its_place(tmp_path: Path, before: str, after: str, expected: tuple[str, int, int]) -> None:
    assert faults(tmp_path, SOUND.replace(before, after)) == [expected]


def test_all_faults_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = SOUND.replace("mrn: t1 mrn", "mrm: t1 mrn").replace("t1 office", "t1 ofice")
    text = text.replace("copy: [C, K]", "copy: O")
    assert faults(tmp_path, text) == [("D009", 12, 33), ("D004", 14, 3), ("D006", 15, 29)]


def test_a_dialect_that_is_not_there_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as caught:
        load_dialect("tgotr/asycudda", [tmp_path, MAPPINGS])
    finding = caught.value.findings[0]
    assert (finding.code, finding.values["near"]) == ("D011", "tgotr/asycuda")


def test_the_first_folder_that_has_a_dialect_wins(tmp_path: Path) -> None:
    own = SOUND.replace("xx/csv", "tgotr/csv")
    assert load(tmp_path, own, "tgotr/csv").parts == ("t1",)


def test_a_dialect_that_rests_on_itself_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, SOUND + "extends: xx/csv\n") == [("D014", 17, 10)]


def test_an_heir_changes_one_thing_and_keeps_the_rest(tmp_path: Path) -> None:
    load(tmp_path, SOUND)
    heir = load(tmp_path, """\
format: "1"
id: xx/heir
extends: xx/csv
parts: {t1: {delimiter: "|", columns: {ucr: RÉF.}}}
places: {unique_consignment_reference: t1 ucr}
remove: {mrn: the register gives none}
""", "xx/heir")
    tree: Tree = {"mrn": "M", "office_of_departure": {"code": "TGLPL"}, "unique_consignment_reference": "U"}
    assert heir.write(tree, "x") == {"x.csv": "MRN|BUREAU|NATURES|RESTE|RÉF.\r\n|TGLPL||\"mrn=M\"|U\r\n".replace(
        '"', "").encode()}


def test_a_place_that_the_skeleton_lacks_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "dialects" / "xx"
    folder.mkdir(parents=True)
    (folder / "empty.xml").write_text("<SAD><Code /><Item><Mark /></Item></SAD>")
    text = """\
format: "1"
id: xx/csv
record: declaration
parts:
  sad: {kind: xml, file: "{stem}.xml", root: SAD, skeleton: empty.xml}
places:
  mrn: sad Code
  reason: sad Reason
  items: {each: sad Item, places: {number: sad Mark, origin: sad Land}}
"""
    assert faults(tmp_path, text) == [("D016", 8, 11), ("D016", 9, 62)]
    assert faults(tmp_path, text.replace("empty.xml", "none.xml")) == [("D015", 5, 61)]
