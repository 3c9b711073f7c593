"""A transit record as JSON and back, under its own names: what dialects called canonical write, without their codes."""

from __future__ import annotations

import json

from msgspec.structs import fields

from gateway.errors import LocalError
from gateway.findings import Severity
from gateway.mapping.dialect_canonical import read_canonical, write_canonical
from gateway.mapping.dialect_level import Reading
from gateway.mapping.dialect_load import MODELS
from gateway.records.json import Json, read_json
from gateway.references import Tree
from gateway.transit.terms import from_tree, terms

_PART = "record"


def record_to_json(tree: Tree) -> dict[str, Json]:
    """The object of a record: masses and amounts as texts, days ``2026-03-10``, instants ``2026-03-10T10:15Z``."""
    return write_canonical(tree, {})


def record_from_json(kind: str, document: object) -> Tree:
    """The record of an object.

    kind       declaration or event
    document   as `json.loads` gives it; a mass may be a number, too

    Raises LocalError with every fault: D110 an unknown key, D111 and D101 a value of another kind, T003 a term that a
    record of this kind cannot do without.
    """
    model = MODELS[kind]
    lax = frozenset(one.name for one in fields(model) if one.default is False)
    reading = Reading(files={_PART: _PART}, keep=False)
    tree = read_canonical(read_json(json.dumps(document).encode("utf-8"), _PART), _PART, terms(model), {}, lax, reading)
    faults = [finding for finding in reading.findings if finding.severity is Severity.ERROR]
    if faults:
        raise LocalError(*faults)
    tree = {**{one.name: one.default for one in fields(model) if isinstance(one.default, str)}, **tree}
    from_tree(model, tree)
    return tree
