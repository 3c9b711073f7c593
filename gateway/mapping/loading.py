"""From a mapping file to a `Mapping`: resolve, check, compile; every fault is told at once, each at its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity, has_errors
from gateway.mapping.alternatives import check_choices, decide
from gateway.mapping.archive import Archive
from gateway.mapping.compiler import Compiler, select
from gateway.mapping.directory_lint import check_against_directory
from gateway.mapping.document import Document, parse_mapping
from gateway.mapping.inherit import Definition, Folders, Source, fault, resolve
from gateway.mapping.kept import Kept
from gateway.mapping.lint import (
    canonical,
    check_functions,
    check_places,
    check_plan,
    check_rules,
    check_tables,
    check_terms,
)
from gateway.mapping.mapping import RECORDS, Mapping
from gateway.mapping.notation import Line, Origin
from gateway.mapping.overflow import without_rest
from gateway.mapping.plan import Plan
from gateway.mapping.search import search_path
from gateway.mapping.tables import Tables
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import terms


def load_mapping(identifier_or_path: str | Path, search: Sequence[Path] = ()) -> Mapping:
    """Load a mapping and everything it extends, and check it.

    identifier_or_path   ``base/cusdec-d96b``, looked up in `search`, or the path of a file
    Raises LocalError with every fault (M001 to M079, S...), each at its file, line and column.
    """
    return load_from(Folders(list(search) or search_path()), identifier_or_path)


def lint_mapping(identifier_or_path: str | Path, search: Sequence[Path] = ()) -> tuple[Mapping | None, list[Finding]]:
    """Everything that is to be said of a mapping, errors and warnings, by file, line and column. Never raises.

    The mapping is None where something is an error, and for a file that only serves to inherit from (``base: yes``),
    of which only that is judged which does not depend on its heirs.
    """
    try:
        definition, findings = resolve(identifier_or_path, Folders(list(search) or search_path()))
    except LocalError as error:
        return None, list(error.findings)
    mapping = _build(definition, findings)
    return None if definition.base else mapping, _sorted(findings)


def load_from(source: Source, identifier_or_path: str | Path) -> Mapping:
    """Load a mapping from wherever its files are. Raises as `load_mapping`."""
    definition, findings = resolve(identifier_or_path, source)
    return _BUILT.get((definition.digest, tuple(name for name, _ in definition.files)),
                      lambda: _built(definition, findings))


def load_archived(archive: Archive) -> Mapping:
    """Load a mapping from the files it once was made of, and from nothing else. Raises as `load_mapping`."""
    return load_from(Archived(archive), archive.files[-1][0])


class Archived(Struct, frozen=True):
    """The files of an archive, in the place of folders."""

    archive: Archive

    def take(self, identifier: str | Path) -> tuple[Document, list[Finding]] | None:
        wanted = (str(identifier), f"{identifier}.yaml")
        return next((parse_mapping(content, name) for name, content in self.archive.files if name in wanted), None)

    def known(self) -> list[str]:
        return [name.removesuffix(".yaml") for name, _ in self.archive.files]

    def __str__(self) -> str:
        return self.archive.digest


_BUILT: Kept[tuple[str, tuple[str, ...]], Mapping] = Kept(256)
"""Mappings by digest and file names, which traces show: loaded once, wherever the files came from."""


def _built(definition: Definition, findings: list[Finding]) -> Mapping:
    mapping = _build(definition, findings)
    if definition.base:
        findings.append(Finding(code="M048", place=Place(file=definition.file, line=1, column=1),
                                values={"mapping": definition.identifier}))
    if mapping is None or definition.base:
        raise LocalError(*(one for one in _sorted(findings) if one.severity is Severity.ERROR))
    return mapping


def _build(definition: Definition, findings: list[Finding]) -> Mapping | None:
    kind = RECORDS.get(definition.message.type)
    if kind is None or not definition.lines:
        if not has_errors(findings):
            findings.append(Finding(code="M009", place=Place(file=definition.file, line=1, column=1),
                                    values={"message": str(definition.message)}))
        return None
    kinds = terms(Declaration if kind == "declaration" else Event)
    types = check_terms(definition, kinds, findings)
    events = [named.text for named in definition.events]
    tables = Tables(definition, lambda term: kinds.get(canonical(term, events)), findings)
    check_tables(definition, findings)
    check_functions(definition, tables, types, findings)
    if not definition.extras:  # the line is inherited by everyone, and stays closed until a mapping declares extras
        closed = {line.label for line in definition.lines if line.body.each == "extras"}
        definition.lines = select(definition.lines, None, closed)
    check_places(definition, types, findings)
    check_rules(definition, types, tables, findings)
    plans: dict[str | None, Plan] = {}
    for function, lines in _variants(definition, findings).items():
        plan = Compiler(definition, types, tables, findings).plan(function, lines)
        if not definition.base:
            check_plan(plan, findings)
            check_against_directory(plan, definition.message, findings)
        plans[function] = plan
    findings.extend(fault("M059", line.origin, term=term, label=line.label)
                    for line, term in without_rest(plans.values()))
    return None if has_errors(findings) else Mapping(definition, types, tables, plans)


def _variants(definition: Definition, findings: list[Finding]) -> dict[str | None, tuple[Line, ...]]:
    """The lines of each message function, choices by function decided."""
    def complain(origin: Origin, text: str, near: str) -> None:
        findings.append(fault("M060", origin, text=text, nearest=near))

    check_choices(definition.lines, list(definition.functions), complain)
    if not definition.functions:
        return {None: decide(definition.lines, None, complain)}
    variants: dict[str | None, tuple[Line, ...]] = {}
    for function, rule in definition.functions.items():
        only = None if rule.only is None else {named.text for named in rule.only}
        lines = select(definition.lines, only, {named.text for named in rule.without})
        variants[function] = decide(lines, function, complain)
    return variants


def _sorted(findings: Sequence[Finding]) -> list[Finding]:
    """Each fault once, by place: functions share lines, so a fault may have been met several times."""
    unique = {(finding.code, finding.place, tuple(finding.values.items())): finding for finding in findings}
    return sorted(unique.values(), key=lambda one: (one.place.file or "", one.place.line or 0, one.place.column or 0))
