"""The scope a dialect works in (the record, one goods item, one document) and its simplest line: one term, some cells.

Reading, the first place that holds a value gives it and the others must agree. Writing, the first place that can hold
the value exactly is written and those after it repeat it; a value that no place holds goes to the `rest` cell of the
dialect, or is refused. So nothing is lost in silence, and ``read(write(tree)) == tree``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from gateway.findings import Finding, Place, Severity
from gateway.mapping.dialect_formats import Format, Misfit
from gateway.mapping.dialect_terms import DialectTerm
from gateway.records.nodes import Node, Values
from gateway.references import Path, Scalar, Tree

Scope: TypeAlias = Mapping[str, Node]
"""The node each part stands at: the whole record, or one member of a list."""

Drafts: TypeAlias = Mapping[str, Values]
"""What is written to each part at the same level."""

Given: TypeAlias = "dict[str | int, Scalar | Given]"
"""What the rest cell says: groups by name, list members by ordinal."""


@dataclass
class Reading:
    """What one record gives besides its tree.

    members  node and path of a list below it -> the nodes that became its members, in order
    keep     keys that nobody knows stay where they are and are no fault
    """

    files: Mapping[str, str]
    origins: dict[Path, tuple[str, Node]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    members: dict[tuple[Node, str], list[Node]] = field(default_factory=dict)
    keep: bool = False

    def fault(self, misfit: Misfit, part: str, node: Node, path: Path) -> None:
        """A cell that cannot be understood, as a finding at its place."""
        place = node.place(self.files[part])
        self.findings.append(Finding(code=misfit.code, values=misfit.values, place=Place(
            file=place.file, line=place.line, column=place.column, locator=place.locator, path=path)))

    def contradiction(self, part: str, node: Node, path: Path, value: str) -> None:
        """A cell that repeats a term with another value."""
        first = self.origins.get(path)
        other = first[1].place(first[0]) if first else Place()
        self.fault(Misfit("D105", value=node.text[:80], other=value[:80], file=other.file or "-",
                          line=str(other.line or "-"), locator=other.locator or "-"), part, node, path)

    def announce(self, part: str, node: Node, code: str, **values: str) -> None:
        """Something odd that refuses nothing."""
        self.findings.append(Finding(code=code, values=values, place=node.place(self.files[part]),
                                     severity=Severity.WARNING))


@dataclass
class Writing:
    """What one record leaves over: path -> value for the rest cell."""

    rest: dict[Path, Scalar] = field(default_factory=dict)
    refused: list[Finding] = field(default_factory=list)


class Cell(Struct, frozen=True):
    """One element, column or key, with the format of the value in it; `path` is relative to the scope."""

    part: str
    path: tuple[str, ...]
    key: str

    def find(self, scope: Scope) -> Node | None:
        """The node, where it holds a text."""
        node = scope[self.part].first(self.path)
        return node if node is not None and node.text else None


class Line(Protocol):
    """One entry of ``places`` or ``rules``, both ways."""

    @property
    def terms(self) -> Sequence[str]:
        """The terms it reads and writes, relative to its level."""

    @property
    def nested(self) -> bool:
        """True for a list whose members have lines of their own and take their share of the rest cell themselves."""

    def read(self, scope: Scope, tree: Tree, prefix: str, reading: Reading, given: Given) -> None:
        """Put what the cells say into the tree."""

    def check(self, scope: Scope, tree: Tree, prefix: str, reading: Reading) -> None:
        """Compare the cells that repeat a term with the tree."""

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing, held: set[str]) -> None:
        """Write the cells, and add to `held` the terms that would come back exactly."""

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        """Its terms relative to its level, each kind left open."""


class Level:
    """The lines of one scope and what holds without being written.

    defaults  term -> (value, term it goes with, or None): given on reading when absent
    """

    def __init__(self, lines: Sequence[Line], defaults: Mapping[str, tuple[Scalar, str | None]]) -> None:
        self.lines = lines
        self.defaults = defaults
        self._defaults = [(term, value, getter(term), getter(companion) if companion is not None else None)
                          for term, (value, companion) in defaults.items()]
        self._writes = [(_head(line), line.write) for line in lines]
        self._nested = frozenset(term for line in lines if line.nested for term in line.terms)

    @property
    def described(self) -> Iterator[tuple[str, DialectTerm]]:
        """The terms of all its lines, then those that hold without being written, relative to it.

        The first that names a term tells it.
        """
        for line in self.lines:
            yield from line.describe()
        for term, (value, _) in self.defaults.items():
            yield term, DialectTerm("", fixed=value)

    def read(self, scope: Scope, prefix: str, reading: Reading, given: Given) -> Tree:
        """The tree of this scope."""
        tree: Tree = {}
        if given:
            _take(given, tree, "", self._nested)
        for line in self.lines:
            line.read(scope, tree, prefix, reading, given)
        for line in self.lines:
            line.check(scope, tree, prefix, reading)
        for term, value, get, other in self._defaults:
            if get(tree) is None and (other is None or other(tree) is not None):
                put(tree, term, value)
        return tree

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing) -> None:
        """Write the tree of this scope; what no line holds is left in `writing.rest`."""
        held: set[str] = set()
        for head, write in self._writes:
            if head is None or head in tree:
                write(tree, drafts, prefix, writing, held)
        for term, value, get, other in self._defaults:
            if get(tree) == value and (other is None or other(tree) is not None):
                held.add(term)
        for name, found in tree.items():
            if isinstance(found, dict):
                for term, left in leaves(found, f"{name}."):
                    if term not in held:
                        spread(left, f"{prefix}{term}", writing.rest)
            elif name not in held:
                spread(found, f"{prefix}{name}", writing.rest)


def _head(line: Line) -> str | None:
    """The name without which a line writes nothing; None where there is no such name."""
    heads = {steps(term)[0][0] for term in line.terms}
    return heads.pop() if len(heads) == 1 and not (isinstance(line, OneTerm) and line.lax) else None


@cache
def steps(term: str) -> tuple[tuple[str, int | None], ...]:
    """The steps of a dotted term; ``items[1]`` names one member of a list."""
    found = []
    for step in term.split("."):
        name, mark, ordinal = step.partition("[")
        found.append((name, int(ordinal[:-1]) if mark else None))
    return tuple(found)


def value_of(tree: Tree, term: str) -> Scalar | Tree | list[Tree] | None:
    """The value of a dotted term; a list in between, without an ordinal, counts as its only member."""
    value: Scalar | Tree | list[Tree] | None = tree
    for name, ordinal in steps(term):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and len(value) == 1:
            value = value[0].get(name)
        else:
            return None
        if ordinal is not None:
            value = value[ordinal - 1] if isinstance(value, list) and len(value) >= ordinal else None
        if value is None:
            return None
    return value


def share(given: Given, term: str) -> Given:
    """What the rest cell says of one group or list; empty when it says nothing."""
    inner: Scalar | Given = given
    for name in term.split("."):
        inner = inner.get(name, {}) if isinstance(inner, dict) else {}
    return inner if isinstance(inner, dict) else {}


def members(given: Given) -> list[Tree]:
    """A whole list as the rest cell gives it."""
    made: list[Tree] = []
    for ordinal in sorted(key for key in given if isinstance(key, int)):
        member: Tree = {}
        inner = given[ordinal]
        if isinstance(inner, dict):
            _take(inner, member, "", frozenset())
        made.append(member)
    return made


def _take(given: Given, tree: Tree, prefix: str, nested: frozenset[str]) -> None:
    """Put into the tree what the rest cell says, but for the lists that take their share themselves."""
    for name, value in given.items():
        term = f"{prefix}{name}"
        if term in nested:
            continue
        if not isinstance(value, dict):
            put(tree, term, value)
        elif any(isinstance(key, int) for key in value):
            put(tree, term, members(value))
        else:
            _take(value, tree, f"{term}.", nested)


def put(tree: Tree, term: str, value: Scalar | Tree | list[Tree]) -> None:
    """Set a dotted term, making groups and the first members of lists on the way."""
    *groups, (last, _) = steps(term)
    for name, ordinal in groups:
        inner = tree.setdefault(name, {} if ordinal is None else [])
        if isinstance(inner, list):
            assert ordinal is not None
            if len(inner) < ordinal:
                inner.append({})
            inner = inner[ordinal - 1]
        assert isinstance(inner, dict)
        tree = inner
    tree[last] = value


def getter(term: str) -> Callable[[Tree], Any]:
    """`value_of` of one term."""
    group, dot, name = term.partition(".")
    if "[" in term or "." in name:
        return lambda tree: value_of(tree, term)
    if not dot:
        return lambda tree: tree.get(term)

    def grouped(tree: Tree) -> Any:
        inner: Any = tree.get(group)
        return inner.get(name) if inner.__class__ is dict else None if inner is None else value_of(tree, term)
    return grouped


def setter(term: str) -> Callable[[Tree, Scalar | list[Tree]], None]:
    """`put` of one term."""
    names = term.split(".")
    if "[" in term or len(names) > 2:
        return lambda tree, value: put(tree, term, value)
    if len(names) == 1:
        def plain(tree: Tree, value: Scalar | list[Tree]) -> None:
            tree[term] = value
        return plain
    group, name = names

    def grouped(tree: Tree, value: Scalar | list[Tree]) -> None:
        inner: Any = tree.get(group)
        if inner is None:
            tree[group] = {name: value}
        else:
            inner[name] = value
    return grouped


def leaves(tree: Tree, prefix: str) -> Iterator[tuple[str, Scalar | list[Tree]]]:
    """Every value of a tree with its dotted term; a list counts as one value."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def spread(value: Scalar | list[Tree], path: Path, into: dict[Path, Scalar]) -> None:
    """Every scalar of a value with its full path; a member that holds nothing stands as an empty text."""
    if isinstance(value, list):
        for ordinal, member in enumerate(value, 1):
            if not member:
                into[f"{path}[{ordinal}]"] = ""
            for term, left in leaves(member, ""):
                spread(left, f"{path}[{ordinal}].{term}", into)
    else:
        into[path] = value


class OneTerm:
    """A term in one or several cells, each with its format.

    lax  True for a boolean that is False by default: False leaves no key, an absent key is written as False
    """

    def __init__(self, term: str, places: Sequence[tuple[Cell, Format]], *, lax: bool = False) -> None:
        self.terms = (term,)
        self.nested = False
        self.term = term
        self._get = getter(term)
        self._groups = tuple(term.split(".")[:-1])
        self._name = term.split(".")[-1]
        self.places = [(cell, cell.part, cell.path, form.read, form) for cell, form in places]
        self.lax = lax
        self._writes = [(cell.part, cell.key, form.write, form.echo) for cell, form in places]

    def read(self, scope: Scope, tree: Tree, prefix: str, reading: Reading, given: Given) -> None:
        if given and value_of(tree, self.term) is not None:
            return
        for _, part, path, read, _ in self.places:
            node = scope[part].first(path)
            if node is None or not node.text:
                continue
            try:
                value = read(node.text)
            except Misfit as misfit:
                reading.fault(misfit, part, node, prefix + self.term)
                return
            reading.origins[prefix + self.term] = (reading.files[part], node)
            if not (self.lax and value is False):
                for group in self._groups:
                    tree = tree.setdefault(group, {})  # type: ignore[assignment]
                tree[self._name] = value
            return

    def check(self, scope: Scope, tree: Tree, prefix: str, reading: Reading) -> None:
        if len(self.places) < 2 and prefix + self.term in reading.origins:
            return
        value = value_of(tree, self.term)
        if value is None or isinstance(value, dict | list):
            return
        origin = reading.origins.get(prefix + self.term)
        for _, part, path, read, form in self.places:
            node = scope[part].first(path)
            if node is None or not node.text or (origin is not None and node is origin[1]):
                continue
            expected = form.echo(value)
            try:
                same = read(node.text) in (value, read(expected) if expected else None)
            except Misfit as misfit:
                reading.fault(misfit, part, node, prefix + self.term)
                continue
            if not same:
                reading.contradiction(part, node, prefix + self.term, expected or str(value))

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing, held: set[str]) -> None:
        value = self._get(tree)
        if value is None:
            if not self.lax:
                return
            value = False
        behind = 0
        for part, key, write, _ in self._writes:
            behind += 1
            try:
                drafts[part][key] = write(value)
            except Misfit:
                continue
            held.add(self.term)
            break
        else:
            behind = 0
        for part, key, _, echo in self._writes[behind:] if behind < len(self._writes) else ():
            echoed = echo(value)
            if echoed is not None:
                drafts[part][key] = echoed

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        yield self.term, DialectTerm("", form=self.places[0][4])
