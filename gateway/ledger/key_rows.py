"""What the ledger holds of keys that change: certificates of partners, pairs of ours, who takes which.

What stands in the settings and in the partners' files is not repeated here; a row says what became of it since, or that
something was added to it (GW-1 section 10, K6 and K7).
"""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


@enum.unique
class TrustedState(enum.StrEnum):
    """A partner's certificate.

    PROPOSED waits for a person; ACCEPTED counts within its dates; REFUSED never counted; REVOKED counts no more.
    """

    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    REVOKED = "REVOKED"


@enum.unique
class OwnKeyState(enum.StrEnum):
    """A pair of ours.

    ORIGINAL is one of the settings that another follows; MADE is not announced yet; REPLACED has a successor that was
    announced; REVOKED is used no more.
    """

    ORIGINAL = "ORIGINAL"
    MADE = "MADE"
    ANNOUNCED = "ANNOUNCED"
    REPLACED = "REPLACED"
    REVOKED = "REVOKED"


@enum.unique
class ConsentState(enum.StrEnum):
    """Whether a partner takes a certificate of ours: asked, and what its receipt said."""

    ASKED = "ASKED"
    CONSENTED = "CONSENTED"
    REFUSED = "REFUSED"


class TrustedRow(Struct, frozen=True, kw_only=True):
    """A certificate of a partner, beyond the list of its file or against it.

    use           signing or encryption
    replaces      the certificate it was announced to follow; None where the row is about one of the file
    use_from      accepted from then on; of a revoked one, since when what it signed is doubtful
    accept_until  None: as long as the file, or the certificate itself, says
    reason        who decided, and why
    object_id     the object that announced it
    """

    id: int
    partner: str
    use: str
    sha256: str
    der: bytes
    replaces: str | None
    use_from: datetime
    accept_until: datetime | None
    state: TrustedState
    reason: str
    at: datetime
    changed: datetime
    object_id: int | None


class OwnKeyRow(Struct, frozen=True, kw_only=True):
    """A pair of ours.

    key, certificate  paths of the two files
    replaces          the pair it follows
    use_from          what was announced; None before
    accept_until      until when partners take it, once another one was announced; of a revoked one when it was revoked
    """

    id: int
    use: str
    sha256: str
    key: str
    certificate: str
    replaces: str | None
    use_from: datetime | None
    accept_until: datetime | None
    state: OwnKeyState
    reason: str
    at: datetime
    changed: datetime


class ConsentRow(Struct, frozen=True, kw_only=True):
    """What one partner said to one pair of ours. object_id: the object that asked, None where people spoke."""

    own_key_id: int
    sha256: str
    partner: str
    state: ConsentState
    changed: datetime
    object_id: int | None


class SignedObject(Struct, frozen=True, kw_only=True):
    """An object, as one asks for it when its signer is in doubt.

    at                 when it was received, or sealed
    control_reference  of the interchange it carries, and `mrns` what this speaks of
    inner              the SignedData
    """

    id: int
    partner: str
    sequence: int
    message_id: str
    kind: str
    name: str
    at: datetime
    control_reference: str | None
    mrns: tuple[str, ...]
    inner: bytes
