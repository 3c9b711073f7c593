"""JSON Schemas of the files that mapping editors write: completion, hover text and faults while they type.

    python -m gateway.mapping.editor_schema     write gateway/schema/{mapping,dialect,corridor,offices}.json again

Hover texts are French first, the English one in brackets. Mappings and dialects come from the table of
`gateway.mapping.editor_keys`; corridors and the list of offices from their models, as settings and partners do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from gateway.config.schema import FOLDER, schema_text
from gateway.mapping.corridors import _CorridorFile
from gateway.mapping.editor_keys import DIALECT, MAPPING, WAYS, Json, Shape
from gateway.mapping.offices import _Offices
from gateway.texts import Language, say

_DRAFT = "http://json-schema.org/draft-07/schema#"


def hover(key: str) -> str:
    """The text an editor shows: ``français [English]``."""
    return f"{say(key, Language.FRENCH)} [{say(key, Language.ENGLISH)}]"


def _table_text(name: str, shape: Shape) -> str:
    """The schema of a table as the text of its file; ``edit.<name>.<way of keys>`` holds its hover texts."""
    made: Shape = {"$schema": _DRAFT, "title": hover(f"edit.{name}")}
    definitions = cast("Mapping[str, Shape]", shape.get("$defs", {}))
    made.update(_described({key: value for key, value in shape.items() if key != "$defs"}, f"{name}."))
    if definitions:
        made["$defs"] = {key: _described(value, f"{name}.{WAYS[key]}.") for key, value in definitions.items()}
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def _described(shape: Shape, way: str) -> Shape:
    """A shape with its hover texts. `way` is that of the keys around it, with a full stop behind each."""
    made: Shape = {}
    for word, value in shape.items():
        if word == "wrong":
            made["errorMessage"] = hover(f"edit.wrong.{value}")
        elif word == "properties":
            assert isinstance(value, dict)
            made[word] = {key: _property(cast("Shape", inner), way + key) for key, inner in value.items()}
        elif isinstance(value, dict):
            made[word] = _described(value, way)
        elif isinstance(value, list):
            made[word] = [_described(one, way) if isinstance(one, dict) else one for one in value]
        else:
            made[word] = value
    return made


def _property(shape: Shape, way: str) -> Json:
    """One key. Draft 7 ignores whatever stands beside ``$ref``, so that is wrapped."""
    inner = _described(shape, f"{way}.")
    return {"description": hover(f"edit.{way}"), **({"allOf": [inner]} if "$ref" in inner else inner)}


SCHEMAS: Mapping[str, Callable[[], str]] = {
    "mapping.json": lambda: _table_text("mapping", MAPPING),
    "dialect.json": lambda: _table_text("dialect", DIALECT),
    "corridor.json": lambda: schema_text(_CorridorFile, "edit"),
    "offices.json": lambda: schema_text(_Offices, "edit"),
}
"""Name of a file of gateway/schema -> its text."""


def write_schemas(folder: Path = FOLDER) -> None:
    """Write the schemas into a folder, for instance beside somebody's mappings."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in SCHEMAS.items():
        (folder / name).write_text(text(), "utf-8")


if __name__ == "__main__":
    write_schemas()
