"""Does each administration's dialect say one declaration in its own words, and understand its own?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.mapping.dialect import Dialect, load_dialect
from gateway.references import Tree

ROOT = Path(__file__).parents[2]
STORY = ROOT / "samples" / "story" / "tgotr"
DECLARATIONS = [one for one in sorted(
    str(file.relative_to(ROOT / "mappings" / "dialects").with_suffix(""))
    for file in (ROOT / "mappings" / "dialects").glob("*/*.yaml")) if not one.rpartition("/")[2].startswith("event-")]


def dialect(identifier: str) -> Dialect:
    return load_dialect(identifier, [ROOT / "mappings"])


@pytest.fixture(scope="module")
def tree() -> Tree:
    """The first declaration of the story, as Togo's ASYCUDA has it."""
    names = ("declaration-1.xml", "declaration-1-t1.csv")
    record, = dialect("tgotr/asycuda").read({name: (STORY / name).read_bytes() for name in names}).records
    return record.tree


@pytest.mark.parametrize("identifier", DECLARATIONS)
def test_one_declaration_comes_back_from_the_files_of_every_administration(identifier: str, tree: Tree) -> None:
    national = dialect(identifier)
    record, = national.read(national.write(tree, "x")).records
    assert record.tree == tree
    assert record.findings == ()
    assert set(record.origins) >= {"mrn", "items[3].gross_mass", "seals[2].identity"}


@pytest.mark.parametrize("country", ["tgotr", "mldgd", "bfdgd", "nedgd", "gndgd"])
def test_what_a_country_says_to_asycuda_world_fits_into_fifteen_lines(country: str) -> None:
    text = (ROOT / "mappings" / "dialects" / country / "asycuda.yaml").read_text("utf-8")
    assert "\nextends: asycuda/world\n" in text
    assert len(text.splitlines()) <= 15


@pytest.mark.parametrize(("identifier", "file", "said"), [
    ("nedgd/asycuda", "x.xml", b"<Date>09/11/2026</Date>"), ("gndgd/asycuda", "x.xml", b">PLEIN<"),
    ("mldgd/asycuda", "x-t1.csv", "\ufeffN° T1;".encode()), ("bfdgd/asycuda", "x-t1.csv", "LOMÉ".encode()),
    ("cidgd/sydam", "x.xml", b"<DateEnregistrement>09/11/2026</DateEnregistrement>"),
    ("cidgd/sydam", "x.xml", b"<Apposeur>D</Apposeur>"),
    ("sndgd/gainde-csv", "x.csv", b"1.1 TGCUS0012399101 (douane, intact)"),
    ("sndgd/gainde-json", "x.jsonl", b'"date_enregistrement": "2026-11-09"'),
    ("sndgd/gainde-sql", "x.rows.json", b'"header": "passerelle_entete"'), ("generic/csv", "x.csv", b"OUI")])
def test_each_administration_says_it_in_its_own_words(identifier: str, file: str, said: bytes, tree: Tree) -> None:
    assert said in dialect(identifier).write(tree, "x")[file]


def test_gainde_says_the_same_in_its_three_forms(tree: Tree) -> None:
    csv, lines, rows = (dialect(f"sndgd/gainde-{kind}") for kind in ("csv", "json", "sql"))
    assert csv.terms.keys() == lines.terms.keys() == rows.terms.keys()
    told = json.loads(lines.write(tree, "x")["x.jsonl"])
    row = json.loads(rows.write(tree, "x")["x.rows.json"])
    assert row["lines"] == told.pop("lines")
    assert row["row"] == [told]
    assert {name for name, text in row["row"][0].items() if text and name not in csv_header(csv, tree)} == set()


def csv_header(national: Dialect, tree: Tree) -> set[str]:
    """The columns of the CSV, by the synonym that is the name of the database's column."""
    heading = national.write(tree, "x")["x.csv"].decode("utf-8-sig").splitlines()[0]
    return {name.lower().replace(" ", "_") for name in heading.split(";")}


def test_keys_of_gaindes_own_stay_and_elements_of_sydams_own_too(tree: Tree) -> None:
    senegal, ivory = dialect("sndgd/gainde-json"), dialect("cidgd/sydam")
    content = senegal.write(tree, "x")["x.jsonl"].replace(b'{"nature"', b'{"corbeille": {"n": 1.50}, "nature"')
    assert senegal.write(tree, "x", {"x.jsonl": content}) == {"x.jsonl": content}
    assert [place.locator for place in senegal.unread("x.jsonl", content)] == ["/corbeille"]
    amended = senegal.write({**tree, "reason": "ERREUR"}, "x", {"x.jsonl": content})["x.jsonl"]
    assert amended == content.replace(b'}\n', b', "motif": "ERREUR"}\n')
    document = ivory.write(tree, "x")["x.xml"].replace(b"<Entete>", b"<Entete><Brigade>7</Brigade>")
    assert ivory.write(tree, "x", {"x.xml": document}) == {"x.xml": document}
    assert [place.locator for place in ivory.unread("x.xml", document)] == ["/DeclarationTransit/Entete/Brigade"]


@pytest.mark.parametrize(("office", "name"), [("bfdgd", "1-entree-BFCKS"), ("mldgd", "3-controle-MLBKO"),
                                              ("mldgd", "4-apurement-MLBKO"), ("tgotr", "1-sortie-TGCKS")])
def test_an_event_is_said_as_json_and_as_csv_in_the_words_of_an_officer(office: str, name: str) -> None:
    content = (STORY.parent / office / f"{name}.json").read_bytes().replace(b"{mrn}", b"26TGLPLT0000204177")
    as_json, as_csv = dialect("neutral/event-json"), dialect("generic/event-csv")
    record, = as_json.read({"e.json": content}).records
    written = as_csv.write(record.tree, "e")
    said = as_json.write(record.tree, "e")["e.json"].decode()
    word = json.loads(said)["word"]
    assert written["e.csv"].decode("utf-8-sig").splitlines()[1].split(";")[0] == word
    again, = as_csv.read(written).records
    assert (again.tree, again.key) == (record.tree, record.key)
