"""Put national files away for good: as sent, or as refused beside their reason; and finish what a killed run began.

Files that belong together (a SAD and its T1 extract) cannot all be moved in one step, and one that is left behind alone
would wait for a twin that is gone. What is to become of them is therefore noted before the first of them moves, and the
next run brings it to its end before it claims anything new.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway
from gateway.exchange.summary import Exit, Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place, Severity
from gateway.spool import (
    free_name,
    make_folder,
    read_whole,
    settle,
    settle_together,
    sweep,
    sync_folder,
    write_together,
    write_whole,
)
from gateway.texts import Language, hint, sentence

REASON = ".reason"
"""Ending of the file that stands beside a refused one."""

Refusal = tuple[Sequence[str], Sequence[Finding]]
"""Files that are refused together, and why."""


class Folder(Struct, frozen=True):
    """The places of one kind of national file: declarations, or events."""

    kind: str
    out: Path
    claimed: Path
    sent: Path
    refused: Path


def folder_of(gateway: Gateway, kind: str) -> Folder:
    """The places of a kind, made where they are missing. Raises LocalError B002, B003, B006."""
    root, claimed = gateway.settings.paths.national, gateway.settings.paths.state / "claimed"
    folder = Folder(kind, root / "out" / kind, claimed / kind, root / "sent" / kind, root / "refused" / kind)
    for path in (folder.out, folder.claimed, folder.sent, folder.refused):
        make_folder(path)
    return folder


def unfinished(name: str) -> bool:
    """Tell whether a file of this name is being written by the national side, or is what an interrupted move left."""
    return name.startswith(".") or name.endswith((".tmp", ".part"))


class Filing:
    """Files one kind of national files. Every method may be cut anywhere; `finish` of the next run completes it."""

    def __init__(self, gateway: Gateway, folder: Folder, summary: Summary) -> None:
        self._gateway = gateway
        self._folder = folder
        self._summary = summary
        self._note = folder.claimed.with_name(f"{folder.kind}.filing.json")

    def finish(self) -> None:
        """Bring to its end what an earlier run has noted and not done; what it was writing or moving is swept away.

        Nobody else writes or moves anything there: this step is one process's at a time.
        """
        for folder in (self._note.parent, self._folder.claimed, self._folder.refused):
            sweep(folder, math.inf)
        try:
            noted = json.loads(read_whole(self._note))
        except FileNotFoundError:
            return
        with self._gateway.ledger.transaction() as transaction:
            known = transaction.sets_taken(self._folder.kind, [one["digest"] for one in noted["taken"]])
        self._settle(name for one in noted["taken"] if one["digest"] in known for name in one["names"])
        self.refuse([(names, [_finding(one) for one in findings]) for names, findings in noted["refused"]])
        self._drop_note()

    def intend(self, groups: Iterable[tuple[Sequence[str], str]]) -> None:
        """Note, before the commit that takes them, which files are then to be filed as sent together.

        groups  names, and the digest of their contents (`NewSource.digest`)
        """
        taken = [{"names": list(names), "digest": digest} for names, digest in groups if len(names) > 1]
        if taken:
            self._write_note(taken=taken)
            reach(failpoints.INTENDED)

    def sent(self, names: Iterable[str]) -> None:
        """File what the ledger has taken."""
        self._settle(names)
        self._drop_note()

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """File what cannot be taken, every file beside its reason: each finding in words, and what to do.

        The reasons are there before the first file is: nobody finds a refused file without one.
        """
        refusals = [(here, findings) for names, findings in refusals if (here := self._here(names))]
        if not refusals:
            return
        several = sum(len(names) for names, _ in refusals) > 1
        if several:
            self._write_note(refused=[[list(names), [_plain(finding) for finding in findings]]
                                      for names, findings in refusals])
            reach(failpoints.INTENDED)
        resting: dict[str, str] = {}
        reasons: dict[Path, bytes] = {}
        for names, findings in refusals:
            for name in names:
                resting[name] = free_name(name, self._folder.refused, resting.values())
                reasons[self._reason(resting[name])] = self._words(findings)
            self._summary.records_refused += 1
            self._summary.trouble(LocalError(*findings), Exit.PERSON)
        write_together(reasons)
        reach(failpoints.REASONED)
        for name, expected in resting.items():
            settled = settle(self._folder.claimed / name, self._folder.refused)
            if settled.name != expected:  # somebody has put a file of that name there at this very moment
                self._reason(expected).rename(self._reason(settled.name))
                sync_folder(self._folder.refused)
            if several:
                reach(failpoints.REFUSED)
        if several:
            self._drop_note()

    def _settle(self, names: Iterable[str]) -> None:
        settle_together(_passing(self._folder.claimed / name for name in self._here(names)), self._folder.sent)

    def _here(self, names: Iterable[str]) -> list[str]:
        """Those of some files that are still claimed; a person may have taken one away."""
        return [name for name in names if os.path.lexists(self._folder.claimed / name)]

    def _reason(self, name: str) -> Path:
        return self._folder.refused / f"{name}{REASON}"

    def _words(self, findings: Sequence[Finding]) -> bytes:
        language = Language(self._gateway.settings.language)
        lines = []
        for finding in findings:
            lines.append(sentence(finding, language))
            advice = hint(finding, language)
            if advice:
                lines.append(f"  → {advice}")
        return ("\n".join(lines) + "\n").encode()

    def _write_note(self, *, taken: Sequence[object] = (), refused: Sequence[object] = ()) -> None:
        write_whole(self._note, json.dumps({"taken": taken, "refused": refused}).encode())

    def _drop_note(self) -> None:
        """What was noted is done, for good: a note that came back would be acted on, and names come again."""
        try:
            self._note.unlink()
        except FileNotFoundError:
            return
        sync_folder(self._note.parent)


def _passing(paths: Iterable[Path]) -> Iterator[Path]:
    """The paths, with a failpoint between the first and the second."""
    for number, path in enumerate(paths):
        if number == 1:
            reach(failpoints.PARTED)
        yield path


def _plain(finding: Finding) -> dict[str, object]:
    return {**asdict(finding), "place": asdict(finding.place), "severity": finding.severity.value}


def _finding(plain: dict[str, object]) -> Finding:
    """The finding that `_plain` has written. The note is our own: what it holds has the right types."""
    given: dict[str, object] = {**plain, "severity": Severity(plain["severity"])}
    place = given.pop("place")
    assert isinstance(place, dict)
    return Finding(place=Place(**place), **given)  # type: ignore[arg-type]
