"""What two mappings do differently: lines, terms, words, rules; and which messages of a corpus change, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Literal

from msgspec import Struct

from gateway.edifact import read_wire
from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.mapping.bench.corpus import Sample
from gateway.mapping.bench.flatten import Flat
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.notation import Origin

Kind = Literal["line", "term", "word", "rule", "function", "fixed", "extra"]


class Change(Struct, frozen=True, kw_only=True):
    """One thing that two mappings have differently.

    name           label, term, ``table.word``, rule, function or key
    before, after  as written; "" where that mapping has none
    old, new       where each was written, None where there is none
    """

    kind: Kind
    name: str
    before: str
    after: str
    old: Origin | None
    new: Origin | None


class Effect(Struct, frozen=True, kw_only=True):
    """What becomes of one record of the corpus.

    removed, added   segments that only the first, only the second message has, each with its position (UNH is 1)
    refused          findings of the first, and of the second, where it cannot write the record
    stricter, milder rules that only the second, only the first breaks: code and path
    """

    sample: str
    removed: tuple[tuple[int, str], ...]
    added: tuple[tuple[int, str], ...]
    refused: tuple[tuple[Finding, ...], tuple[Finding, ...]]
    stricter: tuple[tuple[str, str], ...]
    milder: tuple[tuple[str, str], ...]

    @property
    def same(self) -> bool:
        """The record makes the same message, or is refused for the same reasons, and breaks the same rules."""
        codes = [[(one.code, one.place.path) for one in findings] for findings in self.refused]
        return not (self.removed or self.added or self.stricter or self.milder) and codes[0] == codes[1]


def difference(first: Flat, second: Flat) -> list[Change]:
    """What the second has that the first has not, the other way round, and what both have otherwise; by kind and name.

    A line that only stands elsewhere is told with the label it stands behind.
    """
    return [change for kind, before, after in zip(_KINDS, _parts(first), _parts(second), strict=True)
            for change in _compared(kind, before, after)]


def effect(first: MessageMapping, second: MessageMapping, sample: Sample) -> Effect:
    """What becomes of a record: both messages are written and held against each other, segment by segment."""
    one, two = _written(first, sample), _written(second, sample)
    removed, added = segments_apart(*(found if isinstance(found, list) else [] for found in (one, two)))
    broken = [[(failure.rule, failure.path) for failure in mapping.requirements(sample.tree)]
              for mapping in (first, second)]
    return Effect(sample=sample.name, removed=removed, added=added,
                  refused=(one if isinstance(one, tuple) else (), two if isinstance(two, tuple) else ()),
                  stricter=tuple(rule for rule in broken[1] if rule not in broken[0]),
                  milder=tuple(rule for rule in broken[0] if rule not in broken[1]))


Segments = tuple[tuple[int, str], ...]
"""Segments of one message, each with its position (UNH is 1)."""


def segments_apart(first: Sequence[str], second: Sequence[str]) -> tuple[Segments, Segments]:
    """The segments that only the first, and those that only the second message has."""
    removed: list[tuple[int, str]] = []
    added: list[tuple[int, str]] = []
    for action, start, end, begin, stop in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if action != "equal":
            removed.extend((number + 1, first[number]) for number in range(start, end))
            added.extend((number + 1, second[number]) for number in range(begin, stop))
    return tuple(removed), tuple(added)


def _written(mapping: MessageMapping, sample: Sample) -> list[str] | tuple[Finding, ...]:
    """The segments of the message without UNH and UNT, or what keeps it from being written."""
    try:
        message = read_wire(mapping.to_message(sample.tree))
    except LocalError as error:
        return tuple(error.findings)
    return [f"{segment.text}'" for segment in message.segments]


_KINDS: tuple[Kind, ...] = ("line", "term", "word", "rule", "function", "fixed", "extra")
_Part = Mapping[str, tuple[str, Origin]]


def _parts(flat: Flat) -> tuple[_Part, ...]:
    """Name -> text and place, one mapping a kind, in the order of _KINDS."""
    return (
        dict(_lines(flat)),
        {term.name: (term.type, term.origin) for term in flat.terms},
        {f"{word.table}.{word.word}": (f"{word.code} ({word.answer})" if word.answer else word.code, word.origin)
         for word in flat.words},
        {rule.code: (_rule(rule.when, rule.every, rule.need, rule.french, rule.english), rule.origin)
         for rule in flat.rules},
        {one.function: (_function(one.only, one.without), one.origin) for one in flat.functions},
        {one.name: (one.text, one.origin) for one in flat.fixed},
        {one.name: (one.text, one.origin) for one in flat.extras})


def _lines(flat: Flat) -> Iterator[tuple[str, tuple[str, Origin]]]:
    for line in flat.lines:
        yield line.label, (f"{'  ' * line.depth}{line.text}", line.origin)


def _rule(when: Sequence[str], every: str | None, need: Sequence[str], french: str, english: str) -> str:
    parts = [f"when {'; '.join(when)}" if when else "", f"every {every}" if every else "", f"need {'; '.join(need)}",
             french, english]
    return " | ".join(part for part in parts if part)


def _function(only: Sequence[str] | None, without: Sequence[str]) -> str:
    return ", ".join(only) if only is not None else f"whole without {', '.join(without)}" if without else "whole"


def _compared(kind: Kind, before: _Part, after: _Part) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or old[0] != new[0]:
            yield Change(kind=kind, name=name, before=old[0] if old else "", after=new[0] if new else "",
                         old=old[1] if old else None, new=new[1] if new else None)
    if kind == "line":
        yield from _moved(before, after)


def _moved(before: _Part, after: _Part) -> Iterator[Change]:
    """Lines that both have and that stand in another order."""
    common = [[name for name in part if name in other] for part, other in ((before, after), (after, before))]
    for action, start, end, _, _ in SequenceMatcher(None, common[0], common[1], autojunk=False).get_opcodes():
        if action in ("delete", "replace"):
            for name in common[0][start:end]:
                yield Change(kind="line", name=name, before=f"< {_behind(common[0], name)}",
                             after=f"< {_behind(common[1], name)}", old=before[name][1], new=after[name][1])


def _behind(names: Sequence[str], name: str) -> str:
    """The line it stands behind, a hyphen for the first."""
    place = names.index(name)
    return names[place - 1] if place else "-"
