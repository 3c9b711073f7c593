"""Fetch sealed objects, open them, and store them with their receipts: the first half of receiving.

fetch → open (GW-1, V1-V33) → one transaction: object, leaf, interchange, receipt → remove from the mailbox
(ENVELOPE V35). What is not perfect is quarantined exactly as it came, with its code; the other files go on.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import GatewayError, LinkError, LocalError, PartnerError
from gateway.exchange import failpoints
from gateway.exchange.arrival import ACTS, RECEIPTED
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.budget import affordable, batches, cost
from gateway.exchange.clocks import warn_of_clocks
from gateway.exchange.forks import OLDER, first_difference
from gateway.exchange.halting import link_halted
from gateway.exchange.held import HeldMailbox
from gateway.exchange.lingering import list_new, remove
from gateway.exchange.payload import interchange_of, look_at, may_be_much, payload_refusal
from gateway.exchange.restoring import RESTORED
from gateway.exchange.room import require_room, room_for_more
from gateway.exchange.sealing import seal_receipt
from gateway.exchange.sessions import Sessions
from gateway.exchange.summary import Exit, Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import Moved, ObjectState, Transaction, of_the_machine
from gateway.ledger.rows import KnownObject
from gateway.security import (
    INTERCHANGES,
    LEAVES,
    NEGATIVE_RECEIPT,
    PROCESSED,
    RECEIPT,
    EnvelopeError,
    Opened,
    check_payload_kind,
    disposition_of,
    judge_order,
    leaf,
    open_envelope,
    read_receipt,
)
from gateway.spool import Quarantine
from gateway.texts import Language, sentence
from gateway.transport import LINK_BROKEN, Entry, Mailbox

_HALTS = ("E_DUPLICATE", "E_CHAIN")
"""Conflicts after which a link releases nothing until two people have spoken (ENVELOPE section 6)."""

_TOO_LARGE = "E_SIZE"

_NO_ROOM = "B008"

_WAITS = "E_FUTURE"
"""Stays in the mailbox and is judged again by the next run."""


class _Fetched(Struct, frozen=True):
    """One file of the mailbox, opened or refused."""

    entry: Entry
    content: bytes
    opened: Opened | None
    error: EnvelopeError | None


class Link:
    """What the ledger knows of a partner's link, as the judgement of order asks for it."""

    def __init__(self, transaction: Transaction, partner: str) -> None:
        self._transaction = transaction
        self._partner = partner
        self._held: dict[int, KnownObject | None] = {}

    def by_sequence(self, sequence: int) -> KnownObject | None:
        """The object of that number, as it was when this was first asked."""
        if sequence not in self._held:
            self._held[sequence] = self._transaction.known_object(self._partner, sequence=sequence)
        return self._held[sequence]

    def by_message_id(self, message_id: str) -> KnownObject | None:
        """The object of that message id."""
        return self._transaction.known_object(self._partner, message_id=message_id)

    def __contains__(self, sequence: object) -> bool:
        """Tell whether the partner took that number back (O4)."""
        known = self.by_sequence(sequence) if isinstance(sequence, int) else None
        return known is not None and known.state is ObjectState.VOID


def collect(gateway: Gateway, partner: str, sessions: Sessions, occasion: Occasion, summary: Summary,
            limit: int | None = None, expect: Callable[[int], None] = lambda octets: None) -> None:
    """Collect everything a partner has put into its mailbox with us. An unreachable mailbox is noted.

    A halted link still receives and parks, unless our own ledger is in doubt: then every number we give may be one that
    was given before, and what lies in the mailbox stays there; as it does where the disk has no room for more.

    expect  is told how many octets of declarations and events are about to be stored
    """
    if ledger_in_doubt(gateway, partner) or not room_for_more(gateway, summary):
        link_halted(gateway, partner, "in", summary)
        return

    def work(mailbox: HeldMailbox) -> None:
        _collect(gateway, partner, mailbox, occasion, summary, limit, expect)

    sessions.hold(partner, "inbound", work)
    link_halted(gateway, partner, "in", summary)


def _collect(gateway: Gateway, partner: str, mailbox: HeldMailbox, occasion: Occasion, summary: Summary,
             limit: int | None, expect: Callable[[int], None]) -> None:
    listed = list_new(gateway, partner, mailbox)
    largest = gateway.settings.limits.file
    entries = affordable(listed, largest)[:limit]
    for foreign in mailbox.foreign:
        summary.trouble(PartnerError(Finding(code="E_NAME", place=Place(file=f"{partner}/{foreign.name}"))),
                        Exit.TRUST)
    if mailbox.truncated or (limit is None and len(entries) < len(listed)):
        summary.trouble(PartnerError(Finding(code="B121", place=Place(file=partner), values={
            "partner": partner, "taken": str(len(entries))})), Exit.PERSON)
    for number, batch in enumerate(batches(entries, largest)):
        if number and mailbox.over:
            return
        require_room(gateway, sum(cost(entry, largest) for entry in batch))
        collect_batch(gateway, partner, mailbox, batch, occasion, summary, expect)


def ledger_in_doubt(gateway: Gateway, partner: str) -> bool:
    """Tell whether nothing of a partner's may be taken: our own ledger is older than what we have signed."""
    with gateway.ledger.reading() as queries:
        return queries.halted(partner, "in") in (OLDER, RESTORED)


def collect_batch(gateway: Gateway, partner: str, mailbox: HeldMailbox, entries: Sequence[Entry], occasion: Occasion,
                  summary: Summary, expect: Callable[[int], None] = lambda octets: None) -> None:
    """Take some files of a mailbox, or of what was carried here by hand: open, store with their receipts, remove."""
    fetched = list(_fetch(gateway, partner, mailbox, entries, occasion, summary))
    expect(sum(len(file.opened.payload) for file in fetched if file.opened is not None and may_be_much(file.opened)))
    reach(failpoints.FETCHED)
    settled: list[Entry] = []
    with gateway.ledger.transaction() as transaction:
        if gateway.renew_keys(transaction):  # what a key signed that was revoked a moment ago does not get in
            fetched = [_open(gateway, partner, file.entry, file.content, occasion) for file in fetched]
        for file in sorted(fetched, key=_order):
            if _settle(gateway, transaction, partner, file, occasion, summary):
                settled.append(file.entry)
    reach(failpoints.STORED)
    warn_of_clocks(gateway, partner, [file.opened for file in fetched if file.opened is not None], summary)
    remove(gateway, partner, mailbox, settled, occasion, summary)
    reach(failpoints.REMOVED)


def _order(file: _Fetched) -> int:
    """Objects are stored in the order of their link, whatever the mailbox listed first; the unopened come last."""
    opened = file.opened if file.error is None else file.error.opened
    return sys.maxsize if opened is None else opened.header.sequence


def _fetch(gateway: Gateway, partner: str, mailbox: Mailbox, entries: Sequence[Entry], occasion: Occasion,
           summary: Summary) -> Iterator[_Fetched]:
    for entry, content in mailbox.fetch(entries, limit=gateway.settings.limits.file):
        if isinstance(content, LinkError):
            if content.code not in LINK_BROKEN:  # the link is spoken of once, and not for each file
                _leave(gateway, partner, entry, content, occasion, summary)
            continue
        yield _open(gateway, partner, entry, content, occasion)


def _open(gateway: Gateway, partner: str, entry: Entry, content: bytes, occasion: Occasion) -> _Fetched:
    try:
        opened = open_envelope(entry.name, content, recipient=gateway.name, keys=gateway.decryption_keys,
                               trust=gateway.trust(partner), now=occasion.now,
                               environment=gateway.settings.environment)
    except EnvelopeError as error:
        return _Fetched(entry, content, None, error)
    return _Fetched(entry, content, opened, None)


def _leave(gateway: Gateway, partner: str, entry: Entry, error: LinkError, occasion: Occasion,
           summary: Summary) -> None:
    """A file that could not be fetched stays where it is. One that is too large never will be: that is said once, to
    a person; everything else is tried again."""
    if error.code != _TOO_LARGE:
        summary.trouble(_in_mailbox(error, partner, entry.name))
        return
    with gateway.ledger.transaction() as transaction:
        if transaction.noted(partner=partner, name=entry.name, code=error.code):
            return
        transaction.note_incoming(partner=partner, name=entry.name, code=error.code, size=entry.size,
                                  kept="in the mailbox", at=occasion.now)
    summary.trouble(PartnerError(*_in_mailbox(error, partner, entry.name).findings), Exit.TRUST)


def _settle(gateway: Gateway, transaction: Transaction, partner: str, file: _Fetched, occasion: Occasion,
            summary: Summary) -> bool:
    """Store or quarantine one file. Returns whether it may leave the mailbox."""
    error = file.error
    opened = file.opened if error is None else error.opened
    if opened is not None:
        try:
            with transaction.part():
                store(gateway, transaction, partner, opened, file.entry.name, error, occasion, summary)
            return True
        except PartnerError as fault:
            _compare(gateway, transaction, partner, opened, fault, occasion, summary)
            return _quarantine(gateway, transaction, partner, file, fault, occasion, summary)
        except GatewayError as fault:  # ours to mend: it stays in the mailbox, and is whole for the next run
            summary.trouble(fault)
            return False
        except Exception as defect:  # ours, and this one object brings it out: the others have nothing to do with it
            if of_the_machine(defect):
                raise
            summary.defects.append(defect)
            return _quarantine(gateway, transaction, partner, file,
                               EnvelopeError("E_INTERNAL", error=type(defect).__name__), occasion, summary)
    assert error is not None
    if error.code == _WAITS or (error.code == "E_NAME" and _first_sight(transaction, partner, file, occasion)):
        summary.trouble(_in_mailbox(error, partner, file.entry.name))
        return False
    return _quarantine(gateway, transaction, partner, file, error, occasion, summary)


def _compare(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, fault: PartnerError,
             occasion: Occasion, summary: Summary) -> None:
    """A list of leaves that no longer fits into its link, for that has two histories, still says where they part."""
    if opened.header.content_type == LEAVES and fault.code in _HALTS:
        with contextlib.suppress(EnvelopeError):
            check_payload_kind(opened)
            finding = first_difference(gateway, transaction, partner, opened, occasion)
            if finding is not None:
                summary.trouble(PartnerError(finding), Exit.TRUST)


def _first_sight(transaction: Transaction, partner: str, file: _Fetched, occasion: Occasion) -> bool:
    """A content that does not fit its name may still be on its way: it waits one run (V3), counted in the ledger; and
    one more as often as it grew since, for over a weak line a large file is written for longer than that."""
    if transaction.noted(partner=partner, name=file.entry.name, code="E_NAME", size=len(file.content)):
        return False
    transaction.note_incoming(partner=partner, name=file.entry.name, code="E_NAME", size=len(file.content), kept="",
                              at=occasion.now)
    return True


def _quarantine(gateway: Gateway, transaction: Transaction, partner: str, file: _Fetched, error: GatewayError,
                occasion: Occasion, summary: Summary) -> bool:
    try:
        kept = Quarantine(gateway.settings.paths.state / "quarantine", gateway.settings.limits.room).keep(
            file.content, code=error.code, partner=partner, name=file.entry.name, at=occasion.now,
            note=sentence(error.findings[0], Language(gateway.settings.language)))
    except LocalError as fault:
        if fault.code != _NO_ROOM:
            raise
        summary.trouble(fault)  # bad files stay in the mailbox until there is room; good ones go on
        return False
    reach(failpoints.QUARANTINED)
    transaction.note_incoming(partner=partner, name=file.entry.name, code=error.code, size=len(file.content),
                              kept=kept.name, at=occasion.now)
    if error.code in _HALTS:
        transaction.halt_link(partner, "in", error.code, occasion.now)
    summary.objects_quarantined += 1
    summary.trouble(_in_mailbox(error, partner, file.entry.name), Exit.TRUST)
    return True


def _in_mailbox(error: GatewayError, partner: str, name: str) -> GatewayError:
    """The same error with its place: whose mailbox, which file."""
    findings = [replace(finding, place=replace(finding.place, file=f"{partner}/{name}")) for finding in error.findings]
    return LinkError(*findings) if isinstance(error, LinkError) else PartnerError(*findings)


def store(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, name: str,
          fault: EnvelopeError | None, occasion: Occasion, summary: Summary) -> None:
    """Store an authentic object with its leaf, its meaning for the ledger, and its receipt.

    fault: what refuses it although it is authentic (V32, V33); a duplicate is a duplicate before that.
    """
    link = Link(transaction, partner)
    if judge_order(opened, link, void=link) == "duplicate":
        # A receipt is taken again: a ledger put back from a copy may have forgotten what the first one said.
        if opened.header.content_type == RECEIPT and fault is None \
                and payload_refusal(gateway.settings, partner, opened) is None:
            _take_receipt(transaction, partner, opened, occasion, summary)
        _repeat_receipt(transaction, partner, opened, occasion)
        summary.objects_repeated += 1
        return
    header, kind = opened.header, opened.header.content_type
    refusal = payload_refusal(gateway.settings, partner, opened) if fault is None else fault.findings[0]
    if refusal is None and kind not in (*INTERCHANGES, RECEIPT, *ACTS):
        refusal = Finding(code="E_PAYLOAD", place=Place(interchange=f"{partner} {header.sequence}"),
                          values={"kind": kind})
    awaited = transaction.link_head(partner, "in").sequence + 1
    stored = transaction.add_object_in(
        partner=partner, sequence=header.sequence, message_id=header.message_id, kind=kind,
        mic=opened.mic, previous=header.previous, signature_digest=opened.signature_digest, name=name,
        inner=opened.inner, payload=opened.payload,
        leaf=leaf(header.sequence, header.message_id, opened.mic, opened.signature_digest),
        code=None if refusal is None else refusal.code, at=occasion.now)
    if kind in INTERCHANGES and header.sequence != awaited:
        transaction.mark_out_of_order(stored, awaited, occasion.now)
    if refusal is None:
        accept(gateway, transaction, partner, opened, stored, name, occasion, summary)
    else:
        _refuse(gateway, transaction, partner, opened, stored, name, refusal, kind in RECEIPTED, occasion, summary)
    summary.objects_collected += 1


def accept(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, stored: int, name: str,
           occasion: Occasion, summary: Summary) -> None:
    """Do what a stored object asks for, and make its receipt. stored: its number in the ledger, where it is STORED."""
    kind = opened.header.content_type
    receipted = kind in RECEIPTED
    if (act := ACTS.get(kind)) is not None:
        outcome = act(gateway, transaction, partner, opened, stored, occasion, summary)
        receipted = receipted and outcome.receipt
        if outcome.refusal is not None:
            transaction.refuse_object_in(stored, code=outcome.refusal.code, at=occasion.now)
            _refuse(gateway, transaction, partner, opened, stored, name, outcome.refusal, receipted, occasion, summary)
            return
    if kind == RECEIPT:
        _take_receipt(transaction, partner, opened, occasion, summary, stored)
    elif kind in INTERCHANGES:
        _add_interchange(transaction, partner, opened, stored, occasion, summary)
    if receipted:
        seal_receipt(gateway, transaction, partner, opened, stored, PROCESSED, occasion)


def _refuse(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, stored: int, name: str,
            refusal: Finding, receipted: bool, occasion: Occasion, summary: Summary) -> None:
    """Note an authentic object that is refused all the same, and answer where the table of codes says so."""
    transaction.note_incoming(partner=partner, name=name, code=refusal.code, size=len(opened.payload),
                              kept=f"object {stored}", at=occasion.now)
    summary.trouble(PartnerError(refusal), Exit.TRUST)
    if receipted and refusal.code in NEGATIVE_RECEIPT:
        seal_receipt(gateway, transaction, partner, opened, stored, disposition_of(refusal.code), occasion)


def _add_interchange(transaction: Transaction, partner: str, opened: Opened, stored: int, occasion: Occasion,
                     summary: Summary) -> None:
    """Hold the interchange for judgement. A reference already taken by other content is noted, never judged: its CONTRL
    would speak of the first one. The same interchange in a new envelope was judged before."""
    payload = interchange_of(opened)
    glance = look_at(payload)
    assert glance is not None
    try:
        with transaction.part():
            transaction.add_interchange_in(
                partner=partner, object_id=stored, control_reference=glance.header.control_reference,
                type=glance.message_type, test=glance.header.test is not None, payload=payload, at=occasion.now)
    except Moved:
        summary.objects_repeated += 1
    except PartnerError:
        reference = glance.header.control_reference
        transaction.note_incoming(partner=partner, name=reference, code="X031", size=len(opened.payload),
                                  kept=f"object {stored}", at=occasion.now)
        summary.trouble(PartnerError(Finding(code="X031", place=Place(interchange=reference), values={
            "reference": reference, "partner": partner})), Exit.PERSON)


def _repeat_receipt(transaction: Transaction, partner: str, opened: Opened, occasion: Occasion) -> None:
    """A duplicate gets the stored receipt, byte for byte, and nothing else happens (ENVELOPE R5)."""
    known = transaction.known_object(partner, sequence=opened.header.sequence)
    if known is not None and known.receipt_object_id is not None:
        transaction.again(known.receipt_object_id, at=occasion.now)


def _take_receipt(transaction: Transaction, partner: str, opened: Opened, occasion: Occasion, summary: Summary,
                  stored: int | None = None) -> None:
    receipt = read_receipt(opened.payload)
    verdict = transaction.settle_receipt(
        partner, message_id=receipt.message_id, sequence=receipt.sequence, mic=receipt.mic,
        signature_digest=receipt.signature_digest, disposition=receipt.disposition, at=occasion.now, receipt_id=stored)
    if verdict in ("received", "refused"):  # of an announced key it is the consent (GW-1 section 10, K6)
        transaction.settle_consent(partner, message_id=receipt.message_id, processed=receipt.processed, at=occasion.now)
    place = Place(interchange=receipt.message_id)
    if verdict == "unknown":
        transaction.halt_link(partner, "out", "E_RECEIPT_UNKNOWN", occasion.now)
        summary.trouble(PartnerError(Finding(code="E_RECEIPT_UNKNOWN", place=place)), Exit.TRUST)
    elif verdict == "differs":
        summary.trouble(PartnerError(Finding(code="E_RECEIPT", place=place)), Exit.TRUST)
    elif verdict == "refused":
        summary.trouble(PartnerError(Finding(code="X030", place=place, values={
            "disposition": receipt.disposition, "reference": receipt.message_id})),
                        Exit.PERSON)
    elif verdict != "repeated":
        summary.receipts_taken += 1


