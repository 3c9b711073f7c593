"""National JSON back onto the file it came from: what changed is put in, unknown keys and the digits of numbers stay.

The layout of the text is made anew (one member per line); where nothing changed the file is not written at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from gateway.records.changes import steps
from gateway.records.json import Json
from gateway.records.nodes import Kind, Node

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class _Raw(str):
    """A value as it stands in the file: a number with its digits, a word, a quoted text."""

    __slots__ = ()


_Tree: TypeAlias = "_Raw | dict[str, _Tree] | list[_Tree]"


def patch_json(node: Node, old: Json, new: Json, *, lines: bool = False) -> bytes:
    """The document of a node with the difference between two values put in.

    old, new  what the dialect writes for the record as it was read from this document, and for the record now
    lines     True for a file of one object per line
    """
    tree = _changed(_tree(node), old, new)
    return ("".join(_text(tree, None if lines else 0)) + "\n").encode("utf-8")


def _tree(node: Node) -> _Tree:
    if node.kind is Kind.OBJECT:
        return {name: _tree(child) for name, (child, *_) in node.children.items()}
    if node.kind is Kind.ARRAY:
        return [_tree(member) for member in node.children[""]]
    if node.kind is Kind.TEXT:
        return _quoted(node.text)
    return _Raw(node.text or "null")


def _fresh(value: Json) -> _Tree:
    if isinstance(value, Mapping):
        return {name: _fresh(inner) for name, inner in value.items()}
    if isinstance(value, str | int):
        return _quoted(value) if isinstance(value, str) else _Raw(json.dumps(value))
    return [_fresh(member) for member in value]


def _quoted(text: str) -> _Raw:
    return _Raw(json.dumps(text, ensure_ascii=False))


def _changed(tree: _Tree, old: Json, new: Json) -> _Tree:
    """The tree with what is new; what is the same stays as the file has it."""
    if old == new:
        return tree
    if isinstance(tree, dict) and isinstance(old, Mapping) and isinstance(new, Mapping):
        return _object(tree, old, new)
    if isinstance(tree, list) and _members(old) is not None and _members(new) is not None:
        return _array(tree, _members(old) or (), _members(new) or ())
    if isinstance(tree, _Raw) and isinstance(new, str) and _NUMBER.fullmatch(tree) and _NUMBER.fullmatch(new):
        return _Raw(new)  # the file has a number there
    return _fresh(new)


def _members(value: Json) -> Sequence[Json] | None:
    return None if isinstance(value, str | int | Mapping) else value


def _object(tree: dict[str, _Tree], old: Mapping[str, Json], new: Mapping[str, Json]) -> _Tree:
    made: dict[str, _Tree] = {}
    for name, inner in tree.items():
        if name in new and name in old:
            made[name] = _changed(inner, old[name], new[name])
        elif name in new:
            made[name] = _fresh(new[name])
        else:
            made[name] = _Raw("null") if name in old else inner
    for name, value in new.items():
        if name not in tree:
            made[name] = _fresh(value)
    return made


def _array(tree: list[_Tree], old: Sequence[Json], new: Sequence[Json]) -> _Tree:
    """Members that stayed keep what is unknown in them; empty ones that were not read as members stay, too."""
    places = list(range(len(tree)))
    if len(tree) > len(old):
        places = [number for number in places if tree[number] not in ({}, _Raw("null"))][:len(old)]
    made: list[_Tree] = []
    taken = 0
    for tag, first, end, start, stop in steps(old, new):
        there = places[first:end]
        for number, place in enumerate(there):
            made.extend(tree[taken:place])
            taken = place + 1
            if tag == "equal":
                made.append(tree[place])
            elif start + number < stop:
                made.append(_changed(tree[place], old[first + number], new[start + number]))
        if tag != "equal":
            made.extend(_fresh(member) for member in new[start + len(there):stop])
    return [*made, *tree[taken:]]


def _text(tree: _Tree, indent: int | None) -> Iterator[str]:
    """The pieces of the text, as `json.dumps` lays it out."""
    if isinstance(tree, _Raw):
        yield tree
        return
    start, stop = "{}" if isinstance(tree, dict) else "[]"
    if not tree:
        yield start + stop
        return
    inner = None if indent is None else indent + 1
    yield start
    for number, (name, value) in enumerate(tree.items() if isinstance(tree, dict) else ((None, one) for one in tree)):
        yield (", " if inner is None else ",") * bool(number) + ("" if inner is None else "\n" + " " * inner)
        if name is not None:
            yield f"{_quoted(name)}: "
        yield from _text(value, inner)
    yield stop if indent is None else "\n" + " " * indent + stop
