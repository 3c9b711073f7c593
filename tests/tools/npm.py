"""Other people's programs that npm installs into a temporary folder, for the tests that ask them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Node keeps its own list of authorities; those of the machine are added, as every other program there trusts them."""
_OPTIONS = ("--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=2", "--fetch-timeout=30000")


def lacking(reason: str) -> NoReturn:
    """What a test needs is not there: it is skipped, and in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def installed(package: str, folder: Path) -> Path:
    """The folder of modules in which a package was installed."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        lacking("node and npm are needed (apt-get install nodejs npm)")
    environ = {"NODE_EXTRA_CA_CERTS": str(AUTHORITIES), **os.environ} if AUTHORITIES.is_file() else dict(os.environ)
    try:
        done = subprocess.run([npm, "install", *_OPTIONS, "--prefix", str(folder), package], cwd=folder, env=environ,
                              capture_output=True, text=True, check=False, timeout=180)
    except subprocess.TimeoutExpired:
        lacking(f"npm did not install {package} within three minutes")
    if done.returncode:
        lacking(f"npm cannot install {package}: {done.stderr.strip()[-300:]}")
    return folder / "node_modules"
