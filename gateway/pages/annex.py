"""The annex of an interchange agreement as a page to print, or as Markdown for a text that goes on being edited.

In one language, or in both: then every word stands in French first, with the English one behind it, so that two
administrations sign the same sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from gateway.pages.engine import printed, render
from gateway.pages.typography import Typography
from gateway.reports.annex import Annex, Cell, Lasting, Named, Said
from gateway.texts import Language, say


class _Shown(Struct, frozen=True):
    """One part in words. kinds: what the columns hold, as `AnnexPart` names it."""

    number: int
    title: str
    intro: str
    kinds: Sequence[str]
    columns: list[str]
    rows: list[list[str]]


def annex_page(annex: Annex, languages: Sequence[Language]) -> str:
    """The page, whole. The first of the languages is that of the page."""
    first = languages[0]

    def t(key: str, /, **values: object) -> str:
        return printed(_said(f"annex.{key}", languages, values), first)

    def word(cell: Cell) -> str:
        return printed(annex_word(cell, languages), first)

    return render("annex.html", first, t, foot=(" – ".join(annex.sides), annex.reference,
                  f"{annex.made:%Y-%m-%d}"), annex=annex, parts=_parts(annex, languages, word))


def annex_markdown(annex: Annex, languages: Sequence[Language]) -> str:
    """The same as Markdown: one heading and one table a part."""
    def t(key: str, **values: object) -> str:
        return _said(f"annex.{key}", languages, values)

    return "\n".join(_lines(annex, t, _parts(annex, languages, lambda cell: annex_word(cell, languages)))) + "\n"


def _lines(annex: Annex, t: Callable[..., str], parts: Sequence[_Shown]) -> Iterator[str]:
    one, other = annex.sides
    yield from (f"# {_plain(t('title', one=one, other=other))}", "", t(
        "intro", reference=annex.reference, day=f"{annex.made:%Y-%m-%d}", environment=annex.environment))
    for part in parts:
        yield from ("", f"## {part.number}. {_plain(part.title)}", "", part.intro, "", _row(part.columns),
                    "|" + "---|" * len(part.columns), *map(_row, part.rows))
    yield from ("", f"## {t('signatures')}", "", t("signatures.intro"), "", _row(annex.sides),
                "|---|---|", _row([t("signature"), t("signature")]))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _plain(text: str) -> str:
    """A text on one line, in which nothing of what a partner wrote becomes a mark."""
    line = " ".join(text.split())
    for sign in "\\`*_[]<>|#":
        line = line.replace(sign, f"\\{sign}")
    return line


def _parts(annex: Annex, languages: Sequence[Language], word: Callable[[Cell], str]) -> list[_Shown]:
    who = {"ours": annex.ours, "partner": annex.partner, "one": annex.sides[0], "other": annex.sides[1]}
    return [_Shown(number, word(Said(f"annex.{part.name}")), word(Said(f"annex.{part.name}.intro", who)),
                   part.columns, [word(Said(f"annex.column.{one}", who)) for one in part.columns],
                   [[word(cell) for cell in row] for row in part.rows]) for number, part in enumerate(annex.parts, 1)]


def annex_word(cell: Cell, languages: Sequence[Language]) -> str:
    """What stands in a table, in words."""
    if isinstance(cell, Lasting):
        return _joined([Typography(one).agreed(cell.time) for one in languages])
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Named):
        return _joined([cell.french if one is Language.FRENCH else cell.english for one in languages])
    return _said(cell.key, languages, cell.values)


def _said(key: str, languages: Sequence[Language], values: object) -> str:
    assert isinstance(values, dict)
    return _joined([say(key, one, **{name: annex_word(value, [one]) if isinstance(value, Lasting) else value
                                     for name, value in values.items()}) for one in languages])


def _joined(words: Sequence[str]) -> str:
    """What is the same in both languages stands once."""
    return " / ".join(dict.fromkeys(words))
