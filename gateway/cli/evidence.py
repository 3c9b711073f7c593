"""`edi evidence REF`: everything that both administrations signed about a movement, so that a stranger can check it."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, t
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.evidence import gather
from gateway.exchange.evidence_files import write_bundle
from gateway.exchange.summary import Exit


@click.command(name="evidence", help=t("cli.evidence.help"))
@click.argument("reference", metavar="REF")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True,
              metavar=t("cli.metavar.folder"), help=t("cli.evidence.out"))
@json_option
@common
def evidence_command(config: Path, reference: str, out: Path, as_json: bool) -> int:
    """Write the bundle; say what is in it, and what is still awaited."""
    now = occasion().now
    with open_gateway(load_settings(config), now) as gateway:
        evidence = gather(gateway, reference)
        folder = write_bundle(evidence, gateway.name, out, now)
    counts = {"objects": len(evidence.exhibits), "receipted": evidence.receipted, "agreed": evidence.agreed}
    if as_json:
        emit_json("bundle", {"folder": folder, "mrn": evidence.movement.mrn, **counts, "complete": evidence.complete})
        return Exit.DONE
    emit(t("evidence.made", folder=folder, mrn=evidence.movement.mrn, **counts))
    if not evidence.complete:
        note(t("evidence.incomplete", partners=", ".join(sorted(
            {one.recipient if one.sender == gateway.name else one.sender for one in evidence.exhibits
             if one.receipt is None or one.agreed is None}))))
    note(t("evidence.check", folder=folder))
    return Exit.DONE
