"""The file of one partner: names, certificates, mailbox, agreement. Its words are explained in the catalogues."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema, model_validator

from gateway.config.model import Field, Model, Written, fault, section
from gateway.config.scalars import (
    Country,
    Duration,
    FilePath,
    GatewayName,
    Host,
    HostKey,
    Instant,
    Integer,
    RemoteFolder,
    SecretFile,
    Sha256,
    Text,
    WebAddress,
    Word,
    YesNo,
    between,
    render_duration,
)
from gateway.config.settings import Environment, Format, Parties


class Names(Model):
    """The partner's name in both languages."""

    fr: Text
    en: Text


def _none(value: object) -> object:
    return None if isinstance(value, Written) and value == "none" else value


Revocation = Annotated[FilePath | None, WithJsonSchema({"type": "string", "minLength": 1}), BeforeValidator(_none),
                       PlainSerializer(lambda path: "none" if path is None else str(path), return_type=str)]
"""A file with the authority's revocation list, or ``none`` for an authority that publishes none."""


class Authority(Model):
    """Who issues the partner's certificates (GW-1 section 10, K3 and K4)."""

    certificate: FilePath
    revocation: Revocation
    address: WebAddress | None = None
    grace: Annotated[Duration, between(timedelta(0), timedelta(days=7), render_duration)] = timedelta(hours=24)
    reason: Text | None = None

    @model_validator(mode="after")
    def _none_needs_a_reason(self) -> Authority:
        """An authority that publishes no list must be marked so, with a reason (K4); one with an address publishes."""
        if self.revocation is None and self.address is None and self.reason is None:
            raise fault("S072", at=("revocation",))
        return self


class PartnerCertificate(Model):
    """One certificate of the partner's dated list (K2)."""

    file: FilePath
    sha256: Sha256
    use: Literal["signing", "encryption"]
    from_: Annotated[Instant, Field(alias="from")]
    until: Instant

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> PartnerCertificate:
        if self.until <= self.from_:
            raise fault("S079", at=("until",))
        return self


Mode = Literal["rename", "posix-rename", "suffix", "marker", "direct"]
"""How a whole file is told from one on its way, agreed by both sides of a lane (``transport.modes``)."""


class SftpMailbox(Model):
    """A folder pair on an SFTP server. The server's keys are pinned; there is no first-contact trust."""

    kind: Literal["sftp"]
    host: Host
    port: Annotated[Integer, between(1, 65535)] = 22
    user: Word
    key: FilePath
    passphrase: SecretFile | None = None
    host_keys: Annotated[tuple[HostKey, ...], Field(min_length=1)]
    base: RemoteFolder
    mode: Mode = "rename"


class DirectoryMailbox(Model):
    """A folder pair on this machine."""

    kind: Literal["directory"]
    path: FilePath
    mode: Mode = "rename"


Lane = Annotated[SftpMailbox | DirectoryMailbox, Field(discriminator="kind")]


class Mailbox(Model):
    """Where we push to, and what we consume."""

    outbound: Lane
    inbound: Lane

    @model_validator(mode="after")
    def _two_places(self) -> Mailbox:
        """Reading the folder that we write to would consume our own sealed files, in whatever mode."""
        if self.outbound.model_copy(update={"mode": self.inbound.mode}) == self.inbound:
            raise fault("S085", at=("inbound",))
        return self


class Deadlines(Model):
    """How long each answer may take."""

    receipt: Duration = timedelta(hours=4)
    contrl: Duration = timedelta(minutes=30)
    cusres: Duration = timedelta(hours=2)


class Grace(Model):
    """How long each answer may be late before somebody is told and it is asked for again; not at all by itself."""

    receipt: Duration | None = None
    contrl: Duration | None = None
    cusres: Duration | None = None


class CorridorTerms(Model):
    """What one corridor gives an answer to a declaration, in place of what holds for all corridors."""

    corridor: Word
    cusres: Duration
    grace: Duration | None = None


class Chase(Model):
    """How a late answer is asked for again: after ``first``, then after twice as long each time, ``longest`` at most;
    after ``ends`` no more, and then it is a person's."""

    first: Annotated[Duration, between(timedelta(minutes=1), timedelta(days=7), render_duration)] = timedelta(hours=2)
    longest: Annotated[Duration, between(timedelta(minutes=1), timedelta(days=30), render_duration)] = timedelta(days=1)
    ends: Annotated[Duration, between(timedelta(hours=1), timedelta(days=366), render_duration)] = timedelta(days=14)


class Silence(Model):
    """From a partner who sends every day, silence is news: how long nothing may come. Working time, where known."""

    per: Annotated[Duration, between(timedelta(minutes=5), timedelta(days=366), render_duration)]


class AgreedMapping(Model):
    """A mapping that both sides use: a message means the same to both only when their files are the same."""

    mapping: Text
    version: Text
    sha256: Sha256


class Cbc(Model):
    """AES-256-CBC for a partner whose software has nothing better: why, and until when (GW-1 section 14)."""

    reason: Text
    until: Instant


class Agreement(Model):
    """The interchange agreement.

    mappings  those agreed upon, by their archives' digests; a mapping may stand here twice, now and next
    gzip      whether interchanges travel compressed, both ways; where the file is silent none is sent so, and one that
              comes is taken where we offer it (the settings' ``gzip``)
    """

    reference: Text
    order: Literal["loose", "strict"] = "loose"
    deadlines: Deadlines = section(Deadlines)
    grace: Grace = section(Grace)
    corridors: tuple[CorridorTerms, ...] = ()
    chase: Chase = section(Chase)
    expect: Silence | None = None
    algorithms: tuple[Literal["P-384", "Ed25519", "ECDH-P-384"], ...] = ()
    cbc: Cbc | None = None
    consent: Literal["automatic", "by-hand"] = "automatic"
    mappings: tuple[AgreedMapping, ...] = ()
    gzip: YesNo | None = None


class Contact(Model):
    """Whom to call."""

    name: Text
    telephone: Text
    mail: Text


class Partner(Model):
    """One partner: the gateway of another administration."""

    format: Format
    partner: GatewayName
    environment: Environment | None = None
    name: Names
    country: Country
    unb: Parties
    authority: Authority
    certificates: Annotated[tuple[PartnerCertificate, ...], Field(min_length=1)]
    mailbox: Mailbox
    agreement: Agreement
    contact: Contact | None = None

    @model_validator(mode="after")
    def _can_be_verified_and_written_to(self) -> Partner:
        """At least one certificate of each use, none listed twice for the same use."""
        seen: dict[tuple[str, str], int] = {}
        for index, one in enumerate(self.certificates):
            if (one.use, one.sha256) in seen:
                raise fault("S080", at=("certificates", index, "sha256"), value=one.sha256)
            seen[one.use, one.sha256] = index
        for use in ("signing", "encryption"):
            if not any(one.use == use for one in self.certificates):
                raise fault("S081", at=("certificates",), use=use)
        return self
