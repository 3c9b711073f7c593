"""Settings of the place where contents lie that are kept outside of the ledger."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import model_validator

from gateway.config.model import Field, Model, fault
from gateway.config.scalars import (
    BucketName,
    FilePath,
    RemoteFolder,
    SecretFile,
    Size,
    WebAddress,
    Word,
    between,
    render_size,
)

_OURSELVES = {"127.0.0.1", "::1", "localhost"}


class _Store(Model):
    """What every store has. above: contents of more octets than that go there, smaller ones stay in the ledger."""

    above: Annotated[Size, between(256, 32 << 20, render_size)] = 4 << 10


class DirectoryStore(_Store):
    """A folder of this machine, or one that all hosts of a gateway mount."""

    store: Literal["directory"]
    folder: FilePath


class S3Store(_Store):
    """A bucket of a server that speaks S3.

    prefix     the folder in the bucket that is this gateway's; its id where it is left out
    authority  certificates of an authority that the machine does not know by itself
    """

    store: Literal["s3"]
    address: WebAddress
    bucket: BucketName
    prefix: RemoteFolder | None = None
    region: Word = "us-east-1"
    access_key: Word
    secret: SecretFile
    authority: FilePath | None = None

    @model_validator(mode="after")
    def _never_in_clear_over_a_line(self) -> S3Store:
        """Contents are national files: they never cross a line that everybody can read."""
        where = urlsplit(self.address)
        if where.scheme == "http" and where.hostname not in _OURSELVES:
            raise fault("S164", at=("address",), value=self.address)
        return self


ContentSettings = Annotated[DirectoryStore | S3Store, Field(discriminator="store")]
