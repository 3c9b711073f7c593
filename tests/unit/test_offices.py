"""Does an office answer to its code and to the ways people spell its name, and is an ambiguous name refused?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping import load_corridors
from gateway.mapping.offices import OfficeEntry, find_office, load_offices
from tests.golden.profile.samples import MAPPINGS

SHIPPED = load_offices([MAPPINGS])

OWN = """format: "1"
version: "7"
offices:
  %s
"""


def written(folder: Path, *lines: str) -> Path:
    """A folder of mappings with a list of offices of its own."""
    (folder / "codes").mkdir(parents=True)
    (folder / "codes" / "offices.yaml").write_text(OWN % "\n  ".join(lines), "utf-8")
    return folder


def refused(offices: Mapping[str, OfficeEntry], text: str, country: str | None = None) -> tuple[str, dict[str, str]]:
    """Code and values with which a name is refused."""
    with pytest.raises(LocalError) as caught:
        find_office(offices, text, country)
    assert len(caught.value.findings) == 1
    return caught.value.code, dict(caught.value.findings[0].values)


def test_the_list_has_every_office_that_is_known_with_its_country() -> None:
    counted: dict[str, int] = {}
    for office in SHIPPED.values():
        counted[office.country] = counted.get(office.country, 0) + 1
    assert counted == {"TG": 4, "BF": 9, "NE": 4, "ML": 8, "SN": 4, "CI": 3, "GN": 2, "GH": 1, "BJ": 1}


def test_every_code_is_marked_as_invented_and_fits_an_mrn() -> None:
    assert {code for code, office in SHIPPED.items() if not office.invented} == set()
    assert {code for code, office in SHIPPED.items() if code[:2] != office.country or len(code) != 5} == set()


def test_every_office_belongs_to_the_administration_of_its_country() -> None:
    members = {(member.country, member.gateway) for corridor in load_corridors([MAPPINGS]).all
               for member in corridor.administrations}
    assert {country for country, _ in members} >= {"TG", "BF", "NE", "ML"}
    of_offices = {(office.country, office.administration) for office in SHIPPED.values()}
    assert of_offices - members == {("GH", "GHGRA"), ("BJ", "BJDGD")}  # corridors that are still to come


@pytest.mark.parametrize(("text", "code"), [
    ("TGCKS", "TGCKS"), ("Cinkassé", "TGCKS"), ("CINKASSE", "TGCKS"),
    ("Cinkansé", "BFCKS"), ("Cinkanse", "BFCKS"), ("Sinkansé", "BFCKS"), ("sinkanse", "BFCKS"),
    ("Cinkassé-Burkina", "BFCKS"), ("Ouaga Inter", "BFOUI"), ("ouaga-route", "BFOUI"), ("OUAGARINTER", "BFOUI"),
    ("Lome", "TGLPL"), ("port autonome de lome", "TGLPL"), ("heremakono", "MLHMK"), ("Zegoua", "MLZGA"),
    ("Kourémalé (Mali)", "MLKML"), ("kouremale guinee", "GNKML"), ("Yendere", "BFNGK"), ("Ouangolodougou", "CILRB"),
])
def test_an_office_answers_to_its_code_its_name_and_its_other_spellings(text: str, code: str) -> None:
    assert find_office(SHIPPED, text).code == code


def test_a_name_that_two_countries_share_is_refused_and_the_country_decides() -> None:
    assert refused(SHIPPED, "Kouremale") == ("M308", {"office": "Kouremale", "offices": "GNKML (GN), MLKML (ML)"})
    assert find_office(SHIPPED, "Kouremale", "ML").code == "MLKML"
    assert find_office(SHIPPED, "Kourémalé", "GN").code == "GNKML"


def test_an_unknown_name_is_refused_with_the_nearest_of_the_country() -> None:
    assert refused(SHIPPED, "Cinkansee") == ("M301", {"office": "Cinkansee", "nearest": "Cinkansé",
                                                      "file": "codes/offices.yaml"})
    assert refused(SHIPPED, "Cinkassé", "BF")[1]["nearest"] == "Cinkansé"
    assert refused(SHIPPED, "tgcks")[0] == "M301"
    assert refused(SHIPPED, "---")[0] == "M301"


def test_own_offices_stand_beside_those_that_are_shipped_and_replace_them_by_code(tmp_path: Path) -> None:
    own = written(tmp_path, "BFCKS: {name: Cinkansé PCJ, administration: BFDGD, country: BF, roles: [entry]}",
                  "XXABC: {name: Ailleurs, administration: XXDGD, country: XX, roles: [destination]}")
    offices = load_offices([own, MAPPINGS])
    assert len(offices) == len(SHIPPED) + 1
    assert offices["BFCKS"] == OfficeEntry(code="BFCKS", name="Cinkansé PCJ", administration="BFDGD", country="BF",
                                           roles=("entry",))
    assert offices["TGLPL"] == SHIPPED["TGLPL"]


def test_two_offices_of_one_country_with_one_name_are_refused_at_the_second(tmp_path: Path) -> None:
    own = written(tmp_path, "TGAAA: {name: Aného, administration: TGOTR, country: TG, roles: [exit]}",
                  "TGBBB: {name: Autre, aliases: [ANEHO], administration: TGOTR, country: TG, roles: [exit]}",
                  "BJAAA: {name: Aneho, administration: BJDGD, country: BJ, roles: [entry]}")
    with pytest.raises(LocalError) as caught:
        load_offices([own])
    assert [(one.code, one.place.file, one.place.line, dict(one.values)) for one in caught.value.findings] == [
        ("M309", str(own / "codes" / "offices.yaml"), 5, {"office": "TGBBB", "other": "TGAAA", "name": "aneho",
                                                          "country": "TG"})]


def test_a_list_that_cannot_be_read_tells_every_fault(tmp_path: Path) -> None:
    own = written(tmp_path, "TGAAA: {name: Aného, administration: TGOTR, country: Togo, roles: [exit]}",
                  "TGBBB: {nom: Autre, administration: TGOTR, country: TG, roles: [gate]}")
    with pytest.raises(LocalError) as caught:
        load_offices([own, MAPPINGS])
    assert [(one.code, one.place.line) for one in caught.value.findings] == [
        ("S060", 4), ("S040", 5), ("S048", 5), ("S045", 5)]


CORRIDOR = """format: "1"
id: %s
name: {fr: Une, en: One}
administrations:
  - {gateway: TGOTR, country: TG, role: departure}
  - {gateway: MLDGD, country: ML, role: destination, invented: true}
"""


def test_two_corridors_between_the_same_two_administrations_are_refused_not_chosen_between(tmp_path: Path) -> None:
    folder = tmp_path / "corridors" / "tg-ml-direct"
    folder.mkdir(parents=True)
    (folder / "corridor.yaml").write_text(CORRIDOR % "tg-ml-direct", "utf-8")
    text = (MAPPINGS / "corridors" / "tg-ml" / "cusdec.yaml").read_text("utf-8")
    (folder / "cusdec.yaml").write_text(text.replace("corridors/tg-ml/", "corridors/tg-ml-direct/"), "utf-8")
    corridors = load_corridors([tmp_path, MAPPINGS])
    values = {"departure": "TGOTR", "destination": "MLDGD", "corridors": "tg-ml, tg-ml-direct"}
    with pytest.raises(LocalError) as caught:
        corridors.between("TGLPL", "MLBKO")
    assert [(one.code, dict(one.values)) for one in caught.value.findings] == [("M310", values)]
    told = {name: [(one.code, dict(one.values)) for one in found] for name, found in corridors.faults.items()}
    assert told == {"tg-ml": [("M310", values)], "tg-ml-direct": [("M310", values)]}
    assert [member.invented for member in corridors.named("tg-ml-direct").administrations] == [False, True]


def test_a_corridor_says_which_of_its_code_tables_are_invented_and_only_those_there_are(tmp_path: Path) -> None:
    assert {corridor.identifier: corridor.invented for corridor in load_corridors([MAPPINGS]).all} == dict.fromkeys(
        ("ci-bf", "ci-ml", "gn-ml", "sn-ml", "tg-bf", "tg-ml", "tg-ne"), ("guarantee_type",))
    folder = tmp_path / "corridors" / "tg-bf"
    folder.mkdir(parents=True)
    for name in ("corridor.yaml", "cusdec.yaml"):
        text = (MAPPINGS / "corridors" / "tg-bf" / name).read_text("utf-8")
        (folder / name).write_text(text.replace("[guarantee_type]", "[guarantee_types, package]"), "utf-8")
    faults = load_corridors([tmp_path, MAPPINGS]).faults
    assert {name: [(one.code, dict(one.values)) for one in found] for name, found in faults.items()} == {
        "tg-bf": [("M311", {"corridor": "tg-bf", "table": "guarantee_types", "nearest": "guarantee_type"})]}


@pytest.mark.parametrize(("written", "nearest"), [
    ("Cinkassé", "TGCKS"), ("SINKANSE", "BFCKS"), ("Kouremale", "GNKML (GN), MLKML (ML)"), ("TGCK", "TGCKS"),
    ("xxxxxxx", "-")])
def test_a_name_in_the_place_of_a_code_is_refused_with_the_code_that_it_means(written: str, nearest: str) -> None:
    with pytest.raises(LocalError) as caught:
        load_corridors([MAPPINGS]).between("TGLPL", written)
    assert [(one.code, dict(one.values)) for one in caught.value.findings] == [
        ("M301", {"office": written, "nearest": nearest, "file": "codes/offices.yaml"})]
