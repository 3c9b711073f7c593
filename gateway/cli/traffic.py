"""`edi traffic`: what crossed the line to each partner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import calendar_day, common, emit, emit_json, json_option, occasion, t, table
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.ledger.line_rows import Traffic
from gateway.reports.traffic import added, by_day, traffic

_SHOWN = timedelta(days=7)
_SHORT = {"inbound": "in", "outbound": "out"}


@click.command(name="traffic", help=t("cli.traffic.help"))
@click.argument("partner", metavar=f"[{t('cli.metavar.partner')}]", required=False)
@click.option("--since", metavar=t("cli.metavar.date"), help=t("cli.traffic.since"))
@json_option
@common
def traffic_command(config: Path, partner: str | None, since: str | None, as_json: bool) -> int:
    """By day, partner and direction: octets on the wire, files, sessions and their time."""
    now = occasion().now
    begin = _day(since) if since else (now - _SHOWN).replace(hour=0, minute=0, second=0, microsecond=0)
    with open_gateway(load_settings(config), now) as gateway:
        name = None if partner is None else gateway.known_partner(partner)
        rows = traffic(gateway.ledger, begin, name)
    if as_json:
        for row in rows:
            emit_json("traffic", asdict(row))
        emit_json("summary", {"count": len(rows), "since": begin,
                              "octets_in": sum(row.octets_in for row in rows),
                              "octets_out": sum(row.octets_out for row in rows)})
    elif rows:
        days = by_day(rows)
        total = days[0]
        for row in days[1:]:
            total = added(total, row)
        table([t("column.day"), t("column.partner"), t("column.direction"), t("column.sessions"), t("column.failed"),
               t("column.files_in"), t("column.files_out"), t("column.octets_in"), t("column.octets_out"),
               t("column.duration")],
              [*([f"{row.at:%Y-%m-%d}", row.partner, t(f"direction.{_SHORT[row.direction]}"), *_counts(row)]
                 for row in days),
               [t("traffic.total"), "", "", *_counts(total)]])
    else:
        emit(t("traffic.none", since=f"{begin:%Y-%m-%d}"))
    return Exit.DONE


def _counts(row: Traffic) -> list[str]:
    return [str(row.sessions), str(row.failed), str(row.files_in), str(row.files_out), str(row.octets_in),
            str(row.octets_out), f"{row.milliseconds / 1000:.1f} s"]


def _day(text: str) -> datetime:
    """The beginning of a day, UTC. Raises click.BadParameter."""
    day = calendar_day(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
