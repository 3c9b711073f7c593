"""A ledger that is put back from a copy: everything with every partner is held until both have compared (GW-1 C6).

An older copy has forgotten numbers that partners have seen. It must give out none of them again, so nothing is sealed,
published or taken from a mailbox (a receipt would need a number): what comes in waits where it lies. `recovering` ends
the hold, for each partner by itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from gateway.config import Settings
from gateway.errors import LocalError
from gateway.exchange.generation import Mark, behind, mark, marked
from gateway.exchange.standstill import standstill
from gateway.findings import Finding, Place
from gateway.ledger import Ledger
from gateway.ledger.engine import required_file
from gateway.ledger.upgrading import forward
from gateway.spool import sync_folder

RESTORED = "L030"
"""Why everything with a partner is held: our ledger is an older copy."""

UNSOUND, FOREIGN, NO_FILE = "L031", "L032", "L033"


def partners_of(settings: Settings) -> list[str]:
    """Everybody that the settings name, those with a broken file as well."""
    return sorted({*settings.partners, *settings.broken_partners})


def hold_all(ledger: Ledger, partners: Iterable[str], now: datetime, text: str) -> None:
    """Hold everything with everybody, in one transaction. text: how it was noticed, for the history."""
    with ledger.transaction() as transaction:
        everybody = sorted({*partners, *transaction.linked_partners()})
        transaction.journal(subject="ledger", reference="restored", text=text, at=now)
        for partner in everybody:
            transaction.hold_link(partner, RESTORED, now)


def watch(settings: Settings, ledger: Ledger, before: Mark | None, now: datetime, *, moved: bool = True) -> None:
    """Hold everything where the ledger is older than the mark that was read before it was opened.

    moved  whether the mark is brought to where the ledger stands: not while one only rehearses
    """
    if behind(ledger, before):
        hold_all(ledger, partners_of(settings), now, "older than state/generation")
        if moved:
            mark(settings.paths.state, ledger, anew=True)


def restore(settings: Settings, copy: Path, now: datetime, *, rehearse: bool = False) -> Path | None:
    """Put a copy of this gateway's ledger in place, held; the file that stood there before, under its new name.

    The copy itself stays as it is. Whatever is cut off leaves either ledger, or none: an empty one is noticed as well.
    rehearse: the copy is checked, and held as it would be, beside the ledger; then it goes, and nothing is moved.

    Raises Busy B001 while a run is at work, LocalError L031 for a copy that is not sound, L032 for one of another
    gateway, L033 when it cannot be read, L001 to L009 of the ledger itself, L016 where it is on a server.
    """
    target = required_file(settings.ledger, "edi restore")
    with standstill(settings, now):
        new = target.with_name(target.name + ".restoring")
        _remove(new)
        try:
            _prepare(settings, copy, new, now)
        except BaseException:
            _remove(new)
            raise
        if rehearse:
            _remove(new)
            return _kept(target, now) if target.exists() else None
        kept = _aside(target, now)
        new.rename(target)
        sync_folder(target.parent)
        with Ledger.open(settings.ledger, now=now) as ledger:
            if behind(ledger, marked(settings.paths.state)):
                mark(settings.paths.state, ledger, anew=True)
    return kept


def _prepare(settings: Settings, copy: Path, new: Path, now: datetime) -> None:
    """The copy of the copy: checked, brought to this program's schema, held, flushed."""
    try:
        for suffix in ("", "-wal"):  # a file copied by hand may have its last rows beside it
            beside = copy.with_name(copy.name + suffix)
            if not suffix or beside.exists():
                shutil.copyfile(beside, new.with_name(new.name + suffix))
                new.with_name(new.name + suffix).chmod(0o600)
    except OSError as error:
        raise LocalError(Finding(code=NO_FILE, place=Place(file=str(copy)), values={
            "file": str(copy), "reason": error.strerror or str(error)})) from error
    try:  # who puts an older copy back has asked for it: it is brought to this program's schema, and itself stays
        forward(f"sqlite:///{new}", now)
    except LocalError as error:
        if error.code in ("L007", "L008", "L009"):  # the machine, not the copy
            raise
        raise LocalError(Finding(code=UNSOUND, place=Place(file=str(copy)), values={
            "file": str(copy), "reason": error.code})) from error
    with Ledger.open(f"sqlite:///{new}", now=now) as ledger:
        wrong = ledger.integrity()
        with ledger.reading() as queries:
            bad, named = queries.verify_history(), queries.any_message_id()
        if bad is not None:
            wrong.append(f"history {bad.id}: {bad.fault}")
        if wrong:
            raise LocalError(Finding(code=UNSOUND, place=Place(file=str(copy)), values={
                "file": str(copy), "reason": wrong[0]}))
        if named is not None and not named.endswith(f"@{settings.gateway}>"):
            raise LocalError(Finding(code=FOREIGN, place=Place(file=str(copy)), values={
                "file": str(copy), "found": named.rpartition("@")[2].rstrip(">"), "gateway": str(settings.gateway)}))
        hold_all(ledger, partners_of(settings), now, f"restored from {copy.name}")


def _aside(target: Path, now: datetime) -> Path | None:
    """Move the old ledger aside with what SQLite keeps beside it; its new name."""
    if not target.exists():
        return None
    kept = _kept(target, now)
    for suffix in ("-wal", "-shm", ""):
        beside = target.with_name(target.name + suffix)
        if beside.exists():
            os.link(beside, kept.with_name(kept.name + suffix))  # never over another file
            beside.unlink()
    sync_folder(target.parent)
    return kept


def _kept(target: Path, now: datetime) -> Path:
    return target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%SZ}")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", ".making"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
