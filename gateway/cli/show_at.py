"""`edi show REF --at INSTANT`: what stood where at an earlier moment, as each side knew it then."""

from __future__ import annotations

from datetime import datetime

import click
from msgspec.structs import asdict

from gateway.cli.context import emit, emit_json, t, table
from gateway.cli.keys_change import instant
from gateway.cli.words import clock, life, next_step, standing, word
from gateway.config import Settings
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.moments import Moment, Side, moment
from gateway.exchange.summary import Exit
from gateway.findings import Finding


def show_at(settings: Settings, reference: str, text: str, now: datetime, *, raw: str | None, as_json: bool) -> int:
    """Show it. Raises LocalError C030 for a moment that is still to come, X044 for a reference that nothing has."""
    at = instant(text)
    if raw is not None:
        raise click.UsageError(t("cli.show.at.raw"))
    if at > now:
        raise LocalError(Finding(code="C030", values={"at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}))
    with open_gateway(settings, now) as gateway:
        found = moment(gateway, reference, at)
    if found is None:
        raise LocalError(Finding(code="X044", values={"reference": reference}))
    (_json if as_json else _text)(reference, at, found)
    return Exit.DONE


def _json(reference: str, at: datetime, found: Moment) -> None:
    emit_json("moment", {"reference": reference, "at": at})
    for side in found.sides:
        emit_json("side", {name: getattr(side, name) for name in side.__struct_fields__ if name != "pieces"})
        for piece in side.pieces:
            emit_json("known", {"mrn": side.mrn, "administration": side.administration, **asdict(piece)})
    for one in found.past.stood:
        emit_json("stood", asdict(one))
    for step in found.past.told:
        emit_json("step", asdict(step))
    emit_json("summary", {"reference": reference, "steps": len(found.past.steps)})


def _text(reference: str, at: datetime, found: Moment) -> None:
    emit(t("show.at", reference=reference, at=f"{at:%Y-%m-%d %H:%M:%S}"))
    for mrn in dict.fromkeys(side.mrn for side in found.sides):
        sides = [side for side in found.sides if side.mrn == mrn]
        emit("\n" + t("show.at.sides", mrn=mrn))
        table([t("column.side"), t("column.role"), t("column.state"), t("column.flags"), t("column.next"),
               t("column.who")],
              [[_name(side), t(f"role.{side.role}"),
                standing(side.state, side.flags) if side.state else t("show.at.nothing"), side.flags,
                next_step(side.next_action, mrn) if side.state else "", side.who] for side in sides])
        rows = [[_name(side), t("show.at.under_way") if piece.since is None else clock(piece.since),
                 t(f"show.at.{piece.what}"), word(piece.word), piece.reference, piece.said_by]
                for side in sides for piece in side.pieces]
        if rows:
            emit("\n" + t("show.at.had"))
            table([t("column.side"), t("column.time"), t("column.subject"), t("column.word"), t("column.reference"),
                   t("column.said_by")], rows)
    if found.past.stood:
        emit("\n" + t("show.at.stood"))
        table([t("column.since"), t("column.subject"), t("column.reference"), t("column.partner"),
               t("column.direction"), t("column.type"), t("column.word"), t("column.state")],
              [[clock(one.since), t(f"show.at.{one.what}"), one.reference or "—", one.partner,
                t(f"direction.{one.direction}"), one.type, word(one.word), life(one.state)]
               for one in found.past.stood])
    emit("\n" + t("show.history"))
    table([t("column.time"), t("column.subject"), t("column.reference"), t("column.step"), t("column.state"), ""],
          [[clock(step.at), step.subject, step.reference, step.event, step.to_state or "", step.text]
           for step in found.past.told])


def _name(side: Side) -> str:
    return t("show.at.ours", administration=side.administration) if side.ours else side.administration
