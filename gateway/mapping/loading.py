"""From a mapping file to a `Mapping`: resolve, check, compile; every fault is told at once, each at its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.compiler import Compiler, select
from gateway.mapping.directory_lint import check_against_directory
from gateway.mapping.inherit import Definition, resolve
from gateway.mapping.lint import canonical, check_functions, check_places, check_plan, check_rules, check_terms
from gateway.mapping.mapping import RECORDS, Mapping
from gateway.mapping.notation import Line
from gateway.mapping.plan import Plan
from gateway.mapping.search import search_path
from gateway.mapping.tables import Tables
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import terms


def load_mapping(identifier_or_path: str | Path, search: Sequence[Path] = ()) -> Mapping:
    """Load a mapping and everything it extends, and check it.

    identifier_or_path   ``base/cusdec-d96b``, looked up in `search`, or the path of a file
    Raises LocalError with every fault (M001 to M051, S...), each at its file, line and column.
    """
    folders = list(search) or search_path()
    definition, findings = resolve(identifier_or_path, folders)
    mapping = _build(definition, findings)
    if findings or mapping is None:
        raise LocalError(*_sorted(findings))
    return mapping


def _build(definition: Definition, findings: list[Finding]) -> Mapping | None:
    kind = RECORDS.get(definition.message.type)
    if kind is None or not definition.lines:
        if not findings:
            findings.append(Finding(code="M009", place=Place(file=definition.file, line=1, column=1),
                                    values={"message": str(definition.message)}))
        return None
    kinds = terms(Declaration if kind == "declaration" else Event)
    types = check_terms(definition, kinds, findings)
    events = [named.text for named in definition.events]
    tables = Tables(definition, lambda term: kinds.get(canonical(term, events)), findings)
    check_functions(definition, tables, types, findings)
    if not definition.extras:  # the line is inherited by everyone, and stays closed until a mapping declares extras
        closed = {line.label for line in definition.lines if line.body.each == "extras"}
        definition.lines = select(definition.lines, None, closed)
    check_places(definition, types, findings)
    check_rules(definition, types, tables, findings)
    plans: dict[str | None, Plan] = {}
    for function, lines in _variants(definition).items():
        plan = Compiler(definition, types, tables, findings).plan(function, lines)
        if not definition.base:
            check_plan(plan, findings)
            check_against_directory(plan, definition.message, findings)
        plans[function] = plan
    if definition.base:
        findings.append(Finding(code="M048", place=Place(file=definition.file, line=1, column=1),
                                values={"mapping": definition.identifier}))
    return None if findings else Mapping(definition, types, tables, plans)


def _variants(definition: Definition) -> dict[str | None, tuple[Line, ...]]:
    if not definition.functions:
        return {None: definition.lines}
    variants: dict[str | None, tuple[Line, ...]] = {}
    for function, rule in definition.functions.items():
        only = None if rule.only is None else {named.text for named in rule.only}
        variants[function] = select(definition.lines, only, {named.text for named in rule.without})
    return variants


def _sorted(findings: Sequence[Finding]) -> list[Finding]:
    """Each fault once, by place: functions share lines, so a fault may have been met several times."""
    unique = {(finding.code, finding.place, tuple(finding.values.items())): finding for finding in findings}
    return sorted(unique.values(), key=lambda one: (one.place.file or "", one.place.line or 0, one.place.column or 0))
