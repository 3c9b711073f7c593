"""`edi retention`: remove what has been kept for as long as the settings say, and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, occasion, t, verbose
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.retention import due, remove
from gateway.exchange.summary import Exit


@click.command(name="retention", help=t("cli.retention.help"))
@click.option("--dry-run", is_flag=True, help=t("cli.option.dry_run"))
@json_option
@common
def retention_command(config: Path, dry_run: bool, as_json: bool) -> int:
    """Quiet when nothing is due; with --dry-run or -v every file is named."""
    with open_gateway(load_settings(config), (now := occasion()).now) as gateway:
        things = due(gateway, now.now)
        if not dry_run:
            remove(gateway, things, now)
    counts = Counter(one.what for one in things)
    for one in things:
        if as_json:
            emit_json("due", {"what": one.what, "since": one.since, "file": one.files[0], "removed": not dry_run})
        elif dry_run or verbose():
            emit(f"{one.since:%Y-%m-%d}  {t(f'retention.{one.what}')}  {one.files[0]}")
    if as_json:
        emit_json("summary", {"removed": 0 if dry_run else len(things), "due": len(things)})
    elif dry_run or verbose():
        for what, count in counts.items():
            emit(t("retention.count", what=t(f"retention.{what}"), n=count))
    return Exit.DONE
