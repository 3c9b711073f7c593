"""``places``, ``rules`` and ``counts`` of a dialect compiled to lines.

A place is written ``part path | format``: ``sad Transit/Time_limit | day M/d/yy``. The path is an XPath of plain steps
below the root (or below the repeated element), the name of a column, or keys of JSON objects joined by ``/``.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.mapping.dialect_formats import Format, Misfit, Surroundings, instants_only, make, standard
from gateway.mapping.dialect_level import Cell, Level, Line, OneTerm
from gateway.mapping.dialect_lists import Counted, Everywhere, Packed, PackedList, Repeated, Single
from gateway.mapping.dialect_rest import canonical_value, term_of
from gateway.mapping.dialect_rules import Rule
from gateway.mapping.dialect_source import PLACE_FORMS, Source
from gateway.mapping.dialect_text import Template
from gateway.records.rows import LINES
from gateway.references import Scalar

_LIST = ("list", "between", "text", "fixed", "ordinal", "also", "read")
_EACH = ("each", "ordinal", "places", "rules", "counts", "defaults", "implied")
_ONE = ("one",)
_EVERYWHERE = ("everywhere", "of", "term")
_RULE = ("terms", "given", "cells")
_SUGAR = ("at", "form", "of")


class Compiler:
    """Compiles the levels of one dialect.

    terms     terms that have a line
    wanted    part -> path -> the node that names it (None for a step in between)
    repeated  part -> paths that repeat
    """

    def __init__(self, source: Source, kinds: Mapping[str, str], lax: frozenset[str],
                 surroundings: Mapping[str, Surroundings], columns: Mapping[str, Mapping[str, Sequence[str]] | None],
                 ) -> None:
        self._source = source
        self._kinds = kinds
        self._lax = lax
        self._surroundings = surroundings
        self._columns = columns
        self._base: Mapping[str, tuple[str, ...]] = dict.fromkeys(surroundings, ())
        self._term = ""
        self.terms: dict[str, TextNode] = {}
        self.wanted: dict[str, dict[tuple[str, ...], Node | None]] = {name: {} for name in surroundings}
        self.repeated: dict[str, set[tuple[str, ...]]] = {name: set() for name in surroundings}

    def level(self, node: MappingNode, base: Mapping[str, tuple[str, ...]], term: str = "") -> Level | None:
        """One scope: the record, or the members of the list `term` (with a dot at its end)."""
        before = self._base, self._term
        self._base, self._term = base, term
        lines: list[Line] = []
        late: list[Line] = []
        for key, value in self._source.entries(node.get("places")):
            line = self._place(key, value)
            if line is not None:
                (late if isinstance(line, Everywhere) else lines).append(line)
        rules = node.get("rules")
        if isinstance(rules, SequenceNode):
            lines.extend(rule for item in rules.items if (rule := self._rule(item)) is not None)
        elif rules is not None:
            self._source.fault("D002", rules, wanted="list")
        for key, value in self._source.entries(node.get("counts")):
            cell, counted = self.cell(key), self._source.text(value)
            if cell is not None and counted is not None and self._known(counted, counted.text, ("list",)):
                late.append(Counted(cell, counted.text))
        defaults = self._defaults(node)
        self._base, self._term = before
        return Level([*lines, *late], defaults)

    def cell(self, text: TextNode, written: str | None = None) -> Cell | None:
        """The cell that ``part path`` names. D005 unknown part, D006 unknown column."""
        part, _, path = (written if written is not None else text.text).strip().partition(" ")
        steps = self.path(part, path.strip(), text)
        if steps is None:
            return None
        self.want(part, (*self._base.get(part, ()), *steps), text)
        return Cell(part, steps, "/".join(steps))

    def path(self, part: str, path: str, node: Node) -> tuple[str, ...] | None:
        """The steps of a path in a part."""
        if part not in self._surroundings:
            self._source.fault("D005", node, part=part, known=", ".join(self._surroundings))
            return None
        columns = self._columns[part]
        if columns is not None and path != LINES and path not in columns:
            near = difflib.get_close_matches(path, columns, 1)
            self._source.fault("D006", node, column=path, near=near[0] if near else ", ".join(columns))
            return None
        return tuple(path.split("/"))

    def want(self, part: str, path: tuple[str, ...], node: Node | None = None) -> None:
        """Have a path read."""
        for length in range(1, len(path)):
            self.wanted[part].setdefault(path[:length], None)
        self.wanted[part][path] = self.wanted[part].get(path) or node

    def template(self, node: TextNode) -> Template | None:
        """A template; D010 when it cannot be understood."""
        try:
            return Template(node.text)
        except Misfit as misfit:
            self._source.misfit(misfit, node, int(misfit.values.get("at", "1")) - 1)
            return None

    def hole_formats(self, template: Template, part: str, node: Node | None) -> dict[str, Format]:
        """The formats that the holes of a template name."""
        made = {}
        for hole, name in template.formats.items():
            try:
                made[hole] = make(name, self._surroundings[part])
            except Misfit as misfit:
                self._source.misfit(misfit, node or self._source.root)
        return made

    def _known(self, node: Node, term: str, kinds: Sequence[str] = ()) -> bool:
        """Tell whether a term exists; D004, or D008 when it is of another kind."""
        kind = self._kinds.get(self._term + term)
        if kind is None:
            near = difflib.get_close_matches(self._term + term, self._kinds, 1)
            self._source.fault("D004", node, term=self._term + term,
                               near=near[0].removeprefix(self._term) if near else "-")
        elif (kinds and kind not in kinds) or (not kinds and kind in ("list", "group")):
            self._source.fault("D008", node, term=self._term + term, kind=kind, format=", ".join(kinds) or "-")
        else:
            return True
        return False

    def _place(self, key: TextNode, value: Node) -> Line | None:
        self.terms[self._term + key.text] = key
        if isinstance(value, MappingNode):
            form = next((name for name in PLACE_FORMS if value.get(name) is not None), None)
            if form is None:
                self._source.fault("D001", value, key=value.items[0][0].text, near=", ".join(PLACE_FORMS))
                return None
            if not self._known(key, key.text, ("list",)):
                return None
            return {"list": self._lists, "each": self._each, "one": self._one,
                    "everywhere": self._everywhere}[form](key, value)
        if isinstance(value, SequenceNode) and value.items and isinstance(value.items[0], MappingNode):
            return self._lists(key, value) if self._known(key, key.text, ("list",)) else None
        if not self._known(key, key.text):
            return None
        places = [place for text in self._source.texts(value) if (place := self._one_cell(key.text, text)) is not None]
        return OneTerm(key.text, places, lax=not self._term and key.text in self._lax) if places else None

    def _one_cell(self, term: str, text: TextNode) -> tuple[Cell, Format] | None:
        where, mark, name = text.text.partition("|")
        cell = self.cell(text, where)
        if cell is None:
            return None
        form = self._format(text, term, cell.part, name.strip() if mark else "")
        return (cell, form) if form is not None else None

    def _format(self, node: Node, term: str, part: str, name: str) -> Format | None:
        """The format of a term's text in a part; D008 when it does not suit the kind of the term."""
        kind = self._kinds.get(self._term + term, "text")
        try:
            form = make(name, self._surroundings[part]) if name else standard(kind, self._surroundings[part])
        except Misfit as misfit:
            self._source.misfit(misfit, node)
            return None
        if kind == "datetime" and form.name == "moment":
            form = instants_only(form)
        if kind not in form.kinds:
            self._source.fault("D008", node, term=self._term + term, kind=kind, format=form.name)
            return None
        return form

    def _lists(self, key: TextNode, value: Node) -> Line | None:
        nodes = value.items if isinstance(value, SequenceNode) else [value]
        packed = [one for node in nodes if (one := self._packed(key, node)) is not None]
        return PackedList(key.text, packed) if packed else None

    def _packed(self, key: TextNode, node: Node) -> Packed | None:
        found = self._source.mapping(node, _LIST)
        at = self._source.text(found.get("list")) if found else None
        form = self._source.text(found.get("text")) if found else None
        if found is None or at is None or form is None:
            self._source.fault("D003", node, key="list" if at is None else "text")
            return None
        cell, template = self.cell(at), self.template(form)
        if cell is None or template is None:
            return None
        inner = f"{key.text}."
        formats = {}
        for hole in template.holes:
            made = self._format(form, inner + hole, cell.part, template.formats.get(hole, "")) \
                if self._known(form, inner + hole) else None
            if made is not None:
                formats[hole] = made
        between = self._source.text(found.get("between"))
        ordinal = self._source.text(found.get("ordinal"))
        cells = [(cell, self._fixed(inner, found.get("fixed")))]
        also = found.get("also")
        for other in also.items if isinstance(also, SequenceNode) else ():
            more = self._source.mapping(other, ("list", "fixed"))
            place = self._source.text(more.get("list")) if more else None
            other_cell = self.cell(place) if place is not None else None
            if other_cell is not None and more is not None:
                cells.append((other_cell, self._fixed(inner, more.get("fixed"))))
        if len(formats) != len(template.holes):
            return None
        return Packed(cells, between.text if between is not None else ",", template, formats,
                      ordinal.text if ordinal is not None else None, written=found.get("read") is None)

    def _fixed(self, inner: str, node: Node | None) -> dict[str, Scalar]:
        return {key.text: value for key, text in self._source.entries(node)
                if (value := self._value(key, inner + key.text, text)) is not None}

    def _value(self, key: TextNode, term: str, node: Node) -> Scalar | None:
        text = self._source.text(node)
        if text is None or not self._known(key, term):
            return None
        try:
            return canonical_value(text.text, self._kinds[self._term + term])
        except Misfit as misfit:
            self._source.misfit(misfit, text)
            return None

    def _each(self, key: TextNode, value: MappingNode) -> Line | None:
        self._source.mapping(value, _EACH)
        at = self._source.text(value.get("each"))
        cell = self.cell(at) if at is not None else None
        if cell is None:
            return None
        full = (*self._base[cell.part], *cell.path)
        self.repeated[cell.part].add(full)
        level = self.level(value, {cell.part: full}, f"{self._term}{key.text}.")
        ordinal = self._source.text(value.get("ordinal"))
        return Repeated(key.text, cell, level, ordinal.text if ordinal is not None else None) if level else None

    def _one(self, key: TextNode, value: MappingNode) -> Line | None:
        self._source.mapping(value, _ONE)
        inner = self._source.mapping(value.get("one"))
        if inner is None:
            return None
        wrapped = MappingNode([(TextNode("places", inner.line, inner.column, "plain", (), (0, 0)), inner)], inner.line,
                              inner.column)
        level = self.level(wrapped, self._base, f"{self._term}{key.text}.")
        return Single(key.text, level) if level else None

    def _everywhere(self, key: TextNode, value: MappingNode) -> Line | None:
        self._source.mapping(value, _EVERYWHERE)
        at, of, term = (self._source.text(value.get(name)) for name in _EVERYWHERE)
        if at is None or of is None or term is None:
            self._source.fault("D003", value, key=", ".join(_EVERYWHERE))
            return None
        outer, inner = self.cell(of), at.text.partition(" ")[2].strip()
        if outer is None or not self._known(term, f"{key.text}.{term.text}"):
            return None
        steps = tuple(inner.split("/"))
        self.want(outer.part, (*self._base[outer.part], *outer.path, *steps), at)
        return Everywhere(key.text, term.text, outer, Cell(outer.part, steps, inner))

    def _rule(self, node: Node) -> Line | None:
        sugar = isinstance(node, MappingNode) and node.get("form") is not None
        found = self._source.mapping(node, _SUGAR if sugar else _RULE)
        if found is None:
            return None
        terms: dict[str, Template] = {}
        given: dict[str, Template] = {}
        cells: list[tuple[Cell, Template]] = []
        formats: dict[str, Format] = {}
        if sugar:
            at, form, of = (self._source.text(found.get(name)) for name in _SUGAR)
            template = self.template(form) if form is not None else None
            cell = self.cell(at) if at is not None else None
            if template is None or cell is None or of is None or form is None:
                return None
            cells.append((cell, template))
            formats.update(self.hole_formats(template, cell.part, form))
            for hole in template.holes:
                if self._known(form, f"{of.text}.{hole}", ("text",)):
                    terms[f"{of.text}.{hole}"] = Template("{" + hole + "}")
                    self.terms[f"{self._term}{of.text}.{hole}"] = form
            return Rule(terms, given, cells, formats)
        for name, into in (("terms", terms), ("given", given)):
            for key, value in self._source.entries(found.get(name)):
                text = self._source.text(value)
                template = self.template(text) if text is not None else None
                kinds = ("text",) if name == "terms" else ()
                if template is not None and self._known(key, term_of(key.text), kinds):
                    into[key.text] = template
                    if name == "terms":
                        self.terms[self._term + key.text] = key
        for key, value in self._source.entries(found.get("cells")):
            text, cell = self._source.text(value), self.cell(key)
            template = self.template(text) if text is not None else None
            if cell is not None and template is not None:
                cells.append((cell, template))
                formats.update(self.hole_formats(template, cell.part, text))
        return Rule(terms, given, cells, formats) if terms and cells else None

    def _defaults(self, node: MappingNode) -> dict[str, tuple[Scalar, str | None]]:
        """``defaults: {term: value}`` and ``implied: {term: value with other}``."""
        made: dict[str, tuple[Scalar, str | None]] = {}
        for key, value in self._source.entries(node.get("defaults")):
            found = self._value(key, key.text, value)
            if found is not None:
                made[key.text] = (found, None)
        for key, value in self._source.entries(node.get("implied")):
            text = self._source.text(value)
            if text is None:
                continue
            written, mark, companion = text.text.partition(" with ")
            if not mark or not self._known(key, key.text) or not self._known(text, companion.strip()):
                if not mark:
                    self._source.fault("D003", text, key="with")
                continue
            made[key.text] = (written.strip(), companion.strip())
        return made
