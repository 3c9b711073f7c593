"""A dialect file compiled: every fault with file, line and column, or a `Spec` ready to read and write."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.errors import LocalError
from gateway.mapping import dialect_equipment
from gateway.mapping.dialect_compile import Compiler
from gateway.mapping.dialect_formats import CodeTable, Format, Misfit, Surroundings, make
from gateway.mapping.dialect_level import Cell, Level
from gateway.mapping.dialect_parts import (
    LINES,
    CsvCodec,
    JsonCodec,
    KeySource,
    Part,
    XmlCodec,
)
from gateway.mapping.dialect_source import Source
from gateway.mapping.dialect_text import Template
from gateway.records.csv import DELIMITERS, ENCODINGS, Layout
from gateway.records.xml import Wanted
from gateway.records.xml_write import Skeleton
from gateway.references import Scalar
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import terms

FORMAT = "1"
MODELS: dict[str, type] = {"declaration": Declaration, "event": Event}

_TOP = ("format", "id", "extends", "record", "zone", "parts", "key", "codes", "places", "rules", "counts", "defaults",
        "implied", "rest", "remove", "coded")
_PART = {
    "xml": ("kind", "file", "match", "key", "root", "encoding", "skeleton"),
    "csv": ("kind", "file", "match", "key", "encoding", "mark", "delimiter", "decimal", "columns", "totals", "guard",
            "group"),
    "json": ("kind", "file", "match", "key"),
}


@dataclass(frozen=True)
class Spec:
    """A compiled dialect.

    canonical  True when the national file is the record's own JSON
    coded      canonical: term -> format of its code table
    required   group or list, with a dot at its end -> names that every one of it has
    lax        terms that are False by default and then leave no key
    """

    identifier: str
    record: str
    model: type
    kinds: Mapping[str, str]
    parts: Sequence[Part]
    root: Level
    rest: Cell | None
    equipment: bool
    canonical: bool
    coded: Mapping[str, Format]
    lax: frozenset[str]
    required: Mapping[str, Sequence[str]]
    defaults: Mapping[str, Scalar]


def required_terms(model: type, prefix: str = "") -> dict[str, list[str]]:
    """Group or list of a record class -> the names it cannot do without."""
    made = {prefix: [field.name for field in dataclasses.fields(model)
                     if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING]}
    for name, hint in typing.get_type_hints(model).items():
        for part in (hint, *typing.get_args(hint)):
            if isinstance(part, type) and dataclasses.is_dataclass(part):
                made.update(required_terms(part, f"{prefix}{name}."))
    return made


def load_spec(path: Path, identifier: str, search: Sequence[Path]) -> Spec:
    """Load and compile a dialect. Raises LocalError with every fault."""
    source = Source(path, search)
    loader = _Loader(source, identifier)
    spec = loader.load()
    if source.findings:
        raise LocalError(*sorted(source.findings, key=lambda one: (one.place.file or "", one.place.line or 0,
                                                                   one.place.column or 0)))
    assert spec is not None
    return spec


class _Loader:
    def __init__(self, source: Source, identifier: str) -> None:
        self._source = source
        self._identifier = identifier
        self._root = source.root

    def load(self) -> Spec | None:
        """Everything; None when the faults leave nothing to compile."""
        source, root = self._source, self._root
        source.mapping(root, _TOP)
        self._one_of("format", (FORMAT,))
        self._one_of("id", (self._identifier,))
        record = self._one_of("record", tuple(MODELS))
        if record is None:
            return None
        model = MODELS[record]
        kinds = terms(model)
        lax = frozenset(field.name for field in dataclasses.fields(model) if field.default is False)
        codes, zone = self._codes(), self._zone()
        surroundings = {name: Surroundings(zone, self._mark(node), codes) for name, node in self._parts()}
        places = root.get("places")
        if isinstance(places, TextNode):
            return self._canonical(record, model, kinds, lax, codes, zone, places)
        known = {**kinds, **dialect_equipment.TERMS} if record == "declaration" else kinds
        compiler = Compiler(source, known, lax, surroundings, {name: self._columns(node)
                                                               for name, node in self._parts()})
        level = compiler.level(root, dict.fromkeys(surroundings, ()))
        rest = source.text(root.get("rest"))
        cell = compiler.cell(rest) if rest is not None else None
        parts = [part for name, node in self._parts() if (part := self._part(name, node, compiler)) is not None]
        if source.findings or level is None:
            return None
        return Spec(self._identifier, record, model, known, parts, level, cell,
                    "container_lines" in compiler.terms or "trailer" in compiler.terms, False, {}, lax,
                    required_terms(model), {})

    def _canonical(self, record: str, model: type, kinds: Mapping[str, str], lax: frozenset[str],
                   codes: Mapping[str, CodeTable], zone: ZoneInfo, places: TextNode) -> Spec | None:
        """A dialect whose places are the record's own names."""
        source, coded = self._source, {}
        if places.text != "canonical":
            source.fault("D002", places, wanted="mapping, canonical")
        for key, value in source.entries(self._root.get("coded")):
            table = source.text(value)
            if kinds.get(key.text) != "text":
                source.fault("D004", key, term=key.text, near="-")
            elif table is not None:
                try:
                    coded[key.text] = make(f"code {table.text}", Surroundings(zone, ".", codes))
                except Misfit as misfit:
                    source.misfit(misfit, table)
        parts = []
        for name, node in self._parts():
            if self._text(node, "kind") != "json":
                source.fault("D002", node, wanted="kind: json")
            parts.append(Part(name, self._match(node), self._text(node, "file") or "", JsonCodec(), (), None))
        if len(parts) != 1:
            source.fault("D002", places, wanted="parts: 1")
        if source.findings:
            return None
        defaults: dict[str, Scalar] = {field.name: field.default for field in dataclasses.fields(model)
                                       if isinstance(field.default, str)}
        return Spec(self._identifier, record, model, kinds, parts, Level((), {}), None, False, True, coded, lax,
                    {}, defaults)

    def _one_of(self, key: str, allowed: Sequence[str]) -> str | None:
        node = self._source.text(self._root.get(key))
        if node is None:
            self._source.fault("D003", self._root, key=key)
        elif node.text not in allowed:
            self._source.fault("D013", node, key=key, value=node.text, allowed=", ".join(allowed))
        else:
            return node.text
        return None

    def _zone(self) -> ZoneInfo:
        node = self._source.text(self._root.get("zone"))
        if node is not None:
            try:
                return ZoneInfo(node.text)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                self._source.fault("D013", node, key="zone", value=node.text, allowed="Africa/Lome, Africa/Niamey")
        return ZoneInfo("UTC")

    def _codes(self) -> dict[str, CodeTable]:
        """``codes``: ours: theirs, or ours: [written, also read]; ``others: keep`` lets unknown words through."""
        made: dict[str, CodeTable] = {}
        for name, table in self._source.entries(self._root.get("codes")):
            ours: dict[str, str] = {}
            theirs: dict[str, str] = {}
            keep = False
            for key, value in self._source.entries(table):
                words = self._source.texts(value)
                if key.text == "others":
                    keep = bool(words) and words[0].text == "keep"
                    continue
                for word in words:
                    ours.setdefault(key.text, word.text)
                    if word.text in theirs:
                        self._source.fault("D009", word, table=name.text, word=word.text, first=theirs[word.text],
                                           second=key.text)
                    theirs[word.text] = key.text
            made[name.text] = CodeTable(name.text, ours, theirs, keep)
        return made

    def _parts(self) -> list[tuple[str, MappingNode]]:
        return [(key.text, node) for key, node in self._source.entries(self._root.get("parts"))
                if isinstance(node, MappingNode)]

    def _text(self, node: MappingNode, key: str, default: str | None = None) -> str | None:
        found = self._source.text(node.get(key))
        return found.text if found is not None else default

    def _mark(self, node: MappingNode) -> str:
        return self._text(node, "decimal", ".") or "."

    def _match(self, node: MappingNode) -> str:
        return self._text(node, "match") or (self._text(node, "file") or "").replace("{stem}", "*")

    def _columns(self, node: MappingNode) -> dict[str, list[str]] | None:
        if self._text(node, "kind") != "csv":
            return None
        return {key.text: [text.text for text in self._source.texts(value)]
                for key, value in self._source.entries(node.get("columns"))}

    def _part(self, name: str, node: MappingNode, compiler: Compiler) -> Part | None:
        source = self._source
        kind = self._text(node, "kind") or ""
        if kind not in _PART:
            source.fault("D013", node.get("kind") or node, key="kind", value=kind, allowed=", ".join(_PART))
            return None
        source.mapping(node, _PART[kind])
        file = self._text(node, "file")
        if file is None or "{stem}" not in file:
            source.fault("D003", node.get("file") or node, key="file: {stem}")
            return None
        keys, template = self._keys(name, node, compiler)
        codec: XmlCodec | CsvCodec | JsonCodec | None
        if kind == "xml":
            codec = self._xml(name, node, compiler)
        else:
            codec = JsonCodec() if kind == "json" else self._csv(name, node, compiler)
        return Part(name, self._match(node), file, codec, keys, template) if codec is not None else None

    def _keys(self, name: str, node: MappingNode, compiler: Compiler) -> tuple[list[KeySource], Template | None]:
        source = self._source
        whole = source.text(self._root.get("key"))
        template = compiler.template(whole) if whole is not None else None
        made = []
        found = node.get("key")
        alternatives = found.items if isinstance(found, SequenceNode) else [found] if found is not None else []
        for alternative in alternatives:
            cells = []
            for key, value in source.entries(alternative):
                text = source.text(value)
                inner = compiler.template(text) if text is not None else None
                path = compiler.path(name, key.text, key)
                if inner is None or path is None:
                    continue
                compiler.want(name, path)
                cells.append((path, inner, compiler.hole_formats(inner, name, text)))
            if cells:
                made.append(KeySource(cells))
        if made and template is None:
            source.fault("D003", self._root, key="key")
        return made, template

    def _xml(self, name: str, node: MappingNode, compiler: Compiler) -> XmlCodec | None:
        source = self._source
        root, skeleton = self._text(node, "root"), source.text(node.get("skeleton"))
        if root is None or skeleton is None:
            source.fault("D003", node, key="root" if root is None else "skeleton")
            return None
        file = source.file_of(skeleton).parent / skeleton.text
        try:
            content = file.read_bytes()
        except OSError:
            source.fault("D015", skeleton, file=str(file))
            return None
        repeated = {"/".join(path) for path in compiler.repeated[name]}
        try:
            made = Skeleton(content, str(file), root=root, repeated=repeated)
        except LocalError as error:
            source.findings.extend(error.findings)
            return None
        for path, place in compiler.wanted[name].items():
            full = "/".join(path)
            if place is not None and full not in made.paths and full not in repeated - made.missing:
                source.fault("D016", place, path=full, skeleton=skeleton.text)
        return XmlCodec(root, self._text(node, "encoding", "UTF-8") or "UTF-8",
                        _wanted(list(compiler.wanted[name]), compiler.repeated[name]), made)

    def _csv(self, name: str, node: MappingNode, compiler: Compiler) -> CsvCodec | None:
        encoding, delimiter = self._text(node, "encoding") or "", self._text(node, "delimiter") or ""
        for key, value, allowed in (("encoding", encoding, ENCODINGS), ("delimiter", delimiter, DELIMITERS)):
            if value not in allowed:
                self._source.fault("D013", node.get(key) or node, key=key, value=value, allowed=" ".join(allowed))
                return None
        columns = self._columns(node) or {}
        group = [text.text for text in self._source.texts(node.get("group"))]
        layout = Layout(encoding, delimiter, columns, self._text(node, "totals"),
                        self._text(node, "guard", "yes") == "yes", self._text(node, "mark", "no") == "yes")
        items = frozenset(path[-1] for path in compiler.wanted[name] if path[0] == LINES and len(path) > 1)
        return CsvCodec(layout, group, items)


def _wanted(paths: Sequence[tuple[str, ...]], repeated: set[tuple[str, ...]]) -> Wanted:
    """The tree of elements to read."""
    def branch(prefix: tuple[str, ...]) -> Wanted:
        names = dict.fromkeys(path[len(prefix)] for path in paths if path[:len(prefix)] == prefix
                              and len(path) > len(prefix))
        return Wanted({name: branch((*prefix, name)) for name in names}, prefix in repeated)
    return branch(())


__all__ = ["FORMAT", "Node", "Spec", "load_spec"]
