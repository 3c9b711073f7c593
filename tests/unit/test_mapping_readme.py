"""Does the description of the mapping language name exactly what the language has?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.config.yaml import read_document
from gateway.errors import LocalError
from gateway.mapping import load_mapping
from gateway.mapping.converters import CONVERTERS
from gateway.mapping.document import SECTIONS
from gateway.mapping.notation import HOLES, PREFIXES
from gateway.mapping.requirements import FORMS
from gateway.mapping.term_types import NAMES, parse_type
from tests.golden.profile.samples import MAPPINGS

README = (MAPPINGS / "README.md").read_text("utf-8")
SCHEMA = json.loads((MAPPINGS.parent / "gateway" / "schema" / "mapping.json").read_text("utf-8"))
FILES = [path for part in ("base", "corridors") for path in sorted((MAPPINGS / part).rglob("*.yaml"))
         if path.name != "corridor.yaml"]


def section(title: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    text = README.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.split("\n")
            if line.startswith("|")]
    return rows[2:]


def first_words(title: str) -> list[str]:
    return [row[0].strip("`") for row in section(title)]


def test_every_key_is_described_and_every_described_key_exists() -> None:
    assert sorted(first_words("The keys of a file")) == sorted(SECTIONS)


def test_every_prefix_is_described_and_every_described_prefix_exists() -> None:
    described = [word.split()[0] for word in first_words("Lines") if word != "none"]
    assert sorted(described) == sorted(PREFIXES)


def test_every_kind_of_hole_is_described_and_every_described_kind_exists() -> None:
    assert [row[1] for row in section("Holes")] == list(HOLES)


def test_every_type_is_described_and_every_described_type_exists() -> None:
    described = [example.strip(" `") for row in section("Types") for example in row[0].split(",")]
    types = [parse_type(example.replace("table", "tables")) for example in described]
    assert None not in types
    assert {kind.name for kind in types if kind} == set(NAMES)


def test_every_converter_is_described_and_every_described_converter_exists() -> None:
    assert sorted(first_words("Converters")) == sorted(CONVERTERS)


def test_every_form_of_a_rule_is_described_and_every_described_form_exists() -> None:
    assert sorted(first_words("Rules of the receiver")) == sorted(FORMS)


def test_the_example_of_the_description_loads(tmp_path: Path) -> None:
    example = README.split("```yaml\n", 1)[1].split("```", 1)[0]
    (tmp_path / "corridors" / "tg-ml").mkdir(parents=True)
    (tmp_path / "corridors" / "tg-ml" / "cusdec.yaml").write_text(example, "utf-8")
    try:
        mapping = load_mapping("corridors/tg-ml/cusdec", [tmp_path, MAPPINGS])
    except LocalError as error:
        pytest.fail(str([(one.code, one.place.line, dict(one.values)) for one in error.findings]))
    wire = mapping.to_message({"function": "copy", "mrn": "M",
                               "extras": [{"key": "escort_order", "value": "7"}]})
    assert "FTX+AAI+++escort_order=7'" in wire.body


def plain(node: Node) -> object:
    if isinstance(node, MappingNode):
        return {key.text: plain(value) for key, value in node.items}
    return [plain(item) for item in node.items] if isinstance(node, SequenceNode) else node.text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(MAPPINGS).as_posix())
def test_the_schema_for_editors_takes_every_mapping(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    node = read_document(path, path.name)
    assert isinstance(node, MappingNode | SequenceNode | TextNode)
    assert [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(plain(node))] == []
    _, _, named = path.read_text("utf-8").split("\n", 1)[0].partition("$schema=")
    assert (path.parent / named).resolve() == MAPPINGS.parent / "gateway" / "schema" / "mapping.json"


def test_the_schema_for_editors_has_exactly_the_keys_of_the_language() -> None:
    assert sorted(SCHEMA["properties"]) == sorted(SECTIONS)
    assert SCHEMA["additionalProperties"] is False
    assert sorted(SCHEMA["properties"]["require"]["additionalProperties"]["properties"]) == sorted(FORMS)
