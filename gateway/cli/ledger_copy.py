"""`edi ledger copy` and `edi ledger objects`: a copy of the ledger, and a partner's own objects for its recovery."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.recovering import export
from gateway.exchange.summary import Exit


@click.command(name="copy", help=t("cli.ledger.copy.help"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"))
@json_option
@common
def copy_command(config: Path, file: Path, as_json: bool) -> int:
    """A whole copy as of this moment, flushed; runs go on meanwhile."""
    with open_gateway(load_settings(config), occasion().now) as gateway:
        gateway.ledger.backup(file)
    size = file.stat().st_size
    if as_json:
        emit_json("copy", {"file": file, "octets": size})
    else:
        emit(t("ledger.copied", file=file, octets=size))
    return Exit.DONE


@click.command(name="objects", help=t("cli.ledger.objects.help"))
@click.argument("partner", metavar="ID")
@click.option("--beyond", type=click.IntRange(min=0), required=True, metavar=t("cli.metavar.number"),
              help=t("cli.ledger.objects.beyond"))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True,
              metavar=t("cli.metavar.folder"), help=t("cli.ledger.objects.out"))
@json_option
@common
def objects_command(config: Path, partner: str, beyond: int, out: Path, as_json: bool) -> int:
    """Everything of the partner's that we hold above a number, with our signed heads."""
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        partner, = gateway.chosen((partner,))
        made = export(gateway, partner, beyond, out, now)
    if as_json:
        emit_json("objects", {"folder": out, "partner": partner, "objects": made.objects, "sequence": made.sequence})
    else:
        emit(t("ledger.exported", folder=out, partner=partner, objects=made.objects))
    return Exit.DONE
