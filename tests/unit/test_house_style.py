"""Is the house in the style it says it is: ruff, strict types, and a gate that runs all of it?"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of the test extra on the checkout; where it is not installed the test is skipped, but never in CI."""
    if importlib.util.find_spec(name) is None and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed (python3 -m gateway test installs it)")
    return subprocess.run([sys.executable, "-m", name, *arguments], cwd=ROOT, capture_output=True, text=True,
                          check=False)


def test_ruff_finds_nothing() -> None:
    done = tool("ruff", "check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(600)
def test_strict_types_find_nothing(tmp_path: Path) -> None:
    shared = ROOT / ".mypy_cache"
    done = tool("mypy", "--cache-dir", str(shared if shared.is_dir() else tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_gate_is_valid_shell_and_stops_at_the_first_failure() -> None:
    gate = ROOT / ".ci" / "run"
    assert subprocess.run(["bash", "-n", str(gate)], check=False).returncode == 0
    lines = gate.read_text("utf-8").splitlines()
    assert "set -euo pipefail" in lines
    for command in ("ruff check", "tests.tools.catalogues --check", "-m gateway test", "-m gateway demo"):
        assert [line for line in lines if command in line and "||" not in line and not line.startswith("#")], command
