"""What goes into the ledger, many at once: the arguments of the bulk methods as frozen values.

Instants are aware UTC; a moment is a day or an instant; digests are 64 hex digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from msgspec import Struct

from gateway.ledger.codec import TreeText, decode_tree, digest_of
from gateway.ledger.rows import Moment
from gateway.references import Tree


class NewSource(Struct, frozen=True, kw_only=True, dict=True):
    """The national files of one record, by name.

    key             the national key
    dialect_digest  of the archive of the dialect that read them, whose text is kept beside those of mappings
    """

    kind: str
    dialect: str
    key: str
    files: Mapping[str, bytes]
    dialect_digest: str | None = None

    @cached_property
    def digests(self) -> dict[str, str]:
        """Of each file, by name."""
        return {name: digest_of(octets) for name, octets in self.files.items()}

    @cached_property
    def digest(self) -> str:
        """By which the source is known: that of its set of contents, whatever their names."""
        return digest_of("\n".join(sorted(self.digests.values())))


class NewState(Struct, frozen=True, kw_only=True):
    """The state of a movement as derived from its declarations and events.

    time_limit  of the version of its declaration that counts
    due         when the first of the timers that run ends, and timer its name
    wakes       when the next of them ends
    """

    mrn: str
    state: str
    flags: str
    next_action: str
    who: str
    time_limit: Moment | None
    due: datetime | None
    timer: str | None = None
    wakes: datetime | None = None


class NewMovement(Struct, frozen=True, kw_only=True):
    """A movement to be recorded. key: the administration's own national key."""

    mrn: str
    key: str
    administration: str
    corridor: str
    role: str
    departure: str
    destination: str
    time_limit: Moment | None


class NewDeclaration(Struct, frozen=True, kw_only=True):
    """One version of a declaration. From the national side (`source_id`) or from a partner (`message_id`).

    tree  or its text, where that is made already
    """

    mrn: str
    amendment: int
    function: str
    tree: Tree | TreeText
    source_id: int | None
    message_id: int | None


class NewEvent(Struct, frozen=True, kw_only=True):
    """One event. Its identity is administration, reference and word; mrn is None for what concerns no movement."""

    mrn: str | None
    administration: str
    reference: str
    word: str
    happened: Moment | None
    tree: Tree | TreeText
    message_id: int | None
    source_id: int | None

    @property
    def record(self) -> Tree:
        """Its tree, where only the text is at hand."""
        return decode_tree(self.tree.text) if isinstance(self.tree, TreeText) else self.tree


class NewMessage(Struct, frozen=True, kw_only=True):
    """A message of ours that waits for its interchange.

    wire     (identifier, body, segments) of the wire message
    word     function of a CUSDEC, word of a CUSRES, empty for a CONTRL
    answers  number of the message in that it answers
    urgent   goes into the next interchange before what is not
    """

    partner: str
    type: str
    mrn: str | None
    word: str
    wire: tuple[str, str, int]
    mapping: str
    mapping_digest: str
    source_id: int | None
    answers: int | None
    urgent: bool


class NewMessageIn(Struct, frozen=True, kw_only=True):
    """A partner's message and what we judged of it. identifier: as in UNH, ``CUSDEC:D:96B:UN:COR10``."""

    interchange_id: int
    message_reference: str
    type: str
    mrn: str | None
    word: str
    body: str
    segments: int
    mapping: str
    mapping_digest: str
    state: str
    identifier: str = ""
    detail: str = ""


class NewAnswer(Struct, frozen=True, kw_only=True):
    """What a partner's CUSRES says of a CUSDEC of ours.

    answered  "control reference-message reference" of the CUSDEC; None: the newest one to this partner for `mrn`
    word      ACCEPTED or REJECTED
    """

    partner: str
    answered: str | None
    mrn: str | None
    word: str
    detail: str


class NewDelivery(Struct, frozen=True, kw_only=True):
    """A file for the national inbox. folder: declarations, events or answers."""

    folder: str
    name: str
    content: bytes
