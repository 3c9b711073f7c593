"""`edi reconcile PARTNER`: is everything that both gateways hold of each other the same?"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, tell
from gateway.config import load_settings
from gateway.exchange import cycle
from gateway.exchange.assembly import open_gateway
from gateway.exchange.reconciled import Compared, Named, compared, exit_of, state_of
from gateway.exchange.reconciling import ASKING, SAME, begin
from gateway.exchange.summary import Exit, Summary


@click.command(name="reconcile", help=t("cli.reconcile.help"))
@click.argument("partner", metavar=t("cli.metavar.partner"))
@click.option("--to", "upto", type=click.IntRange(min=1), metavar=t("cli.metavar.number"),
              help=t("cli.reconcile.to"))
@click.option("--new", "anew", is_flag=True, help=t("cli.reconcile.new"))
@json_option
@common
def reconcile_command(config: Path, partner: str, upto: int | None, anew: bool, as_json: bool) -> int:
    """Begin a comparison, or say how the one begun stands. How one ended is said once; then a new one begins."""
    summary = Summary()
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        partner, = gateway.chosen((partner,))
        with gateway.ledger.reading() as queries:
            rows = list(queries.reconciliations(partner).values())
        if anew or all(row.told for row in rows):
            begin(gateway, partner, now, upto=upto)
        cycle.receive(gateway, now, partners=(partner,), summary=summary)
        with gateway.ledger.transaction() as transaction:
            rows = list(transaction.reconciliations(partner).values())
            if all(row.state != ASKING for row in rows):
                transaction.mark_reconciliation_told(partner)
        with gateway.ledger.reading() as queries:
            links = compared(queries, gateway.name, partner)
    if as_json:
        for one in links:
            emit_json("comparison", {name: getattr(one, name) for name in one.__slots__})
        emit_json("summary", {"partner": partner, "state": state_of(links), "objects": sum(one.size for one in links)})
    else:
        _say(partner, links)
    tell([finding for _, finding in summary.problems])
    found = exit_of(links)
    return found if found is not Exit.DONE else summary.status


def _say(partner: str, links: list[Compared]) -> None:
    if state_of(links) == SAME:
        emit(t("reconcile.same", partner=partner, n=sum(one.size for one in links)))
    for one in links:
        emit("  " + t(f"reconcile.link.{one.state}", sender=one.sender, recipient=one.recipient, n=one.size,
                      questions=one.questions))
        for part in one.differences:
            emit("    " + _words(partner, part))
    if state_of(links) == ASKING:
        emit(t("reconcile.waiting", partner=partner))


def _words(partner: str, part: Named) -> str:
    number = str(part.first) if part.first == part.last else f"{part.first}-{part.last}"
    carries = " ".join(word for word in (part.reference, *part.mrns) if word)
    return t(f"reconcile.{part.fault.replace(' ', '-')}", number=number, partner=partner, what=carries or "—")
