"""`edi status`, `edi overdue`, `edi show`: what stands where, what is late, what happened."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, language, occasion, t, table
from gateway.config import Settings, load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.key_reminders import waiting
from gateway.exchange.summary import Exit
from gateway.exchange.tracing import explain
from gateway.findings import Finding
from gateway.ledger import Deadlines
from gateway.ledger.line_rows import Traffic
from gateway.ledger.questions import LinkState
from gateway.ledger.rows import Outage
from gateway.references import Tree
from gateway.reports import InterchangeLine, MovementLine, Sheet, Totals, everything, overdue, sheet, status
from gateway.texts import known, say, sentence, where

_ENDED = ("CLOSED", "DISCHARGED", "CANCELLED", "ELSEWHERE")
_CALLS = ("call", "chase", "enquire")
_KINDS = {MovementLine: "movement", InterchangeLine: "interchange", LinkState: "link", Outage: "outage",
          Traffic: "traffic", Totals: "summary"}


@click.command(name="status", help=t("cli.status.help"))
@json_option
@common
def status_command(config: Path, as_json: bool) -> int:
    """Movements and interchanges, what needs somebody first; then one line of totals."""
    settings = load_settings(config)
    with open_gateway(settings, (now := occasion().now)) as gateway:
        if as_json:
            for line in everything(gateway.ledger, now):
                if isinstance(line, Outage) and not _served(settings, line):
                    continue
                if isinstance(line, Totals):
                    for exception in _exceptions(settings, now):
                        emit_json("exception", exception)
                    for partner, since, finding in waiting(gateway, now):
                        emit_json("key", {"partner": partner, "code": finding.code, "since": since,
                                          "sha256": finding.values["sha256"]})
                emit_json(_KINDS[type(line)], {name: getattr(line, name) for name in line.__slots__})
            return Exit.DONE
        shown, keys = status(gateway.ledger, now), list(waiting(gateway, now))
    emit(t("status.movements"))
    table([t("column.changed"), t("column.mrn"), t("column.state"), t("column.flags"), t("column.next"),
           t("column.who")],
          [[_time(row.changed), row.mrn, _standing(row.state, row.flags), row.flags, _next(row.next, row.mrn), row.who]
           for row in shown.movements])
    emit()
    emit(t("status.interchanges"))
    table([t("column.changed"), t("column.reference"), t("column.partner"), t("column.direction"), t("column.type"),
           t("column.state"), t("column.next")],
          [[_time(row.changed), row.reference, row.partner, t(f"direction.{row.direction}"), row.type, _life(row.state),
            _next(row.next, row.reference)] for row in shown.interchanges])
    emit()
    for exception in _exceptions(settings, now):
        emit(t("status.cbc" if exception["in_force"] else "status.cbc_ended", partner=exception["partner"],
               end=f"{exception['until']:%Y-%m-%d}", reason=exception["reason"]))
    for link in shown.links:
        emit(t("status.link", partner=link.partner, direction=t(f"direction.{link.direction}"),
               missing=sum(gap.last - gap.first + 1 for gap in link.gaps), parked=link.parked,
               halted=link.halted or t("status.link.runs")))
    for outage in (one for one in shown.outages if _served(settings, one)):
        emit(t(f"status.outage.{outage.direction}", partner=outage.partner, since=_time(outage.since),
               failures=outage.failures, next=_time(outage.next_at)))
    for _, _, finding in keys:
        emit(sentence(finding, language()))
    totals = shown.totals
    if totals.dead:
        emit(t("status.dead", n=totals.dead))
    emit(t("status.totals", movements=totals.movements, interchanges=totals.interchanges, waiting=totals.waiting,
           unanswered=totals.unanswered, quarantined=totals.quarantined))
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


@click.command(name="overdue", help=t("cli.overdue.help"))
@json_option
@common
def overdue_command(config: Path, as_json: bool) -> int:
    """What is late, oldest first, each with one next action and, where it is a call, whom to call."""
    settings = load_settings(config)
    deadlines = {name: Deadlines(contrl=partner.agreement.deadlines.contrl, cusres=partner.agreement.deadlines.cusres)
                 for name, partner in settings.partners.items()}
    with open_gateway(settings, (now := occasion().now)) as gateway:
        late = overdue(gateway.ledger, now, deadlines)
    rows = []
    for line in late:
        call = _contact(settings, line.partner) if line.next in _CALLS or line.kind == "dead" else ""
        if as_json:
            emit_json("overdue", {**{name: getattr(line, name) for name in line.__slots__}, "contact": call})
        what = t(f"overdue.{line.kind}", what=_state(line.what))
        rows.append([_time(line.since), line.reference, line.partner, what,
                     " ".join(part for part in (_next(line.next, line.reference), call) if part)])
    if as_json:
        emit_json("summary", {"count": len(rows)})
    elif rows:
        table([t("column.since"), t("column.reference"), t("column.partner"), t("column.what"), t("column.next")], rows)
    else:
        emit(t("overdue.none"))
    return Exit.DONE


@click.command(name="show", help=t("cli.show.help"))
@click.argument("reference", metavar="REF")
@click.option("--raw", type=click.Choice(["source", "edi", "signed", "sealed"]), help=t("cli.show.raw"))
@json_option
@common
def show_command(config: Path, reference: str, raw: str | None, as_json: bool) -> int:
    """Everything under a reference: movement, events, messages, the three answers apart, and the history."""
    with open_gateway(load_settings(config), occasion().now) as gateway:
        found = sheet(gateway.ledger, reference)
        if not found:
            raise LocalError(Finding(code="X044", values={"reference": reference}))
        if raw is not None:
            return _raw(gateway, found, raw)
        if as_json:
            _show_json(found)
        else:
            _show(gateway, found)
    return Exit.DONE


def _show(gateway: Gateway, found: Sheet) -> None:
    for movement in found.movements:
        emit(t("show.movement", mrn=movement.mrn, state=_standing(movement.state, movement.flags)) + (
            f" [{movement.flags}]" if movement.flags else ""))
        emit("  " + t("show.corridor", corridor=movement.corridor, role=t(f"role.{movement.role}"),
                      departure=movement.departure, destination=movement.destination,
                      limit=movement.time_limit or "N/A"))
        emit("  " + t("show.next" if movement.who else "show.next_ours",
                      next=_next(movement.next_action, movement.mrn), who=movement.who))
    if found.events:
        emit("\n" + t("show.events"))
        table([t("column.time"), t("column.word"), t("column.partner"), t("column.reference")],
              [[_time(row.happened), _word(row.word), row.administration, row.reference] for row in found.events])
    for row in found.events:
        if row.word == "REJECTED":
            _show_rejection(gateway, row.administration, row.tree)
    if found.messages:
        emit("\n" + t("show.messages"))
        table([t("column.changed"), t("column.reference"), t("column.partner"), t("column.direction"),
               t("column.type"), t("column.word"), t("column.state")],
              [[_time(row.changed), f"{row.control_reference or '—'}-{row.message_reference or '—'}", row.partner,
                t(f"direction.{row.direction}"), row.type, _word(row.word), _life(row.state.value)]
               for row in found.messages])
    for line in found.interchanges:
        emit("\n" + t("show.interchange", reference=line.control_reference, state=_life(line.state.value))
             + f"  {line.partner}, {t(f'direction.{line.direction}')}, {line.type}")
        if line.direction == "out":
            answered = sorted({_life(row.state.value) for row in found.messages if row.interchange_id == line.id})
            emit("  " + t("show.answers", receipt=_time(line.received) or t("show.no"),
                          contrl=line.action or t("show.no"), cusres=", ".join(answered) or "—"))
        if line.detail:
            emit(f"  {line.detail}")
    emit("\n" + t("show.history"))
    table([t("column.time"), t("column.subject"), t("column.reference"), t("column.step"), t("column.state"), ""],
          [[_time(step.at), step.subject, step.reference, step.event, step.to_state or "", step.text]
           for step in found.steps])


def _show_rejection(gateway: Gateway, partner: str, tree: Tree) -> None:
    """Each reason in the reader's language, at the place in the reader's own file."""
    emit("\n" + t("show.rejection", partner=partner))
    for reason in explain(gateway, tree):
        wanted = language().value.upper()
        text = next((text.text for text in reason.error.texts if text.language == wanted),
                    reason.error.texts[0].text if reason.error.texts else "")
        emit(f"  {reason.error.rule}: {text}")
        if reason.place is not None:
            emit("    " + t("show.rejection.place", place=where(reason.place, language())))
        advice = f"{reason.error.rule}.hint"
        emit(f"    → {say(advice, language())}" if known(advice, language()) else "    → " + t("show.rejection.hint"))


def _show_json(found: Sheet) -> None:
    for kind, rows in (("movement", found.movements), ("event", found.events), ("message", found.messages),
                       ("interchange", found.interchanges), ("object", found.objects), ("note", found.notes),
                       ("step", found.steps)):
        for row in rows:
            emit_json(kind, {name: getattr(row, name) for name in row.__slots__})
    emit_json("summary", {"reference": found.reference, "steps": len(found.steps)})


def _raw(gateway: Gateway, found: Sheet, raw: str) -> int:
    """The exact bytes of the newest thing found, on stdout."""
    content: bytes | None = None
    with gateway.ledger.reading() as queries:
        if raw == "source":
            numbers = [row.source_id for row in found.messages if row.source_id is not None]
            source = queries.source(numbers[0]) if numbers else None
            content = b"".join(file.content for file in source.files) if source else None
        elif raw == "edi":
            content = queries.payload_of(found.interchanges[0].id) if found.interchanges else None
        elif found.objects:
            held = queries.bytes_of(found.objects[0].id)
            content = None if held is None else held.inner if raw == "signed" else held.sealed
    if content is None:
        raise LocalError(Finding(code="X044", values={"reference": f"{found.reference} ({raw})"}))
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return Exit.DONE


def _contact(settings: Settings, partner: str) -> str:
    contact = settings.partners[partner].contact if partner in settings.partners else None
    return "" if contact is None else f"{contact.name} {contact.telephone}"


def _next(code: str, reference: str) -> str:
    return t(f"next.{code or 'none'}", reference=reference)


def _standing(state: str, flags: str) -> str:
    """A movement's state for people: a rejection or a delay that waits for somebody comes before how far it got."""
    shown = _state(state)
    held = {flag.partition(":")[0] for flag in flags.split()}
    if state not in _ENDED:
        shown = next((f"{_state(flag)} ({shown})" for flag in ("REJECTED-BY", "OVERDUE") if flag in held), shown)
    return shown


def _state(state: str) -> str:
    return t(f"state.{state}") if known(f"state.{state}", language()) else state


def _word(word: str) -> str:
    """An event word or message function, or several joined by a plus, in words; a reference stays as it is."""
    return " + ".join(t(f"word.{part}") if known(f"word.{part}", language()) else part for part in word.split("+"))


def _life(state: str) -> str:
    """An interchange's or message's state in words."""
    return t(f"life.{state}")


def _time(instant: object) -> str:
    if isinstance(instant, datetime):
        return f"{instant:%Y-%m-%d %H:%M}"
    return "" if instant is None else str(instant)
