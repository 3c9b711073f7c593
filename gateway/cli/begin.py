"""`edi init`: a new gateway from seven answers, and what makes it run by itself (EXPERIENCE 4 and 9)."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click
from msgspec.structs import replace

from gateway.cli.context import (
    dry_run_option,
    emit,
    language,
    may_ask,
    rehearsing,
    t,
    tell,
    without_settings,
)
from gateway.cli.service_files import account_of, cron_lines, quoted_program, write_services
from gateway.config import SettingsAnswers, load_model, load_settings, settings_text
from gateway.config.answers import InitAnswers
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import NOWHERE, Finding

_FOLDERS = ("partners", "keys", "schema")
_DATA = ("national/out/declarations", "national/out/events", "national/in", "state")
_SCHEMAS = Path(__file__).parents[1] / "schema"
_DEFAULTS = {"environment": "test", "national": "neutral/json", "acceptance": "automatic", "approvals": "one"}
_INDISPENSABLE = ("gateway", "country", "time_zone")
_QUESTIONS = (*_INDISPENSABLE, *_DEFAULTS)
_PROBE = {"gateway": "XXTEST", "country": "TG", "time_zone": "UTC", **_DEFAULTS}
"""Answers that fit, beside which one answer of a person is judged alone."""


@click.command(name="init", help=t("cli.init.help"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"))
@click.option("--gateway", metavar="ID", help=t("cli.init.gateway"))
@click.option("--country", metavar="XX", help=t("cli.init.country"))
@click.option("--time-zone", metavar="ZONE", help=t("cli.init.time_zone"))
@click.option("--environment", type=click.Choice(["test", "production"]), help=t("cli.init.environment"))
@click.option("--national", metavar=t("cli.metavar.dialect"), help=t("cli.init.national"))
@click.option("--acceptance", type=click.Choice(["automatic", "national"]), help=t("cli.init.acceptance"))
@click.option("--approvals", type=click.Choice(["one", "two"]), help=t("cli.init.approvals"))
@click.option("--answers", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"),
              help=t("cli.init.answers"))
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.init.data"))
@click.option("--services", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.init.services"))
@click.option("--user", metavar=t("cli.metavar.account"), help=t("cli.init.user"))
@dry_run_option
@without_settings
def init_command(folder: Path, answers: Path | None, data: Path | None, services: Path | None, user: str | None,
                 **given: str | None) -> int:
    """Write the settings and the folders of a new gateway, never over an existing one; with --services the files that
    make it run by itself, for an existing one too."""
    settings = (folder / "settings.yaml").absolute()
    written = load_model(answers, InitAnswers) if answers is not None else InitAnswers()
    data, services, user = data or written.data, services or written.services, user or written.user
    if settings.exists() and (services is None or any(given.values()) or answers is not None or data is not None):
        raise LocalError(Finding(code="C003", values={"folder": str(folder), "file": settings.name}))
    if user is not None:
        account_of(settings, user)
    if not settings.exists():
        told = {key: given[key] or getattr(written, key) for key in _QUESTIONS}
        _begin(settings, _whole(told, asked=answers is None), data)
    if services is not None and not (rehearsing() and not settings.exists()):
        write_services(settings, services.absolute(), user)
    return Exit.DONE


def _whole(told: dict[str, str | None], *, asked: bool) -> dict[str, str]:
    """All seven answers. Where an indispensable one is missing and somebody can be asked, whatever is missing is asked;
    where nobody can, the options that give the answers are named (exit 2)."""
    missing = [key for key in _INDISPENSABLE if not told[key]]
    if missing and not (asked and may_ask()):
        options = ", ".join(f"--{key.replace('_', '-')}" for key in missing)
        raise click.UsageError(t("cli.init.missing", options=options))
    if missing:
        told = {key: told[key] or _ask(number, key) for number, key in enumerate(_QUESTIONS, 1)}
    return {key: told[key] or _DEFAULTS[key] for key in _QUESTIONS}


def _ask(number: int, key: str) -> str:
    """One question, put again until the answer fits."""
    known = _zone_here() if key == "time_zone" else _DEFAULTS.get(key)
    question = f"{number}/{len(_QUESTIONS)} {t(f'init.ask.{key}')}"
    while True:
        answer = str(click.prompt(question, default=known, err=True)).strip()
        try:
            _text({**_PROBE, key: answer}, None)
        except LocalError as error:
            tell([replace(finding, place=NOWHERE) for finding in error.findings])
        else:
            return answer


def _zone_here() -> str | None:
    """The time zone of this machine by its name, where the machine knows it."""
    try:
        return Path("/etc/timezone").read_text("ascii").strip() or None
    except (OSError, ValueError):
        path = os.path.realpath("/etc/localtime")
        return path.partition("/zoneinfo/")[2] or None


def _text(told: dict[str, str], data: Path | None) -> str:
    """The settings for these answers. Raises LocalError with findings for answers that do not fit."""
    declarations, inbox = _sources(told["national"])
    answers = SettingsAnswers(
        gateway=told["gateway"], country=told["country"], time_zone=told["time_zone"],
        environment=told["environment"], acceptance=told["acceptance"], language=language().value,
        approvals=told["approvals"], declarations=declarations, inbox_declarations=inbox, mappings=_own_folders())
    if data is not None:
        answers = replace(answers, state=str(data / "state"), national=str(data / "national"))
    return settings_text(answers, language=language())


def _sources(dialect: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Which files the dialect reads, and that it writes what arrives. Raises LocalError D011 (unknown), C090 (it reads
    events, or the views of a database: those want lines of their own in the settings)."""
    from gateway.mapping import search_path  # not wanted by --help
    from gateway.mapping.dialect import load_dialect

    loaded = load_dialect(dialect, search_path())
    if loaded.kind != "declaration" or loaded.view is not None:
        raise LocalError(Finding(code="C090", values={"dialect": dialect}))
    return tuple((match, dialect) for match in dict.fromkeys(loaded.matches)), dialect


def _own_folders() -> tuple[str, ...]:
    """The folders of mappings that this shell names in EDI_MAPPINGS: cron has no such variable, the settings say it."""
    from gateway.mapping.search import named_folders  # not wanted by --help

    return tuple(str(folder.absolute()) for folder in named_folders() if folder.is_dir())


def _begin(settings: Path, told: dict[str, str], data: Path | None) -> None:
    """Folders and settings, and what to type next."""
    folder = settings.parent
    data = data.absolute() if data is not None else None
    text = _text(told, data)
    if not rehearsing():
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in _DATA:
            ((data or folder) / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.write_text(text, "utf-8")
        try:
            load_settings(settings, partners=False)
        except LocalError:
            settings.unlink()
            raise
        for schema in _SCHEMAS.glob("*.json"):  # for the editor: completion and explanations while typing
            (folder / "schema" / schema.name).write_bytes(schema.read_bytes())
    emit(t("init.done", file=settings))
    if rehearsing():
        return
    edi = quoted_program("edi")
    emit(t("init.next"))
    emit(f"  {edi} keys init --config {shlex.quote(str(settings))}")
    emit(t("init.partner"))
    emit(f"  {edi} partner import --help\n  {edi} config check --config {shlex.quote(str(settings))}")
    emit(t("init.cron"))
    for line in cron_lines(load_settings(settings, partners=False), account_of(settings, None)):
        emit(f"  {line}")
    emit(t("init.systemd"))
    emit(f"  {edi} init {shlex.quote(str(folder))} --services {shlex.quote(str(folder / 'services'))}")
