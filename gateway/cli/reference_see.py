"""`edi reference list`, `show` and `diff`: the versions held, ours and partners'."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, table
from gateway.config import load_settings
from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.published_offices import reference_of
from gateway.exchange.reference_data import held_version
from gateway.exchange.reference_files import changed_rows
from gateway.exchange.summary import Exit
from gateway.ledger.reference_rows import ReferenceRow, ReferenceState

_owner = click.argument("owner", metavar="ID", required=False)


@click.command(name="list", help=t("cli.reference.list.help"))
@_owner
@json_option
@common
def list_command(config: Path, owner: str | None, as_json: bool) -> int:
    """Every version, of all administrations or of one; 1 when one waits for a person."""
    now = occasion()
    with open_gateway(load_settings(config), now.now) as gateway, gateway.ledger.reading() as queries:
        rows = queries.reference_versions(_named(gateway, owner))
        counts = {(one.owner, one.version) for name in {row.owner for row in rows}
                  if (one := queries.reference_in_force(name, now.now)) is not None}
        sent = {row.id: queries.reference_partners(row.id) for row in rows if row.owner == gateway.name}
    if as_json:
        for row in rows:
            emit_json("version", {**_version(row), "in_force": (row.owner, row.version) in counts,
                                  "partners": [{"partner": name, "state": state}
                                               for name, state in sent.get(row.id, {}).items()]})
        emit_json("summary", {"count": len(rows), "waiting": sum(map(_waits, rows))})
    elif rows:
        table([t("column.administration"), t("column.version"), t("column.from"), t("column.state"),
               t("column.partners")],
              [[row.owner, str(row.version), f"{row.starts:%Y-%m-%d %H:%M}", _state(row, counts),
                ", ".join(f"{name} {state}" for name, state in sent.get(row.id, {}).items())] for row in rows])
    else:
        emit(t("reference.none"))
    return Exit.PERSON if any(map(_waits, rows)) else Exit.DONE


@click.command(name="show", help=t("cli.reference.show.help"))
@click.argument("owner", metavar="ID")
@click.argument("version", required=False, type=click.IntRange(1), metavar=t("cli.metavar.number"))
@json_option
@common
def show_command(config: Path, owner: str, version: int | None, as_json: bool) -> int:
    """One version as it was signed; without a number the one that counts now."""
    now = occasion()
    with open_gateway(load_settings(config), now.now) as gateway:
        row, rows = _rows(gateway, owner, version, now)
    if as_json:
        emit_json("version", _version(row))
        for line in rows:
            emit_json("row", {"text": line})
        emit_json("summary", {"count": len(rows)})
    else:
        for line in rows:
            emit(line)
    return Exit.DONE


@click.command(name="diff", help=t("cli.reference.diff.help"))
@click.argument("owner", metavar="ID")
@click.argument("old", type=click.IntRange(1), metavar=t("cli.metavar.number"))
@click.argument("new", required=False, type=click.IntRange(1), metavar=t("cli.metavar.number"))
@json_option
@common
def diff_command(config: Path, owner: str, old: int, new: int | None, as_json: bool) -> int:
    """The rows that one version has and another has not; without a second number, against the one that counts now."""
    now = occasion()
    with open_gateway(load_settings(config), now.now) as gateway:
        name = _named(gateway, owner) or owner
        before, after = held_version(gateway, name, old, now), held_version(gateway, name, new, now)
        with gateway.ledger.reading() as queries:
            gone, come = changed_rows(reference_of(queries, before), reference_of(queries, after))
    if as_json:
        for kind, lines in (("gone", gone), ("come", come)):
            for line in lines:
                emit_json(kind, {"text": line})
        emit_json("summary", {"old": before.version, "new": after.version, "gone": len(gone), "come": len(come)})
        return Exit.DONE
    for sign, lines in (("-", gone), ("+", come)):
        for line in lines:
            emit(f"{sign}{line}")
    if not gone and not come:
        emit(t("reference.same", old=before.version, new=after.version))
    return Exit.DONE


def _named(gateway: Gateway, owner: str | None) -> str | None:
    """Our own name or a partner's. Raises LocalError X010 for another."""
    return owner if owner is None or owner == gateway.name else gateway.known_partner(owner)


def _rows(gateway: Gateway, owner: str, version: int | None, now: Occasion) -> tuple[ReferenceRow, list[str]]:
    row = held_version(gateway, _named(gateway, owner) or owner, version, now)
    with gateway.ledger.reading() as queries:
        return row, queries.reference_text(row.id).splitlines()


def _waits(row: ReferenceRow) -> bool:
    return row.state is ReferenceState.PROPOSED


def _state(row: ReferenceRow, counts: set[tuple[str, int]]) -> str:
    return t("reference.in_force" if (row.owner, row.version) in counts else f"reference.state.{row.state}")


def _version(row: ReferenceRow) -> dict[str, object]:
    return {"administration": row.owner, "version": row.version, "from": row.starts, "state": row.state,
            "sha256": row.digest, "reason": row.reason, "at": row.at}
