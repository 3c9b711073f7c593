"""`edi reconcile PARTNER`: is everything that both gateways hold of each other the same?"""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, tell
from gateway.config import load_settings
from gateway.exchange import cycle
from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.reconciled import Compared, Named, compared, exit_of, state_of
from gateway.exchange.reconciling import ASKING, SAME, begin
from gateway.exchange.recovering import ask, held, recover
from gateway.exchange.summary import Exit, Summary


@click.command(name="reconcile", help=t("cli.reconcile.help"))
@click.argument("partner", metavar=t("cli.metavar.partner"))
@click.option("--to", "upto", type=click.IntRange(min=1), metavar=t("cli.metavar.number"),
              help=t("cli.reconcile.to"))
@click.option("--new", "anew", is_flag=True, help=t("cli.reconcile.new"))
@click.option("--objects", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.reconcile.objects"))
@json_option
@common
def reconcile_command(config: Path, partner: str, upto: int | None, anew: bool, objects: Path | None,
                      as_json: bool) -> int:
    """Begin a comparison, or say how the one begun stands. How one ended is said once; then a new one begins.

    After a ledger was restored: first what we lost comes back from the partner, in a folder.
    """
    summary = Summary()
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        partner, = gateway.chosen((partner,))
        if held(gateway, partner) or objects is not None:
            if objects is None:
                return _ask(gateway, partner, now, summary, as_json)
            _take(gateway, partner, objects, now, as_json)
            anew = True
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
            emit_json("comparison", asdict(one))
        emit_json("summary", {"partner": partner, "state": state_of(links), "objects": sum(one.size for one in links)})
    else:
        _say(partner, links)
    tell([finding for _, finding in summary.problems])
    found = exit_of(links)
    return found if found is not Exit.DONE else summary.status


def _ask(gateway: Gateway, partner: str, now: Occasion, summary: Summary, as_json: bool) -> int:
    """Say which objects the partner has to give back."""
    size = ask(gateway, partner, now, summary)
    tell([finding for _, finding in summary.problems])
    if size is None:
        return summary.status
    if as_json:
        emit_json("held", {"partner": partner, "beyond": size})
    else:
        emit(t("reconcile.held", partner=partner, us=gateway.name, n=size))
    return Exit.TRUST


def _take(gateway: Gateway, partner: str, objects: Path, now: Occasion, as_json: bool) -> None:
    done = recover(gateway, partner, objects, now)
    if as_json:
        emit_json("recovered", {"partner": partner, "objects": done.objects, "size": done.size})
    else:
        emit(t("reconcile.recovered", partner=partner, objects=done.objects, n=done.size))


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
