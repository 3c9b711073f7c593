"""A run that cannot begin: settings are broken, the ledger cannot be opened, a defect. People are told all the same.

No ledger keeps here what was told, so a small file in the state folder does, one for each command. A cause that has
lasted for as long as its way of telling wants is told once on each way, and once more when a run began again; a way
that does not take it is tried by the next run. What is told is the fault itself, with the next command to type.

Where the state folder cannot be written either, nothing is told by these ways: without a memory it would be told with
every run. What cron mails, the watchdog and the service manager's failure hook remain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.config.salvage import Salvaged, salvaged
from gateway.errors import GatewayError, LocalError
from gateway.exchange.assembled import Occasion
from gateway.exchange.run_marks import unable_mark
from gateway.exchange.summary import Exit, exit_for
from gateway.findings import Finding
from gateway.spool import machine_fault, make_folder, read_whole, write_whole

DEFECT = "C021"

_LARGEST = 1 << 16
_SECONDS = 30.0


class _Memory(Struct, frozen=True):
    """What is known of runs that did not begin. code: of the fault; told: names of ways that took it."""

    code: str
    began: datetime
    told: frozenset[str] = field(default_factory=frozenset)


def tell_unable(file: Path, command: str, error: Exception, occasion: Occasion, *, watched: bool) -> None:
    """Tell the watchdog and people that a run of a command ended before it began. Raises nothing.

    error    what ended it; what is neither one of ours nor the machine's is told as a defect
    watched  whether the watchdog has been told already
    """
    with suppress(Exception):  # the run has failed, and says why; nothing here may hide that
        left = salvaged(file)
        known = error if isinstance(error, GatewayError) else machine_fault(error)
        status = Exit.DEFECT if known is None else exit_for(known)
        if not watched:
            from gateway.exchange.pings import ping_failure

            ping_failure(left.watch, command, status)
        if left.alerts and status != Exit.BUSY:
            _tell(left, command, _defect(error, left.state) if known is None else known.findings[0], occasion)


def tell_able(state: Path, file: Path, command: str, occasion: Occasion) -> None:
    """A run began again: whoever was told that it did not is told so. Raises nothing."""
    memory = unable_mark(state, command)
    if not memory.exists():
        return
    with suppress(Exception):
        known = _read(memory)
        memory.unlink(missing_ok=True)
        if known is not None and known.told:
            for _ in _deliver(salvaged(file), command, None, known, occasion, only=known.told):
                pass


def _tell(left: Salvaged, command: str, fault: Finding, occasion: Occasion) -> None:
    memory = unable_mark(left.state, command)
    known = _read(memory)
    if known is None or known.code != fault.code:
        known = _Memory(fault.code, occasion.now)
    _write(memory, known)  # first: what cannot be remembered is not told
    for name in _deliver(left, command, fault, known, occasion, only=None):
        known = replace(known, told=known.told | {name})
        _write(memory, known)


def _defect(error: Exception, state: Path) -> Finding:
    """What nobody foresaw, by its kind alone: its words may quote a file. The report of it lies in the folder."""
    return Finding(code=DEFECT, values={"kind": type(error).__name__, "file": str(state / "defects")})


def _deliver(left: Salvaged, command: str, fault: Finding | None, known: _Memory, occasion: Occasion, *,
             only: frozenset[str] | None) -> Iterator[str]:
    """The names of the ways that took it.

    fault  None when it is over
    only   these ways; None: all that were not told and whose patience is over
    """
    from gateway.exchange.alert_causes import Cause
    from gateway.exchange.alert_channels import channels, deliver
    from gateway.exchange.alert_text import Digest, Told
    from gateway.ledger.alert_rows import Alert
    from gateway.reports.sight import NOTHING, Sight

    sight = Sight(now=occasion.now, gateway=left.gateway, environment=left.environment, partners=(), corridors=(),
                  waiting=NOTHING, disks=(), terms=(), runs=())
    cause = None if fault is None else Cause(
        kind="start", subject=command, since=known.began, level=fault.code, finding=fault,
        lines=(("alert.line.start", {"reference": command, "since": f"{known.began:%Y-%m-%d %H:%M}"}),))
    for channel in channels(left):
        wanted = channel.name in only if only is not None else (
            channel.name not in known.told and occasion.now - known.began >= channel.settings.after)
        if not wanted:
            continue
        row = Alert(channel=channel.name, cause=f"start/{command}", began=known.began, level=known.code, told=None,
                    ended=None, failures=0, next_at=occasion.now)
        event = "over" if cause is None else "begun"
        text = f"{channel.name}\n{row.cause}\n{known.began.isoformat()}\n{event} {known.code}"
        told = Told(row=row, event=event, level=known.code, cause=cause,
                    identifier=hashlib.sha256(text.encode("utf-8")).hexdigest()[:32])
        taken, _ = deliver(left, channel, [told], Digest(sight=sight, standing=()), occasion, _SECONDS)
        if taken:
            yield channel.name


def _read(path: Path) -> _Memory | None:
    try:
        held = json.loads(read_whole(path, _LARGEST))
        return _Memory(held["code"], datetime.fromisoformat(held["began"]), frozenset(held["told"]))
    except (FileNotFoundError, LocalError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, memory: _Memory) -> None:
    """Raises LocalError B003, B006."""
    make_folder(path.parent)
    write_whole(path, json.dumps({"code": memory.code, "began": memory.began.isoformat(),
                                  "told": sorted(memory.told)}).encode("ascii"))
