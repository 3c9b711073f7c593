"""Does the description of dialects name every key in both languages, and does every example of it run?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.mapping.dialect import load_dialect
from gateway.mapping.dialect_kinds import KEYS
from gateway.mapping.dialect_load import _TOP
from gateway.references import Tree
from tests.tools.command import ROOT

MAPPINGS = ROOT / "mappings"
READMES = {"en": MAPPINGS / "dialects" / "README.md", "fr": ROOT / "gateway" / "docs" / "fr" / "dialectes.md"}
TITLES = {"file": ("File", "Fichier"), "parts": ("Parts", "Parties"), "places": ("Places", "Places")}
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FRAGMENT = 'format: "1"\nid: tgotr/fragment\nextends: asycuda/world\nrecord: declaration\nzone: Africa/Lome\n'


def first_cells(language: str, name: str) -> list[str]:
    """The first cell of each row of the table under a heading."""
    text = READMES[language].read_text("utf-8").split(f"\n## {TITLES[name][language == 'fr']}\n")[1].split("\n## ")[0]
    return [re.split(r"(?<!\\)\|", line)[1].strip() for line in text.splitlines() if line.startswith("|")][2:]


@pytest.mark.parametrize("language", READMES)
def test_every_key_of_a_file_is_described_and_every_described_key_exists(language: str) -> None:
    assert sorted(cell.strip("`") for cell in first_cells(language, "file")) == sorted(_TOP)


@pytest.mark.parametrize("language", READMES)
def test_every_key_of_a_part_is_described_and_every_described_key_exists(language: str) -> None:
    described = [key for cell in first_cells(language, "parts") for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(described) == sorted({key for keys in KEYS.values() for key in keys})


def test_both_languages_describe_the_same_places_formats_and_holes() -> None:
    assert first_cells("fr", "places") == first_cells("en", "places")
    english, french = (set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", path.read_text("utf-8"))))
                       for path in READMES.values())
    assert english ^ french == set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every example where it belongs; the two languages have the same, by a test of the documents."""
    for block in BLOCK.findall(READMES["en"].read_text("utf-8")):
        head = re.match(r"# (dialects/\S+\.yaml)\n", block)
        path = tmp_path / (head[1] if head is not None else "dialects/tgotr/fragment.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists()
        path.write_text(block if head is not None else FRAGMENT + block, "utf-8")
    return tmp_path


FILE = ("N° DOSSIER;NATURE;BUREAU;DATE;VALEUR;ARTICLE;MASSE BRUTE;AUTRES\r\n"
        "2026-7;ANNUL.;NENRD;10/03/2026 07:42;1500;1;12,5;\r\n2026-7;ANNUL.;NENRD;10/03/2026 07:42;1500;2;8;\r\n")


def test_the_examples_read_and_write_what_they_say(folder: Path) -> None:
    dialect = load_dialect("nedgd/small", [folder, MAPPINGS])
    reading = dialect.read({"a.csv": FILE.encode()})
    assert reading.refused == ()
    tree = reading.records[0].tree
    assert tree == {
        "function": "cancellation", "amendment": 0, "local_reference": "2026-7",
        "office_of_departure": {"code": "NENRD"}, "accepted": datetime(2026, 3, 10, 6, 42, tzinfo=UTC),
        "customs_value": Decimal(1500), "customs_value_currency": "XOF",
        "items": [{"number": 1, "gross_mass": Decimal("12.5")}, {"number": 2, "gross_mass": Decimal(8)}]}
    assert dialect.write(tree, "a") == {"a.csv": FILE.replace("ANNUL.", "ANNULATION").encode()}


def test_the_heir_of_the_example_says_only_what_is_different(folder: Path) -> None:
    dialect = load_dialect("mldgd/small", [folder, MAPPINGS])
    assert "accepted" not in dialect.terms
    tree: Tree = {"function": "original", "local_reference": "É1", "items": []}
    assert dialect.write(tree, "a")["a.csv"].endswith("É1;ORIGINAL;;;;;;\r\n".encode("windows-1252"))


def test_the_rules_of_the_example_are_rules_of_a_dialect(folder: Path) -> None:
    dialect = load_dialect("tgotr/fragment", [folder, MAPPINGS])
    assert {"manifests.number", "consignor.name"} <= set(dialect.terms)
