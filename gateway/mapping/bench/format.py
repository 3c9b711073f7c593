"""A flat mapping as text: one mapping file that inherits from nobody and means the same, each line with its origin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from gateway.mapping.bench.flatten import Flat, FlatFunction, FlatLine, FlatRule, FlatTerm
from gateway.mapping.document import FORMAT
from gateway.mapping.notation import Origin

_PLAIN = re.compile(r"\w[\w .,()/'-]*(?<! )")
_LABEL_WIDTH = 16

Written = tuple[str, Origin | None]
"""One line of the file, and where it comes from; None for what only holds others together."""


def as_yaml(flat: Flat) -> str:
    """A mapping file without inheritance that loads to the same layout.

    Terms that no line carries any more (removed, or left out by ``carries``) are not declared in it.
    """
    return "".join(f"{text}\n" for text, _ in written(flat))


def with_origins(flat: Flat) -> list[str]:
    """The lines of that file, each followed by ``# file:line``; for people, because a layout takes no such comment."""
    lines = written(flat)
    width = min(max((len(text) for text, origin in lines if origin is not None), default=0), 100)
    return [text if origin is None else f"{text:<{width}}  # {origin}" for text, origin in lines]


def written(flat: Flat) -> list[Written]:
    """The lines of the file and their origins."""
    return list(_written(flat))


def line_text(line: FlatLine) -> str:
    """One line of a layout, with its label and as deep as it is nested."""
    label = f"{'  ' * line.depth}{line.label}:"
    return f"{label:<{_LABEL_WIDTH}} {line.text}"


def quoted(text: str) -> str:
    """A text as YAML takes it: plain where nothing in it means anything to YAML, else in double quotes."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _written(flat: Flat) -> Iterator[Written]:
    yield f'format: "{FORMAT}"', None
    yield f"id: {flat.identifier}", None
    if flat.version:
        yield f"version: {json.dumps(flat.version)}", None
    if any(flat.title):
        yield f"title: {{fr: {_braced(flat.title[0])}, en: {_braced(flat.title[1])}}}", None
    if flat.base:
        yield "base: yes", None
    yield f"message: {flat.message}", None
    if flat.unmapped != "refuse":
        yield f"unmapped: {flat.unmapped}", None
    yield from _section("record", [(f"{term.name}: {term.type}", term.origin) for term in _carried(flat)])
    yield from _tables(flat)
    yield from _section("fixed", [(f"{one.name}: {quoted(one.text)}", one.origin) for one in flat.fixed])
    if flat.events:
        yield f"events: [{', '.join(flat.events)}]", None
    yield "segments: |", None
    yield from ((f"  {line_text(line)}", line.origin) for line in flat.lines)
    yield from _section("functions", [(_function(one), one.origin) for one in flat.functions])
    if flat.rules:
        yield "require:", None
        for rule in flat.rules:
            yield f"  {rule.code}:", rule.origin
            yield from ((f"    {text}", None) for text in _rule(rule))
    yield from _section("extras", [(f"{one.name}: {one.text}", one.origin) for one in flat.extras])


def _braced(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _section(name: str, lines: Sequence[tuple[str, Origin]]) -> Iterator[Written]:
    if lines:
        yield f"{name}:", None
        yield from ((f"  {text}", origin) for text, origin in lines)


def _carried(flat: Flat) -> Iterator[FlatTerm]:
    """The terms that some line or fixed value needs, and the groups and lists they lie in."""
    needed: set[str] = set()
    for term in (*(term for line in flat.lines for term in line.terms), *(one.name for one in flat.fixed)):
        names = term.split(".")
        needed.update(".".join(names[:length]) for length in range(1, len(names) + 1))
    return (term for term in flat.terms if term.name in needed)


def _tables(flat: Flat) -> Iterator[Written]:
    one_to_one = [word for word in flat.words if word.answer is None]
    further = [word for word in flat.words if word.answer is not None]
    for section, words in (("codes", one_to_one), ("many_to_one", further)):
        if not words:
            continue
        yield f"{section}:", None
        for table, entries in groupby(words, key=lambda word: word.table):
            yield f"  {table}:", None
            answers: dict[str, None] = {}
            for word in entries:
                yield f"    {quoted(word.word)}: {quoted(word.code)}", word.origin
                if word.answer:
                    answers[word.answer] = None
            if answers:
                yield f"    answer: {quoted(', '.join(answers))}", None


def _function(one: FlatFunction) -> str:
    if one.only is not None:
        return f"{one.function}: [{', '.join(one.only)}]"
    return f"{one.function}: {{without: [{', '.join(one.without)}]}}" if one.without else f"{one.function}: whole"


def _rule(rule: FlatRule) -> Iterator[str]:
    if rule.when:
        yield f"when: {_several(rule.when)}"
    if rule.every is not None:
        yield f"every: {rule.every}"
    yield f"need: {_several(rule.need)}"
    yield f"fr: {quoted(rule.french)}"
    yield f"en: {quoted(rule.english)}"


def _several(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return quoted(texts[0])
    return f"[{', '.join(json.dumps(text, ensure_ascii=False) for text in texts)}]"
