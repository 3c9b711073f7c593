"""The message implementation guideline of a corridor: one printable page, made from what the gateway itself runs.

Administrations and offices, then for each message its structure, segment tables, code tables, functions, rules, what
it leaves out and why, examples (the files by which the mapping is tested), changes since the version before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from gateway.edifact.directory import Directory, directory_of
from gateway.mapping.bench.flatten import Flat, FlatFunction, FlatWord, flat_of
from gateway.mapping.corridors import Corridor
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.offices import OfficeEntry
from gateway.pages.changes import Change, changes
from gateway.pages.engine import printed, render
from gateway.pages.layout import SegmentTable, segment_tables
from gateway.texts import Language, say

LONG = 120
"""Segments above which an example is only named."""


class Example(Struct, frozen=True, kw_only=True):
    """One sample of a message.

    file    where it lies, for people
    text    its messages, one segment a line
    rules   the rules it breaks
    made    made from the mapping, to reach its limits: printed only where nothing else is
    """

    name: str
    file: str
    text: str
    rules: tuple[str, ...] = ()
    made: bool = False

    @property
    def segments(self) -> int:
        """How many segments it has."""
        return self.text.count("\n")


class GuideMessage(Struct, frozen=True, kw_only=True):
    """One message of the corridor.

    previous  the version that was in use before; None when there was none
    """

    mapping: MessageMapping
    examples: Sequence[Example] = ()
    previous: Flat | None = None


class _CodeRow(Struct, frozen=True, kw_only=True):
    word: str
    code: str
    meaning: str
    answer: str | None


class _Chapter(Struct, frozen=True, kw_only=True):
    """What the template shows of one message."""

    anchor: str
    title: str
    mapping: MessageMapping
    flat: Flat
    tables: list[SegmentTable]
    codes: list[tuple[str, list[_CodeRow]]]
    functions: tuple[FlatFunction, ...]
    examples: Sequence[Example]
    named: Sequence[Example]
    previous: str | None
    changes: list[Change]


def guide(corridor: Corridor, messages: Sequence[GuideMessage], offices: Iterable[OfficeEntry],
          language: Language) -> str:
    """The page, whole: one HTML document with its style in it, no script, nothing to fetch.

    messages  in the order of the guide
    offices   those of the list; the administrations of the corridor choose theirs
    """
    chapters = [_chapter(one, language) for one in messages]
    return _rendered(corridor, chapters, chapters, offices, language, only=None, at=lambda anchor: f"#{anchor}",
                     home="")


def guide_pages(corridor: Corridor, messages: Sequence[GuideMessage], offices: Iterable[OfficeEntry],
                language: Language, address: Callable[[str], str], home: str,
                theme: str = "system") -> Iterator[tuple[str, str]]:
    """The same as several light pages: what is said of the corridor under "", each message under its anchor.

    address  of a page of the guide, by "" or the anchor of a message, as the other pages link to it
    home     the address of the index that leads here
    theme    system, light or dark
    """
    held = tuple(offices)
    chapters = [_chapter(one, language) for one in messages]
    yield "", _rendered(corridor, chapters, [], held, language, only=None, at=address, home=home, theme=theme)
    for chapter in chapters:
        yield chapter.anchor, _rendered(corridor, chapters, [chapter], held, language, only=chapter, at=address,
                                        home=home, theme=theme)


def _rendered(corridor: Corridor, chapters: Sequence[_Chapter], shown: Sequence[_Chapter],
              offices: Iterable[OfficeEntry], language: Language, *, only: _Chapter | None,
              at: Callable[[str], str], home: str, theme: str = "system") -> str:
    order = [member.gateway for member in corridor.administrations]
    own = sorted((one for one in offices if one.administration in order),
                 key=lambda one: (order.index(one.administration), one.code))
    invented = [one.invented for one in corridor.administrations] + [one.invented for one in own]

    def t(key: str, /, **values: object) -> str:
        return printed(say(f"guide.{key}", language, **values), language)

    return render("guide.html", language, t, theme=theme, corridor=corridor, name=corridor.name[language.value],
                  offices=own, chapters=chapters, shown=shown, only=only, at=at, home=home,
                  invented=any(invented) or corridor.invented != ())


def _chapter(message: GuideMessage, language: Language) -> _Chapter:
    mapping = message.mapping
    flat, tables = flat_of(mapping.definition), segment_tables(mapping)
    title = mapping.definition.title
    named = (title.french if language is Language.FRENCH else title.english) if title is not None else ""
    stories = [one for one in message.examples if not one.made] or message.examples
    printed_ones = [one for one in stories if one.segments <= LONG]
    return _Chapter(
        anchor=mapping.identifier.replace("/", "-"), title=named or mapping.identifier, mapping=mapping, flat=flat,
        tables=tables, codes=_codes(mapping, flat.words, tables), functions=flat.functions, examples=printed_ones,
        named=[one for one in message.examples if one not in printed_ones],
        previous=None if message.previous is None else message.previous.version,
        changes=[] if message.previous is None else changes(message.previous, flat))


def _codes(mapping: MessageMapping, words: Sequence[FlatWord],
           tables: Sequence[SegmentTable]) -> list[tuple[str, list[_CodeRow]]]:
    """The code tables that stand in the message, each word with the directory's name of its code."""
    directory = directory_of(mapping.message, "3")
    elements: dict[str, str] = {}
    for segment in tables:
        for row in segment.rows:
            for table in row.tables:
                elements.setdefault(table, "" if row.own else row.id)
    return [(table, [_CodeRow(word=one.word, code=one.code, answer=one.answer,
                              meaning=_meaning(directory, element, one.code))
                     for one in words if one.table == table])
            for table, element in elements.items()]


def _meaning(directory: Directory | None, element: str, code: str) -> str:
    return directory.codes(element).get(code, "") if directory is not None and element else ""
