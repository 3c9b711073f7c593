"""What is wrong with a segment: elements, components, lengths, characters, codes, dependency notes; all of it.

Asked only of segments that the quick check did not pass. Source: ISO 9735 sections 8 and 10 (release characters,
decimal mark and sign do not count in the length); fault codes 0085.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.edifact.characters import excerpt
from gateway.edifact.directory import Dependency
from gateway.edifact.rules import LETTERS, NUMBER, Part, SegmentRule, Slot, formed, is_qualified
from gateway.edifact.wire import Element, Repeated

_ALMOST_NUMBER = re.compile(r"[-+0-9., ]+")


class Fault(NamedTuple):
    """What is wrong with a segment: finding code, 0085, element and component from 1, values for the sentence."""

    code: str
    fault: str
    element: int | None
    component: int | None
    values: dict[str, str]


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
        if part.codes is not None and text not in part.codes and not is_qualified(part, components):
            yield Fault("F046", "12", number, place, {"element": part.id, "value": excerpt(text)})
    if len(components) > len(slot.parts):
        yield Fault(
            "F040",
            "16",
            number,
            len(slot.parts) + 1,
            {"element": slot.id, "limit": str(len(slot.parts)), "found": str(len(components))},
        )


def _text_faults(part: Part, number: int, place: int | None, text: str, decimal: str | None) -> Iterator[Fault]:
    if formed(part, text, decimal):
        return
    values = {
        "element": part.id,
        "value": excerpt(text),
        "format": f"{part.kind}{'' if part.fixed else '..'}{part.length}",
    }
    length = len(text)
    if part.kind == "n":
        if NUMBER.fullmatch(text) is None:
            if _ALMOST_NUMBER.fullmatch(text):
                yield Fault("F045", "19", number, place, {**values, "mark": decimal or ". ,"})
            else:
                yield Fault("F043", "37", number, place, values)
            return
        if decimal is not None and ("," if decimal == "." else ".") in text:
            yield Fault("F045", "19", number, place, {**values, "mark": decimal})
        length -= (text[0] == "-") + ("." in text or "," in text)
    elif part.kind == "a" and LETTERS.fullmatch(text) is None:
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
