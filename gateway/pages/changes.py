"""What has changed between two versions of one mapping, as a guide tells it: what, before, after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from gateway.mapping.bench.flatten import Flat

What = Literal["line", "term", "word", "rule", "function", "fixed", "extra"]


class Change(Struct, frozen=True, kw_only=True):
    """One thing that is new, gone or different; `before` and `after` as written, None where it is not there."""

    what: What
    name: str
    before: str | None
    after: str | None

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """Which of the three."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


def changes(old: Flat, new: Flat) -> list[Change]:
    """Every change, in the order of the new version; what is gone stands behind what is there."""
    before, after = _things(old), _things(new)
    made: list[Change] = []
    for what in after:
        made.extend(_compared(what, before[what], after[what]))
    return made


def _compared(what: What, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in (*after, *(gone for gone in before if gone not in after)):
        if before.get(name) != after.get(name):
            yield Change(what=what, name=name, before=before.get(name), after=after.get(name))


def _things(flat: Flat) -> dict[What, dict[str, str]]:
    """Everything that makes a message what it is, by name, as it was written.

    The line of the extras counts for nothing as long as there are none: no message carries it.
    """
    return {
        "line": {line.label: line.text for line in flat.lines if flat.extras or "each extras:" not in line.text},
        "term": {term.name: term.type for term in flat.terms},
        "word": {f"{word.table}.{word.word}": word.code for word in flat.words},
        "rule": {rule.code: " ; ".join(filter(None, (*rule.when, rule.every, *rule.need))) for rule in flat.rules},
        "function": {one.function: ", ".join(one.only) if one.only is not None else f"- {', '.join(one.without)}"
                     for one in flat.functions},
        "fixed": {one.name: one.text for one in flat.fixed},
        "extra": {one.name: one.text for one in flat.extras},
    }
