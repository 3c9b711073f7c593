"""`edi-send`, `edi-receive`, `edi-sync`: one cycle each, quiet when all is well (EXPERIENCE 3.7)."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click

from gateway.cli.context import common, emit_json, json_option, moment, note, t, tell, verbose
from gateway.config import load_settings
from gateway.exchange import cycle
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit, Summary
from gateway.spool import Busy, run_lock

_DEADLINE = Exit.LATER
"""Exit status of a run that the watchdog ends: every state is safe to leave, cron comes round again (DESIGN 6, 15)."""

_partner = click.option("--partner", "partners", multiple=True, metavar="ID", help=t("cli.option.partner"))
_limit = click.option("--limit", type=click.IntRange(min=1), help=t("cli.option.limit"))
_dry = click.option("--dry-run", is_flag=True, help=t("cli.option.dry_run"))


def _run(name: str, step: Callable[..., Summary], config: Path, partners: tuple[str, ...], limit: int | None,
         dry_run: bool, as_json: bool) -> int:
    settings = load_settings(config)
    if dry_run:
        from gateway.cli.rehearse import rehearse

        return rehearse(settings, as_json)
    locks = settings.paths.state / "lock"
    locks.mkdir(parents=True, exist_ok=True, mode=0o700)
    watchdog = _watch(settings.limits.run.total_seconds())
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again for every batch of records
    try:
        with run_lock(locks / f"{name}.lock"), open_gateway(settings, (now := moment()).now) as gateway:
            summary = step(gateway, now, partners=partners, limit=limit)
    except Busy as busy:
        if verbose() or sys.stderr.isatty():
            tell(busy.findings)
        return Exit.BUSY
    finally:
        watchdog.cancel()
    if as_json:
        emit_json("run", {"command": name, "exit": int(summary.status), **summary.counts(),
                          "findings": [{"code": finding.code, "exit": int(status)}
                                       for status, finding in summary.problems]})
    elif verbose():
        for key, value in summary.counts().items():
            if value:
                note(t(f"run.{key}", n=value))
    tell([finding for _, finding in summary.problems])
    return summary.status


def _watch(seconds: float) -> threading.Timer:
    """A hard deadline outside everything that could hang, the SSH library above all (DEPENDENCIES T15)."""
    timer = threading.Timer(seconds, lambda: os._exit(_DEADLINE))
    timer.daemon = True
    timer.start()
    return timer


def _command(name: str, step: Callable[..., Summary]) -> click.Command:
    @click.command(name=name, help=t(f"cli.{name}.help"))
    @_partner
    @_limit
    @_dry
    @json_option
    @common
    def command(config: Path, partners: tuple[str, ...], limit: int | None, dry_run: bool, as_json: bool) -> int:
        return _run(f"edi-{name}", step, config, partners, limit, dry_run, as_json)

    return command


send_command = _command("send", cycle.send)
receive_command = _command("receive", cycle.receive)
sync_command = _command("sync", cycle.sync)
