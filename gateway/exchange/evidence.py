"""The evidence bundle of a movement: what both sides signed, so that a stranger can check it (GW-1 section 12).

Gathered here: every signed object that carries a declaration, an event or a CONTRL of the movement, on each of our
links, with its receipt, its leaf, and the smallest head that both sides signed over it. What is not there yet is said,
never made up. `evidence_files` turns it into a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.exchange.trees import link_name
from gateway.findings import Finding, Place
from gateway.ledger import Queries
from gateway.ledger.rows import MessageRow, Movement, ObjectRow
from gateway.ledger.states import ObjectState
from gateway.security import load_certificate, read_receipt
from gateway.security.evidence import EvidenceTrust, evidence_trust
from gateway.security.merkle import head_text, inclusion_proofs, leaf_hash, proof_text
from gateway.security.stored import read_stored

NOTHING, SEVERAL, DIFFERS = "X240", "X241", "X242"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NO_PROOF = (ObjectState.VOID, ObjectState.WITHDRAWN)
"""Taken back: of such a number only the leaf counts, and it is that of nothing which was exchanged."""


class Signed(Struct, frozen=True, kw_only=True):
    """A stored SignedData. at: when we sealed it, or it reached us; sender: who signed it."""

    inner: bytes
    sender: str
    at: datetime


class Agreed(Struct, frozen=True, kw_only=True):
    """A leaf's way to a head that both sides signed: proof, the file; and the checkpoints that hold the head."""

    size: int
    proof: bytes
    of_sender: Signed
    of_recipient: Signed


class Exhibit(Struct, frozen=True, kw_only=True):
    """One object with all that proves it.

    type, words   of the interchange that it carries: CUSDEC, CUSRES or CONTRL; what its messages about the movement say
    reference     control reference of that interchange
    names         whether it speaks of the movement by its number; a CONTRL names an interchange instead
    disposition   of the receipt: ``processed``, or why it was refused
    """

    sender: str
    recipient: str
    sequence: int
    signed_at: datetime
    type: str
    words: tuple[str, ...]
    reference: str
    names: bool
    message: Signed
    leaf: bytes
    receipt: Signed | None
    disposition: str
    agreed: Agreed | None


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything that a bundle is made of. exhibits: in the order in which they were signed; trust: by gateway id."""

    movement: Movement
    exhibits: tuple[Exhibit, ...]
    trust: dict[str, EvidenceTrust]

    @property
    def receipted(self) -> int:
        """Objects whose receipt is there."""
        return sum(one.receipt is not None for one in self.exhibits)

    @property
    def agreed(self) -> int:
        """Objects in a ledger whose head both sides signed."""
        return sum(one.agreed is not None for one in self.exhibits)

    @property
    def complete(self) -> bool:
        """Whether nothing is awaited any more."""
        return self.receipted == self.agreed == len(self.exhibits)


def gather(gateway: Gateway, reference: str) -> Evidence:
    """Everything that is signed about a movement.

    Raises LocalError X240 when nothing signed is held under the reference, X241 when it names several movements,
    X242 when our ledger does not give the head that both sides signed.
    """
    with gateway.ledger.reading() as queries:
        found = queries.find(reference)
        if not found.movements or not _NAME.fullmatch(found.movements[0].mrn):
            raise LocalError(Finding(code=NOTHING, place=Place(interchange=reference), values={"reference": reference}))
        if len(found.movements) > 1:
            raise LocalError(Finding(code=SEVERAL, place=Place(interchange=reference), values={
                "reference": reference, "mrns": ", ".join(one.mrn for one in found.movements)}))
        movement = found.movements[0]
        messages = [one for one in queries.find(movement.mrn).messages if one.mrn == movement.mrn]
        exhibits = _Gathering(gateway, queries, messages).exhibits()
    if not exhibits:
        raise LocalError(Finding(code=NOTHING, place=Place(interchange=reference), values={"reference": reference}))
    names = sorted({one.sender for one in exhibits} | {one.recipient for one in exhibits})
    return Evidence(movement=movement, exhibits=tuple(exhibits),
                    trust={name: trust_kept(gateway, name) for name in names})


class _Gathering:
    """The objects of one movement, and what proves each."""

    def __init__(self, gateway: Gateway, queries: Queries, messages: Iterable[MessageRow]) -> None:
        self._gateway, self._queries = gateway, queries
        self._told: dict[int, list[MessageRow]] = {}
        for one in messages:
            if one.interchange_id is not None:
                self._told.setdefault(one.interchange_id, []).append(one)

    def exhibits(self) -> list[Exhibit]:
        """All of them, in the order in which they were signed."""
        numbers = dict.fromkeys(self._told)
        for number in list(numbers):
            numbers.update(dict.fromkeys(self._queries.contrl_for(number)))
        rows = [row for number in self._queries.objects_carrying(list(numbers))
                if (row := self._queries.object_of(number)) is not None and row.state not in _NO_PROOF]
        agreed = self._agreements(rows)
        found = [self._exhibit(row, agreed.get(row.id)) for row in rows]
        return sorted(found, key=lambda one: (one.signed_at, one.sender, one.sequence))

    def _exhibit(self, row: ObjectRow, agreed: Agreed | None) -> Exhibit:
        sender, recipient = link_name(self._gateway.name, row.partner, row.direction)
        message = self._signed(row)
        assert row.interchange_id is not None
        interchange = self._queries.interchange(row.interchange_id)
        assert interchange is not None
        told = self._told.get(row.interchange_id, ())
        receipt, disposition = self._receipt(row)
        return Exhibit(
            sender=sender, recipient=recipient, sequence=row.sequence, message=message,
            signed_at=read_stored(message.inner).signing_time, type=interchange.type,
            words=tuple(dict.fromkeys(one.word for one in sorted(told, key=lambda one: one.id))),
            reference=interchange.control_reference, names=bool(told), leaf=self._queries.leaf_of(row.id),
            receipt=receipt, disposition=disposition, agreed=agreed)

    def _signed(self, row: ObjectRow) -> Signed:
        sender, _ = link_name(self._gateway.name, row.partner, row.direction)
        return Signed(inner=self._queries.inner_of(row.id), sender=sender, at=row.at)

    def _receipt(self, row: ObjectRow) -> tuple[Signed | None, str]:
        """The receipt that names this very object, and what it says."""
        number = self._queries.receipt_for(row)
        late = [] if number is not None or row.received is None else self._queries.receipts_at(row)
        for one in late if number is None else [number]:
            held = self._queries.object_of(one)
            if held is None:
                continue
            signed = self._signed(held)
            receipt = read_receipt(read_stored(signed.inner).payload)
            if (receipt.message_id, receipt.sequence, receipt.mic, receipt.signature_digest) == (
                    row.message_id, row.sequence, row.mic, row.signature_digest):
                return signed, receipt.disposition
        return None, ""

    def _agreements(self, rows: Iterable[ObjectRow]) -> dict[int, Agreed]:
        """Of each object the head over it that both signed, all of one head in one walk over the leaves."""
        heads: dict[tuple[str, str, int], list[ObjectRow]] = {}
        known = {}
        for row in rows:
            head = self._queries.agreed_over(row.partner, row.direction, row.sequence)
            if head is not None:
                heads.setdefault((row.partner, row.direction, head.size), []).append(row)
                known[row.partner, row.direction, head.size] = head
        agreed: dict[int, Agreed] = {}
        for (partner, direction, size), covered in heads.items():
            head = known[partner, direction, size]
            leaves = self._queries.leaves(partner, direction, last=size)
            try:
                proofs, root = inclusion_proofs([row.sequence - 1 for row in covered], size, map(leaf_hash, leaves))
            except ValueError:
                root = b""
            if root.hex() != head.root:
                raise LocalError(Finding(code=DIFFERS, values={"partner": partner, "size": str(size)}))
            text = head_text(*link_name(self._gateway.name, partner, direction), size, root)
            ours, theirs = (self._signed(self._held(number)) for number in (head.ours, head.theirs))
            for row in covered:
                index = row.sequence - 1
                agreed[row.id] = Agreed(size=size, proof=proof_text(index, proofs[index], text),
                                        of_sender=ours if direction == "out" else theirs,
                                        of_recipient=theirs if direction == "out" else ours)
        return agreed

    def _held(self, number: int) -> ObjectRow:
        row = self._queries.object_of(number)
        assert row is not None
        return row


def trust_kept(gateway: Gateway, name: str) -> EvidenceTrust:
    """The authorities of a gateway, ours or a partner's, and every list of them that we kept."""
    keys = gateway.settings.keys
    if name == gateway.name:
        own = load_certificate(keys.authority)
        return evidence_trust([own], _contents([keys.authority.with_suffix(".crl")]))
    trust, partner = gateway.trust(name), gateway.partner(name)
    folder = gateway.settings.paths.state / "revocation"
    given = [] if partner.authority.revocation is None else [partner.authority.revocation]
    kept = sorted((folder / "kept" / name).glob("*.crl"))
    return evidence_trust([trust.authority, *trust.further], _contents([*kept, folder / f"{name}.crl", *given]))


def _contents(paths: Iterable[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths if path.is_file()]
