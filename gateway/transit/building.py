"""Functions that build the typed record of a tree, and the tree of a record, made once for each class.

They are the clean path alone (decision 0007): at the first doubt they raise `Odd`, and `terms` walks again with paths
and says everything that is wrong. Nothing stands in their sources but the names of the fields of our own classes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

from msgspec import NODEFAULT, Struct

from gateway.references import Tree

Build: TypeAlias = Callable[[Tree], Any]
Write: TypeAlias = Callable[[Any], Tree]


class Odd(Exception):
    """A tree that does not fit."""


class Shape(Struct, frozen=True):
    """What one field may hold.

    kind         as `terms.terms` names it
    inner        the class of a group, or of the members of a list
    accepts      tells whether a value may stand there
    enumeration  the class that its text is a value of
    exact        the class that a value has, where there is only one
    """

    kind: str
    inner: type | None
    accepts: Callable[[Any], bool]
    default: object
    enumeration: type[enum.Enum] | None = None
    exact: type | None = None


Shapes: TypeAlias = Callable[[type], Mapping[str, Shape]]


@cache
def builder(record: type, shapes: Shapes) -> Build:
    """What builds the record of a tree that fits. It raises Odd for any other."""
    known: dict[str, Any] = {"record": record, "Odd": Odd, "absent": object()}
    lines = ["def build(tree):", " get = tree.get", " taken = 0"]
    fields = list(enumerate(shapes(record).items()))
    for number, (name, shape) in fields:
        lines.append(f" value{number} = value = get({name!r}, absent)")
        if shape.default is NODEFAULT:
            lines += [" if value is absent:", "  raise Odd", " else:"]
        else:
            known[f"default{number}"] = shape.default
            lines += [" if value is absent:", f"  value{number} = default{number}", " else:"]
        lines.append("  taken += 1")
        if shape.exact is not None:
            known[f"exact{number}"] = shape.exact
            lines.append(f"  if value.__class__ is not exact{number}:")
        else:
            known[f"accepts{number}"] = shape.accepts
            lines.append(f"  if not accepts{number}(value):")
        lines.append("   raise Odd")
        if (built := _built(number, shape, shapes, known)) != "value":
            lines.append(f"  value{number} = {built}")
    values = ", ".join(f"{name}=value{number}" for number, (name, _) in fields)
    lines += [" if taken != len(tree):", "  raise Odd", f" return record({values})"]
    build: Build = _made("build", lines, known)
    return build


@cache
def tree_writer(record: type, shapes: Shapes) -> Write:
    """What gives the tree of a record."""
    known: dict[str, Any] = {}
    lines = ["def write(record):", " tree = {}"]
    for number, (name, shape) in enumerate(shapes(record).items()):
        condition = "value" if shape.kind == "list" else "value is not None"
        if shape.exact is bool and shape.default is False:
            condition += " and value is not False"
        written = "value"
        if shape.inner is not None:
            known[f"write{number}"] = tree_writer(shape.inner, shapes)
            written = f"[write{number}(member) for member in value]" if shape.kind == "list" else \
                f"write{number}(value)"
        elif shape.enumeration is not None:
            written = "value.value"
        lines += [f" value = record.{name}", f" if {condition}:", f"  tree[{name!r}] = {written}"]
    write: Write = _made("write", [*lines, " return tree"], known)
    return write


def _built(number: int, shape: Shape, shapes: Shapes, known: dict[str, Any]) -> str:
    """The expression that makes a value of the record of one of the tree."""
    if shape.inner is not None:
        known[f"build{number}"] = builder(shape.inner, shapes)
        return f"tuple([build{number}(member) for member in value])" if shape.kind == "list" else \
            f"build{number}(value)"
    if shape.enumeration is not None:
        known[f"of{number}"] = shape.enumeration
        return f"of{number}(value)"
    return "value"


def _made(name: str, lines: list[str], known: dict[str, Any]) -> Any:
    exec(compile("\n".join(lines), "<record>", "exec"), known)  # noqa: S102  # the fields of our own classes
    return known[name]
