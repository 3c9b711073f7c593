"""`edi fallback list`: movements that ran on paper, their share, and the months that call for a review."""

from __future__ import annotations

import re
from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, table
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.reports.fallback import REVIEW, fallback

_MONTHS = 12


@click.command(name="list", help=t("cli.fallback.list.help"))
@click.option("--since", metavar=t("cli.metavar.month"), help=t("cli.fallback.since"))
@click.option("--movements", "listed", is_flag=True, help=t("cli.fallback.movements"))
@json_option
@common
def list_command(config: Path, since: str | None, listed: bool, as_json: bool) -> int:
    """By month and office of departure: movements, those on paper, their share."""
    now = occasion().now
    if since is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", since):
        raise click.BadParameter(t("cli.fallback.month", value=since))
    months = now.year * 12 + now.month - _MONTHS  # counted from January of year 0
    begin = since or f"{months // 12:04d}-{months % 12 + 1:02d}"
    with open_gateway(load_settings(config), now) as gateway:
        found = fallback(gateway.ledger, begin, listed=listed)
    if as_json:
        for line in found.lines:
            emit_json("month", asdict(line))
        for row in found.movements:
            emit_json("movement", asdict(row))
        emit_json("summary", {"since": begin, "movements": sum(line.movements for line in found.lines),
                              "on_paper": sum(line.on_paper for line in found.lines),
                              "review": sum(line.review for line in found.lines)})
        return Exit.DONE
    if not found.lines:
        emit(t("fallback.none", since=begin))
        return Exit.DONE
    table([t("column.month"), t("column.office"), t("column.movements"), t("column.on_paper"), t("column.share"), ""],
          [[line.month, line.office, str(line.movements), str(line.on_paper), f"{line.percent} %",
            t("fallback.review", percent=REVIEW) if line.review else ""] for line in found.lines])
    if found.movements:
        emit()
        table([t("column.month"), t("column.office"), t("column.mrn"), t("column.reason")],
              [[row.month, row.office, row.mrn, row.reason] for row in found.movements])
    return Exit.DONE
