"""`edi carry`: the sealed objects by stick while a line is down, out to a partner and in from all of them."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.commands import Lazy
from gateway.cli.context import common, emit, emit_json, json_option, language, note, occasion, t, tell
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.carrying import carry_in, carry_out
from gateway.exchange.summary import Summary
from gateway.texts import sentence

carry_command = Lazy("carry", {"out": "carry", "in": "carry"}, "carry.")


@click.command(name="out", help=t("cli.carry.out.help"))
@click.argument("partner", metavar=t("cli.metavar.partner"))
@click.option("--to", "stick", type=click.Path(path_type=Path), required=True, metavar=t("cli.metavar.folder"),
              help=t("cli.carry.out.to"))
@json_option
@common
def out_command(config: Path, partner: str, stick: Path, as_json: bool) -> int:
    """Write what a partner has not acknowledged; say what it is and what the partner is to do with it."""
    summary = Summary()
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        carried = carry_out(gateway, partner, stick, now, summary)
    values = asdict(carried)
    if as_json:
        emit_json("carried-out", values)
    elif carried.files:
        emit(t("carry.out", **values))
        emit(t("carry.out.next", partner=carried.partner))
    else:
        emit(t("carry.out.nothing", partner=carried.partner))
    return _end(summary, as_json)


@click.command(name="in", help=t("cli.carry.in.help"))
@click.argument("stick", type=click.Path(path_type=Path), metavar=t("cli.metavar.folder"))
@json_option
@common
def in_command(config: Path, stick: Path, as_json: bool) -> int:
    """Take what partners have put there for us; say of each what it was, and how the receipts go back."""
    summary = Summary()
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        found = carry_in(gateway, stick, now, summary)
    for one in found:
        values = asdict(one)
        if as_json:
            emit_json("carried-in", values)
            continue
        emit(t("carry.in", **values))
        if one.new > one.receipts or one.known:
            note(t("carry.in.next", partner=one.partner, stick=stick))
    return _end(summary, as_json)


def _end(summary: Summary, as_json: bool) -> int:
    """What needs somebody, and the exit status."""
    if as_json:
        emit_json("summary", {"exit": int(summary.status), "findings": [
            {"code": finding.code, "exit": int(status), "text": sentence(finding, language())}
            for status, finding in summary.problems]})
    tell([finding for _, finding in summary.problems])
    return summary.status
