"""What workers are given in tests: in a module of its own, for a new process has to load it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing import parent_process
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.spool import write_together

if TYPE_CHECKING:
    from gateway.exchange.appraisal import Appraisal, Upon
    from gateway.exchange.conversion import ConvertedApart
    from gateway.mapping.archive import Archive
    from gateway.references import Tree


def squared(number: int) -> int:
    """A worker's work."""
    if number == 3:
        time.sleep(0.2)  # the others are ready first
    return number * number


def has_loaded(module: str) -> bool:
    """Whether whoever does it has loaded a module."""
    return module in sys.modules


def slow_at_first(number: int) -> tuple[int, int]:
    """Who does it; a worker takes its time over the first."""
    if number == 0:
        time.sleep(0.2)
    return number, os.getpid()


def noted(number: int, folder: Path) -> int:
    """Who does what leaves a file there; the first waits until another is there."""
    (folder / f"{number} {'worker' if parent_process() is not None else 'run'}").touch()
    while number == 0 and not (folder / "go").exists():
        time.sleep(0.01)
    return number


def slow_number(text: str) -> int:
    """A number, which takes a worker its time."""
    if parent_process() is not None:
        time.sleep(0.1)
    return int(text)


def fatal_first(number: int) -> int:
    """A worker's death, at once; the run survives it."""
    if parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def died_over(number: int, much: bytes) -> int:
    """A worker's death over the second, with more on the way to it; the run survives it."""
    if number == 1 and parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return len(much)


def echoed(much: bytes) -> bytes:
    """As much comes back as was sent."""
    return much


def spelt(count: int) -> list[str]:
    """Numbers as text."""
    return [str(number) for number in range(count)]


def unsendable() -> object:
    """What no process can send."""
    return lambda: None


def died_once(ground: bytes | None, archive: Archive, files: Mapping[str, bytes]) -> ConvertedApart:
    """Read and convert, but the first worker that is asked dies."""
    _die_once("EDI_TEST_MARK")
    from gateway.exchange.conversion import convert_apart

    return convert_apart(ground, archive, files)


def died_writing(archive: Archive, records: Sequence[tuple[Tree, str]]) -> list[dict[str, bytes] | None]:
    """Write, but the worker that is asked for the fourth time dies."""
    asked = Path(os.environ["EDI_TEST_ASKED"])
    with asked.open("a", encoding="ascii") as file:
        file.write(".")
    if asked.stat().st_size == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    from gateway.mapping.dialect_apart import write_apart

    return write_apart(archive, records)


def _die_once(mark: str) -> None:
    path = Path(os.environ[mark])
    if parent_process() is not None and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def appraised(upon: Upon, octets: bytes) -> list[Appraisal]:
    """Appraise; a worker leaves a mark, and dies over it where that is wanted."""
    _mark()
    from gateway.exchange.appraisal import appraise

    return appraise(upon, octets)


def written(files: dict[Path, bytes]) -> None:
    """Write files; a worker leaves a mark, and dies over it where that is wanted."""
    _mark()
    write_together(files)


def _mark() -> None:
    if parent_process() is not None:
        Path(os.environ["EDI_TEST_MARK"]).touch()
        if os.environ["EDI_TEST_DIES"]:
            os.kill(os.getpid(), signal.SIGKILL)
