"""Is the help there at once, whatever the commands behind it need?"""

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
         "urllib.request"}

_PROBE = """
import contextlib, io, json, sys
from gateway.cli.entry import run
with contextlib.redirect_stdout(io.StringIO()):
    status = run("edi", sys.argv[1:])
print(json.dumps([status, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["bench", "--help"]],
                         ids=" ".join)
def test_what_asks_nothing_of_a_gateway_imports_no_heavy_library(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", _PROBE, *words], cwd=ROOT, capture_output=True, check=True,
                          env={"PATH": "", "EDI_LANG": "en"})
    status, modules = json.loads(done.stdout)
    assert (status, HEAVY & {*modules, *(name.partition(".")[0] for name in modules)}) == (0, set())
    if words == ["--help"]:
        assert [name for name in modules if name.startswith(("gateway.exchange.", "gateway.cli."))] == [
            "gateway.cli.commands", "gateway.cli.context", "gateway.cli.entry", "gateway.exchange.summary"]


def test_the_status_imports_nothing_that_only_other_commands_need(tmp_path: Path) -> None:
    office, _ = offices(tmp_path)
    assert office.run("edi-send").exit == 0
    done = subprocess.run([sys.executable, "-c", _PROBE, "status"], cwd=ROOT, capture_output=True, check=True,
                          env={"PATH": "", "EDI_LANG": "en", "EDI_CONFIG": str(office.settings)})
    status, modules = json.loads(done.stdout)
    assert status == 0
    assert {name.partition(".")[0] for name in modules} & {
        "rich", "jinja2", "weasyprint", "alembic", "starlette", "uvicorn", "argon2", "prometheus_client", "xlsxwriter",
        "python_calamine", "psycopg", "pkcs11"} == set()
