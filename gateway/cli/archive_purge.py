"""`edi archive --purge FOLDER`: an archive past its legal period is destroyed, by name and with a reason."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway.cli.context import emit, emit_json, note, rehearsing, t
from gateway.exchange.assembly import Gateway
from gateway.exchange.erasing import Decision
from gateway.exchange.purging import purge, purge_of
from gateway.exchange.summary import Exit


def purge_archive(gateway: Gateway, folder: Path, decision: Decision, now: datetime, *, yes: bool,
                  as_json: bool) -> int:
    """Without --yes it is only said what would go, and that is exit 1."""
    if not decision.reason:
        raise click.UsageError(t("cli.archive.purge.reason"))
    done = yes and not rehearsing()
    planned = purge(gateway, folder, decision, now) if done else purge_of(gateway, folder, now)
    if as_json:
        emit_json("purged", {"name": planned.name, "folder": folder, "done": done, "contents": planned.contents,
                             "kinds": [{"what": one.kind, "contents": one.contents, "octets": one.octets,
                                        "last": one.last} for one in planned.kinds]})
    else:
        emit(t("purge.done" if done else "purge.would", name=planned.name, contents=planned.contents))
        for one in planned.kinds:
            emit(f"  {t(f'retention.{one.kind}')}: {one.contents}, {one.last:%Y-%m-%d}")
        if not done and not rehearsing():
            note(t("purge.next"))
    return Exit.DONE if done or rehearsing() else Exit.PERSON
