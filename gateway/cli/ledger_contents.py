"""`edi ledger contents`: what the ledger holds itself, what lies in its store, and moving either way."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit, emit_json, rehearsing, t, tell
from gateway.cli.people import login
from gateway.exchange.storing import (
    STRAY,
    Standing,
    faults,
    move_everything,
    planned,
    remove_strays,
    standing,
    strays,
    take_everything_back,
)
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Severity


@click.command(name="contents", help=t("cli.ledger.contents.help"))
@click.option("--check", is_flag=True, help=t("cli.ledger.contents.check"))
@click.option("--move", is_flag=True, help=t("cli.ledger.contents.move"))
@click.option("--return", "taking_back", is_flag=True, help=t("cli.ledger.contents.return"))
@click.option("--sweep", is_flag=True, help=t("cli.ledger.contents.sweep"))
@acting
def contents_command(config: Path, check: bool, move: bool, taking_back: bool, sweep: bool, as_json: bool) -> int:
    """How much lies where; or one of: read every content of the store, move, take back, remove what nobody knows. A
    rehearsal says how much would lie where, or what would be removed."""
    if [check, move, taking_back, sweep].count(True) > 1:
        raise click.UsageError(t("cli.ledger.contents.which"))
    with opened(config) as (gateway, now):
        found: list[Finding] = []
        if check:
            found += faults(gateway)
        if check or (sweep and rehearsing()):
            found += [Finding(code=STRAY, severity=Severity.WARNING, values={"key": key}) for key in strays(gateway)]
        elif sweep:
            remove_strays(gateway, strays(gateway), now.now)
        if (move or taking_back) and rehearsing():
            stands = planned(gateway, back=taking_back)
        elif move:
            stands = move_everything(gateway, now)
        elif taking_back:
            stands = take_everything_back(gateway, login(), now.now)
        else:
            stands = standing(gateway)
    for one in found if as_json else ():
        emit_json("fault", {"code": one.code, "key": one.values["key"]})
    _tell(stands, as_json=as_json)
    if not as_json:
        tell(found)
    return Exit.PERSON if any(one.severity is not Severity.WARNING for one in found) else Exit.DONE


def _tell(stands: Standing, *, as_json: bool) -> None:
    values = {"store": stands.store, "ledger_contents": stands.in_ledger.contents,
              "ledger_octets": stands.in_ledger.octets, "store_contents": stands.in_store.contents,
              "store_octets": stands.in_store.octets}
    if as_json:
        emit_json("contents", values)
        return
    emit(t("ledger.contents.ledger", contents=stands.in_ledger.contents, octets=stands.in_ledger.octets))
    emit(t("ledger.contents.store", contents=stands.in_store.contents, octets=stands.in_store.octets,
           store=stands.store or "-"))
