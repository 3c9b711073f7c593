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


def died_once(archive: Archive, files: Mapping[str, bytes]) -> ReadApart:
    """Read, but the first worker that is asked dies."""
    mark = Path(os.environ["EDI_TEST_MARK"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    from gateway.mapping.dialect_apart import read_apart

    return read_apart(archive, files)
