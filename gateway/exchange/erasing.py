"""Lawful erasure: the traders' data of one movement leave the ledger and the folders, and what proves it stays.

Gone afterwards: national files, messages, interchanges and sealed files that carried the movement; names, addresses,
identifiers, goods, values and free text of its declarations and events; the plates by which it was found. Left: that it
was, its offices, times, states and sums of packages, and every hash: history, digests, leaves, MICs, signature digests.
So the audit, the trees that partners compare, and the proof that a known document is the one that was exchanged stay
what they were. The file of the ledger is then written anew, so that no octet of what went stays in pages that are free.

A partner is not told: an erasure changes nothing that was agreed with it, and its own law decides about its copy. If it
asks for a sealed file that is gone, it gets none, and the history says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway
from gateway.exchange.audit_month import digest_of_file
from gateway.exchange.standstill import standstill
from gateway.exchange.storing import sweep
from gateway.exchange.upgrading import beside_ledger
from gateway.failpoints import reach
from gateway.findings import Finding
from gateway.ledger.keeping_rows import Belongings, Departure, NewDeparture
from gateway.spool import sync_folder
from gateway.transit.masking import DECLARATION, EVENT, left_of, names_in

UNKNOWN, OPEN, SHARED, IN_ARCHIVE = "L045", "L046", "L047", "L048"

_OVER = "none"
_MOST_NAMED = 5


class Erasure(Struct, frozen=True, kw_only=True):
    """What an erasure takes.

    mrn        the movement
    contents   how many contents of the ledger are emptied; records: how many declarations and events are masked
    shared     other movements whose originals go along: they stood in the same interchange or file
    files      files in the national folders, or claimed from them, that hold the very octets
    copies     copies of the ledger in the state folder, which hold everything still: for people to remove
    told       rows of the history that hold a name; they are chained and stay
    departure  the row that stands for it; None before the first
    """

    mrn: str
    contents: int
    records: int
    shared: tuple[str, ...]
    files: tuple[Path, ...]
    copies: tuple[Path, ...]
    told: int
    departure: Departure | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """Who decides, and why. people: names, joined by ", "; account: that typed it."""

    people: str
    account: str
    reason: str


def erasure_of(gateway: Gateway, reference: str, *, shared: bool) -> tuple[Erasure, Belongings]:
    """What an erasure would take. Writes nothing. reference: an MRN, or the national key of a movement of ours.

    shared  originals of other movements that stand in the same interchanges or files may go along

    Raises LocalError L045 (no such movement), L046 (something of it is under way), L047 (others stand in the same
    interchange), L048 (a part lies in an archive: bring it back first).
    """
    with gateway.ledger.reading() as queries:
        movement = queries.movement(reference) or queries.movement_by_key(gateway.name, reference)
        if movement is None:
            raise LocalError(Finding(code=UNKNOWN, values={"reference": reference}))
        mrn = movement.mrn
        found = queries.belongings(mrn)
        _require(movement.next_action, mrn, found, shared=shared)
        before = [one for one in queries.departures_about(mrn) if one.kind == "erased"]
        names = {name for row in queries.declarations(mrn) for name in names_in(row.tree)}
        names |= {name for row in queries.events(mrn) for name in names_in(row.tree)}
        references = {mrn, movement.key, *(row.reference for row in queries.events(mrn))}
        told = queries.told_of(sorted(names), sorted(references))
    return Erasure(mrn=mrn, contents=len(found.contents), records=len(found.declarations) + len(found.events),
                   shared=found.shared, files=tuple(_files(gateway, found.files)),
                   copies=tuple(sorted(_copies(gateway))), told=told, departure=before[-1] if before else None), found


def _copies(gateway: Gateway) -> Iterator[Path]:
    """Copies of the ledger that a change of its schema, or a restored one, left."""
    beside = beside_ledger(gateway.settings)
    for one in beside.parent.glob(f"{beside.name}.before-*"):
        if not one.name.endswith(("-wal", "-shm")):
            yield one


def erase(gateway: Gateway, reference: str, decision: Decision, now: datetime, *, shared: bool) -> Erasure:
    """Erase a movement's traders' data. Cut anywhere it is simply given again.

    Raises LocalError as `erasure_of`, Busy B001 while a run is at work, L007, L009.
    """
    with standstill(gateway.settings, now):
        planned, found = erasure_of(gateway, reference, shared=shared)
        done = planned.departure
        if done is None or found.contents:  # else one that was cut is completed
            with gateway.ledger.transaction() as transaction:
                trees = transaction.records_of({"declaration": found.declarations, "event": found.events})
                masks = {key: left_of(tree, DECLARATION if key[0] == "declaration" else EVENT)
                         for key, tree in trees.items()}
                done = transaction.depart(
                    NewDeparture(kind="erased", reference=planned.mrn, folder="", people=decision.people,
                                 account=decision.account, reason=decision.reason), found.contents, masks, now)
                transaction.forget_traders(planned.mrn)
        reach(failpoints.ERASED)
        for path in planned.files:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        reach(failpoints.ERASED_FILES)
        gateway.ledger.rewrite()
        sweep(gateway)
    return replace(planned, departure=done)


def _require(next_action: str, mrn: str, found: Belongings, *, shared: bool) -> None:
    if next_action != _OVER or found.unsettled:
        raise LocalError(Finding(code=OPEN, values={
            "mrn": mrn, "what": ", ".join(found.unsettled[:_MOST_NAMED]) or next_action}))
    if found.archived:
        raise LocalError(Finding(code=IN_ARCHIVE, values={"mrn": mrn, "names": ", ".join(found.archived)}))
    if found.shared and not shared:
        raise LocalError(Finding(code=SHARED, values={
            "mrn": mrn, "count": str(len(found.shared)), "others": ", ".join(found.shared[:_MOST_NAMED])}))


def _files(gateway: Gateway, digests: frozenset[str]) -> Iterator[Path]:
    """Files in the national folders and what was claimed, that hold the very octets that go from the ledger."""
    for folder in (gateway.settings.paths.national, gateway.settings.paths.state / "claimed"):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            with suppress(FileNotFoundError):  # what the national side takes away meanwhile is gone
                if path.is_file() and not path.is_symlink() and digest_of_file(path) in digests:
                    yield path
