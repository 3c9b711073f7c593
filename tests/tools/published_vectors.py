"""The published test vectors as a program of a partner would read them: from samples/gw1/index.json alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.security import Trust, load_certificate, published, trusted_certificate
from gateway.security.keys import FileDecryptionKey

FOLDER = Path(__file__).parents[2] / "samples" / "gw1"


@dataclass(frozen=True)
class File:
    """One file of the index."""

    path: Path
    name: str
    verdict: str
    at: datetime
    agreed: tuple[str, ...]
    revocation: Path
    after: tuple[str, ...]
    then: str

    @property
    def label(self) -> str:
        """For the name of a test."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def circumstances(self) -> tuple[datetime, tuple[str, ...], str]:
        """What files must share to be received in one run."""
        return self.at, self.agreed, self.revocation.name


@cache
def index() -> Mapping[str, Any]:
    """The index."""
    read: dict[str, Any] = json.loads((FOLDER / "index.json").read_text("utf-8"))
    return read


def files() -> list[File]:
    """Every file of the index."""
    return [File(FOLDER / one["file"], one["name"], one["verdict"], moment(one["at"]), tuple(one["agreed"]),
                 FOLDER / one["revocation"], tuple(one.get("after", ())), one.get("then", one["verdict"]))
            for one in index()["files"]]


def moment(text: str) -> datetime:
    """An instant of the index."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def entries() -> Sequence[Mapping[str, str]]:
    """XB's list of XA's certificates."""
    listed: list[dict[str, str]] = index()["trust"]["certificates"]
    return listed


@contextmanager
def unpublished() -> Iterator[None]:
    """The keys of the vectors are taken like any others: what is tested lies below the check that refuses them."""
    with mock.patch.object(published, "KEYS", frozenset()):
        yield


@cache
def keys() -> tuple[FileDecryptionKey, ...]:
    """XB's decryption keys. Inside `unpublished`."""
    return tuple(FileDecryptionKey(load_pem_private_key((FOLDER / one["key"]).read_bytes(), None),  # type: ignore[arg-type]
                                   load_certificate(FOLDER / one["certificate"])) for one in index()["decryption"])


def trust(file: File) -> Trust:
    """What XB trusts of XA when it receives that file. Inside `unpublished`."""
    certificates = tuple(trusted_certificate(
        FOLDER / one["file"], sha256=one["sha256"], use=one["use"], use_from=moment(one["from"]),
        accept_until=moment(one["until"])) for one in entries())
    return Trust(index()["sender"], certificates, load_certificate(FOLDER / index()["trust"]["authority"]),
                 file.revocation.read_bytes(), algorithms=[word for word in file.agreed if word not in ("CBC", "gzip")],
                 cbc_until=file.at if "CBC" in file.agreed else None)
