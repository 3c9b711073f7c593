"""The same sealed objects, carried by hand while a line is down: on a stick, in the layout of the mailbox.

Nothing is signed or sealed a second time, and nothing has two ways of being true: what is carried out is what a run
would have put into the partner's mailbox, and is noted as put up; what is carried in goes the way of all that arrives.
When the line comes back and brings the same object, it is a duplicate like any other (GW-1 V30, R5).

On the stick: ``<to>/<from>/v1/in/new/<name>.p7m``, and beside ``new`` a SHA256SUMS of what is whole there, written
last. A stick that was pulled out while it was written has files that the list does not name: they are not taken, and
our ledger does not claim that they were carried.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.budget import batches, cost
from gateway.exchange.collect import collect_batch, ledger_in_doubt
from gateway.exchange.deliver import deliver
from gateway.exchange.dispatch import BATCH, BATCH_OCTETS, made_readable, note_published
from gateway.exchange.generation import mark
from gateway.exchange.halting import link_halted
from gateway.exchange.held import HeldMailbox
from gateway.exchange.links import tend
from gateway.exchange.process import judge_held, process_stored
from gateway.exchange.revocation_lists import note_lists, note_used
from gateway.exchange.room import require_room
from gateway.exchange.sealing import seal_waiting
from gateway.exchange.summary import Exit, Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger.rows import ObjectOut
from gateway.security import INTERCHANGES, RECEIPT
from gateway.spool import make_folder, read_whole, turn, write_whole
from gateway.transport import DirectoryLane, Entry, Mailbox, Mode, Outcome, open_mailbox
from gateway.transport.mailbox import Outcomes

BUSY, NO_STICK, NOTHING_FOR_US, UNLISTED, NOT_WHOLE, FOREIGN, STRANGER, CUT = (
    "X270", "X271", "X272", "X273", "X274", "X275", "X276", "X277")
SUMS = "SHA256SUMS"
_LARGEST_LIST = 64 << 20
_FILES = 500_000
"""Files of one listing and lines of one list: far more than a line that is down for a month leaves behind."""

_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  new/(?P<name>[0-9a-f]{32}\.p7m)\n")


class CarriedOut(Struct, frozen=True, kw_only=True):
    """What lies on the stick for a partner.

    folder  where; files, octets: how many, how large together; interchanges, receipts, others: of which kind those
    are that are carried now; earlier: files that lay there already and are not acknowledged either
    """

    partner: str
    folder: Path
    files: int
    octets: int
    interchanges: int
    receipts: int
    others: int
    earlier: int


class CarriedIn(Struct, frozen=True, kw_only=True):
    """What was found on the stick of a partner: whole files, their octets, and what became of them."""

    partner: str
    folder: Path
    files: int
    octets: int
    new: int
    receipts: int
    known: int
    refused: int


class _Stick(HeldMailbox):
    """What was carried here stays as it is: the stick may be read-only, and somebody may need it again."""

    def remove(self, names: Sequence[str]) -> Outcomes:
        """Nothing is removed, and that is right."""
        return [Outcome(name, None) for name in names]


@dataclass(slots=True)
class _Load:
    """What is known to be whole on the stick: name -> digest; and of what is carried now, its kinds and octets."""

    folder: Path
    listed: dict[str, str]
    kinds: dict[str, str]
    octets: int = 0

    def write(self) -> None:
        write_whole(self.folder / SUMS, "".join(
            f"{digest}  new/{name}\n" for name, digest in sorted(self.listed.items())).encode("ascii"), 0o644)


def carry_out(gateway: Gateway, partner: str, stick: Path, occasion: Occasion, summary: Summary) -> CarriedOut:
    """Put everything on the stick that the partner has not acknowledged, sealed as for its mailbox.

    What lies there from an earlier time and is not acknowledged stays: a receipt is carried once, for it gets none.
    What cannot be written stays as it was in the ledger, and is told in `summary`. Raises LocalError X270 while a run
    is at the same work, X271 where the folder is not there, X010 for an unknown partner, B003, B006, B107 where the
    stick takes neither folders nor a list.
    """
    partner, = gateway.chosen((partner,))
    if not stick.is_dir():
        raise LocalError(Finding(code=NO_STICK, place=Place(file=str(stick)), values={"folder": str(stick)}))
    load = _Load(stick / partner / gateway.name / "v1" / "in", {}, {})
    with _alone(gateway, f"outbound-{partner}"):
        tend(gateway, partner, occasion, summary)
        seal_waiting(gateway, partner, occasion, summary, ahead=None)
        if not link_halted(gateway, partner, "out", summary):
            _carry_out(gateway, partner, load, occasion, summary)
    kinds = list(load.kinds.values())
    exchanged, receipts = sum(kind in INTERCHANGES for kind in kinds), kinds.count(RECEIPT)
    return CarriedOut(
        partner=partner, folder=load.folder, files=len(load.listed), octets=load.octets, interchanges=exchanged,
        receipts=receipts, others=len(kinds) - exchanged - receipts, earlier=len(load.listed.keys() - load.kinds))


def _carry_out(gateway: Gateway, partner: str, load: _Load, occasion: Occasion, summary: Summary) -> None:
    mailbox = open_mailbox(DirectoryLane(path=load.folder, names=_FILES), clock=occasion.clock)
    there = {entry.name for entry in mailbox.list()}
    load.listed.update((name, digest) for name, digest in _listed(load.folder)[0].items() if name in there)
    with gateway.ledger.transaction() as transaction:
        over = transaction.acknowledged_names(partner, there)
    for name in over:
        load.listed.pop(name, None)
    mark(gateway.settings.paths.state, gateway.ledger)  # as before every publication
    after = 0
    while batch := _unacknowledged(gateway, partner, after):
        after = batch[-1].sequence
        if not _put(gateway, partner, mailbox, load, batch, occasion, summary):
            break
    if load.listed or over:
        load.write()
    mailbox.remove(sorted(over))  # the list speaks of them no more; what cannot be removed harms nobody
    if load.kinds:
        with gateway.ledger.transaction() as transaction:
            transaction.journal(subject="carry", reference=partner, text=f"out {len(load.kinds)} {load.folder}",
                                at=occasion.now)
    load.octets = sum(entry.size for entry in mailbox.list() if entry.name in load.listed)


def _unacknowledged(gateway: Gateway, partner: str, after: int) -> list[ObjectOut]:
    with gateway.ledger.transaction() as transaction:
        return transaction.unacknowledged_objects(partner, after=after, limit=BATCH, octets=BATCH_OCTETS)


def _put(gateway: Gateway, partner: str, mailbox: Mailbox, load: _Load, batch: Sequence[ObjectOut], occasion: Occasion,
         summary: Summary) -> bool:
    """Write a batch, then the list of what is whole, then note it: what is not in the list was never carried.

    False when a file could not be written: the others would fare no better on a stick that is full or gone.
    """
    going = made_readable(gateway, partner, batch, set(), occasion)
    outcomes = {outcome.name: outcome.error for outcome in mailbox.publish([(one.name, one.sealed) for one in going])}
    reach(failpoints.CARRYING)
    written = [item for item in going if outcomes[item.name] is None]
    failed = [error for error in outcomes.values() if error is not None]
    if failed:
        _without_beginnings(load.folder, (item.name for item in going))
    load.listed.update((item.name, hashlib.sha256(item.sealed).hexdigest()) for item in written)
    try:
        if written:
            load.write()
            reach(failpoints.CARRIED)
            note_published(gateway, partner, written, occasion)
            load.kinds.update((item.name, item.kind) for item in written)
            summary.objects_dispatched += len(written)
    finally:
        if failed:
            summary.problems.append((Exit.PERSON, Finding(code=CUT, place=Place(file=str(load.folder)), values={
                "partner": partner, "written": str(len(load.kinds)),
                "answer": failed[0].findings[0].values.get("answer", "")})))
    return not failed


def _without_beginnings(folder: Path, names: Iterable[str]) -> None:
    """Remove what a full stick holds of files that did not fit: the list needs the room."""
    for name in names:
        try:
            (folder / "tmp" / name).unlink(missing_ok=True)
        except OSError:  # pulled out, say: then nothing needs room
            return


def carry_in(gateway: Gateway, stick: Path, occasion: Occasion, summary: Summary) -> list[CarriedIn]:
    """Take from the stick what partners have put there for us, judge it, and hand it to the national side.

    What is not whole, and what is no sealed file, is told in `summary` and left; the rest is taken. Raises LocalError
    X271 where the folder is not there, X272 where nothing on the stick is for us (it says for whom it is), X270 while
    a run is at the same work.
    """
    if not stick.is_dir():
        raise LocalError(Finding(code=NO_STICK, place=Place(file=str(stick)), values={"folder": str(stick)}))
    found = [_take(gateway, partner, folder, occasion, summary)
             for partner, folder in _boxes(gateway, stick, summary)]
    _if_free(gateway, "process", lambda: process_stored(gateway, occasion, summary))
    _if_free(gateway, "held", lambda: judge_held(gateway, occasion, summary))
    _if_free(gateway, "deliver", lambda: deliver(gateway, occasion, summary))
    return found


def _boxes(gateway: Gateway, stick: Path, summary: Summary) -> list[tuple[str, Path]]:
    """The partners whose files lie there for us, and where. Whoever is no partner of ours is named."""
    every = sorted(one for one in stick.glob("*/*/v1/in") if one.is_dir())
    for_us = {one.parts[-3]: one for one in every if one.parts[-4] == gateway.name}
    if not for_us:
        raise LocalError(Finding(code=NOTHING_FOR_US, place=Place(file=str(stick)), values={
            "folder": str(stick), "gateway": gateway.name,
            "others": ", ".join(dict.fromkeys(one.parts[-4] for one in every)) or "-"}))
    for name in sorted(for_us.keys() - gateway.settings.partners.keys()):
        summary.problems.append((Exit.PERSON, Finding(code=STRANGER, place=Place(file=str(for_us[name])), values={
            "partner": name, "folder": str(for_us[name])})))
    return [(name, for_us[name]) for name in sorted(for_us.keys() & gateway.settings.partners.keys())]


def _take(gateway: Gateway, partner: str, folder: Path, occasion: Occasion, summary: Summary) -> CarriedIn:
    # Mode.SUFFIX asks for no folder ``tmp``: a copy may have lost an empty one, and a stick may be read-only.
    box = _Stick(open_mailbox(DirectoryLane(path=folder, mode=Mode.SUFFIX, names=_FILES), clock=occasion.clock),
                 over=lambda: False)
    whole = [] if ledger_in_doubt(gateway, partner) else _whole(gateway, partner, folder, box, summary)
    largest = gateway.settings.limits.file
    before = summary.counts()
    if whole:
        with _alone(gateway, f"inbound-{partner}"):
            note_lists(gateway, partner, occasion.now)
            for batch in batches(whole, largest):
                require_room(gateway, sum(cost(entry, largest) for entry in batch))
                collect_batch(gateway, partner, box, batch, occasion, summary)
            note_used(gateway, partner, occasion.now)
        with gateway.ledger.transaction() as transaction:
            transaction.journal(subject="carry", reference=partner, text=f"in {len(whole)} {folder}", at=occasion.now)
    link_halted(gateway, partner, "in", summary)
    new, receipts, known, refused = (summary.counts()[name] - before[name] for name in (
        "objects_collected", "receipts_taken", "objects_repeated", "objects_quarantined"))
    return CarriedIn(partner=partner, folder=folder, files=len(whole), octets=sum(entry.size for entry in whole),
                     new=new, receipts=receipts, known=known, refused=refused)


def _whole(gateway: Gateway, partner: str, folder: Path, box: HeldMailbox, summary: Summary) -> list[Entry]:
    """The files that are there as their list says. What else is there, and what is not, is told, each kind once."""
    listed, clean = _listed(folder)
    found = box.list()
    whole = [entry for entry in found if entry.name in listed and _is(folder / "new" / entry.name, entry, listed,
                                                                     gateway.settings.limits.file)]
    unlisted = [entry.name for entry in found if entry.name not in listed]
    broken = sorted(listed.keys() - {entry.name for entry in whole})
    for code, names in ((UNLISTED, unlisted), (NOT_WHOLE, broken if clean else [*broken, SUMS]),
                        (FOREIGN, [one.name for one in box.foreign])):
        if names:
            summary.problems.append((Exit.PERSON, Finding(code=code, place=Place(file=str(folder)), values={
                "partner": partner, "count": str(len(names)), "name": names[0], "folder": str(folder)})))
    return whole


def _is(path: Path, entry: Entry, listed: dict[str, str], largest: int) -> bool:
    """Whether a file is what its list says. One larger than any that is taken is not read: that is told where it is
    refused."""
    if entry.size > largest:
        return True
    try:
        return hashlib.sha256(read_whole(path, entry.size)).hexdigest() == listed[entry.name]
    except (OSError, LocalError):  # gone since, or a stick that cannot be read at that place
        return False


def _listed(folder: Path) -> tuple[dict[str, str], bool]:
    """What is whole on the stick, as its writer said last, name -> digest; and whether the list is nothing but that.

    Nothing where the list is absent, larger than any, or no file.
    """
    try:
        text = read_whole(folder / SUMS, _LARGEST_LIST).decode("ascii", "replace")
    except (OSError, LocalError):
        return {}, not os.path.lexists(folder / SUMS)
    lines = text.splitlines(keepends=True)
    found = [one for line in lines[:_FILES] if (one := _LINE.fullmatch(line)) is not None]
    return {one["name"]: one["digest"] for one in found}, len(found) == len(lines)


@contextmanager
def _alone(gateway: Gateway, name: str) -> Iterator[None]:
    """At a step that runs take in turns. Raises LocalError X270 while one of them is at it."""
    with turn(make_folder(gateway.settings.paths.state / "lock") / f"step-{name}.lock") as ours:
        if not ours:
            raise LocalError(Finding(code=BUSY))
        yield


def _if_free(gateway: Gateway, name: str, step: Callable[[], None]) -> None:
    """Take a step unless a run is at it: what is stored is stored, and that run or the next one does it."""
    with turn(make_folder(gateway.settings.paths.state / "lock") / f"step-{name}.lock") as ours:
        if ours:
            step()
