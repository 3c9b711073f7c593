"""The sources of a release: what is committed, nothing else, and the version with its day."""

from __future__ import annotations

import re
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[3]
CHANGELOG = "gateway/docs/CHANGELOG.md"
_NEWEST = re.compile(r"^## (?P<version>\S+) \((?P<day>\d{4}-\d\d-\d\d)\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """folder: the committed files; version: of pyproject.toml; epoch: seconds of the day of the release (UTC)."""

    folder: Path
    version: str
    epoch: int


def unpacked(folder: Path, *, repository: Path = ROOT, commit: str = "HEAD") -> Source:
    """The files of a commit in a new folder. Raises ValueError where the changelog does not begin with its version."""
    packed = subprocess.run(["git", "-C", str(repository), "archive", "--format=tar", commit], check=True,
                            capture_output=True).stdout
    folder.mkdir()
    subprocess.run(["tar", "-x", "-p", "--no-same-owner", "-C", str(folder)], check=True, input=packed)
    version = str(tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["version"])
    newest = _NEWEST.search((folder / CHANGELOG).read_text("utf-8"))
    if newest is None or newest["version"] != version:
        raise ValueError(f"{CHANGELOG} does not begin with version {version} and its day")
    return Source(folder, version, int(datetime.fromisoformat(newest["day"]).replace(tzinfo=UTC).timestamp()))
