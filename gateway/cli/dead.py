"""`edi dead`: what nobody tries any more, of both directions; a person revives or closes it."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.acting import opened
from gateway.cli.commands import Lazy
from gateway.cli.context import acting, common, emit, emit_json, json_option, note, occasion, t, table
from gateway.cli.listing import tell_list
from gateway.cli.people import answers_for, by_option, login, named_people, person
from gateway.cli.quarantine_decide import said
from gateway.cli.words import clock
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.dead_matters import Dead, close, dead, named, revive_dead
from gateway.exchange.summary import Exit
from gateway.exchange.two_people import Voice
from gateway.reports import sheet

dead_command = Lazy("dead", dict.fromkeys(("list", "show", "revive", "close"), "dead"), "dead.", reads=("list", "show"))
_reference = click.argument("reference", metavar="REF")


@click.command(name="list", help=t("cli.dead.list.help"))
@click.option("--all", "everything", is_flag=True, help=t("cli.dead.all"))
@json_option
@common
def list_command(config: Path, everything: bool, as_json: bool) -> int:
    """What is dead, oldest first."""
    with open_gateway(load_settings(config), occasion().now) as gateway:
        found = dead(gateway, closed=everything)
    tell_list(found, as_json, item=_emit_json, empty="dead.none", row=_row, headings=(
        "column.since", "column.reference", "column.partner", "column.direction", "column.type", ""))
    return Exit.DONE


@click.command(name="show", help=t("cli.dead.show.help"))
@_reference
@json_option
@common
def show_command(config: Path, reference: str, as_json: bool) -> int:
    """One of them with everything that happened to it."""
    with open_gateway(load_settings(config), occasion().now) as gateway:
        one = named(gateway, reference)
        steps = sheet(gateway.ledger, reference).steps
    if as_json:
        _emit_json(one)
        for step in steps:
            emit_json("step", asdict(step))
        emit_json("summary", {"count": len(steps)})
        return Exit.DONE
    emit(f"{one.reference}  {one.partner}, {t(f'direction.{one.direction}')}, {one.type}")
    if one.closed is not None:
        emit(t("dead.closed", words=one.closed.words))
    table([t("column.time"), t("column.subject"), t("column.reference"), t("column.step"), t("column.state"), ""],
          [[clock(step.at), step.subject, step.reference, step.event, step.to_state or "", step.text]
           for step in steps])
    return Exit.DONE


@click.command(name="revive", help=t("cli.dead.revive.help"))
@_reference
@click.option("--reason", default="", metavar=t("cli.metavar.reason"), help=t("cli.acts.reason"))
@by_option
@acting
def revive_command(config: Path, reference: str, reason: str, people: tuple[str, ...], as_json: bool) -> int:
    """Try it again."""
    who = answers_for(people, reason)
    with opened(config) as (gateway, now):
        one = named(gateway, reference)
        again = revive_dead(gateway, one, now, who)
    if as_json:
        emit_json("revived", {"reference": one.reference, "partner": one.partner, "direction": one.direction,
                              "again": again})
    else:
        note(t(f"dead.revived.{one.direction}", reference=one.reference))
    return Exit.DONE if again else Exit.PERSON


@click.command(name="close", help=t("cli.dead.close.help"))
@_reference
@click.option("--reason", required=True, metavar=t("cli.metavar.reason"), help=t("cli.acts.reason"))
@by_option
@acting
def close_command(config: Path, reference: str, reason: str, people: tuple[str, ...], as_json: bool) -> int:
    """Have it told no more."""
    words, names = said(reason), named_people(people, 1)
    voice = Voice(name=", ".join(names), account=login(), person=person())
    with opened(config) as (gateway, now):
        one = named(gateway, reference)
        new = close(gateway, one, voice, words, now)
    if as_json:
        emit_json("closed", {"reference": one.reference, "partner": one.partner, "new": new, "people": names,
                             "account": voice.account, "reason": words})
    else:
        note(t("dead.done", reference=one.reference))
    return Exit.DONE


def _emit_json(one: Dead) -> None:
    emit_json("dead", {"what": one.what, "direction": one.direction, "partner": one.partner,
                       "reference": one.reference, "type": one.type, "since": one.since, "attempts": one.attempts,
                       "detail": one.detail, "closed": None if one.closed is None else one.closed.words})


def _row(one: Dead) -> list[str]:
    return [clock(one.since), one.reference, one.partner, t(f"direction.{one.direction}"), one.type,
            one.detail if one.closed is None else t("dead.closed", words=one.closed.words)]
