"""Does every command keep the contract of the command line: common options, JSON, rehearsals?"""

from __future__ import annotations

import ast
from typing import Any

import click
import pytest

from gateway.cli.commands import Lazy, load, program_of, reads
from tests.tools import command_reference
from tests.tools.command import command
from tests.tools.outputs import SCHEMAS

EVERYWHERE = {"--lang", "--no-color", "--no-input", "-v", "--verbose", "--help"}
UNREHEARSED = {
    "edi keys rotate": "makes a pair that counts for nobody yet",
    "edi keys crl": "keeps what was verified, or refuses it",
    "edi keys check": "reads, beside the files it is asked for",
    "edi carry out": "puts the same bytes once more, which count once",
    "edi carry in": "takes what counts once",
    "edi evidence": "makes a new folder",
    "edi audit export": "makes a new folder",
    "edi ledger copy": "makes a new file",
    "edi ledger objects": "makes a new folder",
    "edi partner pack": "makes a new file",
    "edi manual": "makes pages",
    "edi map export": "makes a workbook",
    "edi map guide": "makes a page",
    "edi map lint": "mends only with --fix, and names each mend",
    "edi map test": "writes only with --accept or --propose",
    "edi open": "makes a new file",
    "edi seal": "makes a new file",
    "edi reconcile": "asks the partner, and may be asked again",
    "edi inspect": "reads",
    "edi bench": "measures",
    "edi backup": "makes a new backup",
    "edi reader-check": "reads",
    "edi daemon": "does what the programs do, each of which can be rehearsed",
    "edi serve": "serves pages; each act in them asks once more",
    "edi simulate": "plays in a folder of its own",
}
"""Commands without a rehearsal, and why they need none: what they make is new, or done twice it is done once."""


def leaves() -> list[Any]:
    return [one for one in command_reference.described("en")["commands"] if not one["inner"]]


def options(one: Any) -> set[str]:
    return {name for option in one["options"] for name in option["names"]}


def test_every_command_takes_the_options_of_all() -> None:
    assert {one["line"]: EVERYWHERE - options(one) for one in leaves() if EVERYWHERE - options(one)} == {}


def test_every_output_for_programs_has_a_schema() -> None:
    lacking = []
    for one in leaves():
        words = one["line"].split()[1:] or ["run"]
        names = ("-".join(words), words[0])  # one of the command, or one of its whole group
        if "--json" in options(one) and not any((SCHEMAS / f"{name}.json").is_file() for name in names):
            lacking.append(one["line"])
    assert lacking == []


def test_every_schema_is_held_against_a_real_output() -> None:
    """By its name in a test that checks outputs, or by the two parts of it: ``f"map-{name}"``."""
    asked: set[str] = set()
    for path in (SCHEMAS.parents[2] / "tests").rglob("test_*.py"):
        text = path.read_text("utf-8")
        if "checked(" not in text and "validator(" not in text:
            continue
        nodes = list(ast.walk(ast.parse(text)))
        words = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        groups = {part.value for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values[:1]
                  if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.endswith("-")}
        asked |= words | {f"{group}{word}" for group in groups for word in words}
    assert sorted({path.stem for path in SCHEMAS.glob("*.json")} - asked) == []


def test_every_act_can_be_rehearsed_or_says_why_it_need_not() -> None:
    def acts(line: str) -> bool:
        program, *words = line.split()
        return program != "edi" or not reads("edi", words)

    lacking = [one["line"] for one in leaves() if acts(one["line"]) and "--dry-run" not in options(one)
               and one["line"] not in UNREHEARSED]
    assert lacking == []


def test_a_former_name_works_and_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = program_of("edi")
    assert isinstance(found, Lazy)
    renamed = Lazy("edi", {"codes": "codes"}, renamed={"lookup": "codes"})
    context = click.Context(renamed, info_name="edi")
    name, inner, rest = renamed.resolve_command(context, ["lookup", "1001"])
    assert (name, inner, rest) == ("codes", load("codes"), ["1001"])
    assert "edi lookup" in capsys.readouterr().err
    assert renamed.list_commands(context) == ["codes"]


@pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}, {}])
def test_no_line_ever_holds_a_control_character(settings: dict[str, str]) -> None:
    for words in (["--help"], ["explain", "F041"], ["codes", "1001", "929"], ["statu"]):
        told = command(*words, environment=settings)
        assert [sign for sign in told.out + told.err if sign < " " and sign != "\n"] == []
