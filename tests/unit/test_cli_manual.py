"""Do the manual pages, the reference and the examples say what the commands are, in both languages?"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from gateway.cli.commands import PROGRAMS, program_of
from gateway.cli.roff import head, lines, section, terms
from gateway.exchange.summary import Exit
from tests.tools import command_reference
from tests.tools.command import command
from tests.tools.outputs import checked

LANGUAGES = ("fr", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_is_what_the_commands_give(language: str) -> None:
    assert command_reference.PAGES[language].read_text("utf-8") == command_reference.page(language), \
        "run: python -m tests.tools.command_reference"


def test_the_table_of_completion_is_what_the_commands_give() -> None:
    assert command_reference.TABLE.read_text("utf-8") == command_reference.table(), \
        "run: python -m tests.tools.command_reference"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_a_text_for_each_option_and_two_examples(language: str) -> None:
    told = command_reference.described(language)["commands"]
    assert len(told) > 90
    bare = [f"{one['line']} {option['names']}" for one in told for option in one["options"] if not option["text"]]
    assert bare == []
    few = [one["line"] for one in told if one["line"] != "edi" and len(one["examples"]) < 2]
    assert few == []


def parsed(line: str) -> str:
    """What is wrong with an example, "" when the command's own parser takes it; files need not exist."""
    words = shlex.split(re.split(r" [>|] ", line)[0])
    found = program_of(words[0])
    names = [words.pop(0)]
    context = click.Context(found, info_name=names[0])
    while isinstance(found, click.Group) and words:
        inner = found.get_command(context, words[0])
        if inner is None:
            break
        found, context = inner, click.Context(inner, info_name=words[0], parent=context)
        names.append(words.pop(0))
    try:
        if isinstance(found, click.Group):
            return "" if not words and names[-1] == "quarantine" else f"{line}: no command"
        found.make_context(names[-1], words)
    except click.BadParameter as error:
        return "" if error.param is not None and isinstance(error.param.type, click.Path) else f"{line}: {error}"
    except click.ClickException as error:
        return f"{line}: {error.format_message()}"
    return ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_is_a_line_of_its_command_that_parses(language: str) -> None:
    bad = []
    for one in command_reference.described(language)["commands"]:
        for example in one["examples"]:
            if not example.startswith(one["line"]):
                bad.append(f"{one['line']}: {example}")
            elif parsed(example):
                bad.append(parsed(example))
    assert bad == []


def test_an_example_that_does_not_parse_would_be_noticed() -> None:
    assert [bool(parsed(line)) for line in ("edi status", "edi statut", "edi status --al", "edi show",
                                            "edi link withdraw x --partner B --reason y", "edi inspect no.edi",
                                            "edi map")] == [False, True, True, True, True, False, True]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual in both languages."""
    out = tmp_path_factory.mktemp("manual")
    told = command("manual", "--out", out, "--json")
    assert (told.exit, told.err) == (0, "")
    assert checked("manual", told.out)[0]["pages"] == sorted(path.stem for path in (out / "man1").iterdir())
    return out


def test_each_command_and_program_has_a_page_in_both_languages_with_every_option_and_exit_status(pages: Path) -> None:
    for language, folder in (("en", pages / "man1"), ("fr", pages / "fr" / "man1")):
        told = command_reference.described(language)["commands"]
        assert {path.name for path in folder.iterdir()} == {
            "-".join(one["line"].split()[:2]) + ".1" for one in told}
        for one in told:
            text = (folder / ("-".join(one["line"].split()[:2]) + ".1")).read_text("utf-8").replace("\\-", "-")
            assert [option["names"] for option in one["options"] for name in option["names"]
                    if f"\\fB{name}\\fR" not in text] == []
            assert [example for example in one["examples"] if example.replace("\\", "\\e") not in text] == []
            assert [status for status in Exit if f"\\fB{int(status)}\\fR" not in text] == []
    assert {"edi.1", *(f"{program}.1" for program in PROGRAMS)} <= {path.name for path in (pages / "man1").iterdir()}


def test_the_formatter_finds_no_fault_in_any_page(pages: Path) -> None:
    files = sorted(pages.rglob("*.1"))
    for path in files:
        written = path.read_text("utf-8").splitlines()
        assert written[0].startswith(".TH ")
        assert {line.split()[0] for line in written if line.startswith(".")} <= {
            ".TH", ".SH", ".SS", ".PP", ".TP", ".nf", ".fi", ".RS", ".RE"}
    if shutil.which("groff"):  # beside it what stands above holds
        done = subprocess.run(["groff", "-k", "-Tutf8", "-man", "-ww", "-z", *map(str, files)], capture_output=True,
                              text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_the_formatter_would_take_for_its_own_is_escaped() -> None:
    assert section("N", "a") == [".SH N", "a"]
    assert terms([("\\fBx\\fR", ".b\n'c \\d -e")]) == [".TP", "\\fBx\\fR", "\\&.b\n\\&'c \\ed \\-e"]
    assert lines([".x"]) == [".PP", ".nf", ".RS 2", "\\&.x", ".RE", ".fi"]
    assert head("edi-x", 'a "b"', "t") == '.TH "EDI-X" "1" "" "a \\(dqb\\(dq" "t"'


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    told = command("manual", "--out", tmp_path / "file" / "man")
    assert (told.exit, told.out, told.err.partition(":")[0]) == (1, "", "C040")


@pytest.mark.parametrize(("language", "word"), [("fr", "Exemples :"), ("en", "Examples:")])
def test_the_help_of_a_command_ends_in_its_examples(language: str, word: str) -> None:
    told = command("map", "lint", "--help", lang=language).out.splitlines()
    assert [line.strip() for line in told[-3:]] == [word, "edi map lint", "edi map lint tg-bf --fix"]
