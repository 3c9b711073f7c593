"""`edi upgrade`: what a change of the ledger's schema will do, and the change itself, forward or back."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import acting, emit, emit_json, note, occasion, rehearsing, t
from gateway.config import load_settings
from gateway.exchange.summary import Exit
from gateway.exchange.upgrading import Plan, carry_out, plan


@click.command(name="upgrade", help=t("cli.upgrade.help"))
@click.option("--check", is_flag=True, help=t("cli.upgrade.check"))
@click.option("--yes", is_flag=True, help=t("cli.upgrade.yes"))
@click.option("--back", metavar=t("cli.metavar.revision"), help=t("cli.upgrade.back"))
@acting
def upgrade_command(config: Path, check: bool, yes: bool, back: str | None, as_json: bool) -> int:
    """Without --yes nothing is written, and something to do is exit 1."""
    if check and yes:
        raise click.UsageError(t("cli.upgrade.which"))
    settings, now = load_settings(config), occasion().now
    wanted = plan(settings, back)
    copy = carry_out(settings, wanted, now) if yes and wanted.steps and not rehearsing() else None
    if as_json:
        emit_json("upgrade", {"ledger": wanted.ledger, "found": wanted.found, "target": wanted.target,
                              "steps": wanted.steps, "octets": wanted.octets, "free": wanted.free,
                              "seconds": wanted.seconds, "lost": wanted.lost, "copy": copy})
    elif copy is not None:
        emit(t("upgrade.done", ledger=wanted.ledger, found=wanted.found, target=wanted.target))
        emit(t("upgrade.copy", copy=copy))
    else:
        _tell(wanted, asked=yes)
    return Exit.PERSON if wanted.steps and copy is None and not rehearsing() else Exit.DONE


def _tell(wanted: Plan, *, asked: bool) -> None:
    """What would be done, for a person to decide."""
    if wanted.found is None:
        emit(t("upgrade.absent", ledger=wanted.ledger))
        return
    if not wanted.steps:
        emit(t("upgrade.nothing", ledger=wanted.ledger, found=wanted.found))
        return
    emit(t("upgrade.standing", ledger=wanted.ledger, found=wanted.found, target=wanted.target))
    for revision in wanted.steps:
        emit(f"  {revision}  {t(f'schema.{revision}')}")
    for table, rows in wanted.lost.items():
        emit(t("upgrade.lost", table=table, rows=rows))
    emit(t("upgrade.takes", seconds=wanted.seconds, octets=wanted.octets, free=wanted.free))
    emit(t("upgrade.way_back.back" if wanted.way_back else "upgrade.way_back", found=wanted.found))
    if not asked:
        note(t("upgrade.next.back" if wanted.way_back else "upgrade.next", target=wanted.target))
