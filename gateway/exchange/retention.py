"""What is kept for a time, and what of it is due: files in clear first of all (THREATS section 5).

Removed is what these rules name and nothing else. The ledger keeps the content of everything that was exchanged: it is
the evidence, and no retention touches it.

    sent        national/sent: files that the ledger knows to have been taken, once everything they said is answered
    refused     national/refused: files with their reason beside them, and a reason that is alone
    inbox       national/in: files that stand there as they were handed over; kept for ever unless the settings say so
    quarantine  state/quarantine, unless the partner's link is halted
    reports     state/defects: reports of our own defects
    partial     what interrupted writings and transfers left behind, after a day, in these folders and beside keys and
                partners
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.filing import REASON
from gateway.failpoints import reach
from gateway.spool import Kept, Quarantine, is_partial, sync_folder

_PARTIAL = timedelta(days=1)
_REPORT = re.compile(r"edi-defect-[0-9TZ-]+\.txt")
_BATCH = 500


class Due(Struct, frozen=True, kw_only=True):
    """One thing whose time is over.

    what   ``sent``, ``refused``, ``inbox``, ``quarantine``, ``reports``, ``partial``
    since  from when its time is counted
    files  what goes, in this order; of a refused file and of one in quarantine the explanation goes last
    kept   the entry of the quarantine it is
    """

    what: str
    since: datetime
    files: tuple[Path, ...]
    kept: Kept | None = None


def due(gateway: Gateway, now: datetime) -> list[Due]:
    """Everything that is due at `now`, by kind, the oldest first within each."""
    retention, paths = gateway.settings.retention, gateway.settings.paths
    found = [*_sent(gateway, paths.national / "sent", now - retention.sent),
             *_refused(paths.national / "refused", now - retention.refused),
             *([] if retention.inbox is None else _inbox(gateway, paths.national / "in", now - retention.inbox)),
             *_quarantine(gateway, now - retention.quarantine),
             *_old("reports", paths.state / "defects", now - retention.reports, lambda name: _REPORT.fullmatch(name)),
             *_left_behind(paths.national, paths.state, paths.partners, paths.keys, before=now - _PARTIAL)]
    order = {what: number for number, what in enumerate(dict.fromkeys(one.what for one in found))}
    return sorted(found, key=lambda one: (order[one.what], one.since, one.files))


def remove(gateway: Gateway, things: Sequence[Due], occasion: Occasion) -> None:
    """Remove what is due; how much of each kind stands in the history first. Safe to cut and to repeat."""
    if not things:
        return
    counts = {what: sum(one.what == what for one in things) for what in dict.fromkeys(one.what for one in things)}
    with gateway.ledger.transaction() as transaction:
        transaction.journal(subject="retention", reference="removed", at=occasion.now,
                            text=", ".join(f"{what} {count}" for what, count in counts.items()))
        for one in things:
            if one.kept is not None:
                transaction.kept_no_more(one.kept.partner, one.kept.path.name)
    reach(failpoints.REMOVING)
    folders: dict[Path, None] = {}
    for one in things:
        for path in one.files:
            path.unlink(missing_ok=True)
            folders[path.parent] = None
            reach(failpoints.PARTLY_REMOVED)
    for folder in folders:
        sync_folder(folder)


def _sent(gateway: Gateway, folder: Path, before: datetime) -> Iterator[Due]:
    files = list(_files(folder))
    for start in range(0, len(files), _BATCH):
        digests = {path: _digest(path) for path in files[start:start + _BATCH]}
        with gateway.ledger.reading() as queries:
            answered = queries.answered_files(sorted(set(digests.values())))
        for path, digest in digests.items():
            if digest in answered and answered[digest] <= before:
                yield Due(what="sent", since=answered[digest], files=(path,))


def _refused(folder: Path, before: datetime) -> Iterator[Due]:
    for reason in _files(folder):
        path = reason.with_name(reason.name.removesuffix(REASON))
        if not reason.name.endswith(REASON) or _changed(reason) > before:
            continue
        if path.is_file() and not path.is_symlink():
            yield Due(what="refused", since=_changed(reason), files=(path, reason))
        elif not os.path.lexists(path):  # a removal that was cut, or somebody has taken the file away
            yield Due(what="refused", since=_changed(reason), files=(reason,))


def _inbox(gateway: Gateway, folder: Path, before: datetime) -> Iterator[Due]:
    found = {(path.parent.name, path.name): path for path in _files(folder)}
    with gateway.ledger.reading() as queries:
        handed_over = {(one.folder, one.name): one for one in queries.delivered_before(before)}
    for key, path in found.items():
        one = handed_over.get(key)
        if one is not None and _digest(path) == one.digest:
            yield Due(what="inbox", since=one.delivered, files=(path,))


def _quarantine(gateway: Gateway, before: datetime) -> Iterator[Due]:
    folder = gateway.settings.paths.state / "quarantine"
    kept = [one for one in Quarantine(folder).list() if one.at <= before]
    with gateway.ledger.reading() as queries:
        halted = {partner for partner in {one.partner for one in kept} if queries.halted(partner, "in") is not None}
    for one in kept:
        if one.partner not in halted:
            yield Due(what="quarantine", since=one.at, files=(one.path, one.path.with_suffix(".json")), kept=one)
    for path in _regular(folder):
        if path.suffix == ".bin" and not path.with_suffix(".json").exists() and _changed(path) <= before:
            yield Due(what="quarantine", since=_changed(path), files=(path,))  # of a run that was cut before its note


def _left_behind(*roots: Path, before: datetime) -> Iterator[Due]:
    for root in roots:
        for folder in (root, *_folders(root)):
            if not os.access(folder, os.W_OK):  # keys that another user looks after
                continue
            yield from _old("partial", folder, before, is_partial)


def _old(what: str, folder: Path, before: datetime, wanted: Callable[[str], object]) -> Iterator[Due]:
    for path in _regular(folder):
        if wanted(path.name) and _changed(path) <= before:
            yield Due(what=what, since=_changed(path), files=(path,))


def _files(folder: Path) -> Iterator[Path]:
    """The regular files of the kinds in a folder of national files."""
    for kind in _folders(folder):
        yield from (path for path in _regular(kind) if not is_partial(path.name))


def _folders(root: Path) -> list[Path]:
    if not root.is_dir() or root.is_symlink():
        return []
    found = sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())
    return [*found, *(inner for path in found for inner in _folders(path))]


def _regular(folder: Path) -> Iterable[Path]:
    if not folder.is_dir() or folder.is_symlink():
        return ()
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
