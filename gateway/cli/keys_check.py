"""`edi keys check`: how long everything still holds that trust rests on, ours and the partners'."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway.cli.context import common, emit_json, json_option, language, occasion, t, table, tell
from gateway.config import load_settings
from gateway.exchange.summary import Exit, worst
from gateway.exchange.terms import standing, terms
from gateway.findings import Finding
from gateway.reports.expiry_files import calendar, metrics
from gateway.security.expiry import HOST_KEY, LIST, Level, Term, Word, term_level
from gateway.spool import write_whole

_EXITS: dict[Word, Exit] = {"expired": Exit.TRUST, "early": Exit.TRUST, "urgent": Exit.PERSON, "warning": Exit.PERSON}

_NAMED = {LIST: ("list", "number"), HOST_KEY: ("host-key", "fingerprint")}
"""What is no certificate: the kind of its line, and what tells it from others."""

_READABLE = 0o644
"""What monitoring and calendars read is no secret, and others read it."""

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(name="check", help=t("cli.keys.check.help"))
@click.option("--metrics", "metrics_file", type=_file, metavar=t("cli.metavar.file"), help=t("cli.keys.check.metrics"))
@click.option("--ics", "calendar_file", type=_file, metavar=t("cli.metavar.file"), help=t("cli.keys.check.ics"))
@json_option
@common
def check_command(config: Path, metrics_file: Path | None, calendar_file: Path | None, as_json: bool) -> int:
    """Exit 1 when something ends within 30 days (a list: in the last half of its life), 5 when something is over, not
    yet valid, or a list is missing."""
    settings = load_settings(config)
    now = occasion().now
    with standing(settings, now) as gateway:
        found = terms(gateway, now)
    levels = [term_level(term, now) for term in found]
    status = worst({_EXITS.get(level.word, Exit.DONE) for level in levels})
    if metrics_file is not None:
        write_whole(metrics_file.absolute(), metrics(found, now, settings.gateway, language()), _READABLE)
    if calendar_file is not None:
        write_whole(calendar_file.absolute(), calendar(found, now, language()), _READABLE)
    if as_json:
        for term, level in zip(found, levels, strict=True):
            kind, name = _NAMED.get(term.use, ("certificate", "sha256"))
            emit_json(kind, {"owner": term.owner, "use": term.use, "level": level.word, "threshold": level.threshold,
                             "days": level.days, "ends": term.ends, name: term.identity})
        emit_json("summary", {"count": len(found), "exit": int(status)})
    else:
        table([t("column.partner"), t("column.type"), t("column.end"), t("column.state"), t("column.fingerprint")],
              [_row(term, level) for term, level in zip(found, levels, strict=True)])
        tell(_finding(term, level) for term, level in zip(found, levels, strict=True) if level.word in _EXITS)
    return status


def _finding(term: Term, level: Level) -> Finding:
    """What needs somebody, on stderr: cron's mail is this, where stdout goes nowhere."""
    if not term.usable:
        return Finding(code="K098", values={"owner": term.owner})
    values = {"owner": term.owner, "use": t(f"keys.use.{term.use}"), "shown": term.shown, "begin": _day(term.begins),
              "end": _day(term.ends)}
    if level.word in ("expired", "early"):
        return Finding(code="K097", values=values)
    return Finding(code="K096", values={**values, "days": str(level.days)})


def _day(instant: datetime | None) -> str:
    return "-" if instant is None else f"{instant:%Y-%m-%d}"


def _row(term: Term, level: Level) -> list[str]:
    word = "grace" if level.word == "urgent" and level.threshold == 0 else level.word
    return [term.owner, t(f"keys.use.{term.use}"), _day(term.ends), t(f"keys.level.{word}"), term.shown]
