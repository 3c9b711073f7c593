"""`edi archive`: old contents go to another volume with a list of them, are listed, come back, or are purged."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from gateway.cli.archive_purge import purge_archive
from gateway.cli.context import acting, calendar_day, emit, emit_json, occasion, rehearsing, t, table, tell
from gateway.cli.people import by_option, login, named_people
from gateway.config import load_settings
from gateway.exchange.archiving import STRAY, archive, bring_back, old, strays
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.erasing import Decision
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Place, Severity
from gateway.ledger.keeping_rows import KINDS, Kind


@click.command(name="archive", help=t("cli.archive.help"))
@click.option("--before", metavar=t("cli.metavar.day"), help=t("cli.archive.before"))
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.archive.to"))
@click.option("--bring", type=click.Path(path_type=Path, file_okay=False), metavar=t("cli.metavar.folder"),
              help=t("cli.archive.bring"))
@click.option("--purge", "condemned", type=click.Path(path_type=Path, file_okay=False),
              metavar=t("cli.metavar.folder"), help=t("cli.archive.purge"))
@click.option("--only", multiple=True, type=click.Choice(KINDS), help=t("cli.archive.only"))
@click.option("--list", "listing", is_flag=True, help=t("cli.archive.list"))
@click.option("--reason", default="", metavar=t("cli.metavar.reason"), help=t("cli.acts.reason"))
@by_option
@click.option("--yes", is_flag=True, help=t("cli.archive.yes"))
@acting
def archive_command(config: Path, before: str | None, to: Path | None, bring: Path | None, condemned: Path | None,
                    only: tuple[Kind, ...], listing: bool, reason: str, people: tuple[str, ...], yes: bool,
                    as_json: bool) -> int:
    """One of: move what is older than a day, bring an archive back, purge it, list what left.

    Where approvals are `two`, a purge names two people.
    """
    moving, purging = before is not None and to is not None, condemned is not None
    if [moving, bring is not None, purging, listing].count(True) != 1 or (before is None) != (to is None) \
            or (only and not moving) or (yes and not purging):
        raise click.UsageError(t("cli.archive.which"))
    day = None if before is None else calendar_day(before)
    settings, now = load_settings(config), occasion().now
    needed = 0 if not purging else 2 if settings.approvals == "two" else 1
    who = Decision(people=", ".join(named_people(people, needed)), account=login(), reason=" ".join(reason.split()))
    with open_gateway(settings, now) as gateway:
        if listing:
            return _list(gateway, as_json=as_json)
        if bring is not None:
            return _bring(gateway, bring, who, now, as_json=as_json)
        if condemned is not None:
            return purge_archive(gateway, condemned, who, now, yes=yes, as_json=as_json)
        assert day is not None and to is not None
        return _move(gateway, day, to, who, now, only=only or KINDS, as_json=as_json)


def _move(gateway: Gateway, day: date, to: Path, who: Decision, now: datetime, *, only: Collection[Kind],
          as_json: bool) -> int:
    before = min(datetime(day.year, day.month, day.day, tzinfo=UTC), now - timedelta(days=1))
    done = old(gateway, before, only) if rehearsing() else archive(gateway, before, to, who, now, only)
    if as_json:
        emit_json("archived", {"contents": done.contents, "octets": done.octets, "folder": done.folder})
    elif not done.contents:
        emit(t("archive.nothing", day=before.date().isoformat()))
    else:
        emit(t("archive.done", contents=done.contents, octets=done.octets, folder=done.folder or to))
    tell([Finding(code=STRAY, severity=Severity.WARNING, place=Place(file=str(folder)), values={"folder": str(folder)})
          for folder in strays(gateway, to)])
    return Exit.DONE


def _bring(gateway: Gateway, folder: Path, who: Decision, now: datetime, *, as_json: bool) -> int:
    if rehearsing():
        raise click.UsageError(t("cli.archive.which"))
    words = f"{who.people} ({who.account}): {who.reason}"
    found = bring_back(gateway, folder, words, now)
    if as_json:
        emit_json("returned", {"name": found.reference, "contents": found.contents, "folder": folder})
    else:
        emit(t("archive.returned", name=found.reference, contents=found.contents, folder=folder))
    return Exit.DONE


def _list(gateway: Gateway, *, as_json: bool) -> int:
    with gateway.ledger.reading() as queries:
        rows = queries.departures()
    for one in rows if as_json else ():
        emit_json("departure", {"departure": one.kind, "reference": one.reference, "folder": one.folder, "at": one.at,
                                "contents": one.contents, "people": one.people, "account": one.account,
                                "reason": one.reason, "digest": one.digest, "returned": one.returned})
    if as_json:
        emit_json("summary", {"count": len(rows)})
    elif rows:
        table([t("column.time"), t("archive.column.what"), t("column.reference"), t("archive.column.count"),
               t("archive.column.who"), t("archive.column.folder")],
              [[f"{one.at:%Y-%m-%d %H:%M}", t(f"archive.kind.{one.kind}" if one.returned is None
                                              else "archive.kind.returned"), one.reference, str(one.contents),
                f"{one.people or '-'} ({one.account}): {one.reason}", one.folder or "-"] for one in rows])
    else:
        emit(t("archive.none"))
    return Exit.DONE
