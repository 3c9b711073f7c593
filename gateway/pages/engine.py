"""Templates to HTML. Everything is escaped; a name that nobody gave is an error, not an empty place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.texts import Language, known, say

FOLDER = Path(__file__).parent
_FRENCH_BLANK = re.compile(r"(?<=«) | (?=[»;:!?])")
"""Where French has a blank at which no line may end."""


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True)


class Words(Protocol):
    """What a template says by ``t("title")``, ``t("each", term=…)``."""

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence for a key of the page."""


def render(template: str, language: Language, t: Words, **values: object) -> str:
    """A page.

    t       its words
    values  what the template shows
    """
    style = (FOLDER / "style.css").read_text("utf-8")
    return _environment().get_template(template).render(
        t=t, term=lambda name: term(name, language), lang=language.value, style=style, **values)


def printed(text: str, language: Language) -> str:
    """A sentence as it is printed: in French no line ends before a colon or inside the marks of a quotation."""
    return _FRENCH_BLANK.sub("\N{NO-BREAK SPACE}", text) if language is Language.FRENCH else text


def term(name: str, language: Language) -> str:
    """A term of the record in words: ``office_of_departure.code`` is *bureau de départ › code*."""
    return " › ".join(say(f"term.{part}", language) if known(f"term.{part}", language) else part
                      for part in name.split("."))
