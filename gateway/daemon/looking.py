"""What lies in folders: national files that are put out, and mailboxes that are folders of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gateway.config import Settings
from gateway.config.partner import DirectoryMailbox
from gateway.daemon.works import EXCHANGE, TAKE, Seen, arrived
from gateway.exchange.filing import unfinished

KINDS = ("declarations", "events")


class Looks:
    """Looks at the folders of one host, each compared with the one before. Folders that are not there hold nothing."""

    def __init__(self) -> None:
        self._before: dict[str, Seen] = {}
        self._known: dict[str, Seen] = {}

    def news(self, settings: Settings, *, mailboxes: bool) -> list[str]:
        """What is to be done for files that have come since: names of works. mailboxes: whether ours are looked at."""
        places = {TAKE: [settings.paths.national / "out" / kind for kind in KINDS]}
        if mailboxes:
            places |= {EXCHANGE + name: [lane.path / "new"] for name, partner in settings.partners.items()
                       if isinstance(lane := partner.mailbox.inbound, DirectoryMailbox)}
        found = []
        for work, folders in places.items():
            now = _seen(folders)
            if arrived(self._before.get(work, {}), now, self._known.get(work, {})):
                self._known[work] = now
                found.append(work)
            self._before[work] = now
        return found


def _seen(folders: Iterable[Path]) -> Seen:
    found: dict[str, tuple[int, int]] = {}
    for folder in folders:
        with suppress(OSError), os.scandir(folder) as entries:  # what is wrong there is for the run to tell
            for entry in entries:
                if not unfinished(entry.name):
                    with suppress(FileNotFoundError):
                        status = entry.stat()
                        found[entry.path] = (status.st_size, status.st_mtime_ns)
    return found


def changed(settings: Settings) -> tuple[object, ...]:
    """What is otherwise when somebody has changed the settings or a partner's file."""
    return tuple((str(path), _stamp(path)) for path in (
        settings.file, *sorted(settings.paths.partners.glob("*.yaml"))))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
