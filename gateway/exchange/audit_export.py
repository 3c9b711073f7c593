"""A month of the ledger written to a folder that can be checked without it; how it is laid out is `audit_month`.

Everything is read from one snapshot and written as it is read: however much a month holds, a few objects at a time are
in memory. The folder has its name only once all of it is on the disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.exchange.audit_month import (
    ERASED,
    HISTORY,
    LEAVES,
    PLAN,
    SUMS,
    TREE,
    LinkPart,
    Month,
    Plan,
    covering_name,
    digest_of_file,
    files_below,
    link_folder,
    object_name,
    trust_names,
)
from gateway.exchange.evidence import trust_kept
from gateway.exchange.trees import link_name, tree_at
from gateway.findings import Finding, Place
from gateway.ledger import ObjectState, Queries
from gateway.ledger.chain import Fact, row_text
from gateway.ledger.questions import HistoryRow
from gateway.ledger.reading.away import GONE
from gateway.ledger.reading.months import RecordedObject, Span
from gateway.security import Certificate
from gateway.security.kept_trust import signer_certificate, signers_text
from gateway.spool import make_folder, new_file, require_space, sync_folder, write_together, write_whole
from gateway.texts import Language, say

THERE, NOT_BEGUN = "C061", "X251"

_MODE, _FOLDER_MODE = 0o644, 0o755
_AT_ONCE, _OCTETS_AT_ONCE = 200, 8 << 20
_OF_A_ROW = 1 << 10
"""Octets that a row of the history takes at most, by and large, with what else is written for it."""


class Exported(Struct, frozen=True, kw_only=True):
    """What was written. objects: with their SignedData; partners: whose heads do not cover all of theirs yet."""

    folder: Path
    plan: Plan
    objects: int
    partners: tuple[str, ...]


@dataclass(slots=True)
class _Link:
    """What is learnt of a link while its objects go by."""

    partner: str
    direction: str
    low: int
    high: int
    objects: int = 0


def export_month(gateway: Gateway, month: Month, out: Path, now: datetime) -> Exported:
    """Write everything that was recorded in a month to the folder `out`.

    Raises LocalError X251 for a month that has not begun, C061 when something of that name is there already, B003 and
    B008 (no room), B006. Whatever fails leaves no folder of that name.
    """
    if month.begin > now:
        raise LocalError(Finding(code=NOT_BEGUN, values={"month": str(month)}))
    target = out.absolute()
    if target.exists() or target.is_symlink():
        raise LocalError(Finding(code=THERE, place=Place(file=str(target)), values={"folder": str(out)}))
    make_folder(target.parent, _FOLDER_MODE)
    making = target.parent / f".{target.name}.partial"
    shutil.rmtree(making, ignore_errors=True)  # what a run left that was cut
    try:
        make_folder(making, _FOLDER_MODE)
        with gateway.ledger.reading() as queries:
            written = _Writing(gateway, queries, month, making, now).write()
        _list(making)
        making.rename(target)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)  # a full disk is not kept full
        raise
    sync_folder(target.parent)
    short = dict.fromkeys(one.recipient if one.sender == gateway.name else one.sender
                          for one in written.links if one.covered < one.high)
    return Exported(folder=out, plan=written, objects=sum(one.objects for one in written.links), partners=tuple(short))


@dataclass
class _Writing:
    """One folder being written."""

    gateway: Gateway
    queries: Queries
    month: Month
    folder: Path
    now: datetime
    links: dict[tuple[str, str], _Link] = field(default_factory=dict)
    signers: dict[str, dict[str, Certificate]] = field(default_factory=dict)

    def write(self) -> Plan:
        span = self.queries.span(self.month.begin, self.month.end)
        self._room(span)
        with ExitStack() as stack:
            indexes = {one: stack.enter_context(new_file(self.folder / f"index.{one.value}.txt")) for one in Language}
            history = stack.enter_context(new_file(self.folder / HISTORY))
            for language, write in indexes.items():
                write(_line(say("audit.index.title", language, month=self.month, gateway=self.gateway.name)))
            head = span.anchor
            rows = self._rows(span)
            while batch := list(islice(rows, _AT_ONCE)):
                for row in batch:
                    head = row.row_hash
                    history(_line(f"{head} {row_text(row.id, _fact(row))}"))
                self._objects([row.subject_id for row in batch if row.subject == "object" and row.event == "new"
                               and row.subject_id is not None], indexes)
            links = tuple(self._link(key, one) for key, one in sorted(self.links.items()))
            for language, write in indexes.items():
                write(_line(""))
                write(_line(say("audit.index.end", language, objects=sum(one.objects for one in links),
                                rows=span.last - span.first + 1, first=span.first, last=span.last,
                                anchor=span.anchor, head=head)))
        plan = Plan(month=self.month, gateway=self.gateway.name, environment=self.gateway.settings.environment,
                    made=self.now, whole=self.now >= self.month.end, first=span.first, last=span.last,
                    anchor=span.anchor, head=head, links=links, trust=self._trust(links))
        write_whole(self.folder / PLAN, plan.text(), _MODE)
        return plan

    def _rows(self, span: Span) -> Iterator[HistoryRow]:
        return self.queries.history(after=span.first - 1, last=span.last)

    def _room(self, span: Span) -> None:
        """Refuse to begin what would fill the disk: of what is written the objects are known beforehand."""
        low = high = 0
        for row in self._rows(span):
            if row.subject == "object" and row.event == "new" and row.subject_id is not None:
                low, high = min(low or row.subject_id, row.subject_id), max(high, row.subject_id)
        octets = self.queries.recorded_size(low, high) if high else 0
        require_space(self.folder, octets + (span.last - span.first + 1) * _OF_A_ROW)

    def _objects(self, numbers: list[int], indexes: dict[Language, Callable[[bytes], object]]) -> None:
        """Some objects of the month: their SignedData, and a line each in the lists for people."""
        waiting: dict[Path, bytes] = {}
        for one in self.queries.recorded_objects(numbers):
            sender, recipient = link_name(self.gateway.name, one.partner, one.direction)
            link = self.links.setdefault((sender, recipient),
                                         _Link(one.partner, one.direction, one.sequence, one.sequence))
            link.low, link.high = min(link.low, one.sequence), max(link.high, one.sequence)
            name = object_name(sender, recipient, one.sequence)
            if one.state != ObjectState.VOID:  # of which nothing was ever exchanged but the number
                inner, erased = self._inner(one.id)
                waiting[self.folder / (f"{name}{ERASED}" if erased else name)] = inner
                if not erased:
                    link.objects += 1
                    self._signer(sender, inner)
            for language, write in indexes.items():
                write(_line(_of_index(one, sender, recipient, name, language)))
            if sum(map(len, waiting.values())) >= _OCTETS_AT_ONCE:
                self._store(waiting)
        self._store(waiting)

    def _inner(self, number: int) -> tuple[bytes, bool]:
        """The SignedData of an object; of one that was erased or purged who decided it, when and why, and True."""
        try:
            return self.queries.inner_of(number), False
        except LocalError as error:
            if error.code not in GONE:
                raise
            return _line(" ".join(str(value) for value in error.findings[0].values.values())), True

    def _store(self, waiting: dict[Path, bytes]) -> None:
        for folder in sorted({path.parent for path in waiting}):
            make_folder(folder, _FOLDER_MODE)
        write_together(waiting, _MODE)
        waiting.clear()

    def _signer(self, sender: str, inner: bytes) -> None:
        certificate = signer_certificate(inner)
        if certificate is not None:
            self.signers.setdefault(sender, {})[certificate.sha256] = certificate

    def _link(self, key: tuple[str, str], link: _Link) -> LinkPart:
        """The leaves of a link, its tree before them, and the head over all of them that both signed."""
        folder = self.folder / link_folder(*key)
        make_folder(folder, _FOLDER_MODE)
        agreed = self.queries.agreed_over(link.partner, link.direction, link.high)
        if agreed is not None:
            for number in (agreed.ours, agreed.theirs):
                held = self.queries.object_of(number)
                assert held is not None
                signer, _ = link_name(self.gateway.name, held.partner, held.direction)
                inner = self.queries.inner_of(number)
                write_whole(self.folder / covering_name(*key, signer), inner, _MODE)
                self._signer(signer, inner)
        covered, leaves = 0 if agreed is None else agreed.size, 0
        with new_file(folder / LEAVES) as write:
            for leaf in self.queries.leaves_between(link.partner, link.direction, link.low, max(link.high, covered)):
                write(leaf)
                leaves += 1
        tree = tree_at(self.queries, link.partner, link.direction, link.low - 1)
        write_whole(folder / TREE, "".join(
            f"{line}\n" for line in (tree.size, *(peak.hex() for peak in tree.peaks))).encode("ascii"), _MODE)
        sender, recipient = key
        return LinkPart(sender=sender, recipient=recipient, low=link.low, high=link.high, objects=link.objects,
                        leaves=leaves, covered=covered)

    def _trust(self, links: tuple[LinkPart, ...]) -> tuple[str, ...]:
        """What the signatures are checked under; of a partner that the settings name no more there is none."""
        named = {name for one in links for name in (one.sender, one.recipient)}
        names = [self.gateway.name, *sorted(named & self.gateway.settings.partners.keys() - {self.gateway.name})]
        make_folder(self.folder / "trust", _FOLDER_MODE)
        for name in names:
            authorities, signers = trust_names(name)
            known = self.signers.get(name, {})
            write_together({self.folder / authorities: trust_kept(self.gateway, name).pem,
                            self.folder / signers: signers_text(known[one] for one in sorted(known))}, _MODE)
        return tuple(names)


def _list(folder: Path) -> None:
    """The list of the files, as the disk gives them back; then every folder is flushed."""
    names = (name for name in files_below(folder) if name != SUMS)
    with new_file(folder / SUMS) as write:
        for name in names:
            write(_line(f"{digest_of_file(folder / name)}  {name}"))
    for below in sorted((one for one in folder.rglob("*") if one.is_dir()), reverse=True):
        sync_folder(below)
    sync_folder(folder)


def _fact(row: HistoryRow) -> Fact:
    return Fact(at=row.at, subject=row.subject, subject_id=row.subject_id, reference=row.reference, event=row.event,
                from_state=row.from_state, to_state=row.to_state, text=row.text, digest=row.digest)


def _of_index(one: RecordedObject, sender: str, recipient: str, name: str, language: Language) -> str:
    void = one.state == ObjectState.VOID
    return say("audit.index.void" if void else "audit.index.object", language, time=f"{one.at:%Y-%m-%d %H:%M:%S}",
               sender=sender, recipient=recipient, sequence=one.sequence, what=one.kind,
               reference=one.reference or "-", file=name)


def _line(text: str) -> bytes:
    return f"{text}\n".encode()
