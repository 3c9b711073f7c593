"""JSON Schemas of our files for editors: completion, hover text and faults while somebody types.

    python -m gateway.config.schema     write gateway/schema/settings.json, partner.json and reference.json again

Editors follow draft 7 or draft 2020-12, so only what both understand is used: no tuples, no text beside ``$ref``
(draft 7 ignores it), no null. Hover texts are the catalogue's, French first, the English one in brackets. The schema
accepts everything the gateway accepts; what only the gateway can judge, the gateway judges.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, cast

from pydantic import BaseModel

from gateway.config.partner import Partner
from gateway.config.reference import ReferenceFile
from gateway.config.settings import SettingsFile
from gateway.config.shape import keys_of, models_in
from gateway.texts import Language, known, say

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

FOLDER = Path(__file__).parents[1] / "schema"
SCHEMAS: dict[str, type[BaseModel]] = {"settings.json": SettingsFile, "partner.json": Partner,
                                      "reference.json": ReferenceFile}

_UNKNOWN_TO_EDITORS = ("title", "discriminator")


def json_schema(model: type[BaseModel], prefix: str = "config") -> dict[str, Json]:
    """The schema of a model.

    prefix  of the catalogue keys: ``config.Limits.run`` holds the hover text of `Limits.run`, ``config.Limits`` that
            of the section; a key without an entry has no hover text
    """
    made = cast("dict[str, Json]", model.model_json_schema(by_alias=True))
    definitions = cast("dict[str, dict[str, Json]]", made.pop("$defs", {}))
    models = {one.__name__: one for one in models_in(model)}
    result = {"$schema": "http://json-schema.org/draft-07/schema#", "title": _hover(f"{prefix}.{model.__name__}") or "",
              **_described(made, model, prefix)}
    result.pop("description", None)
    if definitions:
        result["$defs"] = {name: _described(one, models[name], prefix) for name, one in definitions.items()}
    return result


def schema_text(model: type[BaseModel], prefix: str = "config") -> str:
    """The schema as the text of its file."""
    return json.dumps(json_schema(model, prefix), ensure_ascii=False, indent=2) + "\n"


def _described(schema: dict[str, Json], model: type[BaseModel], prefix: str) -> dict[str, Json]:
    """The schema of one model with our hover texts."""
    made = cast("dict[str, Json]", _plain(schema))
    made.pop("description", None)
    text = _hover(f"{prefix}.{model.__name__}")
    if text is not None:
        made["description"] = text
    properties = cast("dict[str, dict[str, Json]]", made.get("properties", {}))
    offered = {name for name, field in model.model_fields.items() if "default" in properties[field.alias or name]}
    for key, value in model.model_construct().model_dump(mode="json", by_alias=True, include=offered).items():
        properties[key]["default"] = value  # as it stands in a file, for editors write it there
    for key in keys_of(model):
        text = _hover(f"{prefix}.{model.__name__}.{key}")
        if text is not None:
            inner = properties[key]
            properties[key] = {"description": text, **({"allOf": [inner]} if "$ref" in inner else inner)}
    return made


def _plain(schema: Json) -> Json:
    """A schema without titles, nulls and what editors do not know."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Json] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs") and isinstance(value, dict):
            made[key] = {name: _plain(one) for name, one in value.items()}
        elif key not in _UNKNOWN_TO_EDITORS and not (key == "default" and value is None):
            made[key] = value if key in ("default", "const", "enum") else _plain(value)
    alternatives = made.get("anyOf")
    if isinstance(alternatives, list):
        kept = [one for one in alternatives if one != {"type": "null"}]
        made["anyOf"] = kept
        if len(kept) == 1:
            del made["anyOf"]
            made.update(cast("Mapping[str, Json]", kept[0]))
    return made


def _hover(key: str) -> str | None:
    if not known(key, Language.FRENCH):
        return None
    return f"{say(key, Language.FRENCH)} [{say(key, Language.ENGLISH)}]"


def write_schemas(folder: Path = FOLDER) -> None:
    """Write the schemas of the settings and of a partner into a folder, for instance beside somebody's files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in SCHEMAS.items():
        (folder / name).write_text(schema_text(model), "utf-8")


if __name__ == "__main__":
    write_schemas()
