"""Large contents go from the ledger into the store that the settings name, so that the ledger stays small.

Nothing is lost wherever this is cut: a content is noted, put, and proven to be on the store's disk before the ledger
empties its own row, in one transaction; until then the ledger has it. Nothing is left over: what the store has, or may
have, under a key is known by a row of the ledger before it is put, and the row goes after the key. A store that cannot
be reached stops nothing else: contents stay in the ledger until it can.

The store is marked with the gateway's id when the first content goes there. One without the mark although the ledger
has put contents is another bucket, or a disk that is not mounted, and takes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.config import Settings
from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.audit_month import files_below
from gateway.exchange.backup_check import CONTENTS
from gateway.exchange.content_store import MARK, content_store, marked, require_mark
from gateway.exchange.standstill import standstill
from gateway.failpoints import reach
from gateway.findings import Finding
from gateway.ledger.codec import digest_of
from gateway.ledger.reading.storing import Kept, Stored
from gateway.ledger.stores import ABSENT, DIFFERS, NO_STORE, ContentStore

STRAY = "L066"

_BATCH, _OCTETS = 200, 8 << 20
"""What is put, or taken back, at once: contents, and their octets."""


class Standing(Struct, frozen=True, kw_only=True):
    """Where contents lie. store: its name; None where the settings name none."""

    store: str | None
    in_ledger: Kept
    in_store: Kept


def store_contents(gateway: Gateway, occasion: Occasion) -> None:
    """What a run does at its end: remove what nobody needs any more, and put what is new. Does nothing without a store.

    Raises LocalError L060 to L065, which stop nothing else; what was not put stays in the ledger.
    """
    store, given = gateway.ledger.contents, gateway.settings.contents
    if store is None or given is None or gateway.ledger.rehearsed:
        return
    sweep(gateway)
    _plan(gateway, given.above, again=False)
    reach(failpoints.STORE_PLANNED)
    _put(gateway, store, occasion)


def move_everything(gateway: Gateway, occasion: Occasion) -> Standing:
    """Put everything that the settings want in the store, what an earlier setting left in the ledger as well, and write
    the ledger anew, so that its file becomes smaller.

    Raises Busy B001 while a run is at work, LocalError L060 to L065.
    """
    store, given = gateway.ledger.contents, gateway.settings.contents
    if store is None or given is None:
        raise LocalError(Finding(code=NO_STORE, values={"key": "-"}))
    with standstill(gateway.settings, occasion.now):
        sweep(gateway)
        _plan(gateway, given.above, again=True)
        _put(gateway, store, occasion, to_the_end=True)
        gateway.ledger.rewrite()
    return standing(gateway)


def take_everything_back(gateway: Gateway, who: str, now: datetime) -> Standing:
    """Put everything into the ledger again, and rid the store of it. Cut anywhere it is simply given again.

    Raises Busy B001 while a run is at work, LocalError L060 to L063: what came back before stays.
    """
    with standstill(gateway.settings, now):
        with gateway.ledger.transaction() as transaction:
            transaction.planned_no_more()
            transaction.journal(subject="contents", reference="returned", text=who, at=now)
        after = 0
        while True:
            with gateway.ledger.reading() as queries:
                found = together(queries.in_store(after, _BATCH))
            if not found:
                break
            after = found[-1].id
            with gateway.ledger.transaction() as transaction:
                transaction.put_octets({one.content: transaction.content_octets(one.content) for one in found})
                transaction.taken_back([one.id for one in found])
        sweep(gateway)
    return standing(gateway)


def sweep(gateway: Gateway) -> None:
    """Rid the store of what was archived, erased or taken back. Raises LocalError L060, L063, L065."""
    store = gateway.ledger.contents
    proven = False
    while True:
        with gateway.ledger.reading() as queries:
            found = queries.leaving(_BATCH)
        if not found:
            return
        if store is None:
            raise LocalError(Finding(code=NO_STORE, values={"key": found[0].key}))
        if not proven:
            require_ours(gateway, store)
            proven = True
        store.remove([one.key for one in found])
        reach(failpoints.STORE_REMOVED)
        with gateway.ledger.transaction() as transaction:
            transaction.removed_from_store([one.id for one in found])


def standing(gateway: Gateway) -> Standing:
    """How much lies where."""
    with gateway.ledger.reading() as queries:
        return Standing(store=None if gateway.ledger.contents is None else gateway.ledger.contents.name,
                        in_ledger=queries.kept_in_ledger(), in_store=queries.kept_in_store())


def planned(gateway: Gateway, *, back: bool) -> Standing:
    """How much would lie where after `move_everything`, or after `take_everything_back`. Raises LocalError L060."""
    given, now = gateway.settings.contents, standing(gateway)
    if now.store is None or given is None:
        raise LocalError(Finding(code=NO_STORE, values={"key": "-"}))
    if back:
        moved, sign = now.in_store, -1
    else:
        with gateway.ledger.reading() as queries:
            moved, sign = queries.kept_above(given.above), 1
    return Standing(
        store=now.store,
        in_ledger=Kept(contents=now.in_ledger.contents - sign * moved.contents,
                       octets=now.in_ledger.octets - sign * moved.octets),
        in_store=Kept(contents=now.in_store.contents + sign * moved.contents,
                      octets=now.in_store.octets + sign * moved.octets))


def faults(gateway: Gateway) -> Iterator[Finding]:
    """Contents that the store does not give as they were put: L061, L062. Reads all of them.

    Raises LocalError L060, L063, L065.
    """
    store, after = gateway.ledger.contents, 0
    while True:
        with gateway.ledger.reading() as queries:
            found = queries.in_store(after, _BATCH)
        if not found:
            return
        if store is None:
            raise LocalError(Finding(code=NO_STORE, values={"key": found[0].key}))
        if not after:
            require_ours(gateway, store)
        after = found[-1].id
        for one in found:
            octets = store.get(one.key)
            if octets is None or digest_of(octets) != one.digest:
                yield Finding(code=ABSENT if octets is None else DIFFERS, values={"store": store.name, "key": one.key})


def strays(gateway: Gateway) -> list[str]:
    """Keys in the store that no row of the ledger knows, sorted: a ledger that is an older copy leaves them.

    Raises LocalError L063, L065.
    """
    store = gateway.ledger.contents
    if store is None or not (marked(store, gateway.name) or _used(gateway)):
        return []
    require_ours(gateway, store)
    keys = [key for key in store.every_key() if key != MARK]
    found: list[str] = []
    for start in range(0, len(keys), _BATCH):
        some = keys[start:start + _BATCH]
        numbers = [int(end) for key in some if (end := key.rpartition("-")[2]).isdecimal() and len(end) < 19]
        with gateway.ledger.reading() as queries:
            known = queries.known_keys(numbers)
        found += [key for key in some if key not in known]
    return found


def remove_strays(gateway: Gateway, keys: Sequence[str], now: datetime) -> None:
    """Rid the store of keys that no row knows: only people decide that. Raises Busy B001, LocalError L063, L065."""
    store = gateway.ledger.contents
    if store is None or not keys:
        return
    with standstill(gateway.settings, now):
        known = set(strays(gateway))
        store.remove([key for key in keys if key in known])


def require_ours(gateway: Gateway, store: ContentStore) -> None:
    """Mark a store that is new; require the mark of one that is not. Raises LocalError L063, L065."""
    require_mark(store, gateway.name, used=_used(gateway))


def _used(gateway: Gateway) -> bool:
    with gateway.ledger.reading() as queries:
        return bool(queries.in_store(0, 1))


def put_contents(settings: Settings, backup: Path) -> int:
    """Put the contents of a backup, a folder, into the store where it does not have them; how many it had not.

    Raises LocalError L060 where the settings name none, L063, L065.
    """
    folder = backup / CONTENTS
    keys = list(files_below(folder)) if folder.is_dir() else []
    if not keys:
        return 0
    store = content_store(settings)
    if store is None:
        raise LocalError(Finding(code=NO_STORE, values={"key": keys[0]}))
    require_mark(store, str(settings.gateway), used=False)
    put = 0
    for key in keys:
        octets = (folder / key).read_bytes()
        if store.get(key) != octets:
            store.put({key: octets})
            put += 1
    return put


def _plan(gateway: Gateway, above: int, *, again: bool) -> None:
    more = True
    while more:
        with gateway.ledger.transaction() as transaction:
            _, more = transaction.plan_storing(above, _BATCH, again=again)


def _put(gateway: Gateway, store: ContentStore, occasion: Occasion, *, to_the_end: bool = False) -> None:
    """Put what was noted, in batches, until there is no more or the time of a run is over."""
    end = occasion.clock() + gateway.settings.limits.run.total_seconds()
    after = 0
    while to_the_end or occasion.clock() < end:
        with gateway.ledger.reading() as queries:
            found = queries.to_store(after, _BATCH, _OCTETS)
        if not found:
            return
        if not after:
            require_ours(gateway, store)
        after = found[-1][0].id
        sound = [(one, octets) for one, octets in found if digest_of(octets) == one.digest]  # else the audit tells
        store.put({one.key: octets for one, octets in sound})
        reach(failpoints.STORE_PUT)
        with gateway.ledger.transaction() as transaction:
            transaction.let_go([one.id for one, _ in sound])
        reach(failpoints.STORE_LET_GO)


def together(found: Sequence[Stored]) -> list[Stored]:
    """As many as fit into memory together; at least one."""
    chosen: list[Stored] = []
    total = 0
    for one in found:
        total += one.size
        if chosen and total > _OCTETS:
            break
        chosen.append(one)
    return chosen
