"""What workers are given in tests: in a module of its own, for a new process has to load it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.mapping.archive import Archive
    from gateway.mapping.dialect_apart import ReadApart
    from gateway.references import Tree


def squared(number: int) -> int:
    """A worker's work."""
    if number == 3:
        time.sleep(0.2)  # the others are ready first
    return number * number


def fatal(number: int) -> int:
    """A worker's death, at one number."""
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def died_over(number: int, much: bytes) -> int:
    """A worker's death, with more on the way to it."""
    return fatal(number + 1) * 0 + len(much)


def echoed(much: bytes) -> bytes:
    """As much comes back as was sent."""
    return much


def unsendable() -> object:
    """What no process can send."""
    return lambda: None


def died_once(archive: Archive, files: Mapping[str, bytes]) -> ReadApart:
    """Read, but the first worker that is asked dies."""
    _die_once("EDI_TEST_MARK")
    from gateway.mapping.dialect_apart import read_apart

    return read_apart(archive, files)


def died_writing(archive: Archive, tree: Tree, stem: str) -> dict[str, bytes] | None:
    """Write, but the worker that is asked for the fourth time dies."""
    asked = Path(os.environ["EDI_TEST_ASKED"])
    with asked.open("a", encoding="ascii") as file:
        file.write(".")
    if asked.stat().st_size == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    from gateway.mapping.dialect_apart import write_apart

    return write_apart(archive, tree, stem)


def _die_once(mark: str) -> None:
    path = Path(os.environ[mark])
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
