"""Make the hash-locked list ``gateway/requirements.lock`` from ``pyproject.toml``.

    python -m tests.tools.lock            keep the versions installed here where the ranges allow them
    python -m tests.tools.lock --upgrade  take the newest versions the ranges allow

The index is the one pip is configured for. The list holds no environment markers: a distribution that only one of
the targets needs is installed on all of them, so that one list serves every target and an offline folder.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "gateway" / "requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
MANYLINUX = [f"manylinux_2_{minor}" for minor in range(28, 4, -1)] + ["manylinux2014", "manylinux2010", "manylinux1"]
MUSLLINUX = ["musllinux_1_2", "musllinux_1_1"]
HEADER = """\
# The hash-locked list: python -m tests.tools.lock makes it from pyproject.toml; not edited by hand.
# python: {pythons}
# linux: {machines}
"""


@dataclass(frozen=True)
class Release:
    """One distribution: canonical name, version, and what it requires (PEP 508 lines)."""

    name: str
    version: str
    requires: tuple[str, ...]


def pip_report(arguments: Iterable[str]) -> list[dict[str, object]]:
    """What pip would install, as its installation report says. Raises CalledProcessError when pip cannot."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed",
                        "--no-input", "--only-binary", ":all:", "--report", str(report), *arguments], check=True)
        installs: list[dict[str, object]] = json.loads(report.read_text("utf-8"))["install"]
        return installs


def installed_in_range(requirements: Iterable[str]) -> list[str]:
    """The versions installed here as constraints, without those that `requirements` or the oldest Python refuse."""
    ranges = {canonicalize_name(each.name): each.specifier for each in map(Requirement, requirements)}
    kept = []
    for each in metadata.distributions():
        name = canonicalize_name(each.name)
        if SpecifierSet(each.metadata["Requires-Python"] or "").contains(f"{PYTHONS[0]}.0") \
                and (name not in ranges or ranges[name].contains(each.version)):
            kept.append(f"{name}=={each.version}")
    return kept


def resolve(requirements: list[str], constraints: list[str]) -> dict[str, Release]:
    """Everything that `requirements` need on the oldest Python (its first patch release), by canonical name."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "constraints.txt"
        file.write_text("\n".join(constraints), "utf-8")
        releases: dict[str, Release] = {}
        for item in pip_report([*requirements, "--constraint", str(file), "--target", "never",
                                "--python-version", PYTHONS[0]]):
            told = item["metadata"]
            assert isinstance(told, dict)
            name = canonicalize_name(told["name"])
            releases[name] = Release(name, told["version"], tuple(told.get("requires_dist", ())))
        return releases


def environments() -> Iterator[dict[str, str]]:
    """The marker environments of all targets."""
    for version in PYTHONS:
        for machine in MACHINES:
            yield {"python_version": version, "python_full_version": f"{version}.0",
                   "implementation_version": f"{version}.0", "platform_machine": machine, "platform_system": "Linux",
                   "sys_platform": "linux", "os_name": "posix",
                   "implementation_name": "cpython", "platform_python_implementation": "CPython"}


def closure(requirements: Iterable[str], releases: dict[str, Release]) -> set[str]:
    """The names that `requirements` bring on any target. Raises LookupError for a name that was not resolved."""
    names: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()  # with its extras: two may ask for others of the same name
    open_ends = [Requirement(line) for line in requirements]
    while open_ends:
        requirement = open_ends.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        if name not in releases:
            raise LookupError(f"{name} is needed on another target than this one: add it to pyproject.toml")
        names.add(name)
        seen.add((name, frozenset(requirement.extras)))
        for line in releases[name].requires:
            below = Requirement(line)
            if below.marker is None or any(below.marker.evaluate({**each, "extra": extra}) for each in environments()
                                           for extra in requirement.extras | {""}):
                open_ends.append(below)
    return names


def hashes(releases: Iterable[Release]) -> dict[str, set[str]]:
    """SHA-256 of the wheel that each target takes, by name."""
    found: dict[str, set[str]] = {}
    pins = [f"{each.name}=={each.version}" for each in releases]
    for version in PYTHONS:
        for machine in MACHINES:
            for family in (MANYLINUX, MUSLLINUX):
                platforms = [word for tag in family for word in ("--platform", f"{tag}_{machine}")]
                target = ["--target", "never", "--python-version", version, *platforms]
                for item in pip_report([*pins, "--no-deps", *target]):
                    text = json.dumps(item)
                    name = re.search(r'"name": "([^"]+)"', json.dumps(item["metadata"]))
                    digest = re.search(r'"sha256": "([0-9a-f]{64})"', text)
                    assert name and digest, text
                    found.setdefault(canonicalize_name(name[1]), set()).add(digest[1])
    return found


def main() -> int:
    """Write the list."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    core, test = project["dependencies"], project["optional-dependencies"]["test"]
    releases = resolve([*core, *test], [] if "--upgrade" in sys.argv else installed_in_range([*core, *test]))
    in_core = closure(core, releases)
    digests = hashes(releases.values())

    def lines(names: Iterable[str]) -> str:
        return "".join(f"{name}=={releases[name].version}"
                       + "".join(f" \\\n    --hash=sha256:{digest}" for digest in sorted(digests[name])) + "\n"
                       for name in sorted(names))

    TARGET.write_text(HEADER.format(pythons=" ".join(PYTHONS), machines=" ".join(MACHINES)) + lines(in_core)
                      + "# extra: test\n" + lines(closure(test, releases) - in_core), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
