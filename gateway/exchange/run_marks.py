"""When each command of cron last ran, and how it ended: one small file each, beside the ledger and not in it.

Of a daemon, which is always at work, each minute counts as a run.

A run that cannot open its ledger leaves its mark all the same, and whoever looks needs no ledger to see it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from gateway.errors import GatewayError, LocalError
from gateway.exchange.summary import Exit, exit_for
from gateway.findings import Finding
from gateway.reports.sight import SUCCESSES, RunMark
from gateway.spool import make_folder, read_whole, write_whole

if TYPE_CHECKING:
    from gateway.exchange.assembled import Occasion

DAEMON = "edi-daemon"
COMMANDS = ("edi-send", "edi-receive", "edi-sync")
_LARGEST = 4096


class _Ending(Protocol):
    """What knows the exit status that a run ends with."""

    @property
    def status(self) -> Exit:
        """The exit status."""


@contextmanager
def marked(state: Path, command: str, occasion: Occasion, ending: _Ending) -> Iterator[None]:
    """Note the beginning and the end of a run. A mark that cannot be written (a full disk) ends no run.

    state    the gateway's state folder; the caller holds the lock of this command
    ending   asked for the exit status when the work came to its end
    """
    started = occasion.clock()
    before = _read(state, command)
    began = RunMark(command=command, began=occasion.now, status=before.status, succeeded=before.succeeded,
                    failures=before.failures, since=before.since) if before else RunMark(
                        command=command, began=occasion.now)
    _write(state, began)
    status = Exit.TERMINATED  # whatever else ends it is a signal
    try:
        yield
        status = ending.status
    except GatewayError as error:
        status = exit_for(error)
        raise
    except Exception:
        status = Exit.DEFECT
        raise
    except KeyboardInterrupt:
        status = Exit.INTERRUPTED
        raise
    finally:
        took = timedelta(seconds=round(occasion.clock() - started))
        _write(state, ended(began, status, occasion.now + took))


def note_minute(state: Path, began: datetime, now: datetime, status: int) -> None:
    """Note that a daemon was at work from `began` on, and how gravely its jobs ended. What cannot be written is not."""
    before = _read(state, DAEMON) or RunMark(command=DAEMON, began=began)
    _write(state, ended(replace(before, began=began), status, now))


def forget_others(state: Path) -> None:
    """From here on a daemon does what commands of cron did: nobody waits for them, until they run again."""
    for command in COMMANDS:
        with suppress(OSError):
            _file(state, command).unlink(missing_ok=True)


def ended(began: RunMark, status: int, at: datetime) -> RunMark:
    """The mark of a run that has come to its end. Pure."""
    if status in SUCCESSES:
        return replace(began, ended=at, status=int(status), succeeded=at, failures=0, since=None)
    return replace(began, ended=at, status=int(status), failures=began.failures + 1, since=began.since or began.began)


def run_fault(run: RunMark, now: datetime, within: timedelta, limit: timedelta) -> Finding | None:
    """What is wrong with the runs of one command. Pure.

    within  how long ago a run may have ended well; limit: how long one may take

    X354: the last one failed; X355: one began and came to no end; X356: none has ended well for too long.
    """
    last = run.succeeded or run.began
    values = {"command": run.command, "began": f"{run.began:%Y-%m-%d %H:%M}", "last": f"{last:%Y-%m-%d %H:%M}",
              "status": str(run.status), "failures": str(run.failures)}
    if run.ended is None and now - run.began > limit:
        return Finding(code="X355", values=values)
    if run.failures and run.status not in SUCCESSES:
        return Finding(code="X354", values=values)
    return Finding(code="X356", values=values) if now - last > within else None


def marks(state: Path) -> list[RunMark]:
    """What is known of every command that ever ran, and of a daemon."""
    found = [_read(state, command) for command in (*COMMANDS, DAEMON)]
    return [one for one in found if one is not None]


def _read(state: Path, command: str) -> RunMark | None:
    """A mark; one that cannot be read is none, for the next run writes it anew."""
    try:
        held = json.loads(read_whole(_file(state, command), _LARGEST))
        return RunMark(command=command, began=datetime.fromisoformat(held["began"]), ended=_instant(held["ended"]),
                       status=held["status"], succeeded=_instant(held["succeeded"]), failures=int(held["failures"]),
                       since=_instant(held["since"]))
    except (FileNotFoundError, LocalError, ValueError, KeyError, TypeError):
        return None


def _write(state: Path, mark: RunMark) -> None:
    held = {"began": mark.began.isoformat(), "ended": _text(mark.ended), "status": mark.status,
            "succeeded": _text(mark.succeeded), "failures": mark.failures, "since": _text(mark.since)}
    with suppress(LocalError):
        write_whole(make_folder(state / "runs") / _file(state, mark.command).name, json.dumps(held).encode("ascii"))


def unable_mark(state: Path, command: str) -> Path:
    """The file that is there while runs of a command cannot begin, where people are told of it (`unable`)."""
    return state / "runs" / f"{command}.unable.json"


def _file(state: Path, command: str) -> Path:
    return state / "runs" / f"{command}.json"


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
