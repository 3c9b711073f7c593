"""Pages that are made from what the program itself holds: how they are written, and how they are found stale."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.texts import Language

DOCS = Path(__file__).parents[2] / "gateway" / "docs"


def head(language: Language, other: str, title: str) -> list[str]:
    """The first lines of a page.

    other  the page in the other language, from this one
    """
    label = "In English" if language is Language.FRENCH else "En français"
    return [f"[{label}]({other})", "", f"# {title}", ""]


def cell(text: str) -> str:
    """A text in a cell of a table: one line, and no bar of its own."""
    return " ".join(text.split()).replace("|", "\\|")


def run(pages: Mapping[Language, Path], page: Callable[[Language], str]) -> int:
    """Write the pages, or with --check tell the stale ones; the exit status."""
    stale = [path for language, path in pages.items() if not path.exists() or path.read_text("utf-8") != page(language)]
    if "--check" in sys.argv:
        for path in stale:
            print("stale:", path)
        return 1 if stale else 0
    for language, path in pages.items():
        path.write_text(page(language), "utf-8")
    return 0
