"""Makes a record whole that was made value by value: references lead to a member, sums and rests fit their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from gateway.mapping.overflow import Head, Rest, split
from gateway.mapping.parts import Access, Node, Part, Scopes
from gateway.mapping.plan import Plan, PlanLine
from gateway.mapping.targets import Referring, Target
from gateway.mapping.term_types import TermType
from gateway.mapping.totals import Sum

_ROOM = 5
"""Digits that a sum may have more than its members: lists of at most 99,999."""


def limits(plan: Plan) -> dict[str, int]:
    """Terms that may be less long than their types allow: a sum must hold many, or nothing takes what is over."""
    found: dict[str, int] = {}
    for line in plan.walk():
        for part in _every(line):
            if isinstance(part, Sum):
                found[part.route.term] = max(1, part.digits - _ROOM)
            elif isinstance(part, Head):
                rest = part.rest.width * part.rest.segments * _piece(part.rest) if part.rest is not None else 0
                found[part.access.term] = part.size + rest
    return found


def narrowed(kind: TermType, limit: int) -> TermType:
    """The type with at most so many characters or digits."""
    return replace(kind, maximum=min(kind.maximum or limit, limit))


def _piece(rest: Rest) -> int:
    return next(rest.sizes(0, False)).longest


def tie(plan: Plan, record: Node) -> None:
    """Let every reference lead to exactly one member, take out what cannot lead anywhere, make cuts possible."""
    _level(plan.lines, (record,))


def _level(lines: Sequence[PlanLine], scopes: Scopes) -> None:
    for line in lines:
        opened = line.each or line.group
        if opened is None:
            _line(line, scopes)
            _level(line.children, scopes)
            continue
        found: Any = opened.get(scopes)
        if line.each is not None and isinstance(found, list):
            kept = [member for member in found if _whole(line, (*scopes, member))]
            found[:] = kept
            if not kept:
                _drop(opened, scopes)
        elif isinstance(found, dict) and not _whole(line, (*scopes, found)):
            _drop(opened, scopes)


def _whole(line: PlanLine, scopes: Scopes) -> bool:
    """Tie a member or group; False where it refers to nothing and must go."""
    sound = _line(line, scopes)
    _level(line.children, scopes)
    return sound and bool(scopes[-1])


def _line(line: PlanLine, scopes: Scopes) -> bool:
    sound = True
    for part in _every(line):
        if isinstance(part, Referring):
            for target in part.targets:
                sound &= _lead(target, scopes, part.optional)
        elif isinstance(part, Head):
            value = part.access.get(scopes)
            if isinstance(value, str) and not split(value, part.size)[0]:
                part.access.put(scopes, value.replace(" ", "-"))
    return sound


def _lead(target: Target, scopes: Scopes, optional: bool) -> bool:
    """Let a value lead to a member: one of those there are, in turn."""
    value = target.value.get(scopes)
    if value is None:
        return True
    members: Any = target.list.get(scopes)
    if not isinstance(members, list) or not members:
        _drop(target.value, scopes)
        return optional
    if target.key is None:
        target.value.put(scopes, (value - 1) % len(members) + 1 if type(value) is int else 1)
        return True
    keys = [member.get(target.key) for member in members]
    single = [key for key in keys if key is not None and keys.count(key) == 1]
    if not single:
        _drop(target.value, scopes)
        return optional
    if value not in single:
        target.value.put(scopes, single[len(str(value)) % len(single)])
    return True


def _drop(access: Access, scopes: Scopes) -> None:
    node: Any = scopes[access.depth]
    for parent in access.parents:
        node = node.get(parent, {})
    node.pop(access.key, None)


def _every(line: PlanLine) -> Iterator[Part]:
    return (part for element in line.elements for part in element.parts if not isinstance(part, str))
