"""Does the index lead everybody to every page, and is the French architecture that of today?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gateway
from tests.unit.test_docs import ROOT, prose, text

DOCS = "gateway/docs"
INDEXES = {"en": f"{DOCS}/README.md", "fr": f"{DOCS}/fr/index.md"}
ARCHITECTURE = {"en": "gateway/ARCHITECTURE.md", "fr": f"{DOCS}/fr/architecture.md"}
FROM_ELSEWHERE = {"en": ["README.md", "mappings/README.md", "mappings/dialects/README.md", "samples/gw1/README.md",
                         ARCHITECTURE["en"]],
                  "fr": ["samples/gw1/LISEZ-MOI.md"]}
IN_BOTH = ["keys/README.md", "samples/README.md", "tests/campaigns/README.md", f"{DOCS}/CHANGELOG.md",
           "gateway/decisions"]
"""What stands in one language, or in both on one page."""
WORD = re.compile(r"`([^`\n]+)`")


def leads_to(name: str) -> set[str]:
    """Where the links of a page lead, as paths below the repository."""
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", prose(name))
    return {((ROOT / name).parent / one).resolve().relative_to(ROOT).as_posix() for one in targets}


def pages(language: str) -> set[str]:
    """Every page of a language, without its index."""
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / DOCS / language).glob("*.md")}
    if language == "en":
        here |= {path.relative_to(ROOT).as_posix() for path in (ROOT / DOCS).glob("*.md")}
    return {*here, *FROM_ELSEWHERE[language], *IN_BOTH} - {INDEXES[language]}


def rows(name: str) -> list[list[str]]:
    """The names of code in each row of a page's tables, in the order of the alphabet."""
    return [sorted(WORD.findall(line)) for line in prose(name).splitlines() if line.startswith("|")]


@pytest.mark.parametrize("language", INDEXES)
def test_every_page_is_in_the_index_of_its_language(language: str) -> None:
    assert pages(language) - leads_to(INDEXES[language]) == set()


@pytest.mark.parametrize("language", INDEXES)
def test_the_readme_leads_to_the_index(language: str) -> None:
    assert INDEXES[language] in leads_to({"en": "README.md", "fr": f"{DOCS}/fr/README.md"}[language])


@pytest.mark.parametrize("language", ARCHITECTURE)
def test_every_package_is_named(language: str) -> None:
    folder = Path(gateway.__file__).parent
    packages = {path.parent.name for path in folder.glob("*/__init__.py")} | {
        path.stem for path in folder.glob("*.py") if not path.stem.startswith("__")}
    assert packages - {word for row in rows(ARCHITECTURE[language]) for word in row} == set()


def test_each_row_of_the_french_architecture_names_what_its_english_row_names() -> None:
    english, french = (rows(ARCHITECTURE[language]) for language in ("en", "fr"))
    assert [row for row in english if row not in french] == [row for row in french if row not in english] == []
    assert english == french


def test_a_row_that_was_forgotten_would_be_noticed() -> None:
    assert WORD.findall("| a | `one` and `two/three.py` |") == ["one", "two/three.py"]
    assert "mapping" in text(ARCHITECTURE["fr"])
