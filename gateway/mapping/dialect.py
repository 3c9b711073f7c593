"""Dialects: national records to transit records and back, as a YAML file of the administration says.

A dialect never judges what a declaration says, only whether the national file can be understood and whether nothing of
the record is lost. The language is described in ``mappings/dialects/README.md``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property, partial
from pathlib import Path as File

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.archive import Archive
from gateway.mapping.dialect_back import write_new, write_onto
from gateway.mapping.dialect_clean import CleanReader, merged
from gateway.mapping.dialect_files import Archived, Folders, file_name, known_dialects
from gateway.mapping.dialect_load import Spec, load_spec
from gateway.mapping.dialect_parts import Codec, Part, Piece
from gateway.mapping.dialect_reader import SHELF, dialect_of_reader
from gateway.mapping.dialect_record import NationalRecord, Origins, assemble, national_key, national_record
from gateway.mapping.dialect_sql import SqlCodec
from gateway.mapping.dialect_terms import DialectTerm
from gateway.records.flat import NotFlat
from gateway.records.nodes import FILE_LIMIT, Node
from gateway.references import Tree


class Waiting(Struct, frozen=True):
    """A file whose record is not complete: `lacks` names the part that is not there yet."""

    file: str
    key: str
    lacks: str


class Refused(Struct, frozen=True):
    """A file that cannot be taken, with every reason."""

    file: str
    findings: tuple[Finding, ...]


class Reading(Struct, frozen=True):
    """What a set of national files gives. Each file is in one of the three only: files are taken whole or not."""

    records: tuple[NationalRecord, ...]
    waiting: tuple[Waiting, ...]
    refused: tuple[Refused, ...]


def load_dialect(identifier: str, search: Sequence[File]) -> Dialect:
    """Load ``tgotr/asycuda`` from ``dialects/tgotr/asycuda.yaml`` of the first folder that has it; ``readers/NAME``
    where no folder has it is the installed reader of that name, which gives the record's own names.

    Raises LocalError: D011 not found, R041 to R043 no such reader, else every fault of the file (D001 to D049, S001 to
    S039) with file:line:column.
    """
    shelf = Folders(search)
    found = shelf.find(file_name(identifier))
    if found is None and identifier.startswith(SHELF):
        found = dialect_of_reader(identifier)
    if found is not None:
        return Dialect(load_spec(found, identifier, shelf))
    known = known_dialects(search)
    near = difflib.get_close_matches(identifier, known, 1)
    places = ", ".join(str(folder / "dialects") for folder in search)
    raise LocalError(Finding(code="D011", values={"dialect": identifier, "near": near[0] if near else "-",
                                                  "known": ", ".join(known) or "-", "search": places or "-"}))


def load_archived_dialect(archive: Archive) -> Dialect:
    """Load a dialect from the files it once was made of (`Dialect.archive`): an old record keeps its meaning.

    Raises LocalError as `load_dialect`.
    """
    shelf = Archived(dict(archive.files))
    name = archive.files[-1][0] if archive.files else ""
    identifier = name.removeprefix("dialects/").removesuffix(".yaml")
    found = shelf.find(file_name(identifier))
    if found is None:
        raise LocalError(Finding(code="D011", values={"dialect": identifier, "near": "-", "known": "-", "search": "-"}))
    return Dialect(load_spec(found, identifier, shelf))


class Dialect:
    """One dialect, compiled. Holds no state between calls.

    version  as its file says, "1" where it says none
    kind     declaration or event
    archive  the files it is made of, bases and skeletons first: its digest is the dialect's identity
    zone     of the times in its files
    terms    what it says of each term it has a place for; a term that is not there goes to the rest cell, or is refused
    view     the views of the database it reads, None for a dialect of files alone
    rests    whether it has a rest cell, which takes every value that has no place
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.identifier = spec.identifier
        self.version = spec.version
        self.kind = spec.record
        self.parts = tuple(part.name for part in spec.parts)
        self.archive = spec.archive
        self.terms: Mapping[str, DialectTerm] = spec.described
        self.zone = spec.zone
        self.view = next((part.codec.view for part in spec.parts if isinstance(part.codec, SqlCodec)), None)
        self.rests = spec.rest is not None or spec.canonical

    def read_by(self, codec: Codec) -> Dialect:
        """The same dialect with its files, whatever their names, read by something else: a reader that is on trial."""
        parts = [replace(part, codec=codec, match="*") for part in self._spec.parts]
        return Dialect(replace(self._spec, parts=parts))

    @cached_property
    def matches(self) -> tuple[str, ...]:
        """The file name patterns of the parts."""
        return tuple(part.match for part in self._spec.parts)

    def names(self, stem: str) -> tuple[str, ...]:
        """The names of the files of one record, in the order of the parts."""
        return tuple(part.file.replace("{stem}", stem) for part in self._spec.parts)

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
                pieces.extend(self._pieces(part, content, file, limit))
            except LocalError as error:
                refused[file] = list(error.findings)
        records, waiting = self._records(pieces, refused, files)
        kept = _whole(records, waiting, refused)
        named = {one.file for one in waiting}
        waiting.extend(Waiting(file, record.key, waiting[0].lacks) for record in records for file in record.files
                       if kept[file] == "waiting" and file not in named)
        return Reading(records=tuple(record for record in records if kept[record.files[0]] == "record"),
                       waiting=tuple(one for one in waiting if kept[one.file] == "waiting"),
                       refused=tuple(Refused(file, tuple(findings)) for file, findings in refused.items()))

    def unread(self, file: str, content: bytes) -> list[Place]:
        """What a national file holds and this dialect does not read, for whoever wants to know what the national system
        adds: elements of XML, and columns of CSV that are declared without a place; an unknown heading or key is
        refused. Raises LocalError for a file that cannot be read.
        """
        part = next((part for part in self._spec.parts if part.fits(file)), None)
        return part.codec.unread(content, file) if part is not None else []

    def write(self, tree: Tree, stem: str, onto: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
        """The national files of a record: name -> content.

        onto  the files as the national side has them, of this record or an older state of it: only what changed is put
              into them, and what this dialect does not know stays as it is

        Raises LocalError: D201 a value without a place, D202 a code without a national word, D203 a character that the
        file cannot carry, each with the path in the record; D204 files that hold no record, or several; D205 a record
        that would not come back from these files; what reading refuses in them.
        """
        if onto is not None:
            return write_onto(self._spec, tree, stem, onto)
        return write_new(self._spec, tree, stem)

    @cached_property
    def _clean(self) -> CleanReader | None:
        try:
            return CleanReader(self._spec)
        except NotFlat:
            return None

    def _pieces(self, part: Part, content: bytes, file: str, limit: int) -> list[Piece]:
        shares = self._clean.pieces(part, content, file, limit) if self._clean is not None else None
        if shares is None:
            return part.pieces(content, file, limit)
        again = cache(partial(part.pieces, content, file, limit))
        return [Piece(part.name, file, partial(_node, again, number), key, values=values)
                for number, (values, key) in enumerate(shares)]

    def _clean_tree(self, group: Sequence[Piece]) -> Tree | None:
        """The tree of a record whose parts were all read as texts, where nothing is wrong with it."""
        shares = [piece.values for piece in group if piece.values is not None]
        return self._clean.tree(merged(shares)) if self._clean is not None and len(shares) == len(group) else None

    def _origins(self, group: Sequence[Piece]) -> Origins:
        return Origins(assemble(self._spec, group).reading.origins)

    def _put_back(self, files: Mapping[str, bytes], tree: Tree, stem: str) -> dict[str, bytes]:
        return self.write(tree, stem, files)

    def _records(self, pieces: Sequence[Piece], refused: dict[str, list[Finding]],
                 files: Mapping[str, bytes]) -> tuple[list[NationalRecord], list[Waiting]]:
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
            tree = self._clean_tree(group)
            if tree is not None:
                records.append(NationalRecord(
                    tree, Origins(partial(self._origins, group)), tuple(dict.fromkeys(piece.file for piece in group)),
                    national_key(tree) if key.startswith("\0") else key, (),
                    partial(self._put_back, {piece.file: files[piece.file] for piece in group})))
                continue
            assembled = assemble(self._spec, group)
            for file in dict.fromkeys(piece.file for piece in group) if assembled.findings else ():
                refused.setdefault(file, []).extend(assembled.findings)
            if not assembled.findings:
                own = {piece.file: files[piece.file] for piece in group}
                records.append(national_record(assembled, group, None if key.startswith("\0") else key,
                                               partial(self._put_back, own)))
        return records, waiting


def _node(pieces: Callable[[], Sequence[Piece]], number: int) -> Node:
    return pieces()[number].node


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


__all__ = ["Dialect", "DialectTerm", "NationalRecord", "Origins", "Reading", "Refused", "Waiting",
           "load_archived_dialect", "load_dialect", "national_key"]
