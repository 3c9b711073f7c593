"""Trees and moments as text, and back exactly as they were.

The text is JSON, keys sorted, ASCII. Texts, counts and booleans are JSON's own; what JSON cannot say is a pair of
strings, which no Tree can hold otherwise: ``["decimal", "12.50"]``, ``["date", "2026-11-23"]``,
``["datetime", "2026-11-23T19:00:00+00:00"]``. Equal trees whose decimals are written alike give equal texts.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec
from msgspec import Struct

from gateway.references import Scalar, Tree

Json: TypeAlias = "str | int | bool | dict[str, Json] | list[Json]"

_OCTETS = msgspec.json.Encoder(order="deterministic").encode
_BEYOND = re.compile(r"[^\0-~]")
_READERS: dict[str, Callable[[str], Decimal | date | datetime]] = {
    "decimal": Decimal, "date": date.fromisoformat, "datetime": datetime.fromisoformat}


class TreeText(Struct, frozen=True):
    """A tree as the ledger keeps it: its text and the SHA-256 of that in hex."""

    text: str
    digest: str


def tree_text(tree: Tree) -> TreeText:
    """The text of a tree with its digest. Raises ValueError as `encode_tree`."""
    text = encode_tree(tree)
    return TreeText(text, digest_of(text))


def encode_tree(tree: Tree) -> str:
    """The text of a tree. Raises ValueError for what a Tree must not hold (floats, None, naive times, non-numbers)."""
    group = _group_out(tree)
    try:
        text = _OCTETS(group).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can say and UTF-8 cannot
        return json.dumps(group, sort_keys=True, separators=(",", ":"))
    return text if text.isascii() and "\x7f" not in text else _BEYOND.sub(_escaped, text)


def decode_tree(text: str, without: Sequence[str] = ()) -> Tree:
    """The tree of a text made by `encode_tree`. Raises ValueError when it is not one.

    without  what is left out of it
    """
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:  # the standard library takes half a surrogate pair, and says what else is wrong
        value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("a tree is a JSON object")
    for name in without:
        value.pop(name, None)
    return _group_in(value)


def encode_moment(moment: date | datetime | None) -> str | None:
    """A day as ``2026-11-23``, an instant as ``2026-11-23T19:00:00+00:00``. Raises ValueError for a naive instant."""
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return None if moment is None else moment.isoformat()


def decode_moment(text: str | None) -> date | datetime | None:
    """The day or instant of a text made by `encode_moment`."""
    if text is None:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def digest_of(content: bytes | str) -> str:
    """SHA-256 in 64 hex digits; a text counts by its UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def _escaped(found: re.Match[str]) -> str:
    """A character beyond ASCII as JSON escapes it, by the units of UTF-16."""
    return "".join(f"\\u{unit:04x}" for (unit,) in struct.iter_unpack(">H", found[0].encode("utf-16-be")))


def _group_out(tree: Tree) -> Json:
    return {name: value if value.__class__ is str else _value_out(value) for name, value in tree.items()}


def _value_out(value: Scalar | Tree | list[Tree]) -> Json:
    kind = type(value)  # compares exactly: no subclass passes
    if kind is str or kind is int or kind is bool:
        return value  # type: ignore[return-value]
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("a decimal of a tree is a number")
        return ["decimal", str(value)]
    if isinstance(value, datetime):
        text = encode_moment(value)
        assert text is not None
        return ["datetime", text]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, dict):
        return _group_out(value)
    if isinstance(value, list) and all(isinstance(member, dict) for member in value):
        return [_group_out(member) for member in value]
    raise ValueError(f"a tree holds no {type(value).__name__}")


def _group_in(group: dict[str, Json]) -> Tree:
    return {name: value if value.__class__ is str else _value_in(value) for name, value in group.items()}


def _value_in(value: Json) -> Scalar | Tree | list[Tree]:
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, dict):
        return _group_in(value)
    if isinstance(value, list):
        if len(value) == 2 and isinstance(kind := value[0], str) and isinstance(text := value[1], str) \
                and kind in _READERS:
            return _READERS[kind](text)
        groups = [_group_in(member) for member in value if isinstance(member, dict)]
        if len(groups) == len(value):
            return groups
    raise ValueError(f"not a value of a tree: {value!r:.60}")
