"""`edi quarantine`: what was refused and is kept, why, and the release of what people may let in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, report, t, table, tell, verbose
from gateway.cli.people import by_option, login, named_people
from gateway.config import load_settings
from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.quarantine import Decision, Held, find, held, release
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.security import RELEASABLE

_name = click.argument("name", metavar=t("cli.metavar.held"))


@click.group(name="quarantine", help=t("cli.quarantine.help"), invoke_without_command=True,
             subcommand_metavar=f"[{t('cli.metavar.command')}]")
@json_option
@common
@click.pass_context
def quarantine_command(context: click.Context, config: Path, as_json: bool) -> int:
    """What is refused and kept, oldest first; without what was released."""
    if context.invoked_subcommand is not None:
        return Exit.DONE
    with open_gateway(load_settings(config), occasion().now) as gateway:
        found = [one for one in held(gateway) if one.released is None]
    if as_json:
        for one in found:
            _emit_json(one)
        emit_json("summary", {"count": len(found)})
    elif found:
        table([t("column.time"), t("column.partner"), t("column.code"), t("column.file"), ""],
              [[f"{one.at:%Y-%m-%d %H:%M}", one.partner, one.code, _mailbox_name(one), _where(one)] for one in found])
    else:
        emit(t("quarantine.none"))
    return Exit.DONE


@quarantine_command.command(name="show", help=t("cli.quarantine.show.help"))
@_name
@json_option
@common
def show_command(config: Path, name: str, as_json: bool) -> int:
    """Everything that may be said of one refused object; nothing of what it holds."""
    settings = load_settings(config)
    with open_gateway(settings, occasion().now) as gateway:
        one = find(gateway, name)
    if as_json:
        _emit_json(one)
        return Exit.DONE
    lines = {"partner": one.partner, "code": one.code, "at": f"{one.at:%Y-%m-%d %H:%M:%S} UTC",
             "mailbox": _mailbox_name(one), "place": _where(one)}
    if one.kept is not None:
        lines |= {"size": str(one.kept.size), "sha256": one.kept.sha256, "note": one.kept.note}
    if one.sequence is not None:
        lines["sequence"] = str(one.sequence)
    for key, value in lines.items():
        emit(f"{t(f'quarantine.{key}')}: {value}")
    if one.released is not None:
        emit(t("quarantine.released", words=one.released))
    elif one.releasable:
        people = " ".join("--by ..." for _ in range(_needed(settings.approvals)))
        note(t("quarantine.may", command=f"edi quarantine release {one.name} --reason ... {people}"))
    else:
        note(t("quarantine.never"))
    return Exit.DONE


@quarantine_command.command(name="release", help=t("cli.quarantine.release.help"))
@_name
@click.option("--reason", required=True, metavar=t("cli.metavar.text"), help=t("cli.quarantine.reason"))
@click.option("--also", "also", multiple=True, type=click.Choice(sorted(RELEASABLE)),
              help=t("cli.quarantine.also"))
@by_option
@json_option
@common
def release_command(config: Path, name: str, reason: str, also: tuple[str, ...], people: tuple[str, ...],
                    as_json: bool) -> int:
    """Let a refused object in, by the decision of people who answer for it."""
    settings, now = load_settings(config), occasion()
    words = " ".join(reason.split())
    if not words:
        raise LocalError(Finding(code="C018"))
    answering = named_people(people, _needed(settings.approvals))
    with open_gateway(settings, now.now) as gateway:
        one = find(gateway, name)
        decision = Decision(rules=frozenset({one.code, *also}), people=answering, account=login(), reason=words)
        try:
            summary = release(gateway, one, decision, now)
        except PartnerError as error:
            return report(error, as_json=as_json, status=Exit.TRUST)
    findings = [finding for _, finding in summary.problems]
    if as_json:
        emit_json("released", {"name": one.name, "partner": one.partner, "code": one.code,
                               "rules": sorted(decision.rules), "people": answering, "account": decision.account,
                               "exit": int(summary.status)})
    elif not findings or verbose():
        note(t("quarantine.done", name=one.name, partner=one.partner))
    tell(findings)
    return summary.status


def only_reads(words: Sequence[str]) -> bool:
    """Tell whether a line only reads. `words` is what follows ``edi quarantine``."""
    return "release" not in words


def _needed(approvals: str) -> int:
    return 2 if approvals == "two" else 1


def _emit_json(one: Held) -> None:
    common_values = {"code": one.code, "partner": one.partner, "name": _mailbox_name(one), "at": one.at}
    if one.kept is not None:
        emit_json("quarantined", {**common_values, "size": one.kept.size, "sha256": one.kept.sha256,
                                  "file": one.kept.path, "note": one.kept.note, "releasable": one.releasable,
                                  "released": one.released})
    elif one.object is not None:
        emit_json("refused", {**common_values, "message_id": one.object.message_id, "sequence": one.object.sequence,
                              "mic": one.object.mic, "releasable": one.releasable})


def _mailbox_name(one: Held) -> str:
    return one.kept.name if one.kept is not None else f"{one.name}.p7m"


def _where(one: Held) -> str:
    return str(one.kept.path) if one.kept is not None else t("quarantine.ledger", n=one.sequence)
