"""Containers and trailers, as ASYCUDA holds them and as the transit record does.

ASYCUDA writes one ``Container`` line per item and container, and the trailer behind the tractor's plate. The record has
each piece of equipment once, and each item names its containers. Dialects reach the national side by two terms that
exist only for them: ``container_lines`` (item, number, size, filling) and ``trailer`` (several joined by " + ").
"""

from __future__ import annotations

from gateway.mapping.dialect_formats import Misfit
from gateway.mapping.dialect_level import Reading
from gateway.references import Tree

TERMS = {"trailer": "text", "container_lines": "list", "container_lines.item": "count",
         "container_lines.number": "text", "container_lines.size": "text", "container_lines.filling": "text"}

_JOINT = " + "


def merge(tree: Tree, reading: Reading) -> None:
    """From the national terms to equipment and containers of items. Equipment that already stands (rest) stays."""
    lines = tree.pop("container_lines", [])
    trailer = tree.pop("trailer", None)
    if "equipment" in tree:
        return
    assert isinstance(lines, list)
    items = tree.get("items", [])
    assert isinstance(items, list)
    found: dict[str, Tree] = {}
    for ordinal, line in enumerate(lines, 1):
        path = f"container_lines[{ordinal}]"
        number = line.get("number")
        if not isinstance(number, str):
            continue
        place = f"equipment[{len(found) + 1}]"
        said: Tree = {key: line[key] for key in ("size", "filling") if key in line}
        if number not in found:
            found[number] = {"kind": "container", "number": number, **said}
            if reading.origins:
                _move(reading, path, place)
        else:
            for key, value in said.items():
                if found[number].setdefault(key, value) != value:
                    _fault(reading, f"{path}.{key}", "D105", value=str(value), other=str(found[number][key]), file="-",
                           line="-", locator=number)
        _link(items, line, number, path, reading)
    trailers = trailer.split(_JOINT) if isinstance(trailer, str) else []
    for number in trailers:
        if "trailer" in reading.origins:
            reading.origins[f"equipment[{len(found) + 1}].number"] = reading.origins["trailer"]
        found[f"/{number}"] = {"kind": "trailer", "number": number}
    if found:
        tree["equipment"] = list(found.values())


def _link(items: list[Tree], line: Tree, number: str, path: str, reading: Reading) -> None:
    """Name the container in its item."""
    item = line.get("item")
    if not isinstance(item, int) or item == 0:
        return
    if item > len(items):
        _fault(reading, f"{path}.item", "D109", item=str(item), number=number, items=str(len(items)))
        return
    containers = items[item - 1].setdefault("containers", [])
    assert isinstance(containers, list)
    if {"number": number} not in containers:
        containers.append({"number": number})
        origin = reading.origins.get(f"{path}.number")
        if origin is not None:
            reading.origins[f"items[{item}].containers[{len(containers)}].number"] = origin


def _fault(reading: Reading, path: str, code: str, **values: str) -> None:
    file, node = reading.origins[path]
    part = next(part for part, name in reading.files.items() if name == file)
    reading.fault(Misfit(code, **values), part, node, path)


def _move(reading: Reading, path: str, place: str) -> None:
    for key in ("number", "size", "filling"):
        if f"{path}.{key}" in reading.origins:
            reading.origins[f"{place}.{key}"] = reading.origins[f"{path}.{key}"]


def split(tree: Tree) -> Tree:
    """From equipment and containers of items to the national terms, in a new tree.

    Where the national terms cannot say it all (a trailer with a size, containers in another order), they say what
    they can and the record's own terms stay, so that they end in the rest cell.
    """
    equipment = tree.get("equipment", [])
    items = tree.get("items", [])
    assert isinstance(equipment, list) and isinstance(items, list)
    if not equipment and not any("containers" in item for item in items):
        return dict(tree)
    lines: list[Tree] = []
    items_of: dict[object, list[int]] = {}
    for ordinal, item in enumerate(items, 1):
        for number in dict.fromkeys(container.get("number") for container in _containers(item)):
            items_of.setdefault(number, []).append(ordinal)
    for piece in equipment:
        if piece.get("kind") == "container":
            said: Tree = {key: piece[key] for key in ("number", "size", "filling") if key in piece}
            carried = items_of.get(piece.get("number"), [])
            lines.extend({"item": ordinal, **said} for ordinal in carried)
            if not carried:
                lines.append(said)
    trailer = _JOINT.join(str(piece["number"]) for piece in equipment if piece.get("kind") == "trailer")
    made: Tree = {name: value for name, value in tree.items() if name != "equipment"}
    if lines:
        made["container_lines"] = lines
    if trailer:
        made["trailer"] = trailer
    bare = [{name: value for name, value in item.items() if name != "containers"} for item in items]
    if items:
        made["items"] = bare
    again: Tree = {**made, "items": [dict(item) for item in bare]}
    merge(again, Reading(files={}))
    if again.get("equipment", []) == equipment and again["items"] == items:
        return made
    return {**made, "equipment": equipment, "items": items}


def _containers(item: Tree) -> list[Tree]:
    containers = item.get("containers", [])
    assert isinstance(containers, list)
    return containers
