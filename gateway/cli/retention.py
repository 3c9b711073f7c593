"""`edi retention`: remove what has been kept for as long as the settings say, and nothing else.

What the ledger and its archives hold past its legal period is only named: people decide on that (`edi archive`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, verbose
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.purging import Past, past_period
from gateway.exchange.retention import due, remove
from gateway.exchange.summary import Exit


@click.command(name="retention", help=t("cli.retention.help"))
@click.option("--dry-run", is_flag=True, help=t("cli.option.dry_run"))
@json_option
@common
def retention_command(config: Path, dry_run: bool, as_json: bool) -> int:
    """Quiet when nothing is due; with --dry-run or -v every file is named, and what is past its legal period."""
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        things = due(gateway, now.now)
        past = list(past_period(gateway, now.now)) if dry_run or as_json or verbose() else []
        if not dry_run:
            remove(gateway, things, now)
    _tell_past(past, as_json=as_json)
    counts = Counter(one.what for one in things)
    for one in things:
        if as_json:
            emit_json("due", {"what": one.what, "since": one.since, "file": one.files[0], "removed": not dry_run})
        elif dry_run or verbose():
            emit(f"{one.since:%Y-%m-%d}  {t(f'retention.{one.what}')}  {one.files[0]}")
    if as_json:
        emit_json("summary", {"removed": 0 if dry_run else len(things), "due": len(things),
                              "past": sum(one.contents for one in past)})
    elif dry_run or verbose():
        for what, count in counts.items():
            emit(t("retention.count", what=t(f"retention.{what}"), n=count))
    return Exit.DONE


def _tell_past(past: Sequence[Past], *, as_json: bool) -> None:
    """What is past its legal period, and the line by which people have it go."""
    for one in past:
        if as_json:
            emit_json("past", {"what": one.what, "since": one.since, "contents": one.contents, "octets": one.octets,
                               "archive": None if one.archive is None else one.archive.folder})
        elif one.archive is not None:
            emit(t("retention.past.archive", since=f"{one.since:%Y-%m-%d}", contents=one.contents,
                   folder=one.archive.folder))
        else:
            emit(t("retention.past", since=f"{one.since:%Y-%m-%d}", what=t(f"retention.{one.what}"),
                   contents=one.contents, kind=one.what))
