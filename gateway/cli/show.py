"""`edi show`: everything that answers to a reference."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import common, emit, emit_json, json_option, language, occasion, t, table
from gateway.cli.show_balance import balance_json, show_balance
from gateway.cli.show_rebuilt import rebuilt_json, show_rebuilt
from gateway.cli.why import advice, in_words
from gateway.cli.words import clock, life, next_step, standing, word
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.explaining import reasons_of
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.references import Tree
from gateway.reports import Sheet, sheet
from gateway.texts import where


@click.command(name="show", help=t("cli.show.help"))
@click.argument("reference", metavar="REF")
@click.option("--raw", type=click.Choice(["source", "edi", "signed", "sealed"]), help=t("cli.show.raw"))
@click.option("--at", metavar=t("cli.metavar.instant"), help=t("cli.show.at"))
@json_option
@common
def show_command(config: Path, reference: str, raw: str | None, at: str | None, as_json: bool) -> int:
    """Everything under a reference: movement, events, messages, the three answers apart, and the history."""
    if at is not None:
        from gateway.cli.show_at import show_at  # what only a look back needs

        return show_at(load_settings(config), reference, at, occasion().now, raw=raw, as_json=as_json)
    with open_gateway(load_settings(config), occasion().now) as gateway:
        found = sheet(gateway.ledger, reference)
        if not found:
            raise LocalError(Finding(code="X044", values={"reference": reference}))
        if raw is not None:
            return _raw(gateway, found, raw)
        if as_json:
            _show_json(gateway, found)
        else:
            _show(gateway, found)
    return Exit.DONE


def _show(gateway: Gateway, found: Sheet) -> None:
    for movement in found.movements:
        emit(t("show.movement", mrn=movement.mrn, state=standing(movement.state, movement.flags)) + (
            f" [{movement.flags}]" if movement.flags else ""))
        emit("  " + t("show.corridor", corridor=movement.corridor, role=t(f"role.{movement.role}"),
                      departure=movement.departure, destination=movement.destination,
                      limit=movement.time_limit or "N/A"))
        emit("  " + t("show.next" if movement.who else "show.next_ours",
                      next=next_step(movement.next_action, movement.mrn), who=movement.who))
    if found.events:
        emit("\n" + t("show.events"))
        table([t("column.time"), t("column.word"), t("column.partner"), t("column.reference")],
              [[clock(row.happened), word(row.word), row.administration, row.reference] for row in found.events])
    for movement in found.movements:
        show_balance(gateway.ledger, movement.mrn)
    for row in found.events:
        if row.word == "REJECTED":
            _show_rejection(gateway, row.administration, row.tree)
    if found.messages:
        emit("\n" + t("show.messages"))
        table([t("column.changed"), t("column.reference"), t("column.partner"), t("column.direction"),
               t("column.type"), t("column.word"), t("column.state")],
              [[clock(row.changed), f"{row.control_reference or '—'}-{row.message_reference or '—'}", row.partner,
                t(f"direction.{row.direction}"), row.type, word(row.word), life(row.state.value)]
               for row in found.messages])
    show_rebuilt(gateway.ledger, found.messages)
    for line in found.interchanges:
        emit("\n" + t("show.interchange", reference=line.control_reference, state=life(line.state.value))
             + f"  {line.partner}, {t(f'direction.{line.direction}')}, {line.type}")
        if line.direction == "out":
            answered = sorted({life(row.state.value) for row in found.messages if row.interchange_id == line.id})
            emit("  " + t("show.answers", receipt=clock(line.received) or t("show.no"),
                          contrl=line.action or t("show.no"), cusres=", ".join(answered) or "—"))
        if line.detail:
            emit(f"  {line.detail}")
    emit("\n" + t("show.history"))
    table([t("column.time"), t("column.subject"), t("column.reference"), t("column.step"), t("column.state"), ""],
          [[clock(step.at), step.subject, step.reference, step.event, step.to_state or "", step.text]
           for step in found.steps])


def _show_rejection(gateway: Gateway, partner: str, tree: Tree) -> None:
    """Each reason in the reader's language, at the place in the reader's own file."""
    emit("\n" + t("show.rejection", partner=partner))
    for reason in reasons_of(gateway, tree):
        emit(f"  {reason.code}: {in_words(reason)}")
        if reason.place is not None:
            emit("    " + t("show.rejection.place", place=where(reason.place, language())))
        emit(f"    → {advice(reason)}")


def _show_json(gateway: Gateway, found: Sheet) -> None:
    for kind, rows in (("movement", found.movements), ("event", found.events), ("message", found.messages),
                       ("interchange", found.interchanges), ("object", found.objects), ("note", found.notes),
                       ("step", found.steps)):
        for row in rows:
            emit_json(kind, asdict(row))
    balance_json(gateway.ledger, [movement.mrn for movement in found.movements])
    rebuilt_json(gateway.ledger, found.messages)
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
