"""`edi chase REF`: ask the partner for the state of a movement now."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit, emit_json, note, t
from gateway.cli.people import answers_for, by_option
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.state_query import ask_by_hand
from gateway.exchange.summary import Exit
from gateway.findings import Finding


@click.command(name="chase", help=t("cli.chase.help"))
@click.argument("reference", metavar="REF")
@click.option("--reason", default="", metavar=t("cli.metavar.reason"), help=t("cli.acts.reason"))
@by_option
@acting
def chase_command(config: Path, reference: str, reason: str, people: tuple[str, ...], as_json: bool) -> int:
    """One line for each movement under the reference, with the partners that are asked."""
    who = answers_for(people, reason)
    settings = load_settings(config)
    with opened(settings) as (gateway, now):
        with gateway.ledger.reading() as queries:
            movements = queries.find(reference).movements
        if not movements:
            raise LocalError(Finding(code="X044", values={"reference": reference, "reason": t("resend.unknown")}))
        asked = [(movement.mrn, ask_by_hand(gateway, movement, now, who)) for movement in movements]
    for mrn, partners in asked:
        if as_json:
            emit_json("chased", {"mrn": mrn, "partners": partners})
        elif partners:
            emit(t("chase.done", mrn=mrn, partners=", ".join(partners)))
        else:
            note(t("chase.waits", mrn=mrn))
    if as_json:
        emit_json("summary", {"movements": len(asked), "asked": sum(len(partners) for _, partners in asked)})
    return Exit.DONE
