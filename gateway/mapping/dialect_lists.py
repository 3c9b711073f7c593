"""The lines of a dialect that make lists: members in one cell, repeated nodes, a single member, one text everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from gateway.mapping.dialect_formats import Format, Misfit
from gateway.mapping.dialect_level import (
    Cell,
    Drafts,
    Given,
    Level,
    Reading,
    Scope,
    Writing,
    members,
    put,
    share,
    value_of,
)
from gateway.mapping.dialect_terms import UNKNOWN, DialectTerm
from gateway.mapping.dialect_text import Template
from gateway.records.nodes import Node, Values
from gateway.references import Scalar, Tree


class Packed(Struct, frozen=True):
    """A list in the text of one cell, or of several that only reading knows.

    between  what separates the members; blanks around it are read, and a separator of blanks may be any of them
    member   the text of one member
    formats  hole -> format
    fixed    (cell, terms that every member from that cell has); only the first cell is written
    ordinal  term that counts the members, where the text does not hold it
    written  False for a place that older files have, and that is only read
    """

    cells: Sequence[tuple[Cell, Mapping[str, Scalar]]]
    between: str
    member: Template
    formats: Mapping[str, Format]
    ordinal: str | None = None
    written: bool = True

    def read(self, scope: Scope, reading: Reading, path: str) -> list[Tree] | None:
        """The members, None when no cell holds a text."""
        made: list[Tree] = []
        found = False
        for cell, fixed in self.cells:
            node = cell.find(scope)
            if node is None:
                continue
            found = True
            for text in self.split(node.text):
                try:
                    member = self.member_of(text, fixed, len(made) + 1)
                except Misfit as misfit:
                    reading.fault(misfit, cell.part, node, path)
                    continue
                made.append(member)
                for name in member:
                    reading.origins[f"{path}[{len(made)}].{name}"] = (reading.files[cell.part], node)
        return made if found else None

    def write(self, value: Sequence[Tree]) -> str:
        """The text from which exactly these members come back. Raises Misfit."""
        text = self.echo(value)
        fixed = self.cells[0][1]
        if text is None or [self.member_of(part, fixed, number) for number, part in
                            enumerate(self.split(text), 1)] != list(value):
            raise Misfit("D206", value=text or "", form=self.member.text)
        return text

    def echo(self, value: Sequence[Tree]) -> str | None:
        """The text as far as it goes."""
        texts = []
        for member in value:
            parts = {}
            for hole in self.member.holes:
                part = value_of(member, hole)
                if part is not None and not isinstance(part, dict | list):
                    text = self.formats[hole].echo(part)
                    if text is not None:
                        parts[hole] = text
            text = self.member.echo(parts)
            if text:
                texts.append(text)
        return self.between.join(texts) or None

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        """The terms of a member."""
        avoid = (self.between.strip() or " ") + self.member.literals
        for hole in self.member.holes:
            yield hole, DialectTerm("", form=self.formats[hole], avoid=avoid)
        for term, value in self.cells[0][1].items():
            yield term, DialectTerm("", fixed=value)
        if self.ordinal is not None:
            yield self.ordinal, DialectTerm("", counted=True)

    def split(self, text: str) -> list[str]:
        mark = self.between.strip()
        parts = text.split(mark) if mark else text.split()
        return [part.strip() for part in parts if part.strip()]

    def member_of(self, text: str, fixed: Mapping[str, Scalar], number: int) -> Tree:
        parts = self.member.read(text)
        if parts is None:
            raise Misfit("D113", value=text[:80], form=self.member.text)
        member: Tree = dict(fixed)
        for hole, part in parts.items():
            put(member, hole, self.formats[hole].read(part))
        if self.ordinal:
            member[self.ordinal] = number
        return member


class PackedList:
    """A list term with one or several packed places; the first that holds a value gives it."""

    nested = False

    def __init__(self, term: str, places: Sequence[Packed]) -> None:
        self.terms = (term,)
        self.term = term
        self.places = places
        self.written = [place for place in places if place.written]

    def read(self, scope: Scope, tree: Tree, prefix: str, reading: Reading, given: Given) -> None:
        if value_of(tree, self.term) is not None:
            return
        for packed in self.places:
            made = packed.read(scope, reading, prefix + self.term)
            if made is not None:
                if made:
                    put(tree, self.term, made)
                return

    def check(self, scope: Scope, tree: Tree, prefix: str, reading: Reading) -> None:
        value = value_of(tree, self.term)
        if not isinstance(value, list) or len(self.places) < 2:
            return
        path = prefix + self.term
        for packed in self.written[1:]:
            cell = packed.cells[0][0]
            node = cell.find(scope)
            expected = packed.echo(value)
            if node is not None and expected and packed.split(node.text) != packed.split(expected):
                reading.contradiction(cell.part, node, f"{path}[1]", expected)

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing, held: set[str]) -> None:
        value = value_of(tree, self.term)
        if not isinstance(value, list):
            return
        exact = None
        for number, packed in enumerate(self.written):
            cell = packed.cells[0][0]
            try:
                drafts[cell.part][cell.key] = packed.write(value)
            except Misfit:
                continue
            exact = number
            held.add(self.term)
            break
        for packed in self.written[0 if exact is None else exact + 1:]:
            cell = packed.cells[0][0]
            echoed = packed.echo(value)
            if echoed:
                drafts[cell.part][cell.key] = echoed

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        yield self.term, UNKNOWN
        for packed in self.written[:1]:
            yield from ((f"{self.term}.{term}", one) for term, one in packed.describe())


class Repeated:
    """A list term whose members are repeated nodes of one part: ``Item``, ``Attached_documents``.

    ordinal  term that counts the nodes; a list that has one keeps empty members, others skip them as padding
    """

    nested = True

    def __init__(self, term: str, cell: Cell, level: Level, ordinal: str | None) -> None:
        self.terms = (term,)
        self.term = term
        self.cell = cell
        self.level = level
        self.ordinal = ordinal

    def read(self, scope: Scope, tree: Tree, prefix: str, reading: Reading, given: Given) -> None:
        mine = share(given, self.term) if given else {}
        outer = scope[self.cell.part]
        made: list[Tree] = []
        kept: list[Node] = []
        for node in outer.every(self.cell.path):
            ordinal = len(made) + 1
            inner = mine.get(ordinal, {})
            member = self.level.read({self.cell.part: node}, f"{prefix}{self.term}[{ordinal}].", reading,
                                      inner if isinstance(inner, dict) else {})
            if not member and not self.ordinal:
                continue
            if self.ordinal and self.ordinal not in member:
                member[self.ordinal] = ordinal
                reading.origins[f"{prefix}{self.term}[{ordinal}].{self.ordinal}"] = (
                    reading.files[self.cell.part], node)
            made.append(member)
            kept.append(node)
        if kept:
            reading.members[outer, self.cell.key] = kept
        made.extend(members({key: inner for key, inner in mine.items() if isinstance(key, int) and key > len(made)}))
        if made:
            put(tree, self.term, made)

    def check(self, scope: Scope, tree: Tree, prefix: str, reading: Reading) -> None:
        """The members check themselves."""

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing, held: set[str]) -> None:
        value = value_of(tree, self.term)
        if not isinstance(value, list):
            return
        written: list[Values] = []
        for ordinal, member in enumerate(value, 1):
            values: Values = {}
            left = member
            if self.ordinal and member.get(self.ordinal) == ordinal:
                left = dict(member)
                del left[self.ordinal]
            self.level.write(left, {self.cell.part: values}, f"{prefix}{self.term}[{ordinal}].", writing)
            written.append(values)
        if all(written) or self.ordinal:
            drafts[self.cell.part][self.cell.key] = written
            held.add(self.term)
            return
        for path in [path for path in writing.rest if path.startswith(f"{prefix}{self.term}[")]:
            del writing.rest[path]  # a member without a cell would shift the others: the whole list goes to the rest

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        yield self.term, UNKNOWN
        if self.ordinal is not None:
            yield f"{self.term}.{self.ordinal}", DialectTerm("", counted=True)
        yield from ((f"{self.term}.{term}", one) for term, one in self.level.described)


class Single:
    """A list term of at most one member whose terms stand in cells of the same scope."""

    nested = True

    def __init__(self, term: str, level: Level) -> None:
        self.terms = (term,)
        self.term = term
        self.level = level

    def read(self, scope: Scope, tree: Tree, prefix: str, reading: Reading, given: Given) -> None:
        mine = share(given, self.term) if given else {}
        if any(isinstance(key, int) and key > 1 for key in mine):
            put(tree, self.term, members(mine))
            return
        inner = mine.get(1, {})
        member = self.level.read(scope, f"{prefix}{self.term}[1].", reading, inner if isinstance(inner, dict) else {})
        if member:
            put(tree, self.term, [member])

    def check(self, scope: Scope, tree: Tree, prefix: str, reading: Reading) -> None:
        """The member checks itself."""

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing, held: set[str]) -> None:
        value = value_of(tree, self.term)
        if isinstance(value, list) and len(value) == 1:
            self.level.write(value[0], drafts, f"{prefix}{self.term}[1].", writing)
            held.add(self.term)

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        yield self.term, DialectTerm("", most=1)
        yield from ((f"{self.term}.{term}", one) for term, one in self.level.described)


class Everywhere:
    """A list whose texts the national system repeats in every member of another list (a bill of lading per item).

    Reading gives the different texts in order; writing is exact for one member, written into each node.
    """

    nested = False

    def __init__(self, term: str, inner: str, outer: Cell, cell: Cell) -> None:
        self.terms = (term,)
        self.term = term
        self.inner = inner
        self.outer = outer
        self.cell = cell

    def read(self, scope: Scope, tree: Tree, prefix: str, reading: Reading, given: Given) -> None:
        if value_of(tree, self.term) is not None:
            return
        texts: dict[str, Node] = {}
        for node in scope[self.outer.part].every(self.outer.path):
            found = node.first(self.cell.path)
            if found is not None and found.text:
                texts.setdefault(found.text, found)
        for ordinal, found in enumerate(texts.values(), 1):
            reading.origins[f"{prefix}{self.term}[{ordinal}].{self.inner}"] = (
                reading.files[self.outer.part], found)
        if texts:
            put(tree, self.term, [{self.inner: text} for text in texts])

    def check(self, scope: Scope, tree: Tree, prefix: str, reading: Reading) -> None:
        """Nothing repeats it."""

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing, held: set[str]) -> None:
        value = value_of(tree, self.term)
        nodes = drafts[self.outer.part].get(self.outer.key)
        if not isinstance(value, list) or not isinstance(nodes, list) or not nodes or len(value) != 1:
            return
        text = value[0].get(self.inner)
        if not isinstance(text, str) or text.strip() != text or not text:
            return
        for node in nodes:
            node[self.cell.key] = text
        if len(value[0]) == 1:
            held.add(self.term)

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        yield self.term, DialectTerm("", most=1)
        yield f"{self.term}.{self.inner}", UNKNOWN


class Counted(Struct, frozen=True):
    """A cell that only repeats how many members a list has; read to announce a difference, never to correct."""

    cell: Cell
    term: str
    terms: Sequence[str] = field(default=())
    nested: bool = False

    def read(self, scope: Scope, tree: Tree, prefix: str, reading: Reading, given: Given) -> None:
        """It says nothing that the list does not say."""

    def check(self, scope: Scope, tree: Tree, prefix: str, reading: Reading) -> None:
        node = self.cell.find(scope)
        if node is None:
            return
        value = value_of(tree, self.term)
        number = len(value) if isinstance(value, list) else 0
        if node.text.removesuffix(".0") != str(number):
            reading.announce(self.cell.part, node, "D115", value=node.text[:20], count=str(number), term=self.term)

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing, held: set[str]) -> None:
        value = value_of(tree, self.term)
        if isinstance(value, list):
            drafts[self.cell.part][self.cell.key] = str(len(value))

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        yield from ()
