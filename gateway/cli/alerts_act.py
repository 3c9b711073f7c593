"""`edi alerts send`, `edi alerts test`: tell what is to be told, as every run does at its end; try every way."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from gateway.cli.context import common, emit, emit_json, json_option, language, occasion, t, tell
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.alert_channels import channels
from gateway.exchange.alert_text import Digest, title
from gateway.exchange.alerting import Sent, planned, tell_people, trial, try_channel
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.exchange.watching import look, watched
from gateway.findings import Finding, Place

NO_CHANNEL = "X370"


@click.command(name="send", help=t("cli.alerts.send.help"))
@click.option("--dry-run", is_flag=True, help=t("cli.option.dry_run"))
@json_option
@common
def send_command(config: Path, dry_run: bool, as_json: bool) -> int:
    """What failed before is tried at once. Exit 4 where a way of telling did not take what it was told."""
    settings = load_settings(config)
    _require_channel(settings.alerts, settings.file)
    now = replace(occasion(), at_once=True)
    if dry_run:
        with watched(settings, now.now) as gateway:
            digest = Digest(sight=look(gateway, now.now), standing=())
            done = [Sent(channel=channel, told=made.due) for channel, made in planned(gateway, now)]
    else:
        with open_gateway(settings, now.now) as gateway:
            done = tell_people(gateway, now)
            digest = Digest(sight=look(gateway, now.now), standing=())
    return _say(done, digest, as_json=as_json, dry_run=dry_run)


@click.command(name="test", help=t("cli.alerts.test.help"))
@click.option("--dry-run", is_flag=True, help=t("cli.option.dry_run"))
@json_option
@common
def test_command(config: Path, dry_run: bool, as_json: bool) -> int:
    """One alert that says that it is a trial, on every way; nothing of it is kept. Exit 4 where one did not take it."""
    settings, now = load_settings(config), occasion()
    _require_channel(settings.alerts, settings.file)
    with watched(settings, now.now) as gateway:
        digest = Digest(sight=look(gateway, now.now), standing=())
    ways = channels(settings)
    done = [Sent(channel=channel, told=(trial(channel, now),)) for channel in ways] if dry_run else [
        try_channel(settings, channel, digest, now) for channel in ways]
    return _say(done, digest, as_json=as_json, dry_run=dry_run)


def _require_channel(alerts: object, file: Path) -> None:
    if not alerts:
        raise LocalError(Finding(code=NO_CHANNEL, place=Place(file=str(file))))


def _say(done: list[Sent], digest: Digest, *, as_json: bool, dry_run: bool) -> int:
    """One line for each thing told, and the fault of each way that did not take what it was told."""
    for sent in done:
        for one in sent.told:
            what = title(one, digest, language())
            if as_json:
                emit_json("told", {"channel": sent.channel.shown, "event": one.event, "cause": one.row.cause,
                                   "id": one.identifier, "text": what, "dry_run": dry_run})
            else:
                emit(t("alerts.would" if dry_run else "alerts.sent", channel=sent.channel.shown, what=what))
    faults = [sent.fault for sent in done if sent.fault is not None]
    tell(faults)
    status = Exit.LATER if faults else Exit.DONE
    if as_json:
        emit_json("summary", {"told": sum(len(sent.told) for sent in done), "failed": len(faults),
                              "exit": int(status)})
    elif not any(sent.told for sent in done) and not faults:
        emit(t("alerts.nothing"))
    return status
