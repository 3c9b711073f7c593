"""`edi keys check`: how long every certificate still holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway.cli.context import common, emit_json, json_option, occasion, t, table
from gateway.config import load_settings
from gateway.exchange.summary import Exit
from gateway.security import Certificate, certificate_levels, fingerprint, load_certificate

_EXITS = {"expired": Exit.TRUST, "early": Exit.TRUST, "urgent": Exit.PERSON, "warning": Exit.PERSON}


def _level(certificate: Certificate, now: datetime) -> str:
    """ok, notice (60 days), warning (30), urgent (7), expired, early (EXPERIENCE section 4, certificates)."""
    if now < certificate.not_before:
        return "early"
    due = certificate_levels([certificate], now)
    days = due[0].level if due else 90
    return "expired" if days == 0 else "urgent" if days <= 7 else "warning" if days <= 30 else \
        "notice" if days <= 60 else "ok"


@click.command(name="check", help=t("cli.keys.check.help"))
@json_option
@common
def check_command(config: Path, as_json: bool) -> int:
    """Exit 1 when a certificate ends within 30 days, 5 when one is expired or not yet valid."""
    settings = load_settings(config)
    now = occasion().now
    held: list[tuple[str, str, Certificate]] = [
        (settings.gateway, "authority", load_certificate(settings.keys.authority)),
        (settings.gateway, "signing", load_certificate(settings.keys.signing.certificate)),
        *((settings.gateway, "encryption", load_certificate(pair.certificate)) for pair in settings.keys.encryption)]
    for partner in settings.partners.values():
        held.append((partner.partner, "authority", load_certificate(partner.authority.certificate)))
        held.extend((partner.partner, entry.use, load_certificate(entry.file)) for entry in partner.certificates)
    statuses = set()
    rows = []
    for owner, use, certificate in held:
        level = _level(certificate, now)
        statuses.add(_EXITS.get(level, Exit.DONE))
        rows.append([owner, use, f"{certificate.not_after:%Y-%m-%d}", t(f"keys.level.{level}"),
                     fingerprint(certificate)])
        if as_json:
            emit_json("certificate", {"owner": owner, "use": use, "level": level, "ends": certificate.not_after,
                                      "sha256": certificate.sha256})
    status = max(statuses, key=[Exit.DONE, Exit.PERSON, Exit.TRUST].index)
    if as_json:
        emit_json("summary", {"count": len(held), "exit": int(status)})
    else:
        table([t("column.partner"), t("column.type"), t("column.end"), t("column.state"), t("column.fingerprint")],
              rows)
    return status
