"""`edi alerts list`: every cause that stands, and who was told of it when."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, occasion, t
from gateway.cli.words import clock
from gateway.config import load_settings
from gateway.exchange.alert_causes import AFTER, causes
from gateway.exchange.alert_channels import channels
from gateway.exchange.summary import Exit
from gateway.exchange.watching import look, watched
from gateway.ledger.alert_rows import Alert
from gateway.texts import hint, sentence


@click.command(name="list", help=t("cli.alerts.list.help"))
@json_option
@common
def list_command(config: Path, as_json: bool) -> int:
    """Causes as they stand now, whether anybody is told or not; then the ways of telling that do not work."""
    settings, now = load_settings(config), occasion().now
    ways = channels(settings)
    with watched(settings, now) as gateway:
        with gateway.ledger.reading() as queries:
            known = queries.alerts()
        standing = causes(look(gateway, now), settings, min((way.settings.after for way in ways), default=AFTER))
    told = {way.shown: {row.cause: row for row in known if row.channel == way.name} for way in ways}
    for cause in standing:
        heard = {shown: _told(rows.get(cause.name)) for shown, rows in told.items()}
        if as_json:
            emit_json("cause", {"cause": cause.name, "code": cause.finding.code, "level": cause.level,
                                "since": cause.since, "text": sentence(cause.finding, language()),
                                "hint": hint(cause.finding, language()),
                                "references": [values["reference"] for _, values in cause.lines],
                                "told": [{"channel": shown, "at": at} for shown, at in heard.items()]})
            continue
        emit(sentence(cause.finding, language()))
        for shown, at in heard.items():
            emit("  " + (t("alerts.told", channel=shown, at=clock(at)) if at else t("alerts.untold", channel=shown)))
    failing = {way.shown: max((row.failures for row in known if row.channel == way.name), default=0) for way in ways}
    for shown, failures in failing.items():
        if as_json:
            emit_json("channel", {"channel": shown, "failures": failures})
        elif failures:
            emit(t("alerts.failing", channel=shown, n=failures))
    if as_json:
        emit_json("summary", {"causes": len(standing), "channels": len(ways)})
    elif not standing:
        emit(t("alerts.none"))
    if not ways and not as_json:
        emit(t("alerts.nobody"))
    return Exit.DONE


def _told(row: Alert | None) -> object:
    return None if row is None else row.told
