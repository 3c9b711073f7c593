"""Throw-away environments: peers of Python's registry, each installed apart and run by an interpreter that suits it.

Nothing of this process is changed: a peer needs another Python than ours, or packages of other versions.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

_NEWEST = 20
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
_ERROR = re.compile(r"^(?:ERROR|npm err|[\w.]*(?:Error|Exception)\b).*", re.MULTILINE | re.IGNORECASE)
Version = tuple[int, int]


class Absent(Exception):
    """A peer cannot be compared here; the text says why."""


def environment(folder: Path, requirements: Sequence[str], oldest: Version, newest: Version) -> Path:
    """The Python of a new environment in `folder` that has `requirements`, as pip understands them.

    oldest, newest: versions that the requirements run on, both included. Raises Absent when this machine has no such
    Python, or they cannot be installed for it.
    """
    found = {version: path for version, path in interpreters() if oldest <= version <= newest}
    if not found:
        ours = ", ".join("{}.{}".format(*version) for version in sorted({version for version, _ in interpreters()}))
        wanted = "{}.{}".format(*oldest) + (" or later" if newest[1] == _NEWEST else " to {}.{}".format(*newest))
        raise Absent(f"{' '.join(requirements)} needs Python {wanted}, here is {ours}")
    version = max(found)
    made = run(found[version], "-m", "venv", folder)
    if made.returncode:
        raise Absent(f"Python {version[0]}.{version[1]} makes no environment: {reason(made.stderr or made.stdout)}")
    python = folder / "bin" / "python"
    install(f"Python {version[0]}.{version[1]}", python, "-m", "pip", "install", *PIP, *requirements)
    return python


PIP = ("--quiet", "--disable-pip-version-check")
"""pip's options for saying nothing but errors."""


def install(where: str, program: Path | str, *arguments: Path | str) -> None:
    """Run an installer. Raises Absent with what it says when it fails. where: for the reason."""
    told = run(program, *arguments)
    if told.returncode:
        raise Absent(f"does not install on {where}: {reason(told.stderr)}")


def reason(text: str) -> str:
    """The first line that names an error, as pip, npm, node and Python do, or else the last; without addresses."""
    told = _ERROR.search(text)
    line = told[0] if told is not None else (text.strip().splitlines() or ["no reason given"])[-1]
    return re.sub(r"\S*://\S+", "…", line.strip())[:200]


def later_than(version: Version) -> tuple[Version, Version]:
    """This version and all later ones."""
    return version, (version[0], _NEWEST)


@cache
def interpreters() -> tuple[tuple[Version, Path], ...]:
    """Version and path of each Python that runs here: our own, those on PATH by their names, those of pyenv."""
    return tuple(_running())


def _running() -> Iterator[tuple[Version, Path]]:
    seen = {sys.version_info[:2]}
    yield sys.version_info[:2], Path(sys.executable)
    for path in _candidates():
        told = run(path, "-c", _VERSION)  # a shim of pyenv stands on PATH for versions that are not chosen, too
        if told.returncode or not re.fullmatch(r"3\.\d+", told.stdout.strip()):
            continue
        version = (3, int(told.stdout.strip()[2:]))
        if version not in seen:
            seen.add(version)
            yield version, path


def _candidates() -> Iterator[Path]:
    for minor in range(_NEWEST, 7, -1):
        if (found := shutil.which(f"python3.{minor}")) is not None:
            yield Path(found)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob("versions/3.*/bin/python"))


def run(program: Path | str, *arguments: Path | str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """What a program says. One that does not start or takes longer than `seconds` says so with exit status 1."""
    command = [str(program), *map(str, arguments)]
    try:
        return subprocess.run(command, capture_output=True, check=False, text=True, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", f"ERROR: {error}")
