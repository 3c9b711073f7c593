"""What a run would do, with the same checks and nothing written or sent (EXPERIENCE 3.3, --dry-run).

Sending is rehearsed to the end: each national file is taken in a transaction that is undone. Receiving is rehearsed as
far as the mailbox: every file is fetched, opened and judged as an object and as an interchange, and stays where it is;
what its messages would cause is known when they are stored.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.config import Settings
from gateway.edifact import read_interchanges, rejected_messages, validate
from gateway.errors import GatewayError, LinkError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.budget import BATCH
from gateway.exchange.claiming import dialect_for
from gateway.exchange.collect import Link
from gateway.exchange.content_store import content_store
from gateway.exchange.filing import unfinished
from gateway.exchange.intake import records_by_files
from gateway.exchange.lingering import untaken
from gateway.exchange.payload import interchange_of, payload_refusal
from gateway.exchange.summary import Exit, exit_for
from gateway.exchange.taking import Taken, take_groups
from gateway.findings import Finding, Place
from gateway.ledger import Ledger
from gateway.ledger.upgrading import stands
from gateway.security import INTERCHANGES, EnvelopeError, Opened, judge_order, open_envelope
from gateway.transport import DirectoryLane, Entry, Mailbox, open_mailbox


class Rehearsed(Struct, frozen=True, kw_only=True):
    """What would happen to the files of one record, to one file in a mailbox, or to one partner's waiting objects.

    subject   file names, or the partner's id with the name of the file
    action    take, repeat, wait, refuse, seal, dispatch; of a mailbox collect, known, leave, reject, quarantine,
              unreachable; of what is stored: judge
    count     messages, objects
    status    the exit status that this would ask for
    findings  why
    """

    subject: str
    action: str
    count: int = 0
    status: Exit = Exit.DONE
    findings: tuple[Finding, ...] = ()


class _Undone(Exception):
    """Raised inside a transaction so that it leaves no trace."""


@contextlib.contextmanager
def open_rehearsal(settings: Settings, now: datetime) -> Iterator[Gateway]:
    """A gateway that makes no ledger and brings none to a new schema; where there is none yet, an empty one elsewhere.

    Raises LocalError L004 for a ledger that the next run would first bring to its schema.
    """
    with contextlib.ExitStack() as stack:
        url = settings.ledger
        absent = not stands(url)
        if absent:
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory(prefix='edi-rehearsal-'))}/ledger.db"
        ledger = Ledger.open(url, now=now, create=absent, contents=content_store(settings))
        stack.callback(ledger.close)
        yield Gateway(settings, ledger, now)


def rehearse_national(gateway: Gateway, occasion: Occasion, *, limit: int | None = None) -> Iterator[Rehearsed]:
    """Every national file that waits, taken and then undone."""
    national = gateway.settings.national
    left = limit
    for kind, sources in (("declarations", national.declarations), ("events", national.events)):
        grouped: dict[str, dict[str, bytes]] = {}
        for folder in (gateway.settings.paths.state / "claimed" / kind, gateway.settings.paths.national / "out" / kind):
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if unfinished(path.name):
                    continue
                if left is not None and left <= 0:
                    break
                left = None if left is None else left - 1
                dialect = dialect_for(path.name, sources)
                if dialect is None:
                    yield Rehearsed(subject=path.name, action="refuse", status=Exit.PERSON,
                                    findings=(Finding(code="X001", place=Place(file=path.name)),))
                else:
                    grouped.setdefault(dialect, {})[path.name] = path.read_bytes()
        for dialect, files in grouped.items():
            yield from _rehearse_files(gateway, kind, dialect, files, occasion)


def rehearse_outward(gateway: Gateway, occasion: Occasion, partners: Sequence[str] = ()) -> Iterator[Rehearsed]:
    """Messages that would be sealed and objects that would be put up, by partner."""
    for partner in gateway.chosen(partners):
        with gateway.ledger.transaction() as transaction:
            groups = transaction.waiting(partner)
            due = transaction.due_objects(partner, now=occasion.now)
        for group in groups:
            yield Rehearsed(subject=partner, action="seal", count=group.count)
        if due:
            yield Rehearsed(subject=partner, action="dispatch", count=len(due))


def rehearse_inward(gateway: Gateway, occasion: Occasion, *, partners: Sequence[str] = (),
                    limit: int | None = None) -> Iterator[Rehearsed]:
    """Every file in the mailboxes, fetched, opened and judged, and left there; then what is stored and waits."""
    for partner in gateway.chosen(partners):
        lane = gateway.lane(partner, "inbound")
        if isinstance(lane, DirectoryLane) and not (lane.path / "new").is_dir():
            continue  # opening a mailbox makes its folders
        try:
            with gateway.ledger.reading() as queries:
                known = queries.lingering(partner)
            with open_mailbox(lane, clock=occasion.clock) as mailbox:
                entries = untaken(mailbox.list(known), known)[:limit]
                for foreign in mailbox.foreign:
                    yield Rehearsed(subject=f"{partner} {foreign.name}", action="leave", status=Exit.TRUST, findings=(
                        Finding(code="E_NAME", place=Place(file=foreign.name)),))
                for start in range(0, len(entries), BATCH):
                    yield from _rehearse_batch(gateway, partner, mailbox, entries[start:start + BATCH], occasion)
        except GatewayError as error:
            yield Rehearsed(subject=partner, action="unreachable", status=exit_for(error),
                            findings=tuple(error.findings))
    with gateway.ledger.transaction() as transaction:
        stored = sum(transaction.unprocessed().values())
    if stored:
        yield Rehearsed(subject=gateway.name, action="judge", count=stored)


def _rehearse_batch(gateway: Gateway, partner: str, mailbox: Mailbox, entries: Sequence[Entry],
                    occasion: Occasion) -> Iterator[Rehearsed]:
    for entry, content in mailbox.fetch(entries, limit=gateway.settings.limits.file):
        subject = f"{partner} {entry.name}"
        if isinstance(content, LinkError):
            yield Rehearsed(subject=subject, action="leave", status=Exit.LATER, findings=tuple(content.findings))
            continue
        try:
            opened = open_envelope(entry.name, content, recipient=gateway.name, keys=gateway.decryption_keys,
                                   trust=gateway.trust(partner), now=occasion.now,
                                   environment=gateway.settings.environment)
            with gateway.ledger.transaction() as transaction:
                link = Link(transaction, partner)
                order = judge_order(opened, link, void=link)
            refusal = payload_refusal(gateway.settings, partner, opened)
            if refusal is not None and order == "new":
                raise PartnerError(refusal)
        except EnvelopeError as error:
            waits = error.code == "E_FUTURE"
            yield Rehearsed(subject=subject, action="leave" if waits else "quarantine", status=Exit.TRUST,
                            findings=tuple(error.findings))
        except PartnerError as error:
            yield Rehearsed(subject=subject, action="quarantine", status=Exit.TRUST, findings=tuple(error.findings))
        else:
            yield Rehearsed(subject=subject, action="known") if order == "duplicate" else _content(subject, opened)


def _content(subject: str, opened: Opened) -> Rehearsed:
    """An authentic object that would be stored: a receipt, or an interchange with the verdict on its syntax."""
    if opened.header.content_type not in INTERCHANGES:
        return Rehearsed(subject=subject, action="collect")
    interchange = next(read_interchanges(interchange_of(opened)))
    findings = validate(interchange)
    refused = rejected_messages(findings)
    return Rehearsed(subject=f"{subject} ({interchange.header.control_reference})",
                     action="reject" if refused else "collect", count=len(interchange.messages),
                     status=Exit.PERSON if refused else Exit.DONE, findings=tuple(findings) if refused else ())


def _rehearse_files(gateway: Gateway, kind: str, dialect: str, files: dict[str, bytes],
                    occasion: Occasion) -> Iterator[Rehearsed]:
    reading = gateway.dialect(dialect).read(files)
    for refused in reading.refused:
        yield Rehearsed(subject=refused.file, action="refuse", status=Exit.PERSON, findings=refused.findings)
    for waiting in reading.waiting:
        yield Rehearsed(subject=waiting.file, action="wait")
    outcomes: list[tuple[tuple[str, ...], Taken | GatewayError]] = []
    with contextlib.suppress(_Undone), gateway.ledger.transaction() as transaction:
        outcomes.extend(take_groups(gateway, transaction, kind, dialect,
                                    list(records_by_files(reading.records).items()), files, occasion))
        raise _Undone
    for names, outcome in outcomes:
        subject = ", ".join(names)
        if isinstance(outcome, GatewayError):
            yield Rehearsed(subject=subject, action="refuse", status=exit_for(outcome),
                            findings=tuple(outcome.findings))
        else:
            yield Rehearsed(subject=subject, action="repeat" if outcome.repeated else "take", count=outcome.messages)
