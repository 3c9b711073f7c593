"""Does every code that the program can show have a long text of its own, in both languages, that helps?"""

from __future__ import annotations

import re
import shlex
from functools import cache

import click
import pytest

from gateway.cli.ask import _catalogued
from gateway.cli.commands import program_of
from gateway.mapping.document import SECTIONS, parse_mapping
from gateway.texts import Language, explanation
from tests.unit.test_texts_catalogues import CODE, entries, used_codes

LONGEST = 900
"""Characters: what still stands on one screen of a terminal beside its translation."""

QUOTED = re.compile(r"[“«] ?((?:edi|edi-send|edi-receive|edi-sync)(?: [^”»]*)?)[”»]")


@cache
def told(language: str) -> dict[str, str]:
    """Every code of the catalogue with its long text."""
    return {key: explanation(key, Language(language)) for key in entries(language) if CODE.fullmatch(key)}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_code_is_explained_on_its_own(language: str) -> None:
    assert sorted(used_codes() - told(language).keys()) == []
    assert [code for code, text in told(language).items() if not 30 < len(text) < LONGEST] == []
    assert len(set(told(language).values())) == len(told(language))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_explanation_says_more_than_sentence_and_hint(language: str) -> None:
    known = entries(language)
    assert [code for code, text in told(language).items()
            if known[code].msgstr and text.startswith((known[code].msgstr, known[f"{code}.hint"].msgstr))] == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_command_that_an_explanation_quotes_can_be_typed(language: str) -> None:
    quoted = {line.strip(): code for code, text in told(language).items() for line in QUOTED.findall(text)}
    assert len(quoted) > 100
    assert {line: (code, wrong) for line, code in quoted.items() if (wrong := misused(line))} == {}


def test_what_cannot_be_typed_would_be_noticed() -> None:
    assert [misused(line) for line in (
        "edi show", "edi show X --raw edi", "edi-send", "edi shows X", "edi show X --raw", "edi show X Y",
        "edi partner pack -o for-togo.tar")] == [
        "", "", "", "shows", "BadOptionUsage", "Y", "name_fr name_en"]


def misused(line: str) -> str:
    """What keeps a quoted command line from being taken, "" when nothing does. A name alone speaks of the command."""
    program, *words = shlex.split(line)
    command = program_of(program)
    context = click.Context(command)
    while isinstance(command, click.Group) and words:
        name = words.pop(0)
        inner = command.get_command(context, name)
        if inner is None:
            return name
        command, context = inner, click.Context(inner, parent=context)
    if not words:
        return ""
    try:
        given, left, _ = command.make_parser(context).parse_args(words)
    except click.ClickException as error:
        return type(error).__name__
    return " ".join(left or [str(one.name) for one in command.params
                             if one.required and not isinstance(given.get(str(one.name)), str | tuple)])


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_part_of_a_mapping_that_an_explanation_quotes_is_right(language: str) -> None:
    """Nobody copies a line out of an explanation to find that the next code refuses it."""
    found = {text: code for code, words in told(language).items() if code[0] == "M" and code not in OF_DIALECTS
             for text in TEXT.findall(words) if "…" not in text and (LINE.fullmatch(text) or KEY.match(text))}
    assert len(found) > 40
    assert {text: code for text, code in found.items() if faults(text)} == {}


OF_DIALECTS = ("M471", "M481")
"""Their examples of codes are those of a dialect: ours to several of theirs."""

TEXT = re.compile(r"[“«] ?(.+?) ?[”»]")
LINE = re.compile(r"(?P<label>(?!each|with|rest|when)[a-z_]+: )?(\? |(each|with|rest|when) .*: )?[A-Z]{3}\+.*'")
KEY = re.compile(rf"({'|'.join(sorted(SECTIONS))}): ")


def faults(text: str) -> list[str]:
    """The codes of what is wrong with a line of a mapping, or with a key and what stands behind it."""
    line = LINE.fullmatch(text)
    if line is not None:
        text = f"segments: |\n  {'' if line['label'] else 'label: '}{text}"
    own = KEY.match(text)
    head = [f'{key}: "1"' for key in ("format", "id") if own is None or own[1] != key]
    return [finding.code for finding in parse_mapping("\n".join([*head, text, ""]).encode(), "explained.yaml")[1]]


def test_both_languages_explain_alike() -> None:
    """The same commands in both: they are not translated, their arguments may be."""
    for code in used_codes():
        said = _catalogued(code)
        assert set(said["fr"]) == set(said["en"]) == {"sentence", "hint", "explain"}
        assert said["fr"]["explain"] != said["en"]["explain"]
        assert programs(said["fr"]["explain"]) == programs(said["en"]["explain"]), code


def programs(text: str) -> list[list[str]]:
    """The commands that a text quotes, with their options and without what is given to them."""
    return sorted([word for word in shlex.split(line) if re.match(r"edi|-|[a-z]+$", word)][:3]
                  for line in QUOTED.findall(text))
