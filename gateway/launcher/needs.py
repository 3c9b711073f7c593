"""What must be installed, and whether this very Python has it.

Imports nothing of ours, so that any other Python can be asked by running this file: it exits 1 when that one lacks
something. Its only argument is the extra, or an empty word.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).absolute().parents[2] / "pyproject.toml"


def requirements(extra: str) -> list[str]:
    """The requirement lines of pyproject.toml, core and one extra; none for an installed wheel: pip brought them."""
    if not PROJECT.is_file():
        return []
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    return [*project["dependencies"], *(project["optional-dependencies"][extra] if extra else [])]


def lacking(extra: str) -> list[str]:
    """The requirements that are not installed in range here. Ranges are ``>=`` and ``<``, as ours all are.

    A requirement with an environment marker is left to pip.
    """
    return [line for line in requirements(extra) if ";" not in line and not satisfied(line)]


def satisfied(requirement: str) -> bool:
    """Tell whether a requirement line such as ``click>=8.5,<9`` is met by what is installed here."""
    try:
        found = release(metadata.version(re.split(r"[^A-Za-z0-9._-]", requirement)[0]))
    except metadata.PackageNotFoundError:
        return False
    bounds = re.findall(r"(>=|<)([0-9.]+)", requirement)
    return all((found >= release(bound)) == (sign == ">=") for sign, bound in bounds)


def release(version: str) -> tuple[int, ...]:
    """The release numbers of a version without trailing zeros: ``2.10.0rc1`` gives (2, 10)."""
    numbers = [int(number) for number in re.findall(r"[0-9]+", re.split(r"[^0-9.]", version)[0])]
    while numbers[1:] and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


if __name__ == "__main__":
    raise SystemExit(1 if lacking(sys.argv[1]) else 0)
