"""Does completion answer what may follow, from the table and the files of one gateway, and never a message?"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.completing import Row, candidates, sources_of, table
from tests.tools.command import ROOT, command
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json

ROWS: dict[str, Row] = {
    "edi": {"inner": ["show", "map", "mirror"], "options": {"--version": "-"}, "arguments": []},
    "edi show": {"inner": [], "arguments": ["reference"],
                 "options": {"--raw": "=source,edi", "--json": "-", "--config": "file", "--partner": "partner"}},
    "edi map": {"inner": ["lint", "list"], "options": {"--help": "-"}, "arguments": []},
    "edi map lint": {"inner": [], "options": {"--fix": "-"}, "arguments": ["corridor", "file"]},
}


@pytest.mark.parametrize(("line", "words"), [
    ("edi ", ["show", "map", "mirror"]), ("edi m", ["map", "mirror"]), ("edi --v", ["--version"]), ("edi x", []),
    ("edi map ", ["lint", "list"]), ("edi map li", ["lint", "list"]), ("edi map lint ", ["tg-bf", "tg-ne"]),
    ("edi map lint tg-bf ", []), ("edi map lint --fix tg-n", ["tg-ne"]), ("edi show ", ["26TG1", "26TG2", "BF7"]),
    ("edi show 26", ["26TG1", "26TG2"]), ("edi show --raw ", ["source", "edi"]), ("edi show --raw e", ["edi"]),
    ("edi show --json 26TG2", ["26TG2"]), ("edi show --config ", []), ("edi show --partner B", ["BFDGD"]),
    ("edi show --partner BFDGD BF", ["BF7"]), ("edi show --", ["--raw", "--json", "--config", "--partner"]),
    ("edi no ", []), ("other ", []), ("edi map lint x y z", [])])
def test_what_may_follow_a_line(line: str, words: list[str]) -> None:
    sources = {"reference": lambda: ["26TG1", "26TG2", "BF7"], "partner": lambda: ["BFDGD"],
               "corridor": lambda: ["tg-bf", "tg-ne"]}
    assert candidates(ROWS, line.split(" "), sources) == words


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office that has sent sixty declarations."""
    togo, _ = offices(tmp_path_factory.mktemp("completion"))
    togo.drop("declarations", {f"{number}.json": declaration_json(f"N{number}") for number in range(60)})
    assert togo.run("edi-send").exit == 0
    return togo


def asked(office: Office, *words: str) -> list[str]:
    told = command("completion", "words", "--", *words, environment={"EDI_CONFIG": str(office.settings)})
    assert (told.exit, told.err) == (0, "")
    return told.out.splitlines()


def test_the_words_of_a_gateway_come_from_its_ledger_and_its_folders(togo: Office) -> None:
    movements = asked(togo, "edi", "show", "26TG")
    assert len(movements) == 50
    assert set(movements) < set(togo.movements())
    assert asked(togo, "edi", "resend", "TG00000000") == [line["reference"] for line in togo.interchanges("out")][::-1]
    assert asked(togo, "edi-send", "--partner", "") == ["BFDGD"]
    assert {"tg-bf", "tg-ne"} <= set(asked(togo, "edi", "map", "guide", "tg-"))
    assert asked(togo, "/usr/local/bin/edi", "audit", "") == ["export", "verify"]


@pytest.mark.parametrize("settings", ["no/settings.yaml", "torn.yaml", "."])
def test_completion_is_silent_whatever_is_amiss(settings: str, tmp_path: Path) -> None:
    (tmp_path / "torn.yaml").write_bytes(b"paths:\n  partners: [\xff\nledger: sqlite:////dev/null\n: :\n- x")
    told = command("completion", "words", "--", "edi", "show", "--config", str(tmp_path / settings), "")
    assert (told.exit, told.out, told.err) == (0, "", "")
    assert command("completion", "words", "--", "edi", "aud", environment={
        "EDI_CONFIG": str(tmp_path / settings)}).out == "audit\n"


def test_settings_are_only_looked_at(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "BFDGD.yaml").touch()
    settings = tmp_path / "settings.yaml"
    settings.write_text("# comment\npaths:\n  # more\n  partners: two  # where\n  mappings: [a, \"b\"]\nledger: x\n",
                        "utf-8")
    (tmp_path / "b" / "corridors" / "gh-bf").mkdir(parents=True)
    (tmp_path / "b" / "corridors" / "gh-bf" / "corridor.yaml").touch()
    found = sources_of(settings)
    assert list(found["partner"]()) == ["BFDGD"]
    assert "gh-bf" in found["corridor"]()
    assert list(found["reference"]()) == []


def test_the_table_knows_every_command_with_what_its_arguments_are() -> None:
    rows = table()
    assert rows["edi show"]["arguments"] == ["reference"]
    assert rows["edi partner test"]["arguments"] == ["partner"]
    assert rows["edi"]["options"]["--version"] == "-"
    assert all(f"{line} {name}" in rows for line, row in rows.items() for name in row["inner"])


_PROBE = """
import contextlib, io, json, sys
from gateway.cli.entry import run
with contextlib.redirect_stdout(io.StringIO()) as told:
    status = run("edi", sys.argv[1:])
print(json.dumps([status, told.getvalue().split(), sorted(sys.modules)]))
"""


def test_an_answer_imports_no_library_but_that_of_the_command_line(togo: Office) -> None:
    done = subprocess.run([sys.executable, "-c", _PROBE, "completion", "words", "--", "edi", "show", "26TG"], cwd=ROOT,
                          env={"PATH": "", "EDI_CONFIG": str(togo.settings)}, capture_output=True, check=True)
    status, words, modules = json.loads(done.stdout)
    assert (status, len(words)) == (0, 50)
    roots = {name.partition(".")[0] for name in modules}
    assert roots & {"paramiko", "sqlalchemy", "alembic", "rich", "jinja2", "lxml", "cryptography", "pydantic", "yaml",
                    "pydifact", "filelock", "starlette", "prometheus_client"} == set()


def test_the_script_for_bash_completes_in_a_real_bash(togo: Office, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    program = tmp_path / "edi"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -m gateway.cli \"$@\"\n", "utf-8")
    program.chmod(0o755)
    (tmp_path / "script").write_text(command("completion", "bash").out, "utf-8")
    typed = ('. ./script; COMP_WORDS=(edi show 26TG); COMP_CWORD=2; _edi_complete; echo "${#COMPREPLY[@]}"; '
             'COMP_WORDS=(edi map gui); COMP_CWORD=2; _edi_complete; echo "${COMPREPLY[@]}"; complete -p edi-send')
    done = subprocess.run([bash, "--norc", "-c", typed], cwd=tmp_path, capture_output=True, text=True, check=True, env={
        "PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "EDI_CONFIG": str(togo.settings)})
    assert done.stdout.splitlines() == ["50", "guide", "complete -o default -F _edi_complete edi-send"]
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_only_asks_us_and_names_every_program(shell: str) -> None:
    told = command("completion", shell)
    assert (told.exit, told.err) == (0, "")
    assert "edi completion words -- " in told.out
    assert "edi edi-send edi-receive edi-sync" in told.out
    if shutil.which(shell):  # where the shell is there, it reads the script
        reading = ["--no-execute"] if shell == "fish" else ["-n"]
        done = subprocess.run([shell, *reading], input=told.out, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_one_shell_at_a_time() -> None:
    told = command("completion", "bash", "zsh")
    assert (told.exit, told.out) == (2, "")
