"""National files read or written in another process: what crosses is octets one way, trees the other.

Where each value stood in its file, and how to put something back into it, is asked for rarely (a refusal names a line)
and is large; it stays behind, and is read again from the same octets when it is wanted. So does the record itself where
whoever reads makes of it what is wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, partial

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.mapping.archive import Archive
from gateway.mapping.dialect import Dialect, Reading, Refused, Waiting, load_archived_dialect
from gateway.mapping.dialect_record import NationalRecord, Origins
from gateway.references import Tree

_DIALECTS = 8
"""Dialects that a process keeps loaded."""


class _Bare(Struct, frozen=True):
    """A record without what can be read again.

    number  among those of the same files and key, from 0
    """

    given: Tree | None
    number: int
    files: tuple[str, ...]
    key: str
    findings: tuple[Finding, ...]


class ReadApart(Struct, frozen=True):
    """What a `Reading` says, in the form that crosses."""

    records: tuple[_Bare, ...]
    waiting: tuple[Waiting, ...]
    refused: tuple[Refused, ...]

    def trees(self) -> list[Tree]:
        """The records, before any is left out."""
        return [one.given for one in self.records if one.given is not None]

    def without(self, numbers: Collection[int]) -> ReadApart:
        """The same with the trees of these records left out."""
        return replace(self, records=tuple(replace(one, given=None) if number in numbers else one
                                           for number, one in enumerate(self.records)))


def can_be_read_apart(dialect: Dialect) -> bool:
    """Whether the dialect can be made from its archive alone; one that a plug-in reads cannot."""
    try:
        _loaded(dialect.archive)
    except LocalError:
        return False
    return True


@lru_cache(maxsize=_DIALECTS)
def _loaded(archive: Archive) -> Dialect:
    return load_archived_dialect(archive)


def read_apart(archive: Archive, files: Mapping[str, bytes]) -> ReadApart:
    """Read files with the dialect of an archive. Raises LocalError as `load_archived_dialect`."""
    reading = _loaded(archive).read(files)
    seen = Counter[tuple[tuple[str, ...], str]]()
    records = []
    for one in reading.records:
        records.append(_Bare(one.tree, seen[one.files, one.key], one.files, one.key, one.findings))
        seen[one.files, one.key] += 1
    return ReadApart(tuple(records), reading.waiting, reading.refused)


def write_apart(archive: Archive, records: Sequence[tuple[Tree, str]]) -> list[dict[str, bytes] | None]:
    """The national files of some records, each a tree and the stem of the names, as `Dialect.write`; None for one that
    it refuses: whoever asked finds out why."""
    dialect = _loaded(archive)
    return [_written(dialect, tree, stem) for tree, stem in records]


def _written(dialect: Dialect, tree: Tree, stem: str) -> dict[str, bytes] | None:
    try:
        return dialect.write(tree, stem)
    except LocalError:
        return None


def whole(read: ReadApart, dialect: Dialect, files: Mapping[str, bytes]) -> Reading:
    """The reading, as if these files had been read here.

    dialect  that of the archive
    """
    records = []
    for one in read.records:
        again = partial(_again, one, dialect, {name: files[name] for name in one.files})
        records.append(NationalRecord(partial(_tree, again) if one.given is None else one.given,
                                      Origins(partial(_origins, again)), one.files, one.key, one.findings,
                                      partial(_put_back, again)))
    return Reading(tuple(records), read.waiting, read.refused)


def _again(bare: _Bare, dialect: Dialect, files: Mapping[str, bytes]) -> NationalRecord:
    return [one for one in dialect.read(files).records
            if (one.files, one.key) == (bare.files, bare.key)][bare.number]


def _tree(again: partial[NationalRecord]) -> Tree:
    return again().tree


def _origins(again: partial[NationalRecord]) -> Origins:
    return again().origins


def _put_back(again: partial[NationalRecord], tree: Tree, stem: str) -> dict[str, bytes]:
    put_back = again().put_back
    assert put_back is not None
    return put_back(tree, stem)
