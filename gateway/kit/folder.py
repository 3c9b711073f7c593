"""A kit as a folder: its own keys, what was put in each run, what came, and where the link stands.

    DIR/kit.json  state.json  README.md  LISEZ-MOI.md
    DIR/keys/               of the kit; keys/public is what the partner gets; keys/foreign  of nobody
    DIR/run-001/            cases.json  sealed/  plain/  answers/  report.json  report.txt

Numbers are noted before anything is put: a run that is killed goes on with the same files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.kit.cases import Case
from gateway.security import FIRST_PREVIOUS, make_identity
from gateway.spool import make_folder, read_whole, write_whole

LARGEST = 32 << 20
VALID = timedelta(days=365)
FOREIGN = "ZZFOREIGN"
"""The gateway id of the keys that nobody has agreed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a kit is for: `gateway` is the id under which it sends."""

    partner: str
    gateway: str
    environment: str
    corridor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where the link stands.

    runs                     begun so far
    sequence, previous       of the last object that the kit sent
    theirs, their_previous   of the last object that the partner had sent when the last run ended
    """

    runs: int = 0
    sequence: int = 0
    previous: str = FIRST_PREVIOUS
    theirs: int = 0
    their_previous: str = FIRST_PREVIOUS


@dataclass(frozen=True, slots=True)
class Kit:
    """A kit's folder."""

    folder: Path
    plan: Plan

    @property
    def keys(self) -> Path:
        """Its keys."""
        return self.folder / "keys"

    @property
    def state(self) -> State:
        """Where the link stands. Raises LocalError X283."""
        return State(**_read(self.folder / "state.json"))

    def keep(self, state: State) -> None:
        """Note where the link stands."""
        write_whole(self.folder / "state.json", _json(asdict(state)))

    def run(self, number: int) -> Path:
        """The folder of a run."""
        return self.folder / f"run-{number:03d}"

    def finished(self, number: int) -> bool:
        """A run with a report is over."""
        return (self.run(number) / "report.json").exists()

    def begin(self, number: int, cases: Iterable[tuple[Case, bytes]], state: State) -> None:
        """Keep the files of a run; then, and only then, its numbers are used."""
        listed = list(cases)
        sealed = make_folder(self.run(number) / "sealed")
        make_folder(self.run(number) / "answers")
        for case, content in listed:
            write_whole(sealed / case.file, content)
        write_whole(self.run(number) / "cases.json", _json([case.dump() for case, _ in listed]))
        last = max((case for case, _ in listed if case.expected.receipt == "processed"), key=lambda case: case.sequence)
        self.keep(replace(state, runs=number, sequence=last.sequence, previous=last.mic))

    def cases(self, number: int) -> list[tuple[Case, bytes]]:
        """The cases of a run with their files. Raises LocalError X283."""
        listed = _read(self.run(number) / "cases.json")
        return [(case, read_whole(self.run(number) / "sealed" / case.file, LARGEST))
                for case in (Case(**one) for one in listed)]


def make_kit(folder: Path, plan: Plan, now: datetime) -> Kit:
    """A new kit with fresh keys, in a folder that is empty or not there. Raises LocalError X281 for another."""
    if folder.exists() and any(folder.iterdir()):
        raise LocalError(Finding(code="X281", values={"folder": str(folder)}))
    make_folder(folder)
    make_identity(folder / "keys", gateway=plan.gateway, environment=plan.environment, now=now, valid=VALID,
                  passphrase=None)
    make_identity(folder / "keys" / "foreign", gateway=FOREIGN, environment=plan.environment, now=now, valid=VALID,
                  passphrase=None)
    kit = Kit(folder, plan)
    kit.keep(State())
    write_whole(folder / "kit.json", _json({"schema": 1, **asdict(plan)}))
    return kit


def open_kit(folder: Path) -> Kit:
    """The kit of a folder. Raises LocalError X283 for one that is none."""
    told = _read(folder / "kit.json")
    if told.pop("schema", None) != 1:
        raise LocalError(Finding(code="X283", place=Place(file=str(folder / "kit.json"))))
    return Kit(folder, Plan(**told))


def _read(path: Path) -> Any:
    try:
        return json.loads(read_whole(path, LARGEST))
    except (FileNotFoundError, ValueError) as error:
        raise LocalError(Finding(code="X283", place=Place(file=str(path)))) from error


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
