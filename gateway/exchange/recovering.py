"""The end of a hold after an older copy of the ledger was put back (GW-1 section 11, C6).

The partner's side (`export`) writes out what it holds of our link beyond the number that we still have, and signs its
heads. Our side (`recover`) verifies our own signature on each, appends them in their order, and goes on behind the
last one only when our tree is the one that the partner signed. What we had published and the partner had not collected
would be missing there: so the partner is asked once nothing of ours lies in its mailbox that our ledger does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from gateway.edifact import InterchangeHeader, Message, read_interchanges, to_wire
from gateway.errors import LocalError
from gateway.exchange.arrival import RECEIPTED
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.checkpoints import send_heads_now
from gateway.exchange.forks import OLDER
from gateway.exchange.former_keys import former
from gateway.exchange.held import HeldMailbox
from gateway.exchange.movements import handed_over
from gateway.exchange.payload import interchange_of
from gateway.exchange.recovered_records import keep_records
from gateway.exchange.restoring import RESTORED
from gateway.exchange.sessions import Sessions
from gateway.exchange.summary import Summary
from gateway.exchange.trees import tree_at
from gateway.findings import Finding, Place
from gateway.ledger import NewMessage, Transaction
from gateway.mapping import peek
from gateway.security import (
    CHECKPOINT,
    INTERCHANGES,
    RELEASABLE,
    EnvelopeError,
    Opened,
    Trust,
    TrustedCertificate,
    check_payload_kind,
    encrypt,
    file_name,
    leaf,
    load_certificate,
    open_again,
)
from gateway.security.algorithms import Agreement
from gateway.security.certificates import SIGNING
from gateway.security.checkpoint import Head, read_checkpoint
from gateway.security.stored import read_stored
from gateway.spool import make_folder, read_whole, write_together

UNUSABLE, UNCOLLECTED, TOO_OLD, NOT_ASKED = "L034", "L035", "L036", "L037"

_ASKED = "recovery"
"""Subject of the row that says since when nothing of ours lies uncollected."""


class Exported(Struct, frozen=True, kw_only=True):
    """What was written out for a partner. sequence: of the checkpoint that goes with it."""

    objects: int
    sequence: int


class Recovered(Struct, frozen=True, kw_only=True):
    """What came back. objects: appended; size: of our link by now."""

    objects: int
    size: int


def held(gateway: Gateway, partner: str) -> bool:
    """Whether everything with a partner is held because our ledger is an older copy."""
    with gateway.ledger.reading() as queries:
        return queries.halted(partner, "out") in (RESTORED, OLDER)


def export(gateway: Gateway, partner: str, beyond: int, folder: Path, occasion: Occasion) -> Exported:
    """Write out the partner's own objects above a number, and our signed heads, into a new folder.

    Raises LocalError X049 while the link is halted here, C060 for a folder that is there already.
    """
    if folder.exists():
        raise LocalError(Finding(code="C060", place=Place(file=str(folder)), values={"folder": str(folder)}))
    send_heads_now(gateway, partner, occasion)
    with gateway.ledger.reading() as queries:
        files = {f"{one.sequence:012d}.cms": one.inner for one in queries.objects_beyond(partner, beyond)
                 if one.inner is not None}
        sequence = queries.link_head(partner, "out").sequence
        heads = queries.inner_at(partner, sequence)
    make_folder(folder)
    write_together({folder / name: content for name, content in {**files, "checkpoint.cms": heads}.items()})
    return Exported(objects=len(files), sequence=sequence)


def ask(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary) -> int | None:
    """Look whether everything of ours in the partner's mailbox is known here; then the partner may be asked.

    Returns the number beyond which it has to export; None when the mailbox could not be looked at (`summary` says why).
    Raises LocalError L035 while something lies there that our ledger does not know.
    """
    listed: list[str] | None = None

    def work(mailbox: HeldMailbox) -> None:
        nonlocal listed
        listed = [entry.name for entry in mailbox.list()]

    with Sessions(gateway, occasion, summary, [partner]) as sessions:
        sessions.hold(partner, "outbound", work)
    if listed is None:
        return None
    with gateway.ledger.transaction() as transaction:
        unknown = set(listed) - transaction.own_names(partner, listed)
        if unknown:
            raise LocalError(Finding(code=UNCOLLECTED, place=Place(interchange=partner), values={
                "partner": partner, "count": str(len(unknown))}))
        transaction.journal(subject=_ASKED, reference=partner, text=occasion.now.isoformat(), at=occasion.now)
        return transaction.link_head(partner, "out").sequence


def recover(gateway: Gateway, partner: str, folder: Path, occasion: Occasion) -> Recovered:
    """Take back what the partner has exported, and end the hold.

    Raises LocalError L034 for a folder with which our link is not what the partner signed, L036 for one that was made
    before it was asked for, L037 when it was not asked for; then nothing has changed.
    """
    with gateway.ledger.reading() as queries:
        asked = queries.last_words(_ASKED, partner)
        known = queries.link_head(partner, "out").sequence
    if asked is None:
        raise LocalError(Finding(code=NOT_ASKED, place=Place(interchange=partner), values={"partner": partner}))
    ours, heads = _read(gateway, partner, folder, occasion.now)
    if heads is None:
        raise _unusable(folder, "checkpoint")
    if heads.header.date.astimezone(UTC) < datetime.fromisoformat(asked):
        raise LocalError(Finding(code=TOO_OLD, place=Place(file=str(folder)), values={
            "partner": partner, "made": f"{heads.header.date:%Y-%m-%d %H:%M:%S}", "asked": asked}))
    head = next(one for one in _heads(folder, heads) if one.sender == gateway.name)
    lost = [one for one in ours if one.header.sequence > known]
    with gateway.ledger.transaction() as transaction:
        for one in lost:
            _append(gateway, transaction, partner, one, folder, occasion)
        size = transaction.link_head(partner, "out").sequence
        tree = tree_at(transaction, partner, "out", head.size)
        if (tree.size, tree.root) != (head.size, head.root):
            raise _unusable(folder, f"head {head.size}")
        transaction.resume_links(partner, f"recovered: {len(lost)} of ours to {size}, equal to "
                                          f"{partner}'s checkpoint {heads.header.sequence}", occasion.now)
    return Recovered(objects=len(lost), size=size)


def _heads(folder: Path, opened: Opened) -> list[Head]:
    try:
        return read_checkpoint(opened)
    except EnvelopeError as error:
        raise _unusable(folder, error.code) from error


def _read(gateway: Gateway, partner: str, folder: Path, now: datetime) -> tuple[list[Opened], Opened | None]:
    """Our objects of a folder by their numbers, and the newest checkpoint of the partner; every signature is verified.
    """
    own, ours, heads = _own_trusts(gateway), dict[int, Opened](), list[Opened]()
    if not folder.is_dir():
        raise _unusable(folder, "folder")
    for path in sorted(folder.glob("*.cms")):
        try:
            inner = read_whole(path, gateway.settings.limits.file)
            claimed = read_stored(inner)
            us = claimed.header.sender == gateway.name
            # what was good when it was signed stays ours: keys and lists have their end, a signature has none
            opened = open_again(inner, recipient=partner if us else gateway.name,
                                trust=_signed_under(own, claimed) if us else gateway.trust(partner),
                                now=claimed.signing_time if us else now,
                                environment=gateway.settings.environment, waive=RELEASABLE if us else ())
            if us:
                ours[opened.header.sequence] = opened
            elif opened.header.content_type == CHECKPOINT:
                check_payload_kind(opened)
                heads.append(opened)
        except (EnvelopeError, ValueError) as error:
            raise _unusable(folder, f"{path.name}: {getattr(error, 'code', 'E_ASN1')}") from error
    return ([ours[number] for number in sorted(ours)],
            max(heads, key=lambda one: one.header.sequence, default=None))


def _own_trusts(gateway: Gateway) -> list[Trust]:
    """What makes a signature ours: every signing certificate that we know of as our own, and those from before the
    loss of our keys, each under its own authority."""
    authority = load_certificate(gateway.settings.keys.authority)
    now = [load_certificate(pair.certificate) for pair in gateway.own_chain(SIGNING)]
    return [Trust(partner=gateway.name, authority=above, reason="-",
                  certificates=tuple(TrustedCertificate(one, SIGNING, one.not_before, one.not_after) for one in below),
                  algorithms=tuple(one.value for one in Agreement))
            for above, below in ((authority, now), *former(gateway.settings.paths.keys))]


def _signed_under(trusts: Sequence[Trust], claimed: Opened) -> Trust:
    """The one that knows the signer's certificate; the present one where none does, which then refuses it."""
    return next((trust for trust in trusts for entry in trust.certificates
                 if entry.certificate.sha256 == claimed.certificate_sha256), trusts[0])


def _append(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, folder: Path,
            occasion: Occasion) -> None:
    """One lost object of ours as the next of its link, as published: its receipt is awaited, or comes again."""
    header, now = opened.header, occasion.now
    head = transaction.link_head(partner, "out")
    if (header.sequence, header.previous) != (head.sequence + 1, head.mic):
        raise _unusable(folder, f"{header.sequence}: {head.sequence + 1}")
    interchange, messages, number = None, list[Message](), None
    if header.content_type in INTERCHANGES:
        interchange = next(iter(read_interchanges(payload := interchange_of(opened))))
        messages = list(interchange.messages)
        number = _carried(gateway, transaction, partner, interchange.header, messages, payload, now)
    sealed = encrypt(opened.inner, gateway.recipients(partner, now), cbc=gateway.trust(partner).takes_cbc(now))
    stored = transaction.add_object_out(
        partner=partner, sequence=header.sequence, message_id=header.message_id, kind=header.content_type,
        mic=opened.mic, previous=header.previous, signature_digest=opened.signature_digest, name=file_name(sealed),
        sealed=sealed, inner=opened.inner, interchange_id=number, receipt_for=None, at=now,
        leaf=leaf(header.sequence, header.message_id, opened.mic, opened.signature_digest))
    receipted = header.content_type in RECEIPTED
    due = now + gateway.partner(partner).agreement.deadlines.receipt
    transaction.mark_dispatched([stored], at=now, receipt_due=due if receipted else None,
                                repeat_at=due if receipted else None)
    handed_over(gateway, transaction, [stored], now)
    if interchange is not None:
        keep_records(gateway, transaction, partner, interchange, messages, now)


def _carried(gateway: Gateway, transaction: Transaction, partner: str, header: InterchangeHeader,
             messages: Sequence[Message], payload: bytes, now: datetime) -> int:
    """The interchange of a lost object with its messages; its number is never given out again."""
    reference, country = header.control_reference, str(gateway.settings.country)
    if reference.startswith(country) and reference[len(country):].isdigit():
        transaction.raise_number(f"reference/{partner}", int(reference[len(country):]))
    numbers = transaction.queue_messages([_message(partner, one) for one in messages], at=now)
    return transaction.add_interchange_out(
        partner=partner, control_reference=reference, type=messages[0].identifier.type, payload=payload,
        test=header.test is not None, at=now,
        messages=[(number, one.reference) for number, one in zip(numbers, messages, strict=True)])


def _message(partner: str, message: Message) -> NewMessage:
    wire, seen = to_wire(message), peek(message)
    return NewMessage(partner=partner, type=message.identifier.type, mrn=seen.mrn, word=seen.function or "",
                      wire=(str(wire.identifier), wire.body, wire.segments), mapping="", mapping_digest="",
                      source_id=None, answers=None, urgent=False)


def _unusable(folder: Path, reason: str) -> LocalError:
    return LocalError(Finding(code=UNUSABLE, place=Place(file=str(folder)), values={
        "folder": str(folder), "reason": reason}))
