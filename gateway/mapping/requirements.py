"""What the receiver insists on: ``require`` rules, judged on a record that was read.

The forms are closed: when (conditions, all of them), every (a list), need (terms; ``a or b`` is an alternative).
A failure becomes a line of a REJECTED, with the rule's sentence in both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from gateway.mapping.document import RULE_KEYS, Rule, Test
from gateway.references import Path, Scalar, Tree

FORMS = RULE_KEYS
"""Every key of a rule."""


class Failure(Struct, frozen=True, kw_only=True):
    """One rule that a record breaks.

    path     what is missing: ``items[3].gross_mass``
    item     number of the goods item, when the rule speaks of every one
    segment  tag of the segment that would carry it, for the pointer of a REJECTED
    """

    rule: str
    path: Path
    item: int | None
    fr: str
    en: str
    segment: str | None


def judge(rules: Iterable[Rule], record: Tree, tag_of: Callable[[str], str | None]) -> list[Failure]:
    """Every failure, rule by rule, members of a list in their order."""
    return [failure for rule in rules if all(_holds(test, record) for test in rule.when)
            for failure in _failures(rule, record, tag_of)]


def _failures(rule: Rule, record: Tree, tag_of: Callable[[str], str | None]) -> Iterator[Failure]:
    if rule.every is None:
        yield from _needs(rule, record, "", "", None, tag_of)
        return
    members = _value(record, rule.every.text)
    for ordinal, member in enumerate(members if isinstance(members, list) else (), 1):
        number = member.get("number")
        item = number if type(number) is int and rule.every.text == "items" else ordinal
        yield from _needs(rule, member, f"{rule.every.text}[{ordinal}].", f"{rule.every.text}.", item, tag_of)


def _needs(rule: Rule, record: Tree, place: str, prefix: str, item: int | None,
           tag_of: Callable[[str], str | None]) -> Iterator[Failure]:
    for alternatives in rule.need:
        if all(_value(record, named.text) is None for named in alternatives):
            first = alternatives[0].text
            yield Failure(rule=rule.code, path=place + first, item=item, fr=rule.french, en=rule.english,
                          segment=tag_of(prefix + first))


def _holds(test: Test, record: Tree) -> bool:
    value = _value(record, test.term)
    if test.values:
        return isinstance(value, str) and value in test.values
    return (value is None or value is False) if test.absent else (value is not None and value is not False)


def _value(record: Tree, term: str) -> Scalar | Tree | list[Tree] | None:
    """The value of a dotted term; None when absent, also for an empty group or list."""
    node: Scalar | Tree | list[Tree] | None = record
    for name in term.split("."):
        if not isinstance(node, dict):
            return None
        node = node.get(name)
    return None if node in ({}, []) else node
