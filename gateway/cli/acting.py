"""The gateway in which a command acts: at its one instant, and undone when the act is only rehearsed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.cli.context import occasion, rehearsing
from gateway.config import Settings
from gateway.exchange.assembly import Gateway, Occasion, open_gateway


@contextmanager
def opened(settings: Settings | Path) -> Iterator[tuple[Gateway, Occasion]]:
    """The gateway and the instant of the act. Raises as `open_gateway`."""
    now = occasion()
    with open_gateway(settings, now.now, rehearse=rehearsing()) as gateway:
        yield gateway, now
