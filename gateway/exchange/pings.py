"""Telling a watchdog of each run: that it began, that it ended well, or with which exit status it failed.

Who runs a watchdog is told by it when nothing comes: the machine is off, cron is dead. No alert of ours can say that.
The addresses are those of Healthchecks and its kin: ADDRESS/start, ADDRESS, and
ADDRESS/STATUS for a failure (https://healthchecks.io/docs/http_api/, "Pinging API").

A ping that fails is said to whoever watches the run, without its address, and changes nothing.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.config import Settings
from gateway.config.watch import Watch
from gateway.errors import GatewayError, LinkError, LocalError
from gateway.exchange.own_secrets import read_secret
from gateway.exchange.summary import Exit, Summary, exit_for
from gateway.findings import Finding, Place, Severity
from gateway.reports.sight import SUCCESSES

_SECONDS = 10.0
_LARGEST = 1 << 16
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[!->@-~]*)?")
"""Without a name, a password or a query: what is added stands at its end."""


@contextmanager
def pinged(settings: Settings, command: str, summary: Summary) -> Iterator[None]:
    """Ping at the beginning and the end of a run of ``edi-send``, ``edi-receive`` or ``edi-sync``.

    A run that a signal ends is not told as failed: what comes next is a beginning, and a watchdog knows what is late.
    """
    file = addressed(settings.watch, command)
    if file is None:
        yield
        return
    begun = threading.Thread(target=_ping, args=(file, "/start", summary), daemon=True)  # the run does not wait for it
    begun.start()
    try:
        yield
    except Exception as error:
        begun.join(_SECONDS)
        _ping(file, f"/{int(exit_for(error) if isinstance(error, GatewayError) else Exit.DEFECT)}", summary)
        raise
    begun.join(_SECONDS)
    status = summary.status
    _ping(file, "" if status in SUCCESSES else f"/{int(status)}", summary)


def ping_failure(watch: Watch | None, command: str, status: int) -> None:
    """Tell that a run ended before it could be followed. One ping, whatever becomes of it."""
    file = addressed(watch, command)
    if file is not None:
        _ping(file, f"/{status}", Summary())


def ping_minute(watch: Watch | None, command: str, status: int) -> None:
    """Tell of one more minute of a daemon. One ping, whatever becomes of it."""
    file = addressed(watch, command)
    if file is not None:
        _ping(file, "" if status in SUCCESSES else f"/{status}", Summary())


def addressed(watch: Watch | None, command: str) -> Path | None:
    """The file with the address for a command."""
    found: Path | None = None if watch is None else getattr(watch, command.removeprefix("edi-"), None)
    return found


def _ping(file: Path, path: str, summary: Summary) -> None:
    from gateway.transport.web import fetch  # a run without a watchdog does not load it

    try:
        address = read_address(file)
        fetch(address.rstrip("/") + path, limit=_LARGEST, seconds=_SECONDS)
    except LinkError as error:
        reason = str(error.findings[0].values.get("reason", error.code))
        summary.asides.append(Finding(code="X357", severity=Severity.WARNING, place=Place(file=str(file)), values={
            "reason": reason if re.fullmatch(r"HTTP \d{3}", reason) else error.code}))
    except LocalError as error:
        summary.asides.extend(error.findings)


def read_address(file: Path) -> str:
    """The address that a file with a secret holds. Raises LocalError E_KEYFILE, K060, X358 for what is no address."""
    text = read_secret(file).decode("utf-8", "replace").strip()
    if _ADDRESS.fullmatch(text) is None:
        raise LocalError(Finding(code="X358", place=Place(file=str(file)), values={"file": str(file)}))
    return text
