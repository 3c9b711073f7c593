"""A mapping with its inheritance resolved, as data: every line, term, word and rule with the place it was written at.

What `edi map show` prints, the guide renders and `edi map diff` compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.mapping.document import FunctionRule, Named, Rule, Test
from gateway.mapping.inherit import Definition, Folders, resolve
from gateway.mapping.notation import Line, Origin
from gateway.mapping.scopes import find, opened
from gateway.mapping.term_types import TermType


class FlatLine(Struct, frozen=True, kw_only=True):
    """One line of the layout.

    depth   how many lines it is nested in
    text    its prefixes and template as written, without the label
    terms   the terms of its prefix and holes, in full: ``items.gross_mass``; without those that only count
    """

    label: str
    depth: int
    text: str
    tag: str
    terms: tuple[str, ...]
    origin: Origin


class FlatTerm(Struct, frozen=True, kw_only=True):
    """One term of the record; `type` as written: ``an..35``, ``list(9)``."""

    name: str
    type: str
    origin: Origin


class FlatWord(Struct, frozen=True, kw_only=True):
    """One word of a code table.

    answer  None for a word that is one to one with its code; for a further word of a code (``many_to_one``) the word
            that is read
    """

    table: str
    word: str
    code: str
    answer: str | None
    origin: Origin


class FlatRule(Struct, frozen=True, kw_only=True):
    """One ``require`` rule; `when`, `every` and `need` as written."""

    code: str
    when: tuple[str, ...]
    every: str | None
    need: tuple[str, ...]
    french: str
    english: str
    origin: Origin


class FlatFunction(Struct, frozen=True, kw_only=True):
    """What one message function carries: all lines when `only` is None, but never those of `without`."""

    function: str
    only: tuple[str, ...] | None
    without: tuple[str, ...]
    origin: Origin


class FlatText(Struct, frozen=True, kw_only=True):
    """A name with one text: a fixed term and its value, an extra and its type, a removed name and the reason."""

    name: str
    text: str
    origin: Origin


class Flat(Struct, frozen=True, kw_only=True):
    """One mapping, flat. Everything stands in the order in which it takes effect.

    title     its name in French and in English, both "" where it has none
    message   ``CUSDEC:D:96B:UN:COR10``
    files     the files it is made of as findings call them, its own first, the outermost base last
    base      it only serves to inherit from
    unmapped  what becomes of content without a line: ``refuse`` or ``keep``
    removed   what a level left out, and why
    """

    identifier: str
    version: str
    title: tuple[str, str]
    digest: str
    message: str
    files: tuple[str, ...]
    base: bool
    unmapped: str
    lines: tuple[FlatLine, ...]
    terms: tuple[FlatTerm, ...]
    words: tuple[FlatWord, ...]
    rules: tuple[FlatRule, ...]
    functions: tuple[FlatFunction, ...]
    fixed: tuple[FlatText, ...]
    events: tuple[str, ...]
    extras: tuple[FlatText, ...]
    removed: tuple[FlatText, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The code tables, in order."""
        return tuple(dict.fromkeys(word.table for word in self.words))


def flatten(identifier: str | Path, search: Sequence[Path]) -> Flat:
    """Resolve a mapping's inheritance.

    Raises LocalError: M006 when it is nowhere, else what cannot be read or resolved in one of its files. Whether the
    result is a sound mapping is not asked here: that is lint.
    """
    definition, findings = resolve(identifier, Folders(search))
    if findings:
        raise LocalError(*findings)
    return flat_of(definition)


def flat_of(definition: Definition) -> Flat:
    """A resolved mapping as data."""
    types = {term: typed.type for term, typed in definition.record.items()}
    title = definition.title
    return Flat(
        identifier=definition.identifier, version=definition.version, digest=definition.digest,
        title=(title.french, title.english) if title is not None else ("", ""), unmapped=definition.unmapped,
        message=str(definition.message), files=tuple(name for name, _ in reversed(definition.files)),
        base=definition.base,
        lines=tuple(_lines(definition.lines, 0, ("",), types)),
        terms=tuple(FlatTerm(name=name, type=str(typed.type), origin=typed.origin)
                    for name, typed in definition.record.items()),
        words=tuple(_words(definition)), rules=tuple(_rule(rule) for rule in definition.require.values()),
        functions=tuple(_function(name, rule) for name, rule in definition.functions.items()),
        fixed=_texts(definition.fixed), events=tuple(named.text for named in definition.events),
        extras=tuple(FlatText(name=name, text=str(typed.type), origin=typed.origin)
                     for name, typed in definition.extras.items()),
        removed=_texts(definition.removed))


def _lines(lines: Sequence[Line], depth: int, prefixes: tuple[str, ...],
           types: Mapping[str, TermType]) -> Iterator[FlatLine]:
    for line in lines:
        inner = opened(line, prefixes, types)
        terms: dict[str, None] = {}
        written = line.body.each or line.body.within
        holder = find(written, prefixes, types) if written else None
        if holder is not None:
            terms[holder.term] = None
        for hole in line.body.holes():
            found = find(hole.term, inner, types) if hole.kind == "term" else None
            if found is not None:
                terms[found.term] = None
        yield FlatLine(label=line.label, depth=depth, text=line.body.text, tag=line.body.tag, terms=tuple(terms),
                       origin=line.body.origin)
        yield from _lines(line.children, depth + 1, inner, types)


def _words(definition: Definition) -> Iterator[FlatWord]:
    for table, words in definition.codes.items():
        yield from (FlatWord(table=table, word=word, code=code.text, answer=None, origin=code.origin)
                    for word, code in words.items())
        further = definition.many_to_one.get(table)
        if further is not None:
            answers = {code.text: word for word, code in words.items()}
            yield from (FlatWord(table=table, word=word, code=code.text, answer=answers.get(code.text, ""),
                                 origin=code.origin) for word, code in further[0].items())


def _rule(rule: Rule) -> FlatRule:
    return FlatRule(code=rule.code, when=tuple(_test(test) for test in rule.when),
                    every=rule.every.text if rule.every is not None else None,
                    need=tuple(" or ".join(named.text for named in alternatives) for alternatives in rule.need),
                    french=rule.french, english=rule.english, origin=rule.origin)


def _test(test: Test) -> str:
    if test.absent:
        return f"no {test.term}"
    return f"{test.term} in {','.join(test.values)}" if test.values else test.term


def _function(name: str, rule: FunctionRule) -> FlatFunction:
    return FlatFunction(function=name, only=None if rule.only is None else tuple(named.text for named in rule.only),
                        without=tuple(named.text for named in rule.without), origin=rule.origin)


def _texts(named: Mapping[str, Named]) -> tuple[FlatText, ...]:
    return tuple(FlatText(name=name, text=one.text, origin=one.origin) for name, one in named.items())
