"""`edi overdue`: what is late, oldest first, each with one next action."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, table
from gateway.cli.lateness_words import explained
from gateway.cli.words import clock, next_step, state_words
from gateway.config import Settings, load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.awaited import calendars_at
from gateway.exchange.summary import Exit
from gateway.reports import Late, overdue

_CALLS = ("call", "chase", "enquire")


@click.command(name="overdue", help=t("cli.overdue.help"))
@json_option
@common
def overdue_command(config: Path, as_json: bool) -> int:
    """What is late, oldest first, each with one next action and, where it is a call, whom to call."""
    settings = load_settings(config)
    agreements = {name: partner.agreement for name, partner in settings.partners.items()}
    with open_gateway(settings, (now := occasion().now)) as gateway:
        late = overdue(gateway.ledger, now, agreements, calendars_at(gateway, now))
        names = {code: entry.name for code, entry in gateway.corridors.offices.items()}
    rows = []
    for line in late:
        call = _contact(settings, line.partner) if line.next in _CALLS or line.kind == "dead" else ""
        if as_json:
            emit_json("overdue", _as_json(line, call))
        what = t(f"overdue.{line.kind}", what=state_words(line.what))
        rows.append([clock(line.since), line.reference, line.partner, what, explained(line, now, names),
                     " ".join(part for part in (next_step(line.next, line.reference), call) if part)])
    if as_json:
        emit_json("summary", {"count": len(rows)})
    elif rows:
        table([t("column.since"), t("column.reference"), t("column.partner"), t("column.what"), t("column.why"),
               t("column.next")], rows)
    else:
        emit(t("overdue.none"))
    return Exit.DONE


def _as_json(line: Late, contact: str) -> Mapping[str, object]:
    excuses = [{"starts": one.starts, "ends": one.ends, "why": one.why, "text": one.text} for one in line.excuses]
    return {**{name: getattr(line, name) for name in line.__struct_fields__ if name not in ("left", "excuses")},
            "left": int(line.left.total_seconds()), "excuses": excuses, "contact": contact}


def _contact(settings: Settings, partner: str) -> str:
    contact = settings.partners[partner].contact if partner in settings.partners else None
    return "" if contact is None else f"{contact.name} {contact.telephone}"
