"""`edi health`: does it work now? Ledger, keys, disk, last runs; exit 0 or 1."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from gateway.cli.check_lines import tell_checks
from gateway.cli.context import common, json_option, occasion, t
from gateway.config import load_settings
from gateway.errors import GatewayError
from gateway.exchange.own_checks import HEALTH, health, unread
from gateway.exchange.summary import Exit


@click.command(name="health", help=t("cli.health.help"))
@click.option("--within", type=click.IntRange(1, 525600), default=60, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.health.within"))
@json_option
@common
def health_command(config: Path, within: int, as_json: bool) -> int:
    """Exit 1 when a check fails, whichever; what should only be looked at fails none."""
    try:
        settings = load_settings(config)
        checks, subject = health(settings, occasion().now, timedelta(minutes=within)), settings.gateway
    except GatewayError as error:
        checks, subject = unread(error, HEALTH), str(config)
    failed = any(check.verdict.value == "failed" for check in checks)
    return tell_checks(checks, as_json=as_json, subject=subject, status=Exit.PERSON if failed else Exit.DONE)
