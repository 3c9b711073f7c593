"""`edi fallback add MRN`: enter a movement that ran on paper into the register."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit, emit_json, t
from gateway.cli.people import by_option, login, named_people
from gateway.errors import LocalError
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.ledger.guarantee_rows import NewMonth


@click.command(name="add", help=t("cli.fallback.add.help"))
@click.argument("mrn", metavar="MRN")
@click.option("--reason", required=True, metavar=t("cli.metavar.reason"), help=t("cli.fallback.reason"))
@by_option
@acting
def add_command(config: Path, mrn: str, reason: str, people: tuple[str, ...], as_json: bool) -> int:
    """Note who says so and why. A movement that stands in the register stays as it is, and it is said."""
    who = ", ".join(named_people(people, 1))
    with opened(config) as (gateway, now):
        with gateway.ledger.transaction() as transaction:
            movement = transaction.movement(mrn)
            if movement is None or movement.role != "departure":
                raise LocalError(Finding(code="X141", values={"mrn": mrn}))
            before = transaction.on_paper_of(mrn)
            transaction.note_on_paper([NewMonth(
                mrn=mrn, month=f"{movement.at:%Y-%m}", office=movement.departure,
                paper=f"{reason} ({who} [{login()}])")], at=now.now)
        with gateway.ledger.reading() as queries:
            row = queries.on_paper_of(mrn)
    assert row is not None
    if as_json:
        emit_json("movement", {**asdict(row), "new": before is None})
    else:
        emit(t("fallback.added" if before is None else "fallback.held", mrn=mrn, reason=row.reason))
    return Exit.DONE
