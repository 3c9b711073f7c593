"""A dialect file compiled: every fault with file, line and column, or a `Spec` ready to read and write."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from msgspec.structs import fields, replace

from gateway.config.nodes import MappingNode, TextNode
from gateway.errors import LocalError
from gateway.mapping import dialect_equipment
from gateway.mapping.archive import Archive
from gateway.mapping.dialect_compile import Compiler
from gateway.mapping.dialect_files import Collected, Kept, Shelf
from gateway.mapping.dialect_formats import CodeTable, Format, Misfit, Surroundings, make
from gateway.mapping.dialect_kinds import (
    KEYS,
    columns_of,
    json_codec,
    load_part,
    match_of,
    reader_codec,
    text_of,
    tree_of,
)
from gateway.mapping.dialect_level import Cell, Level
from gateway.mapping.dialect_parts import Part
from gateway.mapping.dialect_reader import SHELF, ReaderCodec
from gateway.mapping.dialect_source import Source
from gateway.mapping.dialect_terms import DialectTerm, describe
from gateway.mapping.offices import OFFICES, read_offices
from gateway.references import Scalar
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import terms

FORMAT = "1"
MODELS: dict[str, type] = {"declaration": Declaration, "event": Event}

_TOP = ("format", "id", "extends", "record", "zone", "parts", "key", "codes", "places", "rules", "counts", "defaults",
        "implied", "rest", "remove", "coded", "version", "dates")


class Spec(Struct, frozen=True):
    """A compiled dialect.

    canonical  True when the national file is the record's own JSON
    coded      canonical: term -> format of its code table
    zone       of the times in its files
    keep       canonical: keys that are no terms stay in the file and are no fault
    required   group or list, with a dot at its end -> names that every one of it has
    lax        terms that are False by default and then leave no key
    version    version of the dialect; a change of what a file means takes the next one
    archive    the files the dialect is made of, itself last
    described  every term it has a place for
    """

    identifier: str
    version: str
    archive: Archive
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
    described: Mapping[str, DialectTerm]
    zone: ZoneInfo
    keep: bool = False


def required_terms(model: type, prefix: str = "") -> dict[str, list[str]]:
    """Group or list of a record class -> the names it cannot do without."""
    made = {prefix: [field.name for field in fields(model) if field.required]}
    for name, hint in typing.get_type_hints(model).items():
        for part in (hint, *typing.get_args(hint)):
            if isinstance(part, type) and issubclass(part, Struct):
                made.update(required_terms(part, f"{prefix}{name}."))
    return made


def load_spec(file: Kept, identifier: str, shelf: Shelf) -> Spec:
    """Load and compile a dialect, its bases and skeletons from the shelf. Raises LocalError with every fault."""
    collected = Collected(shelf, {file.name: file.content})
    source = Source(file, collected)
    spec = _Loader(source, identifier, collected).load()
    if source.findings:
        raise LocalError(*sorted(source.findings, key=lambda one: (one.place.file or "", one.place.line or 0,
                                                                   one.place.column or 0)))
    assert spec is not None
    return spec


class _Loader:
    def __init__(self, source: Source, identifier: str, files: Collected) -> None:
        self._source = source
        self._identifier = identifier
        self._files = files
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
        lax = frozenset(field.name for field in fields(model) if field.default is False)
        codes, zone = self._codes(), self._zone()
        dates = text_of(source, root, "dates", "") or ""
        offices = cache(lambda: read_offices((kept.label, kept.content)
                                             for kept in self._files.every(OFFICES.as_posix())))
        surroundings = {name: Surroundings(zone, text_of(source, node, "decimal", ".") or ".", codes, dates, offices)
                        for name, node in self._parts()}
        places = root.get("places")
        if isinstance(places, TextNode):
            return self._canonical(record, model, kinds, lax, codes, zone, places)
        known = {**kinds, **dialect_equipment.TERMS} if record == "declaration" else kinds
        compiler = Compiler(source, known, lax, surroundings, {name: columns_of(source, node)
                                                               for name, node in self._parts()})
        level = compiler.level(root, dict.fromkeys(surroundings, ()))
        rest = source.text(root.get("rest"))
        cell = compiler.cell(rest) if rest is not None else None
        parts = [part for name, node in self._parts()
                 if (part := load_part(source, name, node, compiler)) is not None]
        if source.findings or level is None:
            return None
        self._note_readers(parts)
        return Spec(self._identifier, self._version(), self._files.archive(), record, model, known, parts, level, cell,
                    "container_lines" in compiler.terms or "trailer" in compiler.terms, False, {}, lax,
                    required_terms(model), {}, describe(level, known), zone)

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
        parts, keep = [], False
        for name, node in self._parts():
            kind = text_of(source, node, "kind") or ""
            if kind not in ("json", "reader"):
                source.fault("D002", node, wanted="kind: json")
            source.mapping(node, KEYS["reader" if kind == "reader" else "json"])
            codec = reader_codec(source, node, tree_of(kinds)) if kind == "reader" \
                else json_codec(source, node, tree_of(kinds))
            if codec is None:
                continue
            keep = codec.keep
            parts.append(Part(name, match_of(source, node), text_of(source, node, "file") or "",
                              codec if keep else replace(codec, known=None), (), None))
        if len(parts) != 1 and not source.findings:
            source.fault("D002", places, wanted="parts: 1")
        if source.findings:
            return None
        self._note_readers(parts)
        defaults: dict[str, Scalar] = {field.name: field.default for field in fields(model)
                                       if isinstance(field.default, str)}
        described = {term: DialectTerm(kind, form=coded.get(term)) for term, kind in kinds.items()}
        return Spec(self._identifier, self._version(), self._files.archive(), record, model, kinds, parts,
                    Level((), {}), None, False, True, coded, lax, {}, defaults, described, zone, keep)

    def _note_readers(self, parts: Sequence[Part]) -> None:
        """Which version of a plug-in reads belongs to what the dialect is, as its files do."""
        for part in parts:
            if isinstance(part.codec, ReaderCodec):
                plugin = part.codec.plugin
                self._files.taken.setdefault(f"{SHELF}{plugin.name}", f"{plugin.source}\n".encode())

    def _version(self) -> str:
        return text_of(self._source, self._root, "version", "1") or "1"

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
