"""`edi audit export MONTH`: what was signed and recorded in a month, as a folder that is checked without us."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, t
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.audit_export import export_month
from gateway.exchange.audit_month import Month
from gateway.exchange.summary import Exit


@click.command(name="export", help=t("cli.audit.export.help"))
@click.argument("month", metavar=t("cli.metavar.month"))
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar=t("cli.metavar.folder"),
              help=t("cli.audit.export.out"))
@json_option
@common
def export_command(config: Path, month: str, out: Path, as_json: bool) -> int:
    """Write the folder; say what is in it, and what it cannot prove yet."""
    now, wanted = occasion().now, Month.read(month)
    with open_gateway(load_settings(config), now) as gateway:
        made = export_month(gateway, wanted, out, now)
    plan = made.plan
    rows = plan.last - plan.first + 1
    if as_json:
        emit_json("month", {"month": str(wanted), "folder": made.folder, "objects": made.objects, "rows": rows,
                            "first": plan.first, "last": plan.last, "anchor": plan.anchor, "head": plan.head,
                            "whole": plan.whole, "open": list(made.partners)})
        return Exit.DONE
    emit(t("audit.exported", folder=made.folder, month=wanted, objects=made.objects, rows=rows))
    if not plan.whole:
        note(t("audit.open.month", about=wanted))
    for partner in made.partners:
        note(t("audit.exported.open", partner=partner))
    note(t("audit.exported.check", folder=made.folder))
    return Exit.DONE
