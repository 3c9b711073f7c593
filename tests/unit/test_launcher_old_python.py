"""What does the first command of the README say on a computer whose Python is old, cut down or bare?"""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gateway.launcher import steps
from gateway.launcher.words import Options

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gateway"
OLD = [PACKAGE / "__init__.py", PACKAGE / "__main__.py", PACKAGE / "launcher" / "__init__.py",
       PACKAGE / "launcher" / "words.py", PACKAGE / "launcher" / "steps.py"]
"""The files that run before the version of Python is known to do."""


@pytest.mark.parametrize("path", OLD, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_runs_before_the_version_check_parses_on_old_pythons(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 7))
    assert text.startswith("# -*- coding: utf-8 -*-\n")
    assert [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"] == []
    evaluated = [note for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                 for note in [node.returns, *(each.annotation for each in (*node.args.args, node.args.vararg,
                                                                           node.args.kwarg) if each)]
                 if isinstance(note, ast.BinOp | ast.Subscript)]
    assert evaluated == [], "`str | None` and `list[str]` are evaluated, and fail, on old Pythons: quote them"


@pytest.mark.parametrize("path", [PACKAGE / "__main__.py", *sorted((PACKAGE / "launcher").glob("*.py"))],
                         ids=lambda path: path.stem)
def test_the_launcher_needs_nothing_but_the_standard_library(path: Path) -> None:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names
               and name != "gateway.launcher" and not name.startswith("gateway.launcher.")}
    assert foreign == set()


@pytest.mark.parametrize("way", [["-m", "gateway"], ["gateway"]], ids=["python3 -m gateway", "python3 gateway"])
def test_a_bare_interpreter_with_an_empty_environment_shows_the_help(way: list[str]) -> None:
    done = subprocess.run([sys.executable, "-S", "-B", *way, "--help"], cwd=ROOT, env={}, capture_output=True,
                          text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage : python3 -m gateway VERBE")


def old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.delenv(steps.INSIDE, raising=False)
    monkeypatch.setenv("EDI_LANG", "fr")


def test_an_old_python_without_a_newer_one_says_which_it_is_and_what_to_type(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old_python(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert steps.main(["demo"]) == 3
    assert capsys.readouterr().err == """\
La passerelle demande Python 3.11 ou plus récent ; ce « python3 » est le 3.9.2.
Aucun autre Python récent n'a été trouvé sur cet ordinateur.
  Debian 12 ou plus, Ubuntu 24.04 ou plus : python3 convient tel quel.
  Red Hat, Alma, Rocky 8 et 9 : dnf install python3.12
  puis : python3.12 -m gateway demo
"""
    assert steps.main(["demo", "--lang", "en"]) == 3
    assert capsys.readouterr().err.startswith('The gateway needs Python 3.11 or newer; this "python3" is 3.9.2.\n')


def test_an_old_python_goes_on_with_the_newest_that_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    old_python(monkeypatch)
    for name, script in (("python3.13", "#!/bin/sh\nexit 127\n"), ("python3.12", "#!/bin/sh\nexit 0\n"),
                         ("python3.11", "#!/bin/sh\nexit 0\n")):
        (tmp_path / name).write_text(script, "utf-8")
        (tmp_path / name).chmod(0o755)
    became: list[list[str]] = []
    monkeypatch.setenv("PATH", str(tmp_path))

    def become(command: list[str], environ: dict[str, str]) -> int:
        became.append(command)
        return 0

    monkeypatch.setattr(steps, "replace", become)
    assert steps.main(["demo", "--dir", "x"]) == 0
    newer = str(tmp_path / "python3.12")
    assert became == [[newer, str(PACKAGE), "demo", "--dir", "x"]]
    assert capsys.readouterr().err == f"Ce « python3 » est le 3.9.2, trop ancien : la suite se fait avec {newer}.\n"


def test_a_python_without_its_database_or_its_encryption_is_named_incomplete(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    real = importlib.import_module

    def cut(name: str, package: str | None = None) -> ModuleType:
        if name in ("ssl", "sqlite3"):
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setenv("EDI_LANG", "en")
    monkeypatch.setattr(importlib, "import_module", cut)
    assert steps.main(["demo"]) == 3
    assert capsys.readouterr().err == ("This Python is incomplete, it lacks: ssl, sqlite3.\n"
                                       "  Debian, Ubuntu: apt install python3-full\n"
                                       "  then: python3 -m gateway demo\n")


def test_a_python_newer_than_the_tested_ones_goes_on_with_a_warning(monkeypatch: pytest.MonkeyPatch,
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 15, 0, "final", 0))
    steps.check_python(Options(["demo", "--lang", "en"], {}))
    assert capsys.readouterr().err == \
        "Python 3.15.0 is newer than the versions tested (up to 3.14): going on all the same.\n"


def test_a_package_that_cannot_be_loaded_is_our_defect_in_one_line(monkeypatch: pytest.MonkeyPatch,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "gateway.cli", None)
    monkeypatch.setenv(steps.INSIDE, "1")
    assert steps.main(["status", "--lang", "en"]) == 70
    assert capsys.readouterr().err.startswith("gateway.cli cannot be loaded: ")
    assert steps.INSIDE not in os.environ
