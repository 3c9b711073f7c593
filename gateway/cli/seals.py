"""`edi seals`: the life of a seal or container, and every movement on which it was seen."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, table
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.reports.seal_chain import Chain, chains


@click.command(name="seals", help=t("cli.seals.help"))
@click.argument("word", metavar=t("cli.metavar.seal"))
@json_option
@common
def seals_command(config: Path, word: str, as_json: bool) -> int:
    """Who put it on, who saw it, where and when; whether it is on two movements at once."""
    with open_gateway(load_settings(config), occasion().now) as gateway:
        found = chains(gateway.ledger, word)
    if not found:
        raise LocalError(Finding(code="X151", values={"reference": word}))
    for number, chain in enumerate(found):
        if as_json:
            _json(chain)
            continue
        if number:
            emit()
        emit(t(f"seals.{chain.thing}", identity=chain.identity, count=len(chain.movements)))
        table([t("column.seals.when"), t("column.seals.what"), t("column.seals.office"),
               t("column.seals.administration"), t("column.mrn"), t("column.reference")],
              [[(one.happened or "").replace("T", " ")[:16], t(f"seals.what.{one.what}"), one.office,
                one.administration, one.mrn, one.reference] for one in chain.sightings])
        if chain.reused is not None:
            emit("  " + t("seals.reused", mrns=", ".join(chain.reused.mrns)))
            emit("  → " + t("seals.hint", mrn=chain.reused.mrns[0]))
    if as_json:
        emit_json("summary", {"count": len(found), "reused": sum(one.reused is not None for one in found)})
    return Exit.DONE


def _json(chain: Chain) -> None:
    emit_json("chain", {"thing": chain.thing, "identity": chain.identity, "movements": list(chain.movements),
                        "reused": list(chain.reused.mrns) if chain.reused is not None else []})
    for one in chain.sightings:
        emit_json("sighting", asdict(one))
