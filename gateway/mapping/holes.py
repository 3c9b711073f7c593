"""From the holes of a template to parts: terms looked up in their scopes, types, code tables, converters.

Whatever could not be read back is a fault at its hole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import escape
from gateway.findings import Finding
from gateway.mapping.chunks import Chunks
from gateway.mapping.codecs import Codec, TextCodec, Unfit
from gateway.mapping.converters import CONVERTERS, Misuse, Use, converters_of, plain
from gateway.mapping.document import nearest
from gateway.mapping.inherit import Definition, fault
from gateway.mapping.notation import Component, Element, Hole, Origin
from gateway.mapping.overflow import Head, Rest
from gateway.mapping.parts import Access, Count, Extra, Field, Joined, Part, Position
from gateway.mapping.plan import ElementPlan
from gateway.mapping.scopes import Found, find, through_groups, through_lists
from gateway.mapping.tables import Tables
from gateway.mapping.targets import Referring, Target
from gateway.mapping.term_types import TermType
from gateway.mapping.totals import DIGITS, NestedCount, Route, Sum

_CHUNKS = CONVERTERS["chunks"]
_TEXT = TermType("text", 1)


class Around(Struct, frozen=True):
    """What is around a hole.

    prefixes  the terms of the open scopes, "" for the record
    sure      no condition is around it
    rest      the line carries the rest of this term
    origin    the line
    """

    prefixes: tuple[str, ...]
    sure: bool
    rest: str | None
    origin: Origin


class Holes:
    """Compiles elements. `placements`, `twins`: how often a term has a place at all, and in one scope."""

    def __init__(self, definition: Definition, types: Mapping[str, TermType], tables: Tables,
                 findings: list[Finding]) -> None:
        self._definition = definition
        self._types = types
        self._tables = tables
        self._findings = findings
        self.placements: Counter[str] = Counter()
        self.twins: Counter[str] = Counter()

    def element(self, element: Element, around: Around) -> ElementPlan:
        """One data element."""
        if not any(isinstance(part, Hole) for component in element for part in component):
            texts = tuple(str(component[0]) if component else "" for component in element)
            return ElementPlan(":".join(escape(text) for text in texts), texts)
        parts: list[str | Part] = []
        starts = []
        width = 0
        for number, component in enumerate(element):
            part = self._component(component, around)
            parts.append(part)
            starts.append(width)
            width += 1 if isinstance(part, str) else part.width
            if not isinstance(part, str) and part.width > 1 and number < len(element) - 1:
                self._fault("M045", around.origin, term=part.named)
        writes = tuple(escape(part) if isinstance(part, str) else part for part in parts)
        return ElementPlan(None, (), tuple(parts), writes, tuple(starts), width)

    def _component(self, component: Component, around: Around) -> str | Part:
        holes = [part for part in component if isinstance(part, Hole)]
        if not holes:
            return "".join(str(part) for part in component)
        if around.prefixes[-1] == "extras" and len(component) > 1 \
                and [part.term if isinstance(part, Hole) else part for part in component] == ["key", "=", "value"]:
            codecs = {key: TextCodec(typed.type) for key, typed in self._definition.extras.items()}
            depth = len(around.prefixes) - 1
            return Extra(Access(depth, (), "key", "extras.key"), Access(depth, (), "value", "extras.value"), codecs)
        made = self._hole(holes[0], around) if len(component) == 1 else self._joined(component, holes, around)
        targets = [target for hole in holes if (target := self._target(hole, around)) is not None]
        if made is None:
            return ""
        return Referring(made, targets) if targets else made

    def _joined(self, component: Component, holes: list[Hole], around: Around) -> Part | None:
        pieces: list[str | Field] = []
        place = replace(around.origin, column=holes[0].column)
        for part in component:
            made = self._hole(part, around) if isinstance(part, Hole) else str(part)
            if made is None:
                return None
            if not isinstance(made, str | Field) or (isinstance(made, Field) and made.default is not None):
                self._fault("M018", place)
                return None
            pieces.append(made)
        for number, piece in enumerate(pieces[:-1]):
            following = pieces[number + 1]
            if isinstance(piece, str) or piece.codec.width:
                continue
            safe = isinstance(following, str) and piece.codec.plain and not following[0].isalnum()
            if not safe:
                self._fault("M018", place)
        if len({hole.optional for hole in holes}) > 1:
            self._fault("M018", place)
        return Joined(pieces, holes[0].optional)

    def _hole(self, hole: Hole, around: Around) -> Part | None:
        prefixes, place = around.prefixes, replace(around.origin, column=hole.column)
        if hole.kind == "position":
            if len(prefixes) < 2 or self._types[prefixes[-1]].name != "list":
                self._fault("M025", place, term="#", type="-", expected="each")
            return Position()
        if hole.kind in ("count", "sum"):
            return self._total(hole, prefixes, place)
        found = self.find(hole.term, prefixes, place)
        if found is None:
            return None
        kind = self._types[found.term]
        direct = around.sure and found.depth == len(prefixes) - 1
        access = self.access(found, direct)
        if around.rest is not None:
            return self._rest(hole, replace(access, twin=False), around, place)
        part = self._value(hole, access, kind, place)
        if isinstance(part, Chunks | Head):
            self._alone(found, prefixes, place)
        return part

    def _rest(self, hole: Hole, access: Access, around: Around, place: Origin) -> Part | None:
        """What stands in a ``rest`` line: the same term, through ``chunks``."""
        part = self._value(hole, access, _TEXT, place)
        if not isinstance(part, Chunks) or access.term != around.rest or hole.optional:
            self._fault("M059", around.origin, term=around.rest or "-", label="-")
            return None
        return Rest(part)

    def _alone(self, found: Found, prefixes: tuple[str, ...], place: Origin) -> None:
        """A text in pieces is put together as they come: one place, and none of an outer scope inside a list."""
        inside = any(self._types[prefix].name == "list" for prefix in prefixes[found.depth + 1:])
        if inside or self.placements[found.term] > 1:
            self._fault("M062", place, term=found.term)

    def _total(self, hole: Hole, prefixes: tuple[str, ...], place: Origin) -> Part | None:
        """A count or a sum, over a list of this scope or over lists in lists."""
        found = find(hole.term, prefixes, self._types)
        if found is None:
            self.find(hole.term, prefixes, place)
            return None
        kind = self._types[found.term]
        direct = through_groups(found, self._types)
        wanted = ("list",) if hole.kind == "count" else ("n", "decimal")
        if kind.name not in wanted or (hole.kind == "sum" and direct) or not through_lists(found, self._types):
            self._fault("M025", place, term=found.term, type=str(kind),
                        expected="list" if hole.kind == "count" else "each list: n, decimal")
            return None
        if hole.kind == "count" and direct:
            return Count(self.access(found, False))
        names = found.term.split(".")
        first = len(names) - len(found.inside)
        groups = frozenset(step for step in range(len(found.inside) - 1)
                           if self._types[".".join(names[:first + step + 1])].name == "group")
        route = Route(found.depth, found.inside, found.term, groups)
        return NestedCount(route) if hole.kind == "count" else Sum(route, self._digits(found, kind), kind.name == "n")

    def _digits(self, found: Found, kind: TermType) -> int:
        """The most digits a sum may have: those of a member, and those of the number of members."""
        names = found.term.split(".")
        members = 1
        for step in range(len(names) - len(found.inside) + 1, len(names)):
            around = self._types[".".join(names[:step])]
            members *= around.maximum if around.name == "list" else 1
        return min(DIGITS, kind.maximum + len(str(members)))

    def _target(self, hole: Hole, around: Around) -> Target | None:
        """What a hole with ``ref`` must lead to."""
        name, _, argument = (hole.converter or "").partition(" ")
        if name != "ref" or not CONVERTERS[name].takes(argument):
            return None
        place = replace(around.origin, column=hole.column)
        value = find(hole.term, around.prefixes, self._types)
        listed, dot, key = argument.rpartition(".") if not argument.endswith("#") else (argument[:-1], "", "")
        found = find(listed, around.prefixes, self._types, lists=True)
        if value is None:
            return None
        wanted = None if found is None else self._types.get(f"{found.term}.{key}") if dot else TermType("n", 1, 9)
        if found is None or wanted is None or not through_groups(found, self._types):
            known = [term for term in self._types if term.rpartition(".")[0] in self._types
                     and self._types[term.rpartition(".")[0]].name == "list"]
            self._fault("M031", place, term=argument, nearest=nearest(argument, known))
            return None
        if (wanted.name == "n") != (self._types[value.term].name == "n"):
            self._fault("M017", place, converter=hole.converter or "-", type=str(self._types[value.term]),
                        term=hole.term, expected=str(wanted))
        return Target(self.access(value, False), self.access(found, False), key if dot else None)

    def _value(self, hole: Hole, access: Access, kind: TermType, place: Origin) -> Part | None:
        """The part for a term of some type with some converter."""
        written = hole.converter or ""
        name, _, argument = written.partition(" ")
        if not written:
            codec = self._codec(kind, access.term, place)
            if codec is None:
                self._misfit(hole, kind, place, " / ".join(converters_of(kind)) or "each / with")
                return None
            return self._field(hole, access, codec, place)
        converter = CONVERTERS.get(name)
        if converter is None or not converter.takes(argument):
            forms = [one.form for one in CONVERTERS.values()]
            self._fault("M016", place, converter=written, nearest=nearest(written, forms))
            return None
        try:
            if kind.name not in converter.types:
                raise Misuse(" / ".join(converters_of(kind)) or "-")
            made = converter.make(Use(access=access, type=kind, argument=argument, optional=hole.optional))
            if not isinstance(made, Part):
                return self._field(hole, access, made, place)
            if hole.default is not None:
                raise Misuse("-")
        except Misuse as misuse:
            self._misfit(hole, kind, place, misuse.expected)
            return None
        return made

    def _field(self, hole: Hole, access: Access, codec: Codec, place: Origin) -> Field:
        if hole.default is not None:
            try:
                codec.read(hole.default)
            except Unfit:
                self._fault("M043", place, value=hole.default, term=access.term)
        return Field(access, codec, hole.optional, hole.default)

    def _codec(self, kind: TermType, term: str, place: Origin) -> Codec | None:
        if kind.name == "code" and kind.table is not None:
            if not self._tables.words(kind.table):
                self._fault("M034", place, table=kind.table, nearest=nearest(kind.table, self._tables.names()))
            return self._tables.codec(kind.table, term)
        return plain(kind)

    def _misfit(self, hole: Hole, kind: TermType, place: Origin, expected: str) -> None:
        self._fault("M017", place, converter=hole.converter or "-", type=str(kind), term=hole.term, expected=expected)

    def find(self, written: str, prefixes: tuple[str, ...], place: Origin) -> Found | None:
        """A term as it is written; None, and a fault, when there is none, or a list lies between."""
        found = find(written, prefixes, self._types)
        if found is None:
            inside = [term.removeprefix(f"{prefix}.") for prefix in prefixes for term in self._types
                      if not prefix or term.startswith(f"{prefix}.")]
            self._fault("M031", place, term=written, nearest=nearest(written, inside))
            return None
        if not through_groups(found, self._types):
            self._fault("M025", place, term=found.term, type=str(self._types[found.term]), expected="each")
        return found

    def access(self, found: Found, direct: bool) -> Access:
        """The way to a term. `direct`: the hole stands in the scope of the term, under no condition."""
        twin = direct and self.twins[found.term] > 1
        return Access(found.depth, found.inside[:-1], found.inside[-1], found.term, twin)

    def _fault(self, code: str, origin: Origin, /, **values: str) -> None:
        self._findings.append(fault(code, origin, **values))


def firm(elements: Sequence[ElementPlan]) -> dict[tuple[int, int], frozenset[str]]:
    """Constants that stand in every segment of a line, and codes where a hole that is always filled has a table."""
    found: dict[tuple[int, int], frozenset[str]] = {}
    for number, element in enumerate(elements):
        if element.wire is not None:
            found.update({(number, component): frozenset((text,))
                         for component, text in enumerate(element.components) if text})
        elif any(not isinstance(part, str) and not part.optional and part.default is None for part in element.parts):
            for part, start in zip(element.parts, element.starts, strict=True):
                if isinstance(part, str):
                    if part:
                        found[number, start] = frozenset((part,))
                elif part.codes() and not part.optional:
                    found[number, start] = part.codes()
    return found
