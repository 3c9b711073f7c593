"""National files field by field, read without the gateway's own readers: sent and received, side by side.

The dialect's file says which cells there are; here it is only walked, not understood.
"""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from gateway.mapping.dialect_rest import canonical_text
from gateway.references import Scalar, Tree

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:E\d+)?")
_ORDINALS = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that a dialect names: the entry of ``places``, ``rules`` or ``counts``, the part, the path or column."""

    entry: str
    part: str
    path: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a cell as it stands in the sent and in the received file; "" where it is not there."""

    entry: str
    place: str
    sent: str
    received: str

    @property
    def same(self) -> bool:
        """Whether both say the same: numbers by their value, texts as they are."""
        return normal(self.sent) == normal(self.received)


def normal(text: str) -> str:
    """``480.0`` and ``480``, ``2.86E7`` and ``28600000`` are one number; lines are compared without blanks around."""
    if _NUMBER.fullmatch(text) and ("." in text or "E" in text):
        return format(Decimal(text).normalize(), "f")
    return "\n".join(line.strip() for line in text.strip().splitlines())


def cells_of(dialect: Path) -> list[Cell]:
    """Every cell that a dialect file names, in its order."""
    document = yaml.load(dialect.read_text("utf-8"), yaml.BaseLoader)
    found = [*_walk(document["places"], "", "")]
    for rule in document["rules"]:
        found.extend(_walk({key: value for key, value in rule.items() if key != "terms"}, "",
                           " + ".join(rule.get("terms", {})) or rule.get("of", "")))
    found.extend(_walk(document["counts"], "", "counts"))
    if "rest" in document:
        found.extend(_walk(document["rest"], "", "rest"))
    return found


def columns_of(dialect: Path) -> dict[str, list[str]]:
    """Column name of the T1 extract -> its headings, the first is the one written."""
    columns = yaml.load(dialect.read_text("utf-8"), yaml.BaseLoader)["parts"]["t1"]["columns"]
    return {name: [headings] if isinstance(headings, str) else headings for name, headings in columns.items()}


def _walk(node: Any, base: str, entry: str) -> Iterator[Cell]:
    if isinstance(node, str):
        yield from _cell(node, base, entry)
    elif isinstance(node, list):
        for member in node:
            yield from _walk(member, base, entry)
    elif isinstance(node, dict):
        if "everywhere" in node:  # the path below every member of `of`
            yield Cell(entry, "sad", f"{node['of'].removeprefix('sad ')}/{node['everywhere'].removeprefix('sad ')}")
            return
        inner = f"{base}{node['each'].removeprefix('sad ')}/" if "each" in node else base
        for key, value in node.items():
            if key == "each":
                continue
            yield from _cell(key, inner, entry)
            named = key not in ("places", "rules", "cells", "list", "one", "also", "fixed", "text", "between", "at")
            yield from _walk(value, inner, f"{entry}.{key}".lstrip(".") if named and not entry.startswith("rule") else
                             entry)


def _cell(text: str, base: str, entry: str) -> Iterator[Cell]:
    part, _, rest = text.partition(" ")
    if part in ("sad", "t1") and rest:
        path = rest.partition(" | ")[0]
        yield Cell(entry, part, base + path if part == "sad" else path)


def sad_texts(content: bytes) -> dict[str, str]:
    """Path with ordinals below the root -> text, of every element of a SAD that holds one."""
    return dict(_elements(ElementTree.fromstring(content), ""))


def _elements(element: ElementTree.Element, path: str) -> Iterator[tuple[str, str]]:
    counted: dict[str, int] = {}
    for child in element:
        counted[child.tag] = counted.get(child.tag, 0) + 1
        inner = f"{path}{child.tag}[{counted[child.tag]}]"
        if child.text and child.text.strip():
            yield inner, child.text.strip()
        yield from _elements(child, f"{inner}/")


def t1_texts(content: bytes, encoding: str, columns: Mapping[str, list[str]]) -> dict[str, str]:
    """Column name -> cell of the one line of a T1 extract; empty cells left out."""
    names = {heading: name for name, headings in columns.items() for heading in headings}
    (row,) = csv.DictReader(io.StringIO(content.decode(encoding), newline=""), delimiter=";")
    return {names[heading]: text for heading, text in row.items() if text}


def table(cells: list[Cell], sent: Mapping[str, Mapping[str, str]],
          received: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """A row for each place of each cell that holds something on one side at least.

    sent, received  part -> place -> text
    """
    rows: list[Row] = []
    for cell in cells:
        places = dict.fromkeys(place for side in (sent, received) for place in side[cell.part]
                               if plain(place) == cell.path)
        rows.extend(Row(cell.entry, f"{cell.part} {place}", sent[cell.part].get(place, ""),
                        received[cell.part].get(place, "")) for place in places)
    return rows


def plain(place: str) -> str:
    """A place without ordinals."""
    return _ORDINALS.sub("", place)


def terms(tree: Tree, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Path and canonical text of every value of a record."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from terms(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            for ordinal, member in enumerate(value, 1):
                yield from terms(member, f"{prefix}{name}[{ordinal}].")
        else:
            yield f"{prefix}{name}", _text(value)


def _text(value: Scalar) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(canonical_text(value))


def shown(rows: list[Row]) -> str:
    """The table for people; a line that differs is marked."""
    width = max((len(row.place) for row in rows), default=0)
    return "\n".join(f"{' ' if row.same else '!'} {row.entry:45} {row.place:{width}}  {row.sent!r}  {row.received!r}"
                     for row in rows)
