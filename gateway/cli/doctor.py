"""`edi doctor`: is this machine as the gateway needs it, and may every mailbox be written to? With remedies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from gateway.cli.check_lines import tell_checks
from gateway.cli.context import common, json_option, occasion, t
from gateway.config import load_settings
from gateway.errors import GatewayError
from gateway.exchange.own_checks import doctor, environment, unread


@click.command(name="doctor", help=t("cli.doctor.help"))
@click.option("--within", type=click.IntRange(1, 525600), default=60, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.health.within"))
@click.option("--offline", is_flag=True, help=t("cli.doctor.offline"))
@json_option
@common
def doctor_command(config: Path, within: int, offline: bool, as_json: bool) -> int:
    """All checks, however many fail; exit 0 when none does, else what the gravest asks for."""
    checks = [environment()]
    subject = str(config)
    try:
        settings = load_settings(config)
        subject = settings.gateway
        checks += doctor(settings, occasion(), timedelta(minutes=within), reach=not offline)
    except GatewayError as error:
        checks += unread(error)
    return tell_checks(checks, as_json=as_json, subject=subject, marked=True)
