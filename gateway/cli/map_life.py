"""`edi map list` and `edi map activate`: which version of a mapping is in force, and from when another one is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import click

from gateway.cli.context import acting, common, emit, emit_json, json_option, occasion, rehearsing, t, table, tell
from gateway.cli.map import resolve_names, search_of, settings_at
from gateway.cli.map_test import chance
from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.activation import activate, loaded, unproved
from gateway.exchange.agreed import differing
from gateway.exchange.assembly import Assembly, standing_versions
from gateway.exchange.summary import Exit
from gateway.findings import Finding
from gateway.ledger import Ledger
from gateway.mapping import Corridor, load_corridors
from gateway.mapping.catalogue import Entry, entries
from gateway.mapping.versions import NOTHING_ACTIVATED

_RECORDS = 200
"""Records each mapping is tried on before it is put in force: those of `edi map test` without options."""


@click.command(name="list", help=t("cli.map.list.help"))
@click.argument("corridors", nargs=-1, metavar=t("cli.metavar.corridors"))
@json_option
@common
def list_command(corridors: tuple[str, ...], config: Path, as_json: bool) -> int:
    """One line per corridor and message; for people what several corridors share stands once, behind what is their own.

    Exit 3 when a mapping is faulty.
    """
    now = occasion().now
    settings = settings_at(config)
    search = search_of(settings)
    with nullcontext(NOTHING_ACTIVATED) if settings is None else standing_versions(settings, now) as versions:
        found = [entry for corridor in _chosen(corridors, search) for entry in entries(corridor, versions, now)]
    if as_json:
        for entry in found:
            emit_json("mapping", entry.as_item())
        emit_json("summary", {"count": len(found)})
    else:
        table([t(f"column.map.{name}") for name in ("mapping", "version", "digest", "state", "starts")],
              [list(row) for entry in _once(found) for row in _rows(entry)])
    return Exit.SETTINGS if any(entry.state == "faulty" for entry in found) else Exit.DONE


def _chosen(words: Sequence[str], search: Sequence[Path]) -> Iterator[Corridor]:
    corridors = load_corridors(search)
    yield from (corridors.named(word) for word in words) if words else corridors.all


def _once(found: Sequence[Entry]) -> list[Entry]:
    corridors = Counter(entry.mapping for entry in found)
    return sorted({entry.mapping: entry for entry in found}.values(), key=lambda entry: corridors[entry.mapping] > 1)


def _rows(entry: Entry) -> Iterator[tuple[str, ...]]:
    starts = t("map.always") if entry.starts is None else f"{entry.starts:%Y-%m-%d %H:%M}"
    yield entry.mapping, entry.version, entry.digest[:12], t(f"map.state.{entry.state}"), starts
    for one in entry.planned:
        yield "", one.version, one.digest[:12], t("map.state.planned"), f"{one.starts:%Y-%m-%d %H:%M}"


@click.command(name="activate", help=t("cli.map.activate.help"))
@click.argument("names", nargs=-1, required=True, metavar=t("cli.metavar.mappings"))
@click.option("--from", "start", metavar=t("cli.metavar.date"), help=t("cli.map.activate.from"))
@acting
def activate_command(names: tuple[str, ...], start: str | None, config: Path, as_json: bool) -> int:
    """Put the files as they are today in force: checked, kept in the ledger, from an instant on.

    An agreement with a partner that fixes another version is told (M402) and changes nothing: nobody can sign for both.
    """
    now = occasion().now
    starts = now if start is None else _instant(start)
    settings = load_settings(config)
    assembly = Assembly(settings)
    mappings = loaded(resolve_names(names, assembly.search), assembly.search)
    missing = unproved(mappings, assembly.search, chance, _RECORDS)
    if missing:
        raise LocalError(*missing)
    with Ledger.open(settings.ledger, now=now, create=not rehearsing()) as ledger:
        if rehearsing():
            ledger.rehearse()
        done = activate(ledger, mappings, starts, now)
    for one in done:
        activated = one.activated
        if as_json:
            emit_json("activation", {"mapping": activated.mapping, "version": activated.version,
                                     "digest": activated.digest, "starts": activated.starts, "new": one.new})
        else:
            emit(t("map.activated" if one.new else "map.activated.before", mapping=activated.mapping,
                   version=activated.version, digest=activated.digest, starts=f"{activated.starts:%Y-%m-%d %H:%M}"))
    if not as_json:
        emit(t("map.activated.next"))
        for one in done:
            emit(f"    - {{mapping: {one.activated.mapping}, version: \"{one.activated.version}\", "
                 f"sha256: {one.activated.digest}}}")
    activated_now = {one.activated.mapping for one in done}
    tell(one for one in differing(assembly) if one.values["mapping"] in activated_now)
    return Exit.DONE


def _instant(text: str) -> datetime:
    """``2027-01-01`` (the beginning of that day, UTC) or ``2027-01-01T06:00Z``. Raises LocalError M406."""
    try:
        if "T" not in text:
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except ValueError:
        pass
    raise LocalError(Finding(code="M406", values={"text": text}))
