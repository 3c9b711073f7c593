"""`edi backup`: everything that is needed to go on elsewhere, in one folder or file that is proven by restoring it."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import common, emit, emit_json, json_option, note, occasion, t
from gateway.config import load_settings
from gateway.exchange.assembly import open_gateway
from gateway.exchange.backup import back_up
from gateway.exchange.backup_check import proven
from gateway.exchange.backup_file import is_file
from gateway.exchange.summary import Exit


@click.command(name="backup", help=t("cli.backup.help"))
@click.option("--to", type=click.Path(path_type=Path), metavar=t("cli.metavar.folder"), help=t("cli.backup.to"))
@click.option("--keep", type=click.IntRange(min=1), metavar=t("cli.metavar.number"), help=t("cli.backup.keep"))
@click.option("--with-keys", "recovery", type=click.Path(path_type=Path, dir_okay=False),
              metavar=t("cli.metavar.certificate"), help=t("cli.backup.with_keys"))
@click.option("--verify", type=click.Path(path_type=Path), metavar=t("cli.metavar.folder"),
              help=t("cli.backup.verify"))
@click.option("--without-contents", is_flag=True, help=t("cli.backup.without_contents"))
@json_option
@common
def backup_command(config: Path, to: Path | None, keep: int | None, recovery: Path | None, verify: Path | None,
                   without_contents: bool, as_json: bool) -> int:
    """Make one, or prove one that lies somewhere; the second needs no settings."""
    if (to is None) == (verify is None) or (verify is not None and (recovery is not None or without_contents)):
        raise click.UsageError(t("cli.backup.which"))
    if keep is not None and (to is None or is_file(to)):
        raise click.UsageError(t("cli.backup.keep.which"))
    now = occasion().now
    if verify is not None:
        proven(verify, now)
        if as_json:
            emit_json("verified", {"folder": verify})
        else:
            emit(t("backup.verified", folder=verify))
        return Exit.DONE
    assert to is not None
    with open_gateway(load_settings(config), now) as gateway:
        made = back_up(gateway, to, now, recovery, keep, contents=not without_contents)
        store = gateway.ledger.contents if without_contents else None
    if as_json:
        emit_json("backup", {"folder": made.folder, "octets": made.octets, "files": made.files, "keys": made.keys,
                             "removed": made.removed})
        return Exit.DONE
    emit(t("backup.made", folder=made.folder, files=made.files, octets=made.octets))
    if made.removed:
        emit(t("backup.removed", n=made.removed))
    if not made.keys:
        note(t("backup.no_keys"))
    if store is not None:
        note(t("backup.without_contents", store=store.name))
    return Exit.DONE
