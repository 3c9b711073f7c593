"""`edi init` and `edi config`: settings written, checked and shown."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from gateway.cli.context import (
    common,
    emit,
    emit_json,
    json_option,
    language,
    occasion,
    t,
    table,
    tell,
    without_settings,
)
from gateway.config import SettingsAnswers, load_settings, resolved, settings_text
from gateway.errors import GatewayError, LocalError
from gateway.exchange.agreed import differing
from gateway.exchange.assembly import Assembly, standing_versions
from gateway.exchange.machine import advice, require_fit
from gateway.exchange.shared import shared_certificates
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.texts import sentence

_FOLDERS = ("partners", "national/out/declarations", "national/out/events", "national/in", "state", "keys", "schema")
_SCHEMAS = Path(__file__).parents[1] / "schema"


@click.command(name="init", help=t("cli.init.help"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"))
@click.option("--gateway", required=True, metavar="ID", help=t("cli.init.gateway"))
@click.option("--country", required=True, metavar="XX", help=t("cli.init.country"))
@click.option("--time-zone", required=True, metavar="ZONE", help=t("cli.init.time_zone"))
@click.option("--environment", type=click.Choice(["test", "production"]), default="test", show_default=True,
              help=t("cli.init.environment"))
@without_settings
def init_command(folder: Path, gateway: str, country: str, time_zone: str, environment: str) -> int:
    """Write the settings and the folders of a new gateway; never over an existing one."""
    settings = folder / "settings.yaml"
    if settings.exists():
        raise LocalError(Finding(code="C003", values={"folder": str(folder), "file": settings.name}))
    text = settings_text(SettingsAnswers(gateway=gateway, country=country, time_zone=time_zone,
                                         environment=environment, language=language().value), language=language())
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.write_text(text, "utf-8")
    try:
        load_settings(settings, partners=False)
    except LocalError:
        settings.unlink()
        raise
    for schema in _SCHEMAS.glob("*.json"):  # for the editor: completion and explanations while typing
        (folder / "schema" / schema.name).write_bytes(schema.read_bytes())
    emit(t("init.done", file=settings))
    emit(t("init.next"))
    here = shlex.quote(str(settings.resolve()))
    emit(f"  edi keys init --config {here}")
    emit(t("init.partner"))
    emit(f"  edi partner import --help\n  edi config check --config {here}")
    emit(t("init.cron"))
    emit(f"  */5 * * * * EDI_CONFIG={here} {_program('edi-send')}")
    emit(f"  */5 * * * * EDI_CONFIG={here} {_program('edi-receive')}")
    emit(f"  17 3 * * * EDI_CONFIG={here} {_program('edi')} retention")
    emit(f"  41 */4 * * * EDI_CONFIG={here} {_program('edi')} keys crl >/dev/null")
    emit(f"  7 6 * * * EDI_CONFIG={here} {_program('edi')} keys check >/dev/null")
    return Exit.DONE


def _program(name: str) -> str:
    """The command line of an installed program; where none is installed, by way of this Python."""
    for folder in (Path(sys.argv[0]).parent, Path(sys.executable).parent):
        if (folder / name).is_file():
            return shlex.quote(str((folder / name).absolute()))
    return f"{shlex.quote(sys.executable)} -m gateway.cli" + ("" if name == "edi" else f" {name}")


@click.group(name="config", help=t("cli.config.help"), subcommand_metavar=t("cli.metavar.command"))
def config_command() -> None:
    """The settings."""


@config_command.command(name="check", help=t("cli.config.check.help"))
@json_option
@common
def check_command(config: Path, as_json: bool) -> int:
    """All faults of settings, partners and corridors at once. Exit 3 when there is one."""
    findings: list[Finding] = []
    partners = corridors = 0
    try:
        settings = load_settings(config)
    except GatewayError as error:
        findings.extend(error.findings)
    else:
        for broken in settings.broken_partners.values():
            findings.extend(broken)
        now = occasion().now
        with standing_versions(settings, now) as versions:
            assembly = Assembly(settings, versions, now)
            partners, corridors = len(settings.partners), len(assembly.corridors.all)
            for faults in assembly.corridors.faults.values():
                findings.extend(faults)
            findings.extend(_loading(assembly))
            findings.extend(differing(assembly))
            findings.extend(shared_certificates(settings))
        try:
            require_fit(settings)
        except GatewayError as error:
            findings.extend(error.findings)
        tell(advice(settings))
    if as_json:
        emit_json("config-check", {"file": config, "ok": not findings, "partners": partners, "corridors": corridors,
                                   "findings": [{"code": finding.code, "file": finding.place.file,
                                                 "line": finding.place.line, "column": finding.place.column,
                                                 "text": sentence(finding, language())}
                                                for finding in findings]})
    if findings:
        tell(findings)
        return Exit.SETTINGS
    if not as_json:
        emit(t("config.ok", file=config, partners=partners, corridors=corridors))
    return Exit.DONE


@config_command.command(name="show", help=t("cli.config.show.help"))
@json_option
@common
def show_command(config: Path, as_json: bool) -> int:
    """Every effective value with its origin."""
    rows = []
    for value in resolved(load_settings(config)):
        rows.append([value.key, value.text, value.origin or t("config.default")])
        if as_json:
            emit_json("setting", {"key": value.key, "value": value.text, "origin": value.origin})
    if as_json:
        emit_json("summary", {"count": len(rows)})
    else:
        table([t("column.subject"), t("column.value"), t("column.origin")], rows)
    return Exit.DONE


def _loading(assembly: Assembly) -> list[Finding]:
    """What the settings name must be loadable: dialects, keys, certificates."""
    national = assembly.settings.national
    names = {source.dialect for source in (*national.declarations, *national.events)}
    names |= {national.inbox.declarations, national.inbox.events}
    found: list[Finding] = []
    steps: list[Callable[[], object]] = [partial(assembly.dialect, name) for name in sorted(names)]
    steps += [lambda: assembly.signer, lambda: assembly.decryption_keys]
    steps += [partial(assembly.trust, name) for name in sorted(assembly.settings.partners)]
    for step in steps:
        try:
            step()
        except GatewayError as error:
            found.extend(error.findings)
    return found
