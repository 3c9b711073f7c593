"""`edi config`: settings checked and shown."""

from __future__ import annotations

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
)
from gateway.config import load_settings, resolved
from gateway.errors import GatewayError
from gateway.exchange.agreed import differing
from gateway.exchange.assembly import Assembly, standing_versions
from gateway.exchange.machine import advice, require_fit
from gateway.exchange.shared import shared_certificates
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.texts import sentence


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
        if settings.daemon is not None:
            from gateway.daemon.queue import lacking  # most gateways have none

            findings.extend(lacking(settings.ledger))
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
@click.option("--resolved", is_flag=True, expose_value=False, help=t("cli.config.show.resolved"))
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
