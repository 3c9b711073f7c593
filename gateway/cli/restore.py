"""`edi restore FILE`: a copy of the ledger, or a backup, is put in place and held until the partners have compared."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import acting, emit, emit_json, note, occasion, rehearsing, t
from gateway.config import load_settings
from gateway.exchange.backup_check import ledger_in
from gateway.exchange.backup_file import unpacked
from gateway.exchange.former_keys import keep_former
from gateway.exchange.restoring import partners_of, restore
from gateway.exchange.storing import put_contents
from gateway.exchange.summary import Exit
from gateway.ledger.engine import required_file
from gateway.spool import make_folder


@click.command(name="restore", help=t("cli.restore.help"))
@click.argument("file", type=click.Path(path_type=Path), metavar=t("cli.metavar.file"))
@acting
def restore_command(config: Path, file: Path, as_json: bool) -> int:
    """Check the copy, keep the ledger that stands there under another name, and say what to do with each partner."""
    settings = load_settings(config)
    target = required_file(settings.ledger, "edi restore")
    home = make_folder(target.parent)
    with unpacked(file, home) as found:
        copy = ledger_in(found, file)
        if not rehearsing():  # first: a ledger never comes to stand whose contents are not there
            put_contents(settings, found)
        kept = restore(settings, copy, occasion().now, rehearse=rehearsing())
        if found.is_dir() and not rehearsing():
            keep_former(settings.paths.keys, found)
    held = partners_of(settings)
    if as_json:
        emit_json("restored", {"file": file, "kept": kept, "held": held})
        return Exit.DONE
    emit(t("restore.done", file=file, ledger=target))
    if kept is not None:
        emit(t("restore.kept", file=kept))
    for partner in held:
        note(t("restore.held", partner=partner))
    return Exit.DONE
