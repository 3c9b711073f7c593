"""What normalising does to a record, and nothing more: it is what the way there and back leaves of it.

- a flag that is false is left out, as in the transit record itself;
- a word that shares its code with others becomes the word declared as the answer;
- a default that is written becomes a value;
- a term that the layout decides gets its value.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

from gateway.mapping.parts import Node, Scopes
from gateway.mapping.plan import Plan, PlanLine
from gateway.references import Tree


def normal(plan: Plan, record: Tree) -> Tree:
    """The normal form of a record that the plan can write."""
    result = cast(Node, copy.deepcopy(record))
    _lines(plan.lines, (result,))
    for access, value in plan.fixed:
        holder: Any = result
        for parent in access.parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder[access.key] = value
    return cast(Tree, result)


def _lines(lines: Sequence[PlanLine], scopes: Scopes) -> None:
    for line in lines:
        if line.guard is not None and not line.guard.holds(scopes):
            continue
        opened = line.each or line.group
        if opened is not None:
            found: Any = opened.get(scopes) or []
            members: list[Node] = found if line.each else [found] if found else []
            for member in members:
                _line(line, (*scopes, member))
        elif line.flag is not None:
            if line.flag.get(scopes):
                _line(line, scopes)
            else:
                _forget(line.flag.parents, line.flag.key, scopes[line.flag.depth])
        elif not line.optional or line.wanted(scopes):
            _line(line, scopes)


def _line(line: PlanLine, scopes: Scopes) -> None:
    for element in line.elements:
        parts = [part for part in element.parts if not isinstance(part, str)]
        if any(access.get(scopes) is not None for part in parts for access in part.accesses()):
            for part in parts:
                part.normalise(scopes)
    _lines(line.children, scopes)


def _forget(parents: Sequence[str], key: str, node: Node) -> None:
    """Take a false flag out, and the groups that hold nothing else."""
    if not parents:
        node.pop(key, None)
    elif parents[0] in node:
        _forget(parents[1:], key, node[parents[0]])
        if not node[parents[0]]:
            del node[parents[0]]
