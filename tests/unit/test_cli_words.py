"""Does every command speak French and English, with no word of the framework left in English where it should not be?"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import polib
import pytest

from gateway.cli.keys import _COMMANDS as KEYS_COMMANDS
from gateway.cli.map import _COMMANDS as MAP_COMMANDS
from gateway.cli.partner import _COMMANDS as PARTNER_COMMANDS
from tests.tools.command import ROOT, command

SUBCOMMANDS = {"config": ("check", "show"), "keys": tuple(KEYS_COMMANDS), "partner": tuple(PARTNER_COMMANDS),
               "map": tuple(MAP_COMMANDS)}
PROGRAMS = ("edi-send", "edi-receive", "edi-sync")

_HELPS = """
import contextlib, io, json, sys
from gateway.cli.commands import _COMMANDS
from gateway.cli.entry import run
lines = [("edi", []), *(("edi", [name]) for name in _COMMANDS), *((name, []) for name in {programs!r}),
         *(("edi", [group, name]) for group, names in {groups!r}.items() for name in names)]
told = {{}}
for program, words in lines:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = run(program, [*words, "--help"])
    told[" ".join([program, *words])] = [status, out.getvalue()]
print(json.dumps(told))
"""


@pytest.fixture(scope="module", params=["fr", "en"])
def helps(request: pytest.FixtureRequest) -> tuple[str, dict[str, tuple[int, str]]]:
    """The help of every command in one language, made by one process."""
    done = subprocess.run([sys.executable, "-c", _HELPS.format(programs=PROGRAMS, groups=SUBCOMMANDS)], cwd=ROOT,
                          env={"EDI_LANG": request.param, "PATH": "", "PYTHONPATH": str(ROOT)}, capture_output=True,
                          check=True)
    return request.param, json.loads(done.stdout)


def test_every_command_has_a_help_of_its_own(helps: tuple[str, dict[str, tuple[int, str]]]) -> None:
    _, told = helps
    assert {status for status, _ in told.values()} == {0}
    assert len({text for _, text in told.values()}) == len(told)
    for line, (_, text) in told.items():
        assert f" {line} " in text.splitlines()[0] + " ", line
        assert not re.search(r"\bcli\.[a-z_.]+|\{[a-z_]+\}", text), line  # a key without a sentence


def test_no_english_word_is_left_in_a_french_help(helps: tuple[str, dict[str, tuple[int, str]]]) -> None:
    language, told = helps
    english = re.compile(r"Usage:|Options:|Commands:|Show this|Show the|default:|required|INTEGER|FLOAT|TEXT|RANGE|"
                         r"\bFILES?\b|FOLDER|DIRECTORY|COMMAND\b|\bARGS\b|\bPATH\b|\bDIR\b|env var")
    found = {line: english.findall(text.replace("REF PATH", "")) for line, (_, text) in told.items()}
    if language == "fr":
        assert {line: words for line, words in found.items() if words} == {}
    else:
        assert all("Usage:" in words for words in found.values())
        assert [line for line, (_, text) in told.items() if re.search(r"[àâçéèêëîïôûù]| pour les ", text)] == []


def test_every_option_is_explained_in_both_languages(helps: tuple[str, dict[str, tuple[int, str]]]) -> None:
    _, told = helps
    bare = {line: re.findall(r"^  (--?[a-z][^ \n]*(?: [A-Z|\[\]a-z-]+)?)(?:  \[[^\]]*\])?$(?!\n {6,})", text, re.M)
            for line, (_, text) in told.items()}
    assert {line: options for line, options in bare.items() if options} == {}


@pytest.mark.parametrize(("words", "french", "english"), [
    (["statu"], "La commande 'statu' n'existe pas.", "No such command 'statu'."),
    (["status", "--jsn"], "L'option '--jsn' n'existe pas. Vouliez-vous '--json' ?",
     "No such option '--jsn'. Did you mean '--json'?"),
    (["show"], "Il manque l'argument 'REF'.", "Missing argument 'REF'."),
    (["seal", "pyproject.toml", "--to", "X"], "Il manque l'option '-o' / '--output'.",
     "Missing option '-o' / '--output'."),
    (["show", "X", "--raw", "x"],
     "Valeur incorrecte pour '--raw' : 'x' n'est aucune de ces valeurs : 'source', 'edi', 'signed', 'sealed'.",
     "Invalid value for '--raw': 'x' is not one of 'source', 'edi', 'signed', 'sealed'."),
    (["open", "/nowhere.p7m", "-o", "x"], "Valeur incorrecte pour 'FICHIER' : Fichier '/nowhere.p7m' introuvable.",
     "Invalid value for 'FILE': File '/nowhere.p7m' does not exist."),
    (["open", "tests", "-o", "x"], "Valeur incorrecte pour 'FICHIER' : Fichier 'tests' est un dossier.",
     "Invalid value for 'FILE': File 'tests' is a directory."),
    (["status", "--config"], "L'option '--config' demande une valeur.", "Option '--config' requires an argument."),
    (["status", "--json=1"], "L'option '--json' ne prend pas de valeur.", "Option '--json' does not take a value."),
    (["status", "a"], "Argument en trop (a)", "Got unexpected extra argument (a)"),
    (["status", "a", "b"], "Arguments en trop (a b)", "Got unexpected extra arguments (a b)"),
    (["edi-send", "--limit", "x"], "Valeur incorrecte pour '--limit' : 'x' n'est pas un nombre valable.",
     "Invalid value for '--limit': 'x' is not a valid integer range."),
    (["edi-send", "--limit", "0"], "Valeur incorrecte pour '--limit' : 0 n'est pas dans l'intervalle x>=1.",
     "Invalid value for '--limit': 0 is not in the range x>=1."),
    (["seal", "pyproject.toml", "--to", "X", "-o", "y", "--previous", "zz"],
     "Valeur incorrecte pour '--previous' : 64 chiffres hexadécimaux sont attendus.",
     "Invalid value for '--previous': 64 hexadecimal digits are expected."),
])
def test_wrong_use_is_told_in_the_language_of_the_run(words: list[str], french: str, english: str) -> None:
    for language, error, sentence in (("fr", "Erreur", french), ("en", "Error", english)):
        told = command(*words, lang=language)
        assert (told.exit, told.out, told.err.splitlines()[-1]) == \
            (2, "", f"{error}{' ' if language == 'fr' else ''}: {sentence}")
        if len(told.err.splitlines()) > 1:  # the framework's parser knows of no command to help with
            assert told.err.splitlines()[1].startswith("Pour l'aide :" if language == "fr" else "Try '"), told.err


UNSEEN = {  # prompts, an editor, a pager, Windows, completion, and what only a programmer can meet
    "_termui_impl.py", "_winconsole.py", "termui.py", "shell_completion.py", "decorators.py", "utils.py"}
FOR_PROGRAMMERS = re.compile(
    r"DeprecationWarning|Could not determine name|No options defined|Arguments take exactly|defined twice|"
    r"Boolean option|Invalid start character|Choice\(|UUID")


def test_every_sentence_of_the_framework_that_can_be_met_stands_in_both_catalogues() -> None:
    wanted = set()
    for path in Path(click.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext") \
                    and isinstance(node.args[0], ast.Constant) and path.name not in UNSEEN \
                    and not FOR_PROGRAMMERS.search(str(node.args[0].value)):
                wanted.add(str(node.args[0].value))
    for language in ("fr", "en"):
        source = polib.pofile(str(ROOT / "gateway" / "locale" / language / "framework.po"))
        held = {entry.msgid for entry in source}
        assert wanted - held == set(), language
        assert all(entry.msgstr or len(entry.msgstr_plural) == 2 for entry in source)


def test_the_language_is_decided_by_option_then_environment_then_settings_then_locale_then_french(
        tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("# settings\nlanguage: en  # of the operators\n", "utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()

    def first(*words: str, lang: str | None, cwd: Path = tmp_path, **environment: str) -> str:
        return command("status", *words, "--x", lang=lang, cwd=cwd, environment=environment).err.split()[0]

    assert first("--lang", "en", lang="fr", cwd=empty) == "Usage:"
    assert first("--lang=fr", lang="en") == "Utilisation"
    assert first(lang="fr") == "Utilisation"
    assert first(lang=None) == "Usage:"
    assert first("--config", str(tmp_path / "settings.yaml"), lang=None, cwd=empty) == "Usage:"
    assert first(lang=None, cwd=empty, LC_ALL="en_GB.UTF-8") == "Usage:"
    assert first(lang=None, cwd=empty, LC_ALL="C") == "Utilisation"
