"""Grammars for bots, made from our directories: what its own plugin sites offer, for the messages that the bench reads.

A grammar of bots is a module with a dictionary `syntax`, a list `structure` of segments by their keys ID (0), MIN (1),
MAX (2), LEVEL (4) and SUBTRANSLATION (8), and a dictionary `recorddefs` of fields: name, M or C, the longest length,
format; a repeated element of syntax version 4 has (M or C, repeats). It finds them as
``usersys/grammars/edifact/<type><version><release><agency>.py``, and the envelope as ``edifact.py`` beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.edifact.directory import Directory, Node, Use

_Fields = list[list[object]]
_Structure = list[dict[int, object]]
_ID, _MIN, _MAX, _LEVEL, _SUBTRANSLATION = 0, 1, 2, 4, 8
_FORMATS = {"a": "A", "n": "N", "an": "AN"}
_TYPED_BY = [{"BOTSID": "UNH", f"S009.{element}": None} for element in ("0065", "0052", "0054", "0051")]
_SYNTAX: dict[str, object] = {"checkcollision": False}  # bots refuses trees that say nothing but what the standard says


def write_grammars(folder: Path, messages: Iterable[tuple[Directory, str]]) -> None:
    """Write a package ``usersys`` for bots into `folder`: the envelope, and each message of each directory."""
    grammars = folder / "usersys" / "grammars" / "edifact"
    grammars.mkdir(parents=True, exist_ok=True)
    for package in (grammars, grammars.parent, grammars.parent.parent):
        (package / "__init__.py").write_text("", "utf-8")
    newest = Directory(None, "4")  # its lengths hold for version 3 as well, for no least length is written
    unh: dict[int, object] = {_ID: "UNH", _MIN: 0, _MAX: 99999, _SUBTRANSLATION: _TYPED_BY}
    unb: dict[int, object] = {_ID: "UNB", _MIN: 0, _MAX: 99999, _LEVEL: [unh, {_ID: "UNZ", _MIN: 1, _MAX: 1}]}
    (grammars / "edifact.py").write_text(_module(newest, [unb], nextmessage=True), "utf-8")
    for directory, message_type in messages:
        message = directory.message(message_type)
        if message is None:
            raise ValueError(f"{directory.name} has no {message_type}")
        head, *rest = _structure(message.structure)
        name = f"{message_type}{directory.name.replace('.', '')}UN.py"
        (grammars / name).write_text(_module(directory, [{**head, _LEVEL: rest}]), "utf-8")


def _module(directory: Directory, structure: _Structure, *, nextmessage: bool = False) -> str:
    definitions = {tag: _fields(directory, tag) for tag in _tags(structure)}
    lines = [f"syntax = {_SYNTAX!r}", f"structure = {structure!r}", f"recorddefs = {definitions!r}"]
    if nextmessage:
        lines.append("nextmessage = ({'BOTSID': 'UNB'}, {'BOTSID': 'UNH'})")
    return "\n".join(lines) + "\n"


def _structure(nodes: Sequence[Node]) -> _Structure:
    found: _Structure = []
    for node in nodes:
        head: dict[int, object] = {_ID: node.trigger, _MIN: int(node.mandatory), _MAX: node.maximum}
        found.append({**head, _LEVEL: _structure(node.children[1:])} if len(node.children) > 1 else head)
    return found


def _tags(structure: object) -> set[str]:
    assert isinstance(structure, list)
    found: set[str] = set()
    for one in structure:
        found |= {one[_ID]} | (_tags(one[_LEVEL]) if _LEVEL in one else set())
    return found


def _fields(directory: Directory, tag: str) -> _Fields:
    definition = directory.segment(tag)
    assert definition is not None
    fields: _Fields = [["BOTSID", "M", 255, "AN"]]
    seen: dict[str, int] = {}
    for use in definition.parts:
        repeated = use.maximum > 1 and directory.syntax_version == "4"
        for number in range(1 if repeated else use.maximum):
            seen[use.id] = seen.get(use.id, 0) + 1
            name = use.id if seen[use.id] == 1 else f"{use.id}#{seen[use.id]}"
            status = _status(use, first=number == 0)
            fields.append(_field(directory, use, name, (status, use.maximum) if repeated else status))
    return fields


def _field(directory: Directory, use: Use, name: str, status: object) -> list[object]:
    composite = directory.composite(use.id)
    if composite is None:
        return [name, status, *_format(directory, use.id)]
    if len(composite.parts) == 1:  # bots has no composite of one component
        return [name, status, *_format(directory, composite.parts[0].id)]
    parts: _Fields = []
    seen: dict[str, int] = {}
    for part in composite.parts:
        seen[part.id] = seen.get(part.id, 0) + 1
        inner = f"{name}.{part.id}" if seen[part.id] == 1 else f"{name}.{part.id}#{seen[part.id]}"
        parts.append([inner, _status(part, first=True), *_format(directory, part.id)])
    return [name, status, parts]


def _status(use: Use, *, first: bool) -> str:
    return "M" if use.mandatory and first else "C"


def _format(directory: Directory, identifier: str) -> tuple[int, str]:
    element = directory.element(identifier)
    assert element is not None
    return element.length, _FORMATS[element.kind]
