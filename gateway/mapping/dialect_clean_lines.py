"""Each line of a dialect as one function over the texts of a record: its clean path (`dialect_clean`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from gateway.mapping.dialect_formats import Format
from gateway.mapping.dialect_level import Cell, Level, Line, OneTerm, getter, setter
from gateway.mapping.dialect_lists import Counted, Everywhere, Packed, PackedList, Repeated, Single
from gateway.mapping.dialect_rules import Rule
from gateway.mapping.dialect_text import Template
from gateway.records.flat import Flat, NotFlat
from gateway.records.xml import Wanted
from gateway.references import Scalar, Tree

Take: TypeAlias = Callable[[Flat, Tree], "Check | None"]
"""Puts what the texts say into the tree; what it returns is called once all lines are read."""
Check: TypeAlias = Callable[[Flat, Tree], None]
Shapes: TypeAlias = Mapping[str, Wanted]
"""Part -> what is wanted below the record, or below the member of a list."""


class Doubt(Exception):
    """Something that the lines have to judge."""


def key_of(shapes: Shapes, cell: Cell) -> str:
    """The key of a cell. Raises NotFlat for one that is no plain text of its scope."""
    shape = shapes.get(cell.part)
    for step in cell.path:
        shape = shape.children.get(step) if shape is not None else None
        if shape is None or shape.repeats:
            raise NotFlat
    if shape is None or shape.children:
        raise NotFlat
    return f"{cell.part} {cell.key}"


def _members(shapes: Shapes, cell: Cell) -> tuple[str, Shapes]:
    """The key of a repeated element, and what is wanted in it."""
    shape = shapes.get(cell.part)
    for number, step in enumerate(cell.path, 1):
        shape = shape.children.get(step) if shape is not None else None
        if shape is None or shape.repeats != (number == len(cell.path)):
            raise NotFlat
    if shape is None:
        raise NotFlat
    return f"{cell.part} {cell.key}", {cell.part: shape}


def level_of(level: Level, shapes: Shapes) -> Callable[[Flat], Tree]:
    takes = [_line(line, shapes) for line in level.lines]
    defaults = [_default(term, value, companion) for term, (value, companion) in level.defaults.items()]

    def read(values: Flat) -> Tree:
        tree: Tree = {}
        late: list[Check] = []
        for take in takes:
            check = take(values, tree)
            if check is not None:
                late.append(check)
        for check in late:
            check(values, tree)
        for default in defaults:
            default(tree)
        return tree

    return read


def _line(line: Line, shapes: Shapes) -> Take:
    if isinstance(line, OneTerm):
        return _one_term(line, shapes)
    if isinstance(line, PackedList):
        return _packed_list(line, shapes)
    if isinstance(line, Repeated):
        return _repeated(line, shapes)
    if isinstance(line, Single):
        return _single(line, shapes)
    if isinstance(line, Everywhere):
        return _everywhere(line, shapes)
    if isinstance(line, Rule):
        return _rule(line, shapes)
    if isinstance(line, Counted):
        return _counted(line, shapes)
    raise NotFlat


def _default(term: str, value: Scalar, companion: str | None) -> Callable[[Tree], None]:
    get, give, other = getter(term), setter(term), getter(companion) if companion is not None else None

    def default(tree: Tree) -> None:
        if (other is None or other(tree) is not None) and get(tree) is None:
            give(tree, value)

    return default


def _one_term(line: OneTerm, shapes: Shapes) -> Take:
    places = [(key_of(shapes, cell), form) for cell, _, _, _, form in line.places]
    give, lax = setter(line.term), line.lax
    key, form = places[0]
    if len(places) == 1 and not lax:
        return _one_place(key, form, give) if "." in line.term else _one_name(key, form, line.term)

    def take(values: Flat, tree: Tree) -> None:
        rest = iter(places)
        for key, form in rest:
            text = values.get(key)
            if text:
                value = form.read(text)
                if not (lax and value is False):
                    give(tree, value)
                    _alike(value, rest, values)
                return

    return take


def _one_name(key: str, form: Format, term: str) -> Take:
    if form.name == "text":
        def as_it_stands(values: Flat, tree: Tree) -> None:
            text = values.get(key)
            if text:
                tree[term] = text
        return as_it_stands
    read = form.read

    def take(values: Flat, tree: Tree) -> None:
        text = values.get(key)
        if text:
            tree[term] = read(text)

    return take


def _one_place(key: str, form: Format, give: Callable[[Tree, Scalar], None]) -> Take:
    if form.name == "text":
        def as_it_stands(values: Flat, tree: Tree) -> None:
            text = values.get(key)
            if text:
                give(tree, text)
        return as_it_stands
    read = form.read

    def take(values: Flat, tree: Tree) -> None:
        text = values.get(key)
        if text:
            give(tree, read(text))

    return take


def _alike(value: Scalar, places: Iterator[tuple[str, Format]], values: Flat) -> None:
    """Raises Doubt where one of some places says another thing."""
    for key, form in places:
        text = values.get(key)
        if text:
            found = form.read(text)
            if found != value:
                expected = form.echo(value)
                if not expected or form.read(expected) != found:
                    raise Doubt


def _packed_list(line: PackedList, shapes: Shapes) -> Take:
    places = [(packed, [(key_of(shapes, cell), fixed) for cell, fixed in packed.cells]) for packed in line.places]
    also = [(packed, key_of(shapes, packed.cells[0][0])) for packed in line.written[1:]]
    get, give, several = getter(line.term), setter(line.term), len(places) > 1

    def take(values: Flat, tree: Tree) -> None:
        if get(tree) is not None:
            if several:
                raise Doubt
            return
        for packed, cells in places:
            made = _packed(packed, cells, values)
            if made is None:
                continue
            if made:
                give(tree, made)
                if several:
                    _packed_alike(made, also, values)
            return

    return take


def _packed(packed: Packed, cells: Sequence[tuple[str, Mapping[str, Scalar]]], values: Flat) -> list[Tree] | None:
    made: list[Tree] | None = None
    for key, fixed in cells:
        text = values.get(key)
        if text:
            made = made or []
            for one in packed.split(text):
                made.append(packed.member_of(one, fixed, len(made) + 1))
    return made


def _packed_alike(made: list[Tree], also: Sequence[tuple[Packed, str]], values: Flat) -> None:
    for packed, key in also:
        text = values.get(key)
        if text:
            expected = packed.echo(made)
            if expected and text != expected and packed.split(text) != packed.split(expected):
                raise Doubt


def _repeated(line: Repeated, shapes: Shapes) -> Take:
    key, inside = _members(shapes, line.cell)
    read, give, ordinal = level_of(line.level, inside), setter(line.term), line.ordinal

    def take(values: Flat, tree: Tree) -> None:
        made: list[Tree] = []
        for inner in values.get(key, ()):
            member = read(inner)
            if ordinal:
                member.setdefault(ordinal, len(made) + 1)
            elif not member:
                continue
            made.append(member)
        if made:
            give(tree, made)

    return take


def _single(line: Single, shapes: Shapes) -> Take:
    read, give = level_of(line.level, shapes), setter(line.term)

    def take(values: Flat, tree: Tree) -> None:
        member = read(values)
        if member:
            give(tree, [member])

    return take


def _everywhere(line: Everywhere, shapes: Shapes) -> Take:
    outer, inside = _members(shapes, line.outer)
    key, get, give, name = key_of(inside, line.cell), getter(line.term), setter(line.term), line.inner

    def take(values: Flat, tree: Tree) -> None:
        texts = dict.fromkeys([text for inner in values.get(outer, ()) if (text := inner.get(key))])
        if texts and get(tree) is None:
            give(tree, [{name: text} for text in texts])

    return take


def _counted(line: Counted, shapes: Shapes) -> Take:
    key, get = key_of(shapes, line.cell), getter(line.term)

    def check(values: Flat, tree: Tree) -> None:
        value = get(tree)
        if values[key].removesuffix(".0") != str(len(value) if isinstance(value, list) else 0):
            raise Doubt

    return lambda values, tree: check if values.get(key) else None


def _rule(line: Rule, shapes: Shapes) -> Take:
    cells = [(key_of(shapes, cell), template) for cell, template in line.cells]
    gets = [getter(term) for term in line.wholes]
    wholes = [(template, setter(term)) for term, template in line.wholes.items()]

    def check(others: Sequence[tuple[str, Template]], values: Flat, tree: Tree) -> None:
        parts = line.parts_of(tree)
        if parts is None:
            return
        for key, template in others:
            text = values[key]
            expected = line.render(template, parts)
            if expected is not None and expected != text and expected.split() != text.split() \
                    and line.differs(template, text, parts):
                raise Doubt

    def take(values: Flat, tree: Tree) -> Check | None:
        there = [cell for cell in cells if values.get(cell[0])]
        if not there:
            return None
        for get in gets:
            if get(tree) is not None:
                return lambda values, tree: check(there, values, tree)
        parts = line.known(tree) if line.given else {}
        for key, template in there:
            for name, text in line.take(template, values[key]).items():
                if parts.setdefault(name, text) != text:
                    raise Doubt
        made = False
        for template, give in wholes:
            whole = template.echo(parts)
            if whole:
                give(tree, whole)
                made = True
        if not made:
            raise Doubt
        others = there[1:]
        return (lambda values, tree: check(others, values, tree)) if others else None

    return take
