"""No run is at work while the file of the ledger itself is changed: all their locks are held at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

from gateway.config import Settings
from gateway.spool import make_folder, run_lock

_RUNS = ("send", "receive", "sync", "daemon")


@contextmanager
def standstill(settings: Settings, now: datetime) -> Iterator[None]:
    """Keep every run out for the time of a with-block. Raises Busy B001 while one is at work, LocalError B003, B006."""
    with ExitStack() as stack:
        locks = make_folder(settings.paths.state / "lock")
        for name in _RUNS:
            stack.enter_context(run_lock(locks / f"edi-{name}.lock", at=now))
        yield
