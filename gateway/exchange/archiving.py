"""Old contents go to another volume, with a list of them, and come back from there.

    archive-NAME/
      contents.zip   each content once, under its SHA-256
      index.csv      number in the ledger; SHA-256; octets; what it is; reference
      archive.txt    which gateway, when, up to when, how many
      SHA256SUMS     the other files

The folder is whole on the other disk before the ledger lets anything go. The ledger keeps number, digest and size of
each content, the folder, and a digest over all of it in its history; whatever asks for a content reads it from the
archive while the volume is there, and names the volume while it is not.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway
from gateway.exchange.backup_check import MOMENT, write_sums
from gateway.exchange.erasing import Decision
from gateway.exchange.standstill import standstill
from gateway.exchange.storing import sweep
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import Queries
from gateway.ledger.keeping_rows import KIND_OF, KINDS, Departure, Kind, NewDeparture, OldContent
from gateway.ledger.reading.away import CONTENTS, DAMAGED, archived
from gateway.spool import free_name, make_folder, sync_folder, write_together

NO_ARCHIVE, NOT_PROVEN, STRAY = "L053", "L054", "L058"

INDEX, ABOUT = "index.csv", "archive.txt"
_OLD = (1980, 1, 1, 0, 0, 0)
_SLICE = 200
_SEPARATOR = re.compile(r"[;\r\n]")


class Archived(Struct, frozen=True, kw_only=True):
    """What an archive took, or would take. folder: None where there was nothing, or nothing was written."""

    contents: int
    octets: int
    folder: Path | None = None


def old(gateway: Gateway, before: datetime, only: Collection[Kind] = KINDS) -> Archived:
    """What would go: contents and octets. only: these kinds."""
    with gateway.ledger.reading() as queries:
        sizes = [one.size for one in queries.old_contents(before) if KIND_OF[one.what] in only]
    return Archived(contents=len(sizes), octets=sum(sizes))


def archive(gateway: Gateway, before: datetime, to: Path, decision: Decision, now: datetime,
            only: Collection[Kind] = KINDS) -> Archived:
    """Move what was settled before an instant into a new folder below `to`, and let the ledger go of it.

    only  contents of these kinds alone: what must be kept for another time lies in another archive

    Cut anywhere it is simply given again, and `strays` names the folder that the first time left.
    Raises Busy B001 while a run is at work, LocalError B003 (no room there), B006, L007, L054.
    """
    with standstill(gateway.settings, now):
        done = _archive(gateway, before, to, decision, now, only)
        if done.folder is not None:
            gateway.ledger.rewrite()
            sweep(gateway)
    return done


def _archive(gateway: Gateway, before: datetime, to: Path, decision: Decision, now: datetime,
             only: Collection[Kind]) -> Archived:
    with gateway.ledger.reading() as queries:
        contents = [one for one in queries.old_contents(before) if KIND_OF[one.what] in only]
        if not contents:
            return Archived(contents=0, octets=0)
        name = free_name(f"archive-{gateway.name}-{now:%Y%m%dT%H%M%SZ}", make_folder(to))
        hidden, folder = to / f".{name}.partial", to / name
        for left in to.glob(f".archive-{gateway.name}-{MOMENT}*.partial"):  # of one that was cut
            shutil.rmtree(left)
        make_folder(hidden)
        with (hidden / CONTENTS).open("xb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
                for digest, octets in _once(contents, queries.content_octets):
                    file.writestr(zipfile.ZipInfo(digest, _OLD), octets, zipfile.ZIP_DEFLATED)
            stream.flush()
            os.fsync(stream.fileno())  # the ledger lets go of what only lies there then
    total = sum(one.size for one in contents)
    write_together({
        hidden / INDEX: "".join(f"{one.id};{one.digest};{one.size};{one.what};{_SEPARATOR.sub(' ', one.reference)}\n"
                                for one in contents).encode(),
        hidden / ABOUT: (f"gw-archive/1\ngateway {gateway.name}\nat {now:%Y-%m-%dT%H:%M:%SZ}\n"
                         f"before {before:%Y-%m-%dT%H:%M:%SZ}\ncontents {len(contents)}\noctets {total}\n").encode()})
    (hidden / CONTENTS).chmod(0o600)
    write_sums(hidden)
    hidden.rename(folder)
    sync_folder(to)
    _prove(folder, contents)
    reach(failpoints.ARCHIVED)
    with gateway.ledger.transaction() as transaction:
        transaction.depart(NewDeparture(kind="archived", reference=name, folder=str(folder.absolute()),
                                        people=decision.people, account=decision.account, reason=decision.reason),
                           [one.id for one in contents], {}, now)
    return Archived(contents=len(contents), octets=total, folder=folder)


def bring_back(gateway: Gateway, folder: Path, who: str, now: datetime) -> Departure:
    """Put everything of an archive into the ledger again. The folder stays; nothing needs it any more.

    Raises LocalError L053 (no archive of this ledger has that name, or it was purged), L042, L044 (not what left),
    L009.
    """
    with gateway.ledger.reading() as queries:
        found = next((one for one in standing_archives(queries) if one.reference == folder.name), None)
        if found is None:
            raise LocalError(Finding(code=NO_ARCHIVE, place=Place(file=str(folder)), values={"folder": str(folder)}))
        listed = list(queries.contents_away(found.id))
    with gateway.ledger.transaction() as transaction:
        for start in range(0, len(listed), _SLICE):
            transaction.put_octets({number: archived(found, folder, digest)
                                    for number, digest in listed[start:start + _SLICE]})
        transaction.returned(found, who, now)
    return found


def unreadable(gateway: Gateway) -> Iterator[tuple[Departure, int]]:
    """Archives of which something cannot be read where the ledger says that they lie, and how many contents."""
    with gateway.ledger.reading() as queries:
        for one in standing_archives(queries):
            held = _held(Path(one.folder) / CONTENTS)
            bad = sum(digest not in held for _, digest in queries.contents_away(one.id))
            if bad:
                yield one, bad


def standing_archives(queries: Queries) -> list[Departure]:
    """Archives that neither came back nor were purged, the oldest first."""
    every = queries.departures()
    purged = {one.reference for one in every if one.kind == "purged"}
    return [one for one in every if one.kind == "archived" and one.returned is None and one.reference not in purged]


def strays(gateway: Gateway, to: Path) -> list[Path]:
    """Archives by this gateway's name in a folder that its ledger does not know, sorted.

    One that was cut after it was whole leaves such a folder, and everything in it is in the ledger still. It may be the
    archive of another ledger of that name as well (one that was lost, say), so that only people remove it.
    """
    ours = re.compile(rf"archive-{re.escape(gateway.name)}-\d{{8}}T\d{{6}}Z(\.\d+)?")
    found = sorted(path for path in to.iterdir() if ours.fullmatch(path.name) and path.is_dir()) if to.is_dir() else []
    if not found:
        return []
    with gateway.ledger.reading() as queries:
        known = {one.reference for one in queries.departures() if one.kind == "archived"}
    return [path for path in found if path.name not in known]


def _once(contents: list[OldContent], octets_of: Callable[[int], bytes]) -> Iterator[tuple[str, bytes]]:
    """Each digest with its octets, once."""
    known: set[str] = set()
    for one in contents:
        if one.digest not in known:
            known.add(one.digest)
            yield one.digest, octets_of(one.id)


def _prove(folder: Path, contents: list[OldContent]) -> None:
    """Read every content back from the other disk. Raises LocalError L054 for one that is something else."""
    if _held(folder / CONTENTS) != {one.digest for one in contents}:
        raise LocalError(Finding(code=NOT_PROVEN, place=Place(file=str(folder / CONTENTS)), values={
            "folder": str(folder)}))


def _held(path: Path) -> set[str]:
    """The digests of an archive whose content is what they say; none where it is not there."""
    found: set[str] = set()
    try:
        with zipfile.ZipFile(path) as file:
            for name in file.namelist():
                with suppress(*DAMAGED), file.open(name) as stream:
                    hashed = hashlib.sha256()
                    while piece := stream.read(1 << 20):
                        hashed.update(piece)
                    if hashed.hexdigest() == name:
                        found.add(name)
    except (OSError, *DAMAGED):
        return found
    return found
