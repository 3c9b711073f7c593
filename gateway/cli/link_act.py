"""`edi link checkpoint` and `edi link withdraw`: what a person has the gateway say about a link."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit, emit_json, t
from gateway.cli.people import by_option, login, named_people
from gateway.errors import LocalError
from gateway.exchange.checkpoints import send_heads_now
from gateway.exchange.summary import Exit
from gateway.exchange.withdrawal import withdraw
from gateway.findings import Finding


@click.command(name="checkpoint", help=t("cli.link.checkpoint.help"))
@click.option("--partner", "partners", multiple=True, metavar="ID", help=t("cli.option.partner"))
@acting
def checkpoint_command(config: Path, partners: tuple[str, ...], as_json: bool) -> int:
    """Sign the heads of both links with each partner, after the whole history of both was walked."""
    with opened(config) as (gateway, now):
        done = [(partner, send_heads_now(gateway, partner, now)) for partner in gateway.chosen(partners)]
    for partner, sequence in done:
        if as_json:
            emit_json("checkpoint", {"partner": partner, "sequence": sequence})
        else:
            emit(t("link.checkpoint.done", partner=partner, sequence=sequence))
    if as_json:
        emit_json("summary", {"count": len(done)})
    return Exit.DONE


@click.command(name="withdraw", help=t("cli.link.withdraw.help"))
@click.argument("sequence", metavar=t("cli.metavar.number"), type=click.IntRange(min=1))
@click.option("--partner", required=True, metavar="ID", help=t("cli.link.withdraw.partner"))
@click.option("--reason", required=True, metavar=t("cli.metavar.reason"), help=t("cli.link.withdraw.reason"))
@click.option("--anew", is_flag=True, help=t("cli.link.withdraw.anew"))
@by_option
@acting
def withdraw_command(config: Path, sequence: int, partner: str, reason: str, anew: bool, people: tuple[str, ...],
                     as_json: bool) -> int:
    """Take back a number of ours, by the decision of people who answer for it."""
    words = " ".join(reason.split())
    if not words:
        raise LocalError(Finding(code="C018"))
    named = named_people(people, 1)
    with opened(config) as (gateway, now):
        number = withdraw(gateway, partner, sequence, reason=words, people=(*named, login()), anew=anew, occasion=now)
    if as_json:
        emit_json("withdrawal", {"partner": partner, "sequence": sequence, "anew": number})
        return Exit.DONE
    emit(t("link.withdraw.done", partner=partner, sequence=sequence))
    if number is not None:
        emit(t("link.withdraw.anew", partner=partner, sequence=number))
    return Exit.DONE
