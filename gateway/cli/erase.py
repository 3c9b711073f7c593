"""`edi erase`: the traders' data of a movement go, with reason and names; what proves the exchange stays."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import acting, emit, emit_json, note, occasion, rehearsing, t
from gateway.cli.people import by_option, login, named_people
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.erasing import Decision, Erasure, erase, erasure_of
from gateway.exchange.summary import Exit


@click.command(name="erase", help=t("cli.erase.help"))
@click.argument("reference", metavar="REF")
@click.option("--reason", required=True, metavar=t("cli.metavar.reason"), help=t("cli.erase.reason"))
@by_option
@click.option("--shared", is_flag=True, help=t("cli.erase.shared"))
@click.option("--yes", is_flag=True, help=t("cli.erase.yes"))
@acting
def erase_command(config: Path, reference: str, reason: str, people: tuple[str, ...], shared: bool, yes: bool,
                  as_json: bool) -> int:
    """Without --yes it is only said what would go. Where approvals are `two`, two people are named."""
    settings, now = load_settings(config), occasion().now
    decision = Decision(people=", ".join(named_people(people, 2 if settings.approvals == "two" else 1)),
                        account=login(), reason=" ".join(reason.split()))
    if not decision.reason:
        raise click.UsageError(t("cli.erase.which"))
    with open_gateway(settings, now) as gateway:
        if rehearsing() or not yes:
            planned, _ = erasure_of(gateway, reference, shared=shared)
        else:
            planned = erase(gateway, reference, decision, now, shared=shared)
    done = yes and not rehearsing()
    if as_json:
        emit_json("erased", {"mrn": planned.mrn, "done": done, "contents": planned.contents, "records": planned.records,
                             "shared": planned.shared, "files": planned.files, "copies": planned.copies,
                             "told": planned.told})
    else:
        _tell(planned, done=done)
    return Exit.DONE if done or rehearsing() else Exit.PERSON


def _tell(one: Erasure, *, done: bool) -> None:
    emit(t("erase.done" if done else "erase.would", mrn=one.mrn, contents=one.contents, records=one.records,
           files=len(one.files)))
    if one.shared:
        emit(t("erase.shared", count=len(one.shared), others=", ".join(one.shared[:5])))
    for path in one.files:
        emit(f"  {path}")
    if one.told:
        note(t("erase.told", count=one.told))
    for path in one.copies:
        note(t("erase.copy", file=path))
    if done:
        note(t("erase.elsewhere"))
    elif not rehearsing():
        note(t("erase.next"))
