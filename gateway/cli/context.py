"""What every command shares: the language, the options all commands take, output of data and of messages.

stdout carries data, stderr carries messages (EXPERIENCE 3.3). Under cron, where stderr is no terminal, there is no
colour and nothing below a warning.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.errors import GatewayError
from gateway.exchange.assembly import Moment
from gateway.exchange.summary import Exit, exit_for
from gateway.findings import Finding, Severity
from gateway.texts import Language, hint, say, sentence

LANGUAGE = Language.FRENCH
"""Decided by `gateway.cli.entry` before any command is imported."""

Command = TypeVar("Command", bound=Callable[..., Any])


def t(key: str, **values: object) -> str:
    """The sentence for a key in the language of this run."""
    return say(key, LANGUAGE, **values)


def moment() -> Moment:
    """The one instant and the identifiers of this run: the only place that reads the clock and draws randomness."""
    return Moment(datetime.now(UTC).replace(microsecond=0), lambda: secrets.token_hex(16), time.monotonic)


def common(command: Command) -> Command:
    """The options that every command takes."""
    for option in (
        click.option("--config", type=click.Path(path_type=Path, dir_okay=False), envvar="EDI_CONFIG",
                     default=Path("settings.yaml"), help=t("cli.option.config")),
        click.option("--lang", type=click.Choice(["fr", "en"]), expose_value=False, help=t("cli.option.lang")),
        click.option("--no-color", is_flag=True, expose_value=False, help=t("cli.option.no_color")),
        click.option("-v", "--verbose", count=True, expose_value=False, help=t("cli.option.verbose")),
    ):
        command = option(command)
    return command


def without_settings(command: Command) -> Command:
    """The options of a command that needs no settings."""
    for option in (
        click.option("--lang", type=click.Choice(["fr", "en"]), expose_value=False, help=t("cli.option.lang")),
        click.option("--no-color", is_flag=True, expose_value=False, help=t("cli.option.no_color")),
        click.option("-v", "--verbose", count=True, expose_value=False, help=t("cli.option.verbose")),
    ):
        command = option(command)
    return command


json_option = click.option("--json", "as_json", is_flag=True, help=t("cli.option.json"))


def verbose() -> int:
    """How often -v was given."""
    return sum(word.count("v") for word in sys.argv[1:] if word.startswith("-v") and set(word[1:]) == {"v"}) \
        + sys.argv[1:].count("--verbose")


def emit(line: str = "") -> None:
    """One line of data."""
    click.echo(line)


def emit_json(kind: str, item: Mapping[str, object]) -> None:
    """One JSON object on one line, with its schema number and kind (EXPERIENCE 3.4)."""
    click.echo(json.dumps({"schema": 1, "kind": kind, **{key: plain(value) for key, value in item.items()}},
                          ensure_ascii=False))


def plain(value: object) -> object:
    """A value as JSON knows it: instants in UTC ending in Z, quantities as text, dataclasses as objects."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value


def note(line: str) -> None:
    """One line for people on stderr."""
    click.echo(line, err=True)


def tell(findings: Iterable[Finding], *, warnings: bool = True) -> None:
    """Findings on stderr: place, code, sentence, and what to do next. Warnings are left out where not wanted."""
    told: set[str] = set()
    for finding in findings:
        if finding.severity is not Severity.ERROR and not warnings:
            continue
        line = sentence(finding, LANGUAGE)
        if line in told:
            continue
        told.add(line)
        note(line)
        advice = hint(finding, LANGUAGE)
        if advice is not None:
            note(f"  → {advice}")


def report(error: GatewayError, *, as_json: bool) -> None:
    """A fatal error in words; with --json the last line of stderr is one JSON object (EXPERIENCE 3.3)."""
    tell(error.findings)
    if as_json:
        first = error.findings[0]
        click.echo(json.dumps({
            "schema": 1, "kind": "error", "code": first.code, "exit": int(exit_for(error)) or int(Exit.PERSON),
            "message": sentence(first, LANGUAGE), "hint": hint(first, LANGUAGE)}, ensure_ascii=False), err=True)


def table(headings: list[str], rows: list[list[str]]) -> None:
    """A plain table; at most 50 rows on a terminal, and the line that says how many more there are."""
    shown = rows[:50] if sys.stdout.isatty() else rows
    widths = [max(len(cell) for cell in column) for column in zip(headings, *shown, strict=True)]
    for row in (headings, *shown):
        emit("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(shown) < len(rows):
        emit(t("cli.more_rows", n=len(rows) - len(shown)))
