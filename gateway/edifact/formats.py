"""Does a segment hold what its definition says: elements, components, lengths, characters, codes, dependency notes.

Compiled once per segment of a directory. `fits` says yes or no as fast as it can; only where it says no does `faults`
look for every reason. Source: ISO 9735 sections 8 and 10 (release characters, decimal mark and sign do not count in the
length); UN/EDIFACT rules for 1131 and 3055: where one of them qualifies a code, the list is not the standard one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.edifact.directory import Dependency, Directory, SegmentType, Use
from gateway.edifact.wire import Element, Repeated

_QUALIFIERS = ("1131", "3055")
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
_ALMOST_NUMBER = re.compile(r"[-+0-9., ]+")
_LETTERS = re.compile(r"[^0-9]*")
_SHOWN = 40


class Part(NamedTuple):
    """One component, or a simple element. `qualified`: components (from 0) that make another code list of this one."""

    id: str
    mandatory: bool
    kind: str
    fixed: bool
    length: int
    codes: Mapping[str, str] | None
    qualified: tuple[int, ...]


class Slot(NamedTuple):
    """One place between separators. `repeats` is above 1 only in syntax version 4."""

    id: str
    mandatory: bool
    repeats: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A segment as a row of slots."""

    tag: str
    slots: tuple[Slot, ...]
    dependencies: tuple[Dependency, ...]


class Fault(NamedTuple):
    """What is wrong with a segment: finding code, 0085, element and component from 1, values for the sentence."""

    code: str
    fault: str
    element: int | None
    component: int | None
    values: dict[str, str]


def compile_segment(
    definition: SegmentType, directory: Directory, *, without_lists: frozenset[str] = frozenset()
) -> SegmentRule:
    """The rule of a segment. Before syntax version 4 a repeated element takes several slots in a row.

    without_lists   elements whose codes somebody else judges
    """
    slots: list[Slot] = []
    for use in definition.parts:
        parts = _parts(use, directory, without_lists)
        if directory.syntax_version == "4":
            slots.append(Slot(use.id, use.mandatory, use.maximum, parts))
        else:
            slots.append(Slot(use.id, use.mandatory, 1, parts))
            slots.extend(Slot(use.id, False, 1, parts) for _ in range(use.maximum - 1))
    return SegmentRule(definition.id, tuple(slots), definition.dependencies)


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
                codes or None,
                tuple(after),
            )
        )
    return tuple(parts)


def fits(rule: SegmentRule, elements: Sequence[Element], decimal: str | None) -> bool:
    """Whether a segment has no fault at all. decimal: the decimal mark in force, None when both are read."""
    slots = rule.slots
    if len(elements) > len(slots) or rule.dependencies:
        return not any(faults(rule, elements, decimal))
    index = 0
    for components in elements:
        slot = slots[index]
        index += 1
        if not components:
            if slot.mandatory:
                return False
            continue
        if isinstance(components, Repeated):
            return not any(faults(rule, elements, decimal))
        parts = slot.parts
        if len(components) > len(parts):
            return False
        position = 0
        for text in components:
            part = parts[position]
            position += 1
            if not text:
                if part.mandatory:
                    return False
                continue
            if part.kind == "an" and not part.fixed:
                if len(text) > part.length:
                    return False
            elif not _formed(part, text, decimal):
                return False
            if part.codes is not None and text not in part.codes and not _is_qualified(part, components):
                return False
        if position < len(parts) and any(part.mandatory for part in parts[position:]):
            return False
        if slot.mandatory and not any(components):
            return False
    return not any(slot.mandatory for slot in slots[index:])


def _formed(part: Part, text: str, decimal: str | None) -> bool:
    if part.kind == "n":
        if _NUMBER.fullmatch(text) is None or (decimal is not None and ("," if decimal == "." else ".") in text):
            return False
        length = len(text) - (text[0] == "-") - ("." in text or "," in text)
    else:
        if part.kind == "a" and _LETTERS.fullmatch(text) is None:
            return False
        length = len(text)
    return length == part.length if part.fixed else length <= part.length


def _is_qualified(part: Part, components: Sequence[str]) -> bool:
    return any(index < len(components) and components[index] for index in part.qualified)


def faults(rule: SegmentRule, elements: Sequence[Element], decimal: str | None) -> Iterator[Fault]:
    """Every fault of a segment, in order of place."""
    slots = rule.slots
    for number, slot in enumerate(slots, 1):
        element: Element = elements[number - 1] if number <= len(elements) else ()
        occurrences = element if isinstance(element, Repeated) else (element,)
        if len(occurrences) > slot.repeats:
            yield Fault(
                "F049",
                "35",
                number,
                None,
                {"element": slot.id, "limit": str(slot.repeats), "found": str(len(occurrences))},
            )
        if not any(map(any, occurrences)):
            if slot.mandatory:
                yield Fault("F037", "13", number, None, {"element": slot.id})
            if not any(occurrences):
                continue
        for components in occurrences:
            yield from _element_faults(slot, number, components, decimal)
    if len(elements) > len(slots):
        yield Fault("F039", "16", len(slots) + 1, None, {"limit": str(len(slots)), "found": str(len(elements))})
    for dependency in rule.dependencies:
        yield from _dependency_faults(dependency, rule, elements)


def _element_faults(slot: Slot, number: int, components: Sequence[str], decimal: str | None) -> Iterator[Fault]:
    simple = len(slot.parts) == 1 and slot.parts[0].id == slot.id
    for position, part in enumerate(slot.parts, 1):
        place = None if simple else position
        text = components[position - 1] if position <= len(components) else ""
        if not text:
            if part.mandatory and any(components):
                yield Fault("F038", "13", number, place, {"element": part.id, "composite": slot.id})
            continue
        yield from _text_faults(part, number, place, text, decimal)
        if part.codes is not None and text not in part.codes and not _is_qualified(part, components):
            yield Fault("F046", "12", number, place, {"element": part.id, "value": text[:_SHOWN]})
    if len(components) > len(slot.parts):
        yield Fault(
            "F040",
            "16",
            number,
            len(slot.parts) + 1,
            {"element": slot.id, "limit": str(len(slot.parts)), "found": str(len(components))},
        )


def _text_faults(part: Part, number: int, place: int | None, text: str, decimal: str | None) -> Iterator[Fault]:
    if _formed(part, text, decimal):
        return
    values = {
        "element": part.id,
        "value": text[:_SHOWN],
        "format": f"{part.kind}{'' if part.fixed else '..'}{part.length}",
    }
    length = len(text)
    if part.kind == "n":
        if _NUMBER.fullmatch(text) is None:
            if _ALMOST_NUMBER.fullmatch(text):
                yield Fault("F045", "19", number, place, {**values, "mark": decimal or ". ,"})
            else:
                yield Fault("F043", "37", number, place, values)
            return
        if decimal is not None and ("," if decimal == "." else ".") in text:
            yield Fault("F045", "19", number, place, {**values, "mark": decimal})
        length -= (text[0] == "-") + ("." in text or "," in text)
    elif part.kind == "a" and _LETTERS.fullmatch(text) is None:
        yield Fault("F044", "37", number, place, values)
    if length > part.length:
        yield Fault("F041", "39", number, place, {**values, "limit": str(part.length), "found": str(length)})
    elif part.fixed and length < part.length:
        yield Fault("F042", "40", number, place, {**values, "limit": str(part.length), "found": str(length)})


def _dependency_faults(dependency: Dependency, rule: SegmentRule, elements: Sequence[Element]) -> Iterator[Fault]:
    """Dependency notes between the elements of a segment, by their positions: ``010`` is the first."""
    numbers = [int(member) // 10 for member in dependency.members]
    present = [number <= len(elements) and any(elements[number - 1]) for number in numbers]
    if (fault := broken(dependency.kind, present)) is not None:
        wrong = next(
            (number for number, there in zip(numbers, present, strict=True) if there is (fault != "13")), numbers[0]
        )
        yield Fault(
            "F047",
            fault,
            wrong,
            None,
            {
                "note": f"D{dependency.kind}({','.join(dependency.members)})",
                "elements": " ".join(rule.slots[number - 1].id for number in numbers),
            },
        )


def broken(kind: int, present: Sequence[bool]) -> str | None:
    """The 0085 code when a dependency note is not kept, None when it is: 13 something lacks, 15 something is too much.

    kind   1 one and only one; 2 all or none; 3 one or more; 4 one or none; 5 if the first, then all; 6 if the first,
           then at least one more; 7 if the first, then none of the others
    Source: ISO 9735 part 1 (version 4), dependency notes.
    """
    first, others, many = present[0], present[1:], sum(present)
    if kind in (1, 3) and many == 0:
        return "13"
    if kind in (1, 4) and many > 1:
        return "15"
    if kind == 2 and 0 < many < len(present):
        return "13"
    if kind == 5 and first and not all(others):
        return "13"
    if kind == 6 and first and not any(others):
        return "13"
    if kind == 7 and first and any(others):
        return "15"
    return None
