"""The samples that every mapping can have, made from the mapping itself: `edi map test --propose` writes them.

    full     every line, hole and word; texts and numbers at their limits, lists of at most 99 full
    thin     every list and group with as little as it may hold
    bare     nothing that may be absent
    refused  nothing at all; each line without something it must have; every text, number and code too long or unknown;
             lists with one member too many; what only other message functions carry
    broken   for each rule under ``require``, a record that breaks it
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.errors import LocalError
from gateway.mapping.document import Rule
from gateway.mapping.laws.choices import MANY, Coded, Everything, Lacking, Nothing, Thin, parts
from gateway.mapping.laws.records import told
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.parts import Access
from gateway.mapping.plan import Plan
from gateway.references import Tree

NAMES = ("full", "thin", "bare", "refused", "broken")
"""Every sample that is proposed, by its name."""


def propose(mapping: MessageMapping) -> Mapping[str, list[Tree]]:
    """The records of each proposed sample, by its name; the same for the same mapping. Empty ones are left out."""
    plans = list(mapping.plans.values())
    kinds = _distinct(plans)
    made = {
        "full": [record for plan in kinds for record in _full(mapping, plan)],
        "thin": [told(mapping, Thin(last=last), brief=True).record(plan) for plan in plans for last in (False, True)],
        "bare": [told(mapping, Nothing()).record(plan) for plan in plans],
        "refused": [*(record for plan in kinds for record in _refused(mapping, plan)), *_foreign(mapping, plans)],
        "broken": [record for rule in mapping.definition.require.values()
                   for record in _broken(mapping, rule, plans)],
    }
    return {name: _once(records) for name, records in made.items() if records}


def _distinct(plans: Sequence[Plan]) -> list[Plan]:
    """One plan for each set of lines: functions often share theirs."""
    found: dict[tuple[tuple[str, str], ...], Plan] = {}
    for plan in plans:
        found.setdefault(tuple((line.label, str(line.origin)) for line in plan.walk()), plan)
    return list(found.values())


def _once(records: Sequence[Tree]) -> list[Tree]:
    found: list[Tree] = []
    for record in records:
        if record not in found:
            found.append(record)
    return found


def _full(mapping: MessageMapping, plan: Plan) -> Iterator[Tree]:
    """Everything at once; then what has a code table, until each word was there."""
    yield told(mapping, Everything()).record(plan)
    tables = {mapping.terms[access.term].table for line in plan.walk() for access in line.accesses
              if access.term != "function" and access.term in mapping.terms}
    maker = told(mapping, Coded(), brief=True)
    for _ in range(max((len(mapping.tables.words(table)) for table in tables if table), default=0)):
        yield maker.record(plan)


def _refused(mapping: MessageMapping, plan: Plan) -> Iterator[Tree]:
    nothing: Tree = {} if plan.function is None else {"function": plan.function}
    required = max(sum(not part.optional for part in parts(line)) for line in plan.walk())
    candidates = [nothing, told(mapping, Everything(single=True), over=True).record(plan),
                  *(_crowded(mapping, plan, nested) for nested in (False, True)),
                  *(told(mapping, Lacking(single=True, missing=missing), brief=True).record(plan)
                    for missing in range(required))]
    for candidate in candidates:
        try:
            mapping.to_message(candidate)
        except LocalError:
            yield candidate


def _foreign(mapping: MessageMapping, plans: Sequence[Plan]) -> Iterator[Tree]:
    """For each function, the least record with what only other functions carry."""
    every: Tree = {}
    for plan in plans:
        every = {**told(mapping, Everything(single=True), brief=True).record(plan), **every}
    for plan in plans:
        record = told(mapping, Nothing()).record(plan)
        foreign = {name: value for name, value in every.items() if name not in plan.shape.names}
        if foreign:
            yield {**record, **foreign}


def _crowded(mapping: MessageMapping, plan: Plan, nested: bool) -> Tree:
    """A record whose lists have one member too many. nested: those in other lists, else the others: members of a list
    that has too many are not looked at."""
    record: Any = told(mapping, Everything(single=True), brief=True).record(plan)
    for line in plan.walk():
        if line.each is not None and line.limit <= MANY and bool(line.each.depth) == nested:
            for holder in _holders(record, line.each):
                members = holder.get(line.each.key)
                if members:
                    holder[line.each.key] = [copy.deepcopy(members[0]) for _ in range(line.limit + 1)]
    return record  # type: ignore[no-any-return]


def _holders(record: dict[str, Any], listed: Access) -> Iterator[dict[str, Any]]:
    """The groups and members in which a list stands."""
    nodes: list[Any] = [record]
    for name in listed.term.split(".")[:-1]:
        inner = [node.get(name) for node in nodes if isinstance(node, dict)]
        nodes = [one for found in inner for one in (found if isinstance(found, list) else [found])]
    yield from (node for node in nodes if isinstance(node, dict))


def _broken(mapping: MessageMapping, rule: Rule, plans: Sequence[Plan]) -> Iterator[Tree]:
    """For each thing that a rule needs, a record without it, and one with each of its alternatives alone, of the first
    function for which the rule counts."""
    for alternatives in rule.need:
        named = [f"{rule.every.text}.{one.text}" if rule.every else one.text for one in alternatives]
        for plan in plans:
            whole = _fit(mapping, rule, plan)
            if whole is None:
                continue
            record = whole
            for term in named:
                record = _without(mapping, record, term)
            if any(failure.rule == rule.code for failure in mapping.requirements(record)):
                yield record
                yield from (_only(mapping, whole, named, term) for term in named if len(named) > 1)
                break  # other functions differ in one term only; `thin` has them


def _only(mapping: MessageMapping, record: Tree, terms: Sequence[str], kept: str) -> Tree:
    for term in terms:
        record = record if term == kept else _without(mapping, record, term)
    return record


def _fit(mapping: MessageMapping, rule: Rule, plan: Plan) -> Tree | None:
    """A small whole record for which the conditions of a rule hold; None where no record of the plan does."""
    record = told(mapping, Everything(single=True), brief=True).record(plan)
    for test in rule.when:
        if test.absent:
            record = _without(mapping, record, test.term)
        elif test.values and record.get(test.term) not in test.values:
            return None
    return record


def _without(mapping: MessageMapping, record: Tree, term: str) -> Tree:
    """The record without a term; without the group or list around it where that must have it."""
    names = term.split(".")
    for length in range(len(names), 0, -1):
        candidate: Any = copy.deepcopy(record)
        _drop(candidate, names[:length])
        try:
            mapping.to_message(candidate)
        except LocalError:
            continue
        return candidate  # type: ignore[no-any-return]
    return record


def _drop(node: Any, names: Sequence[str]) -> None:
    if isinstance(node, list):
        for member in node:
            _drop(member, names)
    elif isinstance(node, dict):
        if len(names) == 1:
            node.pop(names[0], None)
        elif names[0] in node:
            _drop(node[names[0]], names[1:])
