"""The terms of the transit record, and the way between a Tree and the typed record.

A term is the path of a value without ordinals: ``items.packages.count``. The classes of `declaration` and
`event` are the only source; dialects and mappings are checked against `terms`.
"""

from __future__ import annotations

import enum
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.references import Path, Tree
from gateway.transit.building import Odd, Shape, builder, tree_writer

Record = TypeVar("Record")

_KINDS: dict[object, str] = {str: "text", int: "count", bool: "boolean", Decimal: "decimal", date: "date",
                             datetime: "datetime"}


@cache
def terms(record: type) -> dict[str, str]:
    """Every term of a record class and its kind.

    Kinds: text, count, boolean, decimal, date, datetime, moment (date or datetime), group, list.
    """
    found: dict[str, str] = {}
    for name, shape in _shapes(record).items():
        found[name] = shape.kind
        if shape.inner is not None:
            found.update({f"{name}.{inner}": kind for inner, kind in terms(shape.inner).items()})
    return found


def from_tree(record: type[Record], tree: Tree) -> Record:
    """Build the typed record. Raises LocalError (T001 unknown term, T002 wrong kind, T003 missing) with all faults."""
    try:
        return typing.cast(Record, builder(typing.cast(type, record), _shapes)(tree))
    except Odd:  # something is wrong: walk again with paths, and say everything that is
        findings: list[Finding] = []
        _build(record, tree, "", findings)
        raise LocalError(*findings) from None


def to_tree(record: object) -> Tree:
    """The record as a Tree: absent values, empty lists and booleans that are False by default leave no key."""
    return tree_writer(typing.cast(type, type(record)), _shapes)(record)


@cache
def _shapes(record: type) -> dict[str, Shape]:
    hints = typing.get_type_hints(record)
    return {field.name: _shape(hints[field.name], field.default) for field in fields(record)}


def _shape(hint: Any, default: object) -> Shape:
    members = [part for part in typing.get_args(hint) if part is not types.NoneType] \
        if typing.get_origin(hint) in (types.UnionType, typing.Union) else [hint]
    if date in members and datetime in members:
        return Shape("moment", None, lambda value: isinstance(value, date), default)
    only = members[0]
    if typing.get_origin(only) is tuple:
        return Shape("list", typing.get_args(only)[0], lambda value: isinstance(value, list), default)
    if isinstance(only, type) and issubclass(only, Struct):
        return Shape("group", typing.cast(type, only), lambda value: isinstance(value, dict), default)
    if isinstance(only, type) and issubclass(only, enum.Enum):
        values = {member.value for member in only}
        return Shape("text", None, lambda value: value in values, default, only)
    kind = _KINDS[only]
    return Shape(kind, None, lambda value: type(value) is only, default, exact=only)


def _build(record: type, tree: Tree, path: Path, findings: list[Finding]) -> object | None:
    shapes = _shapes(record)
    values: dict[str, Any] = {}
    for name, value in tree.items():
        place = f"{path}.{name}" if path else name
        shape = shapes.get(name)
        if shape is None:
            findings.append(Finding(code="T001", place=Place(path=place)))
        elif not shape.accepts(value):
            findings.append(Finding(code="T002", place=Place(path=place),
                                    values={"value": str(value), "kind": shape.kind}))
        elif shape.kind == "list":
            assert isinstance(value, list) and shape.inner is not None
            values[name] = tuple(_build(shape.inner, member, f"{place}[{ordinal}]", findings)
                                 for ordinal, member in enumerate(value, 1))
        elif shape.kind == "group":
            assert isinstance(value, dict) and shape.inner is not None
            values[name] = _build(shape.inner, value, place, findings)
        else:
            values[name] = shape.enumeration(value) if shape.enumeration else value
    required = [name for name, shape in shapes.items() if shape.default is NODEFAULT]
    missing = [name for name in required if name not in tree]
    findings.extend(Finding(code="T003", place=Place(path=f"{path}.{name}" if path else name, missing=True))
                    for name in missing)
    return None if missing or any(name not in values for name in required) else record(**values)
