"""Messages made from a directory alone: valid ones that use every segment, and mutants with one fault at a known place.

The directory says what may stand where; nothing here knows what a declaration is. Structure is walked as a tree, not by
the tables of `gateway.edifact.structure`, and formats are read from the element types, not from the compiled rules.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from gateway.edifact import MessageIdentifier, WireMessage, escape
from gateway.edifact.directory import Dependency, Directory, ElementType, Node, Use

QUALIFIERS = ("1131", "3055")
"""They make a code list of the partners' own: left out where a wrong code is to be found."""
AGREED = "0007"
"""The qualifier of an interchange identification: the partners agree on its codes, so none is wrong."""
FEW = 120
"""Repeats that are still written out to exceed them."""


@dataclass(frozen=True)
class Made:
    """One segment of a made message. `path` names its place in the tree: ``SG1/SG2/PAC``."""

    tag: str
    elements: tuple[tuple[str, ...], ...]
    path: str

    @property
    def text(self) -> str:
        elements = list(self.elements)
        while elements and not any(elements[-1]):
            elements.pop()
        parts = [":".join(escape(one) for one in _short(element)) for element in elements]
        return "+".join([self.tag, *parts]) + "'"


@dataclass(frozen=True)
class Expected:
    """What the validator must say, and nothing else."""

    code: str
    fault: str
    segment: int
    element: int | None = None
    component: int | None = None
    missing: bool = False


@dataclass(frozen=True)
class Mutant:
    """A message with one fault."""

    kind: str
    segments: tuple[Made, ...]
    expected: Expected


@dataclass
class Generator:
    """Makes messages of one type of one directory."""

    directory: Directory
    type: str
    seed: int = 1
    chance: random.Random = field(init=False)
    detail_done: bool = False  # UNS+D was written; the next one is UNS+S

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.directory.name}/{self.type}/{self.seed}")
        message = self.directory.message(self.type)
        if message is None:
            raise ValueError(f"{self.directory.name} has no {self.type}")
        self.structure = message.structure

    def wire(self, segments: Sequence[Made]) -> WireMessage:
        """The message as text; UNH and UNT are added by who reads it."""
        version, _, release = self.directory.name.partition(".")
        identifier = MessageIdentifier(self.type, version, release, "UN")
        return WireMessage(identifier, "".join(one.text for one in segments), len(segments))

    def everything(self) -> tuple[Made, ...]:
        """Every segment of the tree once, with all its elements."""
        self.detail_done = False
        return tuple(self._walk(self.structure, lambda node: 1, full=True))

    def any(self) -> tuple[Made, ...]:
        """A valid message by chance: what is conditional is there or not, what repeats does so up to three times."""

        self.detail_done = False

        def times(node: Node) -> int:
            most = min(node.maximum, 3)
            return self.chance.randint(1, most) if node.mandatory else self.chance.choice((0, 1, most))

        return tuple(self._walk(self.structure, times, full=False))

    def _walk(
        self, nodes: Sequence[Node], times: Callable[[Node], int], *, full: bool, path: str = ""
    ) -> Iterator[Made]:
        for node in nodes:
            if node.id in ("UNH", "UNT"):
                continue
            for _ in range(times(node) if node is not nodes[0] or not path else 1):
                if node.children:
                    yield from self._walk(node.children, times, full=full, path=f"{path}{node.id}/")
                else:
                    yield self.segment(node.id, path + node.id, full=full)
            if node.id == "UNS":
                self.detail_done = True

    def segment(self, tag: str, path: str, *, full: bool) -> Made:
        """One segment: all of its elements, or those that must be there and others by chance."""
        definition = self.directory.segment(tag)
        assert definition is not None
        if tag == "UNS":
            return Made(tag, (("S" if self.detail_done else "D",),), path)
        while True:  # by chance, until the dependency notes are kept
            elements = []
            for use in definition.parts:
                for repeat in range(use.maximum):
                    there = full or (use.mandatory and not repeat) or self.chance.random() < 0.4
                    elements.append(self._element(use, full=full) if there else ())
            if all(fault_of(note.kind, _present(note, elements)) is None for note in definition.dependencies):
                return Made(tag, tuple(elements), path)

    def _element(self, use: Use, *, full: bool) -> tuple[str, ...]:
        parts = self.parts(use)
        chosen = []
        for number, (part, element) in enumerate(parts):
            wanted = full or part.mandatory or number == 0 or self.chance.random() < 0.4
            chosen.append(self.value(element) if wanted and part.id not in QUALIFIERS else "")
        return tuple(chosen)

    def parts(self, use: Use) -> list[tuple[Use, ElementType]]:
        """The components of a composite with their types; a simple element is its own."""
        composite = self.directory.composite(use.id)
        uses = composite.parts if composite is not None else (Use(use.id, False, 1),)
        found = []
        for one in uses:
            element = self.directory.element(one.id)
            assert element is not None
            found.append((one, element))
        return found

    def value(self, element: ElementType) -> str:
        """A value of an element: one of its codes, or any text or number of its format."""
        codes = [code for code in self.directory.codes(element.id) if _fits(code, element)]
        if codes:
            return self.chance.choice(codes)
        length = element.length if element.fixed else self.chance.randint(1, min(element.length, 40))
        letters = {"a": "ABCXYZ", "n": "123456789", "an": "ABC XYZ'+:?123"}[element.kind]
        text = "".join(self.chance.choice(letters) for _ in range(length)).strip() or "1"
        return text if not element.fixed else text.ljust(length, text[0])[:length]

    def mutants(self) -> Iterator[Mutant]:
        """Every fault at every place of the message that has everything, one at a time."""
        whole = self.everything()
        for number, made in enumerate(whole):
            yield from self._element_mutants(whole, number, made)
        yield from self._order_mutants(whole)

    def _element_mutants(self, whole: Sequence[Made], number: int, made: Made) -> Iterator[Mutant]:
        definition = self.directory.segment(made.tag)
        assert definition is not None
        uses = [use for use in definition.parts for _ in range(use.maximum)]
        position = number + 2  # UNH is 1

        def mutant(
            kind: str, element: int, value: tuple[str, ...], code: str, fault: str, component: int | None
        ) -> Mutant:
            elements = list(made.elements)
            elements[element - 1 : element] = [value]
            segments = (*whole[:number], dataclasses.replace(made, elements=tuple(elements)), *whole[number + 1 :])
            return Mutant(kind, segments, Expected(code, fault, position, element, component))

        if made.tag == "UNS":
            return  # its element decides where it stands
        noted = {number for note in definition.dependencies for number in _numbers(note)}
        for element, use in enumerate(uses, 1):
            values = made.elements[element - 1]
            parts = self.parts(use)
            simple = self.directory.composite(use.id) is None
            first = element == 1 or uses[element - 2] is not use
            if use.mandatory and first and element not in noted:
                yield mutant("missing element", element, (), "F037", "13", None)
            for component, (part, kind) in enumerate(parts, 1):
                place = None if simple else component
                if part.id in QUALIFIERS:
                    continue
                rest = (*values[: component - 1], "", *values[component:])
                if part.mandatory and not simple and any(rest):
                    yield mutant("missing component", element, rest, "F038", "13", component)
                for name, text, code, fault in self._wrong(kind):
                    altered = (*values[: component - 1], text, *values[component:])
                    yield mutant(name, element, altered, code, fault, place)
            extra = (*values, *("",) * (len(parts) - len(values)), "X")
            yield mutant("extra component", element, extra, "F040", "16", len(parts) + 1)
        last = made.elements[-1] if made.elements else ()
        elements = (*made.elements, ("X",))
        if last:
            segments = (*whole[:number], dataclasses.replace(made, elements=elements), *whole[number + 1 :])
            yield Mutant("extra element", segments, Expected("F039", "16", position, len(elements)))

        yield from self._note_mutants(whole, number, made, definition.dependencies)

    def _note_mutants(
        self, whole: Sequence[Made], number: int, made: Made, notes: Sequence[Dependency]
    ) -> Iterator[Mutant]:
        """Every way not to keep a dependency note by leaving elements out: each of its elements there or not."""
        for note in notes:
            places = _numbers(note)
            for present in product((True, False), repeat=len(places)):
                fault = fault_of(note.kind, present)
                if fault is None:
                    continue
                gone = {place for place, there in zip(places, present, strict=True) if not there}
                elements = tuple(() if place in gone else one for place, one in enumerate(made.elements, 1))
                blamed = min(gone, key=places.index) if fault == "13" else places[present.index(True)]
                segments = (*whole[:number], dataclasses.replace(made, elements=elements), *whole[number + 1 :])
                yield Mutant("dependency note", segments, Expected("F047", fault, number + 2, blamed))

    def _wrong(self, element: ElementType) -> Iterator[tuple[str, str, str, str]]:
        """Wrong values of an element: kind, value, finding, 0085."""
        codes = self.directory.codes(element.id)
        length = element.length
        if codes and element.id != AGREED:
            wrong = next((text for text in ("\u00a7", "$", "9" * length, "0" * length) if text not in codes
                          and _fits(text, element)), None)
            if wrong is not None:
                yield "wrong code", wrong, "F046", "12"
            return
        sample = {"a": "A", "n": "1", "an": "A"}[element.kind]
        yield "too long", sample * (length + 1), "F041", "39"
        if element.fixed and length > 1:
            yield "too short", sample * (length - 1), "F042", "40"
        if element.kind == "n":
            yield "letters in a number", "A".ljust(length, "1") if element.fixed else "A", "F043", "37"
            if length > 2:
                decimal = "1." if not element.fixed else "1" * (length - 1) + "."
                yield "bad decimal", decimal, "F045", "19"
        if element.kind == "a":
            yield "digits in letters", "1".ljust(length, "A") if element.fixed else "1", "F044", "37"

    def _order_mutants(self, whole: Sequence[Made]) -> Iterator[Mutant]:
        nodes = dict(self._nodes(self.structure, ""))
        following = dict(self._following(self.structure, frozenset(), ""))
        for number, made in enumerate(whole):
            node, trigger = nodes[made.path]
            position = number + 2
            before, after = tuple(whole[:number]), tuple(whole[number + 1 :])
            strange = Made("ZZZ", (("1",),), "ZZZ")
            yield Mutant("unknown segment", (*before, made, strange, *after), Expected("F034", "15", position + 1))
            if number:
                yield Mutant("segment out of place", (*before, made, whole[0], *after),
                             Expected("F033", "15", position + 1))
            taken = number + 1 < len(whole) and whole[number + 1].tag == made.tag  # the next one takes its place
            if node.mandatory and not trigger and not taken:
                expected = Expected("F031", "13", position - 1, missing=True)
                yield Mutant("missing segment", (*before, *after), expected)
            if node.maximum <= FEW and not trigger and made.tag != "UNS" and made.tag not in following[made.path]:
                copies = (made,) * (node.maximum + 1)
                yield Mutant("segment too often", (*before, *copies, *after),
                             Expected("F035", "35", position + node.maximum))
        yield from self._group_mutants(whole)

    def _group_mutants(self, whole: Sequence[Made]) -> Iterator[Mutant]:
        for path, node in self._groups(self.structure, ""):
            held = [number for number, made in enumerate(whole) if made.path.startswith(path)]
            if node.maximum > FEW or not held:
                continue
            start, end = held[0], held[-1] + 1
            body = tuple(whole[start:end])
            segments = (*whole[:start], *body * (node.maximum + 1), *whole[end:])
            position = start + 2 + len(body) * node.maximum
            yield Mutant("group too often", segments, Expected("F036", "36", position))

    def _nodes(self, nodes: Sequence[Node], path: str) -> Iterator[tuple[str, tuple[Node, bool]]]:
        for node in nodes:
            if node.children:
                yield from self._nodes(node.children, f"{path}{node.id}/")
            else:
                yield path + node.id, (node, bool(path) and node is nodes[0])

    def _following(
        self, nodes: Sequence[Node], outside: frozenset[str], path: str
    ) -> Iterator[tuple[str, frozenset[str]]]:
        """Of each segment, by its path, the tags of the places behind it that a segment may take next.

        One too many of them is none: GOVCBR has sequences in a group (SEQ, once) before a group that a SEQ opens.
        """
        for number, node in enumerate(nodes):
            later = nodes[number + 1 :]
            end = next((place for place, one in enumerate(later, 1) if one.mandatory), None)
            behind = frozenset(one.trigger for one in later[:end]) | (outside if end is None else frozenset())
            if node.children:
                yield from self._following(node.children, behind | {node.trigger}, f"{path}{node.id}/")
            else:
                yield path + node.id, behind

    def _groups(self, nodes: Sequence[Node], path: str) -> Iterator[tuple[str, Node]]:
        for node in nodes:
            if node.children:
                yield f"{path}{node.id}/", node
                yield from self._groups(node.children, f"{path}{node.id}/")


def fault_of(kind: int, present: Sequence[bool]) -> str | None:
    """What is wrong with a dependency note of this kind (ISO 9735 part 1): 13 lacks one, 15 has one too many."""
    many, others = sum(present), sum(present[1:])
    lacks = {1: many == 0, 2: 0 < many < len(present), 3: many == 0, 4: False,
             5: present[0] and many < len(present), 6: present[0] and not others, 7: False}
    exceeds = {1: many > 1, 4: many > 1, 7: present[0] and others > 0}
    return "13" if lacks[kind] else "15" if exceeds.get(kind, False) else None


def _numbers(note: Dependency) -> list[int]:
    """The elements of a note from 1: ``D5(040,030)`` is 4 and 3."""
    return [int(member) // 10 for member in note.members]


def _present(note: Dependency, elements: Sequence[Sequence[str]]) -> list[bool]:
    return [any(elements[number - 1]) for number in _numbers(note)]


def paths(nodes: Sequence[Node], path: str = "") -> Iterator[str]:
    """Every segment of a tree, by its path, UNH and UNT left out."""
    for node in nodes:
        if node.children:
            yield from paths(node.children, f"{path}{node.id}/")
        elif node.id not in ("UNH", "UNT"):
            yield path + node.id


def _short(element: Sequence[str]) -> Sequence[str]:
    kept = list(element)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _fits(text: str, element: ElementType) -> bool:
    right = text.isalpha() if element.kind == "a" else text.isdigit() if element.kind == "n" else bool(text)
    return right and (len(text) == element.length if element.fixed else len(text) <= element.length)
