"""Take what the national side has put out: files become records, records become messages that wait for dispatch.

A file is claimed by rename, judged whole, committed in one transaction with everything it causes, and only then filed
as sent or refused. A run that dies in between leaves the file claimed; the next one finds it there.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.config import NationalSource
from gateway.errors import GatewayError, LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.summary import Exit, Summary, exit_for
from gateway.exchange.taking import take_groups
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.mapping.dialect import NationalRecord, Waiting
from gateway.spool import claim, make_folder, read_whole, settle, settle_together, write_whole
from gateway.texts import Language, hint, sentence

BATCH = 64
"""Records per transaction: few enough to lose little time in a crash, enough to share one fsync."""

FILES = 256
"""National files read at once."""

PATIENCE = timedelta(hours=24)
"""How long an event waits for a movement that is not known yet (DESIGN section 6, 6)."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """The places of one kind of national file."""

    kind: str
    out: Path
    claimed: Path
    sent: Path
    refused: Path


def take_national_files(gateway: Gateway, occasion: Occasion, summary: Summary, limit: int | None = None) -> None:
    """Take every waiting national file, declarations before events. One bad file never stops the others.

    limit  files of each kind at most
    """
    national = gateway.settings.national
    for kind, sources in (("declarations", national.declarations), ("events", national.events)):
        root = gateway.settings.paths.national
        folder = _Folder(kind, root / "out" / kind, gateway.settings.paths.state / "claimed" / kind,
                         root / "sent" / kind, root / "refused" / kind)
        for path in (folder.out, folder.claimed, folder.sent, folder.refused):
            make_folder(path)
        claimed = _claim_all(folder, limit, summary)
        reach(failpoints.CLAIMED)
        for dialect, names in _by_dialect(claimed, sources, folder, gateway, summary).items():
            try:
                _take_files(gateway, folder, dialect, names, occasion, summary)
            except GatewayError as error:  # a dialect that is not there, say: its files stay claimed
                summary.trouble(error)
                summary.records_waiting += len(names)


def _claim_all(folder: _Folder, limit: int | None, summary: Summary) -> dict[str, Path]:
    """Claimed files by name: those left by an earlier run, then new ones. What is no file is noted and left there."""
    found = {path.name: path for path in sorted(folder.claimed.iterdir()) if path.is_file()}
    for path in sorted(folder.out.iterdir()):
        if limit is not None and len(found) >= limit:
            break
        if path.name.startswith(".") or path.suffix in (".tmp", ".part") or path.name in found:
            continue  # being written by the national side, or its namesake is still claimed
        try:
            taken = claim(path, folder.claimed)
        except GatewayError as error:
            summary.trouble(error)
            continue
        if taken is not None:
            found[taken.name] = taken
    return found


def _by_dialect(claimed: Mapping[str, Path], sources: Sequence[NationalSource], folder: _Folder, gateway: Gateway,
                summary: Summary) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name in claimed:
        dialect = dialect_for(name, sources)
        if dialect is None:
            _refuse(folder, [name], [Finding(code="X001", place=Place(file=name))], gateway, summary)
        else:
            grouped.setdefault(dialect, []).append(name)
    return grouped


def dialect_for(name: str, sources: Sequence[NationalSource]) -> str | None:
    """The dialect of a file by its name: the first pattern that fits, whatever the case."""
    return next((source.dialect for source in sources if fnmatch.fnmatchcase(name.lower(), source.match.lower())),
                None)


def _take_files(gateway: Gateway, folder: _Folder, dialect: str, names: Sequence[str], occasion: Occasion,
                summary: Summary) -> None:
    """Take the files of one dialect, some at a time: their bytes and records are held in memory.

    A part whose twin is not among them goes on to the next lot, so that twins meet wherever they stand.
    """
    waiting: list[Waiting] = []
    for start in range(0, len(names), FILES):
        files = _read([*(one.file for one in waiting), *names[start:start + FILES]], folder, gateway, summary)
        reading = gateway.dialect(dialect).read(files)
        for refused in reading.refused:
            _refuse(folder, [refused.file], refused.findings, gateway, summary)
        groups = list(records_by_files(reading.records).items())
        for first in range(0, len(groups), BATCH):
            _commit(gateway, folder, dialect, groups[first:first + BATCH], files, occasion, summary)
        waiting = list(reading.waiting)
    for one in waiting:
        if occasion.now - _dropped(folder.claimed / one.file) > gateway.settings.national.twin_wait:
            _refuse(folder, [one.file], [Finding(code="X002", place=Place(file=one.file), values={
                "key": one.key, "lacks": one.lacks})], gateway, summary)
        else:
            summary.records_waiting += 1


def _read(names: Sequence[str], folder: _Folder, gateway: Gateway, summary: Summary) -> dict[str, bytes]:
    """The contents of claimed files; what is too large or may not be read is refused."""
    files = {}
    for name in names:
        try:
            files[name] = read_whole(folder.claimed / name, gateway.settings.limits.file)
        except GatewayError as error:
            _refuse(folder, [name], error.findings, gateway, summary)
        except FileNotFoundError:
            continue  # another run has filed it meanwhile
    return files


def records_by_files(records: Iterable[NationalRecord]) -> dict[tuple[str, ...], list[NationalRecord]]:
    """Records grouped by the files they stand in: files are taken whole or refused whole."""
    grouped: dict[tuple[str, ...], list[NationalRecord]] = {}
    for record in records:
        grouped.setdefault(record.files, []).append(record)
    return grouped


def _commit(gateway: Gateway, folder: _Folder, dialect: str,
            groups: Sequence[tuple[tuple[str, ...], list[NationalRecord]]], files: Mapping[str, bytes],
            occasion: Occasion, summary: Summary) -> None:
    """One transaction for several groups of files; each group stands or falls by itself."""
    taken: list[Path] = []
    refused: list[tuple[Sequence[str], Sequence[Finding]]] = []
    with gateway.ledger.transaction() as transaction:
        for names, outcome in take_groups(gateway, transaction, folder.kind, dialect, groups, files, occasion):
            if not isinstance(outcome, GatewayError):
                taken.extend(folder.claimed / name for name in names)
                summary.records_taken += outcome.records
                summary.records_repeated += outcome.repeated
                summary.messages_queued += outcome.messages
            elif outcome.code == "X005" and occasion.now - _dropped(folder.claimed / names[0]) < PATIENCE:
                summary.records_waiting += 1
            elif exit_for(outcome) is not Exit.PERSON:  # our settings or machine, not the record: it keeps waiting
                summary.records_waiting += 1
                summary.trouble(outcome)
            else:
                refused.append((names, outcome.findings))
    reach(failpoints.TAKEN)
    settle_together(taken, folder.sent)
    for files_of_one, findings in refused:
        _refuse(folder, files_of_one, findings, gateway, summary)
    reach(failpoints.FILED)


def _refuse(folder: _Folder, names: Sequence[str], findings: Sequence[Finding], gateway: Gateway,
            summary: Summary) -> None:
    """File what cannot be taken beside its reason: every finding in words, and what to do."""
    language = Language(gateway.settings.language)
    lines = []
    for finding in findings:
        lines.append(sentence(finding, language))
        advice = hint(finding, language)
        if advice:
            lines.append(f"  → {advice}")
    for name in names:
        resting = settle(folder.claimed / name, folder.refused)
        write_whole(resting.with_name(resting.name + ".reason"), ("\n".join(lines) + "\n").encode())
    summary.records_refused += 1
    summary.trouble(LocalError(*findings), Exit.PERSON)


def _dropped(path: Path) -> datetime:
    """When a claimed file came: not before its rename, whatever time of change it brought along (cp -p)."""
    status = path.stat()
    return datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC)
