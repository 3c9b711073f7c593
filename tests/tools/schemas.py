"""The JSON Schemas that lie in the package, and what stands in them."""

from __future__ import annotations

import json
from typing import Any

from gateway.config.schema import FOLDER


def committed(name: str) -> dict[str, Any]:
    """A schema as it was committed."""
    loaded: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return loaded


def inside(schema: Any) -> list[dict[str, Any]]:
    """Every object of a schema, itself included."""
    if isinstance(schema, list):
        return [found for one in schema for found in inside(one)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(found for one in schema.values() for found in inside(one))]
