"""Is there room for more? A disk that fills up is seen before it is full (MAILBOX 3.2, point 6).

What is taken in makes the ledger grow; what has been taken must still be judged, answered and sent. So below the room
that the settings keep free (``limits.room``) nothing new is taken, neither from mailboxes nor from the national side:
it stays where it is, and nothing is lost. Everything else goes on, receipts first.

A disk may fill up all the same, for others write to it too: then whatever does not fit is undone as a whole (B003,
L009) and done by a later run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.exchange.summary import Summary
from gateway.findings import Finding, Place
from gateway.spool import free_entries, free_space

SHORT = "B010"

_GROWTH = 16
"""Octets that the disk takes for each octet taken in: 13 were measured for declarations that arrive, 4 of which go once
the ledger's log is folded back. Compressed content takes more, at most what a transaction may fail by."""

_ENTRIES = 64
"""Files that there must be room for, where a file system counts them."""


def require_room(gateway: Gateway, octets: int = 0) -> None:
    """Refuse to take more in where a disk that we write to is short of room.

    octets  what is to be taken now, as it lies in the mailbox or in the national folder

    Raises LocalError B010 with the folder, what is free and what must be (MiB); B006.
    """
    needed = gateway.settings.limits.room + _GROWTH * octets
    for folder in disks(gateway):
        free, entries = free_space(folder), free_entries(folder)
        if free < needed or (entries is not None and entries < _ENTRIES):
            raise LocalError(Finding(code=SHORT, place=Place(file=os.fspath(folder)), values={
                "folder": os.fspath(folder), "free": str(free >> 20 if free < needed else 0),
                "needed": str((needed + (1 << 20) - 1) >> 20)}))


def room_for_more(gateway: Gateway, summary: Summary) -> bool:
    """Tell whether anything may be taken in; that it may not is said once in a run."""
    try:
        require_room(gateway)
    except LocalError as error:
        if all(finding.code != SHORT for _, finding in summary.problems):
            summary.trouble(error)
        return False
    return True


def disks(gateway: Gateway) -> Iterator[Path]:
    """A folder on each file system that grows by what comes in: the state's, the ledger's, the national inbox's."""
    paths, seen = gateway.settings.paths, set[object]()
    file = gateway.ledger.file  # a server's disk is its keepers' to watch
    for folder in (paths.state, *([] if file is None else [file.parent]), paths.national / "in"):
        there = _standing(folder)
        if (device := _device(there)) not in seen:
            seen.add(device)
            yield there


def _device(folder: Path) -> object:
    """The file system of a folder."""
    return folder.stat().st_dev


def _standing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    return folder if folder.is_dir() or folder == folder.parent else _standing(folder.parent)
