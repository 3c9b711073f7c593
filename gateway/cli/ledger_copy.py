"""`edi ledger copy` and `edi ledger objects`: a copy of the ledger, in a file or in another database, and a partner's
own objects for its recovery."""

from __future__ import annotations

import re
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t
from gateway.config import address_fault, load_settings, sqlite_address
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.recovering import export
from gateway.exchange.standstill import standstill
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.ledger.copying import copy_ledger


@click.command(name="copy", help=t("cli.ledger.copy.help"))
@click.argument("places", nargs=-1, required=True, metavar=t("cli.metavar.source_target"))
@json_option
@common
def copy_command(config: Path, places: tuple[str, ...], as_json: bool) -> int:
    """A whole copy as of this moment. Into a file, runs go on meanwhile; what moves to another database, or from a
    database that is named, is compared row by row."""
    if len(places) > 2:
        raise click.UsageError(t("cli.ledger.copy.places"))
    target, source = places[-1], places[0] if len(places) == 2 else None
    if source is None and _ADDRESS.match(target) is None:
        with open_gateway(load_settings(config), occasion().now) as gateway:
            gateway.ledger.backup(Path(target))
        size = Path(target).stat().st_size
        if as_json:
            emit_json("copy", {"file": target, "octets": size})
        else:
            emit(t("ledger.copied", file=target, octets=size))
        return Exit.DONE
    wanted = _address(target)
    if source is not None:
        given = _address(source)
        made = copy_ledger(given, wanted)
    else:
        settings = load_settings(config)
        given = settings.ledger
        with standstill(settings, occasion().now):
            made = copy_ledger(given, wanted)
    values = {"source": given, "target": wanted, "tables": len(made), "rows": sum(one.rows for one in made)}
    if as_json:
        emit_json("moved", values)
    else:
        emit(t("ledger.moved", **values))
    return Exit.DONE


_ADDRESS = re.compile(r"(sqlite|postgresql)(\+psycopg)?:")


def _address(text: str) -> str:
    """The address of a database as somebody types it: a path is one, relative to where they are. Raises LocalError
    S071, S073."""
    if _ADDRESS.match(text) is None or text.startswith("sqlite:"):
        return sqlite_address(Path.cwd() / text.removeprefix("sqlite:").removeprefix("///"))
    code = address_fault(text)
    if code is not None:
        raise LocalError(Finding(code=code, values={"value": text} if code == "S071" else {}))
    return text


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
