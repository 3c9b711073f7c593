"""`edi keys`: make this gateway's keys, and watch how long every certificate still holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, t, table
from gateway.config import load_settings
from gateway.exchange.summary import Exit
from gateway.security import (
    Certificate,
    certificate_levels,
    fingerprint,
    load_certificate,
    make_identity,
    read_passphrase,
)

_EXITS = {"expired": Exit.TRUST, "early": Exit.TRUST, "urgent": Exit.PERSON, "warning": Exit.PERSON}


def _level(certificate: Certificate, now: datetime) -> str:
    """ok, notice (60 days), warning (30), urgent (7), expired, early (EXPERIENCE section 4, certificates)."""
    if now < certificate.not_before:
        return "early"
    due = certificate_levels([certificate], now)
    days = due[0].level if due else 90
    return "expired" if days == 0 else "urgent" if days <= 7 else "warning" if days <= 30 else \
        "notice" if days <= 60 else "ok"


@click.group(name="keys", help=t("cli.keys.help"), subcommand_metavar=t("cli.metavar.command"))
def keys_command() -> None:
    """The keys of this gateway and the certificates of its partners."""


@keys_command.command(name="init", help=t("cli.keys.init.help"))
@click.option("--algorithm", type=click.Choice(["ec", "rsa"]), default="ec", show_default=True,
              help=t("cli.keys.algorithm"))
@click.option("--days", type=click.IntRange(1, 1200), default=730, show_default=True,
              metavar=t("cli.metavar.number"), help=t("cli.keys.days"))
@json_option
@common
def init_command(config: Path, algorithm: str, days: int, as_json: bool) -> int:
    """Make authority, signing, encryption and SSH keys where the settings say; never over existing ones."""
    settings = load_settings(config, partners=False)
    passphrase = None if settings.keys.passphrase is None else read_passphrase(settings.keys.passphrase)
    identity = make_identity(settings.paths.keys, gateway=settings.gateway, environment=settings.environment,
                             now=occasion().now, valid=timedelta(days=days), passphrase=passphrase,
                             algorithm="rsa" if algorithm == "rsa" else "ec")
    parts = {"authority": identity.authority, "signing": identity.signing, "encryption": identity.encryption}
    if as_json:
        emit_json("identity", {"folder": settings.paths.keys, **{
            part: {"sha256": certificate.sha256, "fingerprint": fingerprint(certificate),
                   "ends": certificate.not_after} for part, certificate in parts.items()}})
        return Exit.DONE
    note(t("keys.made", folder=settings.paths.keys))
    for part, certificate in parts.items():
        emit(t("keys.fingerprint", part=part, fingerprint=fingerprint(certificate),
               end=f"{certificate.not_after:%Y-%m-%d}"))
    note(t("keys.public", folder=settings.paths.keys / "public"))
    return Exit.DONE


@keys_command.command(name="check", help=t("cli.keys.check.help"))
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
