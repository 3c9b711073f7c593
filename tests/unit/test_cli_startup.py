"""Does each command load what it uses and no more? What it costs in time depends on the machine; this does not.

`edi bench startup` measures what follows from it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.command import ROOT
from tests.tools.offices import offices

HEAVY = {"paramiko", "sqlalchemy", "alembic", "lxml", "cryptography", "pydantic", "yaml", "pydifact", "filelock",
         "rich", "jinja2", "weasyprint", "starlette", "uvicorn", "argon2", "prometheus_client", "smtplib",
         "urllib.request", "importlib.metadata"}
OF_OTHERS = {"rich", "jinja2", "weasyprint", "alembic", "starlette", "uvicorn", "argon2", "prometheus_client",
             "xlsxwriter", "python_calamine", "psycopg", "pkcs11", "smtplib"}
"""What only other commands need than the runs and what people look at every day."""
OF_RUNS = {"paramiko", "lxml", "pydifact", "cryptography.x509", "cryptography.hazmat", "urllib.request",
           "sqlalchemy.dialects.postgresql", "gateway.edifact", "gateway.records", "gateway.pages",
           "gateway.mapping.corridors", "gateway.mapping.dialect", "gateway.mapping.mapping",
           "gateway.mapping.versions",
           "gateway.security.certificates", "gateway.security.keys", "gateway.security.sealing",
           "gateway.transport.directory", "gateway.transport.lines", "gateway.exchange.sealing",
           "gateway.exchange.failpoints", "gateway.transit.declaration", "gateway.transit.timers"}
"""What it takes to read, write, seal and carry messages: a question to the ledger does none of it."""

_PROBE = """
import contextlib, io, json, sys
from gateway.cli.entry import run
with contextlib.redirect_stdout(io.StringIO()):
    status = run(sys.argv[1], sys.argv[2:])
print(json.dumps([status, sorted(sys.modules)]))
"""


def loaded(program: str, *words: str, **environment: str) -> list[str]:
    """The names of all modules that a program has loaded when it is done."""
    done = subprocess.run([sys.executable, "-c", _PROBE, program, *words], cwd=ROOT, capture_output=True, check=True,
                          env={"PATH": "", "EDI_LANG": "en", **environment})
    status, modules = json.loads(done.stdout)
    assert status == 0
    return list(modules)


def within(modules: list[str], forbidden: set[str]) -> set[str]:
    """Those of the forbidden packages and modules that were loaded, whole or in part."""
    return {one for one in forbidden for name in modules if name == one or name.startswith(f"{one}.")}


@pytest.mark.parametrize("words", [["--help"], ["bench", "--help"]], ids=" ".join)
def test_what_asks_nothing_of_a_gateway_loads_no_heavy_library(words: list[str]) -> None:
    modules = loaded("edi", *words)
    assert within(modules, HEAVY) == set()
    if words == ["--help"]:
        assert [name for name in modules if name.startswith(("gateway.exchange.", "gateway.cli."))] == [
            "gateway.cli.commands", "gateway.cli.context", "gateway.cli.entry", "gateway.exchange.summary"]


def test_the_version_is_looked_up_only_for_whoever_asks_for_it() -> None:
    assert within(loaded("edi", "--version"), HEAVY) == {"importlib.metadata"}


@pytest.mark.parametrize("words", [["status"], ["status", "--json"]], ids=" ".join)
def test_the_status_loads_the_ledger_and_nothing_that_makes_or_carries_messages(
        words: list[str], tmp_path: Path) -> None:
    office, _ = offices(tmp_path)
    assert office.run("edi-send").exit == 0
    modules = loaded("edi", *words, EDI_CONFIG=str(office.settings))
    assert within(modules, OF_OTHERS | OF_RUNS) == set()
    assert within(modules, {"sqlalchemy", "gateway.ledger"}) == {"sqlalchemy", "gateway.ledger"}


def test_a_completion_of_references_loads_neither_settings_nor_the_ledgers_library(tmp_path: Path) -> None:
    office, _ = offices(tmp_path)
    assert office.run("edi-send").exit == 0
    for words in (["show", ""], ["show", "--lang", ""], [""]):
        modules = loaded("edi", "completion", "words", "--", "edi", *words, EDI_CONFIG=str(office.settings))
        assert within(modules, HEAVY | OF_RUNS) == set()


@pytest.mark.parametrize("program", ["edi-send", "edi-receive"])
def test_a_run_with_nothing_to_do_loads_nothing_that_only_other_commands_need(program: str, tmp_path: Path) -> None:
    office, _ = offices(tmp_path)
    assert office.run("edi-send").exit == 0
    modules = loaded(program, EDI_CONFIG=str(office.settings))
    assert within(modules, OF_OTHERS | {"paramiko", "sqlalchemy.dialects.postgresql"}) == set()
