"""Nodes to models: pydantic judges, we say what is wrong, in two languages, at the place in the file.

A missing key points at its parent's key, an unknown key at itself, a wrong value at the value. All faults come at once.
No English text of pydantic gets through: every error type has a code of ours here, and a test walks through the models
to prove that none is forgotten.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.config.faults import by_place
from gateway.config.model import Written
from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.config.shape import known_keys
from gateway.config.yaml import read_partly
from gateway.errors import LocalError
from gateway.findings import Finding, Place

M = TypeVar("M", bound=BaseModel)
Location = Sequence[str | int]

CODES = {
    "missing": "S040", "union_tag_not_found": "S040",
    "extra_forbidden": "S041",
    "model_type": "S042", "model_attributes_type": "S042", "dict_type": "S042",
    "tuple_type": "S043",
    "string_type": "S044", "int_type": "S044", "bool_type": "S044", "decimal_type": "S044", "datetime_type": "S044",
    "time_delta_type": "S044", "is_instance_of": "S044", "path_type": "S044",
    "literal_error": "S045", "union_tag_invalid": "S045",
    "too_short": "S046", "too_long": "S047",
}
"""pydantic's error type -> our code. S048 is S041 without a name to suggest; S099 would be a type forgotten here."""

_OUR_CODE = re.compile(r"[A-Z]+[0-9]{3,4}")
_QUOTED = re.compile(r"'([^']*)'")
_SHOWN = 60


def load_model(path: Path, model: type[M]) -> M:
    """Read a YAML file into a model.

    Relative paths in it are resolved against the folder of the file. Raises LocalError with all faults of the file,
    of its YAML and of its content, sorted by place.
    """
    built, _, findings = read_model(path, model, os.fspath(path))
    if built is None:
        raise LocalError(*findings)
    return built


def read_model(path: Path, model: type[M], name: str) -> tuple[M | None, Node | None, list[Finding]]:
    """The same without raising: the model, or None when there are findings; the nodes, if any; the findings, sorted."""
    reading = read_partly(path, name)
    findings = list(reading.findings)
    if reading.node is None or not reading.whole:
        return None, reading.node, findings
    built = None
    try:
        built = model.model_validate(_plain(reading.node), context={"folder": folder_of(path)})
    except ValidationError as error:
        findings = by_place(findings + _findings(error, reading.node, model, name))
    return None if findings else built, reading.node, findings


def validate_node(node: Node, model: type[M], file: str) -> M:
    """Build a model from nodes that were already read from `file`.

    Raises LocalError with all faults, sorted by place. Relative paths are resolved against the folder of `file`.
    """
    try:
        return model.model_validate(_plain(node), context={"folder": folder_of(Path(file))})
    except ValidationError as error:
        raise LocalError(*by_place(_findings(error, node, model, file)))


def folder_of(file: Path) -> Path:
    """The folder that relative paths in a file start from: absolute, as typed, symbolic links not followed."""
    return Path(os.path.normpath(file.absolute())).parent


def place_at(node: Node, location: Location, file: str) -> Place:
    """Where the value at keys and indices stands; parts that are not in the file are skipped."""
    found = _follow(node, location)[-1][1]
    return Place(file=file, line=found.line, column=found.column)


def _plain(node: Node) -> object:
    if isinstance(node, MappingNode):
        return {Written(key): _plain(value) for key, value in node.items}
    if isinstance(node, SequenceNode):
        return tuple(_plain(value) for value in node.items)
    return Written(node)


def _follow(node: Node, location: Location) -> list[tuple[TextNode | None, Node]]:
    """The way down a location: (key, value) of every part that stands in the file, the root first.

    pydantic puts the word that chose an alternative into the location; that part is skipped. ``[key]`` means the key
    itself and not its value.
    """
    way: list[tuple[TextNode | None, Node]] = [(None, node)]
    for part in location:
        key, value = way[-1]
        if part == "[key]" and key is not None:
            way.append((key, key))
        elif isinstance(value, MappingNode) and isinstance(part, str) and value.get(part) is not None:
            way.append((value.key(part), value.get(part) or value))
        elif isinstance(value, SequenceNode) and isinstance(part, int) and part < len(value.items):
            way.append((None, value.items[part]))
    return way


def _findings(error: ValidationError, root: Node, model: type[BaseModel], file: str) -> list[Finding]:
    """Our findings for pydantic's errors. A key that is missing only because it is misspelt is not said twice."""
    findings: list[Finding] = []
    missing: list[tuple[Location, str, Finding]] = []
    guesses: set[tuple[Location, str]] = set()
    for one in error.errors(include_url=False):
        location = one["loc"]
        key, value = _follow(root, location)[-1]
        kind, context = one["type"], one.get("ctx", {})
        code = CODES.get(kind, kind if _OUR_CODE.fullmatch(kind) else "S099")
        if isinstance(value, TextNode) and value.empty:
            continue  # said already: the value is missing
        if kind == "too_short" and isinstance(value, SequenceNode) and len(value.items) >= context["min_length"]:
            continue  # it only looks short because members of it are faulty
        if "discriminator" in context and not isinstance(value, MappingNode):
            findings.append(_at(value, file, "S042", value=_shown(one["input"])))
        elif code == "S040":
            name = str(context.get("discriminator", location[-1])).strip("'")
            parent = location if "discriminator" in context else location[:-1]
            missing.append((parent, name, _at(key or value, file, code, key=name)))
        elif code == "S041":
            known = known_keys(model, location[:-1])
            finding, guess = _unknown(key or value, str(location[-1]), known, file)
            findings.append(finding)
            guesses.add((location[:-1], guess))
        elif kind == "union_tag_invalid":
            chooser = _follow(value, [str(context["discriminator"]).strip("'")])[-1][1]
            word = chooser.text if isinstance(chooser, TextNode) else ""
            findings.append(_at(chooser, file, code, value=_shown(word), expected=_words(context["expected_tags"])))
        elif kind == code:  # raised by our own models and types
            blamed = _follow(value, context["at"])[-1][1]
            findings.append(_at(blamed, file, code, **context["values"]))
        else:
            findings.append(_at(value, file, code, value=_shown(one["input"]), **_limits(context)))
    return [*findings, *(finding for parent, name, finding in missing if (parent, name) not in guesses)]


def _unknown(key: Node, name: str, known: Sequence[str], file: str) -> tuple[Finding, str]:
    """The finding for an unknown key, and the key that was probably meant, or an empty text."""
    import difflib  # settings without a fault need no guess

    guess = next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.6)), "")
    if guess:
        return _at(key, file, "S041", key=_shown(name), suggestion=guess), guess
    return _at(key, file, "S048", key=_shown(name), known=", ".join(known)), guess


def _limits(context: Mapping[str, Any]) -> dict[str, str]:
    found = {name: str(context[name]) for name in ("min_length", "max_length", "actual_length") if name in context}
    if "expected" in context:
        found["expected"] = _words(context["expected"])
    return found


def _words(expected: str) -> str:
    """The words of an English list of quoted words."""
    return ", ".join(_QUOTED.findall(expected))


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, str) else ""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _at(node: Node, file: str, code: str, **values: str) -> Finding:
    return Finding(code=code, place=Place(file=file, line=node.line, column=node.column), values=values)
