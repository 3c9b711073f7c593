"""The French and English sentence for a code: the only place where sentences are made.

Catalogues are gettext: sources in ``gateway/locale/<language>/<package>.po`` (one per package, so that each package
owns its words), compiled together into ``gateway/locale/<language>/LC_MESSAGES/gateway.mo`` by
``python -m tests.tools.catalogues``; the long texts of codes go into ``explanations.mo`` beside it, which is read only
where one is asked for: every command reads the other. A message id is a code (``F013``), a code with a part
(``F013.hint``, ``F013.explain``), or a dotted name (``status.title``); the command framework's own English texts are
ids too.
"""

from __future__ import annotations

import enum
import gettext
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from gateway.findings import Finding, Place

_LOCALE = Path(__file__).parent / "locale"
_LINE_ENDS = re.compile("[\n-\r\x1c-\x1e\x85\u2028\u2029]")


class Language(enum.Enum):
    """The two languages of the gateway. French comes first."""

    FRENCH = "fr"
    ENGLISH = "en"


def choose(option: str | None, environment: Mapping[str, str], setting: str | None = None) -> Language:
    """Decide the language: option, EDI_LANG, setting, the locale where it says French or English, else French."""
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    for text in (option, environment.get("EDI_LANG"), setting, locale):
        prefix = (text or "").lower()[:2]
        if prefix in ("fr", "en"):
            return Language(prefix)
    return Language.FRENCH


@cache
def catalogue(language: Language) -> gettext.NullTranslations:
    """The compiled catalogue of a language."""
    return gettext.translation("gateway", os.fspath(_LOCALE), languages=[language.value])


@cache
def _explanations(language: Language) -> gettext.NullTranslations:
    return gettext.translation("explanations", os.fspath(_LOCALE), languages=[language.value])


def explanation(code: str, language: Language) -> str:
    """What happened, why it matters and what to do, at length: a few sentences on every code; "" for what is none."""
    key = f"{code}.explain"
    text = _explanations(language).gettext(key)
    return "" if text == key else text


def known(key: str, language: Language) -> bool:
    """Tell whether the catalogue has this key; of the explanations it knows nothing."""
    return catalogue(language).gettext(key) != key


def say(key: str, language: Language, /, **values: object) -> str:
    """The sentence for a key with its values filled in.

    A key without a sentence gives the key itself: a test keeps both catalogues complete, and a person who meets
    a hole still gets the code to look up. A value the sentence asks for and nobody gave shows as ``{name}``.
    """
    sentence = catalogue(language).gettext(key)
    return sentence.format_map(_Values(values)) if "{" in sentence else sentence


def count(key: str, number: int, language: Language, /, **values: object) -> str:
    """The sentence for a key that has plural forms, chosen by `number`, which also fills ``{n}``."""
    return catalogue(language).ngettext(key, key, number).format_map(_Values({**values, "n": number}))


def where(place: Place, language: Language) -> str:
    """The place in words: ``file:line:column`` first, then interchange, message, segment, element, component."""
    parts = []
    if place.file is not None:
        numbers = [str(number) for number in (place.line, place.column) if number is not None]
        parts.append(":".join([place.file, *numbers]))
    if place.locator:
        parts.append(place.locator)
    if place.path:
        parts.append(place.path)
    if place.interchange is not None:
        parts.append(say("place.interchange", language, reference=place.interchange))
    if place.group is not None:
        parts.append(say("place.group", language, reference=place.group))
    if place.message is not None:
        parts.append(say("place.message", language, reference=place.message))
    if place.occurrence is not None:
        parts.append(say("place.occurrence", language, number=place.occurrence))
    if place.segment is not None:
        key = "place.after_segment" if place.missing else "place.segment"
        parts.append(say(key, language, position=place.segment, tag=place.tag or "").strip())
    elif place.tag is not None:
        parts.append(place.tag)
    if place.element is not None:
        parts.append(say("place.element", language, position=place.element))
    if place.component is not None:
        parts.append(say("place.component", language, position=place.component))
    return ", ".join(parts)


def sentence(finding: Finding, language: Language) -> str:
    """One finding as one line, whatever its values hold: place, code, what happened."""
    place = where(finding.place, language)
    text = say(finding.code, language, **finding.values)
    line = f"{finding.code}: {text}" if text != finding.code else finding.code
    return _one_line(f"{place}: {line}" if place else line)


def hint(finding: Finding, language: Language) -> str | None:
    """What to do next, where the catalogue knows."""
    key = f"{finding.code}.hint"
    return _one_line(say(key, language, **finding.values)) if known(key, language) else None


def _one_line(text: str) -> str:
    """Foreign values must not begin a line of their own: it could pass for a finding, or for a line of a log."""
    return _LINE_ENDS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class _Values(dict[str, object]):
    """Values for a sentence; a missing one shows its own name instead of raising."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
