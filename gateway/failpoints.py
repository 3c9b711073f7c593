"""Named places where a crash is allowed to happen, so that tests can make it happen there.

A failpoint costs one comparison unless the environment variable EDI_FAILPOINT names it
(``name`` or ``name:3`` for its third passage); then the process dies as by a power cut: SIGKILL, no clean-up.
Every name is listed in NAMES, and the crash tests walk through that list.
"""

from __future__ import annotations

import os
import signal

NAMES: dict[str, str] = {}
"""Failpoint -> where it stands, one line. Filled by `declare` when the owning module is imported."""

_armed, _, _passage = os.environ.get("EDI_FAILPOINT", "").partition(":")
_remaining = int(_passage or "1")


def declare(name: str, where: str) -> str:
    """Register a failpoint and return its name. Raises ValueError when the name is taken."""
    if name in NAMES:
        raise ValueError(f"failpoint {name} is declared twice")
    NAMES[name] = where
    return name


def reach(name: str) -> None:
    """Die here if this failpoint is armed."""
    global _remaining
    if name != _armed:
        return
    _remaining -= 1
    if _remaining <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
