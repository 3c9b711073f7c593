"""`edi resend`."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit, emit_json, note, t, tell
from gateway.cli.keys_change import instant
from gateway.cli.people import answers_for, by_option
from gateway.config import load_settings
from gateway.exchange.resend import Wanted, resend, resend_wanted
from gateway.exchange.summary import Exit
from gateway.findings import Finding

_some = click.argument("references", metavar="[REF...]", nargs=-1)


@click.command(name="resend", help=t("cli.resend.help"))
@_some
@click.option("--partner", metavar=t("cli.metavar.partner"), help=t("cli.resend.partner"))
@click.option("--corridor", metavar=t("cli.metavar.corridor"), help=t("cli.resend.corridor"))
@click.option("--since", metavar=t("cli.metavar.instant"), help=t("cli.resend.since"))
@click.option("--reason", default="", metavar=t("cli.metavar.reason"), help=t("cli.acts.reason"))
@by_option
@acting
def resend_command(config: Path, references: tuple[str, ...], partner: str | None, corridor: str | None,
                   since: str | None, reason: str, people: tuple[str, ...], as_json: bool) -> int:
    """One line per reference or message asked for, those that could not be found included; the total adds up."""
    if bool(references) == (since is not None) or (references and (partner or corridor)):
        raise click.UsageError(t("cli.resend.which"))
    settings, who = load_settings(config), answers_for(people, reason)
    with opened(settings) as (gateway, now):
        if corridor is not None:
            gateway.corridors.named(corridor)
        if partner is not None:
            gateway.known_partner(partner)
        results = resend(gateway, references, now, who) if since is None else resend_wanted(
            gateway, Wanted(since=instant(since), partner=partner, corridor=corridor), now, who)
    for result in results:
        if as_json:
            emit_json("resent", {"reference": result.reference, "objects": result.objects, "reason": result.reason,
                                 "mrn": result.mrn})
        elif result.objects:
            emit(t("resend.done", reference=result.reference, name=", ".join(result.objects)))
        if not result.objects:
            code = "X044" if result.reason == "unknown" else "X045"
            tell([Finding(code=code, values={"reference": result.reference, "reason": t(f"resend.{result.reason}")})])
    done = sum(bool(result.objects) for result in results)
    if as_json:
        emit_json("summary", {"asked": len(results), "resent": done})
    else:
        note(t("resend.total", done=done, asked=len(results)))
    return Exit.DONE if done == len(results) else Exit.PERSON
