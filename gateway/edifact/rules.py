"""A segment's definition made ready for checking, and the quick check.

Compiled once per segment of a directory. `fits` says yes or no as fast as it can; only where it does not say yes is
there a reason to look for faults (`formats`). Source: ISO 9735 sections 8 and 10 (release characters, decimal mark and
sign do not count in the length); UN/EDIFACT rules for 1131 and 3055: where one of them qualifies a code, the list is
not the standard one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from gateway.edifact.directory import Dependency, Directory, SegmentType, Use
from gateway.edifact.wire import Element, Repeated

_QUALIFIERS = ("1131", "3055")
NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
LETTERS = re.compile(r"[^0-9]*")
AGREED = frozenset(("0007",))
"""Code lists that two partners agree on for themselves: the qualifier of an interchange identification."""


class Part(NamedTuple):
    """One component, or a simple element. `qualified`: components (from 0) that make another code list of this one."""

    id: str
    mandatory: bool
    kind: str
    fixed: bool
    length: int
    codes: frozenset[str] | None
    qualified: tuple[int, ...]


class Slot(NamedTuple):
    """One place between separators.

    repeats    how often the element may be repeated in its place; above 1 only in syntax version 4
    required   how many components it must have when it is there
    quick      per component: the length up to which any text will do (0: look closer), its codes, itself
    """

    id: str
    mandatory: bool
    repeats: int
    parts: tuple[Part, ...]
    required: int
    quick: tuple[tuple[int, frozenset[str] | None, Part], ...]


class SegmentRule(Struct, frozen=True):
    """A segment as a row of slots; `required`: how many elements it must have."""

    tag: str
    slots: tuple[Slot, ...]
    required: int
    dependencies: tuple[Dependency, ...]


def compile_segment(
    definition: SegmentType, directory: Directory, *, without_lists: frozenset[str] = AGREED
) -> SegmentRule:
    """The rule of a segment. Before syntax version 4 a repeated element takes several slots in a row.

    without_lists   elements whose codes somebody else judges
    """
    slots: list[Slot] = []
    for use in definition.parts:
        parts = _parts(use, directory, without_lists)
        required = max((number for number, part in enumerate(parts, 1) if part.mandatory), default=0)
        quick = tuple((part.length if part.kind == "an" and not part.fixed else 0, part.codes, part) for part in parts)
        if directory.syntax_version == "4":
            slots.append(Slot(use.id, use.mandatory, use.maximum, parts, required, quick))
        else:
            slots.append(Slot(use.id, use.mandatory, 1, parts, required, quick))
            slots.extend(Slot(use.id, False, 1, parts, required, quick) for _ in range(use.maximum - 1))
    required = max((number for number, slot in enumerate(slots, 1) if slot.mandatory), default=0)
    return SegmentRule(definition.id, tuple(slots), required, definition.dependencies)


def _parts(use: Use, directory: Directory, without_lists: frozenset[str]) -> tuple[Part, ...]:
    composite = directory.composite(use.id)
    uses = composite.parts if composite is not None else (use,)
    parts = []
    for index, inner in enumerate(uses):
        element = directory.element(inner.id)
        if element is None:
            raise ValueError(f"{directory.name} has no element {inner.id}")
        after: list[int] = []
        while index + len(after) + 1 < len(uses) and uses[index + len(after) + 1].id in _QUALIFIERS and len(after) < 2:
            after.append(index + len(after) + 1)
        codes = {} if inner.id in without_lists else directory.codes(inner.id)
        parts.append(
            Part(
                inner.id,
                composite is not None and inner.mandatory,
                element.kind,
                element.fixed,
                element.length,
                frozenset(codes) or None,
                tuple(after),
            )
        )
    return tuple(parts)


def fits(rule: SegmentRule, elements: Sequence[Element], decimal: str | None) -> bool | None:
    """Whether a segment has no fault. decimal: the decimal mark in force, None when both are read.

    None: this quick look does not decide (repeated elements, dependency notes); ask `faults`.
    """
    if not rule.required <= len(elements) <= len(rule.slots):
        return False
    if rule.dependencies:
        return None
    for components, slot in zip(elements, rule.slots, strict=False):
        if not components:
            if slot.mandatory:
                return False
            continue
        if isinstance(components, Repeated):
            return None
        if not slot.required <= len(components) <= len(slot.parts) or (slot.mandatory and not any(components)):
            return False
        for text, (longest, codes, part) in zip(components, slot.quick, strict=False):
            if text:
                if len(text) > longest and not formed(part, text, decimal):
                    return False
                if codes is not None and text not in codes and not is_qualified(part, components):
                    return False
            elif part.mandatory:
                return False
    return True


def formed(part: Part, text: str, decimal: str | None) -> bool:
    if part.kind == "n":
        if NUMBER.fullmatch(text) is None or (decimal is not None and ("," if decimal == "." else ".") in text):
            return False
        length = len(text) - (text[0] == "-") - ("." in text or "," in text)
    else:
        if part.kind == "a" and LETTERS.fullmatch(text) is None:
            return False
        length = len(text)
    return length == part.length if part.fixed else length <= part.length


def is_qualified(part: Part, components: Sequence[str]) -> bool:
    return any(index < len(components) and components[index] for index in part.qualified)
