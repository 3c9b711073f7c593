"""Dialects: national records to transit records and back, as a YAML file of the administration says.

A dialect never judges what a declaration says, only whether the national file can be understood and whether nothing of
the record is lost. The language is described in ``mappings/dialects/README.md``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path as File

from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.mapping import dialect_equipment
from gateway.mapping.dialect_canonical import read_canonical, write_canonical
from gateway.mapping.dialect_files import Archived, Folders, file_name, known_dialects
from gateway.mapping.dialect_formats import Misfit
from gateway.mapping.dialect_level import Reading as _Reading
from gateway.mapping.dialect_level import Writing
from gateway.mapping.dialect_load import Spec, load_spec
from gateway.mapping.dialect_parts import Piece
from gateway.mapping.dialect_rest import read_rest, write_rest
from gateway.mapping.dialect_terms import DialectTerm
from gateway.records.json import write_json
from gateway.records.nodes import FILE_LIMIT, Node, Values
from gateway.references import Path, Tree
from gateway.transit.terms import from_tree

_NATIONAL = re.compile(r"([0-9]{4})/([^/]+)/([^/]+)/([^/]+)")


class Origins(Mapping[Path, Place]):
    """Where each value of a record stood in the national files; places are made when asked for."""

    def __init__(self, found: Mapping[Path, tuple[str, Node]]) -> None:
        self._found = found

    def __getitem__(self, path: Path) -> Place:
        file, node = self._found[path]
        return node.place(file)

    def __iter__(self) -> Iterator[Path]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def nearest(self, path: Path) -> Place | None:
        """The place of a path, else of a value beside or around it: for what is missing."""
        while path:
            if path in self._found:
                return self[path]
            inside = next((known for known in self._found if known.startswith((f"{path}.", f"{path}["))), None)
            if inside is not None:
                return self[inside]
            path = path.rpartition(".")[0]
        return None


@dataclass(frozen=True)
class NationalRecord:
    """One record as the national side wrote it.

    tree      the transit record
    origins   path -> place in the national file (file, line, column, locator)
    files     the files it stands in
    key       office/year/serial/number, or another key that names the record without its MRN; for an event
              administration/reference/word
    findings  what is announced and refuses nothing: totals that are not the sum
    """

    tree: Tree
    origins: Origins
    files: tuple[str, ...]
    key: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Waiting:
    """A file whose record is not complete: `lacks` names the part that is not there yet."""

    file: str
    key: str
    lacks: str


@dataclass(frozen=True)
class Refused:
    """A file that cannot be taken, with every reason."""

    file: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Reading:
    """What a set of national files gives. Each file is in one of the three only: files are taken whole or not."""

    records: tuple[NationalRecord, ...]
    waiting: tuple[Waiting, ...]
    refused: tuple[Refused, ...]


def load_dialect(identifier: str, search: Sequence[File]) -> Dialect:
    """Load ``tgotr/asycuda`` from ``dialects/tgotr/asycuda.yaml`` of the first folder that has it.

    Raises LocalError: D011 not found, else every fault of the file (D001 to D049, S001 to S039) with file:line:column.
    """
    shelf = Folders(search)
    found = shelf.find(file_name(identifier))
    if found is not None:
        return Dialect(load_spec(found, identifier, shelf))
    known = known_dialects(search)
    near = difflib.get_close_matches(identifier, known, 1)
    places = ", ".join(str(folder / "dialects") for folder in search)
    raise LocalError(Finding(code="D011", values={"dialect": identifier, "near": near[0] if near else "-",
                                                  "known": ", ".join(known) or "-", "search": places or "-"}))


def load_kept_dialect(identifier: str, files: Mapping[str, bytes]) -> Dialect:
    """Load a dialect from the files it once was made of (`Dialect.files`): an old record keeps its meaning.

    Raises LocalError as `load_dialect`.
    """
    shelf = Archived(files)
    found = shelf.find(file_name(identifier))
    if found is None:
        raise LocalError(Finding(code="D011", values={"dialect": identifier, "near": "-",
                                                      "known": ", ".join(files) or "-", "search": "-"}))
    return Dialect(load_spec(found, identifier, shelf))


class Dialect:
    """One dialect, compiled. Holds no state between calls.

    version  as its file says, "1" where it says none
    kind     declaration or event
    files    name and bytes of each file it is made of, itself first, then its bases and skeletons
    terms    what it says of each term it has a place for; a term that is not there goes to the rest cell, or is refused
    rests    whether it has a rest cell, which takes every value that has no place
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.identifier = spec.identifier
        self.version = spec.version
        self.kind = spec.record
        self.parts = tuple(part.name for part in spec.parts)
        self.files = spec.files
        self.terms: Mapping[str, DialectTerm] = spec.described
        self.rests = spec.rest is not None or spec.canonical

    @cached_property
    def matches(self) -> tuple[str, ...]:
        """The file name patterns of the parts."""
        return tuple(part.match for part in self._spec.parts)

    def read(self, files: Mapping[str, bytes], *, limit: int = FILE_LIMIT) -> Reading:
        """Read all the files of this dialect that are there now. Never raises on bad content."""
        refused: dict[str, list[Finding]] = {}
        pieces: list[Piece] = []
        for file, content in files.items():
            part = next((part for part in self._spec.parts if part.fits(file)), None)
            if part is None:
                refused[file] = [Finding(code="D119", place=Place(file=file),
                                         values={"patterns": ", ".join(self.matches)})]
                continue
            try:
                pieces.extend(part.pieces(content, file, limit))
            except LocalError as error:
                refused[file] = list(error.findings)
        records, waiting = self._records(pieces, refused)
        kept = _whole(records, waiting, refused)
        named = {one.file for one in waiting}
        waiting.extend(Waiting(file, record.key, waiting[0].lacks) for record in records for file in record.files
                       if kept[file] == "waiting" and file not in named)
        return Reading(records=tuple(record for record in records if kept[record.files[0]] == "record"),
                       waiting=tuple(one for one in waiting if kept[one.file] == "waiting"),
                       refused=tuple(Refused(file, tuple(findings)) for file, findings in refused.items()))

    def unread(self, file: str, content: bytes) -> list[Place]:
        """The elements of a national XML file that hold something and that this dialect does not read: kept with their
        places for whoever wants to know what the national system adds. Empty for CSV and JSON, where an unknown name is
        refused. Raises LocalError for a file that cannot be read.
        """
        part = next((part for part in self._spec.parts if part.fits(file)), None)
        return part.codec.unread(content, file) if part is not None else []

    def write(self, tree: Tree, stem: str) -> dict[str, bytes]:
        """The national files of a record: name -> content.

        Raises LocalError: D201 a value without a place, D202 a code without a national word, D203 a character that the
        file cannot carry; each with the path in the record.
        """
        spec = self._spec
        if spec.canonical:
            try:
                return {spec.parts[0].file.replace("{stem}", stem): write_json(write_canonical(tree, spec.coded))}
            except Misfit as misfit:
                raise LocalError(Finding(code=misfit.code, values=misfit.values))
        drafts: dict[str, Values] = {part.name: {} for part in spec.parts}
        writing = Writing()
        spec.root.write(dialect_equipment.split(tree) if spec.equipment else tree, drafts, "", writing)
        if writing.rest:
            if spec.rest is None:
                raise LocalError(*(Finding(code="D201", place=Place(path=path), values={
                    "value": str(value)[:80], "dialect": self.identifier}) for path, value in writing.rest.items()))
            drafts[spec.rest.part][spec.rest.key] = write_rest(writing.rest)
        made = {}
        for part in spec.parts:
            try:
                made[part.file.replace("{stem}", stem)] = part.codec.write(drafts[part.name])
            except Misfit as misfit:
                raise LocalError(Finding(code=misfit.code, values={**misfit.values, "dialect": self.identifier},
                                         place=Place(locator=misfit.values.get("locator"))))
        return made

    def _records(self, pieces: Sequence[Piece],
                 refused: dict[str, list[Finding]]) -> tuple[list[NationalRecord], list[Waiting]]:
        """Join the pieces and read each whole set."""
        groups: dict[str, list[Piece]] = {}
        for number, piece in enumerate(pieces):
            groups.setdefault(piece.key if piece.key is not None else f"\0{number}", []).append(piece)
        records: list[NationalRecord] = []
        waiting: list[Waiting] = []
        for key, group in groups.items():
            parts = [piece.part for piece in group]
            if len(set(parts)) < len(parts):
                for piece in group:
                    others = ", ".join(f"{other.file} ({other.key})" for other in group if other is not piece)
                    refused.setdefault(piece.file, []).append(Finding(
                        code="D108", place=piece.node.place(piece.file), values={"key": key, "others": others}))
                continue
            lacking = [part.name for part in self._spec.parts if part.name not in parts]
            if lacking:
                waiting.extend(Waiting(piece.file, key, ", ".join(lacking)) for piece in group)
                continue
            record = self._record(group, key, refused)
            if record is not None:
                records.append(record)
        return records, waiting

    def _record(self, group: Sequence[Piece], key: str, refused: dict[str, list[Finding]]) -> NationalRecord | None:
        spec = self._spec
        reading = _Reading(files={piece.part: piece.file for piece in group})
        scope = {piece.part: piece.node for piece in group}
        if spec.canonical:
            part = spec.parts[0].name
            tree = read_canonical(scope[part], part, spec.kinds, spec.coded, spec.lax, reading)
            tree = {**spec.defaults, **tree}
        else:
            rest = spec.rest.find(scope) if spec.rest else None
            given = read_rest(rest, spec.rest.part, spec.kinds, reading) if rest and spec.rest else {}
            tree = spec.root.read(scope, "", reading, given)
            if spec.equipment:
                dialect_equipment.merge(tree, reading)
        origins = Origins(reading.origins)
        findings = [finding for finding in reading.findings if finding.severity is Severity.ERROR]
        if not findings and (spec.canonical or spec.record == "event" or not _complete(spec, tree, "")):
            findings = _misshapen(spec, tree, origins, group[0])
        files = tuple(dict.fromkeys(piece.file for piece in group))
        if findings:
            for file in files:
                refused.setdefault(file, []).extend(findings)
            return None
        announced = [finding for piece in group for finding in piece.announced]
        return NationalRecord(tree, origins, files, key if not key.startswith("\0") else national_key(tree),
                              (*announced, *reading.findings))


def national_key(tree: Tree) -> str:
    """The key of a record that no join gave one: national, else local reference, else MRN; of an event its own."""
    if "word" in tree:
        return "/".join(str(tree.get(name, "-")) for name in ("administration", "reference", "word"))
    office = tree.get("office_of_departure")
    code = str(office.get("code", "-")) if isinstance(office, dict) else "-"
    national = tree.get("national_reference")
    if isinstance(national, str):
        match = _NATIONAL.fullmatch(national)
        return f"{match[2]}/{match[1]}/{match[3]}/{match[4]}" if match else f"{code}/{national}"
    return f"{code}/{tree['local_reference']}" if "local_reference" in tree else f"{code}/{tree.get('mrn', '-')}"


_GIVEN_BY_THE_GATEWAY = ("reference", "administration")
"""Terms of an event that its own gateway gives when the national side leaves them open."""


def _complete(spec: Spec, tree: Tree, term: str) -> bool:
    """Tell whether every group and list member has its compulsory terms; kinds are right by the formats."""
    if any(name not in tree for name in spec.required.get(term, ())):
        return False
    for name, value in tree.items():
        if isinstance(value, list):
            inner = f"{term}{name}."
            if not all(_complete(spec, member, inner) for member in value):
                return False
        elif isinstance(value, dict) and not _complete(spec, value, f"{term}{name}."):
            return False
    return True


def _misshapen(spec: Spec, tree: Tree, origins: Origins, piece: Piece) -> list[Finding]:
    """What the typed record refuses (a group without its compulsory term), placed in the national file."""
    try:
        from_tree(spec.model, tree)
    except LocalError as error:
        placed = []
        for finding in error.findings:
            if finding.code == "T003" and finding.place.path in _GIVEN_BY_THE_GATEWAY:
                continue
            near = origins.nearest(finding.place.path or "") or piece.node.place(piece.file)
            placed.append(replace(finding, place=replace(near, path=finding.place.path,
                                                         missing=finding.place.missing)))
        return placed
    return []


def _whole(records: Sequence[NationalRecord], waiting: Sequence[Waiting],
           refused: dict[str, list[Finding]]) -> dict[str, str]:
    """What becomes of each file, so that it is taken whole or not: one bad record refuses its files, and through them
    the records that share a file; one waiting record makes them wait."""
    fate = {file: "record" for record in records for file in record.files}
    fate.update({one.file: "waiting" for one in waiting})
    fate.update(dict.fromkeys(refused, "refused"))
    rank = {"record": 0, "waiting": 1, "refused": 2}
    changed = True
    while changed:
        changed = False
        for record in records:
            worst = max((fate[file] for file in record.files), key=rank.__getitem__)
            for file in record.files:
                if fate[file] != worst:
                    fate[file] = worst
                    changed = True
                    if worst == "refused":
                        bad = next(other for other in record.files if other in refused)
                        refused[file] = [Finding(code="D120", place=Place(file=file), values={
                            "key": record.key, "file": bad})]
    return fate

