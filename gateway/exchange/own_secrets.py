"""Secrets that the settings name: in files that are ours alone, or handed over by the service manager."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.config import Settings
from gateway.spool import is_credential, read_credential, read_private


def read_secret(path: Path) -> bytes:
    """What a file with a secret, or a credential of the service manager, holds. Raises LocalError E_KEYFILE, K060."""
    return read_credential(path) if is_credential(path) else read_private(path)


def secret_files(settings: Settings) -> Iterator[Path]:
    """Every file with a secret that the settings and the partners' files name."""
    if settings.keys.passphrase is not None:
        yield settings.keys.passphrase
    watch = settings.watch
    if watch is not None:
        yield from (file for file in (watch.send, watch.receive, watch.sync) if file is not None)
    for alert in settings.alerts:
        if alert.by == "webhook":
            yield from (alert.address, alert.key)
        elif alert.by == "mail" and alert.password is not None:
            yield alert.password
    if settings.web is not None and settings.web.proxy is not None:
        yield settings.web.proxy.secret
    if settings.contents is not None and settings.contents.store == "s3":
        yield settings.contents.secret
    for partner in settings.partners.values():
        for lane in (partner.mailbox.outbound, partner.mailbox.inbound):
            if lane.kind == "sftp":
                yield lane.key
                if lane.passphrase is not None:
                    yield lane.passphrase
