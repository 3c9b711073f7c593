"""Outputs for programs, held against the schemas that the gateway publishes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMAS = Path(__file__).parents[2] / "gateway" / "schema" / "output"


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """The schema of one command's lines. Raises SchemaError when it is none."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def checked(name: str, output: str) -> list[dict[str, Any]]:
    """The lines of an output, each valid, beginning with schema and kind, and with no key that is not declared."""
    lines = [json.loads(line) for line in output.split("\n")[:-1]]
    declared = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))["$defs"]
    for line in lines:
        assert list(line)[:2] == ["schema", "kind"], line
        validator(name).validate(line)
        assert set(line) <= set(declared[line["kind"]]["properties"]), line
    return lines
