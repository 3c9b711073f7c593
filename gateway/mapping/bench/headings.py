"""Which column of a dialect the heading of a national file means: by its words, by another dialect's, by likeness."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.errors import LocalError
from gateway.mapping.dialect_files import Folders, file_name, known_dialects
from gateway.mapping.dialect_formats import dated
from gateway.mapping.dialect_source import Source
from gateway.mapping.offices import folded

_STOP = {"de", "du", "des", "la", "le", "les", "l", "d", "of", "the", "et"}
_SAME = {"numero": "n", "num": "n", "no": "n", "nr": "n", "nombre": "nb", "nbre": "nb", "nbr": "nb", "poids": "masse"}
_SPELLED = re.compile(r"\b\w(?: \w\b)+")
_NEAR = 0.8
_BEGINNING = 3
_NESTED = ("places", "one")


class Use(Struct, frozen=True):
    """What a dialect does with a column.

    term    the term it holds, with those of its list or group before it; "" where several share the cell
    format  its national format, with the pattern that the dialect gives it; "" for none
    alone   the place is an entry of its own, at the top of ``places``, so that an heir can replace it
    """

    term: str
    format: str
    alone: bool


class Shape(Struct, frozen=True):
    """A dialect of one CSV part, as far as headings go.

    columns  name -> headings, the first is the one written
    uses     name of a column -> what is done with it
    codes    code table -> national words, and what each means
    """

    identifier: str
    part: str
    columns: Mapping[str, Sequence[str]]
    uses: Mapping[str, Use]
    codes: Mapping[str, Mapping[str, str]]
    group: tuple[str, ...]


class Match(Struct, frozen=True):
    """A heading and the column it was taken for; `sure` when it is a heading of that column in so many words."""

    heading: str
    column: str
    sure: bool


def shapes(search: Sequence[Path]) -> list[Shape]:
    """Every dialect of declarations that is one CSV, as it stands in the folders; without those that cannot be read."""
    found = []
    for identifier in known_dialects(search):
        kept = Folders(search).find(file_name(identifier))
        try:
            source = Source(kept, Folders(search)) if kept is not None else None
        except LocalError:
            continue  # lint tells
        shape = _shape(identifier, source) if source is not None else None
        if shape is not None:
            found.append(shape)
    return found


def match(headings: Sequence[str], base: Shape, others: Sequence[Shape]) -> list[Match]:
    """The columns of the base that headings mean, each column once, in the order of the headings.

    A heading is looked for among those of the base, then among those that other dialects have for the same term and
    the names of the terms themselves, then among those that look alike.
    """
    own = {fold(heading): column for column, known in base.columns.items() for heading in known}
    by_term = {use.term: column for column, use in base.uses.items() if use.term}
    elsewhere = {fold(term.replace(".", " ").replace("_", " ")): column for term, column in by_term.items()}
    for other in others:
        for column, known in other.columns.items():
            use = other.uses.get(column)
            if use is not None and use.term in by_term:
                elsewhere.update((fold(heading), by_term[use.term]) for heading in known)
    made: dict[str, Match] = {}
    for vocabulary, sure in ((own, True), (elsewhere, False)):
        for heading in headings:
            column = vocabulary.get(fold(heading), "")
            if column and heading not in made and column not in {one.column for one in made.values()}:
                made[heading] = Match(heading, column, sure)
    for heading in headings:
        if heading in made:
            continue
        taken = {one.column for one in made.values()}
        left = {known: column for known, column in {**elsewhere, **own}.items() if column not in taken}
        words = fold(heading)
        near = [known for known in left if shortened(words, known)] or _within(words, left) or \
            difflib.get_close_matches(words, left, 1, _NEAR)
        if near:
            made[heading] = Match(heading, left[near[0]], False)
    return [made[heading] for heading in headings if heading in made]


def fold(heading: str) -> str:
    """The words of a heading that tell something: no accents, case, signs, articles; one word for number."""
    joined = _SPELLED.sub(lambda found: found[0].replace(" ", ""), folded(heading.replace("_", " ")))  # s h: sh
    words = [_SAME.get(word, word) for word in joined.split()]
    return " ".join(word for word in words if word not in _STOP)


def shortened(one: str, other: str) -> bool:
    """Tell whether two headings are word by word the same, or one the beginning of the other (``dest``)."""
    words, others = one.split(), other.split()
    return len(words) == len(others) and all(
        word == held or (min(len(word), len(held)) >= _BEGINNING and (word.startswith(held) or held.startswith(word)))
        for word, held in zip(words, others, strict=True))


def _within(words: str, left: Mapping[str, str]) -> list[str]:
    """The longest known heading whose words all stand in this one (``MRN`` in ``NUMERO MRN``), if of one column."""
    held = set(words.split())
    found = [known for known in left if len(known) >= _BEGINNING and set(known.split()) <= held]
    longest = [known for known in found if len(known) == max(map(len, found))]
    return longest if len({left[known] for known in longest}) == 1 else []


def _shape(identifier: str, source: Source) -> Shape | None:
    root = source.root
    parts = root.get("parts")
    if not isinstance(parts, MappingNode) or len(parts.items) != 1 or _text(root.get("record")) != "declaration":
        return None
    name, part = parts.items[0]
    if not isinstance(part, MappingNode) or _text(part.get("kind")) != "csv":
        return None
    columns = {key.text: _texts(value) for key, value in _entries(part.get("columns"))}
    uses: dict[str, Use] = {}
    dates = _text(root.get("dates"))
    for column, use in _uses(name.text, root.get("places"), ""):
        uses.setdefault(column, replace(use, format=f"{use.format} {dated(use.format, dates)}".rstrip()))
    codes = {table.text: {word: ours.text for ours, words in _entries(node) for word in _texts(words)}
             for table, node in _entries(root.get("codes"))}
    return Shape(identifier, name.text, columns, uses, codes, tuple(_texts(part.get("group"))))


def _uses(part: str, places: Node | None, prefix: str) -> Iterator[tuple[str, Use]]:
    """Each column that places name, with its use."""
    for key, place in _entries(places):
        term = f"{prefix}{key.text}"
        if isinstance(place, TextNode):
            found = _cell(part, place.text)
            if found is not None:
                yield found[0], Use(term, found[1], not prefix)
        elif isinstance(place, SequenceNode):
            yield from ((cell[0], Use(term, cell[1], False)) for item in _texts(place)
                        if (cell := _cell(part, item)) is not None)
        else:
            for nested in _NESTED:
                yield from _uses(part, place.get(nested), f"{term}.")
            found = _cell(part, _text(place.get("list")))
            if found is not None:
                yield found[0], Use(term, "", False)


def _cell(part: str, text: str) -> tuple[str, str] | None:
    """Column and format of ``decl accepted | moment dd/MM/yyyy``; None for another part's, or the lines themselves."""
    place, _, form = text.partition("|")
    words = place.split()
    return (words[1], form.strip()) if len(words) == 2 and words[0] == part else None


def _entries(node: Node | None) -> list[tuple[TextNode, Node]]:
    return node.items if isinstance(node, MappingNode) else []


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, TextNode) else ""


def _texts(node: Node | None) -> list[str]:
    if isinstance(node, SequenceNode):
        return [item.text for item in node.items if isinstance(item, TextNode)]
    return [node.text] if isinstance(node, TextNode) else []
