"""`edi keys init`: make this gateway's keys where the settings say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, t
from gateway.config import load_settings
from gateway.exchange.summary import Exit
from gateway.security import fingerprint, make_identity, read_passphrase


@click.command(name="init", help=t("cli.keys.init.help"))
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
