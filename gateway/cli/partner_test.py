"""`edi partner test`: is everything in place for a partner? One line per check, and what to do where it is not."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, occasion, t
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.backoff import note_session
from gateway.exchange.checks import Check
from gateway.exchange.partner_test import try_partner
from gateway.exchange.summary import worst
from gateway.texts import hint, known, sentence


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
    status = worst({check.status for check in checks})
    for check in checks:
        if as_json:
            emit_json("check", {"name": check.name, "lane": check.lane, "verdict": check.verdict, "seen": check.values,
                                "findings": [{"code": finding.code, "text": sentence(finding, language()),
                                              "hint": hint(finding, language())} for finding in check.findings]})
        else:
            _show(check)
    counts = {verdict: sum(check.verdict.value == verdict for check in checks)
              for verdict in ("ok", "noted", "failed", "untried")}
    if as_json:
        emit_json("summary", {**counts, "exit": int(status)})
    else:
        emit(t("check.total", partner=partner, **counts))
    return status


def _show(check: Check) -> None:
    lane = f" ({t(f'check.lane.{check.lane}')})" if check.lane else ""
    key = f"check.{check.name}.{check.word}"
    seen = f": {t(key, **check.values)}" if check.values and known(key, language()) else ""
    emit(f"{t(f'check.verdict.{check.verdict.value}'):10} {t(f'check.{check.name}')}{lane}{seen}")
    for finding in check.findings:
        emit(f"           {sentence(finding, language())}")
        emit(f"           → {hint(finding, language())}")
