"""The JSON Schema of a transit record, from the record itself: gateway/schema/record.json.

    python -m tests.tools.record_schema
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.mapping.dialect_load import MODELS, required_terms
from gateway.transit.terms import terms

TARGET = Path(__file__).parents[2] / "gateway" / "schema" / "record.json"

_DAY = r"^\d{4}-\d{2}-\d{2}$"
_INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$"
_KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "count": {"type": "integer", "minimum": 0},
    "boolean": {"type": "boolean"},
    "decimal": {"oneOf": [{"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}, {"type": "number"}]},
    "date": {"type": "string", "pattern": _DAY},
    "datetime": {"type": "string", "pattern": _INSTANT},
    "moment": {"oneOf": [{"type": "string", "pattern": _DAY}, {"type": "string", "pattern": _INSTANT}]},
}


def schema() -> dict[str, Any]:
    """What `gateway.api.Record.to_json` gives."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gateway.api.Record",
        "description": "One transit record as JSON. Keys are only added within a schema number; readers ignore unknown "
                       "keys.",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in MODELS],
        "$defs": {kind: {"type": "object", "required": ["schema", "kind", "record"], "properties": {
            "schema": {"const": 1}, "kind": {"const": kind}, "record": _group(terms(model), required_terms(model), "")}}
            for kind, model in MODELS.items()},
    }


def _group(kinds: dict[str, str], required: dict[str, list[str]], prefix: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for term, kind in kinds.items():
        name = term.removeprefix(prefix)
        if not term.startswith(prefix) or "." in name:
            continue
        if kind == "group":
            properties[name] = _group(kinds, required, f"{term}.")
        elif kind == "list":
            properties[name] = {"type": "array", "minItems": 1, "items": _group(kinds, required, f"{term}.")}
        else:
            properties[name] = _KINDS[kind]
    made: dict[str, Any] = {"type": "object", "properties": properties}
    needed = required.get(prefix, [])
    return {**made, "required": needed} if needed else made


def text() -> str:
    """The file."""
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
