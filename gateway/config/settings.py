"""The settings file of one gateway, as people write it. What each key means stands in the catalogues (``config.…``)."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ValidationInfo

from gateway.config.alerts import AlertSettings
from gateway.config.contents import ContentSettings
from gateway.config.daemon import Daemon
from gateway.config.model import Field, Model, fault, section
from gateway.config.scalars import (
    QUOTED,
    Country,
    Duration,
    FilePath,
    GatewayName,
    Identifier,
    Integer,
    KeyFile,
    PartyIdentifier,
    PartyQualifier,
    SecretFile,
    Size,
    Text,
    TimeZone,
    YesNo,
    between,
    render_duration,
    render_size,
)
from gateway.config.watch import Watch
from gateway.config.web import Web

Format = Annotated[Literal["1"], QUOTED]
Environment = Literal["demo", "test", "production"]

_DATABASE = re.compile(r"(?P<scheme>sqlite|postgresql)(\+psycopg)?://(?P<rest>(?<=sqlite://)/.+|(?<!sqlite://).+)")
_PASSWORD = re.compile(r"[^:/]*:[^@]*@|.*[?&](ssl)?password=")


class Parties(Model):
    """How a gateway is named in UNB."""

    identifier: PartyIdentifier
    qualifier: PartyQualifier


class Paths(Model):
    """Folders."""

    state: FilePath = Path("state")
    national: FilePath = Path("national")
    partners: FilePath = Path("partners")
    keys: FilePath = Path("keys")
    mappings: tuple[FilePath, ...] = ()


class KeyPair(Model):
    """A private key and its certificate."""

    key: KeyFile
    certificate: FilePath


class Keys(Model):
    """Our own keys."""

    authority: FilePath
    signing: KeyPair
    encryption: Annotated[tuple[KeyPair, ...], Field(min_length=1)]
    passphrase: SecretFile | None = None


def address_fault(address: str) -> Literal["S071", "S073"] | None:
    """What is wrong with a database address: none that we can use, or one that holds a password."""
    if _PASSWORD.match(address.partition("://")[2]):  # of whatever kind: a wrong address is shown, that one must not be
        return "S073"
    return "S071" if _DATABASE.fullmatch(address) is None else None


def _database(value: str, info: ValidationInfo) -> str:
    """A database address; SQLite's path is made absolute.

    No password in it: those stand in the database's own password file, so that no setting has to be hidden.
    """
    code = address_fault(value)
    if code == "S071":
        raise fault("S071", value=value)
    if code == "S073":
        raise fault("S073")
    match = _DATABASE.fullmatch(value)
    assert match is not None
    folder = (info.context or {}).get("folder")
    if match["scheme"] == "sqlite" and isinstance(folder, Path):
        return sqlite_address(folder / match["rest"][1:])
    return value


class NationalSource(Model):
    """Which dialect reads which national files; `database` where they are made of the rows of its views; `urgent` where
    they are taken before the others."""

    match: Text
    dialect: Identifier
    urgent: YesNo = False
    database: Annotated[Text, AfterValidator(_database)] | None = None


class Inbox(Model):
    """Which dialects write what arrives for the national side, and how it learns an MRN that the gateway gave: by a
    note alone, or by its own files with the MRN in them too."""

    declarations: Identifier = "neutral/json"
    events: Identifier = "neutral/event-json"
    mrn: Literal["note", "files"] = "note"


class National(Model):
    """The way to and from the national system."""

    declarations: tuple[NationalSource, ...] = ()
    events: tuple[NationalSource, ...] = ()
    inbox: Inbox = section(Inbox)
    twin_wait: Duration = timedelta(minutes=30)




class Limits(Model):
    """What a run may take at most."""

    messages_per_interchange: Annotated[Integer, between(1, 500)] = 500
    run: Duration = timedelta(minutes=15)
    file: Annotated[Size, between(1 << 10, 32 << 20, render_size)] = 32 << 20
    room: Annotated[Size, between(1 << 20, 1 << 40, render_size)] = 64 << 20
    lease: Annotated[Duration, between(timedelta(seconds=1), timedelta(hours=1), render_duration)] = timedelta(
        minutes=2)


class Retention(Model):
    """How long things are kept. None: for ever.

    Files that the ledger does not need go by themselves (`edi retention`). What the ledger holds, and archives of it,
    never do: for these the period is what a law wants at least, and people decide.

    messages  what was declared and answered, as it was sent and came; sealed: signed and sealed files
    sources   national files in the ledger
    logs      lines of the runs, where cron writes them
    """

    sent: Duration = timedelta(days=90)
    refused: Duration = timedelta(days=180)
    inbox: Duration | None = None
    quarantine: Duration = timedelta(days=365)
    reports: Duration = timedelta(days=90)
    logs: Duration = timedelta(days=730)
    messages: Duration | None = None
    sealed: Duration | None = None
    sources: Duration | None = None


class Retry(Model):
    """How often a partner that does not answer is tried again, and when an envelope without receipt is a dead letter.

    first    at most this long after the second failure in a row; the time doubles with each further one
    longest  at most this long in any case
    dead     an envelope of ours that stays without receipt is repeated no longer than this
    """

    first: Annotated[Duration, between(timedelta(seconds=1), timedelta(hours=1), render_duration)] = timedelta(
        minutes=1)
    longest: Annotated[Duration, between(timedelta(minutes=1), timedelta(days=1), render_duration)] = timedelta(
        hours=1)
    dead: Annotated[Duration, between(timedelta(days=1), timedelta(days=365), render_duration)] = timedelta(days=14)


def sqlite_address(path: Path) -> str:
    """The database address of an SQLite file."""
    return f"sqlite:///{os.path.normpath(path)}"


def ledger_file(address: str) -> Path | None:
    """The file that a database address names; None for one on a server."""
    return Path(address.removeprefix("sqlite:///")) if address.startswith("sqlite:///") else None


class SettingsFile(Model):
    """The settings file: one gateway of one administration."""

    format: Format
    gateway: GatewayName
    environment: Environment
    language: Literal["fr", "en"] = "fr"
    country: Country
    time_zone: TimeZone
    unb: Parties
    paths: Paths = section(Paths)
    ledger: Annotated[Text, AfterValidator(_database)] | None = None
    contents: ContentSettings | None = None
    keys: Keys
    national: National = section(National)
    acceptance: Literal["automatic", "national"] = "automatic"
    approvals: Literal["one", "two"] = "one"
    gzip: YesNo = True
    workers: Annotated[Integer, between(1, 32)] = 1
    limits: Limits = section(Limits)
    retry: Retry = section(Retry)
    retention: Retention = section(Retention)
    watch: Watch | None = None
    alerts: tuple[AlertSettings, ...] = ()
    web: Web | None = None
    daemon: Daemon | None = None
