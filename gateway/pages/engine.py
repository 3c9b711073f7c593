"""Templates to HTML. Everything is escaped; a name that nobody gave is an error, not an empty place."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.texts import Language, known, say

FOLDER = Path(__file__).parent
_QUOTED, _MARKED = re.compile(r"(?<=«) | (?=»)"), re.compile(r" (?=[;:!?])")
"""Where French has a blank at which no line may end: inside the marks of a quotation, and before high punctuation."""
_STYLES = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True)


class Words(Protocol):
    """What a template says by ``t("title")``, ``t("each", term=…)``."""

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence for a key of the page."""


class Live(Protocol):
    """What the engine asks of a site."""

    @property
    def live(self) -> bool:
        """Whether a server gives the page, to which its forms are sent."""

    @property
    def theme(self) -> str:
        """system, light or dark."""


def render(template: str, language: Language, t: Words, foot: Sequence[str] = (), theme: str = "system",
           **values: object) -> str:
    """A page.

    t       its words
    foot    what stands at the foot of each sheet of paper, before its number
    theme   system, light or dark
    values  what the template shows
    """
    return _render(template, language, t, [_style("style.css"), *([_foot(foot)] if foot else [])], live=False,
                   theme=theme, **values)


def render_site(template: str, language: Language, t: Words, foot: Sequence[str], *, site: Live,
                **values: object) -> str:
    """A page of the corridors. foot: what stands at the foot of each sheet of paper, before its number."""
    return _render(template, language, t, [_style("style.css"), _style("site.css"), _foot(foot)], live=site.live,
                   theme=site.theme, site=site, **values)


def _render(template: str, language: Language, t: Words, styles: Sequence[str], *, live: bool,
            **values: object) -> str:
    return _environment().get_template(template).render(
        t=t, term=lambda name: term(name, language), lang=language.value, styles=styles,
        screen=_style("screen.css"), policy=_policy([*styles, _style("screen.css")], live=live), iso=iso, **values)


@cache
def _style(name: str) -> str:
    """One of the style sheets: ``style.css`` of every page on every medium, ``screen.css`` of what only a screen has
    (themes, widths, focus), ``site.css`` of what only the pages of the corridors have."""
    return f"\n{(FOLDER / name).read_text('utf-8')}"


def _foot(foot: Sequence[str]) -> str:
    """The rule that writes a text on each printed sheet; whatever stands in it, it stays a text.

    The blank behind an escape ends it, and is no part of the text (CSS Syntax, 4.3.7).
    """
    text = "".join(one if one.isalnum() or one in " .-_/():+·" else f"\\{ord(one):06x} " for one in " · ".join(foot))
    return f'@page{{@bottom-left{{content:"{text}"}}}}'


def policy(page: str) -> str:
    """The ``Content-Security-Policy`` of a page that a server sends: its own styles by their hashes, images, forms."""
    return f"{_policy(_STYLES.findall(page), live=True)}; frame-ancestors 'none'"


def _policy(styles: Sequence[str], *, live: bool) -> str:
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in styles)
    forms = "'self'" if live else "'none'"
    return f"default-src 'none'; style-src {hashes}; base-uri 'none'; form-action {forms}" + (
        "; img-src 'self'" if live else "")


def printed(text: str, language: Language) -> str:
    """A sentence as it is printed: in French no line ends before a colon or inside the marks of a quotation."""
    if language is not Language.FRENCH:
        return text
    return _MARKED.sub("\N{NARROW NO-BREAK SPACE}", _QUOTED.sub("\N{NO-BREAK SPACE}", text))


def term(name: str, language: Language) -> str:
    """A term of the record in words: ``office_of_departure.code`` is *bureau de départ › code*."""
    return " › ".join(say(f"term.{part}", language) if known(f"term.{part}", language) else part
                      for part in name.split("."))


def iso(moment: date | datetime) -> str:
    """The machine's form: an instant in UTC ending in Z, a day as it is."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(moment, datetime) \
        else moment.isoformat()
