"""Everything that is wrong with the files of the bench: mappings, dialects, corridors, the list of offices.

One file after the other, all its faults at once; a fault of a base is told once, however many mappings inherit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from gateway.config.yaml import parse_document
from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.mapping.bench.beside import BesideShelf
from gateway.mapping.bench.fixes import MISSING_MODELINE, MODELINE
from gateway.mapping.corridors import load_corridors
from gateway.mapping.dialect import load_dialect
from gateway.mapping.dialect_files import Folders, Kept, file_name, known_dialects
from gateway.mapping.dialect_load import load_spec
from gateway.mapping.document import parse_mapping
from gateway.mapping.inherit import locate
from gateway.mapping.loading import lint_mapping
from gateway.mapping.offices import OFFICES, load_offices

DIALECTS = "dialects/"
ONLY_A_BASE = "M048"

Kind = Literal["mapping", "dialect", "corridor", "offices"]


class Checked(Struct, frozen=True):
    """One file of the bench and what is wrong with it, sorted by place.

    name      its identifier; of a dialect with ``dialects/`` before it
    kind      which schema describes it
    path      where it lies
    findings  errors and warnings; those that stand in another file (a base) name that file
    """

    name: str
    kind: Kind
    path: Path
    findings: tuple[Finding, ...]


def check_mapping(identifier: str, search: Sequence[Path]) -> Checked:
    """A mapping with everything it extends. Raises LocalError M006 when it is nowhere."""
    _, findings = lint_mapping(identifier, search)
    found = locate(identifier, search)
    if found is None:
        raise LocalError(*findings)
    return _checked(identifier, "mapping", found[0], found[1], [one for one in findings if one.code != ONLY_A_BASE])


def check_dialect(identifier: str, search: Sequence[Path]) -> Checked:
    """A dialect with its bases and skeletons. Raises LocalError D011 when it is nowhere."""
    findings: list[Finding] = []
    try:
        load_dialect(identifier, search)
    except LocalError as error:
        if error.code == "D011":
            raise
        findings = list(error.findings)
    path = next(path for folder in search if (path := folder / DIALECTS / f"{identifier}.yaml").is_file())
    return _checked(f"{DIALECTS}{identifier}", "dialect", path, str(path), findings)


def check_lists(search: Sequence[Path]) -> Iterator[Checked]:
    """The lists of offices, and the ``corridor.yaml`` of every corridor."""
    for folder in search:
        path = folder / OFFICES
        if path.is_file():
            findings: Sequence[Finding] = ()
            try:
                load_offices([folder])
            except LocalError as error:
                findings = error.findings
            yield _checked(OFFICES.with_suffix("").as_posix(), "offices", path, str(path), findings)
    broken = load_corridors(search).broken
    seen: set[str] = set()
    for folder in search:
        for path in sorted(folder.glob("corridors/*/corridor.yaml")):
            identifier = path.parent.name
            if identifier not in seen:
                seen.add(identifier)
                yield _checked(f"corridors/{identifier}/corridor", "corridor", path, str(path),
                               broken.get(identifier, ()))


def dialects_named(word: str, search: Sequence[Path]) -> list[str]:
    """The dialects that a word names, with or without ``dialects/`` before it: one (``tgotr/csv``), those of an
    administration (``tgotr``), or all ("")."""
    named = word.removeprefix(DIALECTS)
    return [one for one in known_dialects(search) if not named or one == named or one.startswith(f"{named}/")]


def faults_in(checked: Checked, content: bytes, search: Sequence[Path]) -> Sequence[Finding]:
    """The faults of one file if these were its bytes: for repairs. Of a mapping those that its own text shows."""
    if checked.kind == "dialect":
        identifier = checked.name.removeprefix(DIALECTS)
        own = Kept(file_name(identifier), str(checked.path), content)
        try:
            load_spec(own, identifier, BesideShelf(own, Folders(search)))
        except LocalError as error:
            return [one for one in error.findings if one.place.file == own.label]
        return ()
    return (parse_mapping if checked.kind == "mapping" else parse_document)(content, checked.name)[1]


def schema_from(path: Path, kind: Kind) -> str | None:
    """How the schema is named from a file: by the shortest way up; None where there is none above it."""
    folder = path.resolve().parent
    for above in (folder, *folder.parents):
        for place in ("gateway/schema", "schema"):
            file = above / place / f"{kind}.json"
            if file.is_file():
                return Path(os.path.relpath(file, folder)).as_posix()
    return None


def _checked(name: str, kind: Kind, path: Path, label: str, findings: Sequence[Finding]) -> Checked:
    """With a warning where the first lines do not tell an editor the schema."""
    try:
        head = path.read_text("utf-8", "replace").split("\n", 5)[:5]
    except OSError:
        return Checked(name, kind, path, tuple(findings))  # told already
    named = any(MODELINE in line for line in head)
    missing = Finding(code=MISSING_MODELINE, place=Place(file=label, line=1, column=1), severity=Severity.WARNING,
                      values={"schema": f"{kind}.json", "name": name})
    return Checked(name, kind, path, (*findings, *(() if named else (missing,))))
