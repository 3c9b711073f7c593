"""Our wheel, the wheels of the locked list, and the folder of both for machines without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.tools.release.source import ROOT, Source

PYTHON, MACHINE = "3.11", "x86_64"
"""Debian 12's."""


def our_wheel(source: Source, out: Path) -> Path:
    """Build our wheel with the backend that pyproject.toml names; nothing is fetched. Raises CalledProcessError."""
    out.mkdir(parents=True, exist_ok=True)
    code = f"import os, sys; os.umask(0o022); from setuptools import build_meta; build_meta.build_wheel({str(out)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=source.folder, check=True, capture_output=True,
                   env={**os.environ, "SOURCE_DATE_EPOCH": str(source.epoch), "PYTHONHASHSEED": "0", "LC_ALL": "C"})
    wheel, = out.glob("corridor_gateway-*.whl")
    return wheel


def library_wheels(folder: Path) -> list[Path]:
    """Every wheel of the locked list, from the index that pip is set up for; what lies there already is kept.

    Raises CalledProcessError when one cannot be had or is not the locked one.
    """
    if not any(folder.glob("*.whl")):
        subprocess.run([sys.executable, "-m", "gateway", "wheelhouse", str(folder), "--python", PYTHON,
                        "--platform", MACHINE], cwd=ROOT, check=True, capture_output=True)
    return sorted(folder.glob("*.whl"))


def archive(target: Path, files: Iterable[Path], folder: str, epoch: int) -> None:
    """A tar of files in one folder: sorted, of nobody, of one moment."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as packed:
        for path in sorted(files, key=lambda one: one.name):
            entry = tarfile.TarInfo(f"{folder}/{path.name}")
            entry.size, entry.mtime, entry.mode = path.stat().st_size, epoch, 0o644
            with path.open("rb") as content:
                packed.addfile(entry, content)


def locked_requirements(lock: str, ours: Path, digest: str) -> Iterator[str]:
    """The lines with which pip installs from the folder alone: the core of the locked list, and our wheel."""
    yield lock.partition("# extra: ")[0]
    yield f"corridor-gateway=={ours.name.split('-')[1]} --hash=sha256:{digest}\n"
