"""`edi-send`, `edi-receive`, `edi-sync`: one cycle each, quiet when all is well (EXPERIENCE 3.7)."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

import click
from msgspec.structs import replace

from gateway.cli.context import common, emit_json, fatal, json_option, language, note, occasion, t, tell, verbose
from gateway.cli.defects import distinct, reported
from gateway.config import Settings, load_settings
from gateway.exchange import cycle
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.collector import look_seldom
from gateway.exchange.pings import pinged
from gateway.exchange.run_marks import marked, unable_mark
from gateway.exchange.summary import Exit, Summary
from gateway.exchange.workers import spared
from gateway.findings import Finding
from gateway.spool import Busy, make_folder, run_lock
from gateway.texts import sentence

_DEADLINE = Exit.LATER
"""Exit status of a run that the watchdog ends: every state is safe to leave, cron comes round again (DESIGN 6, 15)."""

_LAST_WORDS = 10.0
"""Seconds that a run past its deadline may take to say what it has done."""

_partner = click.option("--partner", "partners", multiple=True, metavar="ID", help=t("cli.option.partner"))
_limit = click.option("--limit", type=click.IntRange(min=1), metavar=t("cli.metavar.number"),
                      help=t("cli.option.limit"))
_now = click.option("--now", "at_once", is_flag=True, help=t("cli.option.now"))
_dry = click.option("--dry-run", is_flag=True, help=t("cli.option.dry_run"))


def _run(name: str, step: Callable[..., Summary], config: Path, partners: tuple[str, ...], limit: int | None,
         at_once: bool, dry_run: bool, as_json: bool) -> int:
    now = replace(occasion(), at_once=at_once)
    with _told_when_unable(name, config, now, dry_run) as followed:
        return _followed(name, step, config, partners, limit, now, dry_run, as_json, followed)


@contextmanager
def _told_when_unable(name: str, config: Path, now: Occasion, dry_run: bool) -> Iterator[list[str]]:
    """Have people told of a run that cannot begin, or that its ledger ends; a rehearsal is nobody's news.

    Gives a list that whoever has told the watchdog puts a word into.
    """
    followed: list[str] = []
    try:
        yield followed
    except (click.ClickException, click.Abort, BrokenPipeError):  # the doing of whoever has called it
        raise
    except Exception as error:
        if not dry_run:
            from gateway.exchange.unable import tell_unable  # a run that begins does not load it

            tell_unable(config, name, error, now, watched=bool(followed))
        raise


def _followed(name: str, step: Callable[..., Summary], config: Path, partners: tuple[str, ...], limit: int | None,
              now: Occasion, dry_run: bool, as_json: bool, followed: list[str]) -> int:
    settings = load_settings(config)
    if dry_run:
        from gateway.cli.rehearse import rehearse

        return rehearse(name, settings, partners, limit, as_json)
    look_seldom()
    with spared(settings.workers):  # before there is anything that a copy must not have
        return _locked(name, step, settings, config, partners, limit, now, as_json, followed)


def _locked(name: str, step: Callable[..., Summary], settings: Settings, config: Path, partners: tuple[str, ...],
            limit: int | None, now: Occasion, as_json: bool, followed: list[str]) -> int:
    locks = make_folder(settings.paths.state / "lock")
    summary = Summary()
    watchdog = _watch(settings.limits.run.total_seconds(), summary,
                      lambda: _tell(name, config, summary, now.now, as_json))
    try:
        with run_lock(locks / f"{name}.lock", at=now.now), marked(settings.paths.state, name, now, summary):
            followed.append("pinged")
            with pinged(settings, name, summary), open_gateway(settings, now.now) as gateway:
                _tell_able(settings, config, name, now)
                step(gateway, now, partners=partners, limit=limit, summary=summary)
                if settings.alerts:
                    from gateway.exchange.alerting import tell_after_run  # a run without alerts does not load it

                    tell_after_run(gateway, now, summary)
    except Busy as busy:
        return _busy(busy, now.now, settings.limits.run, as_json)
    finally:
        watchdog.cancel()
    _tell(name, config, summary, now.now, as_json)
    return summary.status


def _tell_able(settings: Settings, config: Path, name: str, now: Occasion) -> None:
    """Whoever was told that this command does not begin is told that it does."""
    if unable_mark(settings.paths.state, name).exists():
        from gateway.exchange.unable import tell_able  # only after such a fault

        tell_able(settings.paths.state, config, name, now)


def _tell(name: str, config: Path, summary: Summary, now: datetime, as_json: bool) -> None:
    """What a run has to say: its counts to whoever asked for them, and to everybody what needs somebody.

    What was told before is told again only to a person who watches: at a terminal, or with -v.
    """
    summary.problems.extend(summary.more())
    summary.problems.extend((Exit.DEFECT, reported(defect, name, [], config)) for defect in distinct(summary.defects))
    if as_json:
        emit_json("run", {"command": name, "began": now, "exit": int(summary.status), **summary.counts(),
                          "findings": [
            {"code": finding.code, "exit": int(status), "text": sentence(finding, language())}
            for status, finding in summary.problems]})
    elif verbose():
        note(t("run.title", command=name, time=f"{now:%Y-%m-%d %H:%M:%S}"))
        for partner, direction in sorted(summary.links):
            held = not summary.links[partner, direction]
            note("  " + t(f"run.link.{direction}.{'held' if held else 'failed'}", partner=partner))
        for crossed in summary.crossed if verbose() > 1 else ():
            note("  " + t(f"run.crossed.{crossed.direction}", partner=crossed.partner, files_in=crossed.files_in,
                          files_out=crossed.files_out, octets_in=crossed.octets_in, octets_out=crossed.octets_out,
                          milliseconds=crossed.milliseconds))
        counted = [t(f"run.{key}", n=value) for key, value in summary.counts().items() if value]
        for line in counted or [t("run.nothing")]:
            note(f"  {line}")
    watched = verbose() or sys.stderr.isatty()
    tell(summary.news)
    tell(summary.asides if watched else ())
    tell([finding for _, finding in summary.problems
          if watched or not any(finding is known for known in summary.known)])


def _busy(busy: Busy, now: datetime, limit: timedelta, as_json: bool) -> Exit:
    """Another run is at work: nothing to say, unless it has been at work longer than any run may be."""
    values = busy.findings[0].values
    try:
        overdue = now - datetime.fromisoformat(values["since"]) > limit
    except (KeyError, ValueError, TypeError):  # it has not written yet since when
        overdue = False
    if verbose() or sys.stderr.isatty() or overdue:
        tell(busy.findings)
    if as_json:
        fatal(busy.findings[0], Exit.BUSY)
    return Exit.BUSY


def _watch(seconds: float, summary: Summary, tell_all: Callable[[], None]) -> threading.Timer:
    """A hard deadline outside everything that could hang, the SSH library above all (DEPENDENCIES T15).

    What the run has found so far is told first, for the next run does not find it again; but not even telling may hang.
    """
    def end() -> None:
        last = threading.Timer(_LAST_WORDS, os._exit, (_DEADLINE,))
        last.daemon = True
        last.start()
        status: int = _DEADLINE
        try:
            summary.problems.append((_DEADLINE, Finding(code="X090")))
            tell_all()
            sys.stdout.flush()
            sys.stderr.flush()
            status = summary.status
        finally:
            os._exit(status)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


def _command(name: str, step: Callable[..., Summary]) -> click.Command:
    @click.command(name=name, help=t(f"cli.{name}.help"))
    @_partner
    @_limit
    @_now
    @_dry
    @json_option
    @common
    def command(config: Path, partners: tuple[str, ...], limit: int | None, at_once: bool, dry_run: bool,
                as_json: bool) -> int:
        return _run(f"edi-{name}", step, config, partners, limit, at_once, dry_run, as_json)

    return command


def lane_command(program: str) -> click.Command:
    """What the daemon has done of a program: with the partners named, or with nobody; told as one line of JSON.

    Neither lock nor mark: the queue keeps others out of this lane, and the daemon itself is what is watched.
    """
    step = {"edi-send": cycle.send, "edi-receive": cycle.receive}[program]

    @click.command(name=program)
    @_partner
    @common
    def command(config: Path, partners: tuple[str, ...]) -> int:
        now, settings = occasion(), load_settings(config)
        summary = Summary(stopping=_told_to_end())
        watchdog = _watch(settings.limits.run.total_seconds(), summary,
                          lambda: _tell(program, config, summary, now.now, as_json=True))
        look_seldom()
        try:
            with open_gateway(settings, now.now) as gateway:
                step(gateway, now, partners=partners or None, summary=summary)
                if settings.alerts:
                    from gateway.exchange.alerting import tell_after_run

                    tell_after_run(gateway, now, summary)
        finally:
            watchdog.cancel()
        _tell(program, config, summary, now.now, as_json=True)
        return summary.status

    return command


def _told_to_end() -> Callable[[], bool]:
    """Asks whether SIGTERM has come: the first one lets the step come to its end, a second one is as always."""
    before = signal.getsignal(signal.SIGTERM)
    come = threading.Event()

    def heed(number: int, frame: FrameType | None) -> None:
        if come.is_set() and callable(before):
            before(number, frame)
        come.set()

    signal.signal(signal.SIGTERM, heed)
    return come.is_set


send_command = _command("send", cycle.send)
receive_command = _command("receive", cycle.receive)
sync_command = _command("sync", cycle.sync)
