"""Do editors see mappings, dialects, corridors and offices as the gateway does, in French first?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from gateway.config.schema import FOLDER
from gateway.mapping import dialect_compile, dialect_kinds, dialect_load
from gateway.mapping.document import SECTIONS
from gateway.mapping.editor_schema import SCHEMAS, write_schemas
from gateway.mapping.requirements import FORMS
from gateway.mapping.term_types import parse_type
from tests.tools.schemas import committed, inside

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "mappings"
DRAFTS = [jsonschema.Draft7Validator, jsonschema.Draft202012Validator]
FILES = sorted(path for path in MAPPINGS.rglob("*.yaml"))


def schema_of(path: Path) -> str:
    """Which schema a file of the mappings has."""
    first = path.relative_to(MAPPINGS).parts[0]
    if path.name == "corridor.yaml":
        return "corridor.json"
    return {"base": "mapping.json", "corridors": "mapping.json", "dialects": "dialect.json",
            "codes": "offices.json"}[first]


class Core(yaml.SafeLoader):
    """YAML 1.2, core schema: what editors read. ``NO`` and ``yes`` are texts."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - that is how this library does it


for tag, pattern, first in (("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
                            ("null", r"~|null|Null|NULL|", "~nN"),
                            ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
                            ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789")):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})$"), [*first, ""])


def as_an_editor_reads(text: str) -> Any:
    return yaml.load(text, Core)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schemas_are_those_of_the_table(name: str) -> None:
    """If this fails: python -m gateway.mapping.editor_schema"""
    assert (FOLDER / name).read_text("utf-8") == SCHEMAS[name]()


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(MAPPINGS).as_posix())
def test_every_file_fits_its_schema_in_both_drafts(path: Path, draft: Any) -> None:
    schema = committed(schema_of(path))
    draft.check_schema(schema)
    found = draft(schema).iter_errors(as_an_editor_reads(path.read_text("utf-8")))
    assert [f"{error.json_path}: {error.message}" for error in found] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(MAPPINGS).as_posix())
def test_every_file_tells_editors_its_schema_in_its_first_line(path: Path) -> None:
    _, mark, named = path.read_text("utf-8").split("\n", 1)[0].partition("# yaml-language-server: $schema=")
    assert mark
    assert (path.parent / named).resolve() == FOLDER / schema_of(path)


@pytest.mark.parametrize("name", SCHEMAS)
def test_only_what_both_drafts_understand_is_used(name: str) -> None:
    for one in inside(committed(name)):
        assert not {"prefixItems", "unevaluatedProperties", "unevaluatedItems", "dependentRequired"} & set(one)
        assert "$ref" not in one or set(one) == {"$ref"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_has_a_hover_text_in_french_with_the_english_in_brackets(name: str) -> None:
    """A hover text that the catalogue does not have would be its own key."""
    lacking = [key for one in inside(committed(name)) for key, inner in one.get("properties", {}).items()
               if isinstance(inner, dict) and not re.fullmatch(r"[^\[]* .* \[.+ .+\]|\S+ \[\S+\]",
                                                               str(inner.get("description")))]
    assert lacking == []
    assert not re.search(r"edit\.\w+", json.dumps(committed(name)))


def properties(schema: dict[str, Any], *way: str) -> list[str]:
    """The keys that may stand at a way of keys."""
    for key in way:
        schema = schema["properties"][key] if key in schema.get("properties", {}) else schema[key]
    return sorted(schema["properties"])


def test_mappings_have_exactly_the_keys_of_the_language() -> None:
    schema = committed("mapping.json")
    assert properties(schema) == sorted(SECTIONS)
    assert properties(schema, "require", "additionalProperties") == sorted(FORMS)
    assert schema["additionalProperties"] is False


def test_dialects_have_exactly_the_keys_of_the_language() -> None:
    schema = committed("dialect.json")
    assert properties(schema) == sorted(dialect_load._TOP)
    assert properties(schema, "parts", "additionalProperties") == sorted({*sum(dialect_kinds.KEYS.values(), ())})
    forms = {tuple(sorted(one["properties"])) for one in inside(schema["$defs"]) if "properties" in one}
    assert forms == {tuple(sorted(keys)) for keys in (
        dialect_compile._LIST, dialect_compile._EACH, dialect_compile._ONE, dialect_compile._EVERYWHERE,
        dialect_compile._RULE, dialect_compile._SUGAR, ("list", "fixed"))}


@pytest.mark.parametrize("text", ["an..35", "an3", "a..35", "a2", "n..8", "n1", "decimal(3)", "text", "date",
                                  "datetime", "moment", "boolean", "code(equipment)", "group", "list(99)"])
def test_an_editor_takes_the_types_that_the_gateway_takes(text: str) -> None:
    assert parse_type(text) is not None
    for draft in DRAFTS:
        assert draft(committed("mapping.json")).is_valid({"format": "1", "id": "x", "record": {"mrn": text}})


WRONG = {
    "mapping.json": ["format: '1'\nid: x\ntitel: {fr: a}", "format: '2'\nid: x", "id: x", "format: '1'",
                     "format: '1'\nid: x\nrecord: {mrn: an..}", "format: '1'\nid: x\nrecord: {mrn: string}",
                     "format: '1'\nid: x\nrecord: {MRN: an..18}", "format: '1'\nid: x\nmessage: IFTMIN:D:96B:UN",
                     "format: '1'\nid: x\nremove: {route: ''}", "format: '1'\nid: x\nmany_to_one: {a: {b: C}}",
                     "format: '1'\nid: x\nrequire: {COR0214: {need: a, fr: b}}",
                     "format: '1'\nid: x\nrequire: {COR0214: {need: a, fr: b, en: c, if: d}}",
                     "format: '1'\nid: x\nfunctions: {original: {with: [head]}}",
                     "format: '1'\nid: x\nextras: {a: n..5}",
                     "format: '1'\nid: x\nsegments: [BGM]", "format: '1'\nid: x\ntitle: [x, {y: z}]"],
    "dialect.json": ["format: '1'\nid: x\nparts: {a: {kind: edi}}", "format: '1'\nid: x\nparts: {a: {file: a.xml}}",
                     "format: '1'\nid: x\nplaces: {a: {each: sad Item, plases: {}}}",
                     "format: '1'\nid: x\nrecord: both",
                     "format: '1'\nid: x\nrules: [{terms: {a: b}}]", "format: '1'\nid: x\nencodng: utf-8"],
    "corridor.json": ["format: '1'\nid: x\nname: {fr: a, en: b}\nadministrations: [{gateway: TGOTR, country: TOGO, "
                      "role: departure}]", "format: '1'\nid: x\nname: {fr: a}\nadministrations: []",
                      "format: '1'\nid: x\nname: {fr: a, en: b}\nadministrations: [{gateway: TGOTR, country: TG, "
                      "role: start}]"],
    "offices.json": ["format: '1'\nversion: '1'\noffices: {TGLPL: {name: Lomé}}",
                     "format: '1'\nversion: '1'\noffices: {TGLPL: {name: Lomé, administration: TGOTR, country: TG, "
                     "roles: [port]}}"],
}


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_an_editor_marks_what_the_gateway_refuses(name: str, text: str, draft: Any) -> None:
    assert not draft(committed(name)).is_valid(as_an_editor_reads(text))


def test_the_schemas_can_be_copied_beside_somebodys_files(tmp_path: Path) -> None:
    write_schemas(tmp_path / "schema")
    assert sorted(path.name for path in (tmp_path / "schema").iterdir()) == sorted(SCHEMAS)
