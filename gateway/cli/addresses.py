"""Where a mailbox is, as people write it: a folder of this machine, or ``sftp://USER@HOST:PORT/FOLDER``."""

from __future__ import annotations

import re
from pathlib import Path

import click

from gateway.cli.context import t
from gateway.config import MailboxAnswers, Settings
from gateway.errors import LocalError
from gateway.exchange.introducing import from_home
from gateway.exchange.introduction import host_key_lines
from gateway.findings import Finding
from gateway.spool import read_whole

_ADDRESS = re.compile(
    r"sftp://(?P<user>[^@/:]+)@(?P<host>\[[0-9A-Fa-f:]+\]|[^@/:]+)(:(?P<port>[0-9]{1,5}))?/(?P<base>.+)")
_LARGEST = 1 << 20

host_keys_option = click.option("--host-keys", type=click.Path(path_type=Path, exists=True, dir_okay=False),
                                metavar=t("cli.metavar.file"), help=t("cli.partner.host_keys"))


def mailbox_at(address: str, host_keys: tuple[str, ...], settings: Settings) -> MailboxAnswers:
    """The mailbox at an address; a server's host keys are pinned.

    Raises LocalError C008 for an address that is none, C009 for a server without host keys.
    """
    if not address.startswith("sftp:"):
        return MailboxAnswers(path=from_home(settings, Path(address).absolute()))
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise LocalError(Finding(code="C008", values={"address": address}))
    if not host_keys:
        raise LocalError(Finding(code="C009", values={"host": match["host"], "port": match["port"] or "22"}))
    return MailboxAnswers(host=match["host"].strip("[]"), port=int(match["port"] or 22), user=match["user"],
                          key=from_home(settings, settings.paths.keys / "ssh"), host_keys=host_keys, base=match["base"])


def host_keys_in(file: Path | None) -> tuple[str, ...]:
    """The host keys in what ``ssh-keyscan`` wrote, or in a server's ``.pub`` files; none without a file."""
    return () if file is None else host_key_lines(read_whole(file, _LARGEST).decode("utf-8", "replace"))
