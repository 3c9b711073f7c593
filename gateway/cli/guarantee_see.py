"""`edi guarantee list`, `edi guarantee show REF`: the account of each guarantee."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, table
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.ledger.guarantee_rows import Bond

_MOST = 1000
"""Movements of one guarantee that a person is shown."""


@click.command(name="list", help=t("cli.guarantee.list.help"))
@json_option
@common
def list_command(config: Path, as_json: bool) -> int:
    """The guarantees, the most engaged first."""
    now = occasion().now
    with open_gateway(load_settings(config), now) as gateway, gateway.ledger.reading() as queries:
        found = queries.bonds()
    if as_json:
        for one in found:
            _bond_json(one)
        emit_json("summary", {"count": len(found), "over": sum(one.over > 0 for one in found)})
    elif found:
        _bonds(found)
    else:
        emit(t("guarantee.none"))
    return Exit.DONE


@click.command(name="show", help=t("cli.guarantee.show.help"))
@click.argument("reference", metavar="REF")
@json_option
@common
def show_command(config: Path, reference: str, as_json: bool) -> int:
    """One guarantee, and the movements that hold something of it."""
    with open_gateway(load_settings(config), occasion().now) as gateway, gateway.ledger.reading() as queries:
        found, held = queries.bonds_of(reference), queries.held_of(reference, limit=None if as_json else _MOST)
    if not found:
        raise LocalError(Finding(code="X140", values={"reference": reference}))
    if as_json:
        for one in found:
            _bond_json(one)
        for row in held:
            emit_json("engagement", asdict(row))
        emit_json("summary", {"count": len(held), "over": sum(one.over > 0 for one in found)})
        return Exit.DONE
    _bonds(found)
    emit()
    table([t("column.mrn"), t("column.currency"), t("column.amount"), t("column.engaged"), t("column.changed")],
          [[row.mrn, row.currency, _amount(row.amount), _amount(row.engaged), f"{row.changed:%Y-%m-%d %H:%M}"]
           for row in held])
    return Exit.DONE


def _bonds(found: list[Bond]) -> None:
    table([t("column.reference"), t("column.currency"), t("column.engaged"), t("column.movements"),
           t("column.good_for"), t("column.free"), t("column.until"), t("column.surety"), ""],
          [[one.reference, one.currency, _amount(one.engaged), str(one.movements), _amount(one.good_for),
            _amount(one.free), "" if one.until is None else one.until.isoformat(), one.surety,
            t("guarantee.over", amount=_amount(one.over)) if one.over else ""] for one in found])


def _bond_json(one: Bond) -> None:
    emit_json("guarantee", {**asdict(one), "free": one.free,
                            "over": one.over})


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}".replace(",", " ")
