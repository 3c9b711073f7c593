"""From a file and the files it extends to one flat definition: lines by label, tables merged, everything with origin.

A base is read first; each file then removes, overrides, selects and adds, in this order. Labels are the only handles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from gateway.edifact import MessageIdentifier
from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.document import (
    Document,
    FunctionRule,
    Named,
    Rule,
    Title,
    Typed,
    nearest,
    read_mapping_file,
    shown,
)
from gateway.mapping.notation import Line, Origin

MAXIMUM_LEVELS = 8
PINNED_DIGITS = 12
"""How many digits of the digest of a base name it at least."""


@dataclass(slots=True)
class Definition:
    """A mapping with its inheritance resolved.

    digest   SHA-256 over the files it is made of, the base first: what an agreement pins
    files    those files, name and bytes: what the ledger keeps for later questions
    stages   the lines as they were at each level: a term that had a place there was left out on purpose
    tables   code tables that a term has, or had before a level took it out
    """

    identifier: str
    version: str = ""
    title: Title | None = None
    digest: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    file: str = ""
    message: MessageIdentifier = MessageIdentifier("", "", "", "")  # noqa: RUF009 - frozen
    base: bool = False
    unmapped: str = "refuse"
    record: dict[str, Typed] = field(default_factory=dict)
    codes: dict[str, dict[str, Named]] = field(default_factory=dict)
    many_to_one: dict[str, tuple[dict[str, Named], tuple[str, ...], Origin]] = field(default_factory=dict)
    fixed: dict[str, Named] = field(default_factory=dict)
    events: list[Named] = field(default_factory=list)
    lines: tuple[Line, ...] = ()
    functions: dict[str, FunctionRule] = field(default_factory=dict)
    require: dict[str, Rule] = field(default_factory=dict)
    extras: dict[str, Typed] = field(default_factory=dict)
    removed: dict[str, Named] = field(default_factory=dict)
    stages: list[tuple[Line, ...]] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)


def locate(identifier: str | Path, search: Sequence[Path]) -> tuple[Path, str] | None:
    """The file of a mapping and how to call it: a path as it is, an identifier in the first folder that has it."""
    if isinstance(identifier, Path) or identifier.endswith((".yaml", ".yml")):
        path = Path(identifier)
        for folder in search:
            if path.is_relative_to(folder):
                return path, shown(path, folder)
        return path, str(identifier)
    for folder in search:
        path = folder / f"{identifier}.yaml"
        if path.is_file():
            return path, f"{identifier}.yaml"
    return None


def known_identifiers(search: Sequence[Path]) -> list[str]:
    """Every mapping identifier in the search folders, for suggestions."""
    found = {path.relative_to(folder).with_suffix("").as_posix()
             for folder in search for part in ("base", "corridors") for path in (folder / part).rglob("*.yaml")}
    return sorted(found)


def known_mappings(search: Sequence[Path]) -> list[str]:
    """Every mapping identifier in the search folders, without the files beside them that are no mappings."""
    return [one for one in known_identifiers(search) if not one.endswith("/corridor") and "/samples/" not in one]


class Source(Protocol):
    """Where mapping files are taken from: folders that people edit, or files that were kept."""

    def take(self, identifier: str | Path) -> tuple[Document, list[Finding]] | None:
        """The file of a mapping and its faults; None when there is none."""

    def known(self) -> list[str]:
        """Every identifier it has, for suggestions."""

    def __str__(self) -> str:
        """Where was looked, for people."""


class Folders(Struct, frozen=True):
    """Folders in the order of the search: the first that has a file wins."""

    search: Sequence[Path]

    def take(self, identifier: str | Path) -> tuple[Document, list[Finding]] | None:
        found = locate(identifier, self.search)
        return None if found is None else read_mapping_file(*found)

    def known(self) -> list[str]:
        return known_identifiers(self.search)

    def __str__(self) -> str:
        return ", ".join(str(folder) for folder in self.search)


def resolve(identifier: str | Path, source: Source) -> tuple[Definition, list[Finding]]:
    """Read a mapping and everything it extends. What could be resolved stands beside the findings.

    Raises LocalError M006 when the mapping itself is nowhere.
    """
    found = source.take(identifier)
    if found is None:
        raise LocalError(Finding(code="M006", values={"mapping": str(identifier),
                                                      "nearest": nearest(str(identifier), source.known()),
                                                      "folders": str(source)}))
    findings: list[Finding] = []
    chain: list[Document] = []
    while found is not None:
        document, faults = found
        findings.extend(faults)
        chain.append(document)
        found = _base_of(document, chain, source, findings)
    definition = Definition(chain[0].id)
    digests = ""
    for document in reversed(chain):
        _apply(definition, document, findings)
        digests += document.digest
        definition.digest = hashlib.sha256(digests.encode()).hexdigest()
    definition.identifier, definition.file, definition.base = chain[0].id, chain[0].file, chain[0].base
    definition.files = tuple((document.file, document.content) for document in reversed(chain))
    if not definition.message.type and not findings:
        findings.append(Finding(code="M003", place=Place(file=chain[0].file, line=1, column=1),
                                values={"key": "message"}))
    return definition, findings


def _base_of(document: Document, chain: list[Document], source: Source,
             findings: list[Finding]) -> tuple[Document, list[Finding]] | None:
    """The next file of the chain."""
    if document.extends is None:
        return None
    identifier = named_base(document.extends.text)[0]
    found = source.take(identifier)
    if found is None:
        findings.append(fault("M006", document.extends.origin, mapping=identifier,
                              nearest=nearest(identifier, source.known()), folders=str(source)))
    elif len(chain) >= MAXIMUM_LEVELS or any(one.file == found[0].file for one in chain):
        findings.append(fault("M007", document.extends.origin, mapping=identifier))
        return None
    return found


def named_base(text: str) -> tuple[str, str, str]:
    """Identifier, version and beginning of the digest that ``extends: base/cusdec-d96b@1#ab12cd34ef56`` names."""
    before, _, digest = text.partition("#")
    identifier, _, version = before.partition("@")
    return identifier, version, digest


def fault(code: str, origin: Origin, /, **values: str) -> Finding:
    """A finding at a place of a mapping file."""
    return Finding(code=code, place=Place(file=origin.file, line=origin.line, column=origin.column), values=values)


def _apply(definition: Definition, document: Document, findings: list[Finding]) -> None:
    if document.extends is not None:
        _, pinned, digest = named_base(document.extends.text)
        if pinned and pinned != definition.version:
            findings.append(fault("M008", document.extends.origin, pinned=pinned, version=definition.version))
        if "#" in document.extends.text and not (len(digest) >= PINNED_DIGITS and definition.digest.startswith(digest)):
            findings.append(fault("M055", document.extends.origin, pinned=digest or "-",
                                  digest=definition.digest[:PINNED_DIGITS]))
    definition.version = document.version or definition.version
    definition.title = document.title or definition.title
    definition.unmapped = document.unmapped or definition.unmapped
    if document.message is not None:
        parts = document.message.text.split(":")
        if len(parts) not in (4, 5) or not all(parts):
            findings.append(fault("M009", document.message.origin, message=document.message.text))
        else:
            definition.message = MessageIdentifier(*parts)
    definition.record.update(document.record)
    definition.tables.update(typed.type.table for typed in document.record.values() if typed.type.table)
    for table, words in document.codes.items():
        held = definition.codes.setdefault(table, {})
        for word, code in words.items():
            if word in held and held[word].text != code.text:
                findings.append(fault("M053", code.origin, table=table, word=word, old=held[word].text,
                                      new=code.text))
            else:
                held[word] = code
    definition.many_to_one.update({table: (dict(entries), answers, origin)
                                   for table, (entries, answers, origin) in document.many_to_one.items()})
    definition.fixed.update(document.fixed)
    definition.events.extend(document.events)
    definition.functions.update(document.functions)
    definition.require.update(document.require)
    definition.extras.update(document.extras)
    if document.segments is not None:
        if document.extends is not None and definition.lines:
            findings.append(fault("M042", document.extends.origin))
        else:
            definition.lines = tuple(document.segments)
    definition.stages.append(definition.lines)
    _remove(definition, document, findings)
    _override(definition, document, findings)
    if document.carries is not None:
        wanted = {named.text for named in document.carries
                  if _known(named.text, definition, named.origin, findings)}
        definition.stages.append(definition.lines)
        definition.lines = tuple(_select(definition.lines, wanted))
    for label, (added, origin) in document.after.items():
        if _known(label, definition, origin, findings):
            definition.lines = tuple(_insert(definition.lines, label, added))
    seen: dict[str, Line] = {}
    for line in walk(definition.lines):
        first = seen.setdefault(line.label, line)
        if first is not line:
            findings.append(fault("M011", line.body.origin, label=line.label, first=str(first.body.origin)))


def _remove(definition: Definition, document: Document, findings: list[Finding]) -> None:
    for name, reason in document.remove.items():
        definition.removed[name] = reason
        if definition.require.pop(name, None) is not None or _forget(definition, name, reason, findings):
            continue
        if name in definition.record:
            for term in [term for term in definition.record if term == name or term.startswith(f"{name}.")]:
                del definition.record[term]
        elif _known(name, definition, reason.origin, findings):
            definition.lines = tuple(_without(definition.lines, name))


def _forget(definition: Definition, name: str, reason: Named, findings: list[Finding]) -> bool:
    """Take out ``codes.table.word``, ``many_to_one.table.word`` or ``extras.key``; False for any other name."""
    section, _, rest = name.partition(".")
    table, _, word = rest.partition(".")
    held: dict[str, Named] | dict[str, Typed]
    if section == "extras":
        held, word = definition.extras, rest
    elif section == "codes":
        held = definition.codes.get(table, {})
    elif section == "many_to_one":
        held = definition.many_to_one.get(table, ({}, (), reason.origin))[0]
    else:
        return False
    if held.pop(word, None) is None:
        findings.append(fault("M034", reason.origin, table=name, nearest=nearest(word, held)))
    elif section == "many_to_one" and not held:
        del definition.many_to_one[table]
    elif section == "codes" and "function" in definition.record \
            and definition.record["function"].type.table == table:
        definition.functions.pop(word, None)  # a function without a word is carried by nothing
    return True


def _override(definition: Definition, document: Document, findings: list[Finding]) -> None:
    for (table, word), code in document.recoded.items():
        words = definition.codes.get(table, {})
        if word in words:
            words[word] = code
        else:
            findings.append(fault("M034", code.origin, table=f"{table}.{word}", nearest=nearest(word, words)))
    for label, (body, origin) in document.override.items():
        if _known(label, definition, origin, findings):
            definition.lines = tuple(_replace(definition.lines, label, lambda line, new=body: replace(line, body=new)))


def _known(label: str, definition: Definition, origin: Origin, findings: list[Finding]) -> bool:
    labels = [line.label for line in walk(definition.lines)]
    if label in labels:
        return True
    findings.append(fault("M030", origin, label=label, nearest=nearest(label, [*labels, *definition.require])))
    return False


def walk(lines: Iterable[Line]) -> Iterator[Line]:
    """Every line, from top to bottom."""
    for line in lines:
        yield line
        yield from walk(line.children)


def _replace(lines: Iterable[Line], label: str, change: object) -> Iterator[Line]:
    for line in lines:
        inner = replace(line, children=tuple(_replace(line.children, label, change)))
        yield change(inner) if line.label == label and callable(change) else inner


def _without(lines: Iterable[Line], label: str) -> Iterator[Line]:
    for line in lines:
        if line.label != label:
            yield replace(line, children=tuple(_without(line.children, label)))


def _insert(lines: Iterable[Line], label: str, added: Sequence[Line]) -> Iterator[Line]:
    for line in lines:
        yield replace(line, children=tuple(_insert(line.children, label, added)))
        if line.label == label:
            yield from added


def _select(lines: Iterable[Line], wanted: set[str]) -> Iterator[Line]:
    """Lines that are wanted with all their children, and lines some of whose children are wanted, with those."""
    for line in lines:
        if line.label in wanted:
            named = {child.label for child in walk(line.children)} & wanted
            yield replace(line, children=tuple(_select(line.children, wanted))) if named else line
        else:
            inner = tuple(_select(line.children, wanted))
            if inner:
                yield replace(line, children=inner)
