"""What a gateway says of itself to a partner: the first file of its pack, ``gateway.yaml``.

The pack is made by ``edi partner pack`` and read by ``edi partner import`` of the other administration. This file lists
every other file of the pack with its SHA-256, and is itself signed with the gateway's signing key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from gateway.config.model import Field, Model, section
from gateway.config.partner import Contact, Deadlines, Names
from gateway.config.rendering import Value, document
from gateway.config.scalars import (
    Country,
    GatewayName,
    Host,
    HostKey,
    Instant,
    Integer,
    PackName,
    RemoteFolder,
    Sha256,
    Text,
    WebAddress,
    Word,
    YesNo,
    between,
)
from gateway.config.settings import Environment, Format, Parties
from gateway.config.validation import validate_node
from gateway.config.yaml import read_document
from gateway.texts import Language


class PackFile(Model):
    """One file of the pack."""

    name: PackName
    sha256: Sha256


class PackCertificate(Model):
    """One certificate of the pack, with the dates from and until which it is used."""

    file: PackName
    use: Literal["signing", "encryption"]
    from_: Annotated[Instant, Field(alias="from")]
    until: Instant


class PackMailbox(Model):
    """The mailbox that the sender of the pack hosts: where its reader pushes to."""

    host: Host
    port: Annotated[Integer, between(1, 65535)] = 22
    user: Word
    base: RemoteFolder
    host_keys: Annotated[tuple[HostKey, ...], Field(min_length=1)]


class Offer(Model):
    """What the sender can do beyond the profile; it becomes true when both have agreed on it in writing."""

    algorithms: tuple[Literal["P-384", "Ed25519", "ECDH-P-384"], ...] = ()
    order: Literal["loose", "strict"] = "loose"
    deadlines: Deadlines = section(Deadlines)
    gzip: YesNo = False


class Pack(Model):
    """A gateway as it introduces itself.

    no_list  why its authority publishes no revocation list, where the pack holds none
    address  where its authority publishes its list
    files    every file of the pack but this one and its signature
    """

    format: Format
    gateway: GatewayName
    environment: Environment
    name: Names
    country: Country
    unb: Parties
    made: Instant
    certificates: Annotated[tuple[PackCertificate, ...], Field(min_length=2, max_length=16)]
    no_list: Text | None = None
    address: WebAddress | None = None
    mailbox: PackMailbox | None = None
    offer: Offer = section(Offer)
    contact: Contact | None = None
    files: Annotated[tuple[PackFile, ...], Field(min_length=3, max_length=32)]


def pack_text(values: Mapping[str, Value], language: Language) -> str:
    """The text of ``gateway.yaml`` for these values, read again before it is given out. Raises LocalError."""
    return document(values, Pack, "gateway.yaml", language, "-").split("\n", 1)[1]


def read_pack(content: bytes) -> Pack:
    """Read ``gateway.yaml``. Raises LocalError with every fault (S001 to S099), sorted by place."""
    return validate_node(read_document(content, "gateway.yaml"), Pack, "gateway.yaml")
