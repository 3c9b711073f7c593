"""Is this gateway well, and is this machine as it needs it? One check each, for `edi health` and `edi doctor`.

What they write they remove again; no ledger is made, and none is brought to a new schema.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias
from zoneinfo import ZoneInfo

from gateway.config import Settings, ledger_file
from gateway.errors import GatewayError, LocalError
from gateway.exchange.assembly import Assembly, Occasion
from gateway.exchange.checks import Check, Seen, carry_out, untried
from gateway.exchange.content_store import content_store, marked
from gateway.exchange.machine import advice, require_fit
from gateway.exchange.mailbox_test import try_mailbox
from gateway.exchange.own_secrets import read_secret, secret_files
from gateway.exchange.run_marks import marks, run_fault
from gateway.findings import Finding, Place
from gateway.ledger import Ledger, migrations
from gateway.ledger.stores import ContentStore
from gateway.ledger.upgrading import standing, stands
from gateway.pages import pdf_fault
from gateway.security import check_versions
from gateway.spool import free_space, make_folder, run_lock, write_whole

HEALTH = ("ledger", "own_keys", "room", "runs")
DOCTOR = ("fit", "writable", "own_keys", "secrets", "lock", "ledger", "room", "zones", "runs", "fonts")

_Named: TypeAlias = tuple[str, Callable[[], Seen]]


def health(settings: Settings, now: datetime, within: timedelta) -> list[Check]:
    """Whether it works now: ledger, keys, disk, last runs. within: how long ago a run may have ended well."""
    checks: list[_Named] = [
        ("ledger", partial(_ledger, settings, now)), *_store(settings), ("own_keys", partial(_keys, settings)),
        ("room", partial(_room, settings)), ("runs", partial(_runs, settings, now, within))]
    return [*_partners(settings), *(carry_out(name, work) for name, work in checks)]


def doctor(settings: Settings, occasion: Occasion, within: timedelta, *, reach: bool) -> Iterator[Check]:
    """Everything that a gateway needs of its machine, in the order in which one mends it; and of each mailbox.

    reach  False: mailboxes are left alone
    """
    now = occasion.now
    yield from _partners(settings)
    checks: list[_Named] = [
        ("fit", partial(_fit, settings)), ("writable", partial(_writable, settings, occasion)),
        ("own_keys", partial(_keys, settings)), ("secrets", partial(_secrets, settings)),
        ("lock", partial(_lock, settings, occasion)),
        ("ledger", partial(_ledger, settings, now, needed=bool(marks(settings.paths.state)))),
        *_store(settings, occasion.identifier()),
        ("room", partial(_room, settings)), ("zones", partial(_zones, settings, now)),
        ("runs", partial(_runs, settings, now, within)), ("fonts", _fonts),
    ]
    for name, work in checks:
        yield carry_out(name, work)
    assembly = Assembly(settings)
    for partner in sorted(settings.partners) if reach else ():
        for direction in ("outbound", "inbound"):
            yield from try_mailbox(assembly, partner, direction, occasion)


def environment() -> Check:
    """Python and the libraries beneath; it needs no settings."""
    return carry_out("versions", _versions)


def unread(error: GatewayError, names: tuple[str, ...] = DOCTOR) -> list[Check]:
    """The checks where the settings could not be read: one that says so, and all others untried."""
    def fail() -> Seen:
        raise error

    return [carry_out("settings", fail), *(untried(name) for name in names)]


def _versions() -> Seen:
    check_versions()
    return Seen({"python": platform.python_version(), "openssl": ssl.OPENSSL_VERSION.split(" ")[1],
                 "sqlite": sqlite3.sqlite_version})


def _partners(settings: Settings) -> Iterator[Check]:
    def judge() -> Seen:
        if settings.broken_partners:
            raise LocalError(*(finding for one in settings.broken_partners.values() for finding in one))
        alone = () if settings.partners else (Finding(code="X371", place=Place(file=str(settings.paths.partners))),)
        return Seen({"file": str(settings.file), "partners": str(len(settings.partners))}, alone)

    yield carry_out("settings", judge)


def _fit(settings: Settings) -> Seen:
    if not os.path.lexists(settings.paths.state):
        return Seen(noted=(Finding(code="X351", values={"folder": str(settings.paths.state)}),))
    require_fit(settings)
    return Seen(noted=tuple(advice(settings)))


def _writable(settings: Settings, occasion: Occasion) -> Seen:
    """A small file comes, is renamed and goes in every folder that runs write to; folders not made yet are left."""
    paths = settings.paths
    file = ledger_file(settings.ledger)
    folders = [paths.state, *([] if file is None else [file.parent]), paths.national / "in",
               *(paths.national / "out" / kind for kind in ("declarations", "events"))]
    there = [folder for folder in dict.fromkeys(folders) if folder.is_dir()]
    for folder in there:
        trial = folder / f".edi-doctor-{occasion.identifier()}"
        try:
            write_whole(trial, b"trial\n")
        finally:
            trial.unlink(missing_ok=True)
    return Seen({"count": str(len(there))})


def _keys(settings: Settings) -> Seen:
    """Our own keys can be read, belong to their certificates, and are nobody else's to read."""
    assembly = Assembly(settings)
    signer, opening = assembly.signer, assembly.decryption_keys
    return Seen({"count": str(1 + len(opening)), "end": f"{signer.certificate.not_after:%Y-%m-%d}"})


def _secrets(settings: Settings) -> Seen:
    """Files with passphrases and addresses that are secrets, read as the runs read them."""
    files = sorted(set(secret_files(settings)))
    findings: list[Finding] = []
    for file in files:
        try:
            read_secret(file)
        except GatewayError as error:
            findings.extend(error.findings)
    if findings:
        raise LocalError(*findings)
    return Seen({"count": str(len(files))})


def _lock(settings: Settings, occasion: Occasion) -> Seen:
    """The file system keeps locks of the kernel; a disk over the network may not."""
    if not settings.paths.state.is_dir():
        return Seen(noted=(Finding(code="X351", values={"folder": str(settings.paths.state)}),))
    trial = make_folder(settings.paths.state / "lock") / f"doctor-{occasion.identifier()}.lock"
    try:
        with run_lock(trial, at=occasion.now):
            pass
    finally:
        trial.unlink(missing_ok=True)
    return Seen({"folder": str(trial.parent)})


def _ledger(settings: Settings, now: datetime, *, needed: bool = True) -> Seen:
    """It opens, answers, and has the schema of this program. Raises LocalError as `Ledger.open`, and X350 where it is
    not there; where it is not `needed`, for nothing ever ran, that is noted."""
    name = str(ledger_file(settings.ledger) or settings.ledger)
    if not stands(settings.ledger):
        absent = Finding(code="X350", place=Place(file=str(settings.file)), values={"ledger": name})
        if needed:
            raise LocalError(absent)
        return Seen(noted=(absent,))
    with Ledger.open(settings.ledger, now=now, create=False) as ledger, ledger.reading() as queries:
        count = queries.interchange_count()
    return Seen({"file": name, "revision": migrations.HEAD, "octets": str(standing(settings.ledger).octets >> 20),
                 "interchanges": str(count)})


def _store(settings: Settings, trial: str | None = None) -> list[_Named]:
    """The check of the store of contents, where the settings name one."""
    store = content_store(settings)
    return [] if store is None else [("contents", partial(_contents, settings, store, trial))]


def _contents(settings: Settings, store: ContentStore, trial: str | None) -> Seen:
    """The store of contents answers; and takes, gives and lets go of a small one. trial: under which name, not at all
    where it is None. Raises LocalError L063 to L065."""
    marked(store, str(settings.gateway))
    if trial is not None:
        key = f"trial-{trial}"
        try:
            store.put({key: b"trial\n"})
        finally:
            store.remove([key])
    return Seen({"store": store.name})


def _room(settings: Settings) -> Seen:
    """Room on the disk of the state folder and of the ledger, below which nothing is taken in."""
    folder = settings.paths.state if settings.paths.state.is_dir() else settings.folder
    free, needed = free_space(folder), settings.limits.room
    values = {"folder": str(folder), "free": str(free >> 20), "needed": str(needed >> 20)}
    if free < needed:
        raise LocalError(Finding(code="B010", place=Place(file=str(folder)), values=values))
    return Seen(values, (Finding(code="X352", values=values),) if free < 4 * needed else ())


def _zones(settings: Settings, now: datetime) -> Seen:
    """The zone resolves on this machine, and what the clock says there: a person looks at the wall."""
    there = now.astimezone(ZoneInfo(settings.time_zone))
    return Seen({"zone": settings.time_zone, "here": f"{there:%Y-%m-%d %H:%M %z}", "utc": f"{now:%H:%M}"})


def _runs(settings: Settings, now: datetime, within: timedelta) -> Seen:
    """Every command that ever ran has ended well a short while ago."""
    found = marks(settings.paths.state)
    if not found:
        return Seen(noted=(Finding(code="X353", values={}),))
    findings = [fault for run in found if (fault := run_fault(run, now, within, settings.limits.run)) is not None]
    if findings:
        raise LocalError(*findings)
    return Seen({"commands": ", ".join(run.command for run in found),
                 "last": f"{min(run.succeeded or run.began for run in found):%Y-%m-%d %H:%M}"})


def _fonts() -> Seen:
    """Whether pages can be printed as PDF here; whoever prints from a browser needs nothing."""
    fault = pdf_fault()
    return Seen(noted=() if fault is None else (fault,))
