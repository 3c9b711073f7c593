"""`edi quarantine`: what was refused and is kept, why, and the release of what people may let in."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.commands import Lazy
from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, t
from gateway.cli.listing import tell_list
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.quarantine import Held, find, held
from gateway.exchange.summary import Exit

quarantine_command = Lazy("quarantine", {
    "list": "quarantine", "show": "quarantine", "release": "quarantine_decide", "confirm": "quarantine_decide",
    "reject": "quarantine_decide"}, "quarantine.", reads=("list", "show"), default="list")
_name = click.argument("name", metavar=t("cli.metavar.held"))


@click.command(name="list", help=t("cli.quarantine.list.help"))
@json_option
@common
def list_command(config: Path, as_json: bool) -> int:
    """What is refused and kept, oldest first; without what was released or rejected."""
    with open_gateway(load_settings(config), occasion().now) as gateway:
        found = [one for one in held(gateway) if one.released is None and one.rejected is None]
    tell_list(found, as_json, item=_emit_json, empty="quarantine.none", row=_row, headings=(
        "column.time", "column.partner", "column.code", "column.file", ""))
    return Exit.DONE


@click.command(name="show", help=t("cli.quarantine.show.help"))
@_name
@json_option
@common
def show_command(config: Path, name: str, as_json: bool) -> int:
    """Everything that may be said of one refused object; nothing of what it holds."""
    with open_gateway(load_settings(config), occasion().now) as gateway:
        one = find(gateway, name)
    if as_json:
        _emit_json(one)
        return Exit.DONE
    lines = {"partner": one.partner, "code": one.code, "at": f"{one.at:%Y-%m-%d %H:%M:%S} UTC",
             "mailbox": _mailbox_name(one), "place": _where(one)}
    if one.kept is not None:
        lines |= {"size": str(one.kept.size), "sha256": one.kept.sha256, "note": one.kept.note}
    if one.sequence is not None:
        lines["sequence"] = str(one.sequence)
    for key, value in lines.items():
        emit(f"{t(f'quarantine.{key}')}: {value}")
    if one.released is not None:
        emit(t("quarantine.released", words=one.released))
    elif one.rejected is not None:
        emit(t("quarantine.rejected", words=one.rejected.words))
    elif one.asked is not None:
        emit(t("quarantine.asked", words=one.asked.words))
        note(t("quarantine.confirm", command=f"edi quarantine confirm {one.name} --by ..."))
    elif one.releasable:
        note(t("quarantine.may", command=f"edi quarantine release {one.name} --reason ... --by ..."))
    else:
        note(t("quarantine.never"))
    return Exit.DONE


def _emit_json(one: Held) -> None:
    common_values = {"code": one.code, "partner": one.partner, "name": _mailbox_name(one), "at": one.at,
                     "asked": None if one.asked is None else one.asked.words,
                     "rejected": None if one.rejected is None else one.rejected.words}
    if one.kept is not None:
        emit_json("quarantined", {**common_values, "size": one.kept.size, "sha256": one.kept.sha256,
                                  "file": one.kept.path, "note": one.kept.note, "releasable": one.releasable,
                                  "released": one.released})
    elif one.object is not None:
        emit_json("refused", {**common_values, "message_id": one.object.message_id, "sequence": one.object.sequence,
                              "mic": one.object.mic, "releasable": one.releasable})


def _row(one: Held) -> list[str]:
    return [f"{one.at:%Y-%m-%d %H:%M}", one.partner, one.code, _mailbox_name(one), _where(one)]


def _mailbox_name(one: Held) -> str:
    return one.kept.name if one.kept is not None else f"{one.name}.p7m"


def _where(one: Held) -> str:
    return str(one.kept.path) if one.kept is not None else t("quarantine.ledger", n=one.sequence)
