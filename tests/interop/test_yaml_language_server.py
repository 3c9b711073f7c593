"""Does an editor show what the description of the language says: faults at their place, completion, hover, in French?

The server behind YAML in VS Code and others, installed by npm into a temporary folder, is run against the broken
mapping of the description. Where node or npm is missing, or the registry cannot be reached, the tests are skipped; with
CI=true that is a failure.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.language_server import LanguageServer
from tests.tools.npm import installed

ROOT = Path(__file__).parents[2]
SERVER = "yaml-language-server@2.0.0"
READMES = {"en": (ROOT / "mappings" / "README.md", "What an editor shows"),
           "fr": (ROOT / "gateway" / "docs" / "fr" / "correspondances.md", "Ce que montre un éditeur")}
SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}
UNFINISHED = re.compile(r"(?m)^  driver: string$")

pytestmark = pytest.mark.timeout(300)


def section(language: str) -> str:
    path, heading = READMES[language]
    return path.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def broken() -> str:
    """The broken mapping of the description."""
    return section("en").split("\n```\n")[1] + "\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As much of a checkout as an editor looks at."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "gateway" / "schema", folder / "gateway" / "schema")
    (folder / "mappings" / "corridors" / "tg-ml").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def server(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    modules = installed(SERVER, tmp_path_factory.mktemp("npm"))
    main = modules / "yaml-language-server" / "out" / "src" / "server.js"
    with LanguageServer(["node", str(main), "--stdio"], checkout, SETTINGS, "fr") as running:
        yield running


def mapping(checkout: Path, name: str, text: str) -> Path:
    path = checkout / "mappings" / "corridors" / "tg-ml" / name
    path.write_text(text, "utf-8")
    return path


def place_of(text: str, word: str) -> tuple[int, int]:
    """Line and column, from 1, behind a word."""
    before = text[:text.index(word) + len(word)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def test_faults_stand_at_their_places_in_the_words_of_the_description(server: LanguageServer, checkout: Path) -> None:
    shown = {(f"{one['range']['start']['line'] + 1}:{one['range']['start']['character'] + 1}", one["message"])
             for one in server.open(mapping(checkout, "cusdec.yaml", broken()))}
    assert len(shown) > 4
    for language in READMES:
        described = set(re.findall(r"^\| `(\d+:\d+)` \| (.+) \|$", section(language), re.MULTILINE))
        assert described == shown, language


def test_completion_offers_a_key_with_its_description_in_french_first(server: LanguageServer, checkout: Path) -> None:
    text = broken() + "ma"
    path = mapping(checkout, "begun.yaml", text)
    server.open(path)
    offered = {one["label"]: one.get("documentation", "")
               for one in server.ask("completion", path, *place_of(text, "\nma"))["items"]}
    assert "format" not in offered  # it stands there already
    assert offered["many_to_one"] == (
        "autres mots pour un code d'une table ; answer nomme le mot sous lequel il est lu "
        "[further words for a code of a table; answer names the word it is read as]")
    for language in READMES:
        assert offered["many_to_one"] in re.sub(r"\s+", " ", section(language)), language


def test_completion_offers_the_types_of_terms(server: LanguageServer, checkout: Path) -> None:
    text = UNFINISHED.sub("  driver: ", broken())
    path = mapping(checkout, "typed.yaml", text)
    server.open(path)
    offered = [one["label"] for one in server.ask("completion", path, *place_of(text, "  driver: "))["items"]]
    assert {"an..35", "decimal(3)", "list(99)"} <= set(offered)


def test_hover_tells_what_a_key_is(server: LanguageServer, checkout: Path) -> None:
    text = broken()
    path = mapping(checkout, "hovered.yaml", text)
    server.open(path)
    told = server.ask("hover", path, *place_of(text, "\nreq"))["contents"]["value"].replace("\\", "")
    hover = ("ce qu'exige le destinataire : numéro de règle et condition ; un manquement devient un motif de rejet "
             "[what the receiver insists on: number of the rule and condition; a failure becomes a reason of a "
             "rejection]")
    assert hover in told
    for language in READMES:
        assert hover in re.sub(r"\s+", " ", section(language)), language


@pytest.mark.parametrize(("schema", "place", "text", "offered"), [
    ("dialect.json", "mappings/dialects/tgotr/new.yaml", "parts:\n  sad:\n    k", {"kind", "file", "encoding"}),
    ("corridor.json", "mappings/corridors/tg-ml/corridor.yaml", "administrations:\n  - g", {"gateway", "role"}),
    ("offices.json", "mappings/codes/offices.yaml", "offices:\n  TGLPL:\n    n", {"name", "administration"}),
])
def test_every_other_file_has_completion_too(server: LanguageServer, checkout: Path, schema: str, place: str, text: str,
                                             offered: set[str]) -> None:
    path = checkout / place
    path.parent.mkdir(parents=True, exist_ok=True)
    up = "../" * (len(path.relative_to(checkout).parts) - 1)
    whole = f'# yaml-language-server: $schema={up}gateway/schema/{schema}\nformat: "1"\n{text}'
    path.write_text(whole, "utf-8")
    server.open(path)
    found = server.ask("completion", path, *place_of(whole, text))
    assert offered <= {one["label"] for one in found["items"]}
