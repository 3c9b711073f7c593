"""What a reader of GW-1 files holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509


@dataclass(frozen=True)
class Listed:
    """A line of the partner's list."""

    der: bytes
    use: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Situation:
    """What the reader holds."""

    recipient: str
    sender: str
    environment: str
    now: datetime
    keys: Sequence[tuple[Any, x509.Certificate]]
    listed: Sequence[Listed]
    authority: x509.Certificate
    revocation: x509.CertificateRevocationList
    agreed: frozenset[str]
    parties: Mapping[str, str]
