"""What must hold before a mapping may run: terms known and placed, segments recognisable, rules sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from msgspec.structs import replace

from gateway.findings import Finding, Severity
from gateway.mapping.ambiguity import check_ambiguity
from gateway.mapping.document import Rule, Test, nearest
from gateway.mapping.inherit import Definition, fault, walk
from gateway.mapping.notation import Line
from gateway.mapping.plan import Plan, PlanLine, Run
from gateway.mapping.scopes import placed
from gateway.mapping.tables import Tables
from gateway.mapping.term_types import TermType, carries
from gateway.mapping.zones import known_zones, zone_named


def canonical(term: str, events: Sequence[str]) -> str:
    """The term of the transit record: in a layout of several events, without the name of the event before it."""
    head, dot, rest = term.partition(".")
    return rest if dot and head in events else term


def check_terms(definition: Definition, kinds: Mapping[str, str], findings: list[Finding]) -> dict[str, TermType]:
    """The types of the terms, as far as they are sound (M023, M024, M032)."""
    events = [named.text for named in definition.events]
    types: dict[str, TermType] = {}
    for term, typed in definition.record.items():
        types[term] = typed.type
        if term in events:
            if typed.type.name != "group":
                findings.append(fault("M023", typed.origin, term=term, type=str(typed.type), kind="group"))
            continue
        if typed.type.zone is not None and zone_named(typed.type.zone) is None:
            findings.append(fault("M052", typed.origin, zone=typed.type.zone,
                                  nearest=nearest(typed.type.zone, known_zones())))
        kind = kinds.get(canonical(term, events))
        if kind is None:
            findings.append(fault("M032", typed.origin, term=term, nearest=nearest(canonical(term, events), kinds)))
        elif not carries(kind, typed.type.name):
            findings.append(fault("M023", typed.origin, term=term, type=str(typed.type), kind=kind))
        parent = term.rpartition(".")[0]
        if parent and parent not in definition.record:
            findings.append(fault("M024", typed.origin, term=term, parent=parent))
    for name in events:
        if name not in types:
            place = next(named.origin for named in definition.events if named.text == name)
            findings.append(fault("M024", place, term=name, parent=name))
    for term, value in definition.fixed.items():
        if kinds.get(canonical(term, events)) != "text":
            findings.append(fault("M040", value.origin, term=term, nearest=nearest(canonical(term, events), kinds)))
    if definition.extras:
        longest = max(typed.type.maximum for typed in definition.extras.values())
        types["extras"] = TermType("list", 1, len(definition.extras))
        types["extras.key"] = TermType("an", 1, max(map(len, definition.extras)))
        types["extras.value"] = TermType("an", 1, longest)
        for key, typed in definition.extras.items():
            if len(key) + 1 + typed.type.maximum > EXTRA_ROOM:
                findings.append(fault("M036", typed.origin, key=key, room=str(EXTRA_ROOM - len(key) - 1)))
    return types


EXTRA_ROOM = 70
"""Characters of one 4440, which holds key, ``=`` and value."""


def check_tables(definition: Definition, findings: list[Finding]) -> None:
    """A table that no term ever had is written for nothing (M054, a warning)."""
    for table, words in definition.codes.items():
        if table not in definition.tables and words:
            place = next(iter(words.values())).origin
            findings.append(replace(fault("M054", place, table=table), severity=Severity.WARNING))


def check_places(definition: Definition, types: dict[str, TermType], findings: list[Finding]) -> None:
    """Every declared term has a place, or was left out on purpose (M021). Terms left out are forgotten here."""
    now = placed(definition.lines, types)
    before = {term for stage in definition.stages for term in placed(stage, types)}
    for term in list(types):
        inner = f"{term}."
        held = term in now or any(other.startswith(inner) for other in now)
        if held:
            continue
        typed = definition.record.get(term)
        dropped = term in before or any(other.startswith(inner) for other in before)
        fixed = term in definition.fixed or any(other.startswith(inner) for other in definition.fixed)
        if typed is not None and not dropped and not fixed:
            findings.append(fault("M021", typed.origin, term=term))
        elif not fixed:
            del types[term]


def check_functions(definition: Definition, tables: Tables, types: Mapping[str, TermType],
                    findings: list[Finding]) -> None:
    """Functions are words of the table of ``function``, labels exist (M030, M038)."""
    labels = [line.label for line in walk(definition.lines)]
    kind = types.get("function")
    words = tables.words(kind.table or "") if kind is not None else {}
    for name, rule in definition.functions.items():
        if name not in words:
            findings.append(fault("M038", rule.origin, function=name))
        for named in (*(rule.only or ()), *rule.without):
            if named.text not in labels:
                findings.append(fault("M030", named.origin, label=named.text, nearest=nearest(named.text, labels)))
    if definition.functions:
        first = next(iter(definition.functions.values())).origin
        for word in words:
            if word not in definition.functions:
                findings.append(fault("M038", first, function=word))


def check_rules(definition: Definition, types: Mapping[str, TermType], tables: Tables,
                findings: list[Finding]) -> None:
    """The terms of ``require`` exist, lists are lists, words are words of their table (M025, M031, M034, M037)."""
    for rule in definition.require.values():
        prefix = ""
        if rule.every is not None:
            kind = types.get(rule.every.text)
            if kind is None:
                findings.append(fault("M031", rule.every.origin, term=rule.every.text,
                                      nearest=nearest(rule.every.text, types)))
                continue
            if kind.name != "list":
                findings.append(fault("M025", rule.every.origin, term=rule.every.text, type=str(kind), expected="list"))
            prefix = f"{rule.every.text}."
        for test in rule.when:
            _check_test(test, types, tables, findings)
        _check_need(rule, prefix, types, findings)


def _check_need(rule: Rule, prefix: str, types: Mapping[str, TermType], findings: list[Finding]) -> None:
    for alternatives in rule.need:
        for named in alternatives:
            if prefix + named.text not in types:
                inside = [term.removeprefix(prefix) for term in types if term.startswith(prefix)]
                findings.append(fault("M031", named.origin, term=named.text, nearest=nearest(named.text, inside)))


def _check_test(test: Test, types: Mapping[str, TermType], tables: Tables, findings: list[Finding]) -> None:
    kind = types.get(test.term)
    if kind is None:
        findings.append(fault("M031", test.origin, term=test.term, nearest=nearest(test.term, types)))
    elif kind.name == "code":
        for value in test.values:
            if value not in tables.words(kind.table or ""):
                findings.append(fault("M034", test.origin, table=f"{kind.table}: {value}",
                                      nearest=nearest(value, tables.words(kind.table or ""))))


def check_plan(plan: Plan, findings: list[Finding]) -> None:
    """Neighbours differ in a constant, lists have one place, conditions come first (M020, M026, M047, M058)."""
    _check_runs(plan.runs, findings)
    holders: dict[str, PlanLine] = {}
    for line in plan.walk():
        access = line.each
        if access is None:
            continue
        first = holders.setdefault(access.term, line)
        if first is not line:
            findings.append(fault("M047", line.origin, term=access.term, first=str(first.origin)))
    _check_guards(plan, findings)
    check_ambiguity(plan, lambda later, first: findings.append(
        fault("M058", later.origin, tag=later.tag, label=later.label, first=first.label, place=str(first.origin))))


def _check_runs(runs: Sequence[Run], findings: list[Finding]) -> None:
    for run in runs:
        for one, other in combinations(run.lines, 2):
            if not any(place in other.firm and not texts & other.firm[place] for place, texts in one.firm.items()):
                findings.append(fault("M026", other.origin, tag=run.tag, label=other.label, first=one.label,
                                      place=str(one.origin)))
        for line in run.lines:
            _check_runs(line.runs, findings)


def _check_guards(plan: Plan, findings: list[Finding]) -> None:
    """A condition may only use a term that an earlier run has brought without any condition."""
    bound: set[str] = set()

    def visit(runs: Sequence[Run], sure: bool) -> None:
        for run in runs:
            brought: set[str] = set()
            for line in run.lines:
                guard = line.guard
                if guard is not None and guard.access.term not in bound:
                    findings.append(fault("M020", line.origin, term=guard.access.term))
                certain = sure and guard is None
                if certain:
                    brought.update(access.term for access in line.accesses)
                visit(line.runs, certain)
            bound.update(brought)

    visit(plan.runs, True)


def labelled(lines: Sequence[Line]) -> dict[str, Line]:
    """Every line by its label."""
    return {line.label: line for line in walk(lines)}
