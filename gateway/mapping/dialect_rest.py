"""The rest cell: values of the record for which the national file has no place, as ``path=value`` joined by ``|``.

Example: ``items[2].packages[2].count=5|vehicle_at_border.kind=31``; a member of a list that holds nothing is
``vehicles[1]=``. A backslash stands before ``|``, ``\\`` and line
ends in a value. It makes a dialect complete: whatever a partner sends, the receiving administration's file holds it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from gateway.mapping.dialect_formats import Misfit
from gateway.mapping.dialect_level import Given, Reading
from gateway.records.nodes import Node
from gateway.references import Path, Scalar

_PATH = re.compile(r"[a-z_]+(?:\[[1-9][0-9]{0,4}\])?(?:\.[a-z_]+(?:\[[1-9][0-9]{0,4}\])?)*")
_STEP = re.compile(r"([a-z_]+)(?:\[([0-9]+)\])?")
_ESCAPE = {"\\": "\\\\", "|": "\\|", "\n": "\\n", "\r": "\\r"}
_BACK = {"\\": "\\", "|": "|", "n": "\n", "r": "\r"}
_PART = re.compile(r"(?:[^\\|]|\\.)+", re.DOTALL)


def term_of(path: Path) -> str:
    """A path without its ordinals."""
    return re.sub(r"\[[0-9]+\]", "", path)


def canonical_text(value: Scalar) -> str:
    """A value as the gateway writes it itself: ISO days, instants in UTC with Z, plain decimals, true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        stamp = value.astimezone(UTC).replace(tzinfo=None)
        return stamp.isoformat(timespec="auto" if stamp.microsecond or stamp.second else "minutes") + "Z"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?")


def canonical_value(text: str, kind: str) -> Scalar:
    """The value of a canonical text. Raises Misfit D101."""
    try:
        if kind == "text":
            return text
        if kind == "count" and re.fullmatch(r"0|[1-9]\d{0,17}", text):
            return int(text)
        if kind == "boolean" and text in ("true", "false"):
            return text == "true"
        if kind == "decimal" and _DECIMAL.fullmatch(text):
            return Decimal(text)
        if kind in ("datetime", "moment") and _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
        if kind in ("date", "moment") and _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except (ValueError, OverflowError, InvalidOperation):
        pass
    examples = {"count": "480", "boolean": "true", "decimal": "12500.375", "date": "2026-03-10",
                "datetime": "2026-03-10T10:15Z", "moment": "2026-03-10, 2026-03-10T10:15Z"}
    raise Misfit("D101", value=text[:80], format=kind, example=examples.get(kind, "-"))


def write_rest(rest: Mapping[Path, Scalar]) -> str:
    """The text of the rest cell, in the order of the paths."""
    return "|".join(f"{path}={_escaped(canonical_text(rest[path]))}" for path in sorted(rest, key=_order))


def _order(path: Path) -> list[tuple[str, int]]:
    return [(step.group(1), int(step.group(2) or 0)) for step in _STEP.finditer(path)]


def read_rest(node: Node, part: str, kinds: Mapping[str, str], reading: Reading) -> Given:
    """What a rest cell says. Faults go to `reading`: D116 not of that form, D110 no such term, D101 wrong value."""
    given: Given = {}
    for piece in _PART.finditer(node.text):
        path, mark, text = piece.group().partition("=")
        kind = kinds.get(term_of(path), "group")
        if not mark or not _PATH.fullmatch(path):
            reading.fault(Misfit("D116", value=piece.group()[:80]), part, node, "")
        elif kind == "list" and path.endswith("]") and not text:  # a member that holds nothing
            _place(given, path, {})
            reading.origins[path] = (reading.files[part], node)
        elif kind in ("group", "list"):
            reading.fault(Misfit("D110", key=path, near="-"), part, node, path)
        else:
            try:
                value = canonical_value(re.sub(r"\\(.)", _unescaped, text, flags=re.DOTALL), kind)
            except Misfit as misfit:
                reading.fault(misfit, part, node, path)
                continue
            _place(given, path, value)
            reading.origins[path] = (reading.files[part], node)
    return given


def _escaped(text: str) -> str:
    return "".join(_ESCAPE.get(character, character) for character in text)


def _unescaped(match: re.Match[str]) -> str:
    return _BACK.get(match.group(1), match.group())


def _place(given: Given, path: Path, value: Scalar | Given) -> None:
    steps: list[str | int] = []
    for step in _STEP.finditer(path):
        steps.append(step.group(1))
        if step.group(2):
            steps.append(int(step.group(2)))
    for step_ in steps[:-1]:
        inner = given.setdefault(step_, {})
        if not isinstance(inner, dict):
            return
        given = inner
    given[steps[-1]] = value
