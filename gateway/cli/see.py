"""`edi status`: what stands where, what needs somebody first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import common, emit, emit_json, json_option, language, occasion, t, table, tell
from gateway.cli.words import clock, life, next_step, standing
from gateway.config import Settings, load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.key_reminders import waiting
from gateway.exchange.restoring import RESTORED
from gateway.exchange.run_marks import marks
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Place
from gateway.ledger.line_rows import Traffic
from gateway.ledger.questions import LinkState
from gateway.ledger.rows import Outage
from gateway.reports import InterchangeLine, MovementLine, Totals, everything, status
from gateway.texts import sentence

_KINDS = {MovementLine: "movement", InterchangeLine: "interchange", LinkState: "link", Outage: "outage",
          Traffic: "traffic", Totals: "summary"}


@click.command(name="status", help=t("cli.status.help"))
@click.option("--all", "ended", is_flag=True, help=t("cli.status.all"))
@json_option
@common
def status_command(config: Path, as_json: bool, ended: bool) -> int:
    """Movements and interchanges, what needs somebody first; then one line of totals.

    What is open, and the latest that ended; as lines of JSON with --all everything that is kept.
    """
    if ended and not as_json:
        raise click.UsageError(t("cli.status.all_needs_json"))
    settings = load_settings(config)
    with open_gateway(settings, (now := occasion().now)) as gateway:
        if as_json:
            for line in everything(gateway.ledger, now, ended=ended):
                if isinstance(line, Outage) and not _served(settings, line):
                    continue
                if isinstance(line, Totals):
                    for run in marks(settings.paths.state):
                        emit_json("run", asdict(run))
                    for exception in _exceptions(settings, now):
                        emit_json("exception", exception)
                    for partner, since, finding in waiting(gateway, now):
                        emit_json("key", {"partner": partner, "code": finding.code, "since": since,
                                          "sha256": finding.values["sha256"]})
                emit_json(_KINDS[type(line)], asdict(line))
            return Exit.DONE
        shown, keys = status(gateway.ledger, now), list(waiting(gateway, now))
    emit(t("status.movements"))
    table([t("column.changed"), t("column.mrn"), t("column.state"), t("column.flags"), t("column.next"),
           t("column.who")],
          [[clock(row.changed), row.mrn, standing(row.state, row.flags), row.flags, next_step(row.next, row.mrn),
            row.who] for row in shown.movements])
    emit()
    emit(t("status.interchanges"))
    table([t("column.changed"), t("column.reference"), t("column.partner"), t("column.direction"), t("column.type"),
           t("column.state"), t("column.next")],
          [[clock(row.changed), row.reference, row.partner, t(f"direction.{row.direction}"), row.type, life(row.state),
            next_step(row.next, row.reference)] for row in shown.interchanges])
    emit()
    for exception in _exceptions(settings, now):
        emit(t("status.cbc" if exception["in_force"] else "status.cbc_ended", partner=exception["partner"],
               end=f"{exception['until']:%Y-%m-%d}", reason=exception["reason"]))
    for link in shown.links:
        emit(t("status.link", partner=link.partner, direction=t(f"direction.{link.direction}"),
               missing=sum(gap.last - gap.first + 1 for gap in link.gaps), parked=link.parked,
               halted=link.halted or t("status.link.runs")))
    for outage in (one for one in shown.outages if _served(settings, one)):
        emit(t(f"status.outage.{outage.direction}", partner=outage.partner, since=clock(outage.since),
               failures=outage.failures, next=clock(outage.next_at)))
    for _, _, finding in keys:
        emit(sentence(finding, language()))
    if runs := marks(settings.paths.state):
        emit(t("status.runs", runs=", ".join(f"{run.command} {clock(run.succeeded) or '-'}" for run in runs)))
    totals = shown.totals
    if totals.dead:
        emit(t("status.dead", n=totals.dead))
    emit(t("status.totals", movements=totals.movements, interchanges=totals.interchanges, waiting=totals.waiting,
           unanswered=totals.unanswered, quarantined=totals.quarantined))
    tell([Finding(code=RESTORED, place=Place(interchange=link.partner), values={"partner": link.partner})
          for link in shown.links if (link.direction, link.halted) == ("out", RESTORED)])
    return Exit.DONE


def _served(settings: Settings, outage: Outage) -> bool:
    """Whether a mailbox is still that of a partner: one that was taken out of the settings is tried no more."""
    return outage.partner in settings.partners or outage.partner in settings.broken_partners


def _exceptions(settings: Settings, now: datetime) -> Iterator[Mapping[str, object]]:
    """What was agreed with a partner below the profile, told every time, with its reason and its end (GW-1 14)."""
    for name, partner in sorted(settings.partners.items()):
        cbc = partner.agreement.cbc
        if cbc is not None:
            yield {"partner": name, "what": "AES-256-CBC", "reason": cbc.reason, "until": cbc.until,
                   "in_force": now <= cbc.until}
