"""Does the description of the mapping language name exactly what the language has, in both languages, and run?"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.mapping import Mapping, load_corridors, load_mapping
from gateway.mapping.converters import CONVERTERS
from gateway.mapping.document import SECTIONS
from gateway.mapping.laws.check import check_laws
from gateway.mapping.notation import HOLES, PREFIXES
from gateway.mapping.requirements import FORMS
from gateway.mapping.term_types import NAMES, parse_type
from tests.golden.profile.samples import MAPPINGS

READMES = {"en": MAPPINGS / "README.md", "fr": MAPPINGS.parent / "gateway" / "docs" / "fr" / "correspondances.md"}
TITLES = {
    "keys": ("The keys of a file", "Les clés d'un fichier"), "lines": ("Lines", "Lignes"), "holes": ("Holes", "Trous"),
    "types": ("Types", "Types"), "converters": ("Converters", "Convertisseurs"),
    "rules": ("Rules of the receiver", "Règles du destinataire"),
}
KINDS = {
    "term": "terme", "optional": "facultatif", "default": "défaut", "converter": "convertisseur", "count": "nombre",
    "position": "rang", "sum": "somme", "choice": "choix",
}
"""Kinds of holes, as the French description calls them."""
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FRAGMENT = 'format: "1"\nid: corridors/xx-yy/cusdec\nextends: base/cusdec-d96b\n'
RECORDS = 60


def blocks() -> list[str]:
    """Every example; a test of the documents holds those of both languages equal."""
    return BLOCK.findall(READMES["en"].read_text("utf-8"))


def section(language: str, name: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    title = TITLES[name][language == "fr"]
    text = READMES[language].read_text("utf-8").split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.split("\n")
            if line.startswith("|")]
    assert all(len(row) == len(rows[0]) and all(row) for row in rows)
    return rows[2:]


def first_words(language: str, name: str) -> list[str]:
    return [row[0].strip("`") for row in section(language, name)]


@pytest.mark.parametrize("language", READMES)
def test_every_key_is_described_and_every_described_key_exists(language: str) -> None:
    assert sorted(first_words(language, "keys")) == sorted(SECTIONS)


@pytest.mark.parametrize("language", READMES)
def test_every_prefix_is_described_and_every_described_prefix_exists(language: str) -> None:
    described = [word.split()[0] for word in first_words(language, "lines") if word not in ("none", "aucun")]
    assert sorted(described) == sorted(PREFIXES)


@pytest.mark.parametrize("language", READMES)
def test_every_kind_of_hole_is_described_and_every_described_kind_exists(language: str) -> None:
    called = [KINDS[kind] if language == "fr" else kind for kind in HOLES]
    assert [row[1] for row in section(language, "holes")] == called


@pytest.mark.parametrize("language", READMES)
def test_every_type_is_described_and_every_described_type_exists(language: str) -> None:
    described = [example.strip(" `") for row in section(language, "types") for example in row[0].split(",")]
    types = [parse_type(example) for example in described]
    assert None not in types
    assert {kind.name for kind in types if kind} == set(NAMES)


@pytest.mark.parametrize("language", READMES)
def test_every_converter_is_described_and_every_described_converter_exists(language: str) -> None:
    assert sorted(first_words(language, "converters")) == sorted(CONVERTERS)


@pytest.mark.parametrize("language", READMES)
def test_every_form_of_a_rule_is_described_and_every_described_form_exists(language: str) -> None:
    assert sorted(first_words(language, "rules")) == sorted(FORMS)


@pytest.mark.parametrize("language", READMES)
def test_every_form_of_a_function_is_described(language: str) -> None:
    example = next(block for block in blocks() if block.startswith("functions:"))
    assert re.findall(r"(?m)^  \w+: (whole|\{without|\[)", example) == ["{without", "whole", "["]


@pytest.mark.parametrize("name", ["holes", "types", "converters", "keys", "rules"])
def test_both_languages_describe_the_same_in_the_same_order(name: str) -> None:
    assert first_words("fr", name) == first_words("en", name)


# every example runs


def written(folder: Path) -> Iterator[str]:
    """Put every example where it belongs; the identifiers of the mappings among them."""
    for number, block in enumerate(blocks()):
        head = re.match(r"# ((?:corridors|codes)/\S+\.yaml)\n", block)
        named = re.search(r"(?m)^id: (corridors/\S+)$", block)
        if head is not None:
            path = folder / head[1]
        elif named is not None:
            path = folder / f"{named[1]}.yaml"
        else:
            path = folder / f"corridors/x{number}/cusdec.yaml"
            block = FRAGMENT.replace("xx-yy", f"x{number}") + block
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists()
        path.write_text(block, "utf-8")
        if path.stem == "cusdec":
            yield path.relative_to(folder).with_suffix("").as_posix()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("examples")
    assert len(list(written(made))) == 6
    return made


def loaded(identifier: str, folder: Path) -> Mapping:
    try:
        return load_mapping(identifier, [folder, MAPPINGS])
    except LocalError as error:
        pytest.fail(str([(one.code, one.place.line, one.place.column, dict(one.values)) for one in error.findings]))


def test_every_example_is_a_mapping_that_keeps_both_promises(folder: Path) -> None:
    for path in sorted(folder.glob("corridors/*/cusdec.yaml")):
        mapping = loaded(path.relative_to(folder).with_suffix("").as_posix(), folder)
        report = check_laws(mapping, random.Random, 4, records=RECORDS)
        assert report.counterexample is None, (path, report.counterexample)


def test_the_corridor_and_the_office_of_the_example_are_read(folder: Path) -> None:
    corridors = load_corridors([folder, MAPPINGS])
    assert [member.gateway for member in corridors.named("ml-ne").administrations] == ["MLDGD", "BFDGD", "NEDGD"]
    assert "ml-ne" not in corridors.faults
    office = corridors.offices["NEAYR"]
    assert (office.name, office.administration, office.aliases) == ("Ayorou", "NEDGD", ("Ayérou",))
    assert office.invented


def test_the_first_example_does_what_it_says(folder: Path) -> None:
    mapping = loaded("corridors/tg-ml/cusdec", folder)
    wire = mapping.to_message({"function": "copy", "mrn": "M", "location_of_goods": "QUAI 2",
                               "extras": [{"key": "escort_order", "value": "7"}]})
    assert "FTX+AAI+++escort_order=7'" in wire.body
    assert "LOC+14+QUAI 2:113:ZZZ'" in wire.body
    assert mapping.version == "3"


def test_words_that_share_a_code_come_back_as_the_answer(folder: Path) -> None:
    mapping = next(one for one in (loaded(path.relative_to(folder).with_suffix("").as_posix(), folder)
                                   for path in folder.glob("corridors/x*/cusdec.yaml"))
                   if "package" in one.tables.names())
    assert dict(mapping.tables.words("package")) == {"carton": "CT", "bag": "BG", "pallet": "PX", "box": "CT",
                                                     "sack": "BG"}
    assert dict(mapping.tables.answers("package")) == {"CT": "carton", "BG": "bag", "PX": "pallet"}
