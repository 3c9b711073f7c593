"""Does reading undo writing, for every dialect and for any record within the declared terms?"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_level import leaves, spread
from gateway.mapping.laws.dialect_check import check_dialect_laws, dialect_breach
from gateway.mapping.laws.dialect_records import compulsory, record_for
from gateway.mapping.laws.report import LawReport
from gateway.references import Scalar, Tree
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event

MAPPINGS = Path(__file__).parents[2] / "mappings"
IDENTIFIERS = sorted(str(file.relative_to(MAPPINGS / "dialects").with_suffix(""))
                     for file in (MAPPINGS / "dialects").glob("*/*.yaml"))
RUNS = 100
SMALL = """format: "1"
id: xxx/csv
record: declaration
parts:
  decl:
    kind: csv
    file: "{stem}.csv"
    encoding: utf-8
    delimiter: ";"
    decimal: "."
    columns: {nature: NATURE, registre: REGISTRE, jour: JOUR, bureau: BUREAU, reference: REF, valeur: VALEUR}
codes:
  nature: {original: O, replacement: R}
places:
  function: decl nature | code nature
  national_reference: decl registre
  national_reference_date: decl jour | date yyyy-MM-dd
  office_of_departure.code: decl bureau
  local_reference: decl reference
  customs_value: decl valeur
defaults: {amendment: "0"}
implied: {customs_value_currency: XOF with customs_value}
"""


@pytest.fixture(scope="module", params=IDENTIFIERS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return load_dialect(request.param, [MAPPINGS])


def test_both_laws_hold_for_records_made_for_the_dialect(dialect: Dialect) -> None:
    report = check_dialect_laws(dialect, random.Random, 1, records=RUNS)
    assert (report.tried, report.messages, report.counterexample, report.changes) == (RUNS, RUNS, None, [])


def test_every_value_that_was_read_has_a_place(dialect: Dialect) -> None:
    for number in range(20):
        record = dialect.read(dialect.write(record_for(dialect, random.Random(number)), "x")).records[0]
        paths: dict[str, Scalar] = {}
        for term, value in leaves(record.tree, ""):
            spread(value, term, paths)
        given = {path for path in paths if record.origins.nearest(path) is None}
        assert given <= {"function", "amendment"}, number
        for path in record.origins:
            assert record.origins[path].file in record.files
            assert record.origins[path].line is not None


def test_the_records_reach_every_place_of_the_dialect(dialect: Dialect) -> None:
    reached: set[str] = set()
    for number in range(300):
        reached |= terms_of(record_for(dialect, random.Random(number)), "")
    national = {term for term in dialect.terms if term.startswith(("container_lines", "trailer"))}
    assert {term for term, one in dialect.terms.items() if one.kind not in ("group", "list")} - reached == {
        term for term in national if dialect.terms[term].kind != "list"}


def terms_of(node: object, prefix: str) -> set[str]:
    if isinstance(node, dict):
        return {term for name, value in node.items() for term in terms_of(value, f"{prefix}.{name}".lstrip("."))}
    if isinstance(node, list):
        return {term for member in node for term in terms_of(member, prefix)}
    return {prefix}


def small(folder: Path, text: str = SMALL) -> Dialect:
    (folder / "dialects" / "xxx").mkdir(parents=True, exist_ok=True)
    (folder / "dialects" / "xxx" / "csv.yaml").write_text(text, "utf-8")
    return load_dialect("xxx/csv", [folder])


def test_a_dialect_without_a_rest_cell_is_tried_on_what_it_has_places_for(tmp_path: Path) -> None:
    dialect = small(tmp_path)
    assert not dialect.rests
    made = [record_for(dialect, random.Random(number)) for number in range(100)]
    assert set().union(*made) <= {"function", "amendment", "national_reference", "national_reference_date",
                                  "office_of_departure", "local_reference", "customs_value", "customs_value_currency"}


def test_what_a_dialect_says_by_itself_is_counted_as_normalising(tmp_path: Path) -> None:
    dialect = small(tmp_path)
    record: Tree = next(one for number in range(100) if "customs_value" in (
        one := record_for(dialect, random.Random(number))))
    report = LawReport(identifier="x")
    bare: Tree = {name: value for name, value in record.items() if name != "customs_value_currency"}
    assert dialect_breach(dialect, bare, report) is None
    assert [(one.term, one.before, one.after) for one in report.changes] == [("customs_value_currency", "-", "XOF")]


def test_a_value_that_the_files_cannot_hold_is_a_counter_example_made_small(tmp_path: Path) -> None:
    dialect = small(tmp_path, SMALL.replace("decl reference", "decl reference | pad 3"))
    report = check_dialect_laws(dialect, random.Random, 1, records=200)
    broken = report.counterexample
    assert broken is not None
    assert (broken.law, next((one.code, one.place.path) for one in broken.findings)) == (
        "writes", ("D201", "local_reference"))
    assert len(broken.record) <= 6
    assert broken.seed.startswith("1/xxx/csv/")


def test_what_a_record_must_have_is_taken_from_the_record_itself() -> None:
    assert compulsory(Event)[""] == ("word", "reference", "administration")
    assert compulsory(Declaration)["offices_of_transit"] == ("code", "order")
    assert compulsory(Declaration)["items.packages"] == ("count",)


def test_a_record_without_a_place_for_a_value_is_refused_and_not_cut(tmp_path: Path) -> None:
    dialect = small(tmp_path)
    record = record_for(dialect, random.Random(1))
    with pytest.raises(LocalError) as caught:
        dialect.write({**record, "itinerary": "Lomé"}, "x")
    assert [one.place.path for one in caught.value.findings if one.code == "D201"][-1:] == ["itinerary"]
