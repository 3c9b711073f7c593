"""`edi partner test`: is everything in place for a partner? One line per check, and what to do where it is not."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.check_lines import tell_checks
from gateway.cli.context import common, json_option, occasion, t
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.backoff import note_session
from gateway.exchange.partner_test import try_partner


@click.command(name="test", help=t("cli.partner.test.help"))
@click.argument("partner", metavar="ID")
@json_option
@common
def test_command(config: Path, partner: str, as_json: bool) -> int:
    """All checks, however many fail; exit 0 when none does, else what the gravest asks for."""
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        checks = list(try_partner(gateway, partner, now))
        for direction in ("outbound", "inbound"):
            tried = [check.verdict.value for check in checks if check.lane == direction]
            if tried and not {"failed", "untried"} & set(tried):  # cron need not wait to learn that it holds again
                note_session(gateway, partner, None, now, direction=direction)
    return tell_checks(checks, as_json=as_json, subject=partner)
