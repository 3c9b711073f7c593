"""`edi reference publish`, `accept` and `refuse`."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit, emit_json, note, t
from gateway.cli.people import by_option, login, named_people
from gateway.config import load_settings
from gateway.exchange.reference_data import decide, publish
from gateway.exchange.reference_files import load_reference
from gateway.exchange.summary import Exit

_partner = click.argument("partner", metavar="ID")
_version = click.argument("version", type=click.IntRange(1), metavar=t("cli.metavar.number"))


@click.command(name="publish", help=t("cli.reference.publish.help"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar=t("cli.metavar.file"))
@click.option("--partner", "partners", multiple=True, metavar="ID", help=t("cli.reference.partner"))
@by_option
@acting
def publish_command(config: Path, file: Path, partners: tuple[str, ...], people: tuple[str, ...],
                    as_json: bool) -> int:
    """Seal a version for every partner, or for those named; it leaves with the next dispatch."""
    who = ", ".join(named_people(people, 1))
    data = load_reference(file)
    with opened(config) as (gateway, now):
        told = publish(gateway, data, gateway.chosen(partners), f"{who} [{login()}]", now)
    for one in told:
        if as_json:
            emit_json("published", {"partner": one.partner, "version": data.version, "outcome": one.outcome})
        else:
            emit(t(f"reference.published.{one.outcome}", partner=one.partner, version=data.version))
    halted = sum(one.outcome == "halted" for one in told)
    if as_json:
        emit_json("summary", {"count": len(told), "halted": halted})
    elif halted < len(told):
        note(t("reference.leaves"))
    return Exit.PERSON if halted else Exit.DONE


@click.command(name="accept", help=t("cli.reference.accept.help"))
@_partner
@_version
@by_option
@acting
def accept_command(config: Path, partner: str, version: int, people: tuple[str, ...], as_json: bool) -> int:
    """A version that waits counts from its start on, and its sender gets the receipt."""
    return _decide(config, partner, version, people, as_json, accepted=True)


@click.command(name="refuse", help=t("cli.reference.refuse.help"))
@_partner
@_version
@by_option
@acting
def refuse_command(config: Path, partner: str, version: int, people: tuple[str, ...], as_json: bool) -> int:
    """A version that waits never counts, and its sender is told."""
    return _decide(config, partner, version, people, as_json, accepted=False)


def _decide(config: Path, partner: str, version: int, people: tuple[str, ...], as_json: bool, *,
            accepted: bool) -> int:
    settings = load_settings(config)
    who = ", ".join(named_people(people, 2 if accepted and settings.approvals == "two" else 1))
    with opened(settings) as (gateway, now):
        name = gateway.partner(partner).partner
        decide(gateway, name, version, f"{who} [{login()}]", now, accepted=accepted)
    what = "accepted" if accepted else "refused"
    if as_json:
        emit_json(what, {"partner": name, "version": version})
    else:
        emit(t(f"reference.{what}", partner=name, version=version))
    return Exit.DONE
