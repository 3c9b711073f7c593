"""Which fields of national files a dialect and a mapping carry, which are left out on purpose, which are forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.findings import Finding, Place
from gateway.mapping.bench.corpus import read_corpus
from gateway.mapping.bench.tracing import removal_reason
from gateway.mapping.dialect import Dialect
from gateway.mapping.dialect_files import Archived, file_name
from gateway.mapping.dialect_source import Source
from gateway.mapping.mapping import Mapping as MessageMapping

_ORDINALS = re.compile(r"\[\d+\]")

State = Literal["mapped", "ignored", "forgotten"]


class CoverageField(Struct, frozen=True, kw_only=True):
    """One field of the national files, over the whole corpus.

    field    XPath, JSON pointer or heading without ordinals: ``/ASYCUDA/Item/Tarification/HScode``
    state    mapped (stands in the message), ignored (left out, `reason` says why), forgotten (nobody has thought of it)
    terms    where it goes in the record, ordinals left out
    files    in how many files it holds something
    example  the first place
    """

    field: str
    state: State
    terms: tuple[str, ...]
    reason: str
    files: int
    example: Place


class Coverage(Struct, frozen=True, kw_only=True):
    """A corpus through a dialect and a mapping.

    files, records  how many were read
    refused         files that could not be read, with their findings
    fields          forgotten first, then ignored, then mapped; by name
    extras          extras that the mapping declares and no record of the corpus has
    """

    dialect: str
    mapping: str
    files: int
    records: int
    refused: tuple[tuple[str, tuple[Finding, ...]], ...]
    fields: tuple[CoverageField, ...]
    extras: tuple[str, ...]


def coverage(dialect: Dialect, mapping: MessageMapping, files: Mapping[str, bytes]) -> Coverage:
    """Every field of the files that holds something, and what becomes of it.

    files  national files of one dialect: a whole corpus at once
    A field that the dialect reads for itself (keys, totals, the rest cell) and that gives no term of its own is mapped.
    """
    corpus = read_corpus(files, mapping, dialect)
    seen: dict[str, _Seen] = {}
    held: set[str] = set()
    for sample in corpus.samples:
        extras = sample.tree.get("extras")
        if isinstance(extras, list):
            held.update(str(one["key"]) for one in extras if "key" in one)
        for path, place in sample.places.items():
            if place.locator:
                term = _ORDINALS.sub("", path)
                _note(seen, place, "" if term in mapping.terms else removal_reason(mapping.definition, term),
                      "mapped" if term in mapping.terms or _inside(term, mapping.terms) else "forgotten", term)
    reasons = _reasons(dialect)
    refused = {name for name, _ in corpus.refused}
    for name, content in files.items():
        if name in refused:
            continue
        for place in dialect.unread(name, content):
            _note(seen, place, reasons.get(_plain(place.locator or ""), ""), "forgotten", "")
    order = ("forgotten", "ignored", "mapped")
    fields = sorted((one.told(name) for name, one in seen.items()),
                    key=lambda one: (order.index(one.state), one.field))
    return Coverage(dialect=dialect.identifier, mapping=mapping.identifier, files=len(files),
                    records=len(corpus.samples), refused=corpus.refused, fields=tuple(fields),
                    extras=tuple(key for key in mapping.definition.extras if key not in held))


@dataclass
class _Seen:
    """A field while files are gone through."""

    example: Place
    state: State
    reason: str = ""
    terms: dict[str, None] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def told(self, name: str) -> CoverageField:
        return CoverageField(field=name, state=self.state, terms=tuple(self.terms), reason=self.reason,
                             files=len(self.files), example=self.example)


def _note(seen: dict[str, _Seen], place: Place, reason: str, state: State, term: str) -> None:
    """A field is mapped when one of its terms is; it is ignored when a reason tells why."""
    if state == "forgotten" and reason:
        state = "ignored"
    one = seen.setdefault(_plain(place.locator or ""), _Seen(place, state, reason))
    if state == "mapped" and one.state != "mapped":
        one.state, one.reason = state, ""
    if term:
        one.terms[term] = None
    one.files.add(place.file or "")


def _plain(locator: str) -> str:
    """A locator without ordinals: XPath, and JSON pointers with numbers as steps."""
    return re.sub(r"/\d+(?=/|$)", "/", _ORDINALS.sub("", locator)) if locator.startswith("/") else locator


def _inside(term: str, known: Mapping[str, object]) -> bool:
    """Tell whether a term is a group or list that the mapping has terms of, or is made of such for dialects alone."""
    return any(name.startswith(f"{term}.") for name in known) or term.split(".")[0] in ("container_lines", "trailer")


def _reasons(dialect: Dialect) -> dict[str, str]:
    """The fields whose places the dialect has removed from its base, each with the reason."""
    shelf = Archived(dict(dialect.archive.files))
    own = shelf.find(file_name(dialect.identifier))
    assert own is not None  # a dialect is made of its files
    root = Source(own, shelf).root
    base = shelf.find(file_name(_word(root, "extends"))) if _word(root, "extends") else None
    removed = root.get("remove")
    if base is None or not isinstance(removed, MappingNode):
        return {}
    parts, places = root.get("parts"), Source(base, shelf).root.get("places")
    found: dict[str, str] = {}
    for key, reason in removed.items:
        for text in _all_texts(places.get(key.text) if isinstance(places, MappingNode) else None):
            part, _, path = text.text.partition("|")[0].strip().partition(" ")
            node = parts.get(part) if isinstance(parts, MappingNode) else None
            if isinstance(node, MappingNode) and isinstance(reason, TextNode):
                columns = node.get("columns")
                headings = columns.get(path) if isinstance(columns, MappingNode) else None
                found.update((heading.text, reason.text) for heading in _all_texts(headings))
                found[f"/{_word(node, 'root')}/{path}"] = reason.text
    return found


def _all_texts(node: Node | None) -> Iterator[TextNode]:
    """Every text in a node, keys too."""
    if isinstance(node, MappingNode):
        for key, value in node.items:
            yield key
            yield from _all_texts(value)
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from _all_texts(item)
    elif node is not None:
        yield node


def _word(node: MappingNode, key: str) -> str:
    value = node.get(key)
    return value.text if isinstance(value, TextNode) else ""

