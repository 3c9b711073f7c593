"""Does the gateway start beside libraries whose known weaknesses are open?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.security import check_versions
from gateway.security.versions import SAFE, installed
from tests.tools.offices import ROOT, offices

LOCK = ROOT / "gateway" / "requirements.lock"


@pytest.mark.parametrize(("library", "held", "good"), [
    ("cryptography", "50.0.0", True), ("cryptography", "50.0.2", True), ("cryptography", "50", True),
    ("cryptography", "50.9", True), ("cryptography", "50.0.0.post1", True), ("cryptography", "50.0.1rc1", True),
    ("cryptography", "49.0.1", False), ("cryptography", "51.0.0", False), ("cryptography", "51", False),
    ("cryptography", "51.0.0rc1", False), ("cryptography", "50.0.0.dev1", False), ("cryptography", "50.0.0rc1", False),
    ("cryptography", "5.0", False), ("cryptography", "", False), ("cryptography", "unknown", False),
    ("paramiko", "5.1.0", True), ("paramiko", "5.1rc1", False), ("paramiko", "5.0.9", False),
    ("paramiko", "6.0", False), ("lxml", "6.1.1", True), ("lxml", "6.1.1a2", False), ("lxml", "6.1.0", False),
    ("lxml", "7.0", False)])
def test_t37_a_library_outside_its_safe_versions_is_refused(library: str, held: str, good: bool) -> None:
    """A library older than its least safe version, a pre-release of it, or of an unread major version is refused."""
    if good:
        check_versions({library: held})
        return
    with pytest.raises(LocalError) as refused:
        check_versions({library: held})
    assert [(finding.code, finding.values) for finding in refused.value.findings] == [
        ("E_VERSION", {"library": library, "found": held, "least": SAFE[library][0], "below": SAFE[library][1]})]


def test_t37_every_unsafe_library_is_named_at_once() -> None:
    """Whoever must update is told of every library in one go."""
    with pytest.raises(LocalError) as refused:
        check_versions({"paramiko": "3.4.0", "lxml": "5.0", "cryptography": "50.0.1"})
    assert [finding.values["library"] for finding in refused.value.findings] == ["lxml", "paramiko"]


def test_t37_what_is_installed_here_is_safe_and_complete() -> None:
    """The libraries that read what partners send are all looked at."""
    assert installed().keys() == SAFE.keys()
    check_versions()


def stamps(home: Path) -> dict[Path, int]:
    """When each file of a gateway changed, but for locks and for the mark that a run has failed."""
    return {path: path.stat().st_mtime_ns for path in home.rglob("*")
            if path.is_file() and not {"lock", "runs"} & set(path.parts)}


@pytest.mark.parametrize("library", ["paramiko", "lxml"])
@pytest.mark.parametrize("words", [["edi-send"], ["edi-receive"], ["seal", "d.edi", "--to", "BFDGD", "-o", "x"]])
def test_t37_a_start_beside_an_older_module_is_refused_and_touches_nothing(tmp_path: Path, library: str,
                                                                          words: list[str]) -> None:
    """A start beside an older module is refused with E_VERSION and exit 5, before anything is touched."""
    togo, _ = offices(tmp_path)
    (tmp_path / "d.edi").write_bytes(b"x")
    older = tmp_path / "older" / f"{library}-1.0.dist-info"
    older.mkdir(parents=True)
    (older / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {library}\nVersion: 1.0\n")
    before = stamps(togo.home)
    ran = subprocess.run([sys.executable, "-m", "gateway.cli", *words, "--config", togo.settings, "--lang", "en"],
                         cwd=tmp_path, capture_output=True, text=True, timeout=60,
                         env={**os.environ, "PYTHONPATH": f"{older.parent}:{ROOT}"})
    assert (ran.returncode, ran.stdout) == (Exit.TRUST, ""), ran.stderr
    assert f"E_VERSION: The library {library} 1.0 is outside the safe versions" in ran.stderr
    assert f"  → Update: python3 -m pip install '{library}>=" in ran.stderr
    assert stamps(togo.home) == before


def test_t37_the_least_safe_versions_are_those_the_package_asks_for() -> None:
    """What is checked at start is what the package asks for when it is installed."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    for library, (least, below) in SAFE.items():
        assert f"{library}>={least},<{below}" in asked


def test_t37_every_dependency_is_locked_to_its_exact_content() -> None:
    """Every line of the lock file names one version and at least one SHA-256 of its content."""
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.read_text("utf-8").replace("\\\n", " "))
    locked = [entry for entry in entries if re.match(r"[a-z0-9]", entry)]
    assert len(locked) > 20
    for entry in locked:
        assert re.match(r"[a-z0-9.-]+==[0-9][^\s;]*( ;[^-]*)?\s+--hash=sha256:[0-9a-f]{64}\b", entry), entry[:80]
    assert set(SAFE) <= {entry.split("==")[0] for entry in locked}
