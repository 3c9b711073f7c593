"""The terms of the transit record, and the way between a Tree and the typed record.

A term is the path of a value without ordinals: ``items.packages.count``. The dataclasses of `declaration` and
`event` are the only source; dialects and mappings are checked against `terms`.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.references import Path, Tree

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
        return typing.cast(Record, _quickly(record, tree))
    except _Odd:  # something is wrong: walk again with paths, and say everything that is
        findings: list[Finding] = []
        _build(record, tree, "", findings)
        raise LocalError(*findings) from None


def to_tree(record: object) -> Tree:
    """The record as a Tree: absent values, empty lists and booleans that are False by default leave no key."""
    tree: Tree = {}
    for name, shape in _walk(typing.cast(type, type(record))):
        value = getattr(record, name)
        if value is None:
            continue
        if shape.exact is not None:
            if value is not False or shape.default is not False:
                tree[name] = value
        elif shape.kind == "list":
            if value:
                tree[name] = [to_tree(member) for member in value]
        elif shape.kind == "group":
            tree[name] = to_tree(value)
        else:
            tree[name] = value.value if isinstance(value, enum.Enum) else value
    return tree


@dataclasses.dataclass(frozen=True, slots=True)
class _Shape:
    """What one field may hold."""

    kind: str
    inner: type | None
    accepts: Callable[[Any], bool]
    default: object
    enumeration: type[enum.Enum] | None = None
    exact: type | None = None


@cache
def _shapes(record: type) -> dict[str, _Shape]:
    hints = typing.get_type_hints(record)
    return {field.name: _shape(hints[field.name], field.default) for field in dataclasses.fields(record)}


@cache
def _walk(record: type) -> tuple[tuple[str, _Shape], ...]:
    return tuple(_shapes(record).items())


def _shape(hint: Any, default: object) -> _Shape:
    members = [part for part in typing.get_args(hint) if part is not types.NoneType] \
        if typing.get_origin(hint) in (types.UnionType, typing.Union) else [hint]
    if date in members and datetime in members:
        return _Shape("moment", None, lambda value: isinstance(value, date), default)
    only = members[0]
    if typing.get_origin(only) is tuple:
        return _Shape("list", typing.get_args(only)[0], lambda value: isinstance(value, list), default)
    if dataclasses.is_dataclass(only):
        return _Shape("group", typing.cast(type, only), lambda value: isinstance(value, dict), default)
    if isinstance(only, type) and issubclass(only, enum.Enum):
        values = {member.value for member in only}
        return _Shape("text", None, lambda value: value in values, default, only)
    kind = _KINDS[only]
    return _Shape(kind, None, lambda value: type(value) is only, default, exact=only)


class _Odd(Exception):
    """A tree that does not fit; the slow way says why."""


def _quickly(record: type, tree: Tree) -> object:
    """Build the record of a tree that fits. Raises _Odd."""
    shapes = _shapes(record)
    values: dict[str, Any] = {}
    for name, value in tree.items():
        shape = shapes.get(name)
        if shape is None:
            raise _Odd
        if shape.exact is not None:
            if type(value) is not shape.exact:
                raise _Odd
            values[name] = value
        elif not shape.accepts(value):
            raise _Odd
        elif shape.inner is None:
            values[name] = shape.enumeration(value) if shape.enumeration else value
        elif shape.kind == "list":
            inner = shape.inner
            values[name] = tuple([_quickly(inner, member) for member in value])  # type: ignore[union-attr,arg-type]
        else:
            values[name] = _quickly(shape.inner, value)  # type: ignore[arg-type]
    try:
        return record(**values)
    except TypeError:  # a compulsory term is missing
        raise _Odd from None


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
    required = [name for name, shape in shapes.items() if shape.default is dataclasses.MISSING]
    missing = [name for name in required if name not in tree]
    findings.extend(Finding(code="T003", place=Place(path=f"{path}.{name}" if path else name, missing=True))
                    for name in missing)
    return None if missing or any(name not in values for name in required) else record(**values)
