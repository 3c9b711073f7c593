"""``parts`` of a dialect compiled: a loader per kind of national file, and the keys by which parts find each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from gateway.config.nodes import MappingNode, SequenceNode
from gateway.errors import LocalError
from gateway.mapping.dialect_compile import Compiler
from gateway.mapping.dialect_parts import (
    Codec,
    CsvCodec,
    JsonCodec,
    KeySource,
    Part,
    XmlCodec,
)
from gateway.mapping.dialect_reader import ReaderCodec
from gateway.mapping.dialect_source import Source
from gateway.mapping.dialect_sql import SqlCodec
from gateway.mapping.dialect_text import Template
from gateway.records.csv import DELIMITERS, ENCODINGS, Layout
from gateway.records.plugins import find_reader
from gateway.records.rows import LINES
from gateway.records.view import View
from gateway.records.xml import Wanted
from gateway.records.xml_write import Skeleton

_COMMON = ("kind", "file", "match", "key")
KEYS = {
    "xml": (*_COMMON, "root", "encoding", "skeleton", "decimal"),
    "csv": (*_COMMON, "encoding", "mark", "delimiter", "decimal", "columns", "totals", "guard", "group"),
    "json": (*_COMMON, "others", "lines", "decimal"),
    "reader": (*_COMMON, "reader", "others", "decimal"),
    "sql": (*_COMMON, "header", "items", "join", "growing", "order"),
}
"""Kind of part -> the keys it may have."""


def text_of(source: Source, node: MappingNode, key: str, default: str | None = None) -> str | None:
    """The text of a key."""
    found = source.text(node.get(key))
    return found.text if found is not None else default


def word_of(source: Source, node: MappingNode, key: str, allowed: Sequence[str]) -> str:
    """One of some words, the first where the key is absent. D013 for another one."""
    found = source.text(node.get(key))
    if found is not None and found.text not in allowed:
        source.fault("D013", found, key=key, value=found.text, allowed=", ".join(allowed))
    return found.text if found is not None and found.text in allowed else allowed[0]


def match_of(source: Source, node: MappingNode) -> str:
    """The pattern of the part's file names: ``match``, else ``file`` with any stem."""
    return text_of(source, node, "match") or (text_of(source, node, "file") or "").replace("{stem}", "*")


def columns_of(source: Source, node: MappingNode) -> dict[str, list[str]] | None:
    """Column name -> headings; None for a part that has no columns."""
    if text_of(source, node, "kind") != "csv":
        return None
    return {key.text: [text.text for text in source.texts(value)] for key, value in source.entries(node.get("columns"))}


def load_part(source: Source, name: str, node: MappingNode, compiler: Compiler) -> Part | None:
    """One part, once every place is compiled. Faults go to `source`; None when nothing is left to load."""
    kind = text_of(source, node, "kind") or ""
    if kind not in KEYS:
        source.fault("D013", node.get("kind") or node, key="kind", value=kind, allowed=", ".join(KEYS))
        return None
    source.mapping(node, KEYS[kind])
    file = text_of(source, node, "file")
    if file is None or "{stem}" not in file:
        source.fault("D003", node.get("file") or node, key="file: {stem}")
        return None
    keys, template = _keys(source, name, node, compiler)
    codec = _LOADERS[kind](source, name, node, compiler)
    return Part(name, match_of(source, node), file, codec, keys, template) if codec is not None else None


def _keys(source: Source, name: str, node: MappingNode,
          compiler: Compiler) -> tuple[list[KeySource], Template | None]:
    whole = source.text(source.root.get("key"))
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
        source.fault("D003", source.root, key="key")
    return made, template


def _xml(source: Source, name: str, node: MappingNode, compiler: Compiler) -> Codec | None:
    root, skeleton = text_of(source, node, "root"), source.text(node.get("skeleton"))
    if root is None or skeleton is None:
        source.fault("D003", node, key="root" if root is None else "skeleton")
        return None
    file = source.beside(skeleton)
    if file is None:
        source.fault("D015", skeleton, file=skeleton.text)
        return None
    repeated = {"/".join(path) for path in compiler.repeated[name]}
    try:
        file.content.decode("utf-8")  # as an archive keeps it
        made = Skeleton(file.content, file.label, root=root, repeated=repeated,
                        filled={"/".join(path) for path in compiler.wanted[name]})
    except UnicodeDecodeError:
        source.fault("D013", skeleton, key="skeleton", value=skeleton.text, allowed="UTF-8")
        return None
    except LocalError as error:
        source.findings.extend(error.findings)
        return None
    for path, place in compiler.wanted[name].items():
        full = "/".join(path)
        if place is not None and full not in made.paths and full not in repeated - made.missing:
            source.fault("D016", place, path=full, skeleton=skeleton.text)
    return XmlCodec(root, text_of(source, node, "encoding", "UTF-8") or "UTF-8",
                    _wanted(list(compiler.wanted[name]), compiler.repeated[name]), made)


def _csv(source: Source, name: str, node: MappingNode, compiler: Compiler) -> Codec | None:
    encoding, delimiter = text_of(source, node, "encoding") or "", text_of(source, node, "delimiter") or ""
    for key, value, allowed in (("encoding", encoding, ENCODINGS), ("delimiter", delimiter, DELIMITERS)):
        if value not in allowed:
            source.fault("D013", node.get(key) or node, key=key, value=value, allowed=" ".join(allowed))
            return None
    columns = columns_of(source, node) or {}
    group = [text.text for text in source.texts(node.get("group"))]
    layout = Layout(encoding, delimiter, columns, text_of(source, node, "totals"),
                    text_of(source, node, "guard", "yes") == "yes", text_of(source, node, "mark", "no") == "yes")
    items = frozenset(path[-1] for path in compiler.wanted[name] if path[0] == LINES and len(path) > 1)
    read = {*group, *items, *(path[0] for path in compiler.wanted[name])}
    return CsvCodec(layout, group, items, frozenset(column for column in columns if column not in read))


def _json(source: Source, name: str, node: MappingNode, compiler: Compiler) -> Codec | None:
    wanted = _wanted(list(compiler.wanted[name]), compiler.repeated[name])
    return json_codec(source, node, wanted)


def json_codec(source: Source, node: MappingNode, known: Wanted | None) -> JsonCodec:
    """JSON as ``others`` and ``lines`` say."""
    return JsonCodec(known, word_of(source, node, "others", ("refuse", "keep")) == "keep",
                     word_of(source, node, "lines", ("no", "yes")) == "yes")


def _sql(source: Source, name: str, node: MappingNode, compiler: Compiler) -> Codec | None:
    said = {key: source.text(node.get(key)) for key in ("header", "items", "join", "growing", "order")}
    lines = [path[1] for path in compiler.wanted[name] if path[0] == LINES and len(path) == 2]
    lacking = [key for key in ("header", "join", "growing", *(("items", "order") if lines else ())) if not said[key]]
    for key in lacking:
        source.fault("D003", node, key=key)
    for key, text in said.items():
        if text is not None and not _NAME.fullmatch(text.text):
            source.fault("D013", text, key=key, value=text.text, allowed="a-z A-Z 0-9 _ .")
            lacking.append(key)
    if lacking:
        return None
    names = {key: text.text if text is not None else "" for key, text in said.items()}
    columns = [path[0] for path in compiler.wanted[name] if len(path) == 1 and path[0] != LINES]
    return SqlCodec(View(columns=columns, item_columns=lines, **names))


def _reader(source: Source, name: str, node: MappingNode, compiler: Compiler) -> Codec | None:
    return reader_codec(source, node, _wanted(list(compiler.wanted[name]), compiler.repeated[name]))


def reader_codec(source: Source, node: MappingNode, known: Wanted | None) -> ReaderCodec | None:
    """The plug-in that ``reader`` names. R041 to R043 for one that is not there, or is none."""
    named = source.text(node.get("reader"))
    if named is None:
        source.fault("D003", node, key="reader")
        return None
    try:
        plugin = find_reader(named.text)
    except LocalError as error:
        source.findings.extend(replace(finding, place=source.place(named)) for finding in error.findings)
        return None
    return ReaderCodec(plugin, known, word_of(source, node, "others", ("refuse", "keep")) == "keep")


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")

_LOADERS: dict[str, Callable[[Source, str, MappingNode, Compiler], Codec | None]] = {
    "xml": _xml, "csv": _csv, "json": _json, "sql": _sql, "reader": _reader}


def tree_of(kinds: Mapping[str, str]) -> Wanted:
    """The record's own names as a tree."""
    paths = [tuple(term.split(".")) for term in kinds]
    return _wanted(paths, {tuple(term.split(".")) for term, kind in kinds.items() if kind == "list"})


def _wanted(paths: Sequence[tuple[str, ...]], repeated: set[tuple[str, ...]]) -> Wanted:
    """The tree of elements to read."""
    def branch(prefix: tuple[str, ...]) -> Wanted:
        names = dict.fromkeys(path[len(prefix)] for path in paths if path[:len(prefix)] == prefix
                              and len(path) > len(prefix))
        return Wanted({name: branch((*prefix, name)) for name in names}, prefix in repeated)
    return branch(())
