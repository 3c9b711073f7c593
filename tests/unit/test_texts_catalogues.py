"""Are both catalogues complete, alike, compiled from their sources, and free of what nobody says?"""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from pathlib import Path

import polib
import pytest

from tests.tools import catalogues

ROOT = Path(__file__).parents[2]
LANGUAGES = ("fr", "en")
CODE = re.compile(r"(?:[A-Z]\d{3}|COR0\d{3}|E_[A-Z0-9_]+)")
PARTS = ("hint", "explain")
FRAMEWORK = "framework.po"
ELSEWHERE = re.compile(r"config\.[A-Z]\w+")
"""Titles of models, which the schema composes with a prefix that is a value."""


@cache
def entries(language: str) -> dict[str, polib.POEntry]:
    """Everything in the sources of a language."""
    return {entry.msgid: entry for entry in catalogues.merged(language)}


@cache
def sources() -> dict[Path, ast.Module]:
    """Every module of the product."""
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "gateway").rglob("*.py"))
            if "migrations" not in path.parts}


@cache
def literals() -> frozenset[str]:
    """Every text constant of the product, docstrings left out."""
    found = set()
    for tree in sources().values():
        docs = {id(node.body[0].value) for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body
                and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)}
        found |= {node.value for node in ast.walk(tree)
                  if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs}
    return frozenset(found)


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """Keys that are composed: f"status.{name}" fits all of that form; a text that begins with a value fits nothing."""
    found = set()
    for tree in sources().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[A-Za-z0-9_.-]+"
                               for part in node.values)
                if re.match(r"[a-z]+\\\.", text):
                    found.add(text)
    return tuple(re.compile(text) for text in sorted(found))


def used_codes() -> set[str]:
    """Every code that a module names: a constant that is nothing but a code."""
    return {text for text in literals() if CODE.fullmatch(text)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_what_its_sources_give(language: str) -> None:
    for domain, content in catalogues.compiled(language).items():
        assert catalogues.target(language, domain).read_bytes() == content, "run: python -m tests.tools.catalogues"


def test_both_languages_have_the_same_keys_in_the_same_files() -> None:
    names = {language: sorted(path.name for path in (catalogues.LOCALE / language).glob("*.po"))
             for language in LANGUAGES}
    assert names["fr"] == names["en"]
    for name in names["fr"]:
        french, english = ({entry.msgid for entry in polib.pofile(str(catalogues.LOCALE / language / name))}
                           for language in LANGUAGES)
        assert french ^ english == set(), name


def test_no_sentence_is_empty_fuzzy_or_the_same_in_both_languages_by_oversight() -> None:
    for language in LANGUAGES:
        hollow = [key for key, entry in entries(language).items() if entry.fuzzy or entry.obsolete
                  or not (entry.msgstr or all(entry.msgstr_plural.values()))]
        assert hollow == [], language
    same = [key for key, entry in entries("fr").items()
            if CODE.fullmatch(key.partition(".")[0]) and entry.msgstr == entries("en")[key].msgstr]
    assert same == []


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_ask_for_the_same_values() -> None:
    framework = {entry.msgid for entry in polib.pofile(str(catalogues.LOCALE / "fr" / FRAMEWORK))}
    differing = {}
    for key, french in entries("fr").items():
        english = entries("en")[key]
        said = [{*map(frozenset, map(placeholders, [entry.msgstr, *entry.msgstr_plural.values()]))}
                for entry in (french, english)]
        if key in framework:  # the framework gives what its own words ask for; French may ask for less
            given = placeholders(key) | placeholders(french.msgid_plural)
            if not all(names <= given for entry in said for names in entry):
                differing[key] = said
        elif said[0] != said[1]:
            differing[key] = said
    assert differing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence_and_says_what_to_do(language: str) -> None:
    known = entries(language)
    codes = used_codes()
    assert len(codes) > 200
    assert sorted(code for code in codes if code not in known) == []
    assert sorted(code for code in codes if f"{code}.hint" not in known) == []


def test_no_code_has_a_part_without_its_sentence() -> None:
    keys = entries("fr")
    assert [key for key in keys if key.rpartition(".")[2] in PARTS and CODE.fullmatch(key.partition(".")[0])
            and key.partition(".")[0] not in keys] == []


def test_no_sentence_is_left_that_nobody_says() -> None:
    framework = {entry.msgid for entry in polib.pofile(str(catalogues.LOCALE / "fr" / FRAMEWORK))}
    unused = []
    for key in entries("fr"):
        stem = key.rpartition(".")[0] if key.rpartition(".")[2] in PARTS and CODE.fullmatch(
            key.partition(".")[0]) else key
        if key in framework or stem in literals() or any(pattern.fullmatch(stem) for pattern in patterns()) \
                or ELSEWHERE.fullmatch(stem):
            continue
        unused.append(key)
    assert unused == []


def test_every_key_that_is_said_by_name_exists() -> None:
    missing = set()
    for path, tree in sources().items():
        ours = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
                and node.module in ("gateway.texts", "gateway.cli.context") for alias in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ours & {"t", "say"} \
                    and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str) \
                    and node.args[0].value not in entries("fr"):
                missing.add(f"{path.name}: {node.args[0].value}")
    assert missing == set()


def test_every_finding_made_in_one_place_gives_what_its_sentence_and_its_hint_ask_for() -> None:
    wanting = {}
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding"):
                continue
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            code, values = given.get("code"), given.get("values", ast.Dict(keys=[], values=[]))
            if not (isinstance(code, ast.Constant) and isinstance(values, ast.Dict)
                    and all(isinstance(key, ast.Constant) for key in values.keys)):
                continue
            name = str(code.value)
            names = {str(key.value) for key in values.keys if isinstance(key, ast.Constant)}
            for language in LANGUAGES:
                for key in (name, f"{name}.hint"):
                    lacking = placeholders(entries(language)[key].msgstr) - names
                    if lacking:
                        wanting[f"{path.name}:{node.lineno} {language} {key}"] = lacking
    assert wanting == {}
