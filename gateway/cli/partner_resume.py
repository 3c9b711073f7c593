"""`edi partner resume`: a halted link goes on, after a talk with the partner."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import common, dry_run_option, emit, t
from gateway.cli.people import by_option, named_people
from gateway.config import load_settings
from gateway.exchange.halting import resume
from gateway.exchange.summary import Exit


@click.command(name="resume", help=t("cli.partner.resume.help"))
@click.argument("partner", metavar="ID")
@click.option("--reason", required=True, metavar=t("cli.metavar.reason"), help=t("cli.partner.resume.reason"))
@by_option
@dry_run_option
@common
def resume_command(config: Path, partner: str, reason: str, people: tuple[str, ...]) -> int:
    """Let a halted link go on, after a talk with the partner; exit 1 when it was not halted.

    Where the settings want two people for approvals, two answer for this; else a name is kept where one is given.
    """
    settings = load_settings(config)
    answering = named_people(people, 2 if settings.approvals == "two" else 0)
    said = f"{reason} ({', '.join(answering)})" if answering else reason
    with opened(settings) as (gateway, now):
        resumed = resume(gateway, partner, said, now)
    emit(t("partner.resumed" if resumed else "partner.not_halted", partner=partner))
    return Exit.DONE if resumed else Exit.PERSON
