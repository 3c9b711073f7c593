"""Is a folder of `audit_export` what it says? Judged with nothing but the folder, one line or object at a time.

Five things are proven, each as far as the folder allows: the list of files; the chain of the history; every signature,
and that the object is the one which the history names; that each object is what its leaf says; and that the leaves give
the heads that both sides signed. What nobody signed is not proven, and said so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.errors import GatewayError, LocalError
from gateway.exchange.audit_leaves import judge_link
from gateway.exchange.audit_month import (
    ERASED,
    HISTORY,
    NO_FOLDER,
    PLAN,
    SUMS,
    LinkPart,
    Plan,
    covering_name,
    digest_of_file,
    files_below,
    object_name,
    order,
    trust_names,
)
from gateway.exchange.audit_rows import Arrival, Row, arrival_of, rows_of
from gateway.exchange.audit_verdict import LARGEST_OBJECT, Verdict
from gateway.findings import Finding, Place
from gateway.security import CHECKPOINT, EnvelopeError
from gateway.security.checkpoint import Head, read_checkpoint
from gateway.security.kept_trust import KeptTrust
from gateway.security.opening import Opened
from gateway.security.stored import read_stored
from gateway.spool import lines_of, read_whole

_LARGEST_TEXT = 16 << 20
_LARGEST_PLAN = 1 << 20


def judge_folder(folder: Path) -> Verdict:
    """Everything that a folder proves, and what not. Raises LocalError X252 when it is no such folder, B006."""
    try:
        plan = Plan.read(read_whole(folder / PLAN, _LARGEST_PLAN))
    except (LocalError, OSError, ValueError, KeyError, IndexError):
        raise LocalError(Finding(code=NO_FOLDER, place=Place(file=str(folder)),
                                 values={"folder": str(folder)})) from None
    return _Judging(folder, Verdict(plan)).judge()


class _Judging:
    """One folder being judged."""

    def __init__(self, folder: Path, verdict: Verdict) -> None:
        self._folder, self._verdict, self._plan = folder, verdict, verdict.plan
        self._trust: dict[str, KeptTrust] = {}
        self._heads: dict[tuple[str, str], list[tuple[str, Head]]] = {}
        self._seen: dict[tuple[str, str], int] = {}

    def judge(self) -> Verdict:
        self._manifest()
        for name in self._plan.trust:
            self._read_trust(name)
        self._history()
        for link in self._plan.links:
            self._covering(link)
            judge_link(self._folder, link, self._heads.get((link.sender, link.recipient), ()), self._verdict)
            if self._seen.get((link.sender, link.recipient), 0) != link.objects:
                self._verdict.fault("link", f"{link.sender}/{link.recipient}", "missing")
        for sender, recipient in self._seen.keys() - {(one.sender, one.recipient) for one in self._plan.links}:
            self._verdict.fault("link", f"{sender}/{recipient}", "unrecorded")
        if not self._plan.whole:
            self._verdict.open("month", str(self._plan.month))
        return self._verdict

    # --- the list of files

    def _manifest(self) -> None:
        part, verdict = self._verdict.parts["manifest"], self._verdict
        there = (name for name in files_below(self._folder) if name != SUMS)
        name = next(there, None)
        for digest, listed in self._listed():
            while name is not None and order(name) < order(listed):
                verdict.fault("file", name, "unrecorded")
                name = next(there, None)
            part.of += 1
            if name != listed:
                verdict.fault("file", listed, "missing")
                continue
            if self._digest(name) == digest:
                part.proven += 1
            else:
                verdict.fault("file", name, "bytes")
            name = next(there, None)
        while name is not None:
            verdict.fault("file", name, "unrecorded")
            name = next(there, None)

    def _listed(self) -> Iterator[tuple[str, str]]:
        """Digest and path of each line; a list that is out of order or unreadable ends there."""
        before: list[str] = []
        try:
            for line in lines_of(self._folder / SUMS):
                digest, gap, name = line.decode().partition("  ")
                if not gap or order(name) <= before:
                    self._verdict.fault("file", SUMS, "bytes")
                    return
                before = order(name)
                yield digest, name
        except (FileNotFoundError, LocalError, UnicodeDecodeError) as error:
            self._verdict.fault("file", SUMS, "missing" if isinstance(error, FileNotFoundError) else "bytes")

    def _digest(self, name: str) -> str:
        try:
            return digest_of_file(self._folder / name)
        except (LocalError, FileNotFoundError):
            return ""

    # --- the history, and each object that it names

    def _history(self) -> None:
        part, plan, verdict = self._verdict.parts["history"], self._plan, self._verdict
        part.of = plan.last - plan.first + 1
        expected, head, row = plan.first, plan.anchor, None
        try:
            for row in rows_of(self._folder / HISTORY, plan.anchor):
                if row.number != expected:
                    verdict.fault("history", str(expected), "hole")
                    return
                if not row.sound:
                    verdict.fault("history", str(expected), "hash")
                    return
                if expected == plan.first and row.at < plan.month.begin:
                    verdict.fault("history", str(expected), "month")
                expected, head = expected + 1, row.hash
                part.proven += 1
                self._arrived(row)
        except (FileNotFoundError, LocalError, ValueError):
            verdict.fault("history", str(expected), "missing")
            return
        if expected != plan.last + 1 or head != plan.head:
            verdict.fault("history", str(expected), "end")
        elif row is not None and row.at >= plan.month.end:
            verdict.fault("history", str(row.number), "month")

    def _arrived(self, row: Row) -> None:
        """The object that a row brought into the ledger is here, truly signed, and the one that the row names."""
        came = arrival_of(row, self._plan.gateway)
        if came is None or came.void:
            return
        key = (came.sender, came.recipient)
        part, name = self._verdict.parts["signatures"], object_name(came.sender, came.recipient, came.sequence)
        if (self._folder / f"{name}{ERASED}").is_file() and not (self._folder / name).exists():
            part.of += 1
            self._verdict.open("erased", f"{came.sender}/{came.recipient}/{came.sequence}")
            return
        self._seen[key] = self._seen.get(key, 0) + 1
        part.of += 1
        opened = self._signed(name, came.sender, row, came.waived)
        if opened is None:
            return
        if not _is(opened, came):
            self._verdict.fault("link", f"{came.sender}/{came.recipient}/{came.sequence}", "digest")
            return
        if came.sender in self._trust:
            part.proven += 1
        self._note_heads(opened, came.sender)

    def _signed(self, name: str, sender: str, row: Row | None, waived: tuple[str, ...] = ()) -> Opened | None:
        """The object of a file, its signature judged where its signer's authority lies here; None after a fault.

        row: that recorded it; without one its own signing time is the moment
        """
        try:
            inner = read_whole(self._folder / name, LARGEST_OBJECT)
            trust, plain = self._trust.get(sender), read_stored(inner)
            if trust is None:
                self._verdict.open("trust", sender)
                return plain
            return trust.opened(inner, plain.signing_time if row is None else row.at, waived)
        except FileNotFoundError:
            self._verdict.fault("file", name, "missing")
        except EnvelopeError as error:
            self._verdict.fault("file", name, error.code)
        except (GatewayError, ValueError):
            self._verdict.fault("file", name, "signed")
        return None

    def _note_heads(self, opened: Opened, signer: str) -> None:
        if opened.header.content_type != CHECKPOINT:
            return
        try:
            heads = read_checkpoint(opened)
        except (EnvelopeError, ValueError):
            self._verdict.fault("head", f"{signer} {opened.header.sequence}", "head")
            return
        for head in heads:
            self._heads.setdefault((head.sender, head.recipient), []).append((signer, head))

    def _covering(self, link: LinkPart) -> None:
        """The two checkpoints over all leaves of a link: each of one of the two, and to the other."""
        if not link.covered:
            return
        for signer, other in ((link.sender, link.recipient), (link.recipient, link.sender)):
            name = covering_name(link.sender, link.recipient, signer)
            opened = self._signed(name, signer, None)
            if opened is None:
                continue
            if (opened.header.sender, opened.header.recipient, opened.header.content_type) != (
                    signer, other, CHECKPOINT):
                self._verdict.fault("file", name, "signed")
                continue
            if signer in self._trust:
                self._note_heads(opened, signer)

    def _read_trust(self, name: str) -> None:
        authorities, signers = trust_names(name)
        try:
            trust = KeptTrust(name, read_whole(self._folder / authorities, _LARGEST_TEXT),
                              read_whole(self._folder / signers, _LARGEST_TEXT), self._plan.environment)
        except (FileNotFoundError, GatewayError, ValueError) as error:
            missing = isinstance(error, FileNotFoundError)
            self._verdict.fault("file", authorities, "missing" if missing else "bytes")
            return
        self._trust[name] = trust
        self._verdict.authorities[name] = tuple(one.sha256 for one in trust.authorities)


def _is(opened: Opened, came: Arrival) -> bool:
    """Whether an object is the one that the history names."""
    header = opened.header
    return (header.sender, header.recipient, header.sequence, header.message_id, header.content_type) == (
        came.sender, came.recipient, came.sequence, came.message_id, came.kind) and came.holds(opened.payload)
