"""`edi mirror`: what was declared at departure beside what was found."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click
from msgspec.structs import asdict

from gateway.cli.context import common, emit, emit_json, json_option, language, occasion, t, table
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.reports.mirror import BY, Compared, mirror_of, summed, worst_since
from gateway.texts import Language, say
from gateway.transit.mirror import Reason, Verdict

_SHOWN = 20


@click.command(name="mirror", help=t("cli.mirror.help"))
@click.argument("reference", metavar="[REF]", required=False)
@click.option("--since", metavar=t("cli.metavar.date"), help=t("cli.mirror.since"))
@click.option("--by", type=click.Choice(BY), help=t("cli.mirror.by"))
@click.option("--worst", type=click.IntRange(1), default=_SHOWN, show_default=True, metavar=t("cli.metavar.number"),
              help=t("cli.mirror.worst"))
@json_option
@common
def mirror_command(config: Path, reference: str | None, since: str | None, by: str | None, worst: int,
                   as_json: bool) -> int:
    """One movement in two columns; or, since a day, the movements that differ most, or their sums."""
    if (reference is None) == (since is None) or (reference is not None and by is not None):
        raise click.UsageError(t("cli.mirror.one"))
    now = occasion().now
    with open_gateway(load_settings(config), now) as gateway:
        if reference is not None:
            found = mirror_of(gateway.ledger, reference, lambda name: gateway.corridors.named(name).tolerances)
            if not found:
                raise LocalError(Finding(code="X150", values={"reference": reference}))
            for one in found:
                _show(one, as_json)
            if as_json:
                emit_json("summary", {"count": len(found)})
            return Exit.DONE
        start = _day(since or "")
        if by is not None:
            shares = summed(gateway.ledger, by, start, worst)
        else:
            rows = worst_since(gateway.ledger, start, worst)
    if as_json:
        for row in shares if by is not None else rows:
            emit_json("share" if by is not None else "verdict", asdict(row))
        emit_json("summary", {"count": len(shares if by is not None else rows)})
    elif by is not None:
        table([t(f"column.mirror.{by}"), t("column.mirror.movements"), t("column.mirror.differing"),
               t("column.mirror.points"), t("column.mirror.declared"), t("column.mirror.found")],
              [[row.name, str(row.movements), str(row.differing), str(row.points), str(row.declared), str(row.found)]
               for row in shares])
    elif rows:
        table([t("column.mirror.score"), t("column.mrn"), t("column.mirror.declared"), t("column.mirror.found"),
               t("column.mirror.what")],
              [[str(row.score), row.mrn, str(row.declared), "" if row.found is None else str(row.found),
                ", ".join(t(f"mirror.what.{what}") for what in row.reasons.split())] for row in rows])
    else:
        emit(t("mirror.same", since=start.date().isoformat()))
    return Exit.DONE


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise click.BadParameter(t("cli.mirror.day", value=text)) from None


def _show(one: Compared, as_json: bool) -> None:
    movement, verdict = one.movement, one.verdict
    if as_json:
        _json(one)
        return
    emit(t("mirror.head", mrn=movement.mrn, departure=movement.departure, destination=movement.destination))
    if verdict is None:
        emit(t("mirror.nothing"))
    else:
        emit(t("mirror.score", score=verdict.score))
        emit()
        table([t("column.mirror.item"), t("column.mirror.commodity"), t("column.mirror.found"),
               t("column.mirror.packages"), t("column.mirror.found"), t("column.mirror.mass"),
               t("column.mirror.found"), t("column.mirror.value"), t("column.mirror.found")], _rows(verdict))
        emit()
        emit(t("mirror.why") if verdict.reasons else t("mirror.agrees"))
        for reason in verdict.reasons:
            emit(f"  {reason.points:3d}  {told(reason, language())}")
    for reused in one.reused:
        emit("  " + t(f"mirror.reused.{reused.thing}", identity=reused.identity, mrns=", ".join(reused.mrns)))
    if verdict is not None and verdict.reasons:
        emit("  → " + t("mirror.hint", mrn=movement.mrn))


def _rows(verdict: Verdict) -> list[list[str]]:
    rows = [[str(line.item), line.commodity or "", line.found_commodity or "", str(line.packages),
             _number(line.found_packages), _number(line.mass), _number(line.found_mass), _number(line.value),
             _number(line.found_value)] for line in verdict.lines]
    return [*rows, [t("mirror.total"), "", "", str(verdict.packages), _number(verdict.found_packages),
                    _number(verdict.mass), _number(verdict.found_mass), "", ""]]


def _number(number: Decimal | int | None) -> str:
    return "" if number is None else format(number, "f") if isinstance(number, Decimal) else str(number)


def told(reason: Reason, one: Language) -> str:
    """A reason in words."""
    where = say("mirror.item", one, item=reason.item) if reason.item else say("mirror.whole", one)
    return say(f"mirror.reason.{reason.what}", one, where=where, declared=reason.declared or "-",
               found=reason.found or "-", by=reason.said_by)


def _json(one: Compared) -> None:
    movement, verdict = one.movement, one.verdict
    emit_json("mirror", {"mrn": movement.mrn, "departure": movement.departure, "destination": movement.destination,
                         "state": movement.state, "compared": verdict is not None,
                         "score": None if verdict is None else verdict.score,
                         "packages": None if verdict is None else verdict.packages,
                         "found_packages": None if verdict is None else verdict.found_packages,
                         "mass": None if verdict is None else verdict.mass,
                         "found_mass": None if verdict is None else verdict.found_mass})
    for line in () if verdict is None else verdict.lines:
        emit_json("line", {"mrn": movement.mrn, **asdict(line)})
    for reason in () if verdict is None else verdict.reasons:
        emit_json("reason", {"mrn": movement.mrn, **asdict(reason),
                             "fr": told(reason, Language.FRENCH), "en": told(reason, Language.ENGLISH)})
    for reused in one.reused:
        emit_json("reused", {"mrn": movement.mrn, "thing": reused.thing, "identity": reused.identity,
                             "mrns": list(reused.mrns)})
