"""`edi daemon`: this host's worker on a ledger that several share, in place of cron or beside it."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from gateway.cli.context import common, emit_json, json_option, language, note, occasion, t, tell, verbose
from gateway.cli.daemon_job import MODULES, work
from gateway.config import Settings, load_settings
from gateway.daemon.children import Children, Ended
from gateway.daemon.queue import hush, require_library, required_server
from gateway.daemon.running import Rim, serve
from gateway.daemon.works import Work
from gateway.errors import GatewayError
from gateway.exchange.machine import require_fit
from gateway.exchange.pings import ping_failure, ping_minute
from gateway.exchange.run_marks import DAEMON, forget_others, note_minute
from gateway.exchange.summary import Exit, worst
from gateway.exchange.unable import tell_able, tell_unable
from gateway.findings import Finding
from gateway.reports.sight import SUCCESSES
from gateway.spool import make_folder, run_lock


@click.command(name="daemon", help=t("cli.daemon.help"))
@json_option
@common
def daemon_command(config: Path, as_json: bool) -> int:
    """Work until told to stop. What a job has to say comes on stderr as from cron; one line tells how it ended."""
    try:
        _serve(config, as_json)
    except GatewayError as error:
        tell_unable(config, DAEMON, error, occasion(), watched=False)
        raise
    if verbose():
        note(t("daemon.ends"))
    return Exit.DONE


def _serve(config: Path, as_json: bool) -> None:
    settings = load_settings(config)
    required_server(settings.ledger)
    require_library()
    require_fit(settings)
    hush(logging.INFO if verbose() > 1 else logging.CRITICAL + 1)
    with run_lock(make_folder(settings.paths.state / "lock") / f"{DAEMON}.lock", at=occasion().now):
        forget_others(settings.paths.state)
        options = ("--config", str(settings.file), "--lang", language().value, *("-v",) * verbose())
        serve(settings, Children(partial(work, options), MODULES, time.monotonic), _rim(config, settings, as_json))


def _rim(config: Path, settings: Settings, as_json: bool) -> Rim:
    """Where the daemon's clock and settings come from, and what is said of its work."""
    began = occasion().now

    def beat(statuses: set[Exit], away: bool) -> None:
        nonlocal began
        status, now = worst(statuses), occasion().now
        if away:
            ping_failure(settings.watch, DAEMON, Exit.PERSON)
        else:
            ping_minute(settings.watch, DAEMON, status)
            note_minute(settings.paths.state, began, now, status)
        began = now

    def begun() -> None:
        tell_able(settings.paths.state, config, DAEMON, occasion())
        if not as_json:
            note(t("daemon.begins", ledger=settings.ledger, partners=", ".join(sorted(settings.partners))))

    return Rim(load=lambda: load_settings(config), now=lambda: occasion().now, clock=time.monotonic,
               begun=begun, ended=lambda one, how, seconds: _told(one, how, seconds, as_json),
               told=lambda finding: tell([finding]), beat=beat)


def _told(one: Work, how: Ended, seconds: float, as_json: bool) -> Exit:
    """Say how a job ended; nothing of one that found nothing to do, unless everything is asked for."""
    said = _last_line(how.out)
    counts = {name: value for name, value in said.items() if isinstance(value, int) and name not in ("schema", "exit")}
    status = _status(how)
    if how.overdue:
        tell([Finding(code="X385", values={"work": one.name, "seconds": str(int(one.longest.total_seconds()))})])
    elif how.status < 0:
        tell([Finding(code="X386", values={"work": one.name, "signal": str(-how.status)})])
    if as_json:
        emit_json("job", {"work": one.name, "ended": occasion().now, "exit": int(status),
                          "seconds": round(seconds, 3), **counts})
        sys.stdout.flush()  # whoever reads it waits for it
    elif any(counts.values()) or status not in SUCCESSES or verbose():
        done = ", ".join(t(f"run.{name}", n=value) for name, value in counts.items() if value)
        note(t("daemon.job", time=f"{occasion().now:%Y-%m-%dT%H:%M:%SZ}", work=one.name, exit=int(status),
               seconds=f"{seconds:.1f}", done=done or "-"))
    return status


def _status(how: Ended) -> Exit:
    """The exit status as it counts for the daemon: one that was ended is tried again, an unknown one is a defect."""
    if how.overdue or how.status in (-15, Exit.TERMINATED):
        return Exit.LATER
    try:
        return Exit(how.status)
    except ValueError:
        return Exit.DEFECT


def _last_line(out: bytes) -> Mapping[str, Any]:
    """The counts of a run: the last line of what it said, where that is JSON."""
    try:
        found = json.loads(out.splitlines()[-1])
    except (ValueError, IndexError):
        return {}
    return found if isinstance(found, dict) else {}
