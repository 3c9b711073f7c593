"""One record of a national file: its parts read to a tree, judged for its shape, with the origin of every value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.mapping import dialect_equipment
from gateway.mapping.dialect_canonical import read_canonical
from gateway.mapping.dialect_level import Reading, Scope
from gateway.mapping.dialect_load import Spec
from gateway.mapping.dialect_parts import Piece
from gateway.mapping.dialect_rest import read_rest
from gateway.records.nodes import Node
from gateway.references import Path, Tree
from gateway.transit.terms import from_tree

_NATIONAL = re.compile(r"([0-9]{4})/([^/]+)/([^/]+)/([^/]+)")


class Origins(Mapping[Path, Place]):
    """Where each value of a record stood in the national files; places are made when asked for.

    found  path -> file and node, or what gives the origins when they are asked for
    """

    def __init__(self, found: Mapping[Path, tuple[str, Node]] | Callable[[], Origins]) -> None:
        self._given = found

    @cached_property
    def _found(self) -> Mapping[Path, tuple[str, Node]]:
        return self._given()._found if callable(self._given) else self._given

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

    given     the transit record (`tree`), or what gives it when it is asked for
    origins   path -> place in the national file (file, line, column, locator)
    files     the files it stands in
    key       office/year/serial/number, or another key that names the record without its MRN; for an event
              administration/reference/word
    findings  what is announced and refuses nothing: totals that are not the sum
    put_back  the record's own files with another state of it in them (a tree and the stem of the names), see
              `Dialect.write`; raises LocalError as that does
    """

    given: Tree | Callable[[], Tree]
    origins: Origins
    files: tuple[str, ...]
    key: str
    findings: tuple[Finding, ...] = ()
    put_back: Callable[[Tree, str], dict[str, bytes]] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def tree(self) -> Tree:
        """The transit record."""
        return self.given() if callable(self.given) else self.given


class Assembled(Struct, frozen=True):
    """A record as its parts gave it.

    scope      the root node of each part
    equipment  the terms of the national side alone (`dialect_equipment`) from which equipment and containers came;
               None where they came from elsewhere
    findings   what refuses it
    """

    tree: Tree
    reading: Reading
    scope: Scope
    equipment: Tree | None
    findings: Sequence[Finding]


def assemble(spec: Spec, group: Sequence[Piece]) -> Assembled:
    """Read the parts of one record."""
    reading = Reading(files={piece.part: piece.file for piece in group}, keep=spec.keep)
    scope = {piece.part: piece.node for piece in group}
    national: Tree | None = None
    if spec.canonical:
        part = spec.parts[0].name
        tree = read_canonical(scope[part], part, spec.kinds, spec.coded, spec.lax, reading)
        tree = {**spec.defaults, **tree}
    else:
        rest = spec.rest.find(scope) if spec.rest else None
        given = read_rest(rest, spec.rest.part, spec.kinds, reading) if rest and spec.rest else {}
        tree = spec.root.read(scope, "", reading, given)
        if spec.equipment:
            if "equipment" not in tree:
                national = {name: tree[name] for name in ("container_lines", "trailer") if name in tree}
            dialect_equipment.merge(tree, reading)
    findings = [finding for finding in reading.findings if finding.severity is Severity.ERROR]
    if not findings and (spec.canonical or spec.record == "event" or not _complete(spec, tree, "")):
        findings = _misshapen(spec, tree, Origins(reading.origins), group[0])
    return Assembled(tree, reading, scope, national, findings)


def national_record(assembled: Assembled, group: Sequence[Piece], key: str | None,
                    put_back: Callable[[Tree, str], dict[str, bytes]]) -> NationalRecord:
    """The record for the outside; `key` is that of its parts, None where they have none."""
    announced = [finding for piece in group for finding in piece.announced]
    return NationalRecord(assembled.tree, Origins(assembled.reading.origins),
                          tuple(dict.fromkeys(piece.file for piece in group)),
                          national_key(assembled.tree) if key is None else key,
                          (*announced, *assembled.reading.findings), put_back)


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
