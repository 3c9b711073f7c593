"""Do editors see the same files as the gateway, and can no setting ever let unsigned input in?"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from gateway.config import Model
from gateway.config.model import Field
from gateway.config.scalars import Integer, Text
from gateway.config.schema import FOLDER, SCHEMAS, json_schema, schema_text, write_schemas
from tests.tools.schemas import committed, inside
from tests.unit.test_config_settings import FULL, PARTNER, SHORT

ROOT = Path(__file__).parents[2]
DRAFTS = [jsonschema.Draft7Validator, jsonschema.Draft202012Validator]
SAMPLES = {"settings.json": [SHORT, FULL], "partner.json": [PARTNER],
           "reference.json": [(ROOT / "samples" / "reference" / "bfdgd.yaml").read_text("utf-8")]}


def as_an_editor_reads(text: str) -> Any:
    """Core schema of YAML 1.2, as far as our files go: PyYAML's but for dates."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if not tag.endswith("timestamp")]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    return yaml.load(text, Loader)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schemas_are_those_of_the_models(name: str) -> None:
    """If this fails: python -m gateway.config.schema"""
    assert (FOLDER / name).read_text("utf-8") == schema_text(SCHEMAS[name])


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_in_both_drafts_and_fits_the_samples(name: str, draft: Any) -> None:
    draft.check_schema(committed(name))
    for sample in SAMPLES[name]:
        draft(committed(name)).validate(as_an_editor_reads(sample))


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("name", SCHEMAS)
def test_what_an_editor_writes_for_a_key_is_what_may_stand_there(name: str, draft: Any) -> None:
    offered = [one for one in inside(committed(name)) if "default" in one]
    assert [one["default"] for one in offered if not draft(one).is_valid(one["default"])] == []


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize(("name", "old", "new"), [
    ("settings.json", "country: TG", "country: TOGO"), ("settings.json", 'format: "1"', "format: 1"),
    ("settings.json", "gateway:", "gatewya:"), ("settings.json", "500", "501"), ("settings.json", "15m", "15"),
    ("settings.json", "environment: demo", ""), ("settings.json", "dialect: tgotr/asycuda", "dialect: ../x"),
    ("partner.json", "kind: sftp", "kind: ftp"), ("partner.json", "kind: sftp, ", ""), ("partner.json", "4h", "null"),
    ("partner.json", 'reason: "demonstration"', "reason: null"), ("partner.json", "port: 40713", "port: 0"),
    ("partner.json", "port: 40713", 'port: "22"'), ("partner.json", "11-01T00:00:00Z", "11-01"),
])
def test_an_editor_marks_what_the_gateway_refuses(name: str, old: str, new: str, draft: Any) -> None:
    text = SAMPLES[name][-1].replace("interchange: 100", "interchange: 500").replace("10m", "15m")
    assert old in text
    assert not draft(committed(name)).is_valid(as_an_editor_reads(text.replace(old, new)))


@pytest.mark.parametrize("name", SCHEMAS)
def test_only_what_both_drafts_understand_is_used(name: str) -> None:
    for one in inside(committed(name)):
        assert not {"prefixItems", "unevaluatedProperties", "unevaluatedItems", "dependentRequired"} & set(one)
        assert "$ref" not in one or set(one) == {"$ref"}
        assert one != {"type": "null"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_has_a_hover_text_in_french_with_the_english_in_brackets(name: str) -> None:
    schema = committed(name)
    models = [schema, *schema["$defs"].values()]
    texts = [one["description"] for model in models for one in model["properties"].values()]
    assert [text for text in texts if not re.fullmatch(r".+ \[.+\]", text)] == []
    assert all(model["additionalProperties"] is False for model in models)


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.threat(7)
def test_no_key_of_any_file_can_accept_unsigned_or_unverified_input(name: str) -> None:
    """THREATS row 7. There is not one yes/no in the settings, and no key whose name loosens anything."""
    schema = committed(name)
    keys = {key for one in inside(schema) for key in one.get("properties", {})}
    words = {str(word) for one in inside(schema) for word in [*one.get("enum", []), one.get("const", "")]}
    loose = re.compile("unsign|insecur|verif|skip|ignor|allow|permissi|clear|plain|unencrypt|disabl|bypass|trust"
                       "|lenient|force|check|enforce|require|optional", re.IGNORECASE)
    assert [one for one in sorted(keys | words) if loose.search(one)] == []
    assert [one for one in inside(schema) if one.get("type") == "boolean"] == []
    assert name == "reference.json" or {"signing", "encryption"} <= keys | words


def test_other_packages_make_schemas_of_their_own_models() -> None:
    class Bounds(Model):
        run: Integer = 3

    class Rule(Model):
        name: Text
        limits: Bounds
        maybe: Text | None = None
        words: dict[Text, Text] = Field(default_factory=dict)

    assert json_schema(Rule) == {
        "$schema": "http://json-schema.org/draft-07/schema#", "title": "", "additionalProperties": False,
        "properties": {"name": {"minLength": 1, "type": "string"}, "limits": {"$ref": "#/$defs/Bounds"},
                       "maybe": {"minLength": 1, "type": "string"},
                       "words": {"additionalProperties": {"minLength": 1, "type": "string"}, "type": "object",
                                 "propertyNames": {"minLength": 1}}},
        "required": ["name", "limits"], "type": "object",
        "$defs": {"Bounds": {"additionalProperties": False, "type": "object",
                             "properties": {"run": {"default": 3, "type": "integer"}}}}}


def test_the_schemas_can_be_copied_beside_somebodys_files(tmp_path: Path) -> None:
    write_schemas(tmp_path / "schema")
    assert sorted(path.name for path in (tmp_path / "schema").iterdir()) == [
        "partner.json", "reference.json", "settings.json"]
    shutil.rmtree(tmp_path / "schema")
