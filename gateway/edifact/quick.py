"""The quick verdict: a segment without fault is told so by one regular expression, or by having been seen before.

A segment's rule becomes a pattern over its text as it was cut; codes stand in groups and are looked up. What the
pattern takes has no fault; what it does not take may have none all the same, and is looked at again by `rules.fits`
and `formats.faults`, which alone decide. So nothing is decided here that is not decided there, only sooner.

A text holds nothing to step back to: every repetition of a character is possessive and ends at a separator, so the time
is proportional to the length whatever the content. Source: as `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from gateway.edifact.characters import ServiceCharacters
from gateway.edifact.formats import faults
from gateway.edifact.rules import Part, SegmentRule, Slot, fits
from gateway.edifact.structure import Structure
from gateway.edifact.wire import Wire

_REMEMBERED = 8192
"""Segment texts, and sequences of tags, that are remembered as right; then memory starts anew."""
_SHORT = 128
"""Characters of a segment, and segments of a message, that are worth remembering."""
_OFTEN = 16
"""Segments of one tag after which a pattern pays for its making."""
_MOST_OCCURRENCES = 5
"""Occurrences of a repeated element that a pattern spells out; more are judged the slow way."""

_Lookup = tuple[Callable[[str], re.Match[str] | None], tuple[frozenset[str | None], ...]]


class Quick:
    """The quick verdict on messages of one type under one set of service characters and one codec."""

    def __init__(self, structure: Structure, rules: Mapping[str, SegmentRule], service: ServiceCharacters) -> None:
        """Nothing is compiled yet: a pattern is made when its tag has come often enough."""
        self._structure = structure
        self._rules = rules
        self._service = service
        self._seen: dict[str, int] = {}
        self._lookups: dict[str, _Lookup] = {}
        self._right: set[str] = set()
        self._sequences: set[tuple[str, ...]] = set()

    def conforms(self, wire: Wire, raws: Sequence[str]) -> bool:
        """Whether a message has no fault: True is certain, False only says that this look does not tell.

        raws   the segments of the message, UNH first
        """
        right, release = self._right, self._service.release
        for raw in raws:
            if raw in right:
                continue
            released = release is not None and release in raw
            # what the release character protects is one character that separates nothing
            if not self._fits(wire, raw, raw.replace(release, "") if release is not None and released else raw):
                return False
            if not released and len(raw) <= _SHORT:
                if len(right) >= _REMEMBERED:
                    right.clear()
                right.add(raw)
        return self._in_order(raws)

    def _fits(self, wire: Wire, raw: str, text: str) -> bool:
        tag = raw[:3]
        lookup = self._lookups.get(tag)
        if lookup is not None and (found := lookup[0](text)) is not None and (wire.codec is None or text.isascii()):
            for code, known in zip(found.groups(), lookup[1], strict=True):
                if code not in known:
                    break
            else:
                return True
        rule = self._rules.get(tag)
        if rule is None or raw[3:4] not in (self._service.element, ""):
            return False
        if lookup is None:
            often = self._seen[tag] = self._seen.get(tag, 0) + 1
            if often >= _OFTEN and not rule.dependencies:
                self._lookups[tag] = _compile(rule, self._service)
        elements, decimal = wire.elements(raw), self._service.decimal
        quick = fits(rule, elements, decimal)
        return quick is True or (quick is None and next(faults(rule, elements, decimal), None) is None)

    def _in_order(self, raws: Sequence[str]) -> bool:
        tags = [raw[:3] for raw in raws]
        if self._structure.sections and "UNS" in tags:
            for index, tag in enumerate(tags):
                if tag == "UNS":
                    tags[index] = f"UNS+{raws[index][4:]}"
        if len(tags) > _SHORT:
            return self._structure.accepts(tags)
        key = tuple(tags)
        if key in self._sequences:
            return True
        if not self._structure.accepts(tags):
            return False
        if len(self._sequences) >= _REMEMBERED // 16:
            self._sequences.clear()
        self._sequences.add(key)
        return True


def _compile(rule: SegmentRule, service: ServiceCharacters) -> _Lookup:
    """A pattern that takes segments of this rule that have no fault, and the codes its groups may hold."""
    lists: list[frozenset[str | None]] = []
    inner = ""
    pieces = [re.escape(service.element) + _slot(slot, service, lists) for slot in rule.slots]
    for piece in reversed(pieces[rule.required :]):
        inner = f"(?:{piece}{inner})?"
    pattern = rule.tag + "".join(pieces[: rule.required]) + inner
    return re.compile(pattern).fullmatch, tuple(lists)


def _slot(slot: Slot, service: ServiceCharacters, lists: list[frozenset[str | None]]) -> str:
    once = _element(slot, service, lists)
    if service.repetition is None or slot.repeats == 1:
        return once if slot.mandatory else f"(?:{once})?"
    more = ""
    spelled = [_element(slot, service, lists) for _ in range(min(slot.repeats, _MOST_OCCURRENCES) - 1)]
    for piece in reversed(spelled):
        more = f"(?:{re.escape(service.repetition)}{piece}{more})?"
    return f"{once}{more}" if slot.mandatory else f"(?:{once}{more})?"


def _element(slot: Slot, service: ServiceCharacters, lists: list[frozenset[str | None]]) -> str:
    """One occurrence that is not empty, where the slot or one of its components is mandatory."""
    component = re.escape(service.component)
    pieces = [_part(part, index, service, lists) for index, part in enumerate(slot.parts)]
    inner = ""
    for piece in reversed(pieces[max(slot.required, 1) :]):
        inner = f"(?:{component}{piece}{inner})?"
    something = f"(?={component}*{_class(service)})" if slot.mandatory else ""
    return something + component.join(pieces[: max(slot.required, 1)]) + inner


def _part(part: Part, index: int, service: ServiceCharacters, lists: list[frozenset[str | None]]) -> str:
    if part.kind == "n":
        text = _number(part, service.decimal)
        optional = f"(?:{text})?"
    else:
        one = _class(service, "0-9" if part.kind == "a" else "")
        if part.fixed:
            text = f"{one}{{{part.length}}}+"
            optional = f"(?:{text})?"
        else:
            text, optional = f"{one}{{1,{part.length}}}+", f"{one}{{0,{part.length}}}+"
    if not part.mandatory:
        text = optional
    if part.codes is None:
        return text
    lists.append(part.codes | {None} | (frozenset() if part.mandatory else {""}))
    if not part.qualified:
        return f"({text})"
    between = re.escape(service.component)
    empty = "".join(between for _ in range(part.qualified[0] - index))
    other = "|".join(f"{empty}{between * place}{_class(service)}" for place in range(len(part.qualified)))
    return f"(?:{text}(?={other})|({text})(?!{other}))"


def _number(part: Part, decimal: str | None) -> str:
    if part.fixed:
        return f"-?[0-9]{{{part.length}}}+"
    most = part.length
    whole = f"[0-9]{{1,{most}}}+"
    if most == 1:
        return f"-?{whole}"
    mark = "[.,]" if decimal is None else "[.]" if decimal == "." else "[,]"
    return f"-?(?:{whole}(?!{mark})|(?=[0-9.,]{{3,{most + 1}}}+(?![0-9.,]))[0-9]++{mark}[0-9]++)"


def _class(service: ServiceCharacters, without: str = "") -> str:
    """Any character that separates nothing."""
    separators = (service.element, service.component, *((service.repetition,) if service.repetition else ()))
    return f"[^{without}{''.join(map(re.escape, separators))}]"
