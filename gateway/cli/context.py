"""What every command shares: the language, the options all commands take, output of data and of messages.

stdout carries data, stderr carries messages (EXPERIENCE 3.3). Under cron, where stderr is no terminal, there is no
colour and nothing below a warning. Foreign data is shown with its control characters escaped, wherever it comes from:
a partner's file must not be able to write to somebody's terminal.
"""

from __future__ import annotations

import enum
import json
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct
from msgspec.structs import asdict

from gateway.errors import GatewayError
from gateway.exchange.summary import Exit, exit_for
from gateway.findings import Finding, Severity
from gateway.texts import Language, hint, say, sentence

if TYPE_CHECKING:
    from gateway.exchange.assembly import Occasion

LANGUAGE = Language.FRENCH
"""Decided by `gateway.cli.entry` before any command is imported."""

_verbosity = 0
_rehearsing = False
_asking = True
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Controls of terminals (C0, C1), line separators, and what turns the direction of text."""

_ON_A_TERMINAL = 50
"""Rows of a list that are shown to somebody who looks."""

Command = TypeVar("Command", bound=Callable[..., Any])
Row = TypeVar("Row")


def language() -> Language:
    """The language of this run."""
    return LANGUAGE


def t(key: str, **values: object) -> str:
    """The sentence for a key in the language of this run."""
    return say(key, LANGUAGE, **values)


def chance() -> float:
    """From 0 up to 1, as nobody can foresee it."""
    return secrets.SystemRandom().random()


def occasion() -> Occasion:
    """The one instant and the identifiers of this run: the only place that reads the clock and draws randomness."""
    from gateway.exchange.assembly import Occasion  # slow to import, and not wanted by --help

    return Occasion(datetime.now(UTC).replace(microsecond=0), lambda: secrets.token_hex(16), time.monotonic,
                    lambda: chance())


def start(language: Language) -> None:
    """Begin a run: its language, and nothing said about its verbosity yet."""
    global LANGUAGE, _verbosity, _rehearsing, _asking
    LANGUAGE, _verbosity, _rehearsing, _asking = language, 0, False, True


def verbose() -> int:
    """How often -v was given."""
    return _verbosity


def rehearsing() -> bool:
    """Whether ``--dry-run`` was given: `open_gateway` is told so, and every line says that it is what would be."""
    return _rehearsing


def may_ask() -> bool:
    """Whether somebody can be asked: a terminal to answer at, and no ``--no-input`` (EXPERIENCE 3.3)."""
    return _asking and sys.stdin is not None and sys.stdin.isatty()


def _rehearse(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    global _rehearsing
    _rehearsing = value


def _ask_nothing(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    global _asking
    _asking = not value


def _more(context: click.Context, parameter: click.Parameter, value: int) -> None:
    global _verbosity
    _verbosity += value


def common(command: Command) -> Command:
    """The options that every command takes."""
    command = without_settings(command)
    return click.option("--config", type=click.Path(path_type=Path, dir_okay=False), envvar="EDI_CONFIG",
                        default=Path("settings.yaml"), metavar=t("cli.metavar.file"),
                        help=t("cli.option.config"))(command)


def without_settings(command: Command) -> Command:
    """The options of a command that needs no settings."""
    for option in (
        click.option("--lang", type=click.Choice(["fr", "en"]), expose_value=False, help=t("cli.option.lang")),
        click.option("--no-color", is_flag=True, expose_value=False, help=t("cli.option.no_color")),
        click.option("--no-input", is_flag=True, expose_value=False, callback=_ask_nothing,
                     help=t("cli.option.no_input")),
        click.option("-v", "--verbose", count=True, expose_value=False, callback=_more,
                     help=t("cli.option.verbose")),
    ):
        command = option(command)
    return command


def json_option(command: Command) -> Command:
    """``--json``: output for programs. Made when a command is, which is after the language was decided."""
    return click.option("--json", "as_json", is_flag=True, help=t("cli.option.json"))(command)


def dry_run_option(command: Command) -> Command:
    """``--dry-run`` of a command that acts on the ledger alone: the act is made in a transaction that is undone.

    The command acts in the gateway of `acting.opened`; its lines are what it would say, after the word
    ``would``/``ferait`` (EXPERIENCE 3.3), its objects carry ``"dry_run": true``.
    """
    return click.option("--dry-run", is_flag=True, expose_value=False, callback=_rehearse,
                        help=t("cli.option.dry_run"))(command)


def acting(command: Command) -> Command:
    """The options of a command that acts: ``--dry-run``, ``--json``, and those of every command."""
    return dry_run_option(json_option(common(command)))


def calendar_day(text: str) -> date:
    """A day of the command line. Raises click.BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(t("cli.traffic.date", value=text)) from None


def visible(text: str) -> str:
    """Text on one line, every control character as its escape (ESC becomes ``\\x1b``); letters stay as they are."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


def emit(line: str = "") -> None:
    """One line of data; control characters are shown, not sent.

    Written by ourselves: the framework would send UTF-8 to a stream that has said it can only show ASCII.
    """
    sys.stdout.write(f"{_lines(_would(line))}\n")


def _would(text: str) -> str:
    """Lines of a rehearsal, each with its first word."""
    if not _rehearsing:
        return text
    return "\n".join(t("cli.would", line=line.lstrip()) if line.strip() else line for line in text.split("\n"))


def emit_json(kind: str, item: Mapping[str, object]) -> None:
    """One JSON object on one line, with its schema number and kind (EXPERIENCE 3.4).

    What the item itself calls its kind becomes ``<kind>_kind``: the reader tells the lines apart by `kind` alone.
    """
    named = {f"{kind}_kind" if key == "kind" else key: plain(value) for key, value in item.items()}
    marked = {"dry_run": True} if _rehearsing else {}
    sys.stdout.write(f"{to_json({'schema': 1, 'kind': kind, **named, **marked})}\n")


def to_json(value: object) -> str:
    """One line of JSON; what could break the line or reach a terminal is escaped as JSON has it."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def plain(value: object) -> object:
    """A value as JSON knows it: instants in UTC ending in Z, quantities as text, records as objects."""
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
    if isinstance(value, Struct):
        return {name: plain(inner) for name, inner in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value


def note(line: str) -> None:
    """One line for people on stderr."""
    _aside(_would(line))


def _aside(line: str) -> None:
    sys.stdout.flush()  # on a terminal the two streams keep their order
    sys.stderr.write(f"{_lines(line)}\n")


def tell(findings: Iterable[Finding], *, warnings: bool = True) -> None:
    """Findings on stderr: place, code, sentence, and what to do next. Warnings are left out where not wanted.

    What to do is said once for findings in a row that ask for the same.
    """
    told: set[str] = set()
    pending: str | None = None
    for finding in findings:
        if finding.severity is not Severity.ERROR and not warnings:
            continue
        line = sentence(finding, LANGUAGE)
        if line in told:
            continue
        told.add(line)
        advice = hint(finding, LANGUAGE)
        if pending is not None and advice != pending:
            _aside(f"  → {pending}")
        _aside(line)
        pending = advice
    if pending is not None:
        _aside(f"  → {pending}")


def report(error: GatewayError, *, as_json: bool, status: Exit | None = None) -> Exit:
    """A fatal error in words; with --json the last line of stderr is one JSON object (EXPERIENCE 3.3).

    status  what the command ends with, where that is not what the error itself asks for. Returns the exit status.
    """
    decided = status or exit_for(error)
    tell(error.findings)
    if as_json:
        fatal(error.findings[0], decided)
    return decided


def fatal(finding: Finding, status: Exit) -> None:
    """The JSON object that ends stderr when a command fails: code, exit, message, hint."""
    _aside(to_json({"schema": 1, "kind": "error", "code": finding.code, "exit": int(status),
                  "message": sentence(finding, LANGUAGE), "hint": hint(finding, LANGUAGE)}))


def shown_rows(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows of a list that are shown: all, but at most 50 on a terminal (EXPERIENCE 3.3). `tell_rest` comes after
    them."""
    return rows[:_ON_A_TERMINAL] if sys.stdout.isatty() else rows


def tell_rest(rows: Sequence[Row]) -> None:
    """How many more rows there are than `shown_rows` gave, and how to see them; nothing where it gave all."""
    left = len(rows) - len(shown_rows(rows))
    if left:
        emit(t("cli.more_rows", n=left))


def table(headings: list[str], rows: list[list[str]]) -> None:
    """A plain table; at most 50 rows on a terminal, and the line that says how many more there are."""
    shown = [[visible(cell) for cell in row] for row in shown_rows(rows)]
    widths = [max(len(cell) for cell in column) for column in zip(headings, *shown, strict=True)]
    for row in (headings, *shown):
        emit("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    tell_rest(rows)
