"""`edi link status`: where each directed link stands."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, table
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.ledger.link_rows import Gap


@click.command(name="status", help=t("cli.link.status.help"))
@json_option
@common
def status_command(config: Path, as_json: bool) -> int:
    """One line for each direction: the last number without a hole before it, and what is behind one."""
    with open_gateway(load_settings(config), occasion().now) as gateway, gateway.ledger.reading() as queries:
        found = queries.links()
    if as_json:
        for one in found:
            emit_json("link", asdict(one))
        emit_json("summary", {"count": len(found)})
    elif found:
        table([t("column.partner"), t("column.direction"), t("column.upto"), t("column.missing"), t("column.parked"),
               t("column.agreed"), t("column.halted")],
              [[one.partner, t(f"direction.{one.direction}"), str(one.sequence),
                ", ".join(map(_words, one.gaps)) or t("link.missing.none"), str(one.parked), str(one.agreed),
                one.halted or ""] for one in found])
    else:
        emit(t("link.none"))
    return Exit.DONE


def _words(gap: Gap) -> str:
    return str(gap.first) if gap.first == gap.last else f"{gap.first}-{gap.last}"
