"""The record's own JSON: every term under its own name. Neutral between administrations, and complete by construction.

Groups are objects, lists are arrays, counts are numbers, booleans true or false; masses and amounts are texts so that
no reader makes binary floats of them (numbers are read too), days are ``2026-03-10``, instants ``2026-03-10T10:15Z``.
A term with a code table is written in national words. An unknown key is a fault, unless the dialect keeps such keys: a
typing error must not lose a value.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from gateway.findings import Finding, Place
from gateway.mapping.dialect_formats import Format, Misfit
from gateway.mapping.dialect_level import Reading
from gateway.mapping.dialect_rest import canonical_text, canonical_value
from gateway.records.json import Json
from gateway.records.nodes import Form, Kind, Node
from gateway.references import Scalar, Tree

_WRITTEN_AS = {"count": (Kind.NUMBER,), "boolean": (Kind.BOOLEAN,), "decimal": (Kind.TEXT, Kind.NUMBER)}


def read_canonical(root: Node, part: str, kinds: Mapping[str, str], codes: Mapping[str, Format], lax: frozenset[str],
                   reading: Reading) -> Tree:
    """The tree of a JSON object. Faults go to `reading`: D110 unknown key, D111 wrong kind, D101, D104."""
    return _group(root, part, "", "", kinds, codes, lax, reading)


def write_canonical(tree: Tree, codes: Mapping[str, Format], term: str = "") -> dict[str, Json]:
    """The JSON object of a tree. Raises Misfit D202 for a value outside its code table."""
    made: dict[str, Json] = {}
    for name, value in tree.items():
        inner = f"{term}{name}"
        if isinstance(value, dict):
            made[name] = write_canonical(value, codes, f"{inner}.")
        elif isinstance(value, list):
            made[name] = [write_canonical(member, codes, f"{inner}.") for member in value]
        elif inner in codes:
            made[name] = codes[inner].write(value)
        else:
            made[name] = value if isinstance(value, int) else canonical_text(value)
    return made


def _group(node: Node, part: str, term: str, path: str, kinds: Mapping[str, str], codes: Mapping[str, Format],
           lax: frozenset[str], reading: Reading) -> Tree:
    if node.kind is not Kind.OBJECT:
        _wrong(node, part, path, "object", reading)
        return {}
    tree: Tree = {}
    for name, (child, *_) in node.children.items():
        inner, place = f"{term}{name}", f"{path}{name}"
        kind = kinds.get(inner)
        if kind is None:
            if not reading.keep:
                _unknown(child, part, term, name, place, kinds, reading)
        elif child.kind is Kind.NULL or (child.kind is Kind.TEXT and not child.text.strip()):
            continue
        elif kind == "group":
            group = _group(child, part, f"{inner}.", f"{place}.", kinds, codes, lax, reading)
            if group:
                tree[name] = group
        elif kind == "list":
            members = _list(child, part, inner, place, kinds, codes, lax, reading)
            if members:
                tree[name] = members
        else:
            value = _scalar(child, part, inner, place, kind, codes, reading)
            if value is not None and not (value is False and inner in lax):
                tree[name] = value
    return tree


def _list(node: Node, part: str, term: str, path: str, kinds: Mapping[str, str], codes: Mapping[str, Format],
          lax: frozenset[str], reading: Reading) -> list[Tree]:
    if node.kind is not Kind.ARRAY:
        _wrong(node, part, path, "array", reading)
        return []
    made = []
    for ordinal, member in enumerate(node.children[""], 1):
        made.append(_group(member, part, f"{term}.", f"{path}[{ordinal}].", kinds, codes, lax, reading))
        if not made[-1]:
            reading.origins[f"{path}[{ordinal}]"] = (reading.files[part], member)
    return made


def _scalar(node: Node, part: str, term: str, path: str, kind: str, codes: Mapping[str, Format],
            reading: Reading) -> Scalar | None:
    if node.kind not in _WRITTEN_AS.get(kind, (Kind.TEXT,)) \
            and not (node.form is Form.READER and node.kind is Kind.TEXT):
        _wrong(node, part, path, kind, reading)
        return None
    try:
        value = codes[term].read(node.text.strip()) if term in codes else canonical_value(node.text, kind)
    except Misfit as misfit:
        reading.fault(misfit, part, node, path)
        return None
    reading.origins[path] = (reading.files[part], node)
    return value


def _wrong(node: Node, part: str, path: str, wanted: str, reading: Reading) -> None:
    shown = node.text[:40] or node.kind.value
    reading.fault(Misfit("D111", value=shown, found=node.kind.value, kind=wanted), part, node, path.rstrip("."))


def _unknown(node: Node, part: str, term: str, name: str, path: str, kinds: Mapping[str, str],
             reading: Reading) -> None:
    siblings = [known[len(term):] for known in kinds if known.startswith(term) and "." not in known[len(term):]]
    near = difflib.get_close_matches(name, siblings, 1)
    place = node.place(reading.files[part])
    reading.findings.append(Finding(code="D110", values={"key": name, "near": near[0] if near else "-"}, place=Place(
        file=place.file, line=place.line, column=place.column, locator=place.locator, path=path)))
