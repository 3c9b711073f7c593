"""Take what the national side has put out: files become records, records become messages that wait for dispatch.

A file is claimed by rename, judged whole, committed in one transaction with everything it causes, and only then filed
as sent or refused. A run that dies in between leaves the file claimed; the next one finds it there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from gateway.errors import GatewayError
from gateway.exchange import failpoints
from gateway.exchange.assembly import PATIENCE, Gateway, Occasion
from gateway.exchange.attempts import TRIES, Attempts
from gateway.exchange.claiming import by_source, claim_all
from gateway.exchange.collector import look_now
from gateway.exchange.conversion import ConvertedApart, convert_apart, ground_of, ready, whole_records
from gateway.exchange.filing import Filing, Folder, Refusal, folder_of
from gateway.exchange.halting import anybody_held
from gateway.exchange.lots import FILES, in_turn, joined, lots
from gateway.exchange.room import require_room, room_for_more
from gateway.exchange.summary import Exit, Summary, exit_for
from gateway.exchange.taking import ready_to_take, take_groups
from gateway.exchange.workers import Workers
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.mapping.dialect import Dialect, NationalRecord, Reading, Waiting
from gateway.mapping.dialect_apart import can_be_read_apart
from gateway.spool import machine_fault, read_whole

LEFT = "X098"

LOTS = 8
"""Lots from which on workers are started: fewer are read before a worker is there."""

QUEUED = 500
"""Messages after which what was taken by then may leave: as many as an interchange has."""

BATCH = 64
"""Records per transaction: few enough to lose little time in a crash, enough to share one fsync."""

Group = tuple[tuple[str, ...], list[NationalRecord]]
"""The files of some records, which are taken whole or not at all, and the records."""

T = TypeVar("T")


def take_national_files(gateway: Gateway, occasion: Occasion, summary: Summary, limit: int | None = None,
                        over: Callable[[], bool] = lambda: False, leave: Callable[[], None] = lambda: None) -> None:
    """Take every waiting national file. One bad file never stops the others; where there is no room on the disk all of
    them wait where they are.

    Declarations come before events, but a lot of files of each kind, dialect and urgency has its turn after the other:
    a passage does not wait for ten thousand declarations. An event whose movement stands in a later lot is tried again
    when all were taken.

    They wait as well while our ledger is an older copy for any partner: a number that we give to a declaration or an
    event may have been given before.

    limit  files of each kind that are newly claimed at most; those that wait since an earlier run do not count
    over   whether the time for it is used up; what is left waits, claimed, for the next run
    leave  called between two lots whenever QUEUED messages more have been queued; where hosts share a ledger, as many
           as fill an interchange, for one that waits till it has taken 500 leaves all of its sending to the end
    """
    if anybody_held(gateway, summary):
        return
    with Workers(gateway.settings.workers) as workers:
        _take(gateway, occasion, summary, workers, limit, over, leave)


def _take(gateway: Gateway, occasion: Occasion, summary: Summary, workers: Workers, limit: int | None,
          over: Callable[[], bool], leave: Callable[[], None]) -> None:
    national = gateway.settings.national
    streams: list[Generator[int, None, None]] = []
    waiting = 0
    intakes: list[_Intake] = []
    for kind, sources in (("declarations", national.declarations), ("events", national.events)):
        folder = folder_of(gateway, kind)
        filing = Filing(gateway, folder, summary)
        filing.finish()
        if not room_for_more(gateway, summary):  # what is claimed already waits as well: the ledger grows by it
            continue
        claimed = claim_all(folder, limit, summary, partial(_prepare, workers))
        reach(failpoints.CLAIMED)
        attempts = Attempts(folder.claimed.with_name(f"{kind}.attempts.json"), claimed)
        intake = _Intake(gateway, occasion, summary, folder, filing, attempts, workers)
        intakes.append(intake)
        for source, names in by_source(claimed, sources, filing).items():
            waiting += len(names)
            streams.append(intake.lots_of(source.dialect, names))
    turns, queued = 0, summary.messages_queued
    enough = min(QUEUED, gateway.settings.limits.messages_per_interchange) if gateway.ledger.shared else QUEUED
    for done in in_turn(streams):
        turns += 1
        waiting -= done
        if summary.messages_queued - queued >= enough:
            leave()
            queued = summary.messages_queued
        if waiting and over():
            summary.records_waiting += waiting
            summary.problems.append((Exit.LATER, Finding(code=LEFT, values={"n": str(waiting)})))
            break
    for stream in streams:
        stream.close()
    for intake in intakes:
        intake.take_early(turns > len(streams))


def _prepare(workers: Workers, files: int) -> None:
    if files > (LOTS - 1) * FILES:
        workers.prepare(ready)


def _disk_failed(error: GatewayError) -> bool:
    """Was a file not read for a fault that may pass, or that hits others, too? That it may not be read is its own."""
    cause = error.__cause__
    return error.code in ("B003", "B006") and isinstance(cause, OSError) and not isinstance(cause, PermissionError)


def records_by_files(records: Iterable[NationalRecord]) -> dict[tuple[str, ...], list[NationalRecord]]:
    """Records grouped by the files they stand in: files are taken whole or refused whole."""
    grouped: dict[tuple[str, ...], list[NationalRecord]] = {}
    for record in records:
        grouped.setdefault(record.files, []).append(record)
    return grouped


@dataclass(slots=True)
class _Intake:
    """Taking one kind of national files in one run.

    workers  of the run, for all kinds and dialects
    early  dialect -> files that speak of a movement that is not known: its declaration may stand in a later lot. None:
           everything is taken, they wait
    """

    gateway: Gateway
    occasion: Occasion
    summary: Summary
    folder: Folder
    filing: Filing
    attempts: Attempts
    workers: Workers
    early: dict[str, list[str]] | None = field(default_factory=dict)

    def lots_of(self, dialect: str, names: Sequence[str]) -> Generator[int, None, None]:
        """Take the files of one dialect; after each lot, how many it had."""
        try:
            yield from self._take_all(dialect, names)
        except GatewayError as error:  # a dialect that is not there, say: its files stay claimed
            self.summary.trouble(error)
            self.summary.records_waiting += len(names)
        except Exception as error:  # a defect that no single file brings about
            self.summary.failed(error)
            self.summary.records_waiting += len(names)

    def take_early(self, more: bool) -> None:
        """Have what came before the declaration of its movement wait; where more was taken since, try it once more."""
        early, self.early = self.early or {}, None
        for dialect, names in early.items():
            if more:
                deque(self.lots_of(dialect, names), 0)
            else:
                self.summary.records_waiting += len(names)

    def _take_all(self, identifier: str, names: Sequence[str]) -> Iterator[int]:
        """Take the files of one dialect, a lot at a time: only the bytes and records of a lot are held in memory.

        Parts whose twins stand in another lot are read once more at the end, those of one key together.
        """
        dialect = self.gateway.dialect(identifier)
        first = list(lots(([name] for name in names), self._size))
        waiting: list[Waiting] = []
        yield from self._take_lots(dialect, first, waiting)
        if len(first) > 1:
            sets = [names for names in joined((one.file, one.key) for one in waiting) if len(names) > 1]
            again = {name for names in sets for name in names}
            waiting = [one for one in waiting if one.file not in again]
            deque(self._take_lots(dialect, list(lots(sets, self._size)), waiting), 0)
        self._wait(waiting)

    def _size(self, name: str) -> int:
        try:
            return (self.folder.claimed / name).stat().st_size
        except FileNotFoundError:
            return 0

    def _take_lots(self, dialect: Dialect, chosen: Sequence[Sequence[str]], waiting: list[Waiting]) -> Iterator[int]:
        """Take lots in their order, the next ones being read by workers meanwhile; after each, how many files it had.

        waiting  where to put what waits for its twin
        """
        many = self.gateway.settings.workers > 1 and len(chosen) >= LOTS and can_be_read_apart(dialect)
        ground = ground_of(self.gateway, self.occasion.now) if many and self.folder.kind == "declarations" else None
        workers = self.workers if many else Workers(1)
        for names, (files, read) in zip(chosen, workers.ahead(
                map(self._contents, chosen), lambda files: (convert_apart, (ground, dialect.archive, files)),
                octets=lambda files: sum(map(len, files.values()))), strict=True):
            waiting.extend(self._take_lot(dialect, files, read))
            files.clear()  # others have their turn before the next lot: their bytes come into this memory
            look_now()
            yield len(names)

    def _contents(self, names: Sequence[str]) -> dict[str, bytes]:
        require_room(self.gateway, sum(self._size(name) for name in names))
        return self._read(names)

    def _take_lot(self, dialect: Dialect, files: Mapping[str, bytes],
                  read: Callable[[], ConvertedApart] | None) -> list[Waiting]:
        """Take what is complete in a lot, refuse what is bad; returns what waits for its twin."""
        waiting: list[Waiting] = []
        for reading in self._readings(dialect, files, read):
            self.filing.refuse([([one.file], one.findings) for one in reading.refused])
            self._take(dialect, list(records_by_files(reading.records).items()), files)
            waiting.extend(reading.waiting)
        return waiting

    def _read(self, names: Sequence[str]) -> dict[str, bytes]:
        """The contents of claimed files; what is too large or may not be read is refused."""
        files: dict[str, bytes] = {}
        refused: list[Refusal] = []
        for name in names:
            try:
                files[name] = read_whole(self.folder.claimed / name, self.gateway.settings.limits.file)
            except GatewayError as error:
                if _disk_failed(error):  # says nothing of the file, which keeps waiting
                    self.summary.trouble(error)
                    self.summary.records_waiting += 1
                else:
                    refused.append(([name], error.findings))
            except FileNotFoundError:
                continue  # filed meanwhile, or taken away by a person
        self.filing.refuse(refused)
        return files

    def _readings(self, dialect: Dialect, files: Mapping[str, bytes],
                  read: Callable[[], ConvertedApart] | None) -> Iterator[Reading]:
        """What the files give; where the reading itself fails, or its worker dies, set by set: only what is at fault is
        left out.

        read  gives what was read and converted ahead; None: nothing was
        """
        try:
            reading = dialect.read(files) if read is None else whole_records(read(), dialect, files)
        except Exception:  # told below, with the file that brings it about
            yield from self._readings_apart(dialect, files)
        else:
            yield reading

    def _readings_apart(self, dialect: Dialect, files: Mapping[str, bytes]) -> Iterator[Reading]:
        alone = {name: reading for name in files
                 if (reading := self._try((name,), partial(dialect.read, {name: files[name]}))) is not None}
        keys = [(name, key) for name, reading in alone.items()
                for key in [one.key for one in reading.waiting] or [f"\0{name}"]]
        for names in joined(keys):
            found = alone[names[0]] if len(names) == 1 else \
                self._try(names, partial(dialect.read, {name: files[name] for name in names}))
            if found is not None:
                yield found

    def _take(self, dialect: Dialect, groups: Sequence[Group], files: Mapping[str, bytes]) -> None:
        """Take groups of files, many in one transaction; those at which the gateway has failed before, each alone."""
        suspects = [group for group in groups if self.attempts.of(group[0])]
        others = [group for group in groups if not self.attempts.of(group[0])]
        for first in range(0, len(others), BATCH):
            batch = others[first:first + BATCH]
            try:
                self._commit(dialect.identifier, batch, files)
            except GatewayError:
                raise
            except Exception:  # told below, with the file that brings it about
                suspects.extend(batch)
        for group in suspects:
            self._try(group[0], partial(self._commit, dialect.identifier, [group], files))

    def _try(self, names: Sequence[str], work: Callable[[], T]) -> T | None:
        """Work at some files alone. A defect of ours is noted; files that bring it about again and again are refused.

        Raises GatewayError as the work does: that is no defect; LocalError B003, B006 where the machine failed it.
        """
        number = self.attempts.begin(names)
        reach(failpoints.COUNTED)
        if number > TRIES:  # the process died over the last attempt
            self._give_up(names)
            return None
        try:
            done = work()
        except GatewayError:
            self.attempts.passed(names)
            raise
        except Exception as error:
            fault = machine_fault(error)
            if fault is not None:  # no file is refused for a disk that fails
                self.attempts.passed(names)
                raise fault from error
            self.summary.defects.append(error)
            if number >= TRIES:
                self._give_up(names)
            else:
                self.summary.records_waiting += 1
            return None
        self.attempts.passed(names)
        return done

    def _give_up(self, names: Sequence[str]) -> None:
        self.filing.refuse([(names, [Finding(code="X027", place=Place(file=", ".join(names)),
                                             values={"times": str(TRIES)})])])
        self.attempts.forget(names)

    def _commit(self, dialect: str, groups: Sequence[Group], files: Mapping[str, bytes]) -> None:
        """One transaction for several groups of files; each group stands or falls by itself."""
        ready = ready_to_take(self.gateway, self.folder.kind, groups, self.occasion.now)
        with self.gateway.ledger.transaction() as transaction:
            outcomes = list(take_groups(self.gateway, transaction, self.folder.kind, dialect, ready, files,
                                        self.occasion))
            self.filing.intend((names, outcome.digest) for names, outcome in outcomes
                               if not isinstance(outcome, GatewayError))
        taken: list[str] = []
        refused: list[Refusal] = []
        for names, outcome in outcomes:
            if not isinstance(outcome, GatewayError):
                taken.extend(names)
                self.summary.records_taken += outcome.records
                self.summary.records_repeated += outcome.repeated
                self.summary.messages_queued += outcome.messages
            elif outcome.code == "X005" and self._age(names[0]) < PATIENCE:
                if self.early is None:
                    self.summary.records_waiting += 1
                else:
                    self.early.setdefault(dialect, []).extend(names)
            elif exit_for(outcome) is not Exit.PERSON:  # our settings or machine, not the record: it keeps waiting
                self.summary.records_waiting += 1
                self.summary.trouble(outcome)
            else:
                refused.append((names, outcome.findings))
        reach(failpoints.TAKEN)
        self.filing.sent(taken)
        self.filing.refuse(refused)
        reach(failpoints.FILED)

    def _wait(self, waiting: Iterable[Waiting]) -> None:
        """Let what lacks its twin wait, and refuse what has waited too long."""
        lacking: dict[str, list[Waiting]] = {}
        for one in waiting:
            lacking.setdefault(one.file, []).append(one)
        late = {name for name in lacking if self._age(name) > self.gateway.settings.national.twin_wait}
        self.filing.refuse([([name], [Finding(code="X002", place=Place(file=name), values={
            "key": one.key, "lacks": one.lacks}) for one in lacking[name]]) for name in lacking if name in late])
        self.summary.records_waiting += len({one.key for name, some in lacking.items() if name not in late
                                             for one in some})

    def _age(self, name: str) -> timedelta:
        """How long a claimed file is here: not since before its rename, whatever time of change it brought (cp -p)."""
        status = (self.folder.claimed / name).stat()
        return self.occasion.now - datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC)
