"""`edi quarantine release`, `confirm`, `reject`: what people decide about a refused object."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit_json, note, report, t, tell, verbose
from gateway.cli.people import by_option, login, named_people, person, person_apart
from gateway.config import Settings, load_settings
from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.quarantine import Decision, Held, find, release
from gateway.exchange.summary import Exit
from gateway.exchange.two_people import Voice, ask, confirmed, reject
from gateway.findings import Finding
from gateway.security import RELEASABLE

_name = click.argument("name", metavar=t("cli.metavar.held"))
_reason = click.option("--reason", required=True, metavar=t("cli.metavar.reason"), help=t("cli.quarantine.reason"))


@click.command(name="release", help=t("cli.quarantine.release.help"))
@_name
@_reason
@click.option("--also", "also", multiple=True, type=click.Choice(sorted(RELEASABLE)),
              help=t("cli.quarantine.also"))
@by_option
@acting
def release_command(config: Path, name: str, reason: str, also: tuple[str, ...], people: tuple[str, ...],
                    as_json: bool) -> int:
    """Let a refused object in, or where two people are wanted, ask for it: another person confirms."""
    settings = load_settings(config)
    words = said(reason)
    if settings.approvals == "two":
        voice = _voice(settings, people)
        with opened(settings) as (gateway, now):
            one = find(gateway, name)
            asked = ask(gateway, one, {one.code, *also}, voice, words, now)
        if as_json:
            emit_json("asked", {"name": one.name, "partner": one.partner, "code": one.code, "new": asked,
                                "rules": sorted({one.code, *also}), "people": [voice.name], "account": voice.account,
                                "reason": words})
        note(t("quarantine.confirm", command=f"edi quarantine confirm {one.name} --by ..."))
        return Exit.DONE
    answering = named_people(people, 1)
    with opened(settings) as (gateway, now):
        one = find(gateway, name)
        decision = Decision(rules=frozenset({one.code, *also}), people=answering, account=login(), reason=words,
                            request=one.asked)
        return _let_in(gateway, one, decision, now, as_json=as_json)


@click.command(name="confirm", help=t("cli.quarantine.confirm.help"))
@_name
@by_option
@acting
def confirm_command(config: Path, name: str, people: tuple[str, ...], as_json: bool) -> int:
    """Let in what another person has asked for."""
    settings = load_settings(config)
    voice = _voice(settings, people)
    with opened(settings) as (gateway, now):
        one = find(gateway, name)
        return _let_in(gateway, one, confirmed(gateway, one, voice), now, as_json=as_json)


@click.command(name="reject", help=t("cli.quarantine.reject.help"))
@_name
@_reason
@by_option
@acting
def reject_command(config: Path, name: str, reason: str, people: tuple[str, ...], as_json: bool) -> int:
    """Decide that a refused object is never let in; where GW-1 has a receipt for it, the partner gets it once more."""
    words, answering = said(reason), named_people(people, 1)
    voice = Voice(name=", ".join(answering), account=login(), person=person())
    with opened(config) as (gateway, now):
        one = find(gateway, name)
        receipt = reject(gateway, one, voice, words, now)
    if as_json:
        emit_json("rejected", {"name": one.name, "partner": one.partner, "code": one.code, "receipt": receipt,
                               "people": answering, "account": voice.account, "reason": words})
    else:
        note(t("quarantine.reject.call" if receipt is None else "quarantine.reject.receipt", name=one.name,
               partner=one.partner))
    return Exit.DONE


def _let_in(gateway: Gateway, one: Held, decision: Decision, now: Occasion, *, as_json: bool) -> int:
    try:
        summary = release(gateway, one, decision, now)
    except PartnerError as error:
        return report(error, as_json=as_json, status=Exit.TRUST)
    findings = [finding for _, finding in summary.problems]
    if as_json:
        emit_json("released", {"name": one.name, "partner": one.partner, "code": one.code,
                               "rules": sorted(decision.rules), "people": decision.people,
                               "account": decision.account, "exit": int(summary.status)})
    elif not findings or verbose():
        note(t("quarantine.done", name=one.name, partner=one.partner))
    tell(findings)
    return summary.status


def _voice(settings: Settings, people: tuple[str, ...]) -> Voice:
    """The one person who acts. Raises LocalError C012 for none, C032 for several, C031 for the gateway's account."""
    names = named_people(people, 1)
    if len(names) > 1:
        raise LocalError(Finding(code="C032", values={"names": ", ".join(names)}))
    return Voice(name=names[0], account=login(), person=person_apart(settings.paths.state))


def said(reason: str) -> str:
    """A reason on one line. Raises LocalError C018 for none."""
    words = " ".join(reason.split())
    if not words:
        raise LocalError(Finding(code="C018"))
    return words
