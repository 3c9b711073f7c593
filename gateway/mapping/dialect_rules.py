"""Rules of a dialect: cells and terms that hold the same parts in other arrangements.

A rule is a set of texts with holes, some of cells, some of terms, over the same parts::

    terms: {commodity: "{code:up 8}[{precision}]"}
    cells: {sad Tarification/HScode/Commodity_code: "{code}", sad Tarification/HScode/Precision_1: "{precision}"}

Reading takes the cells apart and puts the terms together; writing does the opposite, reads again and compares.
`given` names terms that other lines carry and that this rule only needs. A rule whose terms already stand sets none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from gateway.mapping.dialect_formats import Format, Misfit
from gateway.mapping.dialect_level import Cell, Drafts, Given, Reading, Scope, Writing, getter, put, value_of
from gateway.mapping.dialect_terms import DialectTerm
from gateway.mapping.dialect_text import Template
from gateway.references import Scalar, Tree


class Rule:
    """One rule, compiled. `formats` are those of holes: part -> format of the text in the cell."""

    nested = False

    def __init__(self, terms: Mapping[str, Template], given: Mapping[str, Template],
                 cells: Sequence[tuple[Cell, Template]], formats: Mapping[str, Format]) -> None:
        self.terms = tuple(terms)
        self.wholes = terms
        self.given = given
        self.cells = cells
        self.formats = formats
        self._givens = [(getter(term), template) for term, template in given.items()]
        self._wholes = [(getter(term), template) for term, template in terms.items()]
        self._inside = [term for term in terms if "[1]." in term]
        self._holes = [(cell, template.holes[0]) for cell, template in cells] if self._simple() else []

    def read(self, scope: Scope, tree: Tree, prefix: str, reading: Reading, given: Given) -> None:
        nodes = [(cell, template, node) for cell, template in self.cells if (node := cell.find(scope)) is not None]
        if not nodes or any(get(tree) is not None for get, _ in self._wholes):
            return
        parts = self.known(tree)
        for cell, template, node in nodes:
            try:
                found = self.take(template, node.text)
                for name, text in found.items():
                    if parts.setdefault(name, text) != text:
                        raise Misfit("D117", value=node.text[:80], other=parts[name][:80])
            except Misfit as misfit:
                reading.fault(misfit, cell.part, node, prefix + self.terms[0])
                return
        origin = (reading.files[nodes[0][0].part], nodes[0][2])
        made = {term: whole for term, template in self.wholes.items() if (whole := template.echo(parts))}
        for term, value in made.items():
            put(tree, term, value)
            reading.origins[prefix + term] = origin
        for cell, _, node in nodes if not made else ():  # parts of a term whose other parts stand nowhere
            reading.announce(cell.part, node, "D121", value=node.text[:80], term=prefix + self.terms[0])

    def check(self, scope: Scope, tree: Tree, prefix: str, reading: Reading) -> None:
        origins = [reading.origins.get(prefix + term) for term in self.wholes]
        parts: dict[str, str] | None = None
        for cell, template in self.cells:
            node = cell.find(scope)
            if node is None or any(origin is not None and origin[1] is node for origin in origins):
                continue
            if parts is None:
                parts = self.parts_of(tree)
            expected = self.render(template, parts) if parts is not None else None
            if expected is not None and " ".join(expected.split()) != " ".join(node.text.split()) \
                    and self.differs(template, node.text, parts or {}):
                reading.contradiction(cell.part, node, prefix + self.terms[0], expected)

    def write(self, tree: Tree, drafts: Drafts, prefix: str, writing: Writing, held: set[str]) -> None:
        if self._holes:
            self._write_simple(tree, drafts, held)
            return
        there = False
        for get, _ in self._wholes:
            there = there or get(tree) is not None
        parts = self.parts_of(tree) if there else None
        if parts is None:
            return
        texts: list[tuple[Template, str]] = []
        for cell, template in self.cells:
            text = self.render(template, parts)
            if text:
                texts.append((template, text))
                drafts[cell.part][cell.key] = text
        if held.isdisjoint(self.terms) and self._comes_back(tree, texts):
            held.update([term for term, (get, _) in zip(self.terms, self._wholes, strict=True)
                         if get(tree) is not None])
            for term in self._inside:  # a list of one member that has nothing else is held as a whole
                outer, mark, inner = term.partition("[1].")
                member = value_of(tree, f"{outer}[1]") if mark else None
                if isinstance(member, dict) and list(member) == [inner] and value_of(tree, f"{outer}[2]") is None:
                    held.add(outer)

    def _simple(self) -> bool:
        """Whether it is one term in pieces, each of which is a cell by itself."""
        return len(self.wholes) == 1 and not self.given and not self.formats and not self._inside \
            and all(template.whole for _, template in self.cells) \
            and {template.holes[0] for _, template in self.cells} == set(next(iter(self.wholes.values())).holes)

    def _write_simple(self, tree: Tree, drafts: Drafts, held: set[str]) -> None:
        """What `write` does, for one term in pieces."""
        get, template = self._wholes[0]
        text = _text(get(tree))
        parts = template.read(text) if text is not None else None
        if not parts:
            return
        back = self.terms[0] not in held
        for cell, hole in self._holes:
            part = parts.get(hole)
            if part:
                drafts[cell.part][cell.key] = part
                back = back and part.strip() == part
        if back and template.echo(parts) == text:
            held.add(self.terms[0])

    def describe(self) -> Iterator[tuple[str, DialectTerm]]:
        for term, template in self.wholes.items():
            outer, mark, _ = term.partition("[1].")
            if mark:
                yield outer, DialectTerm("", most=1)
            yield term, DialectTerm("", shape="" if template.whole else template.text)

    def _comes_back(self, tree: Tree, texts: Sequence[tuple[Template, str]]) -> bool:
        """Whether reading these texts gives these terms again."""
        parts = self.known(tree)
        try:
            for template, text in texts:
                if text.strip() != text:
                    return False
                for name, found in self.take(template, text).items():
                    if parts.setdefault(name, found) != found:
                        return False
        except Misfit:
            return False
        for get, template in self._wholes:
            if (template.echo(parts) or None) != _text(get(tree)):
                return False
        return bool(texts)

    def known(self, tree: Tree) -> dict[str, str]:
        """The parts of the given terms."""
        parts: dict[str, str] = {}
        for get, template in self._givens:
            text = _text(get(tree))
            if text is not None:
                parts.update(template.read(text) or {})
        return parts

    def parts_of(self, tree: Tree) -> dict[str, str] | None:
        """The parts of all terms, None when they do not agree or have another form."""
        parts = self.known(tree)
        for get, template in self._wholes:
            text = _text(get(tree))
            if text is None:
                continue
            found = template.read(text)
            if found is None:
                return None
            for name, part in found.items():
                if parts.setdefault(name, part) != part:
                    return None
        return parts

    def take(self, template: Template, text: str) -> dict[str, str]:
        """The parts of a cell. Raises Misfit."""
        found = template.read(text)
        if found is None:
            raise Misfit("D113", value=text[:80], form=template.text)
        if not self.formats:
            return found
        return {name: str(self.formats[name].read(part)) if name in self.formats else part
                for name, part in found.items()}

    def render(self, template: Template, parts: Mapping[str, str]) -> str | None:
        """The text of a cell, None when it cannot be made."""
        if not self.formats:
            return template.echo(parts)
        try:
            return template.echo({name: self.formats[name].write(part) if name in self.formats else part
                                  for name, part in parts.items() if name in template.holes})
        except Misfit:
            return None

    def differs(self, template: Template, text: str, parts: Mapping[str, str]) -> bool:
        """Whether a cell says another thing, and not the same in other clothes."""
        try:
            found = self.take(template, text)
        except Misfit:
            return True
        return any(name in parts and parts[name] != part for name, part in found.items())


def _text(value: Scalar | Tree | list[Tree] | None) -> str | None:
    """The canonical text of a scalar."""
    if value.__class__ is str:
        return value
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
